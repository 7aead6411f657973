"""Proposals: time and level changes of either notice that settle a conflict, ranked by how little they disturb.

Each one satisfies the table, makes no new conflict with a third notice and moves no active notice; the least change is
computed from what the table needs, not searched for.  Two questions to the index tell everything that is near by its
area: whatever stands within the notice's windows at any level, and whatever stands at its levels at another time.  The
rest is arithmetic on windows and levels, and what is shown passes the same gate as terms that a desk writes by hand.
Source: DOMAIN RES-02, RES-09; issue "the first ones".
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from skyparley.base import limits
from skyparley.base.times import DAY, MINUTE, format_utc
from skyparley.domain.commands import TermChange
from skyparley.domain.detection import by_notice
from skyparley.domain.dialogue_states import asked_to_move, notices_of
from skyparley.domain.messages.codes import NO_LEAST_SIZE_KINDS, ProposalKind
from skyparley.domain.messages.slots import SfcSlot, UnlSlot, VolumeSlot
from skyparley.domain.records import Conflict, Notice
from skyparley.domain.terms import kind_of, term_reasons, terms
from skyparley.domain.view import View
from skyparley.domain.volumes import level_of, level_slot
from skyparley.geometry.levels import Level, Ref, clearance_ft, format_level, signed_vertical_gap_ft
from skyparley.geometry.volumes import Separation
from skyparley.geometry.windows import signed_time_gap_ms

STEP_FT: Final = 500
"""Levels are proposed in steps that crews fly."""
HIGHEST_FT: Final = 200_000
"""The wire carries nothing higher."""
ROUNDS: Final = 64
"""How often one volume is carried on past the next obstacle before that way is given up."""
BEYOND_MS: Final = DAY
"""How much further than the other notice asks a shift is carried on past third ones."""
_UNLIMITED_FT: Final = 60_000
"""What UNL counts as where feet lost are counted."""


class Suggestion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One way to settle, by changing one notice.  `cost`: see `cost_of`.  `moves`: the name of the party that moves.

    `asked` is False where RES-09 asks the other side to move: shown after everything that the asked side can do.
    """

    kind: ProposalKind
    moves: str
    changes: tuple[TermChange, ...]
    text: str
    cost: int
    asked: bool = True


class Suggestions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The best first; or `none`: why there is none."""

    proposals: tuple[Suggestion, ...] = ()
    none: str = ""


Volumes = tuple[VolumeSlot, ...]


class Span(NamedTuple):
    """Levels and window of a volume: what a time or level change looks at."""

    lower: Level
    upper: Level
    start: int
    end: int


class Rules(NamedTuple):
    """What a changed span must keep to."""

    separation: Separation
    least_band_ft: int
    now: int


Change = Callable[[Span, Sequence[Span], Rules], Span | None]
"""A span, the spans near it that it conflicts with, the rules: the least change clear of those, or None."""


def suggest(view: View, conflict: Conflict, now: int) -> Suggestions:
    """Ranked proposals for a live conflict, at most PROPOSALS_SHOWN; never one that moves an active notice.

    Deterministic.  Time grows with the volumes that lie near the two notices by their area.
    """
    if not conflict.live:
        return Suggestions(none="there is no conflict between these notices now")
    own, other = notices_of(view, conflict)
    movable = [notice for notice in (own, other) if not notice.active(now)]
    if not movable:
        return Suggestions(none="both notices are active; an active notice is not asked to move. Speak at once")
    asked = asked_to_move(view, conflict, now)
    found: list[Suggestion] = []
    for notice in movable:
        for volumes in _ways(view, conflict, notice, now):
            found.append(_suggestion(view, conflict, notice, volumes, asked=notice.party in asked))
    found.sort(key=lambda made: (not made.asked, made.cost, made.moves, made.text))
    shown = _passing(view, conflict, found, now)
    if not shown:
        why = "no change of time or level of one notice alone keeps the table and the other notices clear"
        return Suggestions(none=why)
    return Suggestions(proposals=shown)


def _passing(view: View, conflict: Conflict, ranked: Sequence[Suggestion], now: int) -> tuple[Suggestion, ...]:
    """The first ones that pass what every terms must pass, whoever wrote them."""
    shown: list[Suggestion] = []
    for made in ranked:
        change = made.changes[0]
        party = view.own if change.party == view.own else conflict.other_party
        if not term_reasons(view, conflict, terms(view, conflict, {party: change.volumes}), now):
            shown.append(made)
        if len(shown) == limits.PROPOSALS_SHOWN:
            break
    return tuple(shown)


def _suggestion(view: View, conflict: Conflict, notice: Notice, volumes: Volumes, *, asked: bool) -> Suggestion:
    return Suggestion(
        kind=kind_of(view, terms(view, conflict, {notice.party: volumes})),
        moves=view.name if notice.party == view.own else view.lines[notice.party].name,
        changes=(TermChange(notice.party, notice.id, volumes),),
        text=described(notice, volumes),
        cost=cost_of(notice.current.volumes, volumes),
        asked=asked,
    )


# --- the ways of one notice ------------------------------------------------------------------------------------


def _ways(view: View, conflict: Conflict, notice: Notice, now: int) -> Iterator[Volumes]:
    """Every least change of one notice, each once."""
    rules = Rules(
        view.table.separation, 0 if notice.current.kind in NO_LEAST_SIZE_KINDS else view.table.least_band_ft, now
    )
    before = notice.current.volumes
    spans = [_span(slot) for slot in before]
    seen = {before}
    near = _near(view, conflict, notice, [replace(slot, lower=SfcSlot(), upper=UnlSlot()) for slot in before])
    for changes in EACH:
        changed = [_clear(span, near[place], changes, rules) for place, span in enumerate(spans)]
        made = tuple(_written(slot, span) for slot, span in zip(before, changed, strict=True) if span is not None)
        if len(made) == len(before) and made not in seen:
            seen.add(made)
            yield made
    for delta in _shifts(view, conflict, notice, rules):
        yield tuple(replace(slot, start=slot.start + delta, end=slot.end + delta) for slot in before)


def _near(view: View, conflict: Conflict, notice: Notice, asked: Sequence[VolumeSlot]) -> list[list[Span]]:
    """By volume of a notice: what is too close by its area to `asked`, and must not be met.

    Third notices that it conflicts with anyhow are left out: that is another dialogue.
    """
    own, other = notices_of(view, conflict)
    against = other if notice.party == own.party else own
    side = (against.party, against.id)
    known = set(by_notice(view.hits(notice.party, notice.current.volumes))) - {side}
    near: list[list[Span]] = [[] for _ in asked]
    for hit in view.hits(notice.party, asked):
        if hit.notice not in known:
            near[hit.given].append(_span(view.notices[hit.notice].current.volumes[hit.other]))
    if conflict.adopted:  # By our geometry they are just apart; the other side says that they are not.
        mine, theirs = conflict.volumes if notice.party == own.party else conflict.volumes[::-1]
        near[mine].append(_span(against.current.volumes[theirs]))
    return near


def _clear(span: Span, near: Sequence[Span], changes: Sequence[Change], rules: Rules) -> Span | None:
    """The cheapest of some changes, each carried on until nothing near is met; the span itself where nothing is."""
    if not _met(span, near, rules.separation):
        return span
    ways = [way for way in (_carried_on(span, near, change, rules) for change in changes) if way is not None]
    return min(ways, key=lambda way: _span_cost(span, way).total, default=None)


def _carried_on(span: Span, near: Sequence[Span], change: Change, rules: Rules) -> Span | None:
    now: Span | None = span
    for _ in range(ROUNDS):
        assert now is not None, "a way that failed was left"
        met = _met(now, near, rules.separation)
        if not met:
            return now
        now = change(now, met, rules)
        if now is None:
            return None
    return None


def _shifts(view: View, conflict: Conflict, notice: Notice, rules: Rules) -> Iterator[int]:
    """The least shift of the whole notice earlier and later, in ms: a route keeps its order."""
    before, time_ms = notice.current.volumes, rules.separation.time_ms
    own, other = notices_of(view, conflict)
    against = (other if notice.party == own.party else own).current
    latest = against.end + time_ms - notice.current.start + BEYOND_MS
    earliest = min(notice.current.end + time_ms - against.start + BEYOND_MS, notice.current.start - rules.now - 1)
    wide = [replace(slot, start=slot.start - max(0, earliest), end=slot.end + latest) for slot in before]
    blocked: list[tuple[int, int]] = []
    for slot, near in zip(before, _near(view, conflict, notice, wide), strict=True):
        span = _span(slot)
        blocked += [
            (obstacle.start - time_ms - span.end, obstacle.end + time_ms - span.start)
            for obstacle in near
            if _vertical_ft(span, obstacle, rules.separation) < rules.separation.vertical_ft
        ]
    back = least_shift([(-after, -until) for until, after in blocked])
    if 0 < back <= earliest:
        yield -back
    on = least_shift(blocked)
    if 0 < on <= latest:
        yield on


def least_shift(blocked: Sequence[tuple[int, int]]) -> int:
    """The least shift in whole minutes, from 0, that lies in none of these open intervals (ms)."""
    shift = 0
    for begins, ends in sorted(blocked):
        if begins < shift < ends:
            shift = -(-ends // MINUTE) * MINUTE
    return shift


# --- changes of one volume -------------------------------------------------------------------------------------


def _start_later(span: Span, met: Sequence[Span], rules: Rules) -> Span | None:
    start = -(-(max(other.end for other in met) + rules.separation.time_ms) // MINUTE) * MINUTE
    return span._replace(start=start) if start < span.end else None


def _end_earlier(span: Span, met: Sequence[Span], rules: Rules) -> Span | None:
    end = (min(other.start for other in met) - rules.separation.time_ms) // MINUTE * MINUTE
    return span._replace(end=end) if end > max(span.start, rules.now) else None


def _capped(span: Span, met: Sequence[Span], rules: Rules) -> Span | None:
    """The top lower."""
    top = _top_below(span.upper, met, rules.separation)
    return None if top is None else _band(span, span.lower, top, rules)


def _raised(span: Span, met: Sequence[Span], rules: Rules) -> Span | None:
    """The bottom higher."""
    bottom = _bottom_above(span.lower, met, rules.separation)
    return None if bottom is None else _band(span, bottom, span.upper, rules)


def _below(span: Span, met: Sequence[Span], rules: Rules) -> Span | None:
    """The whole band lower, its thickness kept."""
    top = _top_below(span.upper, met, rules.separation)
    if top is None or span.lower.ref is not span.upper.ref:
        return None
    return _band(span, Level(top.ref, span.lower.ft - (span.upper.ft - top.ft)), top, rules)


def _above(span: Span, met: Sequence[Span], rules: Rules) -> Span | None:
    """The whole band higher, its thickness kept."""
    bottom = _bottom_above(span.lower, met, rules.separation)
    if bottom is None or span.lower.ref is not span.upper.ref:
        return None
    return _band(span, bottom, Level(bottom.ref, span.upper.ft + (bottom.ft - span.lower.ft)), rules)


def _top_below(upper: Level, met: Sequence[Span], separation: Separation) -> Level | None:
    """The highest top, in steps, that the table lets stand below the bottoms of all that is met."""
    bottoms = [other.lower for other in met]
    if any(level.ref is Ref.SFC for level in bottoms):
        return None
    if upper.ref is Ref.UNL:
        upper = bottoms[0]
    lacking = max(separation.vertical_ft - clearance_ft(level, upper, separation.level_rules) for level in bottoms)
    return Level(upper.ref, (upper.ft - lacking) // STEP_FT * STEP_FT)


def _bottom_above(lower: Level, met: Sequence[Span], separation: Separation) -> Level | None:
    """The lowest bottom, in steps, that the table lets stand above the tops of all that is met."""
    tops = [other.upper for other in met]
    if any(level.ref is Ref.UNL for level in tops):
        return None
    if lower.ref is Ref.SFC:
        lower = Level(Ref.AGL, 0) if tops[0].ref is Ref.SFC else tops[0]
    lacking = max(separation.vertical_ft - clearance_ft(lower, level, separation.level_rules) for level in tops)
    return Level(lower.ref, -(-(lower.ft + lacking) // STEP_FT) * STEP_FT)


def _band(span: Span, lower: Level, upper: Level, rules: Rules) -> Span | None:
    """The span with another band; None where it would be underground, too high, upside down or thinner than allowed."""
    if min(lower.ft, upper.ft) < 0 or max(lower.ft, upper.ft) > HIGHEST_FT:
        return None
    thickness_ft = _feet(upper) - _feet(lower)
    if upper.ref is not Ref.UNL and thickness_ft < max(rules.least_band_ft, 1):
        return None
    return span._replace(lower=lower, upper=upper)


EACH: Final[tuple[tuple[Change, ...], ...]] = (
    (_capped,),
    (_raised,),
    (_below,),
    (_above,),
    (_capped, _raised, _below, _above),
    (_start_later,),
    (_end_earlier,),
    (_start_later, _end_earlier),
)
"""One sort of change for every volume that conflicts; and the best of a kind for each, where they differ."""


# --- leaves ----------------------------------------------------------------------------------------------------


def _span(slot: VolumeSlot) -> Span:
    return Span(level_of(slot.lower), level_of(slot.upper), slot.start, slot.end)


def _written(slot: VolumeSlot, span: Span | None) -> VolumeSlot:
    assert span is not None, "asked only for changes that are possible"
    return replace(slot, lower=level_slot(span.lower), upper=level_slot(span.upper), start=span.start, end=span.end)


def _met(span: Span, near: Sequence[Span], separation: Separation) -> list[Span]:
    """Of what is too close by its area: what is too close in time and height as well."""
    return [
        other
        for other in near
        if signed_time_gap_ms(span.start, span.end, other.start, other.end) < separation.time_ms
        and _vertical_ft(span, other, separation) < separation.vertical_ft
    ]


def _vertical_ft(span: Span, other: Span, separation: Separation) -> int:
    return signed_vertical_gap_ft(span.lower, span.upper, other.lower, other.upper, separation.level_rules)


def _feet(level: Level) -> int:
    return _UNLIMITED_FT if level.ref is Ref.UNL else level.ft


class SpanCost(NamedTuple):
    """What a change takes from one volume: minutes and hundreds of feet, moved and lost."""

    minutes_moved: int
    minutes_lost: int
    hundreds_moved: int
    hundreds_lost: int

    @property
    def total(self) -> int:
        return self.minutes_moved + 2 * self.minutes_lost + self.hundreds_moved + 2 * self.hundreds_lost


def _span_cost(old: Span, new: Span) -> SpanCost:
    lost_ms = (old.end - old.start) - (new.end - new.start)
    up_ft, down_ft = _feet(new.lower) - _feet(old.lower), _feet(old.upper) - _feet(new.upper)
    lost_ft = up_ft + down_ft
    return SpanCost(
        minutes_moved=0 if lost_ms else abs(new.start - old.start) // MINUTE,
        minutes_lost=-(-lost_ms // MINUTE),
        hundreds_moved=0 if lost_ft else abs(up_ft) // 100,
        hundreds_lost=-(-lost_ft // 100),
    )


def cost_of(before: Volumes, after: Volumes) -> int:
    """How much a change disturbs: minutes and hundreds of feet moved, and twice those lost.

    What moves counts once for a notice, by the volume that moves furthest; what is lost counts for each volume.
    """
    costs = [_span_cost(_span(old), _span(new)) for old, new in zip(before, after, strict=True)]
    moved = max(cost.minutes_moved for cost in costs) + max(cost.hundreds_moved for cost in costs)
    return moved + 2 * sum(cost.minutes_lost + cost.hundreds_lost for cost in costs)


# --- words -----------------------------------------------------------------------------------------------------


def described(notice: Notice, volumes: Volumes) -> str:
    """The change in plain words: what it is instead of what it was."""
    before = notice.current.volumes
    shifts = {(new.start - old.start, new.end - old.end) for old, new in zip(before, volumes, strict=True)}
    if len(shifts) == 1 and (0, 0) not in shifts:
        shift, same = shifts.pop()
        if shift == same:
            old_start, new_start = notice.current.start, min(slot.start for slot in volumes)
            word = "later" if shift > 0 else "earlier"
            return f"{notice.id}: {_length(abs(shift))} {word}, from {_clock(new_start, old_start)}"
    parts = []
    for place, (old, new) in enumerate(zip(before, volumes, strict=True)):
        if old != new:
            where = f" part {place + 1}" if len(volumes) > 1 else ""
            parts.append(f"{notice.id}{where}: {_said(new, old)} instead of {_said(old, new)}")
    return "; ".join(parts)


def _said(slot: VolumeSlot, compared: VolumeSlot) -> str:
    if (slot.lower, slot.upper) != (compared.lower, compared.upper):
        return f"{format_level(level_of(slot.lower))}-{format_level(level_of(slot.upper))}"
    return f"{_clock(slot.start, compared.start)}-{_clock(slot.end, slot.start)}"


def _length(ms: int) -> str:
    hours, minutes = divmod(ms // MINUTE, 60)
    return f"{hours} h {minutes:02d} min" if hours >= 3 else f"{ms // MINUTE} min"


def _clock(ms: int, near_ms: int) -> str:
    """The time of day, with seconds where there are any, and with the date where it is not that of `near_ms`."""
    date, _, time = format_utc(ms).partition("T")
    said = time[:5] + "Z" if time.endswith(":00Z") else time
    return said if date == format_utc(near_ms)[:10] else f"{date} {said}"
