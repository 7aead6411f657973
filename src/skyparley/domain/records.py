"""The records that decisions read and that events change: notices, lines, conflicts, offers, agreements.

They are plain data.  Only the fold (state/) changes them; a decision reads them through the View (view.py).
"""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from skyparley.base.ids import Fingerprint
from skyparley.base.times import MINUTE
from skyparley.domain.clause_records import ClauseBook, Crossing
from skyparley.domain.feed_lists import HashList, PlaceList, ReceiptMap, TakenList
from skyparley.domain.heard_records import HeardFrom
from skyparley.domain.line_records import ChangeAsked, Checks, LineChange
from skyparley.domain.line_states import AgreementState
from skyparley.domain.messages.arrangement_slots import CoverageSlots
from skyparley.domain.messages.catalogue import StatementType
from skyparley.domain.messages.codes import (
    LIFE_KINDS,
    PRIORITY_KINDS,
    Class,
    DeskState,
    HttpBearerKind,
    LeadClass,
    NoticeKind,
    ProposalKind,
)
from skyparley.domain.messages.matter_slots import FreeText, ShiftSlots
from skyparley.domain.messages.slots import Agreement, DueRegard, GapsSlot, TermNotice, VolumeSlot
from skyparley.domain.table import Table
from skyparley.evidence.card import Card

Number = tuple[int, int]
"""A place on a feed: epoch and seq.  NOTHING sorts before every statement."""
NOTHING: Final[Number] = (0, 0)

NoticeState = Literal["NOTIFIED", "ACTIVE", "ENDED", "CANCELLED"]
LIVE_STATES: Final = frozenset({"NOTIFIED", "ACTIVE"})


class NoticeVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The content of one version of a notice."""

    version: int
    kind: NoticeKind
    volumes: tuple[VolumeSlot, ...]
    due_regard: DueRegard

    @property
    def start(self) -> int:
        return min(volume.start for volume in self.volumes)

    @property
    def end(self) -> int:
        return max(volume.end for volume in self.volumes)


class Place(msgspec.Struct, frozen=True):
    """What decides who is later: the number of the statement that gave the place, and what its sender had seen."""

    number: Number
    seen: Number


class Told(msgspec.Struct, frozen=True):
    """What one line last heard of a notice: the number that set it, the hash that a key names, what it said."""

    number: Number
    hash: str
    content: NoticeVersion
    state: NoticeState = "NOTIFIED"

    @property
    def version(self) -> int:
        return self.content.version

    @property
    def volumes(self) -> tuple[VolumeSlot, ...]:
        return self.content.volumes


@dataclass
class Notice:
    """A notice of ours or of a peer, with its current version."""

    party: Fingerprint
    id: str
    current: NoticeVersion
    state: NoticeState = "NOTIFIED"
    audience: tuple[Fingerprint, ...] = ()
    filed_at: int = 0
    decided_at: int = 0
    """When our desk filed it, and when it decided on the current version; of ours only."""
    told: dict[Fingerprint, Told] = field(default_factory=dict)
    """Per line.  For a notice of a peer there is one line, its own."""
    places: dict[Fingerprint, Place] = field(default_factory=dict)
    active_at: int | None = None
    ended_at: int | None = None
    past: bool = False
    past_for: tuple[Fingerprint, ...] = ()
    """Peers on whose lines its time is over while another line still waits; of ours only (state/pasts.py)."""
    received_utc: int | None = None
    lead_class: LeadClass | None = None
    missing_key: tuple[str, ...] = ()
    by_voice: tuple[Fingerprint, ...] = ()
    """Peers with only a telephone that are to hear of it; of ours only."""
    called: dict[Fingerprint, Told] = field(default_factory=dict)
    """What each of them heard last, by the call that said it."""
    heard: HeardFrom | None = None
    """Of a peer with only a telephone: how our desk heard it last."""

    @property
    def ref(self) -> str:
        return version_ref(self.id, self.current.version)

    @property
    def live(self) -> bool:
        """Takes part in detection."""
        return self.state in LIVE_STATES and not self.past

    def live_for(self, peer: Fingerprint) -> bool:
        """Takes part in detection on the line to a peer."""
        return self.live and peer not in self.past_for

    def active(self, now: int) -> bool:
        """An activation counts only from the declared start (RES-09)."""
        return self.state == "ACTIVE" and now >= self.current.start

    def standing(self, now: int) -> int:
        """Life 3, active 2, priority 1, routine 0.  Source: DOMAIN RES-09."""
        if self.current.kind in LIFE_KINDS:
            return 3
        if self.active(now):
            return 2
        return 1 if self.current.kind in PRIORITY_KINDS else 0


def version_ref(notice_id: str, version: int) -> str:
    """How people and refusals name a version: `A-0001 v1`."""
    return f"{notice_id} v{version}"


def lead_class(lead_ms: int, *, planned_ms: int, short_ms: int, immediate_ms: int) -> LeadClass:
    """The class of a lead time, rounded to the nearest minute, half up.  Source: DOMAIN 8, NOT-06."""
    rounded = (lead_ms + MINUTE // 2) // MINUTE * MINUTE
    if rounded >= planned_ms:
        return "PLANNED"
    if rounded >= short_ms:
        return "SHORT"
    return "IMMEDIATE" if rounded >= immediate_ms else "LATE"


ConflictState = Literal["DETECTED", "PROPOSED", "STANDBY", "REJECTED", "AGREED", "UNRESOLVED", "OVERTAKEN"]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """An open proposal or counter-proposal."""

    by: Fingerprint
    number: Number
    proposal: str
    msg_id: str
    turn: int
    conflict_id: str
    kind: ProposalKind
    notices: tuple[TermNotice, TermNotice]
    until: int
    reply_by: int
    valid_until: int
    table_hash: str


class OpenAcceptance(msgspec.Struct, frozen=True):
    """An ACC of ours that the proposer has neither countersigned nor given back, whatever became of the conflict here."""

    proposal: str
    statement: str
    """The hash of our ACC."""
    signature: str
    pair_id: str


class Acceptance(msgspec.Struct, frozen=True):
    """An agreement that the acceptor has signed and the proposer not yet."""

    agreement: Agreement
    agreement_id: str
    signature: str
    statement: str
    """The hash of our ACC."""


@dataclass
class Conflict:
    """A pair of notices, one ours, closer than the table allows; and the dialogue about it."""

    pair_id: str
    conflict_id: str
    own_id: str
    own_version: int
    other_party: Fingerprint
    other_id: str
    other_version: int
    volumes: tuple[int, int]
    gaps: GapsSlot
    window: tuple[int, int] | None
    found_at: int
    shared: bool = False
    adopted: bool = False
    live: bool = True
    state: ConflictState = "DETECTED"
    peer_conflict_id: str = ""
    """The conflict id that the peer told, once it did."""
    offer: Offer | None = None
    last_offer: Offer | None = None
    standby_until: int | None = None
    acceptance: Acceptance | None = None
    accepted_by_peer: str = ""
    """The hash of the peer's ACC of our open offer, until our AGR or ERR is sealed."""
    agreement_id: str = ""
    turn: int = 0
    reject_reason: str = ""
    revision: int = 1
    """Grows with every change, so that a desk can say on which state it decided."""


@dataclass
class AgreementRecord:
    """A text with both signatures."""

    agreement: Agreement
    agreement_id: str
    signatures: dict[Fingerprint, str]
    sealed: Number
    """The number of AGR on the proposer's feed."""
    in_force_at: int
    bound: dict[tuple[str, str], tuple[VolumeSlot, ...]]
    """What each of the two notices is under the terms, changed by them or not."""
    peer_holds: bool
    """We know that the peer holds both signatures."""
    expired: bool = False
    void: str = ""
    """Why it ended before its time; empty while it did not."""

    def status(self, now: int) -> Literal["PENDING", "IN_FORCE", "EXPIRED", "VOID"]:
        """An expired agreement is never shown as active, whether or not a clock has told us yet."""
        if self.void:
            return "VOID"
        if self.expired or now >= self.agreement.until:
            return "EXPIRED"
        return "IN_FORCE" if self.peer_holds else "PENDING"


Direction = Literal["OUT", "IN"]
"""OUT: our heartbeats, answered by the peer.  IN: the peer's heartbeats, heard here."""
LinkState = Literal["UP", "DEGRADED", "LOST"]
LinkKey = tuple[HttpBearerKind, Direction]


class LinkHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One bearer in one direction.  `changed`: when its state changed in the last hour, oldest first."""

    state: LinkState
    since: int
    changed: tuple[int, ...] = ()


Compared = Literal["NO", "EQUAL", "AHEAD", "DIVERGED"]


@dataclass
class Feed:
    """What is known of one direction."""

    head: Number = NOTHING
    head_hash: str = ""
    places: dict[int, PlaceList] = field(default_factory=dict)
    """Per epoch: journal positions by seq - 1.  The statements themselves stay in the journal."""
    hashes: dict[int, HashList] = field(default_factory=dict)
    receipts: dict[int, TakenList] = field(default_factory=dict)
    """Of a received feed, per epoch by seq - 1: when it came, by which bearer, its lead class: what a receipt says."""

    def hash_at(self, number: Number) -> str | None:
        """The hash of a statement, or None where it is not held."""
        epoch, seq = number
        held = self.hashes.get(epoch)
        return held[seq - 1] if held is not None and 0 < seq <= len(held) else None


class LineTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table that holds on one line.  `clause`: what both signed for it.  `since`: when it came into effect here."""

    table: Table
    hash: str
    since: int
    clause: str = ""


@dataclass
class Line:
    """Everything between us and one peer."""

    peer: Fingerprint
    card: Card
    state: AgreementState = "NONE"
    table: LineTable | None = None
    """What holds on this line alone; None while that is the table that this node was started with."""
    peer_table_hash: str = ""
    peer_table_number: Number = NOTHING
    """How far the peer's feed was when it said so: what it sealed before says nothing about the table it holds now."""
    compared: Compared = "NO"
    sent: Feed = field(default_factory=Feed)
    received: Feed = field(default_factory=Feed)
    delivered: Number = NOTHING
    """The last of our statements that the peer is known to hold."""
    carried: Number = NOTHING
    """The last of our statements that a file was written with.  Whether it arrived is another matter."""
    peer_holds: Number = NOTHING
    """The highest number of our feed that the peer ever said it holds."""
    receipts: ReceiptMap = field(default_factory=ReceiptMap)
    """When the peer received, by its clock, and the lead class that it computed."""
    owed: list["Draft"] = field(default_factory=list)
    suspended_by: tuple[Fingerprint, ...] = ()
    """Who suspended it; only the same party lifts it."""
    changes: tuple[LineChange, ...] = ()
    """Changes of its state that were said and take effect later."""
    change_asked: ChangeAsked | None = None
    terms: dict[str, ClauseBook] = field(default_factory=dict)
    """The clauses of the arrangement by name: drafted, offered, signed, in force."""
    coverage: CoverageSlots | None = None
    """For whom the peer says that it speaks; None until it said."""
    crossings: dict[str, Crossing] = field(default_factory=dict)
    """Crossings of its standing lines, by party and id."""
    crossings_said: int = 0
    """How many of them we began, so that an id is never used twice."""
    checks: Checks = field(default_factory=Checks)
    links: dict[LinkKey, LinkHealth] = field(default_factory=dict)
    """How each bearer is in each direction, as far as heartbeats ever told.  It changes nothing that was agreed."""
    urgent: list[Number] = field(default_factory=list)
    """Our LIFE statements that the peer is not known to hold: they do not wait for what stands before them."""
    peer_desk: DeskState = "UNSTAFFED"
    """How the other desk is, by its own word, or SILENT by our own clock."""
    peer_shift: ShiftSlots | None = None
    """Who is on duty there, as posts and languages; None until they said."""
    peer_acted_at: int = 0
    """When a person there last said something."""
    epoch_asked: tuple[str, int] | None = None
    """Who asked for a new epoch first, and when: it takes two."""

    @property
    def name(self) -> str:
        """What the desk calls the peer."""
        return self.card.name


class Draft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A statement decided but not yet sealed: no number, no signature."""

    peer: Fingerprint
    type: StatementType
    msg_id: str
    created_utc: int
    slots: dict[str, Any]
    dialog_id: str = ""
    reply_to: str = ""
    version: int = 0
    valid_until: int = 0
    reply_by: int = 0
    exercise: bool = False
    cls: Class | Literal[""] = ""
    """Its class where the catalogue leaves it to what it answers or is about."""
    free_text: FreeText | None = None
    sign: str = ""
    """Canonical bytes of an agreement or clause to be signed at sealing; empty for most."""


class OwedDraft(msgspec.Struct, frozen=True):
    """One of the drafts that waited for the line, to be sealed now."""

    draft: Draft


class Alarm(msgspec.Struct, frozen=True):
    """Something that people must look at, as it was raised."""

    code: str
    about: str
    text: str
    peer: Fingerprint
    at: int
    count: int = 1
    counted_at: int = 0
    over_at: int = 0
    """When what it warns of was over; 0 while it is not known to be.  It stays in sight, and says so."""

    @property
    def last(self) -> int:
        """When it was raised or last grew."""
        return max(self.at, self.counted_at)
