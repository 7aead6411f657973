"""Headers that every answer of the desk port carries, and a limit on how long one answer may take to be taken."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send


def security_headers(allowed_origins: Sequence[str]) -> list[tuple[bytes, bytes]]:
    """What tells a browser to trust nothing but this door.  `allowed_origins` may show the console in a frame."""
    ancestors = " ".join(["'self'", *allowed_origins])
    policy = (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        f"frame-ancestors {ancestors}"
    )
    return [
        (b"content-security-policy", policy.encode("ascii")),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]


class WithHeaders:
    """Adds headers to each answer of an application that does not set them itself."""

    def __init__(self, app: ASGIApp, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._app = app
        self._headers = list(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message.get("headers", [])}
                more = [(name, value) for name, value in self._headers if name not in there]
                message = {**message, "headers": [*message.get("headers", []), *more]}
            await send(message)

        await self._app(scope, receive, with_headers)
