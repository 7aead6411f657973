"""Events: what happened, as the journal keeps it.  Each has a kind (its class name) and a schema number.

A change of an event's members raises its schema number and adds an upcast (engine/upcast.py): old journals stay readable.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from skyparley.base.canonical import canonical
from skyparley.base.ids import Fingerprint
from skyparley.domain.event_base import Event as Event
from skyparley.domain.messages.arrangement_slots import ClauseBody
from skyparley.domain.messages.codes import (
    BearerKind,
    Class,
    DeskState,
    ErrCode,
    HttpBearerKind,
    Language,
    LineReason,
    NoticeKind,
    Post,
    ReasonCode,
)
from skyparley.domain.messages.slots import DueRegard, GapsSlot, VolumeSlot
from skyparley.domain.records import Direction, Draft, LinkState
from skyparley.domain.table import Table
from skyparley.domain.voice_events import VOICE_EVENTS


class NodeStarted(Event, frozen=True, kw_only=True):
    """This process took up the journal.  Nothing may be sealed for a peer until heads are compared again."""

    software: str


class TableSet(Event, frozen=True, kw_only=True):
    """The table that this node judges by from here on: the first, or another than before."""

    table_hash: str


class LineTableSet(Event, frozen=True, kw_only=True):
    """From here on another table holds on one line: its pairs are judged anew.  `clause`: what both signed for it."""

    peer: Fingerprint
    table: Table
    table_hash: str
    clause: str = ""


class ClockAnchored(Event, frozen=True, kw_only=True):
    """A SCALED clock was set: at `real_ms` of the machine it showed `shown_ms` and ran at `rate_permille`."""

    real_ms: int
    shown_ms: int
    rate_permille: int


class PeerPinned(Event, frozen=True, kw_only=True):
    card: str


class LineEstablished(Event, frozen=True, kw_only=True):
    """HELLO and its answer were exchanged for the first time: NONE becomes TESTING."""

    peer: Fingerprint


class LineOpened(Event, frozen=True, kw_only=True):
    """The checks each way were good: TESTING becomes IN_FORCE."""

    peer: Fingerprint


class LineChangeAsked(Event, frozen=True, kw_only=True):
    """The first of two persons asked to suspend, resume or terminate a line."""

    peer: Fingerprint
    what: Literal["SUSP", "RESM", "TERM"]
    reason: LineReason
    effective: int
    by: str


class LineChangeConfirmed(Event, frozen=True, kw_only=True):
    """A second person confirmed it; the statement follows."""

    peer: Fingerprint
    what: Literal["SUSP", "RESM", "TERM"]
    by: str
    second: str


class KeysAsked(Event, frozen=True, kw_only=True):
    """The first of two persons asked to tell every peer our newer card."""

    card: str
    by: str


class KeysConfirmed(Event, frozen=True, kw_only=True):
    """A second person confirmed it; the statements follow."""

    by: str
    second: str


class ClauseDrafted(Event, frozen=True, kw_only=True):
    """A clause of the terms was drafted here and said to nobody.  `effective` 0: as soon as both have signed."""

    peer: Fingerprint
    clause: str
    body: ClauseBody
    effective: int
    by: str


class ClauseDropped(Event, frozen=True, kw_only=True):
    """The draft of a clause was thrown away."""

    peer: Fingerprint
    clause: str
    by: str


class ClauseAsked(Event, frozen=True, kw_only=True):
    """The first of two persons asked to propose the draft of a clause (TBL) or to accept an offer (ACC); `digest` says which."""

    peer: Fingerprint
    clause: str
    what: Literal["TBL", "ACC"]
    digest: str
    by: str


class ClauseConfirmed(Event, frozen=True, kw_only=True):
    """A second person confirmed it; the statement follows."""

    peer: Fingerprint
    clause: str
    what: Literal["TBL", "ACC"]
    by: str
    second: str


class ClauseInForce(Event, frozen=True, kw_only=True):
    """A clause that both signed is in force from here on.  `digest`: of the text that they signed; empty: none is any more."""

    peer: Fingerprint
    clause: str
    version: int
    digest: str


class CrossingExpired(Event, frozen=True, kw_only=True):
    """The period of a crossing of a standing line is over; `by` is who said it."""

    peer: Fingerprint
    by: Fingerprint
    id: str


class CheckMissed(Event, frozen=True, kw_only=True):
    """A line check was not answered in time, or the other side did not begin the one that was its turn."""

    peer: Fingerprint
    ours: bool
    bearer: str = ""


class DeskChanged(Event, frozen=True, kw_only=True):
    """Our own desk is otherwise than before: by a person's act, by its word, or by the silence of half an hour."""

    desk: DeskState
    by: str = ""


class RosterSet(Event, frozen=True, kw_only=True):
    """Who may hold which post, in the order in which they are rung."""

    posts: dict[Post, tuple[str, ...]]
    by: str


class HandoverOffered(Event, frozen=True, kw_only=True):
    """The officer on duty offered the post, with a brief: its hash and its canonical text."""

    post: Post
    by: str
    to: str
    brief: str
    text: str


class DutyTaken(Event, frozen=True, kw_only=True):
    """A post changed hands; an empty `account` left it empty.  `brief`: which one the new officer had read."""

    post: Post
    account: str
    languages: tuple[Language, ...]
    before: str = ""
    brief: str = ""


class PeerSilent(Event, frozen=True, kw_only=True):
    """Nobody acted at the other desk for long, with statements of ours waiting."""

    peer: Fingerprint


class TableCompared(Event, frozen=True, kw_only=True):
    """The table that the peer holds, by a HELLO or a statement.  `epoch`, `seq`: how far its feed was by then."""

    peer: Fingerprint
    table_hash: str
    epoch: int = 0
    seq: int = 0


class HeadsCompared(Event, frozen=True, kw_only=True):
    """What the peer said it holds of our feed, against what we hold.  EQUAL lets us seal."""

    peer: Fingerprint
    result: Literal["EQUAL", "AHEAD", "DIVERGED"]
    held_epoch: int = 0
    held_seq: int = 0
    text: str = ""


class StatementSealed(Event, frozen=True, kw_only=True):
    """A statement of ours got its number and signature.  `owed`: it was one of the waiting ones."""

    peer: Fingerprint
    jws: str
    owed: bool = False


class StatementOwed(Event, frozen=True, kw_only=True):
    """A statement of ours waits for the line: it is sealed when heads were compared."""

    draft: Draft


class OwedDropped(Event, frozen=True, kw_only=True):
    """A statement that waited for the line does not fit any more what the peer holds or how things are: it is never sealed."""

    peer: Fingerprint
    msg_id: str
    why: str


class StatementRestored(Event, frozen=True, kw_only=True):
    """A statement that we had sealed and lost came back from the peer's copy."""

    peer: Fingerprint
    jws: str


class StatementReceived(Event, frozen=True, kw_only=True):
    """A statement of the peer took its place on the feed.  `verdict` is about its meaning only."""

    peer: Fingerprint
    jws: str
    received_utc: int
    bearer: BearerKind
    verdict: Literal["FOLDED", "REFUSED"]
    err: ErrCode | Literal[""] = ""
    ids: tuple[str, ...] = ()
    text: str = ""


class StatementsCarried(Event, frozen=True, kw_only=True):
    """A file that holds our statements up to this number was written for the peer."""

    peer: Fingerprint
    epoch: int
    seq: int


class ReceiptKept(Event, frozen=True, kw_only=True):
    peer: Fingerprint
    jws: str


class EvidenceKept(Event, frozen=True, kw_only=True):
    """Bytes that prove a breach: two statements with one number, a broken link, a false `seen`, a key that had ended."""

    peer: Fingerprint
    what: Literal["FORK", "BROKEN", "SEEN_FALSE", "NEW_EPOCH", "KEY_ENDED"]
    jws: str
    text: str


class LinkChanged(Event, frozen=True, kw_only=True):
    """A bearer came up, missed heartbeats, or was lost.  `since`: when this state began, by the line's clock."""

    peer: Fingerprint
    bearer: HttpBearerKind
    direction: Direction
    state: LinkState
    since: int


class NoticeFiled(Event, frozen=True, kw_only=True):
    id: str
    kind: NoticeKind
    volumes: tuple[VolumeSlot, ...]
    due_regard: DueRegard
    audience: tuple[Fingerprint, ...]
    by: str
    by_voice: tuple[Fingerprint, ...] = ()
    """Peers with only a telephone that are to hear of it: each is called."""


class NoticeChanged(Event, frozen=True, kw_only=True):
    id: str
    version: int
    kind: NoticeKind
    volumes: tuple[VolumeSlot, ...]
    due_regard: DueRegard
    audience: tuple[Fingerprint, ...]
    by: str
    by_voice: tuple[Fingerprint, ...] = ()


class NoticeCancelled(Event, frozen=True, kw_only=True):
    id: str
    reason: ReasonCode
    by: str


class NoticeActivated(Event, frozen=True, kw_only=True):
    id: str
    at: int
    by: str


class NoticeEnded(Event, frozen=True, kw_only=True):
    id: str
    at: int
    by: str


class NoticePast(Event, frozen=True, kw_only=True):
    """The last window and the time buffer are over: the notice leaves detection; towards `peer` alone where one is named."""

    party: Fingerprint
    id: str
    peer: Fingerprint = Fingerprint("")


class NoticeForgotten(Event, frozen=True, kw_only=True):
    """A notice that was over left memory, with the conflicts and agreements about it.  The journal keeps them all."""

    party: Fingerprint
    id: str


class ConflictFound(Event, frozen=True, kw_only=True):
    """Our notice and another's are closer than the table allows.  `adopted`: within tolerance, on the peer's word."""

    pair_id: str
    conflict_id: str
    own_id: str
    own_version: int
    other_party: Fingerprint
    other_id: str
    other_version: int
    volumes: tuple[int, int]
    gaps: GapsSlot
    start: int = 0
    end: int = 0
    shared: bool = False
    adopted: bool = False


class ConflictGone(Event, frozen=True, kw_only=True):
    pair_id: str
    cause: Literal["CHANGED", "CANCELLED", "ENDED", "PAST", "AGREED"]


class ConflictUnresolved(Event, frozen=True, kw_only=True):
    pair_id: str


class AgreementExpired(Event, frozen=True, kw_only=True):
    agreement_id: str


class AgreementVoid(Event, frozen=True, kw_only=True):
    agreement_id: str
    cause: str


class OfferLapsed(Event, frozen=True, kw_only=True):
    """An offer ran out unanswered, and the peer's later statement proves that no acceptance was sent."""

    pair_id: str
    proposal: str


class AlarmRaised(Event, frozen=True, kw_only=True):
    """Something that people must look at.  `about` names the subject: a peer, a pair, a notice."""

    code: str
    about: str
    text: str
    peer: Fingerprint = Fingerprint("")


class AlarmCounted(Event, frozen=True, kw_only=True):
    """The alarm that stands about this grew to a count; `text` replaces what it said.  Told at steps, not each time.

    `over`: what it warns of is over.
    """

    code: str
    about: str
    count: int
    peer: Fingerprint = Fingerprint("")
    text: str = ""
    over: bool = False


class UnauthenticatedHeard(Event, frozen=True, kw_only=True):
    """A text without a signature that holds: kept as evidence in its first characters, changes nothing."""

    claimed: str
    hash: str
    text: str
    source: str
    why: str


class PeerClockNoted(Event, frozen=True, kw_only=True):
    """By how much the clock of a peer is off, as its fresh answer showed; 0 when it is right again."""

    peer: Fingerprint
    skew_ms: int


class HookTried(Event, frozen=True, kw_only=True):
    """A hook was tried about the ring at a position of the journal."""

    hook: str
    ring: int
    outcome: Literal["OK", "FAILED", "GIVEN_UP"]
    attempt: int
    text: str = ""


class Rang(Event, frozen=True, kw_only=True):
    """Somebody was rung about a statement: at our desk, by post.  `code`: what of it is not done; empty for a new one."""

    peer: Fingerprint
    statement: str
    post: Post
    cls: Class
    code: Literal["", "ACK", "PAS", "DON", "ANSWER"] = ""
    text: str


class HeardEarly(Event, frozen=True, kw_only=True):
    """A LIFE statement rang on its signature alone, before its turn on the feed.  It has no receipt yet."""

    peer: Fingerprint
    jws: str
    received_utc: int
    bearer: BearerKind


class MatterExpired(Event, frozen=True, kw_only=True):
    """Long after the last time of what a matter asks nobody had done it.  A real one of class LIFE stays in sight."""

    statement: str


class MatterPutAway(Event, frozen=True, kw_only=True):
    """A person put a matter away that was over, or that nobody answered.  The journal keeps it."""

    statement: str
    by: str


class MatterForgotten(Event, frozen=True, kw_only=True):
    """A matter that was over left memory.  The journal keeps it."""

    statement: str


class DeadlinePassed(Event, frozen=True, kw_only=True):
    """A clock of the table ran out.  It fires once: the deadline leaves the state with this event."""

    what: str
    about: str
    due: int


class EpochAsked(Event, frozen=True, kw_only=True):
    peer: Fingerprint
    by: str


class EpochOpened(Event, frozen=True, kw_only=True):
    """Two people opened a new epoch of our feed to a peer: the old one could not be refilled."""

    peer: Fingerprint
    epoch: int
    by: str
    second: str


class CommandAnswered(Event, frozen=True, kw_only=True):
    """The answer to a desk command, kept so that a retry with the same key gets the same answer."""

    key: str
    request: str
    answer: dict[str, Any]
    person: bool = False
    """A person gave the command, so somebody is at our desk."""


EVENTS: Final[Mapping[str, tuple[type[Event], int]]] = {
    cls.__name__: (cls, 1)
    for cls in (
        NodeStarted,
        TableSet,
        LineTableSet,
        ClockAnchored,
        PeerPinned,
        LineEstablished,
        LineOpened,
        LineChangeAsked,
        LineChangeConfirmed,
        KeysAsked,
        KeysConfirmed,
        ClauseDrafted,
        ClauseDropped,
        ClauseAsked,
        ClauseConfirmed,
        ClauseInForce,
        CrossingExpired,
        CheckMissed,
        DeskChanged,
        RosterSet,
        HandoverOffered,
        DutyTaken,
        PeerSilent,
        TableCompared,
        HeadsCompared,
        StatementSealed,
        StatementOwed,
        OwedDropped,
        StatementRestored,
        StatementReceived,
        StatementsCarried,
        ReceiptKept,
        EvidenceKept,
        LinkChanged,
        NoticeFiled,
        NoticeChanged,
        NoticeCancelled,
        NoticeActivated,
        NoticeEnded,
        NoticePast,
        NoticeForgotten,
        ConflictFound,
        ConflictGone,
        ConflictUnresolved,
        AgreementExpired,
        AgreementVoid,
        OfferLapsed,
        AlarmRaised,
        AlarmCounted,
        UnauthenticatedHeard,
        PeerClockNoted,
        HookTried,
        Rang,
        HeardEarly,
        MatterExpired,
        MatterPutAway,
        MatterForgotten,
        DeadlinePassed,
        EpochAsked,
        EpochOpened,
        CommandAnswered,
    )
} | {cls.__name__: (cls, 1) for cls in VOICE_EVENTS}
"""Kind -> class and current schema number."""


def encode(event: Event) -> tuple[str, int, bytes]:
    """Kind, schema number and canonical content of an event."""
    kind = type(event).__name__
    return kind, EVENTS[kind][1], canonical(event)


def decode(kind: str, content: object) -> Event:
    """An event from its plain content, already raised to the current schema.  Raises msgspec.ValidationError."""
    return msgspec.convert(content, EVENTS[kind][0])
