"""What checks, changes of state and desks do to a line: the fold of their statements, events and clocks."""

from msgspec import UNSET

from skyparley.base.times import MINUTE
from skyparley.domain import events as e
from skyparley.domain.checks import AWAITED_MS, RETRY_MS, begins, next_at, next_human_check
from skyparley.domain.line_records import CHECKS_TO_RESUME, ChangeAsked, Checks, LineChange, OpenCheck
from skyparley.domain.line_views import bearers_of
from skyparley.domain.messages.arrangement_slots import CoverageSlots
from skyparley.domain.messages.catalogue import CATALOGUE
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.matter_slots import CheckSlots, KeySlots, LineSlots, ShiftSlots, StatusSlots
from skyparley.domain.records import Line
from skyparley.domain.view import Taken
from skyparley.evidence.card import read_card
from skyparley.state.projection import State


def fold_line(state: State, line: Line, taken: Taken, *, ours: bool) -> None:
    """LCK, SUSP, RESM, TERM, STAT, KEY of ours or of the peer."""
    slots = taken.envelope.slots
    if not ours and line.state == "TESTING" and CATALOGUE[taken.envelope.type].allowed in ("ODS", "OD"):
        line.checks.peer_opened = True  # It is only said on an open line: the peer had its good checks.
    match slots:
        case CheckSlots():
            _check(state, line, taken, slots, ours=ours)
        case LineSlots():
            _change(state, line, taken, slots)
        case CoverageSlots() if not ours:
            line.coverage = slots
        case StatusSlots() if not ours:
            line.peer_desk = slots.desk
        case ShiftSlots() if not ours:
            line.peer_shift = slots
        case KeySlots() if not ours:
            line.card = read_card(slots.card)


# --- checks --------------------------------------------------------------------------------------------------------


def _check(state: State, line: Line, taken: Taken, slots: CheckSlots, *, ours: bool) -> None:
    envelope, checks = taken.envelope, line.checks
    answers = envelope.reply_to is not UNSET
    if ours and not answers:
        table = state.table_of(line.peer)
        # A file goes by hand: its answer is awaited for a day, and no clock of the line hurries it.
        due = taken.at + (table.arrangement_ms if slots.bearer == "file" else table.check_answer_ms)
        checks.n = max(checks.n, slots.n)
        checks.open[envelope.msg_id] = OpenCheck(bearer=slots.bearer, kind=slots.kind, due=due, number=envelope.number)
        state.deadlines.set("CHECK", f"{line.peer} {envelope.msg_id}", due)
    elif ours:
        checks.theirs[slots.bearer] = checks.theirs.get(slots.bearer, 0) + 1
    elif not answers:
        checks.last_theirs_at = taken.at
        state.deadlines.clear("CHECK AWAITED", line.peer)
    else:
        _answered(state, line, envelope, taken.at)


def _answered(state: State, line: Line, envelope: Envelope, at: int) -> None:
    """An answer in time makes a check good; a late one ends it and counts for nothing."""
    checks = line.checks
    check = checks.open.pop(str(envelope.reply_to), None)
    state.deadlines.clear("CHECK", f"{line.peer} {envelope.reply_to}")
    if check is not None and at <= check.due:
        checks.ours[check.bearer] = checks.ours.get(check.bearer, 0) + 1
        checks.last_good_at, checks.missed = at, 0


def check_missed(state: State, event: e.CheckMissed, at: int) -> None:
    """One more in a row.  A line that is not open begins its count by that bearer anew, and tries again later."""
    line = state.lines[event.peer]
    line.checks.missed += 1
    if event.bearer:
        line.checks.ours[event.bearer] = 0
    for msg_id, check in tuple(line.checks.open.items()):
        if check.due <= at:
            del line.checks.open[msg_id]
            state.deadlines.clear("CHECK", f"{line.peer} {msg_id}")
    if line.state == "TESTING":
        state.deadlines.set("NEXT CHECK", line.peer, at + _retry_ms(state, line))


def _retry_ms(state: State, line: Line) -> int:
    """When a line that is not open tries again: soon, and later the more rounds of checks were missed in a row."""
    rounds = line.checks.missed // max(1, len(bearers_of(line)))
    return min(RETRY_MS << min(rounds, 10), state.table_of(line.peer).machine_check_ms)


def set_check_clocks(state: State, line: Line, at: int) -> None:
    """The next check of a line that is open or suspended: by machine, and by people."""
    if line.state in ("NONE", "TESTING", "TERMINATED"):
        for what in ("CHECK AWAITED", "HUMAN CHECK"):
            state.deadlines.clear(what, line.peer)
        if line.state != "TESTING":
            state.deadlines.clear("NEXT CHECK", line.peer)
        return
    state.deadlines.set("NEXT CHECK", line.peer, next_at(state, line, at))
    state.deadlines.set("HUMAN CHECK", line.peer, next_human_check(line, at))


def check_due(state: State, line: Line, due: int, at: int) -> None:
    """A slot began: where it is the other side's turn, its check is awaited."""
    if line.state == "TESTING":
        state.deadlines.set("NEXT CHECK", line.peer, at + _retry_ms(state, line))
        return
    if not begins(state, line, due):
        state.deadlines.set("CHECK AWAITED", line.peer, due + AWAITED_MS)
    set_check_clocks(state, line, max(at, due))


def opened(state: State, line: Line, at: int) -> None:
    """TESTING becomes IN_FORCE, and the hourly checks begin."""
    line.state = "IN_FORCE"
    line.checks.missed = 0
    set_check_clocks(state, line, at)


# --- suspend, resume, terminate ------------------------------------------------------------------------------------


def change_asked(state: State, event: e.LineChangeAsked, at: int) -> None:
    """The first of two persons."""
    asked = ChangeAsked(what=event.what, reason=event.reason, effective=event.effective, by=event.by, at=at)
    state.lines[event.peer].change_asked = asked


def _change(state: State, line: Line, taken: Taken, slots: LineSlots) -> None:
    envelope = taken.envelope
    assert envelope.type in ("SUSP", "RESM", "TERM"), "these three have such slots"
    change = LineChange(
        what=envelope.type,
        by=envelope.from_,
        effective=slots.effective,
        reason=slots.reason,
    )
    # What a party says later takes the place of what it said to come: nothing of its own is still pending behind it.
    line.changes = tuple(one for one in line.changes if one.by != change.by)
    if slots.effective <= envelope.created_utc:
        _apply(state, line, change, taken.at)  # At once by its own word: no clock that was wrong puts it off.
    else:
        line.changes = (*line.changes, change)
    take_effect(state, line, taken.at)


def take_effect(state: State, line: Line, at: int) -> None:
    """Every change whose time has come, in the order of their times; the next one has a clock."""
    for change in sorted(line.changes, key=lambda change: change.effective):
        if change.effective <= at:
            _apply(state, line, change, at)
    line.changes = tuple(change for change in line.changes if change.effective > at)
    if line.changes:
        state.deadlines.set("LINE CHANGE", line.peer, min(change.effective for change in line.changes))
    else:
        state.deadlines.clear("LINE CHANGE", line.peer)


def _apply(state: State, line: Line, change: LineChange, at: int) -> None:
    if line.state == "TERMINATED":
        return
    if change.what == "TERM":
        line.state = "TERMINATED"
    elif change.what == "SUSP":
        line.suspended_by = tuple(sorted({*line.suspended_by, change.by}))
        line.state = "SUSPENDED"
    elif change.by in line.suspended_by:
        line.suspended_by = tuple(party for party in line.suspended_by if party != change.by)
        if not line.suspended_by:
            # Digests compared, what is missing replayed, one check each way: then it is in force again (CON-04).
            line.state = "TESTING"
            line.checks = Checks(n=line.checks.n, open=line.checks.open, needed=CHECKS_TO_RESUME)
            state.deadlines.set("NEXT CHECK", line.peer, at + MINUTE)
    set_check_clocks(state, line, at)


# --- desks ---------------------------------------------------------------------------------------------------------


def desk_changed(state: State, event: e.DeskChanged, at: int) -> None:
    """Our own desk."""
    state.desk = event.desk
    if event.desk == "STAFFED":
        acted_here(state, at)


def acted_here(state: State, at: int) -> None:
    """A person acted at our desk: its silence counts from now."""
    state.acted_at = at
    watch_silence(state)


def acted_there(state: State, line: Line, at: int) -> None:
    """A person of the peer said something."""
    line.peer_acted_at = at
    if line.peer_desk in ("SILENT", "UNSTAFFED"):
        line.peer_desk = "STAFFED"
    watch_peer(state, line)


def watch_silence(state: State) -> None:
    """Our desk is silent when nobody acted for long while something waits for a person."""
    oldest = next(iter(state.waiting_here), None)
    if oldest is not None and state.desk == "STAFFED":
        since = max(state.matters[oldest].taken_at, state.acted_at)
        state.deadlines.set("SILENT", "desk", since + state.table.silent_ms)
    else:
        state.deadlines.clear("SILENT", "desk")


def watch_peer(state: State, line: Line) -> None:
    """The same of the other desk, with statements of ours that it holds."""
    oldest = next(iter(state.waiting_there.get(line.peer, ())), None)
    if oldest is not None and line.peer_desk not in ("SILENT", "DECLINED"):
        since = max(state.matters[oldest].delivered_at or 0, line.peer_acted_at)
        state.deadlines.set("PEER SILENT", line.peer, since + state.table_of(line.peer).silent_ms)
    else:
        state.deadlines.clear("PEER SILENT", line.peer)
