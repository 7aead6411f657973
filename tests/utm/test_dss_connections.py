"""Connections to a DSS, byte for byte: a caller that closes its half, what is no HTTP, and what asks for another protocol."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop
from dss_door_support import INTENTS, SC, app_of, intent, new_id
from tokens_support import bearer

from skyparley.adapters.doors.serving import Server, door_config, listening
from skyparley.base import limits
from skyparley.utm.connections import DssHttp

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]


@asynccontextmanager
async def door(tmp_path: Path) -> AsyncIterator[Connect]:
    async with app_of(tmp_path) as app:
        taken = listening("utm.dss.listen", "127.0.0.1:0")
        server = Server(door_config(app, http=DssHttp))
        serving = asyncio.create_task(server.serve(sockets=[taken]))
        await server.begun.wait()
        try:
            yield lambda: asyncio.open_connection(*taken.getsockname())
        finally:
            server.should_exit = True
            await serving


def at_door(work: Callable[[Connect], Awaitable[None]], tmp_path: Path) -> None:
    async def run() -> None:
        async with asyncio.timeout(60), door(tmp_path) as connect:
            await work(connect)

    # The loop that a process runs on: loops differ in what they make of half a connection.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


def put(name: str) -> bytes:
    """A whole plan."""
    body = json.dumps(intent()).encode()
    head = f"PUT {INTENTS}/{name} HTTP/1.1\r\nhost: x\r\nauthorization: {bearer('uss1', [SC])}\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def get(name: str) -> bytes:
    """The plan read, and the connection closed."""
    head = f"GET {INTENTS}/{name} HTTP/1.1\r\nhost: x\r\nauthorization: {bearer('uss1', [SC])}\r\n"
    return f"{head}connection: close\r\n\r\n".encode()


async def answered(connect: Connect, data: bytes, *, eof: bool = False) -> bytes:
    """All that comes until the door closes the connection."""
    reader, writer = await connect()
    writer.write(data)
    if eof:
        writer.write_eof()
    said = await reader.read()
    writer.close()
    return said


def test_who_closes_its_half_behind_a_whole_request_is_answered(tmp_path: Path) -> None:
    async def work(connect: Connect) -> None:
        name = new_id()
        said = await answered(connect, put(name), eof=True)
        assert said.startswith(b"HTTP/1.1 201 ")
        assert b"connection: close" in said
        assert json.loads(said.partition(b"\r\n\r\n")[2])["operational_intent_reference"]["id"] == name
        two = await answered(connect, put(new_id()) + put(name), eof=True)
        assert (two.count(b"HTTP/1.1 409 "), two.count(b"HTTP/1.1 ")) == (2, 2), "also one behind another"

    at_door(work, tmp_path)


def test_who_closes_its_half_in_the_middle_of_a_request_is_let_go_and_nothing_is_kept(tmp_path: Path) -> None:
    async def work(connect: Connect) -> None:
        name = new_id()
        assert await answered(connect, put(name)[:-10], eof=True) == b""
        assert await answered(connect, b"GET / HT", eof=True) == b""
        assert (await answered(connect, get(name))).startswith(b"HTTP/1.1 404 ")

    at_door(work, tmp_path)


@pytest.mark.parametrize(
    "data",
    [
        b"BREW /pot HTTP/1.1\r\nhost: x\r\n\r\n",
        b"PUT / HTTP/1.1\r\nhost: x\r\ncontent-length: many\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nlong: " + b"a" * (limits.HEADERS_BYTES + 1) + b"\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_http_is_refused_in_the_form_of_all_errors(data: bytes, tmp_path: Path) -> None:
    async def work(connect: Connect) -> None:
        head, _, body = (await answered(connect, data)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        assert b"content-type: application/json" in head
        said = json.loads(body)
        assert said["message"]
        assert set(said["errors"][0]) == {"field", "problem", "expected"}

    at_door(work, tmp_path)


def test_who_asks_for_another_protocol_is_answered_in_this_one_without_advice_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(connect: Connect) -> None:
        asks = b"GET /healthy HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\nupgrade: websocket\r\n\r\n"
        reader, writer = await connect()
        writer.write(asks)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        writer.close()

    with caplog.at_level(logging.WARNING):
        at_door(work, tmp_path)
    assert caplog.messages == []
