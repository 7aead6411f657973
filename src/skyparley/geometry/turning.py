"""Shapes moved over the Earth as they are: a turn of the whole sphere, which keeps every distance, angle and area on it.

Vertices are rounded to 1e-7 degree afterwards, so each is at most 8 mm from where the turn puts it.  On the ellipsoid
lengths may change by up to 0.56 %, and edges over 500 km, LEFT and RIGHT orbits and arcs, which are drawn by geodesics, by
as much again: a moved shape is judged anew, never taken to be as clear as the turn says.
"""

import math
from typing import NamedTuple

from skyparley.base.units import E7_PER_DEGREE
from skyparley.geometry.rings import EARTH_RADIUS_M, Vector, vector
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Point, Polygon, Shape


class Turn(NamedTuple):
    """A turn of the sphere about an axis, a unit vector, by the right-hand rule."""

    axis: Vector
    angle_rad: float


def turn_along(place: Point, bearing_deg: float, distance_m: float) -> Turn:
    """The turn that carries a place so far along the great circle that leaves it at a bearing."""
    at = vector(place)
    return Turn(cross(at, tangent(at, bearing_deg)), distance_m / EARTH_RADIUS_M)


def turned(shape: Shape, turn: Turn) -> Shape:
    """The shape where the turn carries it; an arc with its bearings as they are from its new centre."""
    match shape:
        case Circle():
            return Circle(*_carried((shape.lat, shape.lon), turn), shape.radius_m)
        case Polygon():
            return Polygon(_all(shape.outer, turn), tuple(_all(hole, turn) for hole in shape.holes))
        case Corridor():
            return Corridor(_all(shape.line, turn), shape.half_width_m)
        case Line():
            return Line(_all(shape.line, turn), shape.buffer_m)
        case Orbit():
            return Orbit(_carried(shape.start, turn), _carried(shape.end, turn), shape.radius_m, shape.side)
        case Arc():
            return _turned_arc(shape, turn)


def carried(at: Vector, turn: Turn) -> Vector:
    """A unit vector under a turn.  Source: Rodrigues' formula."""
    (x, y, z), cos, sin = turn.axis, math.cos(turn.angle_rad), math.sin(turn.angle_rad)
    along = (x * at[0] + y * at[1] + z * at[2]) * (1 - cos)
    sideways = cross(turn.axis, at)
    return (
        at[0] * cos + sideways[0] * sin + x * along,
        at[1] * cos + sideways[1] * sin + y * along,
        at[2] * cos + sideways[2] * sin + z * along,
    )


def place_of(at: Vector) -> Point:
    """(lat, lon) of a vector of about unit length, rounded to 1e-7 degree."""
    lat, lon = math.atan2(at[2], math.hypot(at[0], at[1])), math.atan2(at[1], at[0])
    return _rounded(math.degrees(lat)), _rounded(math.degrees(lon))


def bearing_deg(start: Point, end: Vector) -> float:
    """The bearing, 0 to 360, at which the great circle to a vector leaves a place; 0 where the two are one."""
    at = vector(start)
    return math.degrees(math.atan2(dot(tangent(at, 90.0), end), dot(tangent(at, 0.0), end))) % 360.0


def cross(a: Vector, b: Vector) -> Vector:
    """The cross product."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def dot(a: Vector, b: Vector) -> float:
    """The dot product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def tangent(at: Vector, bearing_deg: float) -> Vector:
    """The unit vector that points along a bearing on the ground at a place; at a pole 0 degrees is some fixed direction."""
    across = math.hypot(at[0], at[1])
    east = (-at[1] / across, at[0] / across, 0.0) if across else (0.0, 1.0, 0.0)
    north = cross(at, east)
    cos, sin = math.cos(math.radians(bearing_deg)), math.sin(math.radians(bearing_deg))
    return (cos * north[0] + sin * east[0], cos * north[1] + sin * east[1], cos * north[2])


def _turned_arc(shape: Arc, turn: Turn) -> Arc:
    centre = (shape.lat, shape.lon)
    now = _carried(centre, turn)
    by_deg = bearing_deg(now, carried(tangent(vector(centre), 0.0), turn))
    fan = [round((bearing + by_deg) % 360.0, 3) % 360.0 for bearing in (shape.from_deg, shape.to_deg)]
    return Arc(*now, shape.inner_m, shape.outer_m, fan[0], fan[1])


def _all(points: tuple[Point, ...], turn: Turn) -> tuple[Point, ...]:
    return tuple(_carried(point, turn) for point in points)


def _carried(point: Point, turn: Turn) -> Point:
    return place_of(carried(vector(point), turn))


def _rounded(degrees: float) -> float:
    # Through the whole number of the wire, so that what is read back from there is the very same float.
    return round(degrees * E7_PER_DEGREE) / E7_PER_DEGREE
