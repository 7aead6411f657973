"""All conflicts among many volumes, between two sets of them, and who is inside what: one volume or a million.

Objects in, objects out: lists of (i, j, Verdict).  Arrays (Volumes) in, arrays (Found) out.  A few volumes are judged in
plain Python, so that nothing has to be compiled or loaded for them; many by the kernels.  The answers are the same: what
the kernels cannot decide for sure is put to the exact library, pair by pair.
"""

import sys
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias, overload

from skyparley.geometry.index import VolumeIndex
from skyparley.geometry.levels import LevelRules, Ref
from skyparley.geometry.problem import Problem, Unusable
from skyparley.geometry.volumes import Gaps, Separation, Verdict, Volume, volume_problems
from skyparley.geometry.volumes import gaps as gaps_of_pair

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from typing_extensions import TypeIs

    from skyparley.geometry.arrays import Volumes
    from skyparley.geometry.arrays_outlines import Ints
    from skyparley.geometry.judging import Found, ManyGaps

Pair: TypeAlias = tuple[int, int, Verdict]
"""Places of two volumes in what was given, and the verdict on them."""

Groups: TypeAlias = "Sequence[Hashable | None] | npt.NDArray[np.int64]"
"""The group of each volume; None is alone."""

Places: TypeAlias = "tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]"
"""(lat, lon, ft), each one or many."""

Progress: TypeAlias = Callable[[float], None]
"""Told from time to time which part of the work is done, 0 to 1."""

MANY: Final = 2_000  # from here on loading the kernels (about a second) costs less than doing without them
MANY_ONCE_LOADED: Final = 100
_AS_GIVEN: Final = LevelRules(0, 0)


@overload
def all_conflicts(
    volumes: "Volumes",
    sep: Separation,
    groups: "Groups | None" = None,
    *,
    with_gaps: bool = False,
    progress: Progress | None = None,
) -> "Found": ...


@overload
def all_conflicts(
    volumes: Iterable[Volume],
    sep: Separation,
    groups: "Groups | None" = None,
    *,
    progress: Progress | None = None,
) -> list[Pair]: ...


def all_conflicts(
    volumes: "Iterable[Volume] | Volumes",
    sep: Separation,
    groups: "Groups | None" = None,
    *,
    with_gaps: bool = False,
    progress: Progress | None = None,
) -> "list[Pair] | Found":
    """Every conflicting pair as (i, j, verdict) with i < j, in order; of Volumes as arrays, with gaps if asked for.

    `groups` names the group of each volume, its party for example: two of one group are not compared with each other.
    A volume whose group is None is compared with all.  Raises Unusable, naming the problems, and ValueError if there
    are not as many groups as volumes.
    """
    if _are_arrays(volumes):
        from skyparley.geometry.judging import conflicts_among

        return conflicts_among(volumes, sep, groups, with_gaps=with_gaps, progress=progress)
    given = list(volumes)
    if groups is not None and len(groups) != len(given):
        raise ValueError(f"{len(groups)} groups for {len(given)} volumes; each volume needs one (or None)")
    if not _many(len(given)):
        return _by_index(given, sep, groups, progress)
    from skyparley.geometry.arrays import Volumes
    from skyparley.geometry.judging import conflicts_among

    return _as_pairs(conflicts_among(Volumes.of(given), sep, groups, with_gaps=True, progress=progress))


@overload
def conflicts_between(
    a: "Volumes", b: "Volumes", sep: Separation, *, with_gaps: bool = False, progress: Progress | None = None
) -> "Found": ...


@overload
def conflicts_between(
    a: Iterable[Volume],
    b: Iterable[Volume],
    sep: Separation,
    *,
    progress: Progress | None = None,
) -> list[Pair]: ...


def conflicts_between(
    a: "Iterable[Volume] | Volumes",
    b: "Iterable[Volume] | Volumes",
    sep: Separation,
    *,
    with_gaps: bool = False,
    progress: Progress | None = None,
) -> "list[Pair] | Found":
    """Every conflict of a volume of `a` with one of `b` as (i, j, verdict): i counts in a, j in b; in order.

    Both objects or both Volumes, as in all_conflicts.  Raises Unusable, naming the problems, and TypeError for one of
    each.
    """
    if _are_arrays(a) or _are_arrays(b):
        from skyparley.geometry.judging import conflicts_across

        if not (_are_arrays(a) and _are_arrays(b)):
            raise TypeError("both sides are Volumes or neither is; Volumes.of() makes them of objects")
        return conflicts_across(a, b, sep, with_gaps=with_gaps, progress=progress)
    first, second = list(a), list(b)
    if not first or not second or not _many(len(first) + len(second)):
        groups = [0] * len(first) + [1] * len(second)
        found = _by_index(first + second, sep, groups, progress)
        return [(i, j - len(first), verdict) for i, j, verdict in found]
    from skyparley.geometry.arrays import Volumes
    from skyparley.geometry.judging import conflicts_across

    sides = Volumes.of(first), Volumes.of(second)
    return _as_pairs(conflicts_across(*sides, sep, with_gaps=True, progress=progress))


@overload
def gaps(a: Volume, b: Volume, sep: Separation) -> Gaps: ...


@overload
def gaps(a: "Volumes", b: "Volumes", sep: Separation) -> "ManyGaps": ...


def gaps(a: "Volume | Volumes", b: "Volume | Volumes", sep: Separation) -> "Gaps | ManyGaps":
    """The three gaps between two volumes, or between each of `a` and the one of `b` at the same place, as arrays.

    Volumes of one count as many as there are on the other side.  Raises ValueError if the numbers do not fit, TypeError
    for one object and one array, and Unusable for an object whose shape has no core.
    """
    if isinstance(a, Volume) and isinstance(b, Volume):
        return gaps_of_pair(a, b, sep)
    if isinstance(a, Volume) or isinstance(b, Volume):
        raise TypeError(
            "both sides are Volume objects or both are Volumes; Volumes.of([volume]) makes one of the other"
        )
    from skyparley.geometry.judging import gaps_of_pairs

    return gaps_of_pairs(a, b, sep)


@overload
def inside(
    places: "Places", at_ms: "npt.ArrayLike", volumes: "Volumes", *, ref: Ref = Ref.AMSL, rules: LevelRules = ...
) -> "tuple[Ints, Ints]": ...


@overload
def inside(
    places: "Places", at_ms: "npt.ArrayLike", volumes: Iterable[Volume], *, ref: Ref = Ref.AMSL, rules: LevelRules = ...
) -> list[tuple[int, int]]: ...


def inside(
    places: "Places",
    at_ms: "npt.ArrayLike",
    volumes: "Iterable[Volume] | Volumes",
    *,
    ref: Ref = Ref.AMSL,
    rules: LevelRules = _AS_GIVEN,
) -> "list[tuple[int, int]] | tuple[Ints, Ints]":
    """Who is inside what: (i, j) for each point i that is in volume j at its time, in order; for Volumes two arrays.

    `places` is (lat, lon, ft), each one or many, degrees and whole feet above `ref`; `at_ms` UTC milliseconds, one or
    many.  On an edge, on the lower and on the upper level, and at the start is inside; at the end is not.  A radius
    counts a little farther, by the bound of the ellipsoid; levels of two references count by `rules` (as they are, if
    none are given): what may be inside is.  Raises Unusable, naming the problems.
    """
    from skyparley.geometry.arrays import Volumes
    from skyparley.geometry.judging import points_inside

    if isinstance(volumes, Volumes):
        return points_inside(places, at_ms, volumes, ref=ref, rules=rules)
    i, j = points_inside(places, at_ms, Volumes.of(volumes), ref=ref, rules=rules)
    return list(zip(i.tolist(), j.tolist(), strict=True))


def _are_arrays(given: object) -> "TypeIs[Volumes]":
    # Nobody has Volumes who has not loaded them.
    arrays = sys.modules.get("skyparley.geometry.arrays")
    return arrays is not None and isinstance(given, arrays.Volumes)


def _many(count: int) -> bool:
    loaded = "skyparley.geometry.kernels_join" in sys.modules
    return count >= (MANY_ONCE_LOADED if loaded else MANY)


def _as_pairs(found: "Found") -> list[Pair]:
    assert found.gaps is not None
    assert found.margin_m is not None
    lateral_m, vertical_ft, time_ms = (each.tolist() for each in found.gaps)
    rows = zip(
        found.i.tolist(), found.j.tolist(), lateral_m, vertical_ft, time_ms, found.margin_m.tolist(), strict=True
    )
    return [(i, j, Verdict(True, Gaps(m, ft, ms), margin_m)) for i, j, m, ft, ms, margin_m in rows]


def _by_index(given: list[Volume], sep: Separation, groups: "Groups | None", progress: Progress | None) -> list[Pair]:
    for j, volume in enumerate(given):
        _refuse(j, volume)
    index = VolumeIndex()
    found: list[Pair] = []
    for j, volume in enumerate(given):
        found += [(i, j, verdict) for i, verdict in _hits(index, volume, sep, j, groups)]
        index.add(j, volume, known_sound=True)
        if progress is not None:
            progress((j + 1) / len(given))
    return sorted(found, key=lambda pair: pair[:2])


def _refuse(place: int, volume: Volume) -> None:
    found = volume_problems(volume)
    if found:
        raise Unusable(tuple(Problem(each.code, f"volume {place}: {each.text}") for each in found))


def _hits(
    index: VolumeIndex, volume: Volume, sep: Separation, j: int, groups: "Groups | None"
) -> Iterable[tuple[int, Verdict]]:
    own = None if groups is None else groups[j]
    if groups is None or own is None:
        skip = None
    else:
        in_group = groups

        def skip(key: Hashable) -> bool:
            assert isinstance(key, int)
            return in_group[key] == own

    for key, verdict in index.conflicts(volume, sep, skip=skip):
        assert isinstance(key, int)
        yield key, verdict
