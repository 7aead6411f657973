"""What a shape is before it is widened: a point, a line or an area, its vertices ready for the sphere, and a radius.

Every other part of geometry that needs vertices reads them here, so that the exact library, the kernels and the drawings
all see the very same ones.
"""

import math
from typing import Literal, NamedTuple, TypeAlias

from skyparley.geometry.problem import Problem, Unusable
from skyparley.geometry.rings import distinct, plain_point, split_long
from skyparley.geometry.shapes import Circle, Corridor, Point, Polygon, Shape

Kind: TypeAlias = Literal["POINT", "LINE", "AREA"]


class Outline(NamedTuple):
    """`rings`: one point; one open line; or the outer ring and then the holes, not closed.  (lat, lon), degrees.

    Repeats are dropped and long edges split, so edges are great circles.  The shape is all that lies within `radius_m`.
    """

    kind: Kind
    rings: tuple[tuple[Point, ...], ...]
    radius_m: float


def outline(shape: Shape) -> Outline:
    """The outline of a shape.  Raises Unusable for what is no place or no width; crossings are not looked for."""
    match shape:
        case Circle():
            return Outline("POINT", ((_checked((shape.lat, shape.lon)),),), _width(shape.radius_m))
        case Corridor():
            line = split_long(distinct(tuple(map(_checked, shape.line)), closed=False), closed=False)
            return Outline("LINE", (tuple(line),), _width(shape.half_width_m))
        case Polygon():
            return Outline("AREA", tuple(_ring(ring) for ring in (shape.outer, *shape.holes)), 0.0)


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
