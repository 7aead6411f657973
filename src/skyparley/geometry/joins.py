"""The broad phase over arrays: classes and cubes for the compiled join, and the pairs that come near."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from skyparley.geometry.arrays import REFS, Volumes
from skyparley.geometry.arrays_outlines import Floats, Ints
from skyparley.geometry.levels import Ref
from skyparley.geometry.rings import EARTH_RADIUS_M
from skyparley.geometry.volumes import ELLIPSOID_BOUND, Separation

SIZE_FACTOR: Final = 8.0  # reaches within this factor share a class; found by trying, as the next
CUBE_REACHES: Final = 2.0  # a cube is so many of its class's widest reach wide
_WINDOW_MS: Final = 2 * 3_600_000  # windows up to this share a class; the next ones are 16 times as long
_WINDOW_FACTOR: Final = 16.0
_PAD_RAD: Final = 1.0 / EARTH_RADIUS_M  # 1 m: far above any rounding here
_CUBES_AT_ONCE: Final = 20_000

_CLASS_OF_REF: Final = np.array(
    [0, 1, 2, 3, 0, -1]
)  # by the places in REFS: AGL and SFC are one, UNL is no lower level
_UNLIMITED_FT: Final = 1_000_000_000  # nothing is above it
_CLASSES_OF_REF: Final = 4
"""Reference classes: the ground, AMSL, FL, W84."""


def surface_rad(metres: Any) -> Any:
    """Radians of what is required, or of a radius, with the bound of the ellipsoid taken on it: volumes.reach_m."""
    return metres / (1 - ELLIPSOID_BOUND) / EARTH_RADIUS_M


def near_pairs(
    volumes: Volumes, sep: Separation, groups: Ints, sets: Ints | None = None
) -> Iterator[tuple[Ints, float]]:
    """Pairs [m, 2] of places whose times, levels and bounding caps do not keep them apart, part by part.

    `groups` [n]: two of one group are not compared; nor are two of one set, if `sets` [n] (0 or 1) are given.  With each
    part comes how much of the work is done by then, from 0 to 1.  Each pair comes once, in no order.
    """
    from skyparley.geometry import kernels_join

    if len(volumes) == 0:
        return
    reach = volumes.caps[:, 3] + surface_rad(volumes.outlines.radius_m + sep.lateral_m / 2) + _PAD_RAD
    of_class, classes = _classes(np.minimum(reach, np.pi), volumes.times, sets)
    assert len(classes[0]) <= kernels_join.CLASSES_AT_MOST
    places = np.column_stack((volumes.caps[:, :3], reach))
    keys = kernels_join.cube_keys(places, of_class, np.ascontiguousarray(classes[0][:, 0]))
    order = np.lexsort((volumes.times[:, 0], keys))
    distinct, first = np.unique(keys[order], return_index=True)
    cubes = (distinct, np.append(first, len(keys)).astype(np.int64), kernels_join.hash_table(distinct))
    figures = np.column_stack((volumes.times, level_figures(volumes.levels, sep), groups))[order]
    world = ((places[order], figures), cubes, kernels_join.longest_windows(figures, cubes[1]), classes)
    for start in range(0, len(distinct), _CUBES_AT_ONCE):
        end = min(start + _CUBES_AT_ONCE, len(distinct))
        found = kernels_join.near_pairs(world, (start, end), (sep.time_ms, sep.vertical_ft))
        yield order[found], end / len(distinct)


def level_figures(levels: Ints, sep: Separation) -> Ints:
    """Figures [n, 6] by which a gap of bands is one subtraction, whatever their references.

    Lower feet, the class of the lower reference, and the feet that a lower level of each of the four classes has to
    reach to be at the upper level: the upper feet, with margin and ground where the references differ.  So
    levels.clearance_ft(lower of a, upper of b) is lower_ft[a] - upper_ft[b, class of a].
    """
    lower_ref, lower_ft, upper_ref, upper_ft = levels.T
    upper_class = _CLASS_OF_REF[upper_ref]
    ground_ft = np.where(upper_class == 0, sep.highest_ground_ft, 0)
    figures = np.empty((len(levels), 2 + _CLASSES_OF_REF), np.int64)
    figures[:, 0], figures[:, 1] = lower_ft, _CLASS_OF_REF[lower_ref]
    for seen_from in range(_CLASSES_OF_REF):
        other_ft = upper_ft + ground_ft + sep.reference_margin_ft
        figures[:, 2 + seen_from] = np.where(upper_class == seen_from, upper_ft, other_ft)
    figures[upper_ref == REFS.index(Ref.UNL), 2:] = _UNLIMITED_FT
    return figures


def _classes(reach: Floats, times: Ints, sets: Ints | None) -> tuple[Ints, tuple[Floats, Ints]]:
    """The class of each volume [n], and of each class its cube width and widest reach, its size and its set."""
    from skyparley.geometry.kernels_join import LEAST_WIDTH

    size = np.floor(np.log(reach / reach.min()) / np.log(SIZE_FACTOR) + 1e-9).astype(np.int64)
    lasting = np.maximum((times[:, 1] - times[:, 0]).astype(np.float64), 1.0)
    length = np.maximum(0, np.ceil(np.log(lasting / _WINDOW_MS) / np.log(_WINDOW_FACTOR) - 1e-9)).astype(np.int64)
    side = np.full(len(reach), -1, np.int64) if sets is None else sets
    codes, of_class = np.unique((size * 64 + length) * 3 + side + 1, return_inverse=True)
    widest = np.zeros(len(codes))
    np.maximum.at(widest, of_class, reach)
    widths = np.maximum(LEAST_WIDTH, np.minimum(CUBE_REACHES * widest, 4.0))
    return of_class, (np.column_stack((widths, widest)), np.column_stack((codes // 192, codes % 3 - 1)))
