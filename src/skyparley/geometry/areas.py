"""How much ground a shape covers, for minimum sizes."""

import math
from itertools import pairwise
from typing import Final

from skyparley.geometry.outline import middle_leg
from skyparley.geometry.rings import EARTH_RADIUS_M, Vector, angle, distinct, vector
from skyparley.geometry.sectors import sweep_deg
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Point, Polygon, Shape
from skyparley.geometry.sphere import core, core_area_m2

_DISCS: Final = 64  # tried along a line


def area_m2(shape: Shape) -> float:
    """Square metres on the sphere.

    Circle, polygon (less its holes) and arc (by its radii on the sphere): exact.  The others, which are lines that are
    widened: a lower bound, never too much.

    A line that bends over itself has no simple area, so the larger of two areas that surely lie in it is taken:
    its longest leg with round ends, and discs of its half-width along the line that do not overlap (for a line of
    many bends). A straight line is exact to the curvature of the Earth.
    """
    match shape:
        case Circle():
            return _cap_area_m2(shape.radius_m)
        case Polygon():
            return core_area_m2(core(shape))
        case Corridor():
            return _widened_area_m2(shape.line, shape.half_width_m)
        case Line():
            return _widened_area_m2(shape.line, shape.buffer_m)
        case Orbit():
            return _widened_area_m2(middle_leg(shape), shape.radius_m)
        case Arc():
            return (_cap_area_m2(shape.outer_m) - _cap_area_m2(shape.inner_m)) * sweep_deg(shape) / 360.0


def _cap_area_m2(radius_m: float) -> float:
    # 1 - cos x written as 2 sin^2(x/2), which keeps its digits for small circles.
    return 4 * math.pi * EARTH_RADIUS_M**2 * math.sin(radius_m / EARTH_RADIUS_M / 2) ** 2


def _widened_area_m2(points: tuple[Point, ...], half_width_m: float) -> float:
    line = [vector(point) for point in distinct(points, closed=False)]
    half_width_rad = half_width_m / EARTH_RADIUS_M
    longest_rad = max((angle(a, b) for a, b in pairwise(line)), default=0.0)
    leg_m2 = 2 * longest_rad * math.sin(half_width_rad) * EARTH_RADIUS_M**2
    disc_m2 = _cap_area_m2(half_width_m)
    return max(leg_m2 + disc_m2, _separate_discs(line, half_width_rad) * disc_m2)


def _separate_discs(line: list[Vector], half_width_rad: float) -> int:
    """How many discs of the half-width fit on vertices and leg middles of a line without overlap, taken greedily."""
    places = [line[0]] if line else []
    for a, b in pairwise(line):
        middle = tuple(p + q for p, q in zip(a, b, strict=True))
        length = math.hypot(*middle) or 1.0
        places += [(middle[0] / length, middle[1] / length, middle[2] / length), b]
    chosen: list[Vector] = []
    for place in places:
        if len(chosen) < _DISCS and all(angle(place, other) >= 2 * half_width_rad for other in chosen):
            chosen.append(place)
    return len(chosen)
