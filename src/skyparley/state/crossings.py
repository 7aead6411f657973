"""What crossings of a standing line do to the state: the same for ours and for the peer's."""

from skyparley.base import limits
from skyparley.domain import events as e
from skyparley.domain.clause_records import Crossing, CrossingAct
from skyparley.domain.crossings import OVER, REMINDER_MS, crossing_key, next_state, period
from skyparley.domain.messages.arrangement_slots import CrossingSlots
from skyparley.domain.messages.matter_slots import AcceptedSlots, CounteredSlots, NotAcceptedSlots
from skyparley.domain.messages.slots import ErrSlots
from skyparley.domain.records import Line
from skyparley.domain.view import Taken
from skyparley.state.matters import gave_way
from skyparley.state.projection import State


def fold_crossings(state: State, line: Line, taken: Taken, *, ours: bool) -> None:
    """XNG, and what answers one."""
    slots = taken.envelope.slots
    match slots:
        case CrossingSlots():
            _crossing(state, line, taken, slots)
        case AcceptedSlots() | NotAcceptedSlots() | CounteredSlots():
            _answer(line, taken, slots)
        case ErrSlots() if not ours:
            _refused(state, line, slots.hash)


_ACT_OF_FORM: dict[str, CrossingAct] = {
    "NOTIFIED": "NOTIFY",
    "REQUESTED": "REQUEST",
    "CANCELLED": "CANCEL",
    "ENDED": "EXPIRE",
}


def _crossing(state: State, line: Line, taken: Taken, slots: CrossingSlots) -> None:
    envelope = taken.envelope
    key = crossing_key(envelope.from_, slots.id)
    held = line.crossings.get(key)
    act = _ACT_OF_FORM[slots.form]
    if held is not None:
        act = act if act in ("CANCEL", "EXPIRE") else "REVISE"
        gave_way(state, held.hash, taken, "REVISED" if act == "REVISE" else slots.form)
    start, end = period(slots)
    line.crossings[key] = Crossing(
        by=envelope.from_,
        id=slots.id,
        version=slots.version,
        hash=taken.hash,
        line=slots.line,
        form=slots.form,
        volumes=slots.volumes,
        reason=slots.reason,
        start=start,
        end=end,
        at=taken.at,
        state=next_state("NO_CROSSING" if held is None else held.state, act),
    )
    if envelope.from_ == state.own and held is None:
        line.crossings_said += 1
    _set_clocks(state, line, key)
    _prune(state, line)


def _answer(line: Line, taken: Taken, slots: AcceptedSlots | NotAcceptedSlots | CounteredSlots) -> None:
    """Only what answers the version said last counts."""
    crossing = next((one for one in line.crossings.values() if one.hash == slots.hash), None)
    if crossing is None or crossing.by == taken.envelope.from_:
        return
    match slots:
        case AcceptedSlots():
            crossing.state = next_state(crossing.state, "ACCEPT")
        case NotAcceptedSlots():
            crossing.state = next_state(crossing.state, "REJECT")
        case CounteredSlots():
            crossing.state = next_state(crossing.state, "COUNTER")
            crossing.counter = slots.volumes or ()


def _refused(state: State, line: Line, statement: str) -> None:
    """The other node could not take it: then nothing is agreed of it."""
    for crossing in line.crossings.values():
        if crossing.hash == statement and crossing.by == state.own:
            crossing.state = next_state(crossing.state, "REJECT")


def _set_clocks(state: State, line: Line, key: str) -> None:
    crossing = line.crossings[key]
    about = f"{line.peer} {key}"
    for what in ("CROSSING ENDING", "CROSSING OVER"):
        state.deadlines.clear(what, about)
    if crossing.state not in OVER:
        state.deadlines.set("CROSSING ENDING", about, crossing.end - REMINDER_MS)
        state.deadlines.set("CROSSING OVER", about, crossing.end)


def _prune(state: State, line: Line) -> None:
    """What is over leaves memory, the oldest first, when there are too many."""
    over = [key for key, one in line.crossings.items() if one.state in OVER]
    for key in over[: max(0, len(line.crossings) - limits.CROSSINGS_KEPT)]:
        del line.crossings[key]


def crossing_expired(state: State, event: e.CrossingExpired, at: int) -> None:
    """Its period is over: it is agreed no more."""
    line = state.lines[event.peer]
    key = crossing_key(event.by, event.id)
    crossing = line.crossings[key]
    crossing.state = next_state(crossing.state, "EXPIRE")
    _set_clocks(state, line, key)
