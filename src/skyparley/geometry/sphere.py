"""The only user of spherely: cores of shapes on the sphere, and exact distances between them.

A core is what a shape is before it is widened (outline.py): the centre of a circle, the line of a corridor, a line or
an orbit, the area of a polygon or an arc, with the radius that widens it.  Distances are on the sphere of EARTH_RADIUS_M and are 0 wherever one core lies in
another; how far the sphere may be from the ellipsoid is accounted for in volumes.py.

spherely silently takes latitude 91 for another point and flips rings, so shapes must have passed validation.problems;
what is cheap to see (not a number, out of range, crossing) is refused here once more.
"""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import spherely

from skyparley.base.limits import CORES_KEPT
from skyparley.geometry.caps import Cap, beads, bounding_cap
from skyparley.geometry.outline import outline
from skyparley.geometry.problem import Problem, Unusable
from skyparley.geometry.rings import EARTH_RADIUS_M, vector
from skyparley.geometry.sectors import sector_caps
from skyparley.geometry.shapes import Arc, Point, Shape

__all__ = ["EARTH_RADIUS_M", "Core", "core", "core_area_m2", "core_distance_m", "interiors_meet"]


class Core(NamedTuple):
    """A prepared geography, the radius around it, and caps: `bound` holds all of it, and so do `caps` together."""

    geography: Any
    radius_m: float
    bound: Cap
    caps: tuple[Cap, ...]


@lru_cache(maxsize=CORES_KEPT)
def core(shape: Shape) -> Core:
    """The core of a shape.  The same shape is built once as long as it is among those last used.

    Raises Unusable for a shape that has no core: not finite, out of range, or a polygon that crosses itself.
    """
    kind, rings, radius_m = outline(shape)
    bound = bounding_cap([vector(point) for point in rings[0]]) if rings[0] else None
    match kind:
        case "POINT":
            lat, lon = rings[0][0]
            geography, caps = spherely.create_point(lon, lat), None
        case "LINE":
            geography = _built(spherely.create_linestring, _lon_lat(rings[0]))
            caps = beads(list(rings[0]), least_rad=radius_m / EARTH_RADIUS_M)
        case "AREA":
            geography = _built(
                spherely.create_polygon, _lon_lat(rings[0]), [_lon_lat(hole) for hole in rings[1:]] or None
            )
            caps = sector_caps(shape) if isinstance(shape, Arc) else None
    assert bound is not None, "a shape without points was refused"
    return Core(spherely.prepare(geography), radius_m, bound, caps or (bound,))


def core_distance_m(a: Core, b: Core) -> float:
    """Metres on the sphere between two cores; 0 when one lies in the other.  In a hole: to the hole's edge."""
    distance_m = float(spherely.distance(a.geography, b.geography, radius=EARTH_RADIUS_M))
    # Not a number would compare as "far enough" in every test that follows.
    assert 0.0 <= distance_m < math.inf
    return distance_m


def interiors_meet(a: Core, b: Core) -> bool:
    """Whether two polygons share area and not only edge or vertices.  Only the exact same edge or vertex is touching.

    The library takes polygons half-open here: a point of a common edge or vertex belongs to one of the neighbours only.
    """
    return bool(spherely.intersects(a.geography, b.geography))


def core_area_m2(a: Core) -> float:
    """Square metres of a polygon's core, less its holes; 0 for a point or a line."""
    return float(spherely.area(a.geography, radius=EARTH_RADIUS_M))


def _lon_lat(points: tuple[Point, ...]) -> list[tuple[float, float]]:
    return [(lon, lat) for lat, lon in points]


def _built(create: Any, points: list[tuple[float, float]], *more: Any) -> Any:
    # The library takes no points for an empty geography, which is infinitely far from everything: never what was meant.
    if not points:
        raise Unusable((Problem("TOO_FEW_VERTICES", "there are no points"),))
    try:
        return create(points, *more)
    except ValueError as error:
        raise Unusable((Problem("NOT_AN_AREA", str(error).removeprefix("polygon is not valid: ")),)) from None
