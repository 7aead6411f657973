"""Which plans conflict: many volumes compared in bulk, and of each pair of plans the volume pair that is told.

The same rule as between two nodes tells the pair: least lateral gap in whole metres, then vertical, then time, then the
volumes' numbers.  Source: line-v1 8.2.
"""

from collections.abc import Iterable, Sequence
from math import floor
from typing import NamedTuple

import msgspec

from skyparley.check.comparing import across, among
from skyparley.check.rules import Rules
from skyparley.formats.records import Plan
from skyparley.geometry.bulk import Progress
from skyparley.geometry.volumes import Separation, Verdict, Volume


class Met(msgspec.Struct, frozen=True, kw_only=True):
    """Two plans that are closer than required.

    `one` and `other` are places in the list of plans, a plan before an airspace and else in the order of the list.
    `volumes` are the places of the told pair in their plans; `pairs` says how many pairs of volumes conflict.
    """

    one: int
    other: int
    volumes: tuple[int, int]
    verdict: Verdict
    pairs: int


class _Flat(NamedTuple):
    """The volumes of some plans in one row, and of each the place of its plan and its place in it."""

    volumes: list[Volume]
    owner: list[int]
    place: list[int]


def find(plans: Sequence[Plan], rules: Rules, *, progress: Progress | None = None) -> list[Met]:
    """All pairs of plans that conflict, by (one, other).  Volumes of one plan are never compared with each other.

    `progress` is told from time to time which part of the present one of three comparisons is done, 0 to 1.

    Raises Unusable for a volume that has problems other than its size; readers give none.
    """
    activity = _flat(plans, [place for place, plan in enumerate(plans) if plan.origin == "PLAN"])
    airspace = _flat(plans, [place for place, plan in enumerate(plans) if plan.origin == "AIRSPACE"])
    hits: dict[tuple[int, int], list[tuple[int, int, Verdict]]] = {}
    _gather(hits, activity, activity, _inside(plans, activity, rules, rules.separation, progress))
    _gather(
        hits, activity, airspace, across(activity.volumes, airspace.volumes, rules.edge_separation, progress=progress)
    )
    _gather(hits, airspace, airspace, _inside(plans, airspace, rules, rules.edge_separation, progress))
    return [
        _worst(one, other, found)
        for (one, other), found in sorted(hits.items())
        if rules.compared(plans[one], plans[other])
    ]


def _flat(plans: Sequence[Plan], chosen: Iterable[int]) -> _Flat:
    flat = _Flat([], [], [])
    for owner in chosen:
        for place, volume in enumerate(plans[owner].volumes):
            flat.volumes.append(volume)
            flat.owner.append(owner)
            flat.place.append(place)
    return flat


def _inside(
    plans: Sequence[Plan], flat: _Flat, rules: Rules, separation: Separation, progress: Progress | None
) -> list[tuple[int, int, Verdict]]:
    """Conflicts among the volumes of one kind; those of one plan, or unless `within` of one party, are of one group."""
    groups: Sequence[int | str] = flat.owner if rules.within else [plans[owner].party for owner in flat.owner]
    if len(set(groups)) < 2:
        return []
    return among(flat.volumes, separation, groups, progress=progress)


def _gather(
    hits: dict[tuple[int, int], list[tuple[int, int, Verdict]]],
    first: _Flat,
    second: _Flat,
    found: Iterable[tuple[int, int, Verdict]],
) -> None:
    """Files each conflicting pair of volumes under its two plans."""
    for i, j, verdict in found:
        one, other = first.owner[i], second.owner[j]
        hits.setdefault((one, other), []).append((first.place[i], second.place[j], verdict))


def _worst(one: int, other: int, found: Sequence[tuple[int, int, Verdict]]) -> Met:
    first, second, verdict = min(found, key=_told_order)
    return Met(one=one, other=other, volumes=(first, second), verdict=verdict, pairs=len(found))


def _told_order(hit: tuple[int, int, Verdict]) -> tuple[int, int, int, int, int]:
    first, second, verdict = hit
    gaps = verdict.gaps
    return (floor(gaps.lateral_m), gaps.vertical_ft, gaps.time_ms, first, second)
