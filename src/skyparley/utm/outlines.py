"""Outlines on the Earth to cells of level 13: circles and rings of points, checked, covered whole and remembered.

A covering is complete: every point of an outline lies in one of its cells, whether the edges of a polygon are taken as
shortest paths on the sphere or on the WGS 84 ellipsoid (there to 1 cm).  Source: ASTM F3548-21, Polygon, Circle.
"""

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from geographiclib.geodesic import Geodesic

from skyparley.base import limits
from skyparley.geometry.cells import LatLng, Ring, circle_cells, edges_cross, line_cells, opposite, short_number
from skyparley.utm.commands import Problem

LEVEL: Final = 13  # cells of about 1 km2: what deployed systems use, so that the same areas meet
_EARTH_M: Final = 6_371_008.8  # mean radius
_SMALL_DEG: Final = 0.1  # 11 km at most, and some 120 cells
_SMALL_M: Final = 5_500.0  # the radius of such a circle
_CROSSING_SOUGHT: Final = 128  # vertices up to which the two edges that cross are named: 8,000 pairs, 40 ms


class Oversize(Exception):
    """The volumes are larger than one request may be.  The caller knows which status that is."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.problem)
        self.problem = problem


class Unsound(Exception):
    """An outline is wrong; places are relative to it."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems)
        self.problems = problems


class _NotKept(Exception):
    """A covering that is too large to keep, as an exception because only values are kept."""

    def __init__(self, cells: tuple[int, ...]) -> None:
        super().__init__(len(cells))
        self.cells = cells


def covering(points: tuple[LatLng, ...], radius_m: float) -> tuple[int, ...]:
    """Cells of level 13, as small numbers in rising order.  One point: a circle about it; else a ring of them.

    Raises Unsound and Oversize, whose places are relative to the outline.
    """
    if len(points) > limits.DSS_KEPT_VERTICES:
        return _cover(points, radius_m)
    if _looks_large(points, radius_m):
        return _kept_large(points, radius_m)
    try:
        return _kept(points, radius_m)
    except _NotKept as large:
        return large.cells


@lru_cache(maxsize=limits.DSS_OUTLINES_KEPT)
def _kept(points: tuple[LatLng, ...], radius_m: float) -> tuple[int, ...]:
    """As `_cover`, remembered, since clients send an outline again with each change of state."""
    cells = _cover(points, radius_m)
    if len(cells) > limits.DSS_KEPT_CELLS:
        raise _NotKept(cells)
    return cells


@lru_cache(maxsize=limits.DSS_LARGE_OUTLINES_KEPT)
def _kept_large(points: tuple[LatLng, ...], radius_m: float) -> tuple[int, ...]:
    """As `_kept`, of few, whatever their size: a client asks about the same large area again and again."""
    return _cover(points, radius_m)


def _looks_large(points: tuple[LatLng, ...], radius_m: float) -> bool:
    """Whether an outline surely or maybe has more cells than are kept of a small one."""
    if radius_m > _SMALL_M:
        return True
    lats, lngs = zip(*points, strict=True)
    return bool(max(lats) - min(lats) > _SMALL_DEG or max(lngs) - min(lngs) > _SMALL_DEG)


def _cover(points: tuple[LatLng, ...], radius_m: float) -> tuple[int, ...]:
    """As `covering`, worked out."""
    found = _circle_cells(points[0], radius_m) if len(points) == 1 else _ring_cells(points)
    return tuple(short_number(cell, LEVEL) for cell in found)


def _circle_cells(centre: LatLng, radius_m: float) -> list[int]:
    area_km2 = math.pi * (radius_m / 1000) * (radius_m / 1000)  # A power would raise where this is infinite.
    if area_km2 > limits.DSS_CIRCLE_KM2:
        raise Oversize(Problem("", f"the circle has {area_km2:.6g} km2", f"at most {limits.DSS_CIRCLE_KM2} km2"))
    return circle_cells(centre, radius_m, LEVEL)


def _ring_cells(points: tuple[LatLng, ...]) -> list[int]:
    _check_vertices(points)
    edges = [(points[number - 1], point) for number, point in enumerate(points)]
    lengths_m = [_length_m(*edge) for edge in edges]
    around_km = sum(lengths_m) / 1000
    too_long = Oversize(Problem("", f"{around_km:.0f} km round the polygon", f"at most {limits.DSS_OUTLINE_KM} km"))
    if around_km > limits.DSS_OUTLINE_UNSEEN_KM:
        raise too_long
    ring = Ring(points)
    if not ring.is_simple:
        raise Unsound(_crossing(points))
    area_km2 = ring.area_m2() / 1e6
    if area_km2 > limits.DSS_POLYGON_KM2:
        raise Oversize(Problem("", f"the polygon has {area_km2:.0f} km2", f"at most {limits.DSS_POLYGON_KM2} km2"))
    if around_km > limits.DSS_OUTLINE_KM:
        raise too_long
    cells = ring.cells(LEVEL)
    long_edges = [edge for edge, length_m in zip(edges, lengths_m, strict=True) if length_m > limits.DSS_LONG_EDGE_M]
    if not long_edges:
        return cells
    more = {cell for edge in long_edges for cell in line_cells(_on_ellipsoid(*edge), LEVEL)}
    return sorted(more.union(cells))


def _check_vertices(points: tuple[LatLng, ...]) -> None:
    """Raises Unsound where a vertex comes twice, or two neighbours are on opposite sides of the Earth."""
    first_at: dict[LatLng, int] = {}
    found: list[Problem] = []
    for number, point in enumerate(points):
        twin = first_at.setdefault(_one_name(point), number)
        if twin != number:
            closing = twin == 0 and number == len(points) - 1
            wanted = "no closing vertex: the last edge leads back to the first" if closing else "each vertex once"
            found.append(Problem(f"vertices[{number}]", f"is the same point as vertices[{twin}]", wanted))
        if opposite(points[number - 1], point):
            wanted = "a vertex between: no path between opposite points is the shortest"
            found.append(Problem(f"vertices[{number}]", "is opposite to the vertex before on the Earth", wanted))
    if found:
        raise Unsound(*found)


def _one_name(point: LatLng) -> LatLng:
    """The same for all ways to write a point: a pole has any longitude, the antimeridian two."""
    lat, lng = point
    if abs(lat) == 90:
        return lat, 0.0
    return lat, 180.0 if lng == -180 else lng


def _crossing(points: tuple[LatLng, ...]) -> Problem:
    """Which edges cross, where that is cheap to find."""
    count = len(points)
    if count <= _CROSSING_SOUGHT:
        for a, b in _pairs_apart(count):
            if edges_cross((points[a], points[(a + 1) % count]), (points[b], points[(b + 1) % count])):
                wrong = f"the edge from vertices[{a}] crosses the edge from vertices[{b}]"
                return Problem("vertices", wrong, "edges that do not cross")
    return Problem("vertices", "edges cross or touch", "edges that meet only at their common vertex")


def _pairs_apart(count: int) -> Iterable[tuple[int, int]]:
    """Each pair of edges of a ring that share no vertex."""
    for a in range(count):
        for b in range(a + 2, count):
            if (b + 1) % count != a:
                yield a, b


def _length_m(a: LatLng, b: LatLng) -> float:
    """Along the great circle.  Source: the haversine formula."""
    lat_a, lng_a, lat_b, lng_b = (math.radians(each) for each in (*a, *b))
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin((lng_b - lng_a) / 2) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def _on_ellipsoid(a: LatLng, b: LatLng) -> list[LatLng]:
    """Points of the shortest path on the WGS 84 ellipsoid, at most 10 km apart, both ends with them."""
    line = Geodesic.WGS84.InverseLine(*a, *b)
    pieces = math.ceil(line.s13 / limits.DSS_LONG_EDGE_M)
    between = [line.Position(line.s13 * piece / pieces) for piece in range(1, pieces)]
    return [a, *((each["lat2"], each["lon2"]) for each in between), b]
