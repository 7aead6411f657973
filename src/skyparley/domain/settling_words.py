"""A settlement in plain words: what is proposed instead of what was."""

import math
from collections.abc import Sequence
from typing import Final

from skyparley.base.times import MINUTE, format_utc
from skyparley.base.units import METRES_PER_NM, m_to_nm
from skyparley.geometry.areas import area_m2
from skyparley.geometry.levels import format_level
from skyparley.geometry.outline import outline
from skyparley.geometry.rings import EARTH_RADIUS_M, angle, vector
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Point, Polygon, Shape
from skyparley.geometry.sphere import core
from skyparley.geometry.turning import bearing_deg, cross, dot, place_of
from skyparley.geometry.volumes import Volume

BEARINGS: Final = {
    "north": 0.0,
    "northeast": 45.0,
    "east": 90.0,
    "southeast": 135.0,
    "south": 180.0,
    "southwest": 225.0,
    "west": 270.0,
    "northwest": 315.0,
}
"""The bearings that have a word, degrees."""


def described(name: str, before: Sequence[Volume], after: Sequence[Volume]) -> str:
    """The change of one notice in one line, part by part where it has several volumes."""
    shifts = {(new.start_ms - old.start_ms, new.end_ms - old.end_ms) for old, new in zip(before, after, strict=True)}
    if len(shifts) == 1 and (0, 0) not in shifts:
        shift, same = shifts.pop()
        if shift == same:
            old_start, new_start = min(one.start_ms for one in before), min(one.start_ms for one in after)
            return f"{name}: {_length(abs(shift))} {'later' if shift > 0 else 'earlier'}, from {_clock(new_start, old_start)}"
    parts = []
    for place, (old, new) in enumerate(zip(before, after, strict=True), 1):
        if old != new:
            where = f" part {place}" if len(after) > 1 else ""
            parts.append(f"{name}{where}: {_changed(old, new)}")
    return "; ".join(parts)


def line_words(
    ends: Sequence[tuple[Point, Point]], sides: Sequence[tuple[str, Sequence[Volume], Sequence[Volume]]]
) -> str:
    """What two do who each keep to a side: the line, or their areas where several lines are needed; and what becomes
    narrower, which no line tells.  `sides`: names, volumes before and after.
    """
    if len(ends) > 1:
        return "; ".join(described(*side) for side in sides)
    narrowed = [
        described(name, before, after)
        for name, before, after in sides
        if any(
            new.shape != old.shape and not isinstance(new.shape, Polygon)
            for old, new in zip(before, after, strict=True)
        )
    ]
    return "; ".join([f"each keeps to its side of a line {_line(ends[0])}", *narrowed])


def _changed(old: Volume, new: Volume) -> str:
    said = []
    if old.shape != new.shape:
        said.append(_area(old.shape, new.shape))
    if (old.lower, old.upper) != (new.lower, new.upper):
        said.append(f"{_levels(new)} instead of {_levels(old)}")
    if (old.start_ms, old.end_ms) != (new.start_ms, new.end_ms):
        said.append(f"{_window(new, old.start_ms)} instead of {_window(old, new.start_ms)}")
    return ", ".join(said)


# --- areas -----------------------------------------------------------------------------------------------------


def _area(old: Shape, new: Shape) -> str:
    match old, new:
        case (Circle(), Circle()):
            return f"radius {_instead(new.radius_m, old.radius_m)}"
        case (Orbit(), Orbit()):
            return f"radius {_instead(new.radius_m, old.radius_m)}"
        case (Corridor(), Corridor()):
            return f"half-width {_instead(new.half_width_m, old.half_width_m)}"
        case (Line(), Line()):
            return f"buffer {_instead(new.buffer_m, old.buffer_m)}"
        case (Arc(), Arc()):
            return _arc(old, new)
        case (Polygon(), Polygon()):
            return _piece(old, new)
    return "another area"


def _arc(old: Arc, new: Arc) -> str:
    said = []
    if old.outer_m != new.outer_m:
        said.append(f"outer radius {_instead(new.outer_m, old.outer_m)}")
    if old.inner_m != new.inner_m:
        said.append(f"inner radius {_instead(new.inner_m, old.inner_m)}")
    if (old.from_deg, old.to_deg) != (new.from_deg, new.to_deg):
        fans = (f"{one.from_deg:03.4g}-{one.to_deg:03.4g} degrees" for one in (new, old))
        said.append(" instead of ".join(fans))
    return ", ".join(said)


def _piece(old: Polygon, new: Polygon) -> str:
    """The side of the cut that is kept; of several cuts only how much they leave."""
    share = f"{100 * area_m2(new) / area_m2(old):.0f} % of its area"
    before = {place_of(vector(point)) for ring in outline(old).rings for point in ring}
    ends = [point for point in new.outer if point not in before]
    if len(ends) != 2:
        return f"only the clear {share}"
    one, two = sorted(ends, key=lambda end: (end[1], end[0]))
    normal = cross(vector(one), vector(two))
    middle = tuple(a + b for a, b in zip(vector(one), vector(two), strict=True))
    length = math.hypot(*middle)
    at = place_of((middle[0] / length, middle[1] / length, middle[2] / length))
    over = dot(normal, core(new).bound.centre)
    side = bearing_deg(at, normal) if over > 0 else (bearing_deg(at, normal) + 180) % 360
    word = min(BEARINGS, key=lambda name: abs((BEARINGS[name] - side + 180) % 360 - 180))
    return f"only the part {word} of a line {_line((one, two))}, {share}"


def _line(ends: tuple[Point, Point]) -> str:
    """Its ends, as finely as a line of that length needs."""
    metres = angle(vector(ends[0]), vector(ends[1])) * EARTH_RADIUS_M
    places = 2 if metres >= 20_000 else 3 if metres >= 2_000 else 4
    return f"from {_position(ends[0], places)} to {_position(ends[1], places)}"


def _position(point: Point, places: int) -> str:
    lat, lon = point
    north, east = f"{abs(lat):0{places + 3}.{places}f}", f"{abs(lon):0{places + 4}.{places}f}"
    return f"{north}{'N' if lat >= 0 else 'S'} {east}{'E' if lon >= 0 else 'W'}"


def _instead(new_m: float, old_m: float) -> str:
    return f"{length_words(new_m)} instead of {length_words(old_m)}"


def length_words(metres: float) -> str:
    """A distance as people say it: miles, or metres under half a mile."""
    if metres < METRES_PER_NM / 2:
        return f"{round(metres)} m"
    return f"{round(m_to_nm(metres), 1):g} NM"


# --- levels and windows ----------------------------------------------------------------------------------------


def _levels(volume: Volume) -> str:
    return f"{format_level(volume.lower)}-{format_level(volume.upper)}"


def _window(volume: Volume, near_ms: int) -> str:
    return f"{_clock(volume.start_ms, near_ms)}-{_clock(volume.end_ms, volume.start_ms)}"


def _length(ms: int) -> str:
    hours, minutes = divmod(ms // MINUTE, 60)
    return f"{hours} h {minutes:02d} min" if hours >= 3 else f"{ms // MINUTE} min"


def _clock(ms: int, near_ms: int) -> str:
    """The time of day, with seconds where there are any, and with the date where it is not that of `near_ms`."""
    date, _, time = format_utc(ms).partition("T")
    said = time[:5] + "Z" if time.endswith(":00Z") else time
    return said if date == format_utc(near_ms)[:10] else f"{date} {said}"
