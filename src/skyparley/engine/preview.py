"""What an act would let out: for each peer the statements that it would make, as the other side will read them, and by what.

Nothing is written and nothing leaves.  The numbers of the feed are those of now; what is said in between moves them on.
Source: DESIGN "Rules the engine keeps"; line-v1 3, 7, 12.
"""

import json
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from skyparley.base.errors import Refusal
from skyparley.base.ids import Fingerprint
from skyparley.domain.commands import ByDesk
from skyparley.domain.decide import decide
from skyparley.domain.doubts import doubts_of
from skyparley.domain.lines import may_seal_this
from skyparley.domain.messages.codes import HTTP_BEARERS
from skyparley.domain.messages.envelope import meaning_again
from skyparley.domain.records import Draft, Line, OwedDraft
from skyparley.domain.view import Moment, View
from skyparley.engine.signer import Signer
from skyparley.evidence import jws

Cover = Literal["CLEAR", "TLS", "SEALED"]
"""How far others on the way can read it.  CLEAR: whoever carries it.  TLS: nobody between the two doors, if their
certificates are sound.  SEALED: only who holds the peer's seal key."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A bearer that would carry it, where to, and how far it is covered on the way."""

    bearer: str
    to: str
    cover: Cover


class Released(msgspec.Struct, frozen=True, kw_only=True):
    """One statement as its receiver will read it.  `waits`: it would not be sealed now, but when the line allows it."""

    peer: str
    fingerprint: Fingerprint
    type: str
    cls: str
    payload: str
    signed_bytes: int
    waits: bool
    ways: tuple[Way, ...]
    doubts: tuple[str, ...] = ()
    """What may not be meant, to be looked at before it goes.  It is no refusal."""


class _Said(msgspec.Struct, frozen=True, rename={"cls": "class"}):
    type: str
    cls: str


def would_release(view: View, by: ByDesk, moment: Moment, signer: Signer) -> tuple[Released, ...] | Refusal:
    """The statements that a desk's command would make, in their order; () where it makes none; or why it is refused."""
    ruling = decide(view, msgspec.structs.replace(by, key="", request=""), moment)
    if isinstance(ruling, Refusal):
        return ruling
    drafts = [item.draft if isinstance(item, OwedDraft) else item for item in ruling.items]
    return tuple(_released(view, one, moment, signer) for one in drafts if isinstance(one, Draft))


def _released(view: View, draft: Draft, moment: Moment, signer: Signer) -> Released:
    line = view.lines[draft.peer]
    text = signer.seal(view, draft, moment.quality)
    payload = jws.payload_again(text)
    said = msgspec.json.decode(payload, type=_Said)
    doubts = doubts_of(meaning_again(payload), moment.now)
    return Released(
        peer=line.name,
        fingerprint=line.peer,
        type=said.type,
        cls=said.cls,
        payload=json.dumps(json.loads(payload), indent=2, ensure_ascii=False),
        signed_bytes=len(text),
        waits=not may_seal_this(line, draft),
        ways=ways_of(line, moment.now),
        doubts=doubts,
    )


def ways_of(line: Line, at_ms: int) -> tuple[Way, ...]:
    """Every bearer to a peer: the addresses on its card, in its order, and files where it names a key to seal to."""
    found = [
        Way(bearer=bearer, to=url, cover="TLS" if urlsplit(url).scheme == "https" else "CLEAR")
        for bearer, url in zip(HTTP_BEARERS, line.card.urls, strict=False)
    ]
    entry = line.card.seal_entry(at_ms)
    if entry is not None:
        found.append(Way(bearer="file", to=line.name, cover="SEALED"))
    return tuple(found)
