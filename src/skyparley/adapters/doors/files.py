"""The desk's share in files that carry a line: one is made for a peer, one of a peer is taken.  Source: line-v1 12.

A file is made in two steps, so that it counts as carried only when whoever asked has written it where it will not be lost.
"""

from collections import OrderedDict
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from skyparley.adapters.doors.answers import Denied, Malformed, answer, refused, said_no
from skyparley.adapters.doors.bodies import read_json
from skyparley.adapters.doors.guard import Guard
from skyparley.base import limits
from skyparley.base.errors import Reason, Refusal
from skyparley.base.ids import Fingerprint, digest
from skyparley.domain.lines import named_peer
from skyparley.engine.node import Node
from skyparley.engine.parcels import Packed
from skyparley.engine.reading import Unusable

PACK: Final = "/peers/{party}/file"
WRITTEN: Final = "/peers/{party}/file/written"
TAKE: Final = "/files"
PACKED_KEPT: Final = 64  # files that were made and of which it was not yet said that they are written


class FileMade(msgspec.Struct, frozen=True):
    """A file for a peer, and what is in it.  `hash` names it when it is written."""

    file: str
    hash: str
    statements: int
    receipts: int


class MakeFileBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing: the address says for whom."""


class WrittenBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file that was written where it will not be lost."""

    hash: str


class FileBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file as it came."""

    file: str


class FileTaken(msgspec.Struct, frozen=True):
    """What became of a file: statements that were new, known, or not taken (`why`: the first reason), and receipts."""

    peer: str
    received: int
    known: int
    receipts: int
    not_taken: int
    why: str


class FileDoor:
    """Three addresses of the desk door.  `guard` lets in who may act."""

    def __init__(self, node: Node, guard: Guard, base: str) -> None:
        self._node = node
        self._guard = guard
        self._base = base
        self._made: OrderedDict[tuple[Fingerprint, str], Packed] = OrderedDict()

    def routes(self) -> list[Route]:
        """The addresses, to be put among those of the desk door."""
        served = ((PACK, self._pack), (WRITTEN, self._written), (TAKE, self._take))
        return [Route(self._base + path, serve, methods=["POST"]) for path, serve in served]

    async def _pack(self, request: Request) -> Response:
        self._guard.allowed(request, "act")
        peer = await self._peer(request)
        await _body(request, MakeFileBody, limits.DESK_BODY_BYTES)
        try:
            packed = await self._node.parcels.pack(peer)
        except Unusable as error:
            return _refused(error)
        name = digest(packed.data)
        self._made[peer, name] = packed
        while len(self._made) > PACKED_KEPT:
            self._made.popitem(last=False)
        return answer(FileMade(packed.data.decode("ascii"), name, packed.statements, packed.receipts))

    async def _written(self, request: Request) -> Response:
        self._guard.allowed(request, "act")
        peer = await self._peer(request)
        said = await _body(request, WrittenBody, limits.DESK_BODY_BYTES)
        packed = self._made.pop((peer, said.hash), None)
        if packed is None:
            raise Denied("NOT_FOUND", "no file of this name was made since this node started, or it was written before")
        await self._node.parcels.wrote(peer, packed)
        return answer({})

    async def _take(self, request: Request) -> Response:
        self._guard.allowed(request, "act")
        said = await _body(request, FileBody, limits.FILE_ACT_BYTES)
        try:
            taken = await self._node.parcels.take(said.file.encode("utf-8"))
        except Unusable as error:
            return _refused(error)
        name = await self._node.sequencer.read(lambda state: state.lines[taken.peer].name)
        return answer(FileTaken(name, taken.received, taken.known, taken.receipts, taken.not_taken, taken.why))

    async def _peer(self, request: Request) -> Fingerprint:
        named = request.path_params["party"]
        peer = await self._node.sequencer.read(lambda state: named_peer(state, named))
        if peer is None:
            raise Denied("NOT_FOUND", f"no peer is called {named[:43]!r}")
        return peer


async def _body(request: Request, kind: Any, most_bytes: int) -> Any:
    try:
        return msgspec.json.decode(await read_json(request, most_bytes=most_bytes), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(str(error)) from None
    except RecursionError:
        raise Malformed("the body nests too deep") from None


def _refused(error: Unusable) -> Response:
    """A file that is refused is an answer with its reason; a peer over its share is asked to wait."""
    if error.code == "DEFERRED":
        return said_no("DEFERRED", "this peer sent more than its share just now; take the file again in a moment")
    return refused(Refusal((Reason(error.code, str(error), "file"),)))
