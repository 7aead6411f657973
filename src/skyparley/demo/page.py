"""The split page of the demonstration: both desks side by side, each from its own node, under one caption."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from importlib.resources import files
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from skyparley.adapters.doors.headers import WithHeaders
from skyparley.demo.nodes import HOST, DemoFault, Party
from skyparley.demo.stage import Stage, as_event

USUAL_PORT: Final = 8450
TYPES: Final = {
    "demo.html": "text/html",
    "demo.css": "text/css",
    "demo.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
STOP_S: Final = 2
BACKLOG: Final = 128


def listen(port: int | None) -> socket.socket:
    """A socket for the page: the port asked for, else the usual one, else any that is free.  Raises DemoFault."""
    for wanted in (port,) if port is not None else (USUAL_PORT, 0):
        found = socket.socket()
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((HOST, wanted))
            found.listen(BACKLOG)  # At once: who reads the address may ask, and nobody else can have the port.
        except (OSError, OverflowError):
            found.close()
            continue
        return found
    raise DemoFault(f"port {port} of {HOST} cannot be had: name another with --port, or none for one that is free")


class DemoPage:
    """The page's server.  Its address holds a secret, because the page hands out the demonstration's desk tokens."""

    def __init__(self, listening: socket.socket, stage: Stage) -> None:
        self._listening = listening
        self._stage = stage
        self._secret = secrets.token_urlsafe(9)
        self._desks: tuple[Party, ...] = ()
        self.origin = f"http://{HOST}:{listening.getsockname()[1]}"
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where to look."""
        return f"{self.origin}/{self._secret}/"

    def start(self, desks: tuple[Party, ...]) -> None:
        """Begins to serve."""
        self._desks = desks
        config = uvicorn.Config(
            self._app(),
            loop="none",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_S,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listening]))

    async def stop(self) -> None:
        """Ends the streams and the server."""
        self._stage.close()
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await asyncio.gather(self._task, return_exceptions=True)
        self._listening.close()

    def _app(self) -> ASGIApp:
        prefix = f"/{self._secret}"
        routes = [
            Route(f"{prefix}/", self._file),
            Route(f"{prefix}/desks.json", self._who),
            Route(f"{prefix}/frames", self._frames),
            Route(f"{prefix}/{{name}}", self._file),
        ]
        frames = " ".join(desk.desk for desk in self._desks)
        policy = (
            f"default-src 'self'; frame-src {frames}; object-src 'none'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )
        headers = [
            (b"content-security-policy", policy.encode("ascii")),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cache-control", b"no-store"),
        ]
        return WithHeaders(Starlette(routes=routes), headers)

    async def _file(self, request: Request) -> Response:
        name = request.path_params.get("name", "demo.html")
        if name not in TYPES:
            return Response("there is nothing at this address\n", 404, media_type="text/plain")
        return Response((files("skyparley.demo") / "static" / name).read_bytes(), media_type=TYPES[name])

    async def _who(self, _: Request) -> Response:
        return JSONResponse([{"name": desk.name, "url": desk.desk_page} for desk in self._desks])

    async def _frames(self, request: Request) -> Response:
        last = request.headers.get("last-event-id", "0")

        async def stream() -> AsyncIterator[bytes]:
            self._stage.watched.set()
            yield b"retry: 1000\n\n"
            async for number, frame in self._stage.follow(int(last) if last.isdecimal() else 0):
                yield as_event(number, frame, self._stage.scenes)

        return StreamingResponse(stream(), media_type="text/event-stream")


class _Server(uvicorn.Server):
    """Uvicorn, which leaves the signals to the demonstration."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
