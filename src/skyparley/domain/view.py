"""What a decision may read, and what it gives back.  The state implements the View; a decision never changes it."""

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Protocol

import msgspec

from skyparley.base.errors import Refusal
from skyparley.base.ids import Fingerprint
from skyparley.domain.commands import Outcome
from skyparley.domain.duty_records import DutyRoster
from skyparley.domain.events import Event
from skyparley.domain.forgotten import Forgotten
from skyparley.domain.line_records import CardAsked
from skyparley.domain.matter_records import Matter
from skyparley.domain.messages.codes import ClockKind, ClockQuality, DeskState, LeadClass, Post
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.slots import VolumeSlot
from skyparley.domain.misuse_kept import Misuse
from skyparley.domain.records import AgreementRecord, Alarm, Conflict, Draft, Line, Notice, OpenAcceptance, OwedDraft
from skyparley.domain.rings_kept import Rings
from skyparley.domain.table import Table
from skyparley.domain.voice_records import HeardDraft, VoiceBook
from skyparley.evidence.card import Card
from skyparley.geometry.volumes import Verdict

NoticeKey = tuple[Fingerprint, str]


class Hit(msgspec.Struct, frozen=True):
    """A volume of a given list that conflicts with a volume of a notice of the other side."""

    notice: NoticeKey
    given: int
    other: int
    verdict: Verdict


class Taken(msgspec.Struct, frozen=True):
    """A statement as it was taken: at what time here, with which lead class where it tells a notice."""

    envelope: Envelope
    hash: str
    at: int
    lead: LeadClass | None = None


class View(Protocol):
    """The state as decisions see it: everything that earlier commands of the batch left."""

    @property
    def own(self) -> Fingerprint: ...
    @property
    def own_card(self) -> Card: ...
    @property
    def name(self) -> str: ...
    @property
    def table(self) -> Table:
        """The table that this node was started with: for what concerns no line, and lines that signed no other."""
        ...

    @property
    def table_hash(self) -> str: ...

    def table_of(self, peer: Fingerprint) -> Table:
        """The table that holds on the line to a peer."""
        ...

    def table_hash_of(self, peer: Fingerprint) -> str:
        """Its hash."""
        ...

    @property
    def judged_by(self) -> str:
        """The hash of the table that the journal's conflicts were computed by; empty before the first."""
        ...

    @property
    def clock(self) -> ClockKind: ...
    @property
    def lines(self) -> Mapping[Fingerprint, Line]: ...
    @property
    def notices(self) -> Mapping[NoticeKey, Notice]: ...
    @property
    def conflicts(self) -> Mapping[str, Conflict]: ...
    @property
    def agreements(self) -> Mapping[str, AgreementRecord]: ...
    @property
    def accepted(self) -> Mapping[str, OpenAcceptance]: ...
    @property
    def pairs_of(self) -> Mapping[NoticeKey, Set[str]]:
        """Pair ids of all conflicts, over or not, that a notice took part in."""
        ...

    @property
    def matters(self) -> Mapping[str, Matter]:
        """Statements that ask people for something, by hash."""
        ...

    @property
    def keys_asked(self) -> CardAsked | None:
        """What the first of two persons asked to tell of our keys."""
        ...

    @property
    def duty(self) -> DutyRoster:
        """Who holds which post."""
        ...

    @property
    def desk(self) -> DeskState:
        """How our own desk is."""
        ...

    def post_of(self, account: str) -> Post:
        """The post in which an account acts now; DESK where it has no other."""
        ...

    @property
    def forgotten(self) -> Forgotten:
        """What left memory."""
        ...

    @property
    def answers(self) -> Mapping[str, tuple[str, Outcome]]: ...

    def hits(self, party: Fingerprint, volumes: Iterable[VolumeSlot]) -> list[Hit]:
        """Conflicts of volumes of `party` with live notices of the other side: ours against all others', others' against ours."""
        ...

    def conflicts_of(self, party: Fingerprint, notice_id: str) -> list[Conflict]:
        """Live conflicts in which a notice takes part."""
        ...

    def agreements_of(self, party: Fingerprint, notice_id: str) -> list[AgreementRecord]:
        """Agreements that neither expired nor were voided, about a notice."""
        ...

    def live_notices(self, party: Fingerprint) -> int:
        """How many notices of a party take part in detection."""
        ...

    def own_offers(self, peer: Fingerprint) -> list[Conflict]:
        """Conflicts with a peer in which an offer of ours is open."""
        ...

    def peer_offers(self, peer: Fingerprint) -> list[Conflict]:
        """Conflicts with a peer in which an offer of the peer is open."""
        ...

    def next_notice_id(self, after: int = 0) -> str:
        """A free id of ours, for example A-0007: the next, or the one so many after it."""
        ...

    def due(self, now: int) -> list[tuple[int, str, str]]:
        """Deadlines that have passed: when, what, about."""
        ...

    @property
    def misuse(self) -> Misuse:
        """What is remembered of misuse."""
        ...

    @property
    def voice(self) -> VoiceBook:
        """Peers with only a telephone, calls to them, and contacts outside the line."""
        ...

    @property
    def rings(self) -> Rings:
        """What rang of late, and which hooks fail."""
        ...

    def alarm(self, code: str, about: str, peer: Fingerprint) -> Alarm | None:
        """The newest alarm of this code about this subject that is remembered; None where there is none."""
        ...

    def alarmed(self, code: str, about: str) -> bool:
        """Whether this alarm was raised before: a matter rings once."""
        ...


class Moment(msgspec.Struct, frozen=True):
    """Time and luck of one command: they are arguments."""

    now: int
    new_id: Callable[[], str]
    quality: ClockQuality = "GOOD"


Item = Event | Draft | OwedDraft | HeardDraft


class Decided(msgspec.Struct, frozen=True):
    """What a command comes to: events and drafts in order, and the answer."""

    items: tuple[Item, ...]
    outcome: Outcome = Outcome()


Ruling = Decided | Refusal
