"""Commands: what a desk, a peer door, a link or a clock asks of the sequencer."""

from typing import Annotated, Any, Literal

import msgspec

from skyparley.base import limits
from skyparley.base.ids import Fingerprint
from skyparley.domain.messages.arrangement_slots import ClauseBody
from skyparley.domain.messages.codes import (
    ActionCode,
    BearerKind,
    HttpBearerKind,
    IdentityAnswer,
    Language,
    LineReason,
    NoticeKind,
    Post,
    ProposalKind,
    QueryField,
    ReasonCode,
    RefusalReason,
    RejectReason,
)
from skyparley.domain.messages.envelope import Chain, FeedHead
from skyparley.domain.messages.matter_slots import FreeText, ReadBackValues
from skyparley.domain.messages.slots import DueRegard, LevelSlot, Volumes, VolumeSlot
from skyparley.domain.records import Direction


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all commands."""


class DeskCommand(Command, frozen=True, kw_only=True):
    """A person's act, or a machine's with a desk token."""


class FileNotice(DeskCommand, frozen=True, kw_only=True):
    """`key`: versions of other parties' notices, as `A-0001 v1`, that the desk knows conflict with this one.

    An empty `id` lets the node choose the next.  `audience`: names or fingerprints of peers; empty keeps it local.
    """

    kind: NoticeKind
    volumes: Volumes
    due_regard: DueRegard
    audience: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    id: str = ""


class FileNotices(DeskCommand, frozen=True, kw_only=True):
    """Several notices at once: all are filed or none, under one idempotency key."""

    notices: Annotated[tuple[FileNotice, ...], msgspec.Meta(min_length=1, max_length=limits.NOTICES_AT_ONCE)]


class ChangeNotice(DeskCommand, frozen=True, kw_only=True):
    """A new version.  What is absent stays; `audience` may only grow."""

    id: str
    expected_version: int
    kind: NoticeKind | None = None
    volumes: Volumes | None = None
    due_regard: DueRegard | None = None
    audience: tuple[str, ...] | None = None
    key: tuple[str, ...] = ()


class CancelNotice(DeskCommand, frozen=True, kw_only=True):
    id: str
    expected_version: int
    reason: ReasonCode = "NOT STATED"


class ActivateNotice(DeskCommand, frozen=True, kw_only=True):
    id: str
    expected_version: int


class EndNotice(DeskCommand, frozen=True, kw_only=True):
    id: str
    expected_version: int


class QueryNotice(DeskCommand, frozen=True, kw_only=True):
    """Ask the owner to clarify one field of its notice."""

    party: str
    id: str
    expected_version: int
    field: QueryField


class TermChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The new volumes of one of the two notices.  `party` is a name or fingerprint."""

    party: str
    id: str
    volumes: tuple[VolumeSlot, ...]


class Propose(DeskCommand, frozen=True, kw_only=True):
    """PRO, or CPR where an offer of the other side is open."""

    pair_id: str
    expected_revision: int
    changes: tuple[TermChange, ...]
    kind: ProposalKind | None = None


class Answer(DeskCommand, frozen=True, kw_only=True):
    """Base of what answers the open offer; `proposal` is the hash of the statement that is answered."""

    pair_id: str
    expected_revision: int
    proposal: str


class Accept(Answer, frozen=True, kw_only=True):
    pass


class Reject(Answer, frozen=True, kw_only=True):
    reason: RejectReason


class StandBy(Answer, frozen=True, kw_only=True):
    until: int


class Withdraw(Answer, frozen=True, kw_only=True):
    pass


class Say(DeskCommand, frozen=True, kw_only=True):
    """A statement of its own: STP, DIS, RLY, IDQ, LAS, GNI, COV, MTG.  `slots` are those of the type, as on the wire.

    In an exercise a notice can be said too: it is told and acted on, and stands in no list and no detection.
    """

    peers: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=limits.AUDIENCE)]
    type: Literal["STP", "DIS", "RLY", "IDQ", "LAS", "GNI", "COV", "MTG", "NTC", "HAZ", "HUM", "SAR"]
    slots: dict[str, Any]
    free_text: FreeText | None = None
    exercise: bool = False


class AboutMatter(DeskCommand, frozen=True, kw_only=True):
    """Base of what people do about a statement; `statement` is its hash."""

    statement: str
    expected_revision: int = 0
    """0: whatever the state is, as for a LIFE statement that anybody on duty takes."""


class Acknowledge(AboutMatter, frozen=True, kw_only=True):
    """ACK: received and understood.  It is not agreement."""


class ReadBackMatter(AboutMatter, frozen=True, kw_only=True):
    """RDB: what we understood of the data.  What differs blocks the acknowledgment until it is read back rightly."""

    values: ReadBackValues


class PassOn(AboutMatter, frozen=True, kw_only=True):
    """PAS: the controlling unit was told; `at` is now where it is absent."""

    at: int | None = None
    action: ActionCode | None = None
    level: LevelSlot | None = None


class ReportDone(AboutMatter, frozen=True, kw_only=True):
    """DON: what was asked is done."""

    action: ActionCode
    level: LevelSlot | None = None


class RefuseMatter(AboutMatter, frozen=True, kw_only=True):
    """RFS: what was asked is not done."""

    reason: RefusalReason


class PutAway(AboutMatter, frozen=True, kw_only=True):
    """Take a statement that is over, or that nobody answered, out of sight here.  Nothing is said to anybody."""


class AnswerIdentity(AboutMatter, frozen=True, kw_only=True):
    """IDA: ours, not ours, or checking with the time of the answer."""

    answer: IdentityAnswer
    until: int | None = None


class AnswerMatter(AboutMatter, frozen=True, kw_only=True):
    """ACC, REJ, CPR or SBY to a rescue box and whatever else asks for an answer and is no conflict.

    CPR holds `volumes`; to a meeting `start` and `end` of the time that is offered.
    """

    answer: Literal["ACC", "REJ", "CPR", "SBY"]
    reason: RejectReason | None = None
    volumes: Volumes | None = None
    until: int | None = None
    start: int | None = None
    end: int | None = None


class SuspendLine(DeskCommand, frozen=True, kw_only=True):
    """SUSP, by two persons: what the first asks, the second confirms in the same words.  `effective` 0: at once."""

    peer: str
    reason: LineReason
    effective: int = 0


class ResumeLine(DeskCommand, frozen=True, kw_only=True):
    """RESM, by two persons: lifts our own suspension, and no other."""

    peer: str
    reason: LineReason
    effective: int = 0


class TerminateLine(DeskCommand, frozen=True, kw_only=True):
    """TERM, by two persons.  What saves lives stays armed."""

    peer: str
    reason: LineReason
    effective: int = 0


class DraftClause(DeskCommand, frozen=True, kw_only=True):
    """Draft a clause of the terms with a peer; nothing is said.  `effective` 0: as soon as both have signed."""

    peer: str
    body: ClauseBody
    effective: int = 0


class DropClause(DeskCommand, frozen=True, kw_only=True):
    """Throw the draft of a clause away."""

    peer: str
    clause: str


class ProposeClause(DeskCommand, frozen=True, kw_only=True):
    """TBL, by two persons: the draft of a clause, signed by us; where an offer of the peer is open, a counter to it."""

    peer: str
    clause: str


class AcceptClause(AboutMatter, frozen=True, kw_only=True):
    """ACC of a TBL, by two persons: it is signed by us as well."""


class CrossLine(DeskCommand, frozen=True, kw_only=True):
    """XNG: a crossing of the standing line `line`, as a box and a period; file a notice for the flight itself."""

    peer: str
    line: str
    form: Literal["NOTIFIED", "REQUESTED"]
    volumes: Volumes
    reason: ReasonCode = "NOT STATED"


class ReviseCrossing(DeskCommand, frozen=True, kw_only=True):
    """XNG: the next version of a crossing of ours; it is accepted anew, or not."""

    peer: str
    id: str
    expected_version: int
    volumes: Volumes
    reason: ReasonCode | None = None


class EndCrossing(DeskCommand, frozen=True, kw_only=True):
    """XNG: a crossing of ours is cancelled before it begins, or has ended."""

    peer: str
    id: str
    expected_version: int


class AnnounceKeys(DeskCommand, frozen=True, kw_only=True):
    """KEY, by two persons: our card of now, with keys rotated or revoked, to every peer; `card` is its text."""

    card: str


class SetDesk(DeskCommand, frozen=True, kw_only=True):
    """STAT: how our desk is, by our own word."""

    desk: Literal["STAFFED", "UNSTAFFED", "DECLINED"]


class RosterEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may hold a post, in the order in which they are rung."""

    post: Post
    accounts: tuple[str, ...]


class SetRoster(DeskCommand, frozen=True, kw_only=True):
    """Who may hold which post.  Posts that are not named can be held by nobody; no post at all: anybody may hold any."""

    posts: tuple[RosterEntry, ...]


class HandOver(DeskCommand, frozen=True, kw_only=True):
    """The officer on duty offers the post to another, with a brief made at this moment."""

    post: Post
    to: str


class TakeDuty(DeskCommand, frozen=True, kw_only=True):
    """Take a post: one that nobody holds, or one that was offered, naming the brief that was read."""

    post: Post
    languages: tuple[Language, ...] = ()
    brief: str = ""


class LeaveDuty(DeskCommand, frozen=True, kw_only=True):
    """Give up a post without a successor."""

    post: Post


class CheckLine(DeskCommand, frozen=True, kw_only=True):
    """LCK of kind HUMAN now: a person there acknowledges."""

    peer: str


class OpenEpoch(DeskCommand, frozen=True, kw_only=True):
    """Asked by one person, it waits; asked by a second one, it opens a new epoch of our feed to the peer."""

    peer: str


class AnchorClock(DeskCommand, frozen=True, kw_only=True):
    """Set a SCALED clock.  Refused on a REAL one."""

    shown_ms: int
    rate_permille: int
    real_ms: int


class ByDesk(Command, frozen=True, kw_only=True):
    """A desk command with who gave it and its idempotency key."""

    command: DeskCommand
    account: str
    key: str
    person: bool = True
    """A person gave it, and not a machine with a token."""
    request: str
    """Hash of the request, so that one key cannot stand for two different acts."""


class MachineCommand(Command, frozen=True, kw_only=True):
    pass


class SeeDesk(MachineCommand, frozen=True, kw_only=True):
    """A person logged on, or the last one left."""

    staffed: bool
    account: str = ""


class Start(MachineCommand, frozen=True, kw_only=True):
    software: str


class ReportDamage(MachineCommand, frozen=True, kw_only=True):
    """The node's own record was found damaged behind what it had read at its start.  `text`: where, and what."""

    text: str


class PinPeer(MachineCommand, frozen=True, kw_only=True):
    card: str


class ReceiveStatement(MachineCommand, frozen=True, kw_only=True):
    """A statement whose signature under `kid` was verified; `payload` are the signed bytes."""

    peer: Fingerprint
    jws: str
    chain: Chain
    payload: bytes
    kid: str
    bearer: BearerKind
    refill: bool = False
    """Fetched while our own feed comes back, in its turn."""


class KeepReceipts(MachineCommand, frozen=True, kw_only=True):
    """Verified receipts of a peer: JWS text and payload."""

    peer: Fingerprint
    receipts: tuple[tuple[str, bytes], ...]


class CompareHello(MachineCommand, frozen=True, kw_only=True):
    """What a verified HELLO or its answer said.

    `fresh`: it answers a HELLO that this process sent.  One that came by itself may have been long on its way.
    """

    peer: Fingerprint
    table_hash: str
    clock: str
    held: FeedHead | None
    sent: FeedHead | None
    fresh: bool = True
    skew_ms: int = 0
    """By how much the clock that a fresh answer showed is ahead of ours."""
    by_file: bool = False
    """It came in a file: it says nothing of the clocks, and unless it is fresh the peer may hold more by now."""


class NoteCarried(MachineCommand, frozen=True, kw_only=True):
    """A file holds our statements up to this number; the file is durable."""

    peer: Fingerprint
    epoch: int
    seq: int


class NoteKeys(MachineCommand, frozen=True, kw_only=True):
    """Whether the peer's door refuses what our machine key signs; said when that changes, and once after a start."""

    peer: Fingerprint
    refused: bool


class NoteLink(MachineCommand, frozen=True, kw_only=True):
    """What heartbeats told of one bearer in one direction, transport time.

    `silent_ms`: since the last one, or since this process began to listen.  `in_a_row`: how many came without a gap.
    """

    peer: Fingerprint
    bearer: HttpBearerKind
    direction: Direction
    silent_ms: int
    in_a_row: int


class RestoreStatement(MachineCommand, frozen=True, kw_only=True):
    """A statement of our own feed from the peer's copy, its signature (ours) verified."""

    peer: Fingerprint
    jws: str
    chain: Chain
    payload: bytes


class NoteMisuse(MachineCommand, frozen=True, kw_only=True):
    """A peer did something `count` times in a while: PEER_FLOOD, LIFE_FLOOD, REPLAYED, FORK, BROKEN."""

    peer: Fingerprint
    what: str
    count: int


class NoteEndedKey(MachineCommand, frozen=True, kw_only=True):
    """A statement came that is truly signed by a key of the peer which its card lets sign no more."""

    peer: Fingerprint
    kid: str
    jws: str


class NoteUnauthenticated(MachineCommand, frozen=True, kw_only=True):
    """A text whose signature does not hold, or that has none.  `text`: its first characters, escaped."""

    claimed: str
    hash: str
    text: str
    source: str
    why: str


class NoteHook(MachineCommand, frozen=True, kw_only=True):
    """What one try of a hook came to; `text` is short and holds no secret."""

    hook: str
    ring: int
    outcome: Literal["OK", "FAILED", "GIVEN_UP"]
    attempt: int
    text: str = ""


class PassDeadlines(MachineCommand, frozen=True, kw_only=True):
    pass


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a command came to, once durable.  `result` for peers: RECEIVED, DUPLICATE, GAP, FORK, BROKEN."""

    result: str = "DONE"
    refs: dict[str, Any] = {}
    conflicts: tuple[str, ...] = ()
