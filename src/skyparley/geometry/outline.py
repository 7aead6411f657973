"""What a shape is before it is widened: a point, a line or an area, its vertices ready for the sphere, and a radius.

Every other part of geometry that needs vertices reads them here, so that the exact library, the kernels and the drawings
all see the very same ones.
"""

import math
from typing import Literal, NamedTuple, TypeAlias

from geographiclib.geodesic import Geodesic

from skyparley.base.limits import ARC_OUTER_M
from skyparley.geometry.problem import Problem, Unusable
from skyparley.geometry.rings import distinct, plain_point, split_long
from skyparley.geometry.sectors import sector
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Point, Polygon, Shape

Kind: TypeAlias = Literal["POINT", "LINE", "AREA"]


class Outline(NamedTuple):
    """`rings`: one point; one open line; or the outer ring and then the holes, not closed.  (lat, lon), degrees.

    Repeats are dropped and long edges split, so edges are great circles.  The shape is all that lies within `radius_m`.
    """

    kind: Kind
    rings: tuple[tuple[Point, ...], ...]
    radius_m: float


def outline(shape: Shape) -> Outline:
    """The outline of a shape.  Raises Unusable for what is no place or no width; crossings are not looked for.

    Source: line-v1 5.2; sectors.py for the chords of an arc.
    """
    match shape:
        case Circle():
            return Outline("POINT", ((_checked((shape.lat, shape.lon)),),), _width(shape.radius_m))
        case Corridor():
            return _widened(shape.line, shape.half_width_m)
        case Line():
            return _widened(shape.line, shape.buffer_m)
        case Orbit():
            return _widened(middle_leg(shape), shape.radius_m)
        case Arc():
            return Outline("AREA", sector(_checked_arc(shape)).rings, 0.0)
        case Polygon():
            return Outline("AREA", tuple(_ring(ring) for ring in (shape.outer, *shape.holes)), 0.0)


def middle_leg(shape: Orbit) -> tuple[Point, Point]:
    """The middle line of a racetrack.  Raises Unusable where an end is no place.

    For LEFT and RIGHT both ends are moved by the radius, at a right angle to the WGS-84 geodesic from start to end.
    """
    start, end = plain_point(_checked(shape.start)), plain_point(_checked(shape.end))
    if shape.side == "CENTRE":
        return start, end
    if shape.side not in ("LEFT", "RIGHT"):
        raise Unusable((Problem("NOT_A_SIDE", f"{shape.side!r} is not CENTRE, LEFT or RIGHT"),))
    leg = Geodesic.WGS84.Inverse(*start, *end)
    turn = -90.0 if shape.side == "LEFT" else 90.0
    return (
        _moved(start, leg["azi1"] + turn, _width(shape.radius_m)),
        _moved(end, leg["azi2"] + turn, _width(shape.radius_m)),
    )


def _moved(point: Point, bearing_deg: float, distance_m: float) -> Point:
    place = Geodesic.WGS84.Direct(*point, bearing_deg, distance_m)
    return plain_point((place["lat2"], place["lon2"]))


def _widened(line: tuple[Point, ...], width_m: float) -> Outline:
    points = split_long(distinct(tuple(map(_checked, line)), closed=False), closed=False)
    return Outline("LINE", (tuple(points),), _width(width_m))


def _checked_arc(shape: Arc) -> Arc:
    _checked((shape.lat, shape.lon))
    if not (math.isfinite(shape.from_deg) and math.isfinite(shape.to_deg)):
        text = f"{shape.from_deg} to {shape.to_deg} are not bearings in degrees"
        raise Unusable((Problem("NOT_A_BEARING", text),))
    if not 0 <= _width(shape.inner_m) < _width(shape.outer_m) <= ARC_OUTER_M:
        text = f"{shape.inner_m} to {shape.outer_m} are not an inner and an outer radius in metres"
        raise Unusable((Problem("NOT_A_WIDTH", text),))
    return shape


def _ring(ring: tuple[Point, ...]) -> tuple[Point, ...]:
    return tuple(split_long(distinct(tuple(map(_checked, ring)), closed=True), closed=True))


def _checked(point: Point) -> Point:
    lat, lon = point
    if not (math.isfinite(lat) and math.isfinite(lon) and -90 <= lat <= 90 and -180 <= lon <= 180):
        raise Unusable((Problem("NOT_A_PLACE", f"({lat}, {lon}) is not a latitude and longitude in degrees"),))
    return plain_point(point)


def _width(width_m: float) -> float:
    if not (math.isfinite(width_m) and width_m >= 0):
        raise Unusable((Problem("NOT_A_WIDTH", f"{width_m} is not a width in metres"),))
    return width_m
