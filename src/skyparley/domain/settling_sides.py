"""A line between two: both areas keep to their side of one great circle, each by half of the separation.

The line is sought in nine directions through the middle between the two, and pushed towards the one or the other until
the share that each keeps is as even as it can be.  Source: DOMAIN RES-02.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from skyparley.domain.settling_areas import Widened, width_of, with_width
from skyparley.domain.settling_lines import SLACK_M, across_m, side_at, vertices
from skyparley.domain.settling_steps import step_m
from skyparley.geometry.areas import area_m2
from skyparley.geometry.cutting import Cutter, Side
from skyparley.geometry.rings import EARTH_RADIUS_M, Vector
from skyparley.geometry.shapes import Arc, Orbit, Point, Polygon, Shape
from skyparley.geometry.sphere import core
from skyparley.geometry.turning import bearing_deg, cross, dot, place_of, tangent
from skyparley.geometry.volumes import ELLIPSOID_BOUND

DIRECTIONS: Final = tuple(22.5 * step for step in range(-4, 5))
"""Of the line's normal, from the direction of one area's middle to the other's."""
PLACES: Final = (0.15, 0.3, 0.4, 0.6, 0.7, 0.85)
"""Where the line is tried besides the middle, between what leaves the one whole and what leaves the other whole."""


class Parted(NamedTuple):
    """Two areas on their sides, and the line between them from end to end."""

    one: Shape
    two: Shape
    ends: tuple[Point, Point]


class _Half:
    """One of the two areas, ready to be kept to a side."""

    def __init__(self, shape: Shape, half_m: float) -> None:
        self._shape, self._half_m = shape, half_m
        self._cutter = Cutter(shape) if isinstance(shape, Polygon) else None
        self._points = vertices(shape)
        self.radius_m = core(shape).radius_m
        self.middle = core(shape).bound.centre

    def span(self, middle: Vector, ahead: Vector) -> tuple[float, float]:
        """The least and the largest angle from the middle at which a line across `ahead` touches the area, about."""
        angles = [math.atan2(dot(ahead, at), dot(middle, at)) for at in self._points]
        margin = (self.radius_m + self._half_m) / EARTH_RADIUS_M
        return min(angles) - margin, max(angles) + margin

    def share(self, side: Side) -> float:
        """About which part of the area is left on a side."""
        if self._cutter is not None:
            return self._cutter.rough_m2(self._inside(side)) / self._cutter.area_m2
        kept = self.kept(side)
        return 0.0 if kept is None else area_m2(kept) / area_m2(self._shape)

    def kept(self, side: Side) -> Shape | None:
        """What is left on a side with half of the separation to the line; None where nothing is."""
        match self._shape:
            case Polygon():
                assert self._cutter is not None, "made for every polygon"
                return self._cutter.cut(self._inside(side))
            case Arc() | Orbit(side="LEFT" | "RIGHT"):
                return None
            case shape:
                return self._narrowed(shape, side)

    def _inside(self, side: Side) -> Side:
        return Side(side.normal, math.sin((across_m(self._half_m) + SLACK_M) / EARTH_RADIUS_M))

    def _narrowed(self, shape: Widened, side: Side) -> Shape | None:
        height_m = min(math.asin(dot(side.normal, at)) for at in self._points) * EARTH_RADIUS_M
        width_m = (height_m - SLACK_M) * (1 - ELLIPSOID_BOUND) - self._half_m
        if width_m >= width_of(shape):
            return shape
        step = step_m(width_of(shape))
        steps = math.floor(width_m / step)
        return with_width(shape, steps * step) if steps > 0 else None


def parted(one: Shape, two: Shape, lateral_m: float) -> Parted | None:
    """Two areas made to keep a separation by a line between them; None where no line leaves something of both."""
    halves = _Half(one, lateral_m / 2), _Half(two, lateral_m / 2)
    middle = _middle(halves[0].middle, halves[1].middle)
    if middle is None:
        return None
    towards = bearing_deg(place_of(middle), halves[0].middle)
    lines = [_Line(halves, middle, tangent(middle, towards + turn)) for turn in DIRECTIONS]
    best = max(lines, key=lambda line: line.even_share(0.5))
    place = max((0.5, *PLACES), key=best.even_share)
    if best.even_share(place) <= 0:
        return None
    side = best.side(place)
    kept = halves[0].kept(side), halves[1].kept(_other(side))
    if kept[0] is None or kept[1] is None:
        return None
    return Parted(kept[0], kept[1], _ends(side, halves, middle))


class _Line:
    """The lines across one direction, from place 0, which leaves the first area whole, to place 1, which leaves the second."""

    def __init__(self, halves: tuple[_Half, _Half], middle: Vector, ahead: Vector) -> None:
        self._halves, self._middle, self._ahead = halves, middle, ahead
        self._first, self._last = halves[0].span(middle, ahead)[0], halves[1].span(middle, ahead)[1]

    def side(self, place: float) -> Side:
        """The first area's side of a line."""
        return side_at(self._middle, self._ahead, self._first + place * (self._last - self._first))

    def even_share(self, place: float) -> float:
        """The smaller of the two shares that are left."""
        side = self.side(place)
        return min(self._halves[0].share(side), self._halves[1].share(_other(side)))


def _other(side: Side) -> Side:
    return Side((-side.normal[0], -side.normal[1], -side.normal[2]))


def _middle(one: Vector, two: Vector) -> Vector | None:
    """The point halfway; None for opposite points."""
    total = (one[0] + two[0], one[1] + two[1], one[2] + two[2])
    length = math.hypot(*total)
    return None if length < 0.1 else (total[0] / length, total[1] / length, total[2] / length)


def _ends(side: Side, halves: Sequence[_Half], middle: Vector) -> tuple[Point, Point]:
    """The line's ends, where it leaves the ground that either area covered; from west to east."""
    along = cross(side.normal, middle)
    length = math.hypot(*along)
    along = (along[0] / length, along[1] / length, along[2] / length)
    foot = cross(along, side.normal)
    spans = [half.span(foot, along) for half in halves]
    ends = [_at(foot, along, turn) for turn in (min(span[0] for span in spans), max(span[1] for span in spans))]
    ends.sort(key=lambda end: (end[1], end[0]))
    return ends[0], ends[1]


def _at(foot: Vector, along: Vector, turn: float) -> Point:
    cos, sin = math.cos(turn), math.sin(turn)
    return place_of((cos * foot[0] + sin * along[0], cos * foot[1] + sin * along[1], cos * foot[2] + sin * along[2]))
