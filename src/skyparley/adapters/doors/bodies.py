"""Bodies of requests: limited while they arrive, in bytes and in time, before anything is made of them."""

import asyncio

from starlette.requests import ClientDisconnect, Request

from skyparley.adapters.doors.answers import JSON, Denied
from skyparley.base import limits


class TooLarge(Exception):
    """More bytes than this address takes.  What was read is dropped, what follows is not read."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"a body has at most {most_bytes} bytes here")


class TooSlow(Exception):
    """The body did not arrive in time, or its sender went away."""


async def read_body(request: Request, most_bytes: int) -> bytes:
    """The whole body.  Raises TooLarge as soon as that is known, TooSlow."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdigit() or len(announced) > 15 or int(announced) > most_bytes:
        raise TooLarge(most_bytes)
    parts, size = [], 0
    try:
        async with asyncio.timeout(limits.BODY_ARRIVES_MS / 1000):
            async for part in request.stream():
                size += len(part)
                if size > most_bytes:
                    raise TooLarge(most_bytes)
                parts.append(part)
    except (TimeoutError, ClientDisconnect):
        raise TooSlow from None
    return b"".join(parts)


async def read_json(request: Request, *, most_bytes: int = limits.DESK_BODY_BYTES) -> bytes:
    """The body of a request that says that it is JSON.  Raises Denied NOT_JSON, TooLarge, TooSlow."""
    # Forms of other sites can send text, but not this type without asking first.
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != JSON:
        raise Denied("NOT_JSON", "send JSON, and say so: Content-Type: application/json")
    return await read_body(request, most_bytes)
