"""Ways to settle a conflict between two plans: changes of time, level or place, ranked by how little they disturb.

Each keeps the separation to everything near, by the numbers of each pair's own line, and makes no new conflict with a
third plan.  Pure, on geometry volumes: a node settles dialogues with it and a check of files its findings.
Source: DOMAIN RES-02, RES-09.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from skyparley.domain.settling_areas import is_large_enough, smaller
from skyparley.domain.settling_carried import best_mix, cleared
from skyparley.domain.settling_cost import Kind, cost_of, drastic, kind_of_change
from skyparley.domain.settling_parts import Mover, Near, Place, Surroundings
from skyparley.domain.settling_shift import shifted_over_ground
from skyparley.domain.settling_sides import parted
from skyparley.domain.settling_spans import LEVEL_CHANGES, TIME_CHANGES, Change, shifted_in_time, thickness_ft
from skyparley.domain.settling_words import described, line_words
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Point
from skyparley.geometry.volumes import Volume, judge, volume_problems

__all__ = ["Mover", "Near", "Settlement", "Surroundings", "chosen", "settle", "ways"]

ALL_KINDS: Final[tuple[Kind, ...]] = ("VERT", "LAT", "TIME")

Side: TypeAlias = tuple[Mover, Surroundings]


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """One way: the new volumes of one mover or two, by name, in words, with its cost (settling_cost.py)."""

    kind: Kind
    changes: tuple[tuple[str, tuple[Volume, ...]], ...]
    text: str
    cost: int
    drastic: bool = False


def settle(movers: Sequence[Side], *, limit: int) -> tuple[Settlement, ...]:
    """The best ways, at most `limit`, the best first; empty where there is none.  Deterministic.

    Each was judged once more as it stands, by asking what is near to the changed volumes.  Names of movers are unique.
    """
    sides = {mover.name: (mover, surroundings) for mover, surroundings in movers}
    assert len(sides) == len(movers), "a settlement tells its movers by name"
    return chosen(sorted(ways(movers), key=rank), lambda made: clear(made, sides), limit)


def rank(made: Settlement) -> tuple[bool, int, str]:
    """The order of settlements among those that ask equally rightly."""
    return made.drastic, made.cost, made.text


def ways(movers: Sequence[Side]) -> list[Settlement]:
    """Every way that was found, each once, in no order and not judged again."""
    found = [made for mover, surroundings in movers for made in _ways_of_one(mover, surroundings)]
    if len(movers) == 2:
        found += _line_between(*sorted(movers, key=lambda side: side[0].name))
    unlike = {mover.volumes for mover, _ in movers}
    once = {made.changes: made for made in reversed(found) if made.changes[0][1] not in unlike}
    return list(once.values())


def chosen(ranked: Iterable[Settlement], passes: Callable[[Settlement], bool], limit: int) -> tuple[Settlement, ...]:
    """Of ranked ways the first that pass, at most `limit`, in their order; `passes` is asked no more than needed.

    Of each of VERT, LAT and TIME there is one among them where one passes (RES-02), and a drastic one only then: where its
    kind, or the whole conflict, has no other.
    """
    in_order = list(ranked)
    passed = cache(lambda place: passes(in_order[place]))
    kept: set[int] = set()
    for kind in ALL_KINDS:
        kept.update(islice((at for at, made in enumerate(in_order) if made.kind == kind and passed(at)), 1))
    rest = (at for at, made in enumerate(in_order) if at not in kept and not made.drastic and passed(at))
    kept.update(islice(rest, max(0, limit - len(kept))))
    if not kept:
        kept.update(islice((at for at in range(len(in_order)) if passed(at)), 1))
    return tuple(in_order[at] for at in sorted(kept)[:limit])


def clear(made: Settlement, sides: Mapping[str, Side]) -> bool:
    """Whether the changed volumes are sound, keep their least sizes and are too close to nothing at all."""
    changed = dict(made.changes)
    for name, volumes in changed.items():
        mover, surroundings = sides[name]
        if any(map(volume_problems, volumes)) or not keeps_sizes(mover, volumes):
            return False
        others = [(sides[other][0].volumes, new) for other, new in changed.items() if other != name]
        if any(not _answered(one, volumes, others) for one in surroundings.near(volumes)):
            return False
    return True


def _answered(
    near: Near, volumes: Sequence[Volume], others: Sequence[tuple[Sequence[Volume], Sequence[Volume]]]
) -> bool:
    """Whether what is near is the other mover as it was, and is clear as it will be."""
    for before, after in others:
        if near.volume in before:
            moved = after[list(before).index(near.volume)]
            return not judge(volumes[near.given], moved, near.separation).conflict
    return False


# --- the ways of one mover -------------------------------------------------------------------------------------

EACH: Final[tuple[tuple[Change, ...], ...]] = (
    *((change,) for change in LEVEL_CHANGES),
    LEVEL_CHANGES,
    *((change,) for change in TIME_CHANGES),
    TIME_CHANGES,
    (smaller,),
)
"""One sort of change for every volume that conflicts; and the best of a kind for each, where they differ."""


def _ways_of_one(mover: Mover, surroundings: Surroundings) -> list[Settlement]:
    met = surroundings.near(mover.volumes)
    if not met:
        return []
    places = _places(mover, surroundings)
    found = [_settlement(mover, shift.volumes, shift.words) for shift in shifted_over_ground(mover, surroundings, met)]
    found += [_settlement(mover, volumes) for volumes in shifted_in_time(mover, surroundings, met)]
    for changes in EACH:
        changed = [cleared(place, changes, mover) for place in places]
        volumes = tuple(one for one in changed if one is not None)
        if len(volumes) == len(places):
            found.append(_settlement(mover, volumes))
    # With one thing in the way of one volume, one change is enough.
    several = len(places) > 1 or len(places[0].near) > 1
    mixed = [best_mix(place, mover) for place in places] if several else []
    volumes = tuple(one for one in mixed if one is not None)
    if len(volumes) == len(places):
        mix = _settlement(mover, volumes)
        if mix.kind == "MIX" and all(mix.cost < made.cost for made in found):
            found.append(mix)
    return found


def _places(mover: Mover, surroundings: Surroundings) -> list[Place]:
    """Each volume with all that is near it at any level."""
    tall = [replace(one, lower=Level(Ref.SFC), upper=Level(Ref.UNL)) for one in mover.volumes]
    near: list[list[Near]] = [[] for _ in mover.volumes]
    for one in surroundings.near(tall):
        near[one.given].append(one)
    return [Place(volume, about) for volume, about in zip(mover.volumes, near, strict=True)]


# --- the way of two --------------------------------------------------------------------------------------------


def _line_between(one: Side, two: Side) -> list[Settlement]:
    """Both keep to their side of a line, pair by pair of volumes; where several lines are needed, they are told by area."""
    (mover, surroundings), (other, _) = one, two
    pieces, theirs, ends = list(mover.volumes), list(other.volumes), list[tuple[Point, Point]]()
    for near in surroundings.near(mover.volumes):
        if near.volume not in other.volumes:
            return []  # A third one stands in the way as well, and a line between two does not clear it.
        place = other.volumes.index(near.volume)
        made = parted(pieces[near.given].shape, theirs[place].shape, near.separation.lateral_m)
        if made is None:
            return []
        pieces[near.given] = replace(pieces[near.given], shape=made.one)
        theirs[place] = replace(theirs[place], shape=made.two)
        ends.append(made.ends)
    changes = (mover, tuple(pieces)), (other, tuple(theirs))
    if not ends or any(side.volumes == volumes for side, volumes in changes):
        return []
    return [
        Settlement(
            kind="LAT",
            changes=tuple((side.name, volumes) for side, volumes in changes),
            text=line_words(ends, [(side.name, side.volumes, volumes) for side, volumes in changes]),
            cost=sum(cost_of(side.volumes, volumes) for side, volumes in changes),
            drastic=any(drastic(side.volumes, volumes) for side, volumes in changes),
        )
    ]


# --- leaves ----------------------------------------------------------------------------------------------------


def _settlement(mover: Mover, volumes: tuple[Volume, ...], words: str = "") -> Settlement:
    """A change of one mover; with `words` of its own where it is no change part by part."""
    return Settlement(
        kind=kind_of_change(mover.volumes, volumes),
        changes=((mover.name, volumes),),
        text=f"{mover.name}: {words}" if words else described(mover.name, mover.volumes, volumes),
        cost=cost_of(mover.volumes, volumes),
        drastic=drastic(mover.volumes, volumes),
    )


def keeps_sizes(mover: Mover, volumes: Sequence[Volume]) -> bool:
    """Whether areas are as large, bands as thick and the windows together as long as they must be, or as they were."""
    return (
        _union_ms(volumes) >= min(mover.least_duration_ms, _union_ms(mover.volumes))
        and all(
            is_large_enough(new.shape, old.shape, mover.least_radius_m)
            for old, new in zip(mover.volumes, volumes, strict=True)
        )
        and all(
            new.upper.ref is Ref.UNL or thickness_ft(new) >= min(mover.least_band_ft, thickness_ft(old))
            for old, new in zip(mover.volumes, volumes, strict=True)
        )
    )


def _union_ms(volumes: Sequence[Volume]) -> int:
    total, reached = 0, min(one.start_ms for one in volumes)
    for start, end in sorted((one.start_ms, one.end_ms) for one in volumes):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
