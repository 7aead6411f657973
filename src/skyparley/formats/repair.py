"""Rings that cross or touch themselves, as rounding leaves them in published files, made usable without losing area.

A ring is cut where it meets itself into loops that do not, and each loop is an area of its own: together they hold all
that any reading of the ring holds.  A loop that is no more than a line is held by a corridor of a metre.  What cannot be
untangled is held by its convex hull.  Nothing is ever made smaller.
"""

import math
import re
from itertools import product
from typing import Final, NamedTuple

from skyparley.formats.arcs import axes, dot
from skyparley.formats.soundness import shape_flaws
from skyparley.geometry.outline import outline
from skyparley.geometry.rings import Vector, distinct, vector
from skyparley.geometry.shapes import Corridor, Point, Polygon, Shape

_MEETS = re.compile(r"[Ee]dge (\d+) (?:crosses|has duplicate vertex with) edge (\d+)")
_MOST_CUTS: Final = 64  # of one ring; more are a scribble, of which the hull is taken
_PARALLEL: Final = 1e-18  # of the product of two normals: under it the place of a crossing is noise
_SLIVER_HALF_WIDTH_M: Final = 1.0  # a loop of under a square metre has no inner point so far from its edge


class Mended(NamedTuple):
    """The areas that hold all of a ring, and how they came about; no note where nothing had to be done."""

    shapes: tuple[Shape, ...]
    note: str = ""


def mended(ring: tuple[Point, ...]) -> Mended:
    """Areas that hold all that the ring holds.  A ring that is beyond repair is given back as it is."""
    whole = Polygon(ring)
    flaws = shape_flaws(whole)
    if not flaws:
        return Mended((whole,))
    if flaws[0].code not in ("SELF_CROSSING", "NOT_AN_AREA"):
        return Mended((whole,))
    loops = _loops(list(outline(whole).rings[0]))
    if loops is None:
        return Mended((Polygon(_hull(ring)),), "the outline crosses itself in many places; its convex hull is taken")
    if not loops:
        return Mended((whole,))
    shapes = tuple(_area(loop) for loop in loops)
    several = f"; it is taken as the {len(shapes)} areas that it encloses" if len(shapes) > 1 else ""
    return Mended(shapes, f"the outline crosses or touches itself{several}")


def mended_polygon(polygon: Polygon) -> Mended:
    """The same for a polygon with holes: holes that cannot be used are filled, which takes nothing away."""
    if not polygon.holes:
        return mended(polygon.outer)
    if not shape_flaws(polygon):
        return Mended((polygon,))
    found = mended(polygon.outer)
    note = "its holes cannot be used and are taken as part of the area"
    return Mended(found.shapes, f"{found.note}; {note}" if found.note else note)


def _area(loop: list[Point]) -> Shape:
    shape = Polygon(tuple(loop))
    if not shape_flaws(shape):
        return shape
    return Corridor((*loop, loop[0]), _SLIVER_HALF_WIDTH_M)


def _loops(ring: list[Point]) -> list[list[Point]] | None:
    """The loops of a ring, none of which meets itself; None after too many cuts."""
    waiting, done, cuts = [ring], [], 0
    while waiting:
        loop = _without_spikes(waiting.pop())
        if len(loop) < 3:
            continue  # a spike: a line out and back, which holds no area
        meeting = _meeting(loop)
        if meeting is None:
            done.append(loop)
            continue
        cuts += 1
        if cuts > _MOST_CUTS:
            return None
        parts = _cut(loop, *meeting)
        if parts is None:
            return None
        waiting.extend(parts)
    return done


def _meeting(loop: list[Point]) -> tuple[int, int] | None:
    """The first two edges that meet, by the exact library's own word; None for a loop that does not meet itself."""
    for flaw in shape_flaws(Polygon(tuple(loop))):
        found = _MEETS.search(flaw.text)
        if found is not None:
            first, second = sorted((int(found[1]), int(found[2])))
            return first, second
    return None


def _cut(loop: list[Point], first: int, second: int) -> tuple[list[Point], list[Point]] | None:
    """Two loops from one whose edges `first` < `second` meet.  None where the place cannot be told."""
    count = len(loop)
    if second >= count:
        return None
    for one, other in product((first, first + 1), (second, (second + 1) % count)):
        if one != other and loop[one] == loop[other]:
            low, high = sorted((one, other))
            return loop[low:high], [*loop[high:], *loop[:low]]
    place = _crossing(loop[first], loop[first + 1], loop[second], loop[(second + 1) % count])
    if place is None:
        return None
    return [place, *loop[first + 1 : second + 1]], [place, *loop[second + 1 :], *loop[: first + 1]]


def _crossing(a: Point, b: Point, c: Point, d: Point) -> Point | None:
    """Where the edges from a to b and from c to d cross; None for edges of one great circle, which cross nowhere."""
    start, end = vector(a), vector(b)
    normal = _cross(_cross(start, end), _cross(vector(c), vector(d)))
    length = math.hypot(*normal)
    if length < _PARALLEL:
        return None
    x, y, z = (part / length for part in normal)
    if x * (start[0] + end[0]) + y * (start[1] + end[1]) + z * (start[2] + end[2]) < 0:
        x, y, z = -x, -y, -z
    return (math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x)))


def _without_spikes(loop: list[Point]) -> list[Point]:
    """The loop without lines that go out and straight back: A, B, A is A."""
    kept: list[Point] = []
    for point in distinct(tuple(loop), closed=True):
        if len(kept) >= 2 and kept[-2] == point:
            kept.pop()
            continue
        kept.append(point)
    while len(kept) >= 3 and kept[0] in (kept[-2], kept[-1]):
        kept = kept[:-2] if kept[-2] == kept[0] else kept[:-1]
    while len(kept) >= 3 and kept[-1] == kept[1]:
        kept = kept[1:-1]
    return kept


def _hull(ring: tuple[Point, ...]) -> tuple[Point, ...]:
    """The convex hull of a ring's vertices, found in the plane in which great circles are straight lines."""
    corners = {point: vector(point) for point in distinct(ring, closed=True)}
    up, east, north = axes([*corners.values()])
    flat = {point: (dot(v, east) / dot(v, up), dot(v, north) / dot(v, up)) for point, v in corners.items()}
    order = sorted(flat, key=lambda point: flat[point])
    return (*_half_hull(order, flat), *_half_hull(order[::-1], flat))


def _half_hull(order: list[Point], flat: dict[Point, tuple[float, float]]) -> list[Point]:
    kept: list[Point] = []
    for point in order:
        while len(kept) >= 2 and _turn(flat[kept[-2]], flat[kept[-1]], flat[point]) <= 0:
            kept.pop()
        kept.append(point)
    return kept[:-1]


def _turn(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _cross(a: Vector, b: Vector) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
