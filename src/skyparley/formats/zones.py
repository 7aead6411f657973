"""What ED-269 and ED-318 zones have in common: limits with a unit and a reference, periods, and areas.

A zone is published airspace.  What a plan of ours cannot hold of it is taken wider and noted, never dropped: daily
periods as the whole span, a missing limit as the surface or as unlimited.
"""

from typing import Any, Final, NamedTuple

from skyparley.formats.airspace_levels import widened
from skyparley.formats.gathering import BadFeature
from skyparley.formats.geojson_shapes import Widths, drawn
from skyparley.formats.level_words import BadLevel, Words, read_level
from skyparley.formats.records import ALWAYS
from skyparley.formats.repair import mended_polygon
from skyparley.formats.texts import label, shown
from skyparley.formats.time_words import BadTime, read_time
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.problem import Problem
from skyparley.geometry.shapes import Polygon, Shape

DAILY_NOTE: Final = "it is active in daily periods; it is taken as active for the whole span"
_LENGTHS_M: Final = {"M": 1.0, "FT": 0.3048}


class Limits(NamedTuple):
    """The vertical limits of one part of a zone, as written."""

    lower: object
    lower_ref: object
    upper: object
    upper_ref: object
    unit: object


def band(limits: Limits, notes: dict[str, None]) -> tuple[Level, Level]:
    """The levels of a zone: null is the surface below and unlimited above.  Raises BadFeature."""
    lower = _limit(limits.lower, Words(limits.unit, limits.lower_ref), notes, upper=False)
    upper = _limit(limits.upper, Words(limits.unit, limits.upper_ref), notes, upper=True)
    found, note = widened(lower, upper)
    if note:
        notes.setdefault(note)
    return found


def _limit(value: object, words: Words, notes: dict[str, None], *, upper: bool) -> Level:
    name = "upper limit" if upper else "lower limit"
    if value is None or value == "":
        return Level(Ref.UNL if upper else Ref.SFC)
    try:
        read = read_level(value, upper=upper, words=words)
    except BadLevel as error:
        raise BadFeature(Problem(error.code, f"{name}: {error}")) from None
    if read.note:
        notes.setdefault(f"{name}: {read.note}")
    return read.level


def windows(periods: object, daily: tuple[str, ...], notes: dict[str, None]) -> list[tuple[int, int]]:
    """When a zone is active: the span of each period, always for none.

    `daily` are the names under which a period lists its times of day.  A period that cannot be read is taken as always.
    """
    if periods is None or periods == []:
        return [ALWAYS]
    found = [_window(period, daily, notes) for period in (periods if isinstance(periods, list) else [periods])]
    return [ALWAYS] if ALWAYS in found else list(dict.fromkeys(found))


def _window(period: object, daily: tuple[str, ...], notes: dict[str, None]) -> tuple[int, int]:
    if not isinstance(period, dict):
        notes.setdefault(f"the period {shown(period)} cannot be read; the zone is taken as always active")
        return ALWAYS
    if _is_yes(period.get("permanent")):
        return ALWAYS
    if any(_says_a_time(period.get(name)) for name in daily):
        notes.setdefault(DAILY_NOTE)
    window = (
        _end(period, ("startDateTime", "startDatetime"), notes, end=False),
        _end(period, ("endDateTime", "endDatetime"), notes, end=True),
    )
    if window[0] < window[1]:
        return window
    notes.setdefault("a period that ends before it starts; the zone is taken as always active")
    return ALWAYS


def _end(period: dict[str, Any], names: tuple[str, ...], notes: dict[str, None], *, end: bool) -> int:
    value = next((period[name] for name in names if period.get(name) is not None), None)
    if value is None:
        return ALWAYS[end]
    try:
        return read_time(value, end=end)
    except BadTime as error:
        notes.setdefault(f"{error}; the zone is taken as active without it")
        return ALWAYS[end]


def _is_yes(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().upper() == "YES")


def _says_a_time(value: object) -> bool:
    """Whether a list of times of day says anything: files write one of nulls for none."""
    entries = value if isinstance(value, list) else [value]
    return any(isinstance(entry, dict) and any(entry.values()) for entry in entries)


def areas(geometry: dict[str, Any], radius_m: float | None, notes: dict[str, None]) -> list[Shape]:
    """The areas of one simple GeoJSON geometry of a zone, made usable.  Raises BadFeature."""
    found: list[Shape] = []
    for one in drawn(geometry, Widths(radius_m), notes):
        if not isinstance(one.shape, Polygon):
            found.append(one.shape)
            continue
        sound = mended_polygon(one.shape)
        found.extend(sound.shapes)
        if sound.note:
            notes.setdefault(sound.note)
    return found


def metres(value: object, unit: object) -> float:
    """A radius in metres.  Raises BadFeature."""
    factor = _LENGTHS_M.get(unit.strip().upper()) if isinstance(unit, str) else None
    if factor is None:
        raise BadFeature(Problem("LENGTH_UNREADABLE", f"{shown(unit)} is not a unit of length; write M or FT"))
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e8:
        raise BadFeature(Problem("LENGTH_UNREADABLE", f"the radius must be a number more than 0, not {shown(value)}"))
    return float(value) * factor


def name_of(value: object) -> str:
    """The name of a zone: text, or the English or first of texts in several languages."""
    if not isinstance(value, list):
        return label(value.get("text")) if isinstance(value, dict) else label(value)
    texts = [entry for entry in value if isinstance(entry, dict) and label(entry.get("text"))]
    texts.sort(key=lambda entry: not label(entry.get("lang")).lower().startswith("en"))
    return label(texts[0]["text"]) if texts else ""
