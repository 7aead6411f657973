"""The peer door: statements, HELLO, heartbeats and catch-up over HTTP.  Everything there is signed.  Source: line-v1 7."""

from collections.abc import Sequence
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from skyparley.adapters.doors.answers import JSON, STATUS, on_peer_fault, peer_said_no
from skyparley.adapters.doors.bodies import TooLarge, TooSlow, read_body
from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.errors import Fault
from skyparley.domain.messages.codes import HTTP_BEARERS, BearerKind
from skyparley.engine.peer_service import PeerService
from skyparley.engine.reading import Unusable
from skyparley.engine.statements import fitting

TEXT: Final = "text/plain"


def peer_app(service: PeerService) -> Starlette:
    """The door as an ASGI application."""
    door = _Door(service)
    return Starlette(
        routes=[
            Route("/peer/v1/statements", door.statements, methods=["POST"]),
            Route("/peer/v1/hello", door.hello, methods=["POST"]),
            Route("/peer/v1/heartbeat", door.heartbeat, methods=["POST"]),
            Route("/peer/v1/catchup", door.catch_up, methods=["POST"]),
        ],
        exception_handlers={
            Fault: on_peer_fault,
            TooLarge: _on_too_large,
            TooSlow: _on_too_slow,
            HTTPException: _on_http,
            Exception: _on_our_fault,
        },
    )


class _Door:
    def __init__(self, service: PeerService) -> None:
        self._service = service

    async def statements(self, request: Request) -> Response:
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != TEXT:
            raise Unusable("MALFORMED", "statements travel as text/plain, one a line")
        body = await _text(request, self._service)
        texts = body.removesuffix("\n").split("\n")
        if len(texts) > limits.STATEMENTS_PER_BATCH:
            raise Unusable("TOO_LARGE", f"{len(texts)} statements; at most {limits.STATEMENTS_PER_BATCH} a request")
        _check_sizes(texts)
        pushed = await self._service.statements(texts, _bearer(request), _source(request))
        return Response(canonical(pushed), media_type=JSON)

    async def hello(self, request: Request) -> Response:
        return Response(await self._service.hello(await _one(request)), media_type=TEXT)

    async def heartbeat(self, request: Request) -> Response:
        return Response(await self._service.heartbeat(await _one(request)), media_type=TEXT)

    async def catch_up(self, request: Request) -> Response:
        texts = await self._service.catch_up(await _one(request))
        # As many as one answer may hold; the asker asks again behind the last.
        return Response("\n".join(fitting(texts)), media_type=TEXT)


def _bearer(request: Request) -> BearerKind:
    """By which of our addresses the sender carries: it alone can know.  Not said: by the first."""
    said = request.query_params.get("bearer", HTTP_BEARERS[0])
    for bearer in HTTP_BEARERS:
        if bearer == said:
            return bearer
    raise Unusable("MALFORMED", f"bearer is one of {', '.join(HTTP_BEARERS)}")


def _source(request: Request) -> str:
    """The network address that called, which may be a proxy's: then the proxy limits strangers (line-v1 7.10)."""
    return f"http {request.client.host}" if request.client is not None else "http"


async def _one(request: Request) -> str:
    text = (await _text(request)).removesuffix("\n")
    _check_sizes([text])
    return text


async def _text(request: Request, keeper: PeerService | None = None) -> str:
    """The body.  `keeper` keeps the beginning of one that cannot be a signed text."""
    body = await read_body(request, limits.PEER_BODY_BYTES)
    try:
        return body.decode("ascii")
    except UnicodeDecodeError:
        if keeper is not None:
            beginning = body[: limits.UNAUTHENTICATED_CHARS].decode("utf-8", "backslashreplace")
            await keeper.unsigned(beginning, "MALFORMED", _source(request))
        raise Unusable("MALFORMED", "signed texts are ASCII") from None


def _check_sizes(texts: Sequence[str]) -> None:
    longest = max(len(text) for text in texts)
    if longest > limits.STATEMENT_BYTES:
        raise Unusable("TOO_LARGE", f"a signed text has {longest} bytes; at most {limits.STATEMENT_BYTES}")


async def _on_too_large(_: Request, __: Exception) -> Response:
    return _closing(peer_said_no("TOO_LARGE", f"a body has at most {limits.PEER_BODY_BYTES} bytes"))


async def _on_too_slow(_: Request, __: Exception) -> Response:
    return _closing(peer_said_no("MALFORMED", f"a body arrives whole within {limits.BODY_ARRIVES_MS // 1000} s"))


async def _on_http(_: Request, error: Exception) -> Response:
    """No such address, or not by this method."""
    assert isinstance(error, HTTPException)
    code = "METHOD" if error.status_code == STATUS["METHOD"] else "NOT_FOUND"
    said = peer_said_no(code, "the addresses of this door are in line-v1 7, each by POST")
    said.headers.update(error.headers or {})
    return said


async def _on_our_fault(_: Request, __: Exception) -> Response:
    return peer_said_no("NOT_READY", "this node failed on the request; try again")


def _closing(response: Response) -> Response:
    """Whoever sends more than was agreed is not listened to any further."""
    response.headers["connection"] = "close"
    return response
