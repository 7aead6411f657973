"""When a notice leaves detection: its last end and the table's time after it, for each line by its own table.

At the other node of a line the same notice leaves at the same time.  Where the lines of this node differ in that time, a
notice of ours is over for one peer before it is over for the next; at the longest it is past altogether.
"""

from skyparley.base.ids import Fingerprint
from skyparley.domain.records import LIVE_STATES, Notice
from skyparley.state.projection import State


def set_clocks(state: State, notice: Notice) -> None:
    """The clocks of a notice as it is now: one for all lines, and one for each line that waits less long."""
    about = f"{notice.party} {notice.id}"
    if notice.live:
        state.deadlines.set("PAST", about, notice.current.end + state.longest_time_ms(notice.party))
    else:
        state.deadlines.clear("PAST", about)
    if notice.party != state.own or not _mixed(state):
        return
    sooner = _sooner(state, notice) if notice.live else {}
    for peer in state.counterparts:
        if peer in sooner and peer not in notice.past_for:
            state.deadlines.set("PAST", f"{about} {peer}", notice.current.end + sooner[peer])
        else:
            state.deadlines.clear("PAST", f"{about} {peer}")


def weigh(state: State, notice: Notice, at: int) -> None:
    """Whether a version that was just set is over already, altogether or for some lines."""
    notice.past = notice.current.end + state.longest_time_ms(notice.party) <= at
    over = () if notice.past else _sooner(state, notice).items()
    notice.past_for = tuple(peer for peer, time_ms in over if notice.current.end + time_ms <= at)


def line_changed(state: State, peer: Fingerprint, at: int) -> None:
    """Another table holds on the line to `peer`: its notices and ours are over later or sooner than before.

    What is over by a shorter time is left to the clock, which tells; a longer one brings back what just left detection.
    """
    for notice in state.notices.values():
        if notice.party not in (peer, state.own) or notice.state not in LIVE_STATES:
            continue
        if notice.past:
            weigh(state, notice, at)
        elif peer in notice.past_for and notice.current.end + state.table_of(peer).separation_time_ms > at:
            notice.past_for = tuple(one for one in notice.past_for if one != peer)
        if notice.live:
            state.index.put(notice)
            state.deadlines.clear("FORGET", f"{notice.party} {notice.id}")
            set_clocks(state, notice)


def _sooner(state: State, notice: Notice) -> dict[Fingerprint, int]:
    """Lines that wait less long for a notice of ours than the longest does; none where all tables are equal."""
    if notice.party != state.own or not _mixed(state):
        return {}
    longest = state.longest_time_ms(state.own)
    times = {peer: state.table_of(peer).separation_time_ms for peer in state.counterparts}
    return {peer: time_ms for peer, time_ms in times.items() if time_ms < longest}


def _mixed(state: State) -> bool:
    """Whether any line has a table of its own.  Most nodes have none, and every notice asks."""
    return any(line.table is not None for line in state.lines.values())
