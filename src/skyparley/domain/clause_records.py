"""What a line remembers of its terms: for each clause what was offered, what both signed, and what is in force.

What both signed is a set that only grows, and what is in force follows from it and the time: so both nodes come to the
same, in whatever order statements cross.  Source: DOMAIN 9 (NOT-10), IAM-02; line-v1 section 15.
"""

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from skyparley.base.ids import Fingerprint
from skyparley.domain.messages.arrangement_slots import ClauseBody, LineRef
from skyparley.domain.messages.codes import CrossingForm, ReasonCode
from skyparley.domain.messages.slots import VolumeSlot

OfferState = Literal["OPEN", "REPLACED", "COUNTERED", "OVERTAKEN", "REJECTED", "REFUSED", "SIGNED"]
"""REPLACED: by a newer version of the same party; an acceptance that crossed it still counts.  OVERTAKEN: two offers crossed
and the other one stands.  REFUSED: the other node could not take it."""


class ClauseOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A clause as one party signed it and said it."""

    by: Fingerprint
    hash: str
    """Of the TBL statement."""
    msg_id: str
    number: tuple[int, int]
    body: ClauseBody
    version: int
    effective: int
    signature: str
    at: int
    """When it was sealed here, or received."""
    answers: str = ""
    """The msg_id of the offer that it counters."""
    state: OfferState = "OPEN"
    ended_by: str = ""
    """The hash of the TBL statement that replaced, countered or overtook it."""


class SignedClause(msgspec.Struct, frozen=True, kw_only=True):
    """A clause that both signed.  `text`: the hash of what they signed."""

    body: ClauseBody
    version: int
    effective: int
    text: str
    signatures: dict[Fingerprint, str]
    offer: str
    """The hash of the TBL statement."""
    acceptance: str
    """The hash of the ACC statement."""
    at: int


class ClauseDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A clause that was drafted here and said to nobody.  `effective` 0: as soon as both have signed."""

    body: ClauseBody
    effective: int
    by: str
    at: int


class ClauseAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What the first of two persons asked: to propose the draft, or to accept an offer; `text` says which exactly."""

    what: Literal["TBL", "ACC"]
    text: str
    by: str
    at: int


@dataclass
class ClauseBook:
    """One clause of one line."""

    offers: list[ClauseOffer] = field(default_factory=list)
    signed: list[SignedClause] = field(default_factory=list)
    in_force: str = ""
    """The text hash of what is in force; empty while nothing is."""
    in_force_at: int = 0
    draft: ClauseDraft | None = None
    asked: ClauseAsked | None = None

    @property
    def open(self) -> ClauseOffer | None:
        """The one offer that waits for an answer."""
        return next((offer for offer in reversed(self.offers) if offer.state == "OPEN"), None)

    @property
    def standing(self) -> SignedClause | None:
        """What is in force."""
        return next((one for one in self.signed if one.text == self.in_force), None) if self.in_force else None

    @property
    def signed_version(self) -> int:
        """The highest version that both signed; 0 before the first."""
        return max((one.version for one in self.signed), default=0)

    @property
    def said_version(self) -> int:
        """The highest version that anybody said."""
        return max((offer.version for offer in self.offers), default=self.signed_version)

    @property
    def unsettled(self) -> bool:
        """Somebody offered a version that both have not signed."""
        return bool(self.offers) and self.offers[-1].state != "SIGNED" and self.offers[-1].version > self.signed_version

    def offer(self, statement: str) -> ClauseOffer | None:
        """An offer by the hash of its statement."""
        return next((offer for offer in self.offers if offer.hash == statement), None)

    def in_force_by(self, now: int) -> SignedClause | None:
        """What both signed, whose time has come: the highest version; of equals the one whose text sorts last."""
        come = [one for one in self.signed if one.effective <= now]
        return max(come, key=lambda one: (one.version, one.text), default=None)

    def next_time(self, now: int) -> int | None:
        """When another version comes into force; None where none is signed."""
        now_in_force = self.in_force_by(now)
        version = now_in_force.version if now_in_force else 0
        return min(
            (one.effective for one in self.signed if one.effective > now and one.version > version), default=None
        )


CrossingState = Literal[
    "NO_CROSSING",
    "NOTIFIED",
    "REQUESTED",
    "COUNTERED",
    "ACCEPTED",
    "REVISED",
    "REVISED_COUNTERED",
    "REJECTED",
    "CANCELLED",
    "EXPIRED",
]
"""The code list of AIRM, and EXPIRED.  Source: DOMAIN 11.2."""
CrossingAct = Literal["NOTIFY", "REQUEST", "COUNTER", "ACCEPT", "REJECT", "REVISE", "CANCEL", "EXPIRE"]


@dataclass
class Crossing:
    """A crossing of a standing line, in the version that was said last."""

    by: Fingerprint
    id: str
    version: int
    hash: str
    """Of the XNG statement; answers to an older one change nothing."""
    line: LineRef
    form: CrossingForm
    volumes: tuple[VolumeSlot, ...]
    reason: ReasonCode
    start: int
    end: int
    at: int
    state: CrossingState = "NO_CROSSING"
    counter: tuple[VolumeSlot, ...] = ()
    """What the other side would accept; empty where it countered nothing."""
