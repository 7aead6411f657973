"""Compiled: how near two cores are, and whether that is near enough.  The exact library (sphere.py) is the twin.

The kernel answers only what floating point can decide.  Within TOLERANCE_RAD of the threshold, for edges that may touch
and for shapes that are too large or too intricate for it, it answers ASK, and the caller asks the twin; so the two never
disagree.

Lengths are squared chords of the unit sphere: of a chord c the angle is 2 asin(c / 2).  Everything is computed from
differences of nearby vectors, which keeps nanometres for short edges where plain products would lose metres.

All that these kernels call stands in this file, and thresholds are arguments: numba's cache looks only at the date of the
file of the kernel, so a constant or a helper from elsewhere could change and the old machine code would still be used.
"""

# Within the kernels numba knows the types, and mypy need not.
# mypy: disable-error-code="no-any-return"

import math
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
from numba import njit

POINT: Final = 0
LINE: Final = 1
AREA: Final = 2

NO: Final = 0
YES: Final = 1
ASK: Final = 2

TOLERANCE_RAD: Final = 1.6e-13  # about a micrometre on the ground; the rounding of all that is computed is nanometres
_TOLERANCE_2: Final = TOLERANCE_RAD * TOLERANCE_RAD
_FAR_RAD: Final = 1.2  # beyond it (7,600 km) angles lose digits; such pairs are rare enough to be asked
_WIDE_RAD: Final = 1.4  # an area wider than this may not lie in the hemisphere that the inside test needs
_LIMIT_SLACK: Final = 1.0 + 1e-9
_BUDGET: Final = 30_000  # pairs of edges looked at; beyond it the twin, which has an index of edges, is faster
_RING_AT_MOST: Final = 200  # a ring with more vertices is left to validation, whose way grows slower
_SLACK_RAD: Final = 1e-8  # 6 cm: more than the rounding of all that is computed here
_UNKNOWN: Final = -1.0
_MEET: Final = -2.0  # for a squared chord: the cores surely meet, and in more than what touches

SHAPES: Final = "Tuple((int8[::1], int64[::1], int64[::1], float64[:, ::1], float64[:, ::1]))"
"""kind [n], first ring [n + 1], first vertex of a ring [r + 1], unit vectors [v, 3], bounding caps [n, 4] (x, y, z, rad)."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(signature: str) -> Callable[[_Function], _Function]:
    """Compiles at import, or takes the machine code from the cache; where there is no place for a cache, without one."""

    def compile_now(function: _Function) -> _Function:
        try:
            return cast(_Function, njit(signature, cache=True, nogil=True)(function))
        except RuntimeError as error:
            if "no locator" not in str(error):
                raise
            return cast(_Function, njit(signature, nogil=True)(function))

    return compile_now


def inner(function: _Function) -> _Function:
    """Compiled as a part of the kernels that call it."""
    return cast(_Function, njit(nogil=True)(function))


@inner
def _to_edge(p: Any, a: Any, e: Any, n: Any, e2: float) -> float:
    """Squared chord from a point to an edge that starts at a: e = b - a, n = (a + b) x e, e2 = |e|^2."""
    qx, qy, qz = p[0] - a[0], p[1] - a[1], p[2] - a[2]
    rx, ry, rz = qx - e[0], qy - e[1], qz - e[2]
    q2, r2 = qx * qx + qy * qy + qz * qz, rx * rx + ry * ry + rz * rz
    before = e[0] * qx + e[1] * qy + e[2] * qz <= 0.25 * q2 * e2
    after = -(e[0] * rx + e[1] * ry + e[2] * rz) <= 0.25 * r2 * e2
    if before or after or e2 == 0.0:
        return min(q2, r2)
    n2 = e2 * (4.0 - e2)
    s = n[0] * qx + n[1] * qy + n[2] * qz
    s2 = s * s / n2
    if s2 < 0.5:
        return 2.0 * s2 / (1.0 + math.sqrt(1.0 - s2))
    mx, my, mz = n[1] * p[2] - n[2] * p[1], n[2] * p[0] - n[0] * p[2], n[0] * p[1] - n[1] * p[0]
    return 2.0 - 2.0 * math.sqrt((mx * mx + my * my + mz * mz) / n2)


@inner
def _edge(a: Any, b: Any) -> Any:
    """(e, n, e2) of the edge from a to b, as _to_edge takes them."""
    ex, ey, ez = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    sx, sy, sz = a[0] + b[0], a[1] + b[1], a[2] + b[2]
    n = (sy * ez - sz * ey, sz * ex - sx * ez, sx * ey - sy * ex)
    return (ex, ey, ez), n, ex * ex + ey * ey + ez * ez


@inner
def _at(vectors: Any, place: int) -> Any:
    return (vectors[place, 0], vectors[place, 1], vectors[place, 2])


@inner
def _side(n: Any, a: Any, p: Any) -> float:
    """n . (p - a): on which side of an edge from a with normal n a point lies."""
    return n[0] * (p[0] - a[0]) + n[1] * (p[1] - a[1]) + n[2] * (p[2] - a[2])


@inner
def _chord2(a: Any, b: Any) -> float:
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return x * x + y * y + z * z


@inner
def _across(x: float, y: float, z: float) -> Any:
    """Some vector that is far from parallel to (x, y, z)."""
    if abs(x) <= abs(y) and abs(x) <= abs(z):
        return (1.0, 0.0, 0.0)
    if abs(y) <= abs(z):
        return (0.0, 1.0, 0.0)
    return (0.0, 0.0, 1.0)


@inner
def _from_point(shapes: Any, k: int, p: Any) -> Any:
    """(squared chord from a point to the edges of shape k, whether it lies inside: sure unless the chord is tiny).

    Inside is counted as in the plane, by the edges that a ray crosses: seen from the centre of the Earth an area that
    lies in a hemisphere is a plane figure with straight edges.  The ray runs from p towards `to`; a vertex is above it
    where it is on the positive side of p x to, and an edge that goes up has p on its left when it is crossed.
    """
    kinds, first_ring, first_vertex, vectors, caps = shapes
    centre = _at(caps, k)
    area = kinds[k] == AREA and p[0] * centre[0] + p[1] * centre[1] + p[2] * centre[2] > 0.0
    to = _across(centre[0], centre[1], centre[2])
    up = (p[1] * to[2] - p[2] * to[1], p[2] * to[0] - p[0] * to[2], p[0] * to[1] - p[1] * to[0])
    best, inside = np.inf, False
    for ring in range(first_ring[k], first_ring[k + 1]):
        start, end = first_vertex[ring], first_vertex[ring + 1]
        closed = kinds[k] == AREA
        a = _at(vectors, end - 1 if closed else start)
        a_above = a[0] * up[0] + a[1] * up[1] + a[2] * up[2] >= 0.0
        for place in range(start if closed else start + 1, end):
            b = _at(vectors, place)
            e, n, e2 = _edge(a, b)
            best = min(best, _to_edge(p, a, e, n, e2))
            if area:
                b_above = b[0] * up[0] + b[1] * up[1] + b[2] * up[2] >= 0.0
                if a_above != b_above and (_side(n, a, p) > 0.0) == b_above:
                    inside = not inside
                a_above = b_above
            a = b
    return best, inside


@inner
def _cross(a: Any, n: Any, length2: float, c: Any, m: Any, other2: float, ends: Any) -> bool:
    """Whether two edges surely cross: each end is clearly on the other side.  `ends` are the far ends of both."""
    one, two = _side(n, a, c), _side(n, a, ends[1])
    if one * two >= 0.0:
        return False
    three, four = _side(m, c, a), _side(m, c, ends[0])
    if three * four >= 0.0 or a[0] * c[0] + a[1] * c[1] + a[2] * c[2] <= 0.0:
        return False
    least = _TOLERANCE_2 * length2 * (4.0 - length2)
    other = _TOLERANCE_2 * other2 * (4.0 - other2)
    return one * one > least and two * two > least and three * three > other and four * four > other


@inner
def _edge_to_edges(shapes: Any, j: int, ends: Any, limit: float, stop2: float) -> Any:
    """(squared chord from one edge to those of j, how many there were).  _MEET if one surely crosses.  May end at `stop2`.

    Edges that are surely farther than the chord `limit` are passed over.
    """
    kinds, first_ring, first_vertex, vectors, _ = shapes
    a, b = ends
    e, n, e2 = _edge(a, b)
    best, looked, reach = np.inf, 0, limit + math.sqrt(e2)
    for ring in range(first_ring[j], first_ring[j + 1]):
        start, end = first_vertex[ring], first_vertex[ring + 1]
        closed = kinds[j] == AREA
        c = _at(vectors, end - 1 if closed else start)
        best = min(best, _to_edge(c, a, e, n, e2))
        for place in range(start if closed else start + 1, end):
            d = _at(vectors, place)
            looked += 1
            both = reach + math.sqrt(_chord2(c, d))
            if _chord2(a, c) > both * both:
                c = d
                continue
            f, m, f2 = _edge(c, d)
            if _cross(a, n, e2, c, m, f2, (b, d)):
                return _MEET, looked
            best = min(best, _to_edge(d, a, e, n, e2), _to_edge(a, c, f, m, f2), _to_edge(b, c, f, m, f2))
            if best < stop2:
                return best, looked
            c = d
    return best, looked


@inner
def _between_edges(shapes: Any, i: int, j: int, far_rad: float, stop2: float) -> float:
    """Squared chord between the edges of i and j; _MEET if two surely cross; infinity or more than `far_rad` if farther.

    Edges of i that are farther than `far_rad` from the bounding cap of j are passed over.
    """
    kinds, first_ring, first_vertex, vectors, caps = shapes
    centre, wide = _at(caps, j), caps[j, 3]
    best, work = np.inf, 0
    for ring in range(first_ring[i], first_ring[i + 1]):
        start, end = first_vertex[ring], first_vertex[ring + 1]
        closed = kinds[i] == AREA
        a = _at(vectors, end - 1 if closed else start)
        for place in range(start if closed else start + 1, end):
            b = _at(vectors, place)
            e, n, e2 = _edge(a, b)
            # The angle is at most pi/2 times its chord, and at least the chord.
            reach = wide + min(far_rad, 1.5708 * math.sqrt(best))
            if _to_edge(centre, a, e, n, e2) <= reach * reach:
                limit = min(far_rad, math.sqrt(best)) * _LIMIT_SLACK
                chord2, looked = _edge_to_edges(shapes, j, (a, b), limit, stop2)
                if chord2 < best:
                    best = chord2
                    if best < 0.0 or best < stop2:
                        return best
                work += looked
                if work > _BUDGET:
                    return _UNKNOWN
            a = b
    return best


@inner
def _between(shapes: Any, i: int, j: int, far_rad: float, stop2: float) -> float:
    """Squared chord between two cores: _MEET if they surely do, _UNKNOWN if that is to be asked.

    Ends at once when under `stop2`; what is farther than `far_rad` may come out as any figure that is farther.
    """
    kinds, first_ring, first_vertex, vectors, caps = shapes
    if (kinds[i] == AREA and caps[i, 3] > _WIDE_RAD) or (kinds[j] == AREA and caps[j, 3] > _WIDE_RAD):
        return _UNKNOWN
    i_from, j_from = first_vertex[first_ring[i]], first_vertex[first_ring[j]]
    if first_vertex[first_ring[i + 1]] - i_from < first_vertex[first_ring[j + 1]] - j_from:
        i, j, i_from, j_from = j, i, j_from, i_from
    if kinds[i] == POINT:
        return _chord2(_at(vectors, i_from), _at(vectors, j_from))
    best = np.inf
    if kinds[i] == AREA or kinds[j] == POINT:
        best, inside = _from_point(shapes, i, _at(vectors, j_from))
        if inside and best > _TOLERANCE_2:
            return _MEET
        if kinds[j] == POINT or best < stop2:
            return best
    if kinds[j] == AREA:
        other, inside = _from_point(shapes, j, _at(vectors, i_from))
        if inside and other > _TOLERANCE_2:
            return _MEET
        best = min(best, other)
        if best < stop2:
            return best
    edges = _between_edges(shapes, i, j, far_rad, stop2)
    return edges if edges < 0.0 else min(best, edges)


@inner
def _squared_chord(angle_rad: float) -> float:
    chord = 2.0 * math.sin(0.5 * min(angle_rad, math.pi))
    return chord * chord


@inner
def _has_inside(shapes: Any, i: int, j: int) -> bool:
    """Whether at least one of two is an area: then meeting for sure is sharing what lies inside."""
    return bool(shapes[0][i] == AREA or shapes[0][j] == AREA)


@inner
def _answer(chord2: float, near_rad: float, inside: bool) -> int:
    """NO, YES or ASK for a squared chord; `inside`: meeting for sure is sharing what lies inside."""
    if near_rad > _FAR_RAD or chord2 == _UNKNOWN:
        return ASK
    if chord2 == _MEET:
        return YES if near_rad > 0.0 or inside else ASK
    if near_rad > TOLERANCE_RAD and chord2 < _squared_chord(near_rad - TOLERANCE_RAD):
        return YES
    return NO if chord2 > _squared_chord(near_rad + TOLERANCE_RAD) else ASK


@inner
def _radians(chord2: float) -> float:
    if chord2 == _MEET or chord2 == 0.0:
        return 0.0
    if chord2 <= _TOLERANCE_2 or chord2 > 3.9:
        return _UNKNOWN
    return 2.0 * math.asin(0.5 * math.sqrt(chord2))


@compiled(f"Tuple((int8[::1], float64[::1]))({SHAPES}, float64[::1], float64, int64[:, ::1], boolean)")
def decide(shapes: Any, radius_rad: Any, required_rad: float, pairs: Any, measure: bool) -> Any:
    """(answers, radians) for pairs [m, 2]: whether the cores are closer than both radii and the requirement together.

    `radius_rad` [n] and `required_rad` already carry the bound of the ellipsoid.  With nothing required of two shapes
    without a radius YES means that they share area (or that a point lies inside).  The radians between the cores, -1
    where that is to be asked, are found only if `measure` is set, which takes longer; otherwise they are empty.
    """
    answers = np.empty(len(pairs), np.int8)
    radians = np.empty(len(pairs) if measure else 0, np.float64)
    for pair in range(len(pairs)):
        i, j = pairs[pair, 0], pairs[pair, 1]
        near_rad = radius_rad[i] + radius_rad[j] + required_rad
        far_rad, stop2 = np.inf, -1.0
        if not measure:
            far_rad = near_rad + TOLERANCE_RAD
            if near_rad > TOLERANCE_RAD:
                stop2 = _squared_chord(near_rad - TOLERANCE_RAD)
        chord2 = _between(shapes, i, j, far_rad, stop2)
        inside = shapes[0][i] == AREA or shapes[0][j] == AREA
        answers[pair] = _answer(chord2, near_rad, inside)
        if measure:
            radians[pair] = _radians(chord2)
    return answers, radians


@compiled("float64[:, ::1](int64[::1], int64[::1], float64[:, ::1])")
def bounding_caps(first_ring: Any, first_vertex: Any, vectors: Any) -> Any:
    """Caps [n, 4] (x, y, z, radians) that hold the first ring of each shape, as caps.bounding_cap; pi: not in a hemisphere."""
    caps = np.empty((len(first_ring) - 1, 4), np.float64)
    for k in range(len(caps)):
        start, end = first_vertex[first_ring[k]], first_vertex[first_ring[k] + 1]
        x, y, z = 0.0, 0.0, 0.0
        for place in range(start, end):
            x, y, z = x + vectors[place, 0], y + vectors[place, 1], z + vectors[place, 2]
        length = math.sqrt(x * x + y * y + z * z)
        if length <= 1e-6 * (end - start):
            caps[k, 0], caps[k, 1], caps[k, 2], caps[k, 3] = 0.0, 0.0, 1.0, math.pi
            continue
        centre, most = (x / length, y / length, z / length), 0.0
        for place in range(start, end):
            most = max(most, _chord2(centre, _at(vectors, place)))
        wide_rad = 2.0 * math.asin(min(1.0, 0.5 * math.sqrt(most))) + _SLACK_RAD
        caps[k, 0], caps[k, 1], caps[k, 2] = centre
        caps[k, 3] = wide_rad if wide_rad < 1.57 else math.pi
    return caps


@inner
def _touches_itself(vectors: Any, start: int, end: int) -> bool:
    """Whether two edges of a closed ring cross, or come near each other elsewhere than where they are joined."""
    last, a = end - start, _at(vectors, end - 1)
    for i in range(last):
        b = _at(vectors, start + i)
        e, n, e2 = _edge(a, b)
        if e2 <= 100.0 * _TOLERANCE_2:
            return True
        c = b
        for j in range(i + 1, last):
            d = _at(vectors, start + j)
            f, m, f2 = _edge(c, d)
            if _cross(a, n, e2, c, m, f2, (b, d)):
                return True
            # c is b where this edge follows; d is a where it closes the ring.
            near2 = np.inf if j == i + 1 else min(_to_edge(c, a, e, n, e2), _to_edge(b, c, f, m, f2))
            if not (i == 0 and j == last - 1):
                near2 = min(near2, _to_edge(d, a, e, n, e2), _to_edge(a, c, f, m, f2))
            if near2 <= 100.0 * _TOLERANCE_2:
                return True
            c = d
        a = b
    return False


@inner
def _ring_area(vectors: Any, start: int, end: int) -> float:
    """About the area of a small ring, in steradians: its flat triangles from the first vertex, at least half of the true."""
    origin, x, y, z = _at(vectors, start), 0.0, 0.0, 0.0
    for place in range(start + 1, end - 1):
        a, b = _at(vectors, place), _at(vectors, place + 1)
        ax, ay, az = a[0] - origin[0], a[1] - origin[1], a[2] - origin[2]
        bx, by, bz = b[0] - origin[0], b[1] - origin[1], b[2] - origin[2]
        x, y, z = x + ay * bz - az * by, y + az * bx - ax * bz, z + ax * by - ay * bx
    return 0.5 * math.sqrt(x * x + y * y + z * z)


@compiled(f"boolean[::1]({SHAPES}, float64)")
def surely_sound(shapes: Any, least_area: float) -> Any:
    """For each shape whether its vertices surely make one: an area of one ring that clearly does not meet itself and is
    larger than `least_area` (steradians), or a line with short edges, or a point.  False: validation.py has to say.
    """
    kinds, first_ring, first_vertex, vectors, caps = shapes
    sound = np.zeros(len(kinds), np.bool_)
    for k in range(len(kinds)):
        start, end = first_vertex[first_ring[k]], first_vertex[first_ring[k] + 1]
        if kinds[k] == AREA:
            few = first_ring[k + 1] - first_ring[k] == 1 and 3 <= end - start <= _RING_AT_MOST
            if few and caps[k, 3] < 1.0 and _ring_area(vectors, start, end) > least_area:
                sound[k] = not _touches_itself(vectors, start, end)
        else:
            sound[k] = caps[k, 3] < 1.0 and (kinds[k] == POINT or 2 <= end - start <= _RING_AT_MOST)
    return sound
