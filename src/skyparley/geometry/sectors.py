"""The outline of an arc (an annular sector): a polygon of chords that surely holds the true sector on the ellipsoid.

The true sector is all that lies, by the WGS-84 geodesic from the centre, at `inner_m` to `outer_m` and at a bearing from
`from_deg` clockwise to `to_deg`.  The polygon's edges are great circles.  It leaves out nothing and adds at most 10 m on
any side.  With a = EARTH_RADIUS_M, S the sweep, and every vertex the WGS-84 direct problem from the centre:

- A rim of radius r is cut in n = max(1, ceil(S / step)) equal chords; the step is the lesser of 10 degrees and
  2 sqrt(2 * 9 m / (a sin(r/a) cos(r/a))), at which a chord of the sphere is 9 m inside its rim at mid-chord.
- Outer vertices are moved outward until their chords touch the rim: to outer_m + 1.03 d + 0.2 m with
  d = a atan(tan(outer_m/a) / cos(S/2n)) - outer_m.  The 3 % and 0.2 m are for the ellipsoid.
- Inner chords lie towards the centre by themselves; inner vertices are at inner_m - 0.1 m.
- The sides are moved outward as well, since a great circle leaves the geodesic (by under 0.2 m on 50 km): a vertex at
  distance s is turned outward by 1 m * min(1, s/50 km) / (a sin(s/a)) radians, and a side is cut in equal pieces of at
  most 50 km.  S of a rim is the sweep and these two turns, at the rim's own radius.  The centre is a vertex of a slice.
- A full turn has no sides: two rings that start at `from_deg`, one the hole of the other.
"""

import math
from functools import lru_cache
from typing import Final, NamedTuple

from geographiclib.geodesic import Geodesic

from skyparley.geometry.caps import Cap, bounding_cap
from skyparley.geometry.rings import EARTH_RADIUS_M, plain_point, vector
from skyparley.geometry.shapes import Arc, Point

CHORD_M: Final = 9.0
STEP_RAD: Final = math.radians(10)
_CHORD_SLACK: Final = 1.03
_OUTER_SLACK_M: Final = 0.2
_INNER_SLACK_M: Final = 0.1
_SIDE_M: Final = 1.0
_SIDE_PIECE_M: Final = 50_000.0
_ROUNDING_DEG: Final = 1e-9  # bearings of the wire are whole thousandths: nearer than this they are the same
_KEPT: Final = 512  # outlines; the cores made of them are kept as well, so this serves one shape's several readers
_CAPS: Final = 16  # about how many caps a thin sector gets: as many as a line
_PLACE: Final = Geodesic.LATITUDE | Geodesic.LONGITUDE


class Sector(NamedTuple):
    """The polygon of an arc by its parts, (lat, lon) in degrees.

    `outer` runs clockwise along the outer rim and `inner` clockwise along the inner one (the centre alone for a slice,
    empty for a disc).  `sides` are the vertices between the rims at the first and at the last bearing, both from the
    centre outward; empty for a full turn, whose rims are rings and do not repeat their first vertex.
    """

    outer: tuple[Point, ...]
    inner: tuple[Point, ...]
    sides: tuple[tuple[Point, ...], tuple[Point, ...]]
    full: bool

    @property
    def rings(self) -> tuple[tuple[Point, ...], ...]:
        """The outer ring and, of a full turn, its hole."""
        if self.full:
            return (self.outer, self.inner) if self.inner else (self.outer,)
        first, last = self.sides
        return ((*self.outer, *last[::-1], *self.inner[::-1], *first),)


def sweep_deg(shape: Arc) -> float:
    """Degrees from the first bearing clockwise to the last: above 0, and 360 for the full turn."""
    sweep = (shape.to_deg - shape.from_deg) % 360.0
    return sweep if _ROUNDING_DEG < sweep < 360.0 - _ROUNDING_DEG else 360.0


def sector_vertices(shape: Arc) -> int:
    """How many vertices the outline has, without computing any."""
    rims = _rims(shape)
    if sweep_deg(shape) == 360.0:
        return sum(rim.chords for rim in rims)
    centre = 1 if shape.inner_m == 0 else 0
    return sum(rim.chords + 1 for rim in rims) + centre + 2 * (_side_pieces(shape, rims) - 1)


@lru_cache(maxsize=_KEPT)
def sector(shape: Arc) -> Sector:
    """The polygon of an arc that has no problems (validation.py)."""
    rims = _rims(shape)
    full = sweep_deg(shape) == 360.0
    outer = _rim_points(shape, rims[0], full=full)
    inner = _rim_points(shape, rims[1], full=full) if len(rims) > 1 else ()
    if full:
        return Sector(outer, inner, ((), ()), True)
    return Sector(outer, inner or (plain_point((shape.lat, shape.lon)),), _sides(shape, rims), False)


def sector_caps(shape: Arc) -> tuple[Cap, ...]:
    """Caps that together hold the sector: several along a thin one, so that the hollow of a ring is not searched.

    Each holds all vertices of its part of both rims and one more at either end.  A cap under a hemisphere is convex, so
    it holds that part of the polygon.
    """
    found = sector(shape)
    middle_m = (shape.inner_m + shape.outer_m) / 2
    length_m = math.radians(sweep_deg(shape)) * EARTH_RADIUS_M * math.sin(middle_m / EARTH_RADIUS_M)
    count = min(_CAPS, math.ceil(length_m / (shape.outer_m - shape.inner_m)))
    if count < 3 or shape.inner_m == 0:
        return (bounding_cap([vector(point) for point in found.rings[0]]),)
    parts = [
        [vector(point) for rim in (found.outer, found.inner) for point in _part(rim, place, count, full=found.full)]
        for place in range(count)
    ]
    for part, side in zip((parts[0], parts[-1]), found.sides, strict=True):
        part.extend(vector(point) for point in side)
    return tuple(bounding_cap(part) for part in parts)


def _part(rim: tuple[Point, ...], place: int, count: int, *, full: bool) -> list[Point]:
    """The points of one of `count` equal parts of a rim, and those just beyond its ends."""
    chords = len(rim) if full else len(rim) - 1
    first, last = math.floor(place * chords / count), math.ceil((place + 1) * chords / count)
    return [rim[index % len(rim)] for index in range(first, last + 1)]


class _Rim(NamedTuple):
    first_deg: float
    sweep_rad: float
    chords: int
    distance_m: float


def _rims(shape: Arc) -> tuple[_Rim, ...]:
    """The outer rim and, unless the arc begins at its centre, the inner one."""
    outer = _rim(shape, shape.outer_m)
    theta = shape.outer_m / EARTH_RADIUS_M
    touching = math.atan(math.tan(theta) / math.cos(outer.sweep_rad / outer.chords / 2))
    lift_m = _CHORD_SLACK * EARTH_RADIUS_M * (touching - theta) + _OUTER_SLACK_M
    outer = outer._replace(distance_m=shape.outer_m + lift_m)
    if shape.inner_m == 0:
        return (outer,)
    inner = _rim(shape, shape.inner_m)
    return (outer, inner._replace(distance_m=shape.inner_m - _INNER_SLACK_M))


def _rim(shape: Arc, radius_m: float) -> _Rim:
    theta = radius_m / EARTH_RADIUS_M
    sweep = sweep_deg(shape)
    turn_rad = 0.0 if sweep == 360.0 else _turn_rad(radius_m)
    sweep_rad = math.radians(sweep) + 2 * turn_rad
    step_rad = min(STEP_RAD, 2 * math.sqrt(2 * CHORD_M / (EARTH_RADIUS_M * math.sin(theta) * math.cos(theta))))
    chords = max(1, math.ceil(sweep_rad / step_rad))
    return _Rim(shape.from_deg - math.degrees(turn_rad), sweep_rad, chords, radius_m)


def _turn_rad(distance_m: float) -> float:
    """By how much a side is turned outward at a distance from the centre."""
    aside_m = _SIDE_M * min(1.0, distance_m / _SIDE_PIECE_M)
    return aside_m / (EARTH_RADIUS_M * math.sin(distance_m / EARTH_RADIUS_M))


def _rim_points(shape: Arc, rim: _Rim, *, full: bool) -> tuple[Point, ...]:
    count = rim.chords if full else rim.chords + 1
    step_deg = math.degrees(rim.sweep_rad) / rim.chords
    return tuple(_placed(shape, rim.first_deg + place * step_deg, rim.distance_m) for place in range(count))


def _sides(shape: Arc, rims: tuple[_Rim, ...]) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    start_m = rims[1].distance_m if len(rims) > 1 else 0.0
    pieces = _side_pieces(shape, rims)
    first, last = [], []
    for piece in range(1, pieces):
        distance_m = start_m + (rims[0].distance_m - start_m) * piece / pieces
        turn_deg = math.degrees(_turn_rad(distance_m))
        first.append(_placed(shape, shape.from_deg - turn_deg, distance_m))
        last.append(_placed(shape, shape.to_deg + turn_deg, distance_m))
    return tuple(first), tuple(last)


def _side_pieces(shape: Arc, rims: tuple[_Rim, ...]) -> int:
    start_m = rims[1].distance_m if len(rims) > 1 else 0.0
    return math.ceil((rims[0].distance_m - start_m) / _SIDE_PIECE_M)


def _placed(shape: Arc, bearing_deg: float, distance_m: float) -> Point:
    lat, lon = plain_point((shape.lat, shape.lon))
    place = Geodesic.WGS84.Direct(lat, lon, bearing_deg, distance_m, _PLACE)
    return plain_point((place["lat2"], place["lon2"]))
