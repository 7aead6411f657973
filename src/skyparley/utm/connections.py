"""Connections of USSs: many from one address, with larger bodies than those of peers, and errors of one form from the first byte."""

import msgspec

from skyparley.adapters.doors.http_limits import LimitedHttp
from skyparley.base import limits
from skyparley.utm.commands import Problem
from skyparley.utm.wire import ErrorAnswer


class DssHttp(LimitedHttp):
    """One connection."""

    def most_connections(self) -> tuple[int, int]:
        return limits.DSS_CONNECTIONS, limits.DSS_CONNECTIONS_PER_ADDRESS

    def most_unasked_bytes(self) -> int:
        return limits.DSS_UNASKED_BYTES

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """The caller sends no more: a request that came whole is answered before the connection is closed.

        True keeps the connection open, by asyncio's rule; it lasts no longer than the answer.  TLS has no half of a close.
        """
        cycle = self.cycle
        if self.scheme != "http" or cycle is None or cycle.more_body or cycle.response_complete:
            return None
        cycle.keep_alive = False
        return True

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP is answered as every other error."""
        wanted = f"HTTP/1.1 with at most {limits.HEADERS_BYTES} bytes of headers"
        body = msgspec.json.encode(ErrorAnswer(msg, (Problem("", msg, wanted),)))
        named = [
            *self.server_state.default_headers,
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"connection", b"close"),
        ]
        head = b"".join(name + b": " + value + b"\r\n" for name, value in named)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + head + b"\r\n" + body)
        self.transport.close()
