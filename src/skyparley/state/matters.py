"""What a statement that asks people for something does to the state, and every act about one: the same at both nodes."""

from typing import Final

from msgspec import UNSET

from skyparley.base.canonical import canonical
from skyparley.base.ids import Fingerprint
from skyparley.base.times import DAY
from skyparley.domain import events as e
from skyparley.domain.ladder import due_times, end_of, ladder, latest_put_off, missed, start_of
from skyparley.domain.matter_records import GAVE_WAY, Matter, Passed, Rung, Step, may_reopen
from skyparley.domain.messages import matter_slots as m
from skyparley.domain.messages.envelope import Envelope, statement_hash, to_plain
from skyparley.domain.misuse import in_flood
from skyparley.domain.read_back import differing, required, values_of
from skyparley.domain.records import Line
from skyparley.domain.view import Taken
from skyparley.state.lines import watch_peer, watch_silence
from skyparley.state.projection import State

NO_RECEIPT: Final = 3
"""So many times the time of a receipt a LIFE statement may lack one before people are told to call (DOMAIN 8)."""


def take_up(state: State, peer: Fingerprint, taken: Taken, *, ours: bool) -> None:
    """A statement that asks for something becomes a matter; one that was heard early keeps what was done about it."""
    envelope = taken.envelope
    held = state.matters.get(taken.hash)
    if held is not None:
        held.early = False
        return
    if taken.hash in state.forgotten.matters:
        return
    matter = matter_of(state, peer, taken, ours=ours)
    if not matter.due:
        return
    state.matters[taken.hash] = matter
    if ours and envelope.number <= state.lines[peer].delivered:
        matter.delivered_at = taken.at  # It came back from the peer, after a backup was put back here.
    if ours and matter.cls == "LIFE":
        state.deadlines.set("RECEIPT", taken.hash, taken.at + NO_RECEIPT * state.table_of(peer).receipt_ms)
    reopens = getattr(envelope.slots, "reopens", UNSET)
    if reopens is not UNSET:
        _reopen(state, str(reopens), matter)
    set_clocks(state, matter)


def matter_of(state: State, peer: Fingerprint, taken: Taken, *, ours: bool, early: bool = False) -> Matter:
    """The matter that a statement makes, taken `at` a time."""
    envelope, at = taken.envelope, taken.at
    table = state.table_of(peer)
    due = due_times(table, envelope, at, start_of(envelope))
    half = state.acts_slowly(peer, here=not ours)
    matter = Matter(
        hash=taken.hash,
        peer=peer,
        ours=ours,
        msg_id=envelope.msg_id,
        type=envelope.type,
        cls=envelope.cls,
        payload=canonical(to_plain(envelope)).decode(),
        created_utc=envelope.created_utc,
        taken_at=at,
        exercise=envelope.exercise is not UNSET,
        early=early,
        due=due,
        ladder=ladder(table, envelope, due, at=at, ours=ours, silent=half),
        half=half,
    )
    window = state.misuse.life_window(peer, exercise=matter.exercise)
    if not ours and envelope.cls == "LIFE" and in_flood(window, taken.hash, at):
        matter.quiet, matter.ladder = True, ()
    if not ours and required(envelope, taken.lead):
        matter.read_back = "DUE"
    return matter


def heard_early(state: State, event: e.HeardEarly, envelope: Envelope, at: int) -> None:
    """A LIFE statement before its turn: a matter at once, by its signature alone."""
    taken = Taken(envelope, statement_hash(event.jws), at)
    if taken.hash not in state.matters and taken.hash not in state.forgotten.matters:
        matter = matter_of(state, event.peer, taken, ours=False, early=True)
        state.matters[taken.hash] = matter
        set_clocks(state, matter)


def _reopen(state: State, before: str, matter: Matter) -> None:
    """What was stopped begins again: the same matter, with its history (LIV-08)."""
    old = state.matters.get(before)
    if old is None or not may_reopen(old, matter.peer, ours=matter.ours, exercise=matter.exercise):
        return  # It names no stop request of the same sender on this line: it is a new one, and silences nothing.
    old.reopened = matter.hash
    old.due.clear()
    matter.history = [*old.history, _step(matter.envelope, "REOPENED", matter.taken_at)]
    set_clocks(state, old)


def gave_way(state: State, statement: str, taken: Taken, what: str) -> None:
    """A statement that another one replaces or answers by its own kind asks nobody any more."""
    matter = state.matters.get(statement)
    if matter is None:
        return
    matter.due.clear()
    matter.outcome = what
    matter.revision += 1
    matter.history.append(_step(taken.envelope, what, taken.at))
    set_clocks(state, matter)


def asks_again(state: State, statement: str) -> None:
    """What took its place was not taken by the other node: it waits for an answer as it did."""
    matter = state.matters.get(statement)
    if matter is None or matter.outcome not in GAVE_WAY:
        return
    matter.outcome = ""
    matter.due = due_times(state.table_of(matter.peer), matter.envelope, matter.taken_at, start_of(matter.envelope))
    matter.revision += 1
    set_clocks(state, matter)


def act_about(state: State, taken: Taken, *, ours: bool) -> None:
    """ACK, RDB, PAS, DON, RFS, IDA and the answers: what they change in the matter that they are about."""
    envelope = taken.envelope
    matter = state.matters.get(str(getattr(envelope.slots, "hash", "")))
    if matter is None or matter.ours == ours:
        return
    text = _apply(state, matter, taken)
    matter.history.append(_step(envelope, envelope.type, taken.at, text))
    matter.revision += 1
    set_clocks(state, matter)


def _apply(state: State, matter: Matter, taken: Taken) -> str:
    """Change the matter; the words for its history."""
    envelope = taken.envelope
    slots, at = envelope.slots, envelope.created_utc
    match slots:
        case m.AckSlots():
            _acked(matter, at)
            matter.acked_by = matter.acked_by or slots.post
            return slots.post + _unread(state, matter)
        case m.ReadBackSlots():
            return _read_back(state, matter, slots)
        case m.PassedSlots():
            _acked(matter, at)
            action = slots.action or None
            matter.passed = matter.passed or Passed(at=slots.at, action=action, level=slots.level or None)
            matter.due.pop("PAS", None)
            return (action or "") + _unread(state, matter)
        case m.DoneSlots():
            return _close(matter, "DONE", slots.action, at) + _unread(state, matter)
        case m.RefusedSlots():
            return _close(matter, "REFUSED", slots.reason, at)
        case m.IdentityAnswerSlots():
            matter.outcome = slots.answer
            if slots.until is not UNSET:
                _put_off(state, matter, slots.until, now=taken.at)
            else:
                matter.due.pop("ANSWER", None)
            return slots.answer
    return _answer(state, matter, taken)


def _acked(matter: Matter, at: int) -> None:
    matter.acked_at = matter.acked_at or at
    matter.due.pop("ACK", None)


def _read_back(state: State, matter: Matter, slots: m.ReadBackSlots) -> str:
    """Compared with what was said, here, by the table of the line: nobody takes the other side's word for it.

    The first that matches stands: a colleague's slip after it is history and blocks nobody.
    """
    differs = differing(state.table_of(matter.peer), values_of(matter.envelope.slots), slots.values)
    if matter.read_back != "MATCH":
        matter.read_back = "MISMATCH" if differs else "MATCH"
        matter.read_back_values, matter.differs = slots.values, differs
        matter.unread = matter.unread and bool(differs)
    return ", ".join(differs) or "MATCH"


def _unread(state: State, matter: Matter) -> str:
    """Words for the history where a peer says of ours that it was understood, and it was not read back as it must be."""
    if not matter.ours or matter.read_back == "MATCH":
        return ""
    receipt = state.lines[matter.peer].receipts.get(matter.envelope.number)
    matter.unread = required(matter.envelope, receipt[1] if receipt is not None else None)
    return " (not read back)" if matter.unread else ""


def _close(matter: Matter, how: str, code: str, at: int) -> str:
    """The first close stands: a second one is only history."""
    _acked(matter, at)
    for ask in ("PAS", "DON"):
        matter.due.pop(ask, None)
    if not matter.closed:
        matter.closed = "DONE" if how == "DONE" else "REFUSED"
        matter.outcome = code
    return code


def _answer(state: State, matter: Matter, taken: Taken) -> str:
    """ACC, REJ, CPR or SBY.  The first SBY puts the answer off; a second one is only history."""
    envelope = taken.envelope
    slots = envelope.slots
    _acked(matter, envelope.created_utc)
    if isinstance(slots, m.LaterSlots):
        if not matter.stood_by and matter.outcome not in ("ACC", "REJ"):
            matter.stood_by = True
            _put_off(state, matter, slots.until, now=taken.at)
        matter.outcome = matter.outcome or "SBY"
        return "SBY"
    if matter.outcome not in ("ACC", "REJ"):
        matter.outcome = envelope.type
    matter.due.pop("ANSWER", None)
    return _unread(state, matter).strip() if isinstance(slots, m.AcceptedSlots) else getattr(slots, "reason", "")


def _put_off(state: State, matter: Matter, until: int, *, now: int) -> None:
    """An answer comes later: people are rung at that time.  Whoever says so is there, so no time is halved any more."""
    said, table = matter.envelope, state.table_of(matter.peer)
    until = min(until, latest_put_off(table, said, taken_at=matter.taken_at, now=now))
    matter.due["ANSWER"] = until
    matter.half = False
    matter.ladder = tuple(sorted({*matter.ladder, (until, "DESK"), (until, missed(said))}))


def _step(envelope: Envelope, what: str, at: int, text: str = "") -> Step:
    return Step(what=what, by=envelope.from_, at=envelope.created_utc, learned_at=at, text=text)


# --- clocks --------------------------------------------------------------------------------------------------------


def set_clocks(state: State, matter: Matter) -> None:
    """The next ring, or when it leaves memory once nothing is asked any more; and whose silence is counted from it."""
    state.note_waiting(matter)
    watch_silence(state)
    _watch_there(state, matter)
    if matter.settled:
        matter.ladder = ()
        state.deadlines.clear("RING", matter.hash)
        # Who acknowledged a plan is shown until the plan itself is over, however long before it was told.
        end = end_of(matter.envelope) or 0
        state.deadlines.set("FORGET MATTER", matter.hash, max(_over(state, matter), end) + state.keep_ms)
        return
    state.deadlines.clear("FORGET MATTER", matter.hash)
    if matter.ladder:
        state.deadlines.set("RING", matter.hash, matter.ladder[0][0])
    else:
        state.deadlines.clear("RING", matter.hash)
        _set_end(state, matter)


def _set_end(state: State, matter: Matter) -> None:
    """When it expires that nobody rings about any more; and then, but for a real one of class LIFE, when it leaves memory.

    That one stays until a person puts it away: that nobody answered is what people must see (DOMAIN 1.2).
    """
    keep = max(state.keep_ms, DAY)
    if matter.expired_at is None:
        last = max(matter.due.values())
        state.deadlines.set("FORGET MATTER", matter.hash, max(last, _over(state, matter)) + keep)
    elif matter.cls != "LIFE":
        state.deadlines.set("FORGET MATTER", matter.hash, matter.expired_at + keep)


def held_there(state: State, line: Line, at: int) -> None:
    """The other machine holds our feed up to `line.delivered`: from now on its people can be silent about what it asks."""
    for statement in tuple(state.on_the_way.get(line.peer, ())):
        matter = state.matters[statement]
        if matter.envelope.number > line.delivered:
            break  # They are in the order of the feed.
        matter.delivered_at = at
        state.note_waiting(matter)
    watch_peer(state, line)


def _watch_there(state: State, matter: Matter) -> None:
    """The silence of the other desk, where there is a line to it: of one that was only heard nothing waits there."""
    line = state.lines.get(matter.peer)
    if line is not None:
        watch_peer(state, line)


def _over(state: State, matter: Matter) -> int:
    return max([matter.taken_at, *(step.learned_at for step in matter.history)])


def rang(state: State, event: e.Rang, at: int) -> None:
    """Somebody was rung."""
    matter = state.matters[event.statement]
    matter.rung.append(Rung(event.post, at))


def ring_passed(state: State, statement: str, at: int) -> None:
    """The steps of the ladder up to now are behind us."""
    matter = state.matters[statement]
    matter.ladder = tuple(step for step in matter.ladder if step[0] > at)
    set_clocks(state, matter)


def expire(state: State, statement: str, at: int) -> None:
    """Nobody did what it asks."""
    matter = state.matters[statement]
    matter.expired_at = at
    matter.revision += 1
    set_clocks(state, matter)


def forget_matter(state: State, event: e.MatterForgotten | e.MatterPutAway, at: int) -> None:
    """It leaves memory; its hash stays, so that a late act about it is taken without a word."""
    matter = state.matters.pop(event.statement)
    state.no_longer_waits(matter)
    watch_silence(state)
    _watch_there(state, matter)
    state.forgotten.add_matter(event.statement, at)
    for what in ("RING", "FORGET MATTER"):
        state.deadlines.clear(what, event.statement)
