"""Who is who at this node: ourselves, peers on a line, and peers with only a telephone; and a statement said by voice."""

from collections.abc import Sequence

from msgspec import UNSET

from skyparley.base.errors import Refusal, refuse
from skyparley.base.ids import Fingerprint
from skyparley.domain.lines import named_peer
from skyparley.domain.messages.catalogue import CATALOGUE, StatementType, class_of
from skyparley.domain.messages.envelope import PROTO, Envelope, phrase_code
from skyparley.domain.messages.matter_slots import FreeText
from skyparley.domain.messages.slots import NoticeSlots, Wire
from skyparley.domain.view import Moment, View
from skyparley.domain.voice_records import VoicePeer
from skyparley.evidence.card import is_name


def name_of(view: View, party: str) -> str:
    """What the desk calls a party; the beginning of its fingerprint where nobody pinned it."""
    if party == view.own:
        return view.name
    line = view.lines.get(Fingerprint(party))
    if line is not None:
        return line.name
    peer = view.voice.peers.get(Fingerprint(party))
    return peer.name if peer is not None else party[:8]


def named_voice(view: View, text: str) -> VoicePeer | None:
    """A voice peer by name or id.  A peer on a line goes before one of the same name: it has grown a node since."""
    if named_peer(view, text) is not None:
        return None
    return next((peer for peer in view.voice.peers.values() if text in (peer.peer, peer.name)), None)


def voice_peer(view: View, text: str, field: str = "peer") -> VoicePeer | Refusal:
    """The same, or why not."""
    peer = named_voice(view, text)
    if peer is not None:
        return peer
    if named_peer(view, text) is not None:
        return refuse("ON_A_LINE", f"{text} has a node: what it says comes by its line, signed", field=field)
    known = ", ".join(sorted(one.name for one in view.voice.peers.values())) or "none; pin it first"
    return refuse("UNKNOWN_PEER", f"no voice peer is called {text!r}; there are: {known}", field=field)


def all_names(view: View) -> Sequence[str]:
    """Everybody who can be named, in order."""
    return sorted({line.name for line in view.lines.values()} | {peer.name for peer in view.voice.peers.values()})


def usable_name(view: View, name: str) -> Refusal | None:
    """Why a voice peer may not be called so; None where it may."""
    if not is_name(name):
        return refuse("NAME", "a party's name is 1 to 16 of the characters A-Z 0-9 -", field="name")
    if name == view.name or named_peer(view, name) is not None:
        return refuse("NAME_TAKEN", f"{name} is a party with a node here; choose another name", field="name")
    return None


def said_by_voice(
    view: View,
    kind: StatementType,
    peer: Fingerprint,
    slots: Wire,
    moment: Moment,
    /,
    *,
    theirs: bool = False,
    version: int = 0,
    reply_to: str = "",
    free_text: FreeText | None = None,
) -> Envelope:
    """What is said between us and a voice peer, as the statement that it would be on a line.

    It never stands on a feed: its number is 1/1 and means nothing.  `theirs`: they said it to us.
    """
    cls = class_of(slots.kind) if isinstance(slots, NoticeSlots) else CATALOGUE[kind].cls or "COORD"
    return Envelope(
        proto=PROTO,
        epoch=1,
        seq=1,
        from_=peer if theirs else view.own,
        to=view.own if theirs else peer,
        msg_id=moment.new_id(),
        role="desk",
        cls=cls,
        type=kind,
        code=phrase_code(kind, slots, answers=bool(reply_to)) or UNSET,
        version=version or UNSET,
        reply_to=reply_to or UNSET,
        created_utc=moment.now,
        free_text=free_text or UNSET,
        slots=slots,
    )
