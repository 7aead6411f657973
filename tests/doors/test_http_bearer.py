"""The HTTP bearer against servers that are not what they should be: whatever they say, the answer is checked or refused."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from skyparley.adapters.bearers.http import BearerFault, HttpBearer
from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.errors import PeerFault
from skyparley.domain.messages.envelope import statement_hash
from skyparley.engine.link import Stale

STATEMENT = "eyJ.eyJ.sig"
HASH = statement_hash(STATEMENT)


class Server:
    """Answers every request with the same bytes, and counts."""

    def __init__(self, reply: bytes, *, hang: bool = False) -> None:
        self.reply = reply
        self.hang = hang
        self.requests: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (
                        int(line.split(b":")[1])
                        for line in head.split(b"\r\n")
                        if line.lower().startswith(b"content-length")
                    ),
                    0,
                )
                self.requests.append(head + await reader.readexactly(length))
                writer.write(self.reply)
                await writer.drain()
                if self.hang:
                    await asyncio.Event().wait()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def reply(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def refusal(status: str, **error: object) -> bytes:
    return reply(canonical({"error": error}), status)


@asynccontextmanager
async def up(*servers: Server) -> AsyncIterator[HttpBearer]:
    listening = []
    for server in servers:
        one = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.url = f"http://127.0.0.1:{one.sockets[0].getsockname()[1]}"
        listening.append(one)
    bearer = HttpBearer()
    try:
        yield bearer
    finally:
        await bearer.close()
        for one in listening:
            one.close()


def against(*servers: Server, ask: Callable[[HttpBearer, list[str]], Awaitable[object]]) -> object:
    async def run() -> object:
        async with up(*servers) as bearer:
            return await ask(bearer, [server.url for server in servers])

    return asyncio.run(run())


async def push(bearer: HttpBearer, urls: list[str]) -> object:
    return await bearer.push(urls[0], [STATEMENT], "http")


async def hello(bearer: HttpBearer, urls: list[str]) -> object:
    return await bearer.hello(urls[0], "a.b.c")


async def catch_up(bearer: HttpBearer, urls: list[str]) -> object:
    return await bearer.catch_up(urls[0], "a.b.c")


GOOD_PUSH = canonical({"results": [{"hash": HASH, "result": "RECEIVED", "receipt": "r.r.r"}]})


def test_what_a_peer_answers_comes_back() -> None:
    server = Server(reply(GOOD_PUSH))
    assert against(server, ask=push) == [(HASH, "RECEIVED", "r.r.r")]
    (request,) = server.requests
    assert request.startswith(b"POST /peer/v1/statements HTTP/1.1\r\n")
    assert b"content-type: text/plain" in request.lower()
    assert request.endswith(b"\r\n\r\n" + STATEMENT.encode())
    assert against(Server(reply(b"h.h.h\n")), ask=hello) == "h.h.h"
    assert against(Server(reply(b"a.a.a\nb.b.b")), ask=catch_up) == ["a.a.a", "b.b.b"]
    assert against(Server(reply(b"")), ask=catch_up) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>log on to the hotel's network</html>",
        b'{"results":[]}',
        b'{"results": [{"hash":"x"}]}',
        canonical({"results": [{"hash": "h" * 43, "result": "RECEIVED", "receipt": "r"}]}),
        canonical({"results": [{"hash": HASH, "result": "RECEIVED"}] * 2}),
        canonical({"results": [{"hash": HASH, "result": 1}]}),
        canonical({"results": [{"hash": HASH, "result": "RECEIVED", "more": 1}]}),
        GOOD_PUSH + b" ",
        b"[" * 10_000 + b"]" * 10_000,
        b"\xff",
    ],
)
def test_an_answer_to_statements_that_is_not_one_is_a_fault(body: bytes) -> None:
    with pytest.raises(PeerFault) as caught:
        against(Server(reply(body)), ask=push)
    assert caught.value.code == "NOT_THE_PROTOCOL"


@pytest.mark.parametrize("body", [b"", b"a\nb", b"\xff", b"a" * (limits.STATEMENT_BYTES + 1)])
def test_an_answer_to_hello_that_is_not_one_is_a_fault(body: bytes) -> None:
    with pytest.raises(PeerFault):
        against(Server(reply(body)), ask=hello)


@pytest.mark.parametrize("body", [b"\n\n", b"a\n" * (limits.CATCH_UP_STATEMENTS + 1), b"\xff", b"a" * 70_000])
def test_an_answer_to_a_catch_up_that_is_not_one_is_a_fault(body: bytes) -> None:
    with pytest.raises(PeerFault):
        against(Server(reply(body)), ask=catch_up)


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    server = Server(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunk * 40, hang=True)
    with pytest.raises(BearerFault, match="over"):
        against(server, ask=catch_up)


def test_a_small_answer_that_unpacks_to_a_large_one_is_refused() -> None:
    with pytest.raises(BearerFault, match="compressed"):
        against(Server(reply(b"x", "200 OK", "content-encoding: gzip")), ask=hello)


def test_an_answer_that_never_ends_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REQUEST_TIMEOUT_MS", 100)
    with pytest.raises(BearerFault) as caught:
        against(Server(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab", hang=True), ask=hello)
    assert caught.value.code == "UNREACHABLE"


def test_an_answer_that_drips_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REQUEST_TIMEOUT_MS", 100)

    class Dripping(Server):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"a.b.c")
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            while not writer.is_closing():
                writer.write(b"1\r\na\r\n")
                await asyncio.sleep(0)

    with pytest.raises(BearerFault) as caught:
        against(Dripping(b""), ask=hello)
    assert caught.value.code == "UNREACHABLE"


def test_nothing_is_followed_elsewhere() -> None:
    there = Server(reply(b"h.h.h"))

    async def ask(bearer: HttpBearer, urls: list[str]) -> object:
        lures.reply = reply(b"", "307 Temporary Redirect", f"location: {urls[1]}/peer/v1/hello")
        return await bearer.hello(urls[0], "a.b.c")

    lures = Server(b"")
    with pytest.raises(PeerFault):
        against(lures, there, ask=ask)
    assert there.requests == []


def test_refusals_are_told_apart() -> None:
    with pytest.raises(Stale) as stale:
        against(Server(refusal("401 Unauthorized", code="STALE", text="x", time=1_234)), ask=hello)
    assert stale.value.time == 1_234
    beside = canonical({"error": {"code": "STALE", "text": "x"}, "time": 99})
    with pytest.raises(Stale) as stale:
        against(Server(reply(beside, "401 Unauthorized")), ask=hello)
    assert stale.value.time == 99
    with pytest.raises(PeerFault) as deferred:
        against(Server(refusal("429 Too Many Requests", code="DEFERRED", text="later")), ask=push)
    assert deferred.value.code == "DEFERRED"
    with pytest.raises(PeerFault) as silly:
        against(Server(reply(b'{"error":{"code":"STALE","time":1e18}}', "401 Unauthorized")), ask=hello)
    assert silly.value.code == "NOT_THE_PROTOCOL"


def test_a_strangers_words_cannot_write_into_a_log() -> None:
    with pytest.raises(PeerFault) as caught:
        against(Server(refusal("403 Forbidden", code="X", text="\u202eevil\u0085" + "y" * 1_000)), ask=hello)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_the_bearer_is_said_unless_it_is_the_first() -> None:
    server = Server(reply(GOOD_PUSH))

    async def ask(bearer: HttpBearer, urls: list[str]) -> object:
        return await bearer.push(urls[0], [STATEMENT], "http2")

    against(server, ask=ask)
    assert server.requests[0].startswith(b"POST /peer/v1/statements?bearer=http2 HTTP/1.1\r\n")


def test_a_heartbeat_is_asked_and_answered() -> None:
    server = Server(reply(b"h.h.h"))

    async def ask(bearer: HttpBearer, urls: list[str]) -> object:
        return await bearer.heartbeat(urls[0], "a.b.c")

    assert against(server, ask=ask) == "h.h.h"
    assert server.requests[0].startswith(b"POST /peer/v1/heartbeat HTTP/1.1\r\n")


@pytest.mark.parametrize("urls", [["http://127.0.0.1:9"], ["nonsense"], ["http://[bad"]])
def test_nowhere_to_go_is_a_fault(urls: list[str]) -> None:
    async def run(ask: Callable[[HttpBearer, list[str]], Awaitable[object]]) -> None:
        bearer = HttpBearer()
        try:
            await ask(bearer, urls)
        finally:
            await bearer.close()

    for ask in (push, hello, catch_up):
        with pytest.raises(PeerFault):
            asyncio.run(run(ask))
