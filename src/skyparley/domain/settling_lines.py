"""Lines over the ground: a polygon cut clear of what it meets, and two areas that each keep to a side of one line.

A line is a great circle.  The least cut in one direction is computed from the vertices of what is met, not searched for;
of TURNS directions the one that leaves most is taken.  Source: DOMAIN RES-02.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from skyparley.domain.settling_parts import Apart, is_clear
from skyparley.geometry.cutting import Cutter, Side
from skyparley.geometry.outline import outline
from skyparley.geometry.rings import EARTH_RADIUS_M, Vector, vector
from skyparley.geometry.shapes import Polygon, Shape
from skyparley.geometry.sphere import core
from skyparley.geometry.turning import dot, tangent
from skyparley.geometry.volumes import ELLIPSOID_BOUND

TURNS: Final = 16
"""Directions in which a line is tried."""
SLACK_M: Final = 0.1
"""Added to what a line keeps clear: ten times what rounding the vertices may take away."""


def cut_clear(shape: Polygon, apart: Sequence[Apart]) -> Iterator[Polygon]:
    """The polygon cut once for each thing that it meets, each time by the line that leaves most; nothing where that is none."""
    piece: Polygon | None = shape
    for one in apart:
        if piece is not None and not is_clear(piece, [one]):
            piece = _cut_once(piece, one)
    if piece is not None:
        yield piece


def _cut_once(shape: Polygon, apart: Apart) -> Polygon | None:
    cutter = Cutter(shape)
    best = max(sides_clear_of(*apart), key=cutter.rough_m2, default=None)
    return None if best is None else cutter.cut(best)


def sides_clear_of(shape: Shape, lateral_m: float) -> list[Side]:
    """For each of TURNS bearings from the middle of a shape the side of a great circle across it, as near as the whole
    separation allows.  None in a direction where the shape is so large that it lies on one side of nothing.
    """
    radius_m, points, middle = outline(shape).radius_m, vertices(shape), core(shape).bound.centre
    sin_clear = math.sin(min(math.pi / 2, (across_m(lateral_m + radius_m) + SLACK_M) / EARTH_RADIUS_M))
    aheads = [tangent(middle, 360.0 * turn / TURNS) for turn in range(TURNS)]
    turns = [(ahead, _clearing_turn(middle, ahead, points, sin_clear)) for ahead in aheads]
    return [side_at(middle, ahead, turn) for ahead, turn in turns if turn < math.pi / 2]


def _clearing_turn(middle: Vector, ahead: Vector, points: Sequence[Vector], sin_clear: float) -> float:
    """The least angle from the middle at which a line across `ahead` is clear of all points; pi where none is."""
    furthest = -math.pi / 2
    for at in points:
        along, up = dot(ahead, at), dot(middle, at)
        reach = math.hypot(along, up)
        if up <= 0 or sin_clear >= reach:
            return math.pi
        furthest = max(furthest, math.atan2(along, up) + math.asin(sin_clear / reach))
    return furthest


def across_m(required_m: float) -> float:
    """The distance on the sphere that surely gives a required one on the ellipsoid: the verdict's own rule."""
    return required_m / (1 - ELLIPSOID_BOUND)


def vertices(shape: Shape) -> list[Vector]:
    """The outer vertices of a shape before it is widened."""
    return [vector(point) for point in outline(shape).rings[0]]


def side_at(middle: Vector, ahead: Vector, turn: float) -> Side:
    """The side ahead of the great circle that crosses the direction `ahead` at an angle `turn` from the middle."""
    cos, sin = math.cos(turn), math.sin(turn)
    normal = (cos * ahead[0] - sin * middle[0], cos * ahead[1] - sin * middle[1], cos * ahead[2] - sin * middle[2])
    return Side(normal)
