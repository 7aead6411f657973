"""Where the tested node reaches us: a peer door of our own, as small as line-v1 7 lets it be."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Final
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from skyparley.base.canonical import canonical
from skyparley.base.ids import digest
from skyparley.conform.heard import NOTHING, head_of
from skyparley.conform.line_checks import beat_answer
from skyparley.conform.probe import PROTO, Probe
from skyparley.conform.requirement import CannotRun, Fails
from skyparley.conform.target import JSON, TEXT
from skyparley.evidence import jws

BODY_BYTES: Final = 512 * 1024  # line-v1 7
STOP_S: Final = 2


def door_of(probe: Probe) -> Starlette:
    """The door as an ASGI application."""
    door = _Door(probe)
    return Starlette(
        routes=[
            Route("/peer/v1/statements", door.statements, methods=["POST"]),
            Route("/peer/v1/hello", door.hello, methods=["POST"]),
            Route("/peer/v1/catchup", door.catch_up, methods=["POST"]),
            Route("/peer/v1/heartbeat", door.heartbeat, methods=["POST"]),
        ]
    )


class _Door:
    def __init__(self, probe: Probe) -> None:
        self._probe = probe

    async def statements(self, request: Request) -> Response:
        texts = (await _text(request)).split("\n")
        probe = self._probe
        results = [self._one(text) for text in texts]
        await probe.noted()
        pushed: dict[str, object] = {"results": results}
        if probe.heard.head != NOTHING:
            pushed["head"] = head_of(probe.heard.head, probe.heard.head_hash)
        return Response(canonical(pushed), media_type=JSON)

    def _one(self, text: str) -> dict[str, str]:
        probe, hash_ = self._probe, digest(text.encode("ascii"))
        result = probe.take(text)
        if result == "REFUSED":
            return {"hash": hash_, "result": result, "text": "this is no statement of this line"}
        if result not in ("RECEIVED", "DUPLICATE"):
            return {"hash": hash_, "result": result}
        heard = next(one for one in probe.heard.statements.values() if one.hash == hash_)
        receipt = {
            "proto": PROTO,
            "from": probe.own,
            "to": probe.peer,
            "epoch": heard.number[0],
            "seq": heard.number[1],
            "hash": hash_,
            "msg_id": heard.said["msg_id"],
            "received_utc": probe.received_utc[heard.number],
            "bearer": "http",
        }
        return {"hash": hash_, "result": result, "receipt": probe.identity.sign(receipt, jws.RECEIPT)}

    async def hello(self, request: Request) -> Response:
        probe = self._probe
        try:
            said = probe.read(await _text(request), jws.HELLO, "hello")
        except Fails as fails:
            probe.heard.oddities.append(("7.2", f"its HELLO: {fails}"))
            return _no("MALFORMED", "this is no HELLO of this line")
        answer = probe.identity.sign(probe.hello_members(nonce=said["nonce"]), jws.HELLO_ANSWER)
        return Response(answer, media_type=TEXT)

    async def heartbeat(self, request: Request) -> Response:
        probe = self._probe
        try:
            said = probe.read(await _text(request), jws.HEARTBEAT, "heartbeat")
        except Fails as fails:
            probe.heard.oddities.append(("7.8", f"its heartbeat: {fails}"))
            return _no("MALFORMED", "this is no heartbeat of this line")
        return Response(beat_answer(probe, said), media_type=TEXT)

    async def catch_up(self, request: Request) -> Response:
        probe = self._probe
        try:
            said = probe.read(await _text(request), jws.CATCHUP, "catchup")
        except Fails as fails:
            probe.heard.oddities.append(("7.4", f"its catch-up: {fails}"))
            return _no("MALFORMED", "this is no catch-up of this line")
        ours = dict(probe.said)
        theirs = {number: one.text for number, one in probe.heard.statements.items()}
        feed = ours if said["feed"] == "OURS" else theirs
        texts = [text for (epoch, seq), text in sorted(feed.items()) if epoch == said["epoch"] and seq > said["after"]]
        fitting: list[str] = []
        for text in texts[: said["limit"]]:
            if sum(len(one) + 1 for one in fitting) + len(text) > BODY_BYTES:
                break
            fitting.append(text)
        return Response("\n".join(fitting), media_type=TEXT)


def _no(code: str, text: str) -> Response:
    return Response(canonical({"error": {"code": code, "text": text}}), 400, media_type=JSON)


async def _text(request: Request) -> str:
    taken = b""
    async for part in request.stream():
        taken += part
        if len(taken) > BODY_BYTES:
            return ""
    return taken.decode("ascii", errors="replace").removesuffix("\n")


class _Server(uvicorn.Server):
    """Uvicorn, which says when it listens, and leaves the signals to the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun.set()


@contextlib.asynccontextmanager
async def listening(probe: Probe, listen: str = "") -> AsyncIterator[None]:
    """The door, open at an address like 127.0.0.1:8449, or else at that of the card.  Raises CannotRun."""
    config = uvicorn.Config(
        door_of(probe), loop="none", ws="none", lifespan="off", log_config=None, access_log=False,
        proxy_headers=False, server_header=False, timeout_graceful_shutdown=STOP_S,
    )  # fmt: skip
    with _socket(listen or urlsplit(probe.identity.card.urls[0]).netloc) as held:
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[held]))
        await server.begun.wait()
        try:
            yield
        finally:
            server.should_exit = True
            await serving


def _socket(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    held = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((host.strip("[]"), int(port)))
    except (OSError, ValueError) as error:
        held.close()
        raise CannotRun(f"{listen} cannot be listened on ({error}); name another address with --listen") from None
    return held
