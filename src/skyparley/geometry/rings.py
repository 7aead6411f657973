"""Vertices made ready for the sphere: repeats dropped, long edges split along the WGS-84 geodesic.

An edge of up to 500 km is a great circle of the sphere and leaves the WGS-84 geodesic by at most 17 m (measured, at
mid-edge). A longer one would leave it by more with the square of its length, so it is cut into equal pieces of at
most 100 km, and the pieces are great circles that leave the geodesic by under 1 m.
"""

import math
from itertools import pairwise
from typing import Final

from geographiclib.geodesic import Geodesic

from skyparley.geometry.shapes import Point

EARTH_RADIUS_M: Final = 6_371_008.8
"""The sphere of every distance and area here: (2 a + b) / 3 of WGS-84, to the decimetre."""

SPLIT_OVER_M: Final = 500_000.0
PIECE_M: Final = 100_000.0
_MAYBE_LONG_RAD: Final = 0.99 * SPLIT_OVER_M / EARTH_RADIUS_M  # by the sphere; the geodesic then decides
ANTIPODAL_DEGREES: Final = (
    179.0  # beyond it the geodesic is ambiguous or unstable; on the equator it leaves it at 179.4
)

Vector = tuple[float, float, float]


def plain_point(point: Point) -> Point:
    """One spelling for each point of the Earth: longitude -180 is 180, and a pole has longitude 0."""
    lat, lon = float(point[0]), float(point[1])
    if abs(lat) == 90.0:
        return (lat, 0.0)
    return (lat, 180.0 if lon == -180.0 else lon)


def distinct(points: tuple[Point, ...], *, closed: bool) -> list[Point]:
    """The points in plain spelling, without repeats in a row; in a closed ring the last is not the first again."""
    kept: list[Point] = []
    for point in map(plain_point, points):
        if not kept or kept[-1] != point:
            kept.append(point)
    while closed and len(kept) > 1 and kept[-1] == kept[0]:
        kept.pop()
    return kept


def split_long(points: list[Point], *, closed: bool) -> list[Point]:
    """The points with those between that edges over 500 km need.  Empty for no points.

    An edge is always walked from the lesser of its ends, so that a ring and its reverse have the very same vertices.
    """
    ready: list[Point] = []
    for start, end in edges(points, closed=closed):
        ready.append(start)
        if edge_rad(start, end) > _MAYBE_LONG_RAD:
            ready.extend(_between(start, end))
    if points and not closed:
        ready.append(points[-1])
    return ready


def count_after_split(points: list[Point], *, closed: bool) -> int:
    """About how many vertices split_long would return, without walking any geodesic."""
    total = len(points)
    for start, end in edges(points, closed=closed):
        length_rad = edge_rad(start, end)
        if length_rad > _MAYBE_LONG_RAD:
            total += math.ceil(length_rad * EARTH_RADIUS_M / PIECE_M)
    return total


def edges(points: list[Point], *, closed: bool) -> list[tuple[Point, Point]]:
    """The edges in order; a closed ring has one from its last vertex to its first."""
    found = list(pairwise(points))
    if closed and len(points) > 1:
        found.append((points[-1], points[0]))
    return found


def edge_rad(start: Point, end: Point) -> float:
    """Radians of the great circle between two points, or 0 for any edge that is surely far too short to be split."""
    if abs(start[0] - end[0]) < 3.0 and abs(start[1] - end[1]) < 3.0:
        return 0.0  # under 3 degrees of each is under 475 km; most edges end here, without trigonometry
    return angle(vector(start), vector(end))


def vector(point: Point) -> Vector:
    """The unit vector of a point."""
    lat, lon = math.radians(point[0]), math.radians(point[1])
    across = math.cos(lat)
    return (across * math.cos(lon), across * math.sin(lon), math.sin(lat))


def angle(a: Vector, b: Vector) -> float:
    """Radians between two unit vectors, accurate for tiny and for nearly opposite ones."""
    cross = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    return math.atan2(math.hypot(*cross), a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


def _between(start: Point, end: Point) -> list[Point]:
    """The inner points of one edge, from start to end; none if its geodesic is not over 500 km."""
    first, last = min(start, end), max(start, end)
    geodesic = Geodesic.WGS84.InverseLine(*first, *last)
    if geodesic.s13 <= SPLIT_OVER_M:
        return []
    pieces = math.ceil(geodesic.s13 / PIECE_M)
    inner = []
    for piece in range(1, pieces):
        place = geodesic.Position(geodesic.s13 * piece / pieces)
        inner.append(plain_point((place["lat2"], place["lon2"])))
    return inner if first == start else inner[::-1]
