"""The only user of s2geometry: the cells that cover a core grown by a distance, a ring of points, a line or a circle.

Cells serve the broad phase, and the DSS, whose areas are made of them.  A covering may hold more than the area but never
less: what is closer than the growth to the core lies in one of its cells.  A cell is a 64-bit number; its level runs
from 0 (a sixth of the Earth) to 30.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import s2geometry as s2

from skyparley.geometry.caps import Cap
from skyparley.geometry.rings import EARTH_RADIUS_M
from skyparley.geometry.sphere import Core

FINEST_LEVEL: Final = 16  # cells of about 150 m
_EDGE_AT_0_RAD: Final = 1.459213746386106  # average cell edge at level 0.  Source: S2 metrics, kAvgEdge
_PAD_RAD: Final = 1.0 / EARTH_RADIUS_M  # 1 m: far above any rounding here and in the library
_LEAST_CURVATURE_M: Final = 6_335_439.0  # of WGS 84: along the meridian, at the equator, rounded down
_ANTIPODAL_DEG: Final = 1e-7  # 1 cm: two ends this near to opposite have no one shortest path between them

LatLng: TypeAlias = tuple[float, float]
"""Degrees: latitude, longitude."""


def grown(cap: Cap, by_m: float) -> float:
    """Radians from the cap's centre that hold every point within `by_m` of the cap."""
    return min(math.pi, cap.angle_rad + by_m / EARTH_RADIUS_M + _PAD_RAD)


def level_for(core: Core, grow_m: float, edges_per_radius: float) -> int:
    """The finest level whose average cell edge is at least `edges_per_radius` times the largest radius to cover."""
    radius_rad = max(grown(cap, grow_m) for cap in core.caps)
    level = math.floor(math.log2(_EDGE_AT_0_RAD / (edges_per_radius * radius_rad)))
    return min(FINEST_LEVEL, max(0, level))


def covering(core: Core, grow_m: float, level: int) -> set[int]:
    """The cells of one level that together hold every point within `grow_m` of the core (metres on the sphere)."""
    coverer = s2.S2RegionCoverer()
    coverer.set_fixed_level(level)
    found: set[int] = set()
    for cap in core.caps:
        radius = s2.S1Angle.Radians(grown(cap, grow_m))
        region = s2.S2Cap(s2.S2Point_FromRaw(cap.x, cap.y, cap.z), radius)
        found.update([cell.id() for cell in coverer.GetCovering(region)])
    return found


def parent(cell: int, level: int) -> int:
    """The cell of a coarser level that holds this one.  Source: S2CellId::parent, on the plain number."""
    lowest = 1 << (2 * (30 - level))
    return (cell & -lowest) | lowest


class Ring:
    """A closed ring of at least three distinct points, (latitude, longitude) in degrees, joined by great circles.

    Its inside is the smaller of the two sides; which way round the points go is of no matter.
    """

    def __init__(self, points: Sequence[LatLng]) -> None:
        self._points = points
        self._loop = _loop(points)

    @property
    def is_simple(self) -> bool:
        """Whether no two edges cross or touch and no edge joins opposite points of the Earth.  Else ask nothing more."""
        return bool(self._loop.IsValid())

    def area_m2(self) -> float:
        """Of the smaller side, on the sphere.  A ring without an inside has 0."""
        area: float = self._loop.GetArea()
        if area > 2 * math.pi:
            self._loop = _loop(self._points[::-1])
            area = self._loop.GetArea()
        return area * EARTH_RADIUS_M**2

    def cells(self, level: int) -> list[int]:
        """The cells of one level that hold every point inside and every point of the edges, in rising order."""
        self.area_m2()
        return _fixed(level, self._loop)


def line_cells(points: Iterable[LatLng], level: int) -> list[int]:
    """The cells of one level that hold every point of a line of great circles, in rising order."""
    line = s2.S2Polyline()
    line.InitFromS2Points([_point(point) for point in points])
    return _fixed(level, line)


def circle_cells(centre: LatLng, radius_m: float, level: int) -> list[int]:
    """The cells of one level that hold every point within a distance along the WGS 84 ellipsoid, in rising order.

    A step of one metre on the ellipsoid turns the normal, and the point on the unit sphere that has the same latitude
    and longitude, by at most one metre over the least radius of curvature: that of the meridian at the equator.
    """
    turn_rad = min(math.pi, radius_m / _LEAST_CURVATURE_M + _PAD_RAD)
    return _fixed(level, s2.S2Cap(_point(centre), s2.S1Angle.Radians(turn_rad)))


def opposite(a: LatLng, b: LatLng) -> bool:
    """Whether two points are so nearly on opposite sides of the Earth that no path between them is the shortest."""
    if abs(a[0] + b[0]) > _ANTIPODAL_DEG:
        return False
    return abs(abs(a[1] - b[1]) - 180) < _ANTIPODAL_DEG or abs(a[0]) > 90 - _ANTIPODAL_DEG


def edges_cross(a: tuple[LatLng, LatLng], b: tuple[LatLng, LatLng]) -> bool:
    """Whether two edges have a point inside both; a shared end is none."""
    return bool(s2.CrossingSign(*(_point(end) for end in (*a, *b))) > 0)


def short_number(cell: int, level: int) -> int:
    """A cell of a known level as a small number: what is left without the bits that all cells of the level share."""
    return cell >> 2 * (30 - level)


def _fixed(level: int, region: Any) -> list[int]:
    coverer = s2.S2RegionCoverer()
    coverer.set_fixed_level(level)
    return [cell.id() for cell in coverer.GetCovering(region)]


def _loop(points: Sequence[LatLng]) -> Any:
    loop = s2.S2Loop()
    loop.Init([_point(point) for point in points])
    return loop


def _point(point: LatLng) -> Any:
    return s2.S2LatLng.FromDegrees(*point).ToPoint()
