"""What the desk hears of a change: where it stands in the journal, what kind it is, when, and what it is about.

References only: no signed text, no key, no answer to a command.  What a peer wrote appears only where it was understood.
"""

from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from skyparley.domain import events as e
from skyparley.evidence import jws

_PLAIN: Final = ("peer", "party", "id", "version", "pair_id", "conflict_id", "agreement_id", "other_party", "other_id")
"""Members of events that are references, told as they stand."""

_MORE: Final[dict[type[e.Event], tuple[str, ...]]] = {
    e.HeadsCompared: ("result",),
    e.LinkChanged: ("bearer", "direction", "state", "since"),
    e.StatementReceived: ("verdict", "err"),
    e.EvidenceKept: ("what",),
    e.ConflictFound: ("own_id", "own_version", "other_version"),
    e.ConflictGone: ("cause",),
    e.AgreementVoid: ("cause",),
    e.Rang: ("post", "cls", "statement", "code"),
    e.AlarmRaised: ("code", "about"),
    e.AlarmCounted: ("code", "about", "count"),
    e.UnauthenticatedHeard: ("claimed", "source"),
    e.PeerClockNoted: ("skew_ms",),
    e.HookTried: ("hook", "ring", "outcome", "attempt"),
    e.DeadlinePassed: ("what", "about", "due"),
    e.ClauseDrafted: ("clause",),
    e.ClauseDropped: ("clause",),
    e.ClauseAsked: ("clause", "what"),
    e.ClauseConfirmed: ("clause", "what"),
    e.ClauseInForce: ("clause",),
    e.ClockAnchored: ("shown_ms", "rate_permille"),
    e.EpochOpened: ("epoch",),
    e.OfferLapsed: ("proposal",),
}


class PublicChange(msgspec.Struct, frozen=True):
    """One entry of the journal as the desk hears it.  `at`: UTC milliseconds of the line's clock."""

    position: int
    kind: str
    at: int
    about: dict[str, Any]


class _Slots(msgspec.Struct, frozen=True):
    id: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class _Statement(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of a statement's payload, what says what it is about."""

    type: str
    dialog_id: str | UnsetType = UNSET
    slots: _Slots = _Slots()


def public_change(position: int, kind: str, at: int, event: e.Event | None) -> PublicChange:
    """A change for the desk; `event` is None where its content was purged."""
    return PublicChange(position, kind, at, about(event))


def about(event: e.Event | None) -> dict[str, Any]:
    """What an event is about; empty for one that is about nothing, and for the answer to a command."""
    if event is None or isinstance(event, e.CommandAnswered):
        return {}
    names = (*_PLAIN, *_MORE.get(type(event), ()))
    said = {name: getattr(event, name) for name in names if getattr(event, name, "") != ""}
    match event:
        case e.StatementReceived(verdict="FOLDED") | e.StatementSealed() | e.StatementRestored():
            said |= _of_statement(event.jws)
        case e.StatementOwed():
            said |= {"peer": event.draft.peer, "type": event.draft.type}
    return said


def _of_statement(text: str) -> dict[str, Any]:
    """Type, notice, dialogue and reason of a statement that this node has understood or made."""
    statement = msgspec.json.decode(jws.split(text).payload, type=_Statement)
    said: dict[str, Any] = {"type": statement.type}
    if statement.dialog_id is not UNSET:
        said["pair_id"] = statement.dialog_id
    if statement.slots.id is not UNSET:
        said["id"] = statement.slots.id
    if statement.slots.reason is not UNSET:
        said["reason"] = statement.slots.reason
    return said
