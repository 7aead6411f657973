"""Many volumes compared in bulk, and the very large ones among them one by one.

A published coast line has thousands of vertices, more than the library files or the line between two nodes carries.
There are few of those in a file, so each is judged against everything that time and levels do not keep apart already.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from skyparley.base.limits import HOLES_PER_POLYGON, VERTICES_PER_SHAPE
from skyparley.check.nearby import Caps
from skyparley.geometry.bulk import Progress, all_conflicts, conflicts_between
from skyparley.geometry.caps import Cap
from skyparley.geometry.rings import EARTH_RADIUS_M, angle
from skyparley.geometry.shapes import Corridor, Line, Polygon
from skyparley.geometry.sphere import core
from skyparley.geometry.validation import vertices_needed
from skyparley.geometry.volumes import Separation, Verdict, Volume, reach_m, separated, verdict_of_cores

Pair = tuple[int, int, Verdict]
Groups = Sequence[int | str]
FEW_VERTICES: Final = 10
FEW: Final = 32  # volumes of a row that is held against the other one by one, for time and levels only
_SLACK_RAD: Final = 1e-6


def is_large(volume: Volume) -> bool:
    """Whether a volume has more vertices or holes than the library files; long edges count as what they are split into."""
    shape = volume.shape
    match shape:
        case Polygon():
            own, holes = len(shape.outer) + sum(map(len, shape.holes)), len(shape.holes)
        case Corridor() | Line():
            own, holes = len(shape.line), 0
        case _:
            return False
    # So few edges reach no limit by being split: it would take five times the way round the Earth.
    return own > FEW_VERTICES and (holes > HOLES_PER_POLYGON or vertices_needed(shape) > VERTICES_PER_SHAPE)


def among(
    volumes: Sequence[Volume], separation: Separation, groups: Groups, *, progress: Progress | None = None
) -> list[Pair]:
    """Every conflicting pair (i, j, verdict), i < j, of two groups.  In no order."""
    large = [place for place, volume in enumerate(volumes) if is_large(volume)]
    if not large:
        return all_conflicts(volumes, separation, groups, progress=progress)
    small = _others(len(volumes), large)
    few, few_groups = [volumes[place] for place in small], [groups[place] for place in small]
    bulk = all_conflicts(few, separation, few_groups, progress=progress)
    found = [(small[i], small[j], verdict) for i, j, verdict in bulk]
    taken = set(large)
    for place in large:
        for other, volume in enumerate(volumes):
            if groups[other] == groups[place] or (other in taken and other <= place):
                continue
            verdict = one_by_one(volumes[place], volume, separation)
            if verdict is not None:
                found.append((min(place, other), max(place, other), verdict))
    return found


def across(
    first: Sequence[Volume], second: Sequence[Volume], separation: Separation, *, progress: Progress | None = None
) -> list[Pair]:
    """Every conflict (i, j, verdict) of one of the first with one of the second.  In no order.

    What no volume of a short first row can meet is left out first: of a country's airspace a few plans meet a handful,
    and nothing is built on the sphere for the rest.
    """
    if not first or not second:
        return []
    one = [place for place, volume in enumerate(first) if not is_large(volume)]
    two = [place for place, volume in enumerate(second) if not is_large(volume)]
    if len(first) <= FEW:
        caps = Caps(second)
        near = {
            place
            for mine in first
            for place in caps.near(mine, separation)
            if not separated(mine, second[place], separation)
        }
        two = [place for place in two if place in near]
    bulk = conflicts_between(
        [first[place] for place in one], [second[place] for place in two], separation, progress=progress
    )
    found = [(one[i], two[j], verdict) for i, j, verdict in bulk]
    for i, j in _with_large(first, second):
        verdict = one_by_one(first[i], second[j], separation)
        if verdict is not None:
            found.append((i, j, verdict))
    return found


def one_by_one(a: Volume, b: Volume, separation: Separation) -> Verdict | None:
    """The verdict on a pair where it is a conflict; the cheap tests first."""
    if separated(a, b, separation):
        return None
    one, other = core(a.shape), core(b.shape)
    if _far(one.bound, other.bound, reach_m(one.radius_m + other.radius_m, separation) / EARTH_RADIUS_M):
        return None
    verdict = verdict_of_cores(a, b, separation, (one, other))
    return verdict if verdict.conflict else None


class Filed:
    """Volumes under (plan, place), to be asked what conflicts with one more.

    Nothing is built on the sphere before a question comes near it: a few hundred questions among 100,000 volumes are
    answered in less time than an index of them takes to fill.
    """

    def __init__(self, keys: Sequence[tuple[int, int]], volumes: Sequence[Volume]) -> None:
        self._keys = keys
        self._volumes = volumes
        self._caps = Caps(volumes)

    def conflicts(
        self, volume: Volume, separation: Separation, skip: Callable[[int], bool]
    ) -> Iterator[tuple[int, int]]:
        """The keys of all that conflict; `skip` names plans that are not judged."""
        for place in self._caps.near(volume, separation):
            key = self._keys[place]
            if not skip(key[0]) and one_by_one(volume, self._volumes[place], separation) is not None:
                yield key


def _others(count: int, places: Sequence[int]) -> list[int]:
    taken = set(places)
    return [place for place in range(count) if place not in taken]


def _with_large(first: Sequence[Volume], second: Sequence[Volume]) -> Iterator[tuple[int, int]]:
    """Every pair of which at least one is large."""
    large = [is_large(volume) for volume in second]
    for i, volume in enumerate(first):
        whole = is_large(volume)
        yield from ((i, j) for j in range(len(second)) if whole or large[j])


def _far(a: Cap, b: Cap, reach_rad: float) -> bool:
    """Whether two bounding caps are further apart than any conflict reaches.  DESIGN's bound is in the reach."""
    return angle(a.centre, b.centre) > (a.angle_rad + b.angle_rad) * 1.01 + reach_rad + _SLACK_RAD
