"""Changes of one volume's levels or window, each the least that clears what is met, and the shift of a whole notice in time.

The least change is computed from what each pair's separation needs, not searched for.  Source: DOMAIN RES-02.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from skyparley.base.limits import NOTICE_SPAN_MS
from skyparley.base.times import DAY, MINUTE
from skyparley.domain.settling_parts import Mover, Near, Surroundings
from skyparley.geometry.levels import Level, Ref, clearance_ft, signed_vertical_gap_ft
from skyparley.geometry.volumes import Volume

STEP_FT: Final = 500
"""Levels are proposed in steps that crews fly; a band thinner than FINE_BAND_FT in steps of FINE_STEP_FT."""
FINE_STEP_FT: Final = 100
FINE_BAND_FT: Final = 2_000
HIGHEST_FT: Final = 200_000
"""The wire carries nothing higher."""
UNLIMITED_FT: Final = 60_000
"""What UNL counts as where feet are compared."""
BEYOND_MS: Final = DAY
"""How much further than what is met asks a shift is carried on past third ones."""

Change = Callable[[Volume, Sequence[Near], Mover], Volume | None]
"""A volume, what it is to be cleared of, whose it is: the least change clear of all that, or None."""


# --- one volume's window ---------------------------------------------------------------------------------------


def start_later(volume: Volume, met: Sequence[Near], mover: Mover) -> Volume | None:
    start = _minute_after(max(one.volume.end_ms + one.separation.time_ms for one in met))
    return replace(volume, start_ms=start) if start < volume.end_ms else None


def end_earlier(volume: Volume, met: Sequence[Near], mover: Mover) -> Volume | None:
    end = min(one.volume.start_ms - one.separation.time_ms for one in met) // MINUTE * MINUTE
    return replace(volume, end_ms=end) if end > volume.start_ms and end >= mover.not_before else None


def _minute_after(ms: int) -> int:
    return -(-ms // MINUTE) * MINUTE


# --- one volume's levels ---------------------------------------------------------------------------------------


def capped(volume: Volume, met: Sequence[Near], mover: Mover) -> Volume | None:
    """The top lower."""
    top = _top_below(volume, met)
    return None if top is None else _band(volume, volume.lower, top, mover)


def raised(volume: Volume, met: Sequence[Near], mover: Mover) -> Volume | None:
    """The bottom higher."""
    bottom = _bottom_above(volume, met)
    return None if bottom is None else _band(volume, bottom, volume.upper, mover)


def below(volume: Volume, met: Sequence[Near], mover: Mover) -> Volume | None:
    """The whole band lower, its thickness kept."""
    top = _top_below(volume, met)
    if top is None or volume.lower.ref is not volume.upper.ref:
        return None
    return _band(volume, Level(top.ref, volume.lower.ft - (volume.upper.ft - top.ft)), top, mover)


def above(volume: Volume, met: Sequence[Near], mover: Mover) -> Volume | None:
    """The whole band higher, its thickness kept."""
    bottom = _bottom_above(volume, met)
    if bottom is None or volume.lower.ref is not volume.upper.ref:
        return None
    return _band(volume, bottom, Level(bottom.ref, volume.upper.ft + (bottom.ft - volume.lower.ft)), mover)


LEVEL_CHANGES: Final[tuple[Change, ...]] = (capped, raised, below, above)
TIME_CHANGES: Final[tuple[Change, ...]] = (start_later, end_earlier)


def feet(level: Level) -> int:
    """A level's figure where bands are compared by thickness."""
    return UNLIMITED_FT if level.ref is Ref.UNL else level.ft


def thickness_ft(volume: Volume) -> int:
    """By the figures as written: the surface is 0, unlimited is UNLIMITED_FT."""
    return feet(volume.upper) - feet(volume.lower)


def _step_ft(volume: Volume) -> int:
    return STEP_FT if thickness_ft(volume) >= FINE_BAND_FT else FINE_STEP_FT


def _top_below(volume: Volume, met: Sequence[Near]) -> Level | None:
    """The highest top, in steps, that stands clear below the bottoms of all that is met."""
    if any(one.volume.lower.ref is Ref.SFC for one in met):
        return None
    upper, step_ft = volume.upper, _step_ft(volume)
    if upper.ref is Ref.UNL:
        upper = met[0].volume.lower
    lacking = max(
        one.separation.vertical_ft - clearance_ft(one.volume.lower, upper, one.separation.level_rules) for one in met
    )
    return Level(upper.ref, (upper.ft - lacking) // step_ft * step_ft)


def _bottom_above(volume: Volume, met: Sequence[Near]) -> Level | None:
    """The lowest bottom, in steps, that stands clear above the tops of all that is met."""
    if any(one.volume.upper.ref is Ref.UNL for one in met):
        return None
    lower, first, step_ft = volume.lower, met[0].volume.upper, _step_ft(volume)
    if lower.ref is Ref.SFC:
        lower = Level(Ref.AGL, 0) if first.ref is Ref.SFC else first
    lacking = max(
        one.separation.vertical_ft - clearance_ft(lower, one.volume.upper, one.separation.level_rules) for one in met
    )
    return Level(lower.ref, -(-(lower.ft + lacking) // step_ft) * step_ft)


def _band(volume: Volume, lower: Level, upper: Level, mover: Mover) -> Volume | None:
    """The volume with another band; None where it would be underground, too high, upside down or thinner than allowed."""
    if min(lower.ft, upper.ft) < 0 or max(lower.ft, upper.ft) > HIGHEST_FT:
        return None
    changed = replace(volume, lower=lower, upper=upper)
    least_ft = max(1, min(mover.least_band_ft, thickness_ft(volume)))
    if upper.ref is not Ref.UNL and thickness_ft(changed) < least_ft:
        return None
    return changed


# --- a whole notice --------------------------------------------------------------------------------------------


def shifted_in_time(mover: Mover, surroundings: Surroundings, met: Sequence[Near]) -> Iterator[tuple[Volume, ...]]:
    """The whole notice earlier and later, each by the least whole minutes: a route keeps its order.

    `met`: what the notice is too close to as it stands.  No shift is carried further than BEYOND_MS past that.
    """
    start, end = min(one.start_ms for one in mover.volumes), max(one.end_ms for one in mover.volumes)
    latest = max(one.volume.end_ms + one.separation.time_ms for one in met) - start + BEYOND_MS
    earliest = end - min(one.volume.start_ms - one.separation.time_ms for one in met) + BEYOND_MS
    latest, earliest = min(latest, NOTICE_SPAN_MS), min(earliest, NOTICE_SPAN_MS, start - mover.not_before)
    wide = [replace(one, start_ms=one.start_ms - max(0, earliest), end_ms=one.end_ms + latest) for one in mover.volumes]
    blocked: list[tuple[int, int]] = []
    for near in surroundings.near(wide):
        volume, other, separation = mover.volumes[near.given], near.volume, near.separation
        gap_ft = signed_vertical_gap_ft(volume.lower, volume.upper, other.lower, other.upper, separation.level_rules)
        if gap_ft < separation.vertical_ft:
            blocked.append(
                (
                    other.start_ms - separation.time_ms - volume.end_ms,
                    other.end_ms + separation.time_ms - volume.start_ms,
                )
            )
    back = least_shift([(-after, -until) for until, after in blocked])
    if 0 < back <= earliest:
        yield _moved(mover.volumes, -back)
    on = least_shift(blocked)
    if 0 < on <= latest:
        yield _moved(mover.volumes, on)


def least_shift(blocked: Sequence[tuple[int, int]]) -> int:
    """The least shift in whole minutes, from 0, that lies in none of these open intervals (ms)."""
    shift = 0
    for begins, ends in sorted(blocked):
        if begins < shift < ends:
            shift = _minute_after(ends)
    return shift


def _moved(volumes: Sequence[Volume], delta_ms: int) -> tuple[Volume, ...]:
    return tuple(replace(one, start_ms=one.start_ms + delta_ms, end_ms=one.end_ms + delta_ms) for one in volumes)
