"""Verdicts over arrays: the compiled join, the compiled distance, and the exact library for what neither can decide."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from skyparley.geometry.arrays import Bands, Volumes, Windows
from skyparley.geometry.arrays_outlines import Floats, Ints, Outlines
from skyparley.geometry.joins import level_figures, near_pairs, surface_rad
from skyparley.geometry.levels import Level, LevelRules, Ref
from skyparley.geometry.rings import EARTH_RADIUS_M
from skyparley.geometry.sphere import Core, core, core_distance_m
from skyparley.geometry.volumes import ELLIPSOID_BOUND, Separation, Volume, verdict_of_cores

Groups: TypeAlias = Sequence[Hashable | None] | npt.NDArray[np.int64]
_NO, _YES, _ASK = 0, 1, 2  # as kernels_near answers
_ON_EDGE_M: Final = 1e-6  # a point so near is on the edge: what is computed for one on it is not 0 either
_ANYWHEN: Final = (Level(Ref.SFC), Level(Ref.UNL), 0, 1)


class ManyGaps(NamedTuple):
    """volumes.Gaps as arrays [m]."""

    lateral_m: Floats
    vertical_ft: Ints
    time_ms: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Conflicting pairs as arrays [m], by i and then j; gaps and margin (as in Verdict) where they were asked for."""

    i: Ints
    j: Ints
    gaps: ManyGaps | None = None
    margin_m: Floats | None = None

    def __len__(self) -> int:
        return len(self.i)


def conflicts_among(
    volumes: Volumes,
    sep: Separation,
    groups: Groups | None,
    *,
    with_gaps: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Found:
    """bulk.all_conflicts over arrays."""
    numbers = _group_numbers(groups, len(volumes))
    return _found(volumes, sep, (numbers, None), with_gaps=with_gaps, progress=progress)


def conflicts_across(
    a: Volumes,
    b: Volumes,
    sep: Separation,
    *,
    with_gaps: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Found:
    """bulk.conflicts_between over arrays."""
    both, sets = Volumes.joined([a, b]), np.repeat([0, 1], [len(a), len(b)])
    found = _found(both, sep, (np.arange(len(both)), sets), with_gaps=with_gaps, progress=progress)
    return replace(found, j=found.j - len(a))


def gaps_of_pairs(a: Volumes, b: Volumes, sep: Separation) -> ManyGaps:
    """bulk.gaps over arrays."""
    if len(a) != len(b) and 1 not in (len(a), len(b)):
        raise ValueError(f"{len(a)} volumes and {len(b)}: as many on both sides, or one on one side")
    i, j = np.broadcast_arrays(np.arange(len(a)), len(a) + np.arange(len(b)))
    both = Volumes.joined([a, b])
    pairs = np.column_stack((i, j))
    return _gaps(both, pairs, sep, _distances_m(both, pairs))


def points_inside(
    places: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
    at_ms: npt.ArrayLike,
    volumes: Volumes,
    *,
    ref: Ref,
    rules: LevelRules,
) -> tuple[Ints, Ints]:
    """bulk.inside over arrays."""
    lat, lon, ft, at = np.broadcast_arrays(*(np.atleast_1d(each) for each in (*places, at_ms)))
    points = Volumes.points(lat, lon, Bands.of(ft, ft, ref), Windows(at, at))
    both, sets = Volumes.joined([points, volumes]), np.repeat([0, 1], [len(points), len(volumes)])
    # A window of a millisecond and a gap of under one foot: half-open in time, closed in height.
    sep = Separation(0, 1, 0, rules.reference_margin_ft, rules.highest_ground_ft)
    kept = [np.empty((0, 2), np.int64)]
    twin = _Twin(both)
    for found, _ in near_pairs(both, sep, np.arange(len(both)), sets):
        pairs = _rising(found)
        answers, _ = _answers(both, pairs, sep, measure=False)
        answers[answers == _ASK] = [twin.holds(i, j) for i, j in pairs[answers == _ASK].tolist()]
        kept.append(pairs[answers == _YES])
    pairs = np.concatenate(kept)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return pairs[order, 0], pairs[order, 1] - len(points)


def _found(
    volumes: Volumes,
    sep: Separation,
    apart: tuple[Ints, Ints | None],
    *,
    with_gaps: bool,
    progress: Callable[[float], None] | None,
) -> Found:
    twin = _Twin(volumes)
    kept, metres = [np.empty((0, 2), np.int64)], [np.empty(0)]
    for found, done in near_pairs(volumes, sep, *apart):
        pairs = _rising(found)
        conflict, distance_m = _judged(volumes, pairs, sep, twin, measure=with_gaps)
        kept.append(pairs[conflict])
        metres.append(distance_m[conflict] if with_gaps else distance_m)
        if progress is not None:
            progress(done)
    pairs, distance_m = np.concatenate(kept), np.concatenate(metres)
    number = pairs[:, 0] * len(volumes) + pairs[:, 1]
    if not with_gaps:
        number.sort()
        return Found(*np.divmod(number, max(1, len(volumes))))
    order = np.argsort(number)
    pairs, distance_m = pairs[order], distance_m[order]
    return Found(pairs[:, 0], pairs[:, 1], _gaps(volumes, pairs, sep, distance_m), distance_m * ELLIPSOID_BOUND)


def _rising(pairs: Ints) -> Ints:
    """Pairs [m, 2] with the lesser place first.  Rows of two are sorted far more slowly by sort()."""
    i, j = pairs[:, 0], pairs[:, 1]
    return np.column_stack((np.minimum(i, j), np.maximum(i, j)))


def _judged(
    volumes: Volumes, pairs: Ints, sep: Separation, twin: "_Twin", *, measure: bool
) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Which pairs are too close, and if `measure` the metres between their cores."""
    answers, metres = _answers(volumes, pairs, sep, measure=measure)
    for k in np.flatnonzero(answers == _ASK).tolist():
        i, j = pairs[k].tolist()
        answers[k] = _YES if twin.too_close(i, j, sep) else _NO
    conflict = answers == _YES
    if measure:
        for k in np.flatnonzero(conflict & (metres < 0.0)).tolist():
            metres[k] = twin.distance_m(*pairs[k].tolist())
    return conflict, metres


def _answers(volumes: Volumes, pairs: Ints, sep: Separation, *, measure: bool) -> tuple[npt.NDArray[np.int8], Floats]:
    from skyparley.geometry.kernels_near import decide

    radius_rad, required_rad = surface_rad(volumes.outlines.radius_m), float(surface_rad(sep.lateral_m))
    answers, radians = decide(volumes.shapes, radius_rad, required_rad, pairs, measure)
    return answers, radians * EARTH_RADIUS_M


def _distances_m(volumes: Volumes, pairs: Ints) -> Floats:
    metres = _answers(volumes, pairs, Separation(0, 0, 0, 0, 0), measure=True)[1]
    twin = _Twin(volumes)
    for k in np.flatnonzero(metres < 0.0).tolist():
        metres[k] = twin.distance_m(*pairs[k].tolist())
    return metres


def _gaps(volumes: Volumes, pairs: Ints, sep: Separation, distance_m: Floats) -> ManyGaps:
    i, j = pairs[:, 0], pairs[:, 1]
    radius_m, times = volumes.outlines.radius_m, volumes.times
    figures = level_figures(volumes.levels, sep)
    above_ft = figures[i, 0] - figures[j, 2 + figures[i, 1]]
    below_ft = figures[j, 0] - figures[i, 2 + figures[j, 1]]
    after_ms = np.maximum(times[j, 0] - times[i, 1], times[i, 0] - times[j, 1])
    return ManyGaps(
        np.maximum(0.0, distance_m - radius_m[i] - radius_m[j]),
        np.maximum(0, np.maximum(above_ft, below_ft)),
        np.maximum(0, after_ms),
    )


def _group_numbers(groups: Groups | None, count: int) -> Ints:
    """A number for each group; None is a group for each that has it."""
    if groups is None:
        return np.arange(count)
    if len(groups) != count:
        raise ValueError(f"{len(groups)} groups for {count} volumes; each volume needs one (or None)")
    if isinstance(groups, np.ndarray):
        return np.unique(groups, return_inverse=True)[1].reshape(-1).astype(np.int64)
    numbers: dict[Hashable, int] = {}
    return np.array(
        [-1 - k if group is None else numbers.setdefault(group, len(numbers)) for k, group in enumerate(groups)],
        np.int64,
    )


class _Twin:
    """The exact library asked about volumes of arrays, by their places."""

    def __init__(self, volumes: Volumes) -> None:
        self._outlines: Outlines = volumes.outlines
        self._cores: dict[int, Core] = {}

    def too_close(self, i: int, j: int, sep: Separation) -> bool:
        a, b = (Volume(self._outlines.shape(k), *_ANYWHEN) for k in (i, j))
        return verdict_of_cores(a, b, sep, (self._core(i), self._core(j))).conflict

    def distance_m(self, i: int, j: int) -> float:
        return core_distance_m(self._core(i), self._core(j))

    def holds(self, point: int, k: int) -> bool:
        """Whether a point lies in a shape or on its edge."""
        held = self._core(k)
        return core_distance_m(self._core(point), held) * (1 - ELLIPSOID_BOUND) <= held.radius_m + _ON_EDGE_M

    def _core(self, k: int) -> Core:
        found = self._cores.get(k)
        if found is None:
            # An area may have a radius that its shape as rebuilt does not carry.
            found = core(self._outlines.shape(k))._replace(radius_m=float(self._outlines.radius_m[k]))
            self._cores[k] = found
        return found
