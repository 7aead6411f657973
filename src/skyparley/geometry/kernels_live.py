"""Compiled: an index of volumes that come and go one by one, and which of them are near one.

As in kernels_join.py a volume lies in one cube of space, by the centre of its bounding cap, and here in one bucket of time,
by its start.  Cubes and buckets are those of its class: reaches up to 100 m, 1.6 km, 26 km and so on by sixteen; windows up to 2 h, 32 h
and so on by sixteen.  A query visits, class by class, the cubes and buckets within reach: so a country for a week is one
entry in a class of few.  Cubes and buckets are not kept as such: a chained hash table leads from their key to the entries.

All that these kernels call stands in this file, for numba's cache looks only at the date of the file.
"""

# Within the kernels numba knows the types, and mypy need not.
# mypy: disable-error-code="no-any-return"

import math
from typing import Any, Final

import numpy as np

from skyparley.geometry.kernels_near import SHAPES, compiled, inner

CLASSES: Final = 128
_LENGTHS: Final = 8  # classes of window length within one of size
_SIZES: Final = 16
_LEAST_REACH_RAD: Final = 1.57e-5  # 100 m
_CUBE_AT_MOST: Final = (
    256.0  # a cube is 16 reaches of its class wide, but 25 km or one reach if that is less: found by trying
)
_BUCKET_MS: Final = 7_200_000
_GONE: Final = -1
_SLACK_RAD: Final = 1e-8  # 6 cm: more than the rounding of all that is computed here
_UNLIMITED_FT: Final = 1_000_000_000

_FINE: Final = (
    2.0**40
)  # a coordinate as a whole number, so that a visit reads one row only; 1e-12 of the Earth's radius
NEXT, KEY, START, END, X, Y, Z, REACH = range(8)
CLASS, LOWER_REF, LOWER_FT, UPPER_REF, UPPER_FT = range(5)

LIVE: Final = "Tuple((float64[::1], int64[:, ::1], int64[:, ::1], int64[::1], int64[::1]))"
"""reach [n] in radians; figures [n, 5]: class or -1 if taken out, class of the lower reference, lower ft, class of the upper
(-1: unlimited), upper ft; rows [n, 8]: next entry in the chain or -1, key, start, end, the cap's centre and the reach in
units of _FINE; heads of chains, a power of two; how many entries each class has."""


@inner
def _size_of(reach_rad: float) -> int:
    size, widest = 0, _LEAST_REACH_RAD
    while widest < reach_rad and size < _SIZES - 1:
        size, widest = size + 1, widest * 16.0
    return size


@inner
def _length_of(window_ms: int) -> int:
    length, longest = 0, _BUCKET_MS
    while longest < window_ms and length < _LENGTHS - 1:
        length, longest = length + 1, longest * 16
    return length


@inner
def _cell(x: float, width: float) -> int:
    return math.floor((min(max(x, -1.0), 1.0) + 1.0) / width)


@inner
def _mixed(key: int, part: int) -> int:
    key = (key ^ part) * 0x1E3779B97F4A7C15
    return key ^ ((key >> 29) & 0x7FFFFFFFF)


@inner
def _cube_key(into: int, x: int, y: int, z: int) -> int:
    """A number for a cube of a class; with a bucket mixed in it is a key.  Two of one key are visited as one."""
    return _mixed(_mixed(_mixed(into, x), y), z)


@inner
def _width(size: int) -> float:
    reaches = 16.0**size
    return _LEAST_REACH_RAD * max(min(16.0 * reaches, _CUBE_AT_MOST), reaches)


@compiled(f"void({SHAPES}, float64[:, ::1], int64)")
def stage(shapes: Any, lat_lon: Any, k: int) -> None:
    """Fills unit vectors and the bounding cap of entry k from its vertices [m, 2] in degrees; pi: not in a hemisphere."""
    _, first_ring, first_vertex, vectors, caps = shapes
    start, end = first_vertex[first_ring[k]], first_vertex[first_ring[k + 1]]
    for place in range(start, end):
        lat, lon = math.radians(lat_lon[place - start, 0]), math.radians(lat_lon[place - start, 1])
        across = math.cos(lat)
        vectors[place, 0], vectors[place, 1] = across * math.cos(lon), across * math.sin(lon)
        vectors[place, 2] = math.sin(lat)
    end = first_vertex[first_ring[k] + 1]
    x, y, z = 0.0, 0.0, 0.0
    for place in range(start, end):
        x, y, z = x + vectors[place, 0], y + vectors[place, 1], z + vectors[place, 2]
    length = math.sqrt(x * x + y * y + z * z)
    caps[k, 0], caps[k, 1], caps[k, 2], caps[k, 3] = 0.0, 0.0, 1.0, math.pi
    if length > 1e-6 * (end - start):
        x, y, z, most = x / length, y / length, z / length, 0.0
        for place in range(start, end):
            apart = (vectors[place, 0] - x) ** 2 + (vectors[place, 1] - y) ** 2 + (vectors[place, 2] - z) ** 2
            most = max(most, apart)
        wide_rad = 2.0 * math.asin(min(1.0, 0.5 * math.sqrt(most))) + _SLACK_RAD
        if wide_rad < 1.57:
            caps[k, 0], caps[k, 1], caps[k, 2], caps[k, 3] = x, y, z, wide_rad


@compiled(f"void({SHAPES}, {LIVE}, int64, int64)")
def link(shapes: Any, live: Any, start: int, end: int) -> None:
    """Files the entries start..end, whose times stand in their rows: their class, their key, their place in a chain."""
    caps = shapes[4]
    reach, figures, rows, heads, counts = live
    for k in range(start, end):
        size, length = _size_of(reach[k]), _length_of(rows[k, END] - rows[k, START])
        into, width = size * _LENGTHS + length, _width(size)
        x, y, z = _cell(caps[k, 0], width), _cell(caps[k, 1], width), _cell(caps[k, 2], width)
        key = _mixed(_cube_key(into, x, y, z), rows[k, START] // (_BUCKET_MS << (4 * length)))
        head = key & (len(heads) - 1)
        rows[k, NEXT], rows[k, KEY] = heads[head], key
        for axis in range(3):
            rows[k, X + axis] = math.floor(caps[k, axis] * _FINE)
        rows[k, REACH] = math.ceil(reach[k] * _FINE) + 4
        figures[k, CLASS] = into
        heads[head] = k
        counts[into] += 1


@compiled(f"void({LIVE}, int64)")
def unlink(live: Any, k: int) -> None:
    """Takes entry k out of its chain."""
    _, figures, rows, heads, counts = live
    head = rows[k, KEY] & (len(heads) - 1)
    if heads[head] == k:
        heads[head] = rows[k, NEXT]
    else:
        before = heads[head]
        while rows[before, NEXT] != k:
            before = rows[before, NEXT]
        rows[before, NEXT] = rows[k, NEXT]
    counts[figures[k, CLASS]] -= 1
    figures[k, CLASS] = _GONE


@inner
def _clearance_ft(figures: Any, lower: int, upper: int, margin_ft: int, ground_ft: int) -> int:
    """levels.clearance_ft of the lower level of one entry over the upper of another."""
    reference = figures[upper, UPPER_REF]
    if reference < 0:
        return -_UNLIMITED_FT
    over_ft = figures[lower, LOWER_FT] - figures[upper, UPPER_FT]
    if figures[lower, LOWER_REF] == reference:
        return over_ft
    return over_ft - margin_ft - (ground_ft if reference == 0 else 0)


@inner
def _near(rows: Any, figures: Any, asked: int, k: int, required: Any) -> bool:
    """Whether times, levels and bounding caps leave it open that entry k conflicts with the one asked about."""
    early_ms, late_ms, x, y, z, reach, vertical_ft, margin_ft, ground_ft = required
    if rows[k, START] >= late_ms or rows[k, END] <= early_ms:
        return False
    off_x, off_y, off_z, both = rows[k, X] - x, rows[k, Y] - y, rows[k, Z] - z, rows[k, REACH] + reach
    # A chord is never longer than its arc: what fails by the chord is surely too far.
    if off_x * off_x + off_y * off_y + off_z * off_z > both * both:
        return False
    if _clearance_ft(figures, k, asked, margin_ft, ground_ft) >= vertical_ft:
        return False
    return _clearance_ft(figures, asked, k, margin_ft, ground_ft) < vertical_ft


@inner
def _off(cell: int, width: float, x: float) -> Any:
    """Along one axis: the square of the way from x to a cell, and the least and greatest square of a coordinate in it."""
    low = cell * width - 1.0
    high = low + width
    way = max(low - x, x - high, 0.0)
    least = 0.0 if low <= 0.0 <= high else min(low * low, high * high)
    return way * way, least, max(low * low, high * high)


@inner
def _cubes(centre: Any, around: float, into: int) -> Any:
    """Keys of the cubes of a class that may hold centres within `around` of one: those that the sphere passes through."""
    width = _width(into // _LENGTHS)
    x_from, x_to = _cell(centre[0] - around, width), _cell(centre[0] + around, width)
    y_from, y_to = _cell(centre[1] - around, width), _cell(centre[1] + around, width)
    z_from, z_to = _cell(centre[2] - around, width), _cell(centre[2] + around, width)
    keys, count, around2 = np.empty(64, np.int64), 0, around * around
    for x in range(x_from, x_to + 1):
        x_way2, x_least, x_most = _off(x, width, centre[0])
        for y in range(y_from, y_to + 1):
            y_way2, y_least, y_most = _off(y, width, centre[1])
            if x_way2 + y_way2 > around2 or x_least + y_least > 1.0 + 1e-9:
                continue
            for z in range(z_from, z_to + 1):
                z_way2, z_least, z_most = _off(z, width, centre[2])
                if x_way2 + y_way2 + z_way2 > around2 or x_least + y_least + z_least > 1.0 + 1e-9:
                    continue
                if x_most + y_most + z_most >= 1.0 - 1e-9:
                    keys = _kept(keys, count, _cube_key(into, x, y, z))
                    count += 1
    return keys[:count]


@inner
def _kept(found: Any, count: int, k: int) -> Any:
    if count == len(found):
        more = np.empty(2 * count, np.int64)
        for place in range(count):
            more[place] = found[place]
        found = more
    found[count] = k
    return found


@compiled(f"int64[::1]({SHAPES}, {LIVE}, int64, int64, Tuple((int64, int64, int64, int64, float64)))")
def near(shapes: Any, live: Any, n: int, asked: int, required: Any) -> Any:
    """The entries among the first n, in order, that times, levels and caps do not keep apart from entry `asked`.

    `required`: time ms, vertical ft, reference margin ft, highest ground ft, and the reach of the one asked about, what
    is required included, in radians.
    """
    caps = shapes[4]
    _, figures, rows, heads, counts = live
    time_ms, vertical_ft, margin_ft, ground_ft, reach_rad = required
    centre = (caps[asked, 0], caps[asked, 1], caps[asked, 2])
    early_ms, late_ms = rows[asked, START] - time_ms, rows[asked, END] + time_ms
    place = (centre[0] * _FINE, centre[1] * _FINE, centre[2] * _FINE, reach_rad * _FINE + 4.0)
    wanted = (early_ms, late_ms, place[0], place[1], place[2], place[3], vertical_ft, margin_ft, ground_ft)
    found, count = np.empty(64, np.int64), 0
    for into in range(CLASSES):
        if counts[into] == 0:
            continue
        size, length = into // _LENGTHS, into % _LENGTHS
        around = reach_rad + (_LEAST_REACH_RAD * 16.0**size if size < _SIZES - 1 else math.pi) + 1e-12
        bucket_ms = _BUCKET_MS << (4 * length)
        first, last = early_ms // bucket_ms - 1, late_ms // bucket_ms
        cubes_about = (2.0 * around / _width(size) + 2.0) ** 2
        # The longest class has no longest window, so no first bucket; and many cubes cost more than all entries.
        if length == _LENGTHS - 1 or cubes_about * float(last - first + 1) > n:
            for k in range(n):
                if figures[k, CLASS] == into and _near(rows, figures, asked, k, wanted):
                    found = _kept(found, count, k)
                    count += 1
            continue
        for cube in _cubes(centre, around, into):
            for bucket in range(first, last + 1):
                key = _mixed(cube, bucket)
                k = heads[key & (len(heads) - 1)]
                while k >= 0:
                    if rows[k, KEY] == key and _near(rows, figures, asked, k, wanted):
                        found = _kept(found, count, k)
                        count += 1
                    k = rows[k, NEXT]
    return np.unique(found[:count])
