"""What an act would let out, before it is given: each statement as the other side will read it and hear it, by each bearer."""

from typing import Annotated, Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from skyparley.adapters.doors.acts import ACTS, Act, read_act
from skyparley.adapters.doors.answers import Malformed, answer, refused
from skyparley.adapters.doors.bodies import read_json
from skyparley.adapters.doors.guard import Guard
from skyparley.base import limits
from skyparley.base.errors import Refusal
from skyparley.domain.commands import ByDesk
from skyparley.domain.messages.codes import Language
from skyparley.domain.messages.envelope import meaning_again
from skyparley.domain.phrases import sentences
from skyparley.engine.node import Node
from skyparley.engine.preview import Released
from skyparley.state.matter_views import Sentence

PREVIEW: Final = "/release-preview"


class PreviewBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An act as it would be posted: its address below /desk/v1, and its body."""

    act: str
    body: dict[str, Any]
    langs: Annotated[tuple[Language, ...], msgspec.Meta(max_length=7)] = ()
    """The languages in which each statement is to be read aloud as well."""


class WouldRead(Released, frozen=True, kw_only=True, omit_defaults=True):
    """A statement as its receiver will read it, and its phrase in each language that was asked for."""

    sentences: tuple[Sentence, ...] = ()


class PreviewDoor:
    """One address of the desk door.  It writes nothing, so it needs no key."""

    def __init__(self, node: Node, guard: Guard, base: str) -> None:
        self._node = node
        self._guard = guard
        self._base = base

    def routes(self) -> list[Route]:
        """The address, to be put among those of the desk door."""
        return [Route(self._base + PREVIEW, self._preview, methods=["POST"])]

    async def _preview(self, request: Request) -> Response:
        actor = self._guard.allowed(request, "act")
        try:
            said = msgspec.json.decode(await read_json(request, most_bytes=limits.DESK_BATCH_BYTES), type=PreviewBody)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Malformed(str(error)) from None
        except RecursionError:
            raise Malformed("the body nests too deep") from None
        try:
            act, members = _act_at(said.act)
            given = {"real_ms": self._node.clock.real_ms()} if "real_ms" in act.given else {}
            command, _ = read_act(act, members, msgspec.json.encode(said.body), given)
        except Malformed as error:  # The question was well put; what it asks about would be refused.
            return refused(Refusal((error.reason,)))
        by = ByDesk(command=command, account=actor.name, key="", request="", person=actor.person)
        told = await self._node.would_release(by)
        return refused(told) if isinstance(told, Refusal) else answer([_read_aloud(one, said.langs) for one in told])


def _read_aloud(one: Released, langs: tuple[Language, ...]) -> WouldRead:
    envelope = meaning_again(one.payload.encode())
    found = tuple(Sentence.of(said) for lang in dict.fromkeys(langs) for said in sentences(envelope, lang))
    return WouldRead(**msgspec.structs.asdict(one), sentences=found)


def _act_at(path: str) -> tuple[Act, dict[str, str]]:
    """The act at an address, and what the address names.  Raises Malformed."""
    parts = path.split("/")
    for act in ACTS:
        wanted = act.path.split("/")
        if len(wanted) == len(parts) and all(w.startswith("{") or w == p for w, p in zip(wanted, parts, strict=True)):
            return act, {w[1:-1]: p for w, p in zip(wanted, parts, strict=True) if w.startswith("{")}
    raise Malformed(f"there is no act at {path[:64]!r}; write its address below /desk/v1, like /notices", field="act")
