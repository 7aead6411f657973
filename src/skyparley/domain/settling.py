"""Ways to settle a conflict between two plans: changes of time, level or place, ranked by how little they disturb.

Each keeps the separation to everything near, by the numbers of each pair's own line, and makes no new conflict with a
third plan.  Pure, on geometry volumes: a node settles dialogues with it and a check of files its findings.
Source: DOMAIN RES-02, RES-09.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace

from skyparley.domain.settling_cost import Kind, cost_of, drastic, kind_of_change, volume_cost
from skyparley.domain.settling_parts import Mover, Near, Place, Surroundings
from skyparley.domain.settling_spans import LEVEL_CHANGES, TIME_CHANGES, Change, shifted_in_time
from skyparley.domain.settling_words import described
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.volumes import Volume

__all__ = ["Mover", "Near", "Settlement", "Surroundings", "chosen", "settle", "ways"]

ROUNDS: Final = 64
"""How often one volume is carried on past the next obstacle before that way is given up."""
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
    found: dict[tuple[tuple[str, tuple[Volume, ...]], ...], Settlement] = {}
    for mover, surroundings in movers:
        for volumes in _ways_of_one(mover, surroundings):
            if volumes != mover.volumes:
                made = _settlement([(mover, volumes)])
                found.setdefault(made.changes, made)
    return list(found.values())


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


def clear(made: Settlement, sides: dict[str, Side]) -> bool:
    """Whether the changed volumes are too close to nothing at all, least sizes included."""
    return all(
        _keeps_sizes(sides[name][0], volumes) and not sides[name][1].near(volumes) for name, volumes in made.changes
    )


# --- the ways of one mover -------------------------------------------------------------------------------------

EACH: Final[tuple[tuple[Change, ...], ...]] = (
    *((change,) for change in LEVEL_CHANGES),
    LEVEL_CHANGES,
    *((change,) for change in TIME_CHANGES),
    TIME_CHANGES,
)
"""One sort of change for every volume that conflicts; and the best of a kind for each, where they differ."""


def _ways_of_one(mover: Mover, surroundings: Surroundings) -> Iterator[tuple[Volume, ...]]:
    met = surroundings.near(mover.volumes)
    if not met:
        return
    places = _places(mover, surroundings)
    for changes in EACH:
        changed = [_cleared(place, changes, mover) for place in places]
        if all(changed):
            yield tuple(one for one in changed if one is not None)
    yield from shifted_in_time(mover, surroundings, met)


def _places(mover: Mover, surroundings: Surroundings) -> list[Place]:
    """Each volume with all that is near it at any level."""
    tall = [replace(one, lower=Level(Ref.SFC), upper=Level(Ref.UNL)) for one in mover.volumes]
    near: list[list[Near]] = [[] for _ in mover.volumes]
    for one in surroundings.near(tall):
        near[one.given].append(one)
    return [Place(volume, about) for volume, about in zip(mover.volumes, near, strict=True)]


def _cleared(place: Place, changes: Sequence[Change], mover: Mover) -> Volume | None:
    """The cheapest of some changes, each carried on until nothing near is met; the volume itself where nothing is."""
    if not place.met(place.volume):
        return place.volume
    found = [way for way in (_carried_on(place, change, mover) for change in changes) if way is not None]
    return min(found, key=lambda way: volume_cost(place.volume, way).total, default=None)


def _carried_on(place: Place, change: Change, mover: Mover) -> Volume | None:
    volume: Volume | None = place.volume
    for _ in range(ROUNDS):
        assert volume is not None, "a way that failed was left"
        met = place.met(volume)
        if not met:
            return volume
        volume = change(volume, met, mover)
        if volume is None:
            return None
    return None


# --- leaves ----------------------------------------------------------------------------------------------------


def _settlement(changes: Sequence[tuple[Mover, tuple[Volume, ...]]]) -> Settlement:
    before = [volume for mover, _ in changes for volume in mover.volumes]
    after = [volume for _, volumes in changes for volume in volumes]
    return Settlement(
        kind=kind_of_change(before, after),
        changes=tuple((mover.name, volumes) for mover, volumes in changes),
        text="; ".join(described(mover.name, mover.volumes, volumes) for mover, volumes in changes),
        cost=sum(cost_of(mover.volumes, volumes) for mover, volumes in changes),
        drastic=drastic(before, after),
    )


def _keeps_sizes(mover: Mover, volumes: Sequence[Volume]) -> bool:
    """Whether the windows together are as long as they must be."""
    return _union_ms(volumes) >= min(mover.least_duration_ms, _union_ms(mover.volumes))


def _union_ms(volumes: Sequence[Volume]) -> int:
    total, reached = 0, min(one.start_ms for one in volumes)
    for start, end in sorted((one.start_ms, one.end_ms) for one in volumes):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
