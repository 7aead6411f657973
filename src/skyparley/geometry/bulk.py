"""All conflicts among many volumes, and between two sets of them."""

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeAlias

from skyparley.geometry.index import VolumeIndex
from skyparley.geometry.volumes import Separation, Verdict, Volume

Pair: TypeAlias = tuple[int, int, Verdict]
"""Places of two volumes in what was given, and the verdict on them."""


def all_conflicts(
    volumes: Iterable[Volume], sep: Separation, groups: Sequence[Hashable | None] | None = None
) -> list[Pair]:
    """Every conflicting pair of the volumes as (i, j, verdict) with i < j, in order.

    `groups` names the group of each volume, its party for example: two of one group are not compared with each other.
    A volume whose group is None is compared with all.  Raises Unusable, naming the problems, and ValueError if there
    are not as many groups as volumes.
    """
    given = list(volumes)
    if groups is not None and len(groups) != len(given):
        raise ValueError(f"{len(groups)} groups for {len(given)} volumes; each volume needs one (or None)")
    index = VolumeIndex()
    found: list[Pair] = []
    for j, volume in enumerate(given):
        found += [(i, j, verdict) for i, verdict in _hits(index, volume, sep, j, groups)]
        index.add(j, volume)
    return sorted(found, key=lambda pair: pair[:2])


def conflicts_between(a: Iterable[Volume], b: Iterable[Volume], sep: Separation) -> list[Pair]:
    """Every conflict of a volume of `a` with one of `b` as (i, j, verdict): i counts in a, j in b; in order.

    Raises Unusable, naming the problems.
    """
    first = list(a)
    groups = [0] * len(first)
    both = first + list(b)
    groups += [1] * (len(both) - len(first))
    return [(i, j - len(first), verdict) for i, j, verdict in all_conflicts(both, sep, groups)]


def _hits(
    index: VolumeIndex, volume: Volume, sep: Separation, j: int, groups: Sequence[Hashable | None] | None
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
