"""Compiled: which volumes are near enough in space, height and time that their distance has to be computed.

Space is cut into cubes, not the surface into cells: a cube grid has no pole and no antimeridian, and a volume lies in one
cube only, that of the centre of its bounding cap.  Volumes of one size (within a factor) and one length of window make a
class with cubes of its own, twice as wide as its widest reach; in a cube they are sorted by start.  Each cube looks into
the cubes within reach of its own class and of every class of larger ones, with two places that move along both sorted
lists.  So a zone of a country for a week is one entry in a class of its own, at which each cube glances once.

All that the kernel calls stands in this file, for numba's cache looks only at the date of the file.
"""

# Within the kernels numba knows the types, and mypy need not.
# mypy: disable-error-code="no-any-return"

import math
from typing import Any, Final

import numpy as np

from skyparley.geometry.kernels_near import compiled, inner

AXIS_BITS: Final = 18
LEAST_WIDTH: Final = 2.1 / 2**AXIS_BITS  # 51 m, so that a cube's place fits its bits
_WITHIN, _OUTSIDE = 1.0 - 1e-9, 1.0 + 1e-9  # every centre lies on the sphere: a cube that does not meet it is empty
CLASSES_AT_MOST: Final = 512  # what is left of 63 bits

ENTRIES: Final = "Tuple((float64[:, ::1], int64[:, ::1]))"
"""Sorted by class, cube and start.  Places [n, 4]: x, y, z of the cap's centre, reach in radians (half of what is required
included).  Figures [n, 9]: start, end, lower ft, its reference, four upper ft as seen from each reference, group."""

CLASSES: Final = "Tuple((float64[:, ::1], int64[:, ::1]))"
"""[c, 2]: cube width, widest reach; and [c, 2]: size, larger means larger reach, and set: two of one set are not compared
unless it is -1."""

CUBES: Final = "Tuple((int64[::1], int64[::1], int64[::1]))"
"""Keys [m], first entry [m + 1], and the hash table over the keys: a power of two places, -1 where empty."""


@inner
def _slot(key: int, places: int) -> int:
    mixed = key ^ (key >> 29)
    mixed = mixed * 0x1E3779B97F4A7C15
    mixed = mixed ^ (mixed >> 32)
    return int(mixed & (places - 1))


@inner
def _find(cubes: Any, key: int) -> int:
    keys, _, table = cubes
    slot = _slot(key, len(table))
    while True:
        cube = table[slot]
        if cube < 0 or keys[cube] == key:
            return int(cube)
        slot = (slot + 1) & (len(table) - 1)


@compiled("int64[::1](int64[::1])")
def hash_table(keys: Any) -> Any:
    """The hash table over distinct keys [m] that _find reads; at most half full."""
    places = 4
    while places < 2 * len(keys):
        places *= 2
    table = np.full(places, -1, np.int64)
    for cube in range(len(keys)):
        slot = _slot(keys[cube], places)
        while table[slot] >= 0:
            slot = (slot + 1) & (places - 1)
        table[slot] = cube
    return table


@inner
def _box(entries: Any, first: int, end: int) -> Any:
    """The least and greatest centre of entries, their widest reach and longest window."""
    places, figures = entries
    low = (places[first, 0], places[first, 1], places[first, 2])
    high, reach, longest = low, 0.0, 0
    for k in range(first, end):
        x, y, z = places[k, 0], places[k, 1], places[k, 2]
        low = (min(low[0], x), min(low[1], y), min(low[2], z))
        high = (max(high[0], x), max(high[1], y), max(high[2], z))
        reach = max(reach, places[k, 3])
        longest = max(longest, figures[k, 1] - figures[k, 0])
    return low, high, reach, longest


@inner
def _twice(found: Any) -> Any:
    """The same pairs in an array with room for twice as many."""
    # By hand, because assigning a slice makes numba compile the text of an error, for seconds.
    more = np.empty((2 * len(found), 2), np.int64)
    for k in range(len(found)):
        more[k, 0], more[k, 1] = found[k, 0], found[k, 1]
    return more


@inner
def _kept_apart(figures: Any, j: int, k: int, vertical_ft: int) -> bool:
    """Whether groups or levels say that two entries cannot conflict."""
    if figures[j, 8] == figures[k, 8]:
        return True
    above_ft = figures[j, 2] - figures[k, 4 + figures[j, 3]]
    below_ft = figures[k, 2] - figures[j, 4 + figures[k, 3]]
    return bool(above_ft >= vertical_ft or below_ft >= vertical_ft)


@inner
def _sweep(places: Any, figures: Any, spans: Any, required: Any, found: Any, count: int) -> Any:
    """Pairs of two cubes' entries, both sorted by start; of one cube with itself each pair once."""
    first, end, other_first, other_end, longest = spans
    time_ms, vertical_ft = required
    itself, low = first == other_first, other_first
    for j in range(first, end):
        earliest, latest = figures[j, 0] - time_ms, figures[j, 1] + time_ms
        x, y, z, reach = places[j, 0], places[j, 1], places[j, 2], places[j, 3]
        if itself:
            low = j + 1
        else:
            while low < other_end and figures[low, 0] + longest <= earliest:
                low += 1
        for k in range(low, other_end):
            if figures[k, 0] >= latest:
                break
            off_x, off_y, off_z, both = places[k, 0] - x, places[k, 1] - y, places[k, 2] - z, places[k, 3] + reach
            # A chord is never longer than its arc: what fails by the chord is surely too far.
            if off_x * off_x + off_y * off_y + off_z * off_z > both * both or figures[k, 1] <= earliest:
                continue
            if not _kept_apart(figures, j, k, vertical_ft):
                if count == len(found):
                    found = _twice(found)
                found[count, 0] = j
                found[count, 1] = k
                count += 1
    return found, count


@inner
def _into_class(world: Any, home: Any, into: int, required: Any, found: Any, count: int) -> Any:
    """Pairs of one cube's entries with those of a class: every cube of the class within reach is swept."""
    entries, cubes, longest_in, classes = world
    first, end, cube, same, box = home
    low, high, reach, _ = box
    width, widest = classes[0][into, 0], classes[0][into, 1]
    around = reach + widest + 1e-12
    x_from, x_to = _cell(low[0] - around, width), _cell(high[0] + around, width)
    y_from, y_to = _cell(low[1] - around, width), _cell(high[1] + around, width)
    z_from, z_to = _cell(low[2] - around, width), _cell(high[2] + around, width)
    around2 = around * around
    for x in range(x_from, x_to + 1):
        x_way2, x_least, x_most = _off(x, width, low[0], high[0])
        for y in range(y_from, y_to + 1):
            y_way2, y_least, y_most = _off(y, width, low[1], high[1])
            if x_way2 + y_way2 > around2 or x_least + y_least > _OUTSIDE:
                continue
            for z in range(z_from, z_to + 1):
                z_way2, z_least, z_most = _off(z, width, low[2], high[2])
                if x_way2 + y_way2 + z_way2 > around2 or x_least + y_least + z_least > _OUTSIDE:
                    continue
                if x_most + y_most + z_most < _WITHIN:
                    continue
                other = _find(cubes, _key(into, x, y, z))
                if other < 0 or (same and other < cube):
                    continue
                spans = (first, end, cubes[1][other], cubes[1][other + 1], longest_in[other])
                found, count = _sweep(entries[0], entries[1], spans, required, found, count)
    return found, count


@inner
def _off(cell: int, width: float, low: float, high: float) -> Any:
    """Along one axis: the square of the way from low..high to a cell, and the least and greatest square of a place in it."""
    start = cell * width - 1.0
    end = start + width
    way = max(start - high, low - end, 0.0)
    least = 0.0 if start <= 0.0 <= end else min(start * start, end * end)
    return way * way, least, max(start * start, end * end)


@inner
def _cell(x: float, width: float) -> int:
    """The place of a cube along one axis; the sphere lies in -1 to 1."""
    return math.floor((min(max(x, -1.0), 1.0) + 1.0) / width)


@inner
def _key(into: int, x: int, y: int, z: int) -> int:
    return (((into << AXIS_BITS | x) << AXIS_BITS) | y) << AXIS_BITS | z


@compiled("int64[::1](float64[:, ::1], int64[::1], float64[::1])")
def cube_keys(places: Any, of_class: Any, widths: Any) -> Any:
    """The key of the cube of each entry: its class, then the cube's place along three axes."""
    keys = np.empty(len(places), np.int64)
    for k in range(len(places)):
        into = of_class[k]
        width = widths[into]
        x, y, z = _cell(places[k, 0], width), _cell(places[k, 1], width), _cell(places[k, 2], width)
        keys[k] = _key(into, x, y, z)
    return keys


@compiled("int64[::1](int64[:, ::1], int64[::1])")
def longest_windows(figures: Any, first: Any) -> Any:
    """The longest window in each cube, milliseconds."""
    longest = np.zeros(len(first) - 1, np.int64)
    for cube in range(len(longest)):
        for k in range(first[cube], first[cube + 1]):
            longest[cube] = max(longest[cube], figures[k, 1] - figures[k, 0])
    return longest


@compiled(f"int64[:, ::1](Tuple(({ENTRIES}, {CUBES}, int64[::1], {CLASSES})), UniTuple(int64, 2), UniTuple(int64, 2))")
def near_pairs(world: Any, of_cubes: Any, required: Any) -> Any:
    """Pairs [m, 2] of entries that are not apart, for the cubes from..to with all others; each pair once.

    `required`: (time gap ms, vertical gap ft).  None that conflicts is missing.
    """
    entries, cubes, _, classes = world
    sizes = classes[1]
    found, count = np.empty((1024, 2), np.int64), 0
    for cube in range(of_cubes[0], of_cubes[1]):
        first, end = cubes[1][cube], cubes[1][cube + 1]
        own = cubes[0][cube] >> (3 * AXIS_BITS)
        box = _box(entries, first, end)
        for into in range(len(sizes)):
            # Of two classes of one size the one with the lower number looks; smaller ones look into larger ones.
            if sizes[into, 0] < sizes[own, 0] or (sizes[into, 0] == sizes[own, 0] and into < own):
                continue
            if sizes[into, 1] == sizes[own, 1] >= 0:
                continue
            home = (first, end, cube, into == own, box)
            found, count = _into_class(world, home, into, required, found, count)
    return found[:count].copy()
