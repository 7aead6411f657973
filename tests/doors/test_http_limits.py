"""What a stranger may draw out of a door: headers, time, connections, answers.  Over real connections, with small limits."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import door_support as d
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from skyparley.adapters.doors import http_limits
from skyparley.adapters.doors.serving import Server, door_config, listening
from skyparley.base import limits

Work = Callable[[int], Awaitable[None]]
ANSWER = b"x" * 64


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers before it reads, with as much as the path asks for."""
    size = int(scope["path"][1:] or 1)
    headers = [(b"content-length", b"%d" % (size * len(ANSWER)))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(size):
        await send({"type": "http.response.body", "body": ANSWER, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


@asynccontextmanager
async def door() -> AsyncIterator[int]:
    taken = listening("desk.listen", f"127.0.0.1:{d.free_port()}")
    server = Server(door_config(app))
    serving = asyncio.create_task(server.serve(sockets=[taken]))
    await server.begun.wait()
    try:
        yield taken.getsockname()[1]
    finally:
        server.should_exit = True
        await serving


def at_door(work: Work) -> None:
    async def run() -> None:
        async with asyncio.timeout(60), door() as port:
            await work(port)

    asyncio.run(run())


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """What comes until the other side closes, however it closes."""
    got = b""
    try:
        while part := await reader.read(65_536):
            got += part
    except ConnectionError:
        pass
    return got


def test_a_request_in_its_limits_is_answered_and_the_connection_kept() -> None:
    async def work(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nx-long: " + b"a" * 8_000 + b"\r\n\r\n")
            assert b"200 OK" in await reader.readuntil(ANSWER)
        writer.close()

    at_door(work)


@pytest.mark.parametrize("endless", [b"GET / HTTP/1.1\r\nx: ", b"GET /", b"GET / HTTP/1.1\r\n"])
def test_headers_without_end_are_cut(endless: bytes) -> None:
    async def work(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        part = b"aaaa: b\r\n" * 100 if endless.endswith(b"\n") else b"a" * 1_000
        sent = 0
        writer.write(endless)
        closed = asyncio.ensure_future(until_closed(reader))
        while not closed.done():
            writer.write(part)
            sent += len(part)
            assert sent < 50 * limits.HEADERS_BYTES, "it should have been cut long ago"
            await asyncio.sleep(0)
            try:
                await writer.drain()
            except ConnectionError:
                break
        assert b"200" not in (await closed)[:20]

    at_door(work)


def test_one_large_header_in_one_piece_is_refused() -> None:
    async def work(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nx: " + b"a" * limits.HEADERS_BYTES + b"\r\n\r\n")
        assert b"400 Bad Request" in await until_closed(reader)

    at_door(work)


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\n"])
def test_who_does_not_come_to_the_end_of_the_headers_is_let_go(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HEADERS_ARRIVE_MS", 50)

    async def work(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        assert await until_closed(reader) == b""

    at_door(work)


def test_a_body_that_goes_on_after_its_answer_is_cut() -> None:
    async def work(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        assert b"200 OK" in await reader.readuntil(ANSWER)
        chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
        closed = asyncio.ensure_future(until_closed(reader))
        sent = 0
        while not closed.done() and sent < 100 * limits.PEER_BODY_BYTES:
            writer.write(chunk)
            sent += len(chunk)
            try:
                await writer.drain()
            except ConnectionError:
                break
        assert sent < 100 * limits.PEER_BODY_BYTES

    at_door(work)


def test_who_does_not_take_an_answer_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ANSWER_TAKEN_MS", 50)
    lost = asyncio.Event()
    whole = http_limits.LimitedHttp.connection_lost

    def noticed(self: http_limits.LimitedHttp, exc: Exception | None) -> None:
        whole(self, exc)
        lost.set()

    monkeypatch.setattr(http_limits.LimitedHttp, "connection_lost", noticed)

    async def work(port: int) -> None:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.connect(("127.0.0.1", port))
            client.sendall(b"GET /1000000 HTTP/1.1\r\nhost: x\r\n\r\n")
            await lost.wait()

    at_door(work)


def test_one_address_holds_only_so_many_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOOR_CONNECTIONS_PER_ADDRESS", 3)

    async def work(port: int) -> None:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for _, writer in held:
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        for reader, _ in held:
            assert b"200 OK" in await reader.readuntil(ANSWER)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await until_closed(reader) == b""
        for _, one in held:
            one.close()
        writer.close()

    at_door(work)


def test_small_answers_are_sent_without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[int] = []
    whole = http_limits.LimitedHttp.connection_made

    def noticed(self: http_limits.LimitedHttp, transport: asyncio.Transport) -> None:
        whole(self, transport)
        found.append(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(http_limits.LimitedHttp, "connection_made", noticed)

    async def work(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        await reader.readuntil(ANSWER)
        writer.close()

    at_door(work)
    assert found
    assert all(found)


def test_the_doors_run_on_it() -> None:
    config = door_config(app)
    assert config.http_protocol_class is http_limits.LimitedHttp
    assert isinstance(config, uvicorn.Config)
    assert config.proxy_headers is False, "nobody may say from where he comes"
