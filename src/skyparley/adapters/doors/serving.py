"""Doors that are listened on: ports taken before anything begins, one or several servers, and their end in order."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from skyparley.adapters.doors.http_limits import LimitedHttp
from skyparley.base.errors import Fault

STOP_S: Final = 5
"""How long a door waits at its end for what is being answered."""
KEEP_ALIVE_S: Final = 5
"""How long a connection without a request is kept."""
_LOOK_S: Final = 0.01
_CLOSE: Final = (b"connection", b"close")


class StartFault(Fault):
    """It cannot start: a setting, the table, a port.  The message says what would be right."""

    code = "CANNOT_START"


@dataclass(frozen=True)
class Tls:
    """The certificate of a door, with those between it and its authority, and its key; both PEM."""

    certificate: Path
    key: Path


@dataclass
class Doors:
    """Doors that open and close together.  `tasks`: one for each server, which ends only when the door was closed.

    `last_answers_s`: how long, at its end, requests are still answered that come by connections which are there already.
    """

    last_answers_s: float = 0
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)
    _held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _waiting: list[tuple["Server", socket.socket]] = field(default_factory=list)
    _servers: list["Server"] = field(default_factory=list)

    def take(self, key: str, listen: str, config: uvicorn.Config) -> str:
        """Take the port of one more door, which does not answer before `open`.  Returns its address.

        Raises StartFault that names the setting `key`.
        """
        taken = self._held.enter_context(listening(key, listen))
        self._waiting.append((Server(config), taken))
        return url_of(taken, tls=config.is_ssl)

    async def open(self) -> None:
        """Let all doors answer whose ports are taken."""
        while self._waiting:
            server, taken = self._waiting.pop(0)
            self._servers.append(server)
            self.tasks.append(asyncio.create_task(server.serve(sockets=[taken])))
            await server.begun.wait()

    async def close(self) -> None:
        """Nothing new is taken; what is being answered is waited for, STOP_S at most.  Then the ports are free."""
        if self.last_answers_s:
            await self._last_answers()
        for server in self._servers:
            server.should_exit = True
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self._held.close()

    async def _last_answers(self) -> None:
        """Uvicorn closes a connection whose request is on its way but not read; here each is told with its last answer."""
        for server in self._servers:
            server.answer_last()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.last_answers_s):
                while any(server.server_state.connections for server in self._servers):
                    await asyncio.sleep(_LOOK_S)


class Server(uvicorn.Server):
    """Uvicorn, which says when it listens, and leaves the signals to the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def answer_last(self) -> None:
        """No new connections from now on, and each that is there ends with its next answer, which says so."""
        for listener in self.servers:
            listener.close()
        # Those headers are made anew every second from the settings; requests that are being answered have theirs already.
        self.config.encoded_headers.append(_CLOSE)
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        for connection in self.server_state.connections:
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_complete:
                cycle.default_headers = [*cycle.default_headers, _CLOSE]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun.set()


def door_config(
    app: ASGIApp, *, http: type[LimitedHttp] = LimitedHttp, keep_alive_s: int = KEEP_ALIVE_S, tls: Tls | None = None
) -> uvicorn.Config:
    """How a door is served; `http` says its limits.  Raises StartFault where the certificate or its key is of no use."""
    config = uvicorn.Config(
        app,
        loop="none",
        http=http,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=keep_alive_s,
        timeout_graceful_shutdown=STOP_S,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        assert tls is not None, "without TLS nothing is read"
        missing = [str(path) for path in (tls.certificate, tls.key) if not path.is_file()]
        why = f"{' and '.join(missing)} not there" if missing else (getattr(error, "reason", None) or str(error))
        text = f"{tls.certificate} with the key {tls.key} cannot be used for TLS: {why}"
        raise StartFault(f"{text}; two PEM files that belong together are wanted") from None
    return config


def renewing(config: uvicorn.Config, tls: Tls) -> Callable[[], bool]:
    """A look at the files of a certificate: True where they changed and new connections get the new one.

    Raises OSError or ssl.SSLError where they cannot be used; then connections get the one before.
    """

    def marks() -> tuple[tuple[int, int, int], ...]:
        return tuple((s.st_ino, s.st_mtime_ns, s.st_size) for s in (tls.certificate.stat(), tls.key.stat()))

    seen = [marks()]

    def look() -> bool:
        now = marks()
        if now == seen[0]:
            return False
        # First into a context that nobody uses: half a change would leave the one in use with a key of another certificate.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.key)
        assert config.ssl is not None, "a door with a certificate has a context"
        config.ssl.load_cert_chain(tls.certificate, tls.key)
        seen[0] = now
        return True

    return look


def listening(key: str, listen: str) -> socket.socket:
    """A bound socket.  Raises StartFault that names the setting."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio looks for it before it switches off the delay of small answers (40 ms each).
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, int(port)))
    except OSError as error:
        taken.close()
        raise StartFault(f"{key} = {listen} cannot be listened on: {error.strerror or error}") from None
    return taken


def url_of(taken: socket.socket, *, tls: bool = False) -> str:
    """The address of a door."""
    host, port = taken.getsockname()[:2]
    scheme = "https" if tls else "http"
    return f"{scheme}://[{host}]:{port}" if taken.family == socket.AF_INET6 else f"{scheme}://{host}:{port}"
