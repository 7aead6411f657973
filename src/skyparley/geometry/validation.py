"""Whether a shape can be used, with every reason why not.

Our own, because the libraries take latitude 91 for another point, flip rings and accept zero areas without a word.
How a ring is read: as the side that is smaller than a hemisphere, in either direction.  So no ring means more than
half the Earth, and one that parts the Earth in two halves means neither and is refused (TOO_LARGE).
"""

import math
from itertools import combinations
from typing import Any, Final, get_args

from skyparley.base.limits import (
    ARC_LEAST_DEG,
    ARC_LEAST_INNER_M,
    ARC_OUTER_M,
    HOLES_PER_POLYGON,
    VERTICES_AFTER_SPLIT,
    VERTICES_PER_SHAPE,
)
from skyparley.geometry.outline import middle_leg
from skyparley.geometry.problem import Problem, Unusable
from skyparley.geometry.rings import (
    ANTIPODAL_DEGREES,
    EARTH_RADIUS_M,
    count_after_split,
    distinct,
    edge_rad,
    edges,
)
from skyparley.geometry.sectors import sector_vertices, sweep_deg
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Point, Polygon, Shape, Side
from skyparley.geometry.sphere import Core, core, core_area_m2, core_distance_m

__all__ = ["Problem", "problems"]

LEAST_AREA_M2: Final = 1.0  # under it a ring is a line or a point, and its inside cannot be told from rounding
_HALF_EARTH_M2: Final = 2 * math.pi * EARTH_RADIUS_M**2
_QUARTER_TURN_M: Final = math.pi / 2 * EARTH_RADIUS_M


def vertices_needed(shape: Shape) -> int:
    """How many vertices a shape costs once its long edges are split; 1 for a circle.  Of what has problems a number, no more."""
    match shape:
        case Circle():
            return 1
        case Corridor():
            return count_after_split(list(shape.line), closed=False)
        case Line():
            return count_after_split(list(shape.line), closed=False)
        case Orbit():
            return count_after_split([shape.start, shape.end], closed=False)
        case Arc():
            sound = 0 <= shape.inner_m < shape.outer_m <= ARC_OUTER_M
            return sector_vertices(shape) if sound else 1  # what is not sound is refused before anything is built
        case Polygon():
            return sum(count_after_split(list(ring), closed=True) for ring in (shape.outer, *shape.holes))


def problems(shape: Shape) -> tuple[Problem, ...]:
    """All that is wrong with a shape; empty when it can be used.

    Codes: NOT_FINITE, LATITUDE_RANGE, LONGITUDE_RANGE, TOO_FEW_VERTICES, TOO_MANY_VERTICES, TOO_MANY_HOLES,
    EDGE_ANTIPODAL, ZERO_AREA, SELF_CROSSING, TOO_LARGE, HOLE_OUTSIDE, HOLES_TOUCH, RADIUS_NOT_POSITIVE; of orbits
    NOT_A_SIDE; of arcs RADII_ORDER, INNER_TOO_SMALL, BEARING_RANGE, BEARING_AT_POLE, ARC_TOO_NARROW, ARC_IS_CIRCLE.
    What hangs on sound vertices is looked at only when they are sound.
    """
    match shape:
        case Circle():
            return (
                *_point_problems(((shape.lat, shape.lon),), "the centre"),
                *_width_problems(shape.radius_m, "radius"),
            )
        case Corridor():
            return (*_width_problems(shape.half_width_m, "half-width"), *_line_problems(shape.line))
        case Line():
            return (*_width_problems(shape.buffer_m, "buffer"), *_line_problems(shape.line))
        case Orbit():
            return tuple(_orbit_problems(shape))
        case Arc():
            return tuple(_arc_problems(shape))
        case Polygon():
            return _polygon_problems(shape)


def _width_problems(width_m: float, name: str) -> list[Problem]:
    if not _is_number(width_m):
        return [Problem("NOT_FINITE", f"the {name} is not a finite number of metres")]
    if width_m <= 0:
        return [Problem("RADIUS_NOT_POSITIVE", f"the {name} must be more than 0 m, not {width_m}")]
    if width_m >= _QUARTER_TURN_M:
        return [Problem("TOO_LARGE", f"the {name} of {width_m:.0f} m makes more than half the Earth")]
    return []


def _point_problems(points: tuple[Point, ...], name: str) -> list[Problem]:
    """What is wrong with single vertices; each kind is reported once, at its first place."""
    found: dict[str, Problem] = {}
    for place, point in enumerate(points, 1):
        where = name if len(points) == 1 else f"{name}, vertex {place}"
        if len(point) != 2 or not all(map(_is_number, point)):
            found.setdefault("NOT_FINITE", Problem("NOT_FINITE", f"{where}: not a pair of finite numbers (lat, lon)"))
        axes = (("LATITUDE_RANGE", "latitude", 90), ("LONGITUDE_RANGE", "longitude", 180))
        for (code, axis, most), value in zip(axes, point, strict=False):
            if _is_number(value) and abs(value) > most:
                found.setdefault(code, Problem(code, f"{where}: {axis} {value} is outside -{most} to {most}"))
    return list(found.values())


def _line_problems(line: tuple[Point, ...]) -> list[Problem]:
    found = [*_count_problems(len(line)), *_point_problems(line, "the line")]
    if found:
        return found
    points = distinct(line, closed=False)
    if len(points) < 2:
        return [Problem("TOO_FEW_VERTICES", "the line has no length; for an area around one point use a circle")]
    if count_after_split(points, closed=False) > VERTICES_AFTER_SPLIT:
        return [_too_many_after_split("the line")]
    return _edge_problems(points, "the line", closed=False)


def _orbit_problems(shape: Orbit) -> list[Problem]:
    """What is wrong with a leg and its radius; and with the leg moved sideways, once both are sound."""
    found = [*_width_problems(shape.radius_m, "radius"), *_line_problems((shape.start, shape.end))]
    if shape.side not in get_args(Side):
        found.append(Problem("NOT_A_SIDE", f"the side is {shape.side!r}; CENTRE, LEFT or RIGHT is right"))
    if found or shape.side == "CENTRE":
        return found
    moved = distinct(middle_leg(shape), closed=False)
    if len(moved) < 2:
        text = f"beside this leg a radius of {shape.radius_m:.0f} m leaves no straight part; use a smaller one"
        return [Problem("TOO_LARGE", text)]
    return _edge_problems(moved, "the leg moved sideways", closed=False)


def _arc_problems(shape: Arc) -> list[Problem]:
    """What is wrong with centre, radii and bearings, each for itself; then what they make together."""
    found = [
        *_point_problems(((shape.lat, shape.lon),), "the centre"),
        *_width_problems(shape.outer_m, "outer radius"),
        *_inner_problems(shape),
    ]
    for name, bearing in (("first bearing", shape.from_deg), ("last bearing", shape.to_deg)):
        if not _is_number(bearing):
            found.append(Problem("NOT_FINITE", f"the {name} is not a finite number of degrees"))
        elif not 0 <= bearing <= 360:
            text = f"the {name} is {bearing}; 0 to 360 degrees, clockwise from true north, is right"
            found.append(Problem("BEARING_RANGE", text))
    return found or _sweep_problems(shape)


def _inner_problems(shape: Arc) -> list[Problem]:
    inner_m, outer_m = shape.inner_m, shape.outer_m
    if not _is_number(inner_m):
        return [Problem("NOT_FINITE", "the inner radius is not a finite number of metres; 0 for none")]
    if inner_m != 0 and inner_m < ARC_LEAST_INNER_M:
        text = f"the inner radius is {inner_m} m; 0 for none, or at least {ARC_LEAST_INNER_M} m"
        return [Problem("INNER_TOO_SMALL", text)]
    if _is_number(outer_m) and outer_m > ARC_OUTER_M:
        return [Problem("TOO_LARGE", f"the outer radius is {outer_m:.0f} m; at most {ARC_OUTER_M} m")]
    if _is_number(outer_m) and 0 < outer_m <= inner_m:
        text = f"the inner radius of {inner_m} m must be less than the outer one of {outer_m} m"
        return [Problem("RADII_ORDER", text)]
    return []


def _sweep_problems(shape: Arc) -> list[Problem]:
    sweep = sweep_deg(shape)
    if sweep == 360.0:
        text = "a full turn without an inner radius is a circle; use a circle, or give an inner radius for a ring"
        return [Problem("ARC_IS_CIRCLE", text)] if shape.inner_m == 0 else []
    if abs(shape.lat) == 90:
        text = "at a pole all bearings are one; move the centre off the pole, or give the full turn, 0 to 360"
        return [Problem("BEARING_AT_POLE", text)]
    if not ARC_LEAST_DEG <= round(sweep, 9) <= 360.0 - ARC_LEAST_DEG:
        text = f"the arc covers {sweep:g} degrees; at least {ARC_LEAST_DEG} must be covered and as much left out"
        return [Problem("ARC_TOO_NARROW", text)]
    return []


def _polygon_problems(shape: Polygon) -> tuple[Problem, ...]:
    rings = {"the outer ring": shape.outer} | {f"hole {place}": hole for place, hole in enumerate(shape.holes, 1)}
    found = _count_problems(sum(map(len, rings.values())))
    if len(shape.holes) > HOLES_PER_POLYGON:
        found.append(Problem("TOO_MANY_HOLES", f"{len(shape.holes)} holes; at most {HOLES_PER_POLYGON}"))
    if found:
        return tuple(found)
    for name, ring in rings.items():
        found.extend(_ring_vertex_problems(ring, name))
    if found:
        return tuple(found)
    clean = {name: distinct(ring, closed=True) for name, ring in rings.items()}
    if sum(count_after_split(points, closed=True) for points in clean.values()) > VERTICES_AFTER_SPLIT:
        return (_too_many_after_split("the polygon"),)
    for name, ring in rings.items():
        found.extend(_ring_area_problems(ring, name))
    return tuple(found) if found else tuple(_hole_problems(shape))


def _ring_vertex_problems(ring: tuple[Point, ...], name: str) -> list[Problem]:
    found = _point_problems(ring, name)
    if found:
        return found
    points = distinct(ring, closed=True)
    if len(set(points)) < 3:
        return [Problem("TOO_FEW_VERTICES", f"{name} has {len(set(points))} distinct vertices; an area needs 3")]
    return _edge_problems(points, name, closed=True)


def _ring_area_problems(ring: tuple[Point, ...], name: str) -> list[Problem]:
    try:
        area_m2 = core_area_m2(core(Polygon(ring)))
    except Unusable as flaw:
        # The vertices are sound by now, so the only flaw left is that the ring meets itself.
        return [Problem("SELF_CROSSING", f"{name} crosses or touches itself: {flaw.problems[0].text}")]
    if area_m2 < LEAST_AREA_M2:
        return [Problem("ZERO_AREA", f"{name} encloses less than {LEAST_AREA_M2:g} square metre")]
    if area_m2 > _HALF_EARTH_M2 * (1 - 1e-9):
        return [Problem("TOO_LARGE", f"{name} parts the Earth in two halves, and which is meant cannot be told")]
    return []


def _edge_problems(points: list[Point], name: str, *, closed: bool) -> list[Problem]:
    for place, (start, end) in enumerate(edges(points, closed=closed), 1):
        if math.degrees(edge_rad(start, end)) > ANTIPODAL_DEGREES:
            text = f"{name}, edge {place}: its ends are on opposite sides of the Earth; add a vertex between them"
            return [Problem("EDGE_ANTIPODAL", text)]
    return []


def _too_many_after_split(name: str) -> Problem:
    text = f"{name} needs more than {VERTICES_AFTER_SPLIT} vertices once its long edges are split"
    return Problem("TOO_MANY_VERTICES", text)


def _hole_problems(shape: Polygon) -> list[Problem]:
    """Holes against the outer ring and each other; all rings are sound by now."""
    found = []
    outer, holes = Polygon(shape.outer), [Polygon(hole) for hole in shape.holes]
    for place, hole in enumerate(holes, 1):
        if not _strictly_inside(outer, hole):
            text = f"hole {place} must lie inside the outer ring without touching it"
            found.append(Problem("HOLE_OUTSIDE", text))
    cores = [core(hole) for hole in holes]
    for (first, a), (second, b) in combinations(enumerate(cores, 1), 2):
        if core_distance_m(a, b) == 0.0:
            found.append(Problem("HOLES_TOUCH", f"holes {first} and {second} touch or overlap; draw them as one"))
    return found


def _strictly_inside(outer: Polygon, hole: Polygon) -> bool:
    """Whether the hole is in the outer area and its edge meets the outer edge nowhere."""
    inside = core_distance_m(core(outer), core(Circle(*hole.outer[0], 0.0))) == 0.0
    return inside and core_distance_m(_edge_core(outer), _edge_core(hole)) > 0.0


def _edge_core(polygon: Polygon) -> Core:
    return core(Corridor((*polygon.outer, polygon.outer[0]), 0.0))


def _count_problems(vertices: int) -> list[Problem]:
    if vertices > VERTICES_PER_SHAPE:
        return [Problem("TOO_MANY_VERTICES", f"{vertices} vertices; at most {VERTICES_PER_SHAPE}")]
    return []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
