"""A polygon cut by a line over the sphere: the largest piece on one side of it.

A side is a cap: all unit vectors p with normal . p >= offset, for 0 <= offset < 1.  Offset 0 is cut by a great circle, a
positive one by the small circle that lies asin(offset) inside it.  Such a cap is convex, so an edge drawn as a great circle
between two of its points stays in it: a piece never reaches over its line, whatever the curvature.  A piece may lack a
sliver, where an edge of the polygon reaches into the cap with both its ends outside.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from skyparley.geometry.outline import outline
from skyparley.geometry.rings import EARTH_RADIUS_M, Vector, vector
from skyparley.geometry.shapes import Circle, Polygon
from skyparley.geometry.sphere import core, core_distance_m
from skyparley.geometry.turning import cross, dot, place_of
from skyparley.geometry.validation import problems


class Side(NamedTuple):
    """What lies on one side of a line: normal . p >= offset, with a unit normal."""

    normal: Vector
    offset: float = 0.0

    def height(self, at: Vector) -> float:
        """How far over the line a unit vector is; below 0 outside."""
        return dot(self.normal, at) - self.offset


class _Run(NamedTuple):
    """The vertices of one ring from where it comes over the line to where it goes back, crossings included."""

    points: list[Vector]
    comes: float
    goes: float


class Cutter:
    """A polygon without problems, made ready to be cut by many lines."""

    def __init__(self, polygon: Polygon) -> None:
        self._polygon = polygon
        self._rings = [
            _turning(list(map(vector, ring)), left=place == 0) for place, ring in enumerate(outline(polygon).rings)
        ]
        self.area_m2 = _rough_m2(self._rings[0])

    def rough_m2(self, side: Side) -> float:
        """About the area of the largest piece, for comparing lines: holes that stay whole are not taken off."""
        if self._within(side):
            return self.area_m2
        return max(map(_rough_m2, self._pieces(side)), default=0.0)

    def cut(self, side: Side) -> Polygon | None:
        """The largest piece on one side of a line; None where nothing usable is left.

        The polygon itself where it lies wholly on that side.  Otherwise vertices are those of the outline, in plain
        spelling and with those that split long edges.  New ones are rounded to 1e-7 degree, so a piece may reach over
        the line by 8 mm.
        """
        if self._within(side):
            return self._polygon
        largest = _usable(max(self._pieces(side), key=_rough_m2, default=[]))
        if largest is None:
            return None
        whole = [ring for ring in self._rings[1:] if all(side.height(at) >= 0 for at in ring)]
        holes = [tuple(map(place_of, ring)) for ring in whole]
        within = tuple(hole for hole in holes if core_distance_m(core(largest), core(Circle(*hole[0], 0.0))) == 0.0)
        return _checked(Polygon(largest.outer, within)) if within else largest

    def _within(self, side: Side) -> bool:
        return all(side.height(at) >= 0 for at in self._rings[0])

    def _pieces(self, side: Side) -> list[list[Vector]]:
        return _joined([run for ring in self._rings for run in _runs(ring, [side.height(at) for at in ring], side)])


def cut(polygon: Polygon, side: Side) -> Polygon | None:
    """The largest piece of a polygon on one side of a line: see Cutter."""
    return Cutter(polygon).cut(side)


def _turning(ring: list[Vector], *, left: bool) -> list[Vector]:
    """The ring in the direction that has its smaller side to the left, or to the right."""
    area = [sum(part) for part in zip(*map(cross, ring, ring[1:] + ring[:1]), strict=True)]
    middle = [sum(part) for part in zip(*ring, strict=True)]
    turns_left = sum(a * m for a, m in zip(area, middle, strict=True)) > 0
    return ring if turns_left == left else ring[::-1]


def _runs(ring: list[Vector], over: list[float], side: Side) -> list[_Run]:
    found, count = [], len(ring)
    for start in range(count):
        place = (start + 1) % count
        if over[start] >= 0 or over[place] < 0:
            continue
        points = [_crossing(ring[start], ring[place], side)]
        while over[place] >= 0:
            points.append(ring[place])
            place = (place + 1) % count
        points.append(_crossing(ring[place - 1], ring[place], side))
        found.append(_Run(points, _angle_along(side, points[0]), _angle_along(side, points[-1])))
    return found


def _joined(runs: Sequence[_Run]) -> list[list[Vector]]:
    """Rings made of runs.  Where one goes back over the line, its piece goes on along it, with the side to its left, to
    where the next one comes.
    """
    ends = sorted(
        end for place, run in enumerate(runs) for end in ((run.comes, 0, place), (run.goes, 1, place))
    )  # in this direction round the normal the side is to the left
    following: dict[int, int] = {}
    for one, two in zip(ends, ends[1:] + ends[:1], strict=True):
        if one[1] == two[1]:
            return []  # Two meetings at one place: no piece that could be trusted.
        if one[1] == 1:
            following[one[2]] = two[2]
    rings, left = [], set(following)
    while left:
        place, points = min(left), list[Vector]()
        while place in left:
            left.remove(place)
            points += runs[place].points
            place = following[place]
        rings.append(points)
    return rings


def _angle_along(side: Side, at: Vector) -> float:
    """Where on the line a place lies, as an angle round the normal."""
    first = _unit(cross(side.normal, (1.0, 0.0, 0.0) if abs(side.normal[0]) < 0.7 else (0.0, 1.0, 0.0)))
    return math.atan2(dot(cross(side.normal, first), at), dot(first, at))


def _crossing(one: Vector, two: Vector, side: Side) -> Vector:
    """Where the great circle from one to two, whose ends lie on different sides, meets the line."""
    ahead = _unit(cross(cross(one, two), one))
    whole = math.atan2(dot(ahead, two), dot(one, two))
    a, b = dot(side.normal, one), dot(side.normal, ahead)
    turn, reach = math.atan2(b, a), math.acos(max(-1.0, min(1.0, side.offset / math.hypot(a, b))))
    # Both meetings with the full circle; the one on the edge is the one between its ends.
    found = min(
        (angle % (2 * math.pi) for angle in (turn - reach, turn + reach)),
        key=lambda angle: 0.0 if angle <= whole else min(angle - whole, 2 * math.pi - angle),
    )
    cos, sin = math.cos(found), math.sin(found)
    return (one[0] * cos + ahead[0] * sin, one[1] * cos + ahead[1] * sin, one[2] * cos + ahead[2] * sin)


def _usable(ring: list[Vector]) -> Polygon | None:
    return _checked(Polygon(tuple(map(place_of, ring)))) if ring else None


def _checked(polygon: Polygon) -> Polygon | None:
    return None if problems(polygon) else polygon


def _rough_m2(ring: list[Vector]) -> float:
    """The length of the ring's vector area: less than the true area by under 0.1 % up to 500 km across."""
    area = [sum(part) for part in zip(*map(cross, ring, ring[1:] + ring[:1]), strict=True)]
    return math.hypot(*area) / 2 * EARTH_RADIUS_M**2


def _unit(at: Vector) -> Vector:
    length = math.hypot(*at)
    return (at[0] / length, at[1] / length, at[2] / length)
