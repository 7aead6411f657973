"""Round bounds of cores: the few caps that together hold a point, a line or a polygon, for the broad phase."""

import math
from itertools import pairwise
from typing import Final, NamedTuple

from skyparley.geometry.rings import Vector, angle, vector
from skyparley.geometry.shapes import Point

BEADS: Final = 16  # about how many caps a line gets: enough to follow it, few enough to cover in cells
_SLACK_RAD: Final = 1e-8  # 6 cm: more than the rounding of all that is computed here


class Cap(NamedTuple):
    """All points within `angle_rad` of a centre, a unit vector.  pi is the whole sphere."""

    x: float
    y: float
    z: float
    angle_rad: float

    @property
    def centre(self) -> Vector:
        return (self.x, self.y, self.z)


def bounding_cap(vectors: list[Vector]) -> Cap:
    """A cap that holds the points, the edges between them and the smaller side of a ring that they make.

    A cap smaller than a hemisphere is convex, so it holds the edges.  What lies outside it is in one piece and larger
    than half the sphere, so it is not inside the ring.  Where no such cap is found, the whole sphere is returned.
    """
    total = tuple(sum(part) for part in zip(*vectors, strict=True))
    length = math.hypot(*total)
    if length < 1e-6 * len(vectors):
        return Cap(0.0, 0.0, 1.0, math.pi)
    centre = (total[0] / length, total[1] / length, total[2] / length)
    reach = max(angle(centre, each) for each in vectors)
    if reach >= 1.57:
        return Cap(*centre, math.pi)
    return Cap(*centre, reach + _SLACK_RAD)


def beads(points: list[Point], *, least_rad: float) -> tuple[Cap, ...]:
    """Caps that together hold a line, each about as long as 1/16 of it or 2 * `least_rad`, whichever is more."""
    line = [vector(point) for point in points]
    legs = [angle(a, b) for a, b in pairwise(line)]
    step = max(sum(legs) / BEADS, 2 * least_rad, 1e-9)
    found, group, length = [], [line[0]], 0.0
    for (start, end), leg in zip(pairwise(line), legs, strict=True):
        pieces = max(1, math.ceil(leg / step))
        for piece in range(1, pieces + 1):
            if length + leg / pieces > step and len(group) > 1:
                found.append(bounding_cap(group))
                group, length = [group[-1]], 0.0
            group.append(end if piece == pieces else _along(start, end, piece / pieces))
            length += leg / pieces
    found.append(bounding_cap(group))
    return tuple(found)


def _along(a: Vector, b: Vector, part: float) -> Vector:
    """The point at `part` of the great circle from a to b."""
    whole = angle(a, b)
    left, right = math.sin((1 - part) * whole) / math.sin(whole), math.sin(part * whole) / math.sin(whole)
    x, y, z = (left * p + right * q for p, q in zip(a, b, strict=True))
    length = math.sqrt(x * x + y * y + z * z)
    return (x / length, y / length, z / length)
