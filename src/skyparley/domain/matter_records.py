"""A matter: a statement that asks people for something, and everything that people did about it, at both ends the same.

Source: DOMAIN 11.2 "Message delivery", "Stop request", "Identity"; line-v1 section 11.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

from skyparley.base.ids import Fingerprint
from skyparley.domain.heard_records import HeardFrom
from skyparley.domain.messages.catalogue import Ask, StatementType
from skyparley.domain.messages.codes import ActionCode, Class, Post, ReadBackField
from skyparley.domain.messages.envelope import Envelope, meaning_again
from skyparley.domain.messages.matter_slots import ReadBackValues
from skyparley.domain.messages.slots import LevelSlot

MatterState = Literal[
    "SENT", "RECEIVED", "ACKNOWLEDGED", "PASSED", "ANSWERED", "DONE", "REFUSED", "REOPENED", "EXPIRED"
]
GAVE_WAY: Final = frozenset({"REPLACED", "COUNTERED", "REVISED", "CANCELLED", "ENDED"})
"""Outcomes of a statement that another of its kind replaced or answered: nobody answers it any more."""
ReadBack = Literal["", "DUE", "MISMATCH", "MATCH"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One act about a matter, in the order in which this node learned of it: the history that is shown."""

    what: str
    by: Fingerprint
    at: int
    """When its sender made it, by its clock."""
    learned_at: int
    text: str = ""


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """The controlling unit was told at `at`; what it does, where that is known."""

    at: int
    action: ActionCode | None = None
    level: LevelSlot | None = None


class Rung(msgspec.Struct, frozen=True):
    """A ring: who was rung, and when."""

    post: Post
    at: int


@dataclass
class Matter:
    """One statement that asks people for something.  `hash` names it at both nodes."""

    hash: str
    peer: Fingerprint
    ours: bool
    msg_id: str
    type: StatementType
    cls: Class
    payload: str
    """The canonical payload: what was said, whole."""
    created_utc: int
    taken_at: int
    """When it was sealed here, or received."""
    exercise: bool = False
    delivered_at: int | None = None
    """Of ours: when the other machine was first known to hold it."""
    heard: HeardFrom | None = None
    """Heard by voice, as our own desk signed it: what we do about it is recorded and sent to nobody."""
    early: bool = False
    """Heard out of order, by its signature alone; its place on the feed is still empty."""
    due: dict[Ask, int] = field(default_factory=dict)
    """What is still asked, and by when."""
    ladder: tuple[tuple[int, Post], ...] = ()
    """Whom to ring next, and when, while something asked is overdue."""
    half: bool = False
    """The desk that must act is known to be empty: people are rung at half the times (DOMAIN 11.1)."""
    quiet: bool = False
    """It came in a flood, behind the first of it: in sight, counted by the one alarm, and it rings nobody by itself."""
    rung: list[Rung] = field(default_factory=list)
    acked_at: int | None = None
    acked_by: Post | None = None
    read_back: ReadBack = ""
    read_back_values: ReadBackValues | None = None
    differs: tuple[ReadBackField, ...] = ()
    unread: bool = False
    """Of ours: the peer said that it understood or accepts what it must read back, and did not read it back rightly."""
    passed: Passed | None = None
    closed: Literal["", "DONE", "REFUSED"] = ""
    outcome: str = ""
    """The action or reason code that closed it, or the answer that was given."""
    stood_by: bool = False
    """An answer was put off once; a second time it is not."""
    expired_at: int | None = None
    """Nobody did what it asks, long after its last time: people were told so."""
    reopened: str = ""
    """The hash of the statement that opened it again."""
    history: list[Step] = field(default_factory=list)
    revision: int = 1
    """Grows with every act, so that a desk can say on which state it decided."""

    @property
    def envelope(self) -> Envelope:
        """The statement as it was said."""
        return meaning_again(self.payload.encode())

    @property
    def settled(self) -> bool:
        """Nothing is asked any more."""
        return not self.due

    @property
    def over(self) -> bool:
        """Nothing is asked any more, or nobody did it: a person may put it away."""
        return self.settled or self.expired_at is not None

    def overdue(self, now: int) -> bool:
        """Something asked was to be done by now."""
        return any(due <= now for due in self.due.values())

    def rings_from(self, ask: Ask) -> int:
        """From when people are rung because this is not done."""
        due = self.due[ask]
        return self.taken_at + (due - self.taken_at) // 2 if self.half else due

    @property
    def state(self) -> MatterState:
        """The one word for how far it got.  Acknowledged is never agreed."""
        if self.reopened:
            return "REOPENED"
        if self.closed:
            return "DONE" if self.closed == "DONE" else "REFUSED"
        if self.expired_at is not None and self.due:
            return "EXPIRED"
        if self.outcome:
            return "ANSWERED"
        if self.passed is not None:
            return "PASSED"
        if self.acked_at is not None:
            return "ACKNOWLEDGED"
        return "SENT" if self.ours else "RECEIVED"


def may_reopen(old: Matter, peer: Fingerprint, *, ours: bool, exercise: bool) -> bool:
    """Whether a stop request of a side opens this one again: its own, on the same line, and both real or both exercise.

    Whatever else is named so stays as it is: to name a request must not silence it (LIV-08).
    """
    return old.type == "STP" and (old.peer, old.ours, old.exercise) == (peer, ours, exercise)
