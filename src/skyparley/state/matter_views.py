"""What a desk sees of statements that ask people for something, what is said about them, and who was rung."""

from typing import Any, Literal

from skyparley.base.ids import short_id
from skyparley.domain.how_far import delivered, how_far
from skyparley.domain.matter_records import GAVE_WAY, Matter, Passed, ReadBack, Rung
from skyparley.domain.messages.arrangement_slots import CoverageSlots
from skyparley.domain.messages.catalogue import CATALOGUE, Ask, StatementType
from skyparley.domain.messages.codes import Class, Post, ReadBackField
from skyparley.domain.messages.envelope import to_plain
from skyparley.domain.messages.matter_slots import FreeText, ReadBackValues
from skyparley.domain.read_back import values_of
from skyparley.language.phrasebook import Rendered
from skyparley.language.words import seen
from skyparley.state.projection import State
from skyparley.state.shown import View, party_name

MatterAct = Literal[
    "acknowledge", "read_back", "pass_on", "done", "refuse", "identity", "answer", "accept_clause", "put_away"
]


class StepView(View, frozen=True, kw_only=True):
    """One act about a matter."""

    what: str
    by: str
    at: int
    learned_at: int
    text: str = ""


class Sentence(View, frozen=True, kw_only=True):
    """A phrase in a language.  `review` is shown beside it wherever it appears; `fallback`: English stands in."""

    code: str
    text: str
    lang: str
    direction: str
    review: str
    fallback: bool
    mark: str

    @classmethod
    def of(cls, one: Rendered) -> "Sentence":
        """As the phrasebook renders it."""
        return cls(
            code=one.code,
            text=one.text,
            lang=one.lang,
            direction=one.direction,
            review=one.review,
            fallback=one.fallback,
            mark=one.mark,
        )


class MatterView(View, frozen=True, kw_only=True, omit_defaults=True):
    """A statement that asks people for something.  `state` is one word: of ours, SENT is not there yet and RECEIVED is held
    by the other machine; ACKNOWLEDGED is never agreed."""

    statement: str
    short_id: str
    """What people read to each other: the first 40 bits of the hash, without look-alikes."""
    msg_id: str
    revision: int
    peer: str
    ours: bool
    type: StatementType
    cls: Class
    code: str = ""
    slots: dict[str, Any]
    free_text: FreeText | None = None
    exercise: bool = False
    heard: bool = False
    """It was heard by voice: what we do about it is recorded here and sent to nobody."""
    early: bool = False
    """Heard before its turn on the feed: no receipt yet."""
    delivered: bool = False
    """Of ours: the other machine holds it."""
    received_utc: int | None = None
    """Of ours: when the other machine received it, by its receipt."""
    created_utc: int
    taken_at: int
    state: str
    late: bool
    due: dict[Ask, int]
    rung: tuple[Rung, ...] = ()
    to_read_back: ReadBackValues
    read_back: ReadBack = ""
    read_back_values: ReadBackValues | None = None
    differs: tuple[ReadBackField, ...] = ()
    unread: bool = False
    """Of ours: acknowledged or accepted without the read-back that it needs.  Ask them by voice what they understood."""
    acked_at: int | None = None
    acked_by: Post | None = None
    passed: Passed | None = None
    outcome: str = ""
    speaks_for: CoverageSlots | None = None
    """For whom the peer that answered said that it speaks (LINE-14)."""
    reopened: str = ""
    history: tuple[StepView, ...] = ()
    can: tuple[MatterAct, ...] = ()


def _free_text(said: FreeText | None) -> FreeText | None:
    """A peer's own words, which nobody screened for us: whatever is not seen becomes a sign."""
    return None if said is None else FreeText(lang=said.lang, text=seen(said.text))


def matter_view(state: State, matter: Matter, now: int) -> MatterView:
    """A matter with what this desk may do about it."""
    said = matter.envelope
    line = state.lines.get(matter.peer)
    receipt = line.receipts.get(said.number) if line is not None and matter.ours else None
    return MatterView(
        statement=matter.hash,
        short_id=short_id(matter.hash),
        msg_id=matter.msg_id,
        revision=matter.revision,
        peer=party_name(state, matter.peer),
        ours=matter.ours,
        type=matter.type,
        cls=matter.cls,
        code=said.code or "",
        slots=to_plain(said.slots),
        free_text=_free_text(said.free_text or None),
        exercise=matter.exercise,
        heard=matter.heard is not None,
        early=matter.early,
        delivered=delivered(matter, line),
        received_utc=receipt[0] if receipt is not None else None,
        created_utc=matter.created_utc,
        taken_at=matter.taken_at,
        state=how_far(matter, line),
        late=matter.overdue(now),
        due=matter.due,
        rung=tuple(matter.rung),
        to_read_back=values_of(said.slots),
        read_back=matter.read_back,
        read_back_values=matter.read_back_values,
        differs=matter.differs,
        unread=matter.unread,
        acked_at=matter.acked_at,
        acked_by=matter.acked_by,
        passed=matter.passed,
        outcome=matter.outcome,
        speaks_for=line.coverage if line is not None and matter.ours and matter.outcome else None,
        reopened=matter.reopened,
        history=tuple(
            StepView(
                what=step.what, by=party_name(state, step.by), at=step.at, learned_at=step.learned_at, text=step.text
            )
            for step in matter.history
        ),
        can=can(matter),
    )


def can(matter: Matter) -> tuple[MatterAct, ...]:
    """What this desk may do about it now; of our own, and of what is over, it may only put it away."""
    away: tuple[MatterAct, ...] = ("put_away",) if matter.over else ()
    if matter.ours or matter.reopened:
        return away
    asks = CATALOGUE[matter.type].asks
    acts: list[MatterAct] = []
    if matter.read_back in ("DUE", "MISMATCH"):
        acts.append("read_back")
    if "ACK" in matter.due and matter.read_back not in ("DUE", "MISMATCH"):
        acts.append("acknowledge")
    if "PAS" in asks and matter.acked_at is not None and matter.passed is None:
        acts.append("pass_on")
    if "DON" in asks and matter.acked_at is not None and not matter.closed:
        acts += ["done", "refuse"]
    if matter.type == "IDQ":
        acts.append("identity")
    elif "ANSWER" in asks and matter.outcome not in ("ACC", "REJ", *GAVE_WAY):
        acts += ["answer", "accept_clause"] if matter.type == "TBL" else ["answer"]
    return (*acts, *away)


_ORDER: tuple[Class, ...] = ("LIFE", "SAFETY", "PRIORITY", "COORD", "ADMIN")


def matter_views(state: State, now: int) -> tuple[MatterView, ...]:
    """Every matter in memory: what is still asked first, by class and age; then what is settled, newest first."""
    open_ = [matter for matter in state.matters.values() if not matter.settled]
    over = [matter for matter in state.matters.values() if matter.settled]
    open_.sort(key=lambda matter: (_ORDER.index(matter.cls), matter.taken_at))
    over.sort(key=lambda matter: -matter.taken_at)
    return tuple(matter_view(state, matter, now) for matter in (*open_, *over))
