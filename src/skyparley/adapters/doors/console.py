"""The console door: the files of the desk page, from memory, each with its hash as its tag."""

import hashlib
import mimetypes
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from skyparley.base.ids import b64url

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}


class _File(msgspec.Struct, frozen=True):
    data: bytes
    media_type: str
    tag: str


class ConsoleApp:
    """An ASGI application.  Only what the package holds can be asked for: a path is a name in a table, not a place on
    a disk."""

    def __init__(self) -> None:
        static = files("skyparley.adapters.doors") / "static"
        self._files = {f"/{name}": _read(name, found) for name, found in _walk(static, "")}
        if "/index.html" in self._files:
            self._files["/"] = self._files["/index.html"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(Request(scope))(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response("only to be read\n", 405, {"allow": "GET, HEAD"}, "text/plain")
        file = self._files.get(request.url.path)
        if file is None:
            return Response("there is nothing at this address\n", 404, None, "text/plain")
        # Asked for again each time, so that a page of today never runs with a script of yesterday; the tag makes it cheap.
        headers = {"etag": file.tag, "cache-control": "no-cache"}
        if file.tag in [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]:
            return Response(b"", 304, headers)
        return Response(file.data, 200, headers, file.media_type)


def _walk(folder: Traversable, above: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for one in folder.iterdir():
        if one.is_dir():
            found += _walk(one, f"{above}{one.name}/")
        elif not one.name.startswith("."):
            found.append((above + one.name, one))
    return found


def _read(name: str, found: Traversable) -> _File:
    data = found.read_bytes()
    suffix = "." + name.rpartition(".")[2]
    media_type = TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return _File(data, media_type, f'"{b64url(hashlib.sha256(data).digest())}"')
