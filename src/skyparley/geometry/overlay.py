"""Areas as they are drawn, what two of them share, and where two shapes meet: for maps and words, never for a verdict.

Beside sphere.py the only user of spherely.  A verdict is judged on cores and exact radii; a drawn circle is a polygon of
CIRCLE_EDGES edges, and so are the round ends of lines.
"""

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import spherely

from skyparley.geometry.outline import Kind, Outline, outline
from skyparley.geometry.rings import EARTH_RADIUS_M, Vector, angle, vector
from skyparley.geometry.shapes import Point, Shape

CIRCLE_EDGES: Final = 64
LEGS_DRAWN: Final = 256  # of one line; a longer one is drawn with every n-th leg joined to the next
ROWS: Final = 512  # vertices compared at once with all edges: 4,000 edges are 16 MB
DRAWN_KEPT: Final = 4_096  # shapes; about 10 kB each at most in common use

Rings = tuple[tuple[Point, ...], ...]
Array = npt.NDArray[np.float64]
_KINDS: Final[dict[int, Kind]] = {1: "POINT", 2: "LINE", 3: "AREA"}


class Piece(NamedTuple):
    """One point, one line, or the outer ring of an area and its holes, not closed: (lat, lon), degrees."""

    kind: Kind
    rings: Rings


class Meeting(NamedTuple):
    """Where two shapes meet or come nearest.

    `at`: in the middle of the largest part that they share, or halfway between them.  `between`: the two facing points
    of their edges where they are apart, else empty.  `overlap`: what they share as it is drawn; empty where they are
    apart, only touch, or overlap by less than the drawing shows.
    """

    at: Point
    between: tuple[Point, ...]
    overlap: tuple[Piece, ...]


def drawn(shape: Shape) -> tuple[Piece, ...]:
    """The area of a shape as polygons.  Raises Unusable for a shape without an outline."""
    return _drawn(shape)[0]


def shared(a: Iterable[Piece], b: Iterable[Piece]) -> tuple[Piece, ...]:
    """The parts that two drawn shapes share: areas only, so none where they are apart or only touch."""
    one, other = (_united([_polygon(piece.rings) for piece in each if piece.kind == "AREA"]) for each in (a, b))
    if one is None or other is None:
        return ()
    return tuple(piece for piece in _pieces(spherely.intersection(one, other)) if piece.kind == "AREA")


def meeting(a: Shape, b: Shape) -> Meeting:
    """Where two shapes meet or come nearest, to within a few metres.  Raises Unusable for a shape without a core."""
    common = spherely.intersection(_drawn(a)[1], _drawn(b)[1])
    overlap = tuple(piece for piece in _pieces(common) if piece.kind == "AREA")
    if overlap:
        return Meeting(_middle(overlap, common), (), overlap)
    one, other = outline(a), outline(b)
    p, q = _nearest(one, other)
    apart = angle(p, q)
    first, last = one.radius_m / EARTH_RADIUS_M, apart - other.radius_m / EARTH_RADIUS_M
    at = _point(_on_leg(p, q, (first + last) / 2))
    if first < last:
        return Meeting(at, (_point(_on_leg(p, q, first)), _point(_on_leg(p, q, last))), ())
    return Meeting(at, (), ())


# --- drawing --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=DRAWN_KEPT)
def _drawn(shape: Shape) -> tuple[tuple[Piece, ...], Any]:
    """The polygons of a shape, and the same as a geography."""
    own = outline(shape)
    radius_rad = own.radius_m / EARTH_RADIUS_M
    if own.kind == "POINT":
        rings = (_circle(vector(own.rings[0][0]), radius_rad),)
        return (Piece("AREA", rings),), _polygon(rings)
    if own.kind == "AREA" and not radius_rad:
        return (Piece("AREA", own.rings),), _polygon(own.rings)
    parts = [_polygon((_capsule(a, b, radius_rad),)) for a, b in _legs(own)]
    if own.kind == "AREA":
        parts.append(_polygon(own.rings))
    area = _united(parts)
    return tuple(_pieces(area)), area


def _circle(middle: Vector, radius_rad: float) -> tuple[Point, ...]:
    return tuple(_point(v) for v in _around(middle, radius_rad, 0.0, 2 * math.pi, CIRCLE_EDGES))[:-1]


def _capsule(a: Vector, b: Vector, radius_rad: float) -> tuple[Point, ...]:
    """The ring around one leg, with round ends."""
    half = CIRCLE_EDGES // 2
    ahead, back = _bearing(b, a) + math.pi, _bearing(a, b) + math.pi
    end = _around(b, radius_rad, ahead - math.pi / 2, ahead + math.pi / 2, half)
    start = _around(a, radius_rad, back - math.pi / 2, back + math.pi / 2, half)
    return tuple(_point(v) for v in (*end, *start))


def _around(middle: Vector, radius_rad: float, first: float, last: float, steps: int) -> Iterator[Vector]:
    """Points at one distance around a middle, by bearings from north clockwise."""
    north, east = _north_east(middle)
    near, far = math.cos(radius_rad), math.sin(radius_rad)
    for step in range(steps + 1):
        bearing = first + (last - first) * step / steps
        c, s = far * math.cos(bearing), far * math.sin(bearing)
        x, y, z = (near * m + c * n + s * e for m, n, e in zip(middle, north, east, strict=True))
        yield (x, y, z)


def _legs(own: Outline) -> Iterator[tuple[Vector, Vector]]:
    for ring in own.rings:
        line = [vector(point) for point in ring]
        if own.kind == "AREA":
            line.append(line[0])
        step = -(-(len(line) - 1) // LEGS_DRAWN) or 1
        yield from pairwise([*line[:-1:step], line[-1]])


# --- spherely -------------------------------------------------------------------------------------------------------


def _polygon(rings: Rings) -> Any:
    outer, *holes = [[(lon, lat) for lat, lon in ring] for ring in rings]
    return spherely.create_polygon(outer, holes or None)


def _united(parts: Sequence[Any]) -> Any:
    """The union, halves first: each part is joined about log n times and not n.  None for nothing."""
    parts = list(parts)
    while len(parts) > 1:
        parts = [
            spherely.union(*parts[place : place + 2]) if place + 1 < len(parts) else parts[place]
            for place in range(0, len(parts), 2)
        ]
    return parts[0] if parts else None


def _pieces(geography: Any) -> list[Piece]:
    """The points, lines and areas of a geography; an empty one has none."""
    return list(_read_wkb(memoryview(spherely.to_wkb(geography)), 0)[0]) if geography is not None else []


def _read_wkb(data: memoryview, at: int) -> tuple[list[Piece], int]:
    """Pieces of well-known binary from a position on, and where it ends.  Little-endian, two axes, as spherely writes it."""
    kind = struct.unpack_from("<I", data, at + 1)[0]
    at += 5
    found: list[Piece] = []
    if kind == 1:
        lon, lat = struct.unpack_from("<2d", data, at)
        return ([] if math.isnan(lon) else [Piece("POINT", (((lat, lon),),))]), at + 16
    count = struct.unpack_from("<I", data, at)[0]
    at += 4
    if kind == 2:
        line, at = _read_points(data, at, count)
        return ([Piece("LINE", (line,))] if line else []), at
    if kind == 3:
        rings = []
        for _ in range(count):
            ring, at = _read_points(data, at + 4, struct.unpack_from("<I", data, at)[0])
            rings.append(ring[:-1])
        return ([Piece("AREA", tuple(rings))] if rings else []), at
    for _ in range(count):
        inner, at = _read_wkb(data, at)
        found += inner
    return found, at


def _read_points(data: memoryview, at: int, count: int) -> tuple[tuple[Point, ...], int]:
    flat = struct.unpack_from(f"<{2 * count}d", data, at)
    # A longitude beyond 180 is written where an area passes the antimeridian.
    return tuple(
        (lat, (lon + 180.0) % 360.0 - 180.0) for lon, lat in zip(flat[::2], flat[1::2], strict=True)
    ), at + 16 * count


def _middle(pieces: Sequence[Piece], area: Any) -> Point:
    """A point of an area, near the middle of it or of its largest piece."""
    if len(pieces) > 1:
        largest = max(pieces, key=lambda piece: float(spherely.area(_polygon(piece.rings), radius=1.0)))
        return _middle((largest,), _polygon(largest.rings))
    balance = spherely.centroid(area)
    tried = [(float(spherely.get_y(balance)), float(spherely.get_x(balance)))]
    if not spherely.intersects(area, balance):
        # A bent area may not hold its centroid; some ear of its outer ring lies in it, unless a hole is there too.
        ring = [vector(point) for point in pieces[0].rings[0]]
        ears = zip(ring, ring[1:] + ring[:1], ring[2:] + ring[:2], strict=True)
        tried = [_point(_unit((a[0] + b[0] + c[0], a[1] + b[1] + c[1], a[2] + b[2] + c[2])) or b) for a, b, c in ears]
        tried = [(lat, lon) for lat, lon in tried if spherely.intersects(area, spherely.create_point(lon, lat))]
    return tried[0] if tried else pieces[0].rings[0][0]


# --- nearest points -------------------------------------------------------------------------------------------------


def _nearest(one: Outline, other: Outline) -> tuple[Vector, Vector]:
    """The nearest points of two cores that share none: one of them is a vertex."""
    if one.kind == other.kind == "POINT":
        return vector(one.rings[0][0]), vector(other.rings[0][0])
    first, second = _vertices_and_edges(one), _vertices_and_edges(other)
    (p, q, near), (r, s, far) = _vertex_to_edges(first[0], second), _vertex_to_edges(second[0], first)
    return (p, q) if near >= far else (s, r)


def _vertices_and_edges(own: Outline) -> tuple[Array, Array, Array]:
    """Vertices (n, 3), and starts and ends of edges (m, 3) each; a point is one edge without length."""
    vertices, starts, ends = [], [], []
    for ring in own.rings:
        line = [vector(point) for point in ring]
        vertices += line
        closed = line + line[:1] if own.kind != "LINE" else line
        starts += closed[:-1]
        ends += closed[1:]
    return np.array(vertices), np.array(starts), np.array(ends)


def _vertex_to_edges(vertices: Array, edges: tuple[Array, Array, Array]) -> tuple[Vector, Vector, float]:
    """The vertex and the point of an edge that are nearest, and the cosine of the angle between them."""
    _, starts, ends = edges
    crossed = np.cross(starts, ends)
    lengths = np.linalg.norm(crossed, axis=1)
    some = lengths > 1e-15
    normals = crossed / np.where(some, lengths, 1.0)[:, None]
    past_start, past_end = np.cross(normals, starts), np.cross(normals, ends)
    best: tuple[float, int, int] = (-2.0, 0, 0)
    for begin in range(0, len(vertices), ROWS):
        at = vertices[begin : begin + ROWS]
        off = at @ normals.T
        # The foot lies on the edge when it is past the start and before the end.
        within = (at @ past_start.T > 0) & (at @ past_end.T < 0) & some
        cosines = np.where(within, np.sqrt(np.maximum(0.0, 1 - off * off)), np.maximum(at @ starts.T, at @ ends.T))
        place, edge = divmod(int(np.argmax(cosines)), cosines.shape[1])
        if cosines[place, edge] > best[0]:
            best = (float(cosines[place, edge]), begin + place, edge)
    cosine, place, edge = best
    one = vertices[place]
    if some[edge] and past_start[edge] @ one > 0 and past_end[edge] @ one < 0:
        foot = _unit(_tuple(one - (normals[edge] @ one) * normals[edge]))
        if foot is not None:
            return _tuple(one), foot, cosine
    return _tuple(one), _tuple(starts[edge] if starts[edge] @ one >= ends[edge] @ one else ends[edge]), cosine


# --- vectors --------------------------------------------------------------------------------------------------------


def _tuple(array: Array) -> Vector:
    return (float(array[0]), float(array[1]), float(array[2]))


def _unit(v: Vector) -> Vector | None:
    """The vector made as long as 1; None for one that has no direction."""
    length = math.hypot(*v)
    return (v[0] / length, v[1] / length, v[2] / length) if length > 1e-12 else None


def _point(v: Vector) -> Point:
    return (math.degrees(math.atan2(v[2], math.hypot(v[0], v[1]))), math.degrees(math.atan2(v[1], v[0])))


def _north_east(at: Vector) -> tuple[Vector, Vector]:
    across = math.hypot(at[0], at[1])
    if across < 1e-12:  # At a pole any direction will do for north.
        return (-math.copysign(1.0, at[2]), 0.0, 0.0), (0.0, 1.0, 0.0)
    east = (-at[1] / across, at[0] / across, 0.0)
    return (-at[2] * at[0] / across, -at[2] * at[1] / across, across), east


def _bearing(start: Vector, end: Vector) -> float:
    """Radians from north, clockwise, of the great circle from one to the other."""
    north, east = _north_east(start)
    to_east, to_north = (sum(e * p for e, p in zip(each, end, strict=True)) for each in (east, north))
    return math.atan2(to_east, to_north)


def _on_leg(a: Vector, b: Vector, from_a_rad: float) -> Vector:
    """The point of the great circle from a towards b at an angle from a."""
    whole = angle(a, b)
    if whole < 1e-12:
        return a
    left, right = math.sin(whole - from_a_rad) / math.sin(whole), math.sin(from_a_rad) / math.sin(whole)
    return (left * a[0] + right * b[0], left * a[1] + right * b[1], left * a[2] + right * b[2])
