"""Every request to a DSS is measured, logged and named, so that two parties can speak of the same one.

The name is the caller's `X-Request-Id`, or one of ours, and goes back with the answer.
"""

import re
import time
from collections.abc import Callable
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from skyparley.utm.metrics import Metrics

_NAME: Final = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_HEADER: Final = b"x-request-id"


class Watching:
    """An ASGI application around the door's.  `new_name` names a request that its caller did not."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, new_name: Callable[[], str]) -> None:
        self._app = app
        self._metrics = metrics
        self._new_name = new_name
        self._log = structlog.get_logger("skyparley.dss.door").bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        name = self._name(scope)
        status = 500

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", []), (_HEADER, name)]}
            await send(message)

        try:
            await self._app(scope, receive, named)
        finally:
            seconds = time.perf_counter() - began
            operation = scope.get("operation", "none")
            self._metrics.answered(operation, status, seconds)
            self._log.info(
                "answered",
                request=name.decode("ascii"),
                operation=operation,
                manager=scope.get("manager", ""),
                status=status,
                ms=round(1000 * seconds, 2),
            )

    def _name(self, scope: Scope) -> bytes:
        for header, value in scope["headers"]:
            if header == _HEADER and _NAME.fullmatch(value):
                return bytes(value)
        return self._new_name().encode("ascii")
