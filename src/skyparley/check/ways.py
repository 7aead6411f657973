"""What would settle a conflict of two plans: each that may move, among everything else that was read."""

from collections.abc import Sequence
from typing import Final

import msgspec

from skyparley.check.comparing import Filed
from skyparley.check.detection import Met
from skyparley.check.report import Change, Clearing, Conflict, Way, told
from skyparley.check.rules import Rules
from skyparley.domain.settling import Mover, Near, Settlement, settle
from skyparley.formats.records import Plan
from skyparley.geometry.volumes import Separation, Volume

WAYS_SHOWN: Final = 3  # for each conflict: a person compares three, and reads no fourth


class Neighbours:
    """Everything that was read, to be asked what is near; built when the first question is asked."""

    def __init__(self, plans: Sequence[Plan], mets: Sequence[Met], rules: Rules) -> None:
        self._plans = plans
        self._rules = rules
        self._met: dict[int, set[int]] = {}
        for met in mets:
            self._met.setdefault(met.one, set()).add(met.other)
            self._met.setdefault(met.other, set()).add(met.one)
        self._indexes: dict[str, Filed] = {}

    def met_by(self, plan: int) -> set[int]:
        """The plans that a plan conflicts with."""
        return self._met.get(plan, set())

    def around(self, mover: int, *, but: int | None = None) -> "Around":
        """What one plan must not meet: all that it is compared with.

        With `but`, those that it conflicts with already are left out except that one.
        """
        return Around(self, mover, set() if but is None else self.met_by(mover) - {but})

    def near(self, mover: int, volumes: Sequence[Volume], left_out: set[int]) -> list[Near]:
        """Volumes of others that are too close to those given, each by the separation of its own pair."""
        own, found = self._plans[mover], []

        def skip(owner: int) -> bool:
            return owner == mover or owner in left_out or not self._rules.compared(own, self._plans[owner])

        for given, volume in enumerate(volumes):
            for filed, separation in self._asked(own):
                for owner, place in filed.conflicts(volume, separation, skip):
                    found.append(Near(given, self._plans[owner].volumes[place], separation))
        return found

    def _asked(self, own: Plan) -> list[tuple[Filed, Separation]]:
        """The two indexes, and what is required of this plan against each."""
        if not self._indexes:
            self._indexes = {origin: self._filed(origin) for origin in ("PLAN", "AIRSPACE")}
        edge = self._rules.edge_separation
        among = edge if own.origin == "AIRSPACE" else self._rules.separation
        return [(self._indexes["PLAN"], among), (self._indexes["AIRSPACE"], edge)]

    def _filed(self, origin: str) -> Filed:
        keys = [
            (owner, place)
            for owner, plan in enumerate(self._plans)
            if plan.origin == origin
            for place in range(len(plan.volumes))
        ]
        return Filed(keys, [self._plans[owner].volumes[place] for owner, place in keys])


class Around:
    """The surroundings of one mover.  Source: domain/settling."""

    def __init__(self, neighbours: Neighbours, mover: int, left_out: set[int]) -> None:
        self._neighbours = neighbours
        self._mover = mover
        self._left_out = left_out

    def near(self, volumes: Sequence[Volume]) -> Sequence[Near]:
        return self._neighbours.near(self._mover, volumes, self._left_out)


def with_ways(conflict: Conflict, met: Met, plans: Sequence[Plan], neighbours: Neighbours, *, now_ms: int) -> Conflict:
    """The conflict with the best few ways to settle it, or the plain statement that there is none.

    Only plans move, never a published area.  A plan that begins after `now_ms` is not moved to before it.
    """
    movable = [(place, other) for place, other in _sides(met) if plans[place].origin == "PLAN"]
    if not movable:
        return msgspec.structs.replace(conflict, ways=(), no_way="both are published areas; neither moves")
    names = _names(plans[met.one], plans[met.other])
    by_name = {names[place == met.other]: place for place, _ in movable}
    movers = [
        (_mover(names[place == met.other], plans[place], now_ms=now_ms), neighbours.around(place, but=other))
        for place, other in movable
    ]
    found = settle(movers, limit=WAYS_SHOWN)
    ways = tuple(_way(one, plans, by_name) for one in found)
    return msgspec.structs.replace(conflict, ways=ways, no_way="" if ways else _none(plans, met))


def clearing_of(
    plan: int, numbers: Sequence[int], plans: Sequence[Plan], neighbours: Neighbours, *, now_ms: int
) -> Clearing:
    """What one plan alone could do to be clear of everything."""
    own = plans[plan]
    name = f"{own.party} {own.id}"
    found = settle([(_mover(name, own, now_ms=now_ms), neighbours.around(plan))], limit=WAYS_SHOWN)
    return Clearing(
        party=own.party,
        id=own.id,
        file=own.file,
        conflicts=tuple(numbers),
        ways=tuple(_way(one, plans, {name: plan}) for one in found),
        no_way="" if found else "no change of its time, level or area keeps it clear of all; settle them one by one",
    )


def _sides(met: Met) -> tuple[tuple[int, int], tuple[int, int]]:
    """Each plan with the other one."""
    return ((met.one, met.other), (met.other, met.one))


def _mover(name: str, plan: Plan, *, now_ms: int) -> Mover:
    start = min(volume.start_ms for volume in plan.volumes)
    return Mover(name=name, volumes=plan.volumes, not_before=now_ms if start > now_ms else 0)


def _names(one: Plan, other: Plan) -> tuple[str, str]:
    """What the two are called; with their files where one party uses an id in both."""
    first, second = f"{one.party} {one.id}", f"{other.party} {other.id}"
    return (first, second) if first != second else (f"{first} ({one.file})", f"{second} ({other.file})")


def _none(plans: Sequence[Plan], met: Met) -> str:
    whose = "of either plan" if {plans[met.one].origin, plans[met.other].origin} == {"PLAN"} else "of the plan"
    return f"no change of time, level or area {whose} alone keeps clear of everything else"


def _way(settlement: Settlement, plans: Sequence[Plan], by_name: dict[str, int]) -> Way:
    changes = tuple(
        Change(
            party=plans[by_name[name]].party,
            id=plans[by_name[name]].id,
            file=plans[by_name[name]].file,
            volumes=tuple(map(told, volumes)),
        )
        for name, volumes in settlement.changes
    )
    return Way(kind=settlement.kind, text=settlement.text, cost=settlement.cost, changes=changes)
