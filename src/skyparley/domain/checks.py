"""Line checks: who begins one, when, by which bearer, and what a good one opens.  A check is never skipped in silence.

Source: DOMAIN 8 "Line check", LINE-03, LINE-04, LINE-11, 11.1; line-v1 section 10.3.
"""

from collections.abc import Sequence
from typing import Final

from skyparley.base.errors import Refusal, refuse
from skyparley.base.ids import Fingerprint
from skyparley.base.times import HOUR, MINUTE
from skyparley.domain import link_health
from skyparley.domain.clauses import in_force
from skyparley.domain.commands import CheckLine, Outcome
from skyparley.domain.drafts import draft
from skyparley.domain.events import AlarmRaised, CheckMissed, LineOpened, LinkChanged
from skyparley.domain.line_views import live_bearers, saying_reasons, word_of
from skyparley.domain.lines import named_peer, reached
from skyparley.domain.messages.arrangement_slots import CalendarClause
from skyparley.domain.messages.codes import CheckKind
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.matter_slots import CheckSlots
from skyparley.domain.records import Line
from skyparley.domain.view import Decided, Item, Moment, Ruling, View

HUMAN_CHECKS_AT_MS: Final = (6 * HOUR, 18 * HOUR)
"""0600Z and 1800Z, in milliseconds of the day."""
DAY: Final = 24 * HOUR
AWAITED_MS: Final = MINUTE
"""How long after its time the other side's check is awaited before both ends hear that it is missed."""
RETRY_MS: Final = MINUTE
"""After a missed check of a line that is not open; doubled with each, up to the hourly one."""


def begin(view: View, line: Line, moment: Moment, kind: CheckKind, bearers: Sequence[str] = ()) -> list[Item]:
    """A check by each of these bearers, or each live one; none while the peer was not reached, or one waits to be carried."""
    named = tuple(bearers) or live_bearers(line)
    if not reached(line) or line.state in ("NONE", "TERMINATED") or waits(line, named):
        return []
    n = line.checks.n
    items: list[Item] = []
    for place, bearer in enumerate(named):
        slots = CheckSlots(n=n + 1 + place, kind=kind, bearer=bearer)
        items.append(draft("LCK", line.peer, slots, moment))
    return items


def waits(line: Line, bearers: Sequence[str]) -> bool:
    """A check of ours by one of these is still to be carried: another one behind it would tell nothing."""
    return any(check.number > line.delivered and check.bearer in bearers for check in line.checks.open.values())


def opening(view: View, line: Line, moment: Moment, *, again: bool = False) -> list[Item]:
    """The next checks of a line that is not open: by each live bearer that lacks good ones of ours and has none under way.

    `again`: also by those whose last one was missed.  They wait for NEXT CHECK, for their link to be UP again, for heads to
    be compared, or until the peer asks while none of ours is under way; else the misses of a dead bearer would follow each other and hold up the checks of the others.
    """
    if line.state != "TESTING":
        return []
    if _all_good(view, line):
        return [LineOpened(peer=line.peer)]
    good, needed = line.checks.ours, line.checks.needed
    lacking = [bearer for bearer in _idle(line) if good.get(bearer, 0) < needed and (again or good.get(bearer) != 0)]
    return begin(view, line, moment, "OPENING", lacking) if lacking else []


def link_is_up(view: View, line: Line, event: LinkChanged, moment: Moment) -> list[Item]:
    """A bearer of the peer came back: on a line that is not open its check, which was missed, is tried again at once.

    It opens nothing by itself: only the check does.
    """
    back = event.state == "UP" and event.direction == "OUT" and event.bearer in _idle(line)
    lacks = line.checks.ours.get(event.bearer, 0) < line.checks.needed
    if line.state != "TESTING" or not back or not lacks:
        return []
    return begin(view, line, moment, "OPENING", [event.bearer])


def _idle(line: Line) -> list[str]:
    """The live bearers by which no check of ours is under way."""
    busy = {check.bearer for check in line.checks.open.values()}
    return [bearer for bearer in live_bearers(line) if bearer not in busy]


def _heard_on(view: View, line: Line) -> tuple[str, ...]:
    """The bearers by which the peer reaches us now, as far as heartbeats told: it may have fewer or more than we have there."""
    named = link_health.bearers_of(view.own_card)
    health = {name: line.links.get((name, "IN")) for name in named}
    return tuple(name for name, found in health.items() if found is None or found.state == "UP") or named


def _all_good(view: View, line: Line) -> bool:
    checks, bearers = line.checks, live_bearers(line)
    ours = all(checks.ours.get(bearer, 0) >= checks.needed for bearer in bearers)
    heard_on = _heard_on(view, line)
    theirs = checks.peer_opened or all(checks.theirs.get(bearer, 0) >= checks.needed for bearer in heard_on)
    return bool(bearers) and ours and theirs


def received(view: View, line: Line, envelope: Envelope, moment: Moment) -> list[Item]:
    """A check is answered at once, by the machine; an answer to ours moves on what is being opened.

    Where we answer, the answer does: nothing is begun twice in one batch.
    """
    slots = envelope.slots
    assert isinstance(slots, CheckSlots)
    if envelope.reply_to:
        return opening(view, line, moment)
    answer = CheckSlots(n=slots.n, kind=slots.kind, bearer=slots.bearer)
    items: list[Item] = [draft("LCK", line.peer, answer, moment, reply_to=envelope.msg_id)]
    if slots.kind == "OPENING" and line.state not in ("TESTING", "TERMINATED"):
        # Its line is not open: it lacks checks by the bearers that reach it, which need not be the one that it named.
        live = live_bearers(line)
        items += begin(view, line, moment, "MACHINE", [slots.bearer] if slots.bearer in live else live)
    return items


def our_turn(view: View, line: Line, slot: int) -> bool:
    """Whether we begin the check of a slot of time: the party whose fingerprint sorts first has the even ones."""
    first = view.own < line.peer
    return first == (slot % 2 == 0)


def begins(view: View, line: Line, due: int) -> bool:
    """Whether the check of this time is ours: those of the hours go in turns.

    Between the hours, while DEGRADED, each side that sees it so begins its own: the two may see the line differently.
    """
    hour_ms = view.table_of(line.peer).machine_check_ms
    return due % hour_ms != 0 or our_turn(view, line, due // hour_ms)


def next_at(view: View, line: Line, at: int) -> int:
    """The time of the next check behind `at`."""
    periods = (period_ms(view, line), view.table_of(line.peer).machine_check_ms)
    return min((at // period + 1) * period for period in periods)


def due_check(view: View, peer: Fingerprint, due: int, moment: Moment) -> list[Item]:
    """NEXT CHECK: ours is begun; the other side's is awaited (the fold sets that clock)."""
    line = view.lines[peer]
    if line.state == "TESTING":
        # Where only the peer's checks are lacking, one more of ours makes a peer whose line is open begin its own.
        return opening(view, line, moment, again=True) or begin(view, line, moment, "OPENING")
    if line.state in ("NONE", "TERMINATED") or not begins(view, line, due):
        return []
    return begin(view, line, moment, "MACHINE") or _could_not(view, line)


def _could_not(view: View, line: Line) -> list[Item]:
    return missed(view, line, CheckMissed(peer=line.peer, ours=True))


def period_ms(view: View, line: Line) -> int:
    """How often a line is checked: every hour, and more often while it is DEGRADED."""
    table = view.table_of(line.peer)
    return table.degraded_check_ms if word_of(view, line) == "DEGRADED" else table.machine_check_ms


def unanswered(view: View, about: str, moment: Moment) -> list[Item]:
    """CHECK: one of ours was not answered in time."""
    peer, msg_id = about.split(" ")
    line = view.lines[Fingerprint(peer)]
    check = line.checks.open.get(msg_id)
    if check is None:
        return []
    return missed(view, line, CheckMissed(peer=line.peer, ours=True, bearer=check.bearer))


def awaited(view: View, peer: Fingerprint, due: int, moment: Moment) -> list[Item]:
    """CHECK AWAITED: it was the other side's turn."""
    line = view.lines[peer]
    if line.state in ("NONE", "TESTING", "TERMINATED") or line.checks.last_theirs_at >= due - 2 * AWAITED_MS:
        return []
    return missed(view, line, CheckMissed(peer=peer, ours=False))


def missed(view: View, line: Line, event: CheckMissed) -> list[Item]:
    """It is recorded, and people hear of it: at once when the line is open, else when it is missed again and again."""
    items: list[Item] = [event]
    if line.checks.missed in TOLD_AT:
        whose = (
            f"our check by {event.bearer or 'any bearer'} was not answered" if event.ours else "its check did not come"
        )
        text = f"{line.name}: {whose} ({line.checks.missed + 1} in a row)"
        items.append(AlarmRaised(code="CHECK_MISSED", about=line.peer, text=text, peer=line.peer))
    return items


TOLD_AT: Final = frozenset({0, 1, 5, 23})
"""How many were missed before: told at the first, the second, the sixth and the 24th in a row."""


def human_check(view: View, peer: Fingerprint, due: int, moment: Moment) -> list[Item]:
    """HUMAN CHECK: in turns, at the times of the day; a person there acknowledges."""
    line = view.lines[peer]
    times = human_checks_at(line)
    slot = due // DAY * len(times) + sum(time < due % DAY for time in times)
    if line.state not in ("IN_FORCE", "SUSPENDED") or not our_turn(view, line, slot):
        return []
    return begin(view, line, moment, "HUMAN", live_bearers(line)[:1]) or _could_not(view, line)


def human_checks_at(line: Line) -> tuple[int, ...]:
    """When of the UTC day people check the line: by the calendar that both signed, else at 0600Z and 1800Z."""
    calendar = in_force(line, "CALENDAR")
    return calendar.human_checks if isinstance(calendar, CalendarClause) else HUMAN_CHECKS_AT_MS


def next_human_check(line: Line, after: int) -> int:
    """The first one after a time."""
    day, times = after // DAY * DAY, human_checks_at(line)
    return next(day + time for time in (*times, DAY + times[0]) if day + time > after)


def check_line(view: View, command: CheckLine, moment: Moment) -> Ruling:
    """A desk asks for a human check now, as at a hand-over (LINE-04)."""
    peer = named_peer(view, command.peer)
    if peer is None:
        return refuse("UNKNOWN_PEER", f"no peer is called {command.peer!r}", field="peer")
    line = view.lines[peer]
    reasons = saying_reasons(view, line, "LCK", "ADMIN")
    if reasons:
        return Refusal(tuple(reasons))
    items = begin(view, line, moment, "HUMAN", live_bearers(line)[:1])
    if not items:
        return refuse("LINE_NOT_READY", f"{line.name} is not reached; call by voice", field="peer")
    return Decided(tuple(items), Outcome(refs={"peer": line.name, "n": line.checks.n + 1}))
