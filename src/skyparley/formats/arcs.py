"""Arcs of published areas become chords that never take area away: outside the arc where the area lies within it.

A ring is read as points and arcs.  Where an arc bulges out of the area (the centre is on the area's side), its chords
are tangents, outside the circle; where it is cut into the area, they are secants, inside the circle.  Either way the
area grows, by at most OUTSIDE_M.  Distances and bearings are those of WGS-84 geodesics.  Source: DESIGN, Geometry.
"""

import math
from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

from geographiclib.geodesic import Geodesic

from skyparley.geometry.rings import EARTH_RADIUS_M, Vector, plain_point, vector
from skyparley.geometry.shapes import Point

OUTSIDE_M: Final = 10.0
"""How far chords may lie beyond a true arc: DESIGN's bound."""

_SAGITTA_M: Final = 8.0  # of one chord; the rest of OUTSIDE_M is for rounding and for radii that differ
_DRIFT_M: Final = 1.5  # by which the radius may change along one chord
_MOST_CHORDS: Final = 1_440  # of one arc
_ROUNDING: Final = 1e-6  # of the radius: between the sphere of the tangents and the ellipsoid
_ROUGH_DEG: Final = 10.0  # between the points by which the direction of a ring is told
_FULL: Final = 360.0


class Curve(NamedTuple):
    """From `start` to `end` around `centre`, whose distance goes linearly from one radius to the other.

    `sweep_deg` is above 0 clockwise and below 0 anticlockwise, as seen from above; `bearing_deg` is that of the start.
    """

    centre: Point
    start: Point
    end: Point
    bearing_deg: float
    sweep_deg: float
    start_m: float
    end_m: float


Piece: TypeAlias = Point | Curve


def arc_between(centre: Point, start: Point, end: Point, *, clockwise: bool) -> Curve:
    """The arc of a DB line.  Equal ends are a full circle: an arc of nothing would not be written."""
    first, last = Geodesic.WGS84.Inverse(*centre, *start), Geodesic.WGS84.Inverse(*centre, *end)
    sweep_deg = _sweep(first["azi1"], last["azi1"], clockwise=clockwise)
    return Curve(centre, start, end, first["azi1"], sweep_deg, first["s12"], last["s12"])


def arc_of_bearings(centre: Point, radius_m: float, from_deg: float, to_deg: float, *, clockwise: bool) -> Curve:
    """The arc of a DA line."""
    sweep_deg = _sweep(from_deg, to_deg, clockwise=clockwise)
    start, end = at(centre, from_deg, radius_m), at(centre, to_deg, radius_m)
    return Curve(centre, start, end, from_deg, sweep_deg, radius_m, radius_m)


def at(centre: Point, bearing_deg: float, distance_m: float) -> Point:
    """The point in a direction and distance along the geodesic."""
    found = Geodesic.WGS84.Direct(*centre, bearing_deg, distance_m, Geodesic.LATITUDE | Geodesic.LONGITUDE)
    return plain_point((found["lat2"], found["lon2"]))


def ring_of(pieces: Iterable[Piece]) -> tuple[Point, ...]:
    """The vertices of a ring of points and arcs."""
    pieces = tuple(pieces)
    if not any(isinstance(piece, Curve) for piece in pieces):
        return tuple(piece for piece in pieces if not isinstance(piece, Curve))
    clockwise = is_clockwise([corner for piece in pieces for corner in _roughly(piece)])
    return tuple(point for piece in pieces for point in _chords(piece, outside=_bulges(piece, clockwise)))


def is_clockwise(corners: list[Vector]) -> bool:
    """Whether a ring is walked clockwise, seen from above; in the plane that touches the Earth in its middle."""
    _, east, north = axes(corners)
    flat = [(dot(corner, east), dot(corner, north)) for corner in corners]
    twice = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(flat, [*flat[1:], *flat[:1]], strict=True))
    return twice < 0


def _roughly(piece: Piece) -> list[Vector]:
    """A point, or an arc's ends and what lies between on a sphere: enough to tell which way a ring is walked."""
    if not isinstance(piece, Curve):
        return [vector(piece)]
    up, east, north = axes([vector(piece.centre)])
    count = math.ceil(abs(piece.sweep_deg) / _ROUGH_DEG)
    between = []
    for place in range(1, count):
        turn = math.radians(piece.bearing_deg + piece.sweep_deg * place / count)
        far = _radius(piece, place / count) / EARTH_RADIUS_M
        out = [math.sin(turn) * a + math.cos(turn) * b for a, b in zip(east, north, strict=True)]
        between.append(_unit(math.cos(far) * a + math.sin(far) * b for a, b in zip(up, out, strict=True)))
    return [vector(piece.start), *between, vector(piece.end)]


def _bulges(piece: Piece, clockwise: bool) -> bool:
    return isinstance(piece, Curve) and (piece.sweep_deg > 0) == clockwise


def _chords(piece: Piece, *, outside: bool) -> list[Point]:
    if not isinstance(piece, Curve):
        return [piece]
    count = _count(piece)
    step_deg = piece.sweep_deg / count
    if not outside:
        inner = [_on(piece, place * step_deg, _radius(piece, place / count)) for place in range(1, count)]
        return [piece.start, *inner, piece.end]
    half_rad = math.radians(abs(step_deg)) / 2
    tangents = []
    for place in range(count):
        widest_m = max(_radius(piece, place / count), _radius(piece, (place + 1) / count)) * (1 + _ROUNDING)
        # On the sphere tangents meet a little farther out than in the plane.
        corner_m = EARTH_RADIUS_M * math.atan(math.tan(widest_m / EARTH_RADIUS_M) / math.cos(half_rad))
        tangents.append(_on(piece, (place + 0.5) * step_deg, corner_m))
    return [piece.start, *tangents, piece.end]


def _count(arc: Curve) -> int:
    largest_m = max(arc.start_m, arc.end_m, 1.0)
    widest_rad = 2 * math.acos(largest_m / (largest_m + _SAGITTA_M))
    by_sagitta = math.ceil(math.radians(abs(arc.sweep_deg)) / min(widest_rad, math.pi / 4))
    by_drift = math.ceil(abs(arc.end_m - arc.start_m) / _DRIFT_M)
    return min(max(1, by_sagitta, by_drift), _MOST_CHORDS)


def _radius(arc: Curve, share: float) -> float:
    return arc.start_m + (arc.end_m - arc.start_m) * share


def _on(arc: Curve, turned_deg: float, distance_m: float) -> Point:
    return at(arc.centre, arc.bearing_deg + turned_deg, distance_m)


def _sweep(from_deg: float, to_deg: float, *, clockwise: bool) -> float:
    turn = (to_deg - from_deg) % _FULL if clockwise else -((from_deg - to_deg) % _FULL)
    return turn or (_FULL if clockwise else -_FULL)


def axes(corners: list[Vector]) -> tuple[Vector, Vector, Vector]:
    """Up, east and north in the middle of some points of the Earth, as unit vectors."""
    up = _unit([sum(axis) for axis in zip(*corners, strict=True)]) if corners else (0.0, 0.0, 1.0)
    east = _unit((-up[1], up[0], 0.0)) if abs(up[2]) < 0.999999 else (1.0, 0.0, 0.0)
    north = (up[1] * east[2] - up[2] * east[1], up[2] * east[0] - up[0] * east[2], up[0] * east[1] - up[1] * east[0])
    return up, _unit(east), _unit(north)


def dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _unit(v: Iterable[float]) -> Vector:
    x, y, z = v
    length = math.hypot(x, y, z) or 1.0
    return (x / length, y / length, z / length)
