"""Uvicorn's HTTP, with an end to everything that a client could draw out: headers, answers, connections.

Uvicorn limits none of these itself.  A door is reached by strangers before any signature or password is looked at.
"""

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from skyparley.base import limits


class LimitedHttp(HttpToolsProtocol):
    """One connection.  Over a limit it is closed; what was answered before stays answered.

    A door whose clients are others says its own numbers in a subclass.
    """

    def most_connections(self) -> tuple[int, int]:
        """Of the door, all clients together, and of one network address."""
        return limits.DOOR_CONNECTIONS, limits.DOOR_CONNECTIONS_PER_ADDRESS

    def most_unasked_bytes(self) -> int:
        """Of a body that goes on after its answer: what is on its way when a request is refused at its beginning."""
        return limits.PEER_BODY_BYTES

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._in_headers = True
        self._header_bytes = 0
        self._unasked_bytes = 0
        self._headers = _Timer(self.loop)
        self._taking = _Timer(self.loop)
        if self._too_many():
            transport.close()
            return
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers.stop()
        self._taking.stop()
        super().connection_lost(exc)

    def _too_many(self) -> bool:
        """Over what the door, or one network address, may hold.  One without an address is a local socket."""
        of_door, of_address = self.most_connections()
        if len(self.connections) > of_door:
            return True
        if self.client is None:
            return False
        clients = [getattr(one, "client", None) for one in self.connections]
        same = [client for client in clients if client is not None and client[0] == self.client[0]]
        return len(same) > of_address

    # --- headers: in bytes, and in time ----------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        before = self._in_headers
        super().data_received(data)
        # Counted here and not at each header, because the parser holds an endless one until it ends.
        if before and self._in_headers:
            self._header_bytes += len(data)
            if self._header_bytes > limits.HEADERS_BYTES and not self.transport.is_closing():
                self.send_400_response(f"a request has at most {limits.HEADERS_BYTES} bytes of headers")

    def _unsupported_upgrade_warning(self) -> None:
        """No other protocol is spoken here and none will be: who asks for one is answered in this one, which is no news."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers = True
        self._header_bytes = self._unasked_bytes = 0
        self._await_headers()

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._headers.stop()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > limits.HEADERS_BYTES:
            raise ValueError(f"{size} bytes of headers")  # The parser gives up, and the client is told 400.
        super().on_headers_complete()

    def _await_headers(self) -> None:
        self._headers.start(limits.HEADERS_ARRIVE_MS, self.transport.abort)

    # --- a body that goes on after its answer ----------------------------------------------------------------

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        if self.cycle.response_complete:
            self._unasked_bytes += len(body)
            if self._unasked_bytes > self.most_unasked_bytes():
                self.transport.abort()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.more_body and not self.transport.is_closing():
            self._await_headers()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._headers.stop()

    # --- an answer that is not taken -------------------------------------------------------------------------

    def pause_writing(self) -> None:
        super().pause_writing()
        self._taking.start(limits.ANSWER_TAKEN_MS, self.transport.abort)

    def resume_writing(self) -> None:
        self._taking.stop()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        # A closing connection waits for its last bytes to be taken, and would wait for ever.
        self._taking.start(limits.ANSWER_TAKEN_MS, self.transport.abort)


class _Timer:
    """At most one wait on one loop, which ends in an act."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._running: asyncio.TimerHandle | None = None

    def start(self, wait_ms: int, act: Callable[[], None]) -> None:
        """Wait anew."""
        self.stop()
        self._running = self._loop.call_later(wait_ms / 1000, act)

    def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            self._running = None
