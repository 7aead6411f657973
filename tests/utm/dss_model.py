"""What a DSS should do, the slow way: lists that are read from end to end, nothing filed, nothing shared with the DSS but
the words of its requests and answers.

Source: ASTM F3548-21, utm.yaml; how deployed systems read it where that is silent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from skyparley.utm import commands as c
from skyparley.utm.records import OPEN, Extent

MINUTE_US: Final = 60_000_000
DAY_US: Final = 24 * 60 * MINUTE_US
NONE: Final = frozenset[str]()


@dataclass
class Entity:
    """An operational intent or a constraint."""

    id: str
    manager: str
    extent: Extent
    ovn: str
    base_url: str
    version: int = 1
    state: str = ""
    subscription: str = ""


@dataclass
class Sub:
    id: str
    manager: str
    extent: Extent
    version: str
    base_url: str
    for_intents: bool
    for_constraints: bool
    implicit: bool
    index: int = 0


@dataclass(frozen=True)
class No:
    """Refused; the names of what the key lacks."""

    status: int
    intents: frozenset[str] = NONE
    constraints: frozenset[str] = NONE


@dataclass(frozen=True)
class Put:
    """Created, changed or deleted; `told` are subscription, address and index of each that is to be notified."""

    created: bool
    told: frozenset[tuple[str, str, int]]


@dataclass(frozen=True)
class Subscribed:
    index: int
    extent: Extent
    dependents: tuple[str, ...]
    intents: frozenset[str]
    constraints: frozenset[str]


@dataclass
class Model:
    """All there is, and what was ever given as a version."""

    keep_us: int
    now_us: int
    intents: list[Entity] = field(default_factory=list)
    constraints: list[Entity] = field(default_factory=list)
    subs: list[Sub] = field(default_factory=list)
    standings: dict[str, tuple[str, str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    # --- operational intents --------------------------------------------------------------------------------------

    def put_intent(self, ask: c.PutIntent, fresh: c.Answer) -> No | Put:
        """`fresh` is what the DSS answered: the versions and names that it drew are taken from there."""
        old = find(self.intents, ask.id)
        wrong = self._may_put(old, ask, absent=400)
        keyed = ask.state in ("Accepted", "Activated")
        if wrong is None and keyed and self.down(ask.manager):
            wrong = No(412)
        given = find(self.subs, ask.subscription)
        if wrong is None and ask.subscription:
            wrong = self._serves(given, ask)
        for_constraints = (
            given.for_constraints if given else bool(ask.new_subscription and ask.new_subscription.for_constraints)
        )
        if wrong is None and keyed:
            wrong = self._lacks(ask, for_constraints)
        if wrong is not None:
            return wrong
        assert isinstance(fresh, c.IntentChanged), fresh
        attached = self._attach(ask, given, fresh.intent.subscription)
        new = Entity(ask.id, ask.manager, ask.extent, self.drawn(fresh.intent.ovn), ask.base_url)
        new.state, new.subscription = ask.state, attached
        if old is not None:
            new.version = old.version + 1
            self.intents.remove(old)
        self.intents.append(new)
        if old is not None and old.subscription != attached:
            self._drop_if_unused(old.subscription)
        places = [ask.extent] + ([old.extent] if old else [])
        return Put(old is None, self._tell(places, lambda sub: sub.for_intents))

    def delete_intent(self, ask: c.DeleteIntent) -> No | Put:
        old = find(self.intents, ask.id)
        wrong = self._may_delete(old, ask) or (No(412) if self.down(ask.manager) else None)
        if wrong is not None:
            return wrong
        assert old is not None
        told = self._tell([old.extent], lambda sub: sub.for_intents)
        self.intents.remove(old)
        self._drop_if_unused(old.subscription)
        return Put(False, told)

    def _serves(self, sub: Sub | None, ask: c.PutIntent) -> No | None:
        if sub is None:
            return No(400)
        if sub.manager != ask.manager:
            return No(403)
        if not sub.for_intents or not (sub.implicit or within(ask.extent, sub.extent, 5 * MINUTE_US)):
            return No(400)
        return None

    def _lacks(self, ask: c.PutIntent, for_constraints: bool) -> No | None:
        intents = [
            one
            for one in self.intents
            if self.live(one.extent) and meets(one.extent, ask.extent) and one.id != ask.id and one.ovn not in ask.key
        ]
        intents = [one for one in intents if not (self.down(one.manager) and one.state == "Accepted")]
        constraints = [
            one
            for one in self.constraints
            if self.live(one.extent) and meets(one.extent, ask.extent, heights=False) and one.ovn not in ask.key
        ]
        if not for_constraints:
            constraints = []
        return No(409, names(intents), names(constraints)) if intents or constraints else None

    def _attach(self, ask: c.PutIntent, given: Sub | None, made: str) -> str:
        """The subscription it depends on from now on; an implicit one is made, or grows."""
        if ask.new_subscription is not None:
            url, for_constraints = ask.new_subscription.base_url, ask.new_subscription.for_constraints
            assert find(self.subs, made) is None, "its name is new"
            self.subs.append(Sub(self.drawn(made), ask.manager, ask.extent, "", url, True, for_constraints, True))
            return made
        if given is None:
            return ""
        if given.implicit:
            a, b = given.extent, ask.extent
            given.extent = Extent(
                tuple(sorted({*a.cells, *b.cells})),
                min(a.lower_mm, b.lower_mm),
                max(a.upper_mm, b.upper_mm),
                min(a.start_us, b.start_us),
                max(a.end_us, b.end_us),
            )
        return given.id

    def _drop_if_unused(self, name: str) -> None:
        sub = find(self.subs, name)
        if sub is not None and sub.implicit and not self.dependents(name):
            self.subs.remove(sub)

    # --- constraints ----------------------------------------------------------------------------------------------

    def put_constraint(self, ask: c.PutConstraint, fresh: c.Answer) -> No | Put:
        old = find(self.constraints, ask.id)
        wrong = self._may_put(old, ask, absent=409)
        if wrong is not None:
            return wrong
        assert isinstance(fresh, c.ConstraintChanged), fresh
        new = Entity(ask.id, ask.manager, ask.extent, self.drawn(fresh.constraint.ovn), ask.base_url)
        if old is not None:
            new.version = old.version + 1
            self.constraints.remove(old)
        self.constraints.append(new)
        places = [ask.extent] + ([old.extent] if old else [])
        return Put(old is None, self._tell(places, lambda sub: sub.for_constraints))

    def delete_constraint(self, ask: c.DeleteConstraint) -> No | Put:
        old = find(self.constraints, ask.id)
        wrong = self._may_delete(old, ask)
        if wrong is not None:
            return wrong
        assert old is not None
        self.constraints.remove(old)
        return Put(False, self._tell([old.extent], lambda sub: sub.for_constraints))

    # --- subscriptions --------------------------------------------------------------------------------------------

    def put_subscription(self, ask: c.PutSubscription, fresh: c.Answer) -> No | Subscribed:
        old = find(self.subs, ask.id)
        wrong = self._may_put_subscription(old, ask)
        if wrong is not None:
            return wrong
        extent = self._timed(ask.extent, old)
        if extent is None:
            return No(400)
        depending = [one for one in self.intents if one.subscription == ask.id]
        living = [one for one in depending if self.live(one.extent)]
        if living and not ask.for_intents:
            return No(400)
        if not all(within(one.extent, extent, 5 * MINUTE_US) for one in living):
            return No(400)
        assert isinstance(fresh, c.SubscriptionChanged), fresh
        version = self.drawn(fresh.subscription.version)
        index = old.index if old else 0
        if old is not None:
            self.subs.remove(old)
        self.subs.append(
            Sub(ask.id, ask.manager, extent, version, ask.base_url, ask.for_intents, ask.for_constraints, False, index)
        )
        return Subscribed(
            index,
            extent,
            tuple(sorted(one.id for one in depending)),
            self.intents_in(extent) if ask.for_intents else NONE,
            self.constraints_in(extent) if ask.for_constraints else NONE,
        )

    def delete_subscription(self, ask: c.DeleteSubscription) -> No | None:
        old = find(self.subs, ask.id)
        if old is None:
            return No(404)
        if ask.version != old.version:
            return No(409)
        if ask.manager != old.manager:
            return No(403)
        depending = [one for one in self.intents if one.subscription == ask.id]
        if any(self.live(one.extent) for one in depending):
            return No(400)
        for one in depending:
            one.subscription = ""
        self.subs.remove(old)
        return None

    def _may_put_subscription(self, old: Sub | None, ask: c.PutSubscription) -> No | None:
        if old is None:
            return No(400) if ask.version is not None else None
        if ask.version is None or ask.version != old.version:
            return No(409)
        return No(403) if ask.manager != old.manager else None

    def _timed(self, asked: Extent, old: Sub | None) -> Extent | None:
        start_us, end_us = asked.start_us, asked.end_us
        if start_us == -OPEN:
            start_us = old.extent.start_us if old else self.now_us
        elif start_us < self.now_us - 5 * MINUTE_US and not (old and old.extent.start_us == start_us):
            return None
        if end_us == OPEN:
            end_us = old.extent.end_us if old else start_us + DAY_US
        if end_us < self.now_us or end_us <= start_us or end_us - start_us > DAY_US:
            return None
        return Extent(asked.cells, asked.lower_mm, asked.upper_mm, start_us, end_us)

    # --- availability, time ---------------------------------------------------------------------------------------

    def set_availability(self, ask: c.SetAvailability, fresh: c.Answer) -> No | None:
        if ask.old_version != self.standings.get(ask.uss, ("Unknown", ""))[1]:
            return No(409)
        assert isinstance(fresh, c.AvailabilityChanged), fresh
        self.standings[ask.uss] = (ask.availability, self.drawn(fresh.standing.version))
        return None

    def sweep(self) -> int:
        """How many went."""
        last_us = self.now_us - self.keep_us
        before = len(self.intents) + len(self.constraints) + len(self.subs)
        left = {one.subscription for one in self.intents if one.extent.end_us < last_us}
        self.intents = [one for one in self.intents if one.extent.end_us >= last_us]
        self.constraints = [one for one in self.constraints if one.extent.end_us >= last_us]
        for name in left:
            self._drop_if_unused(name)
        self.subs = [one for one in self.subs if one.extent.end_us >= last_us or self.dependents(one.id)]
        return before - len(self.intents) - len(self.constraints) - len(self.subs)

    # --- questions ------------------------------------------------------------------------------------------------

    def intents_in(self, area: Extent) -> frozenset[str]:
        return names(one for one in self.intents if self.live(one.extent) and meets(one.extent, area))

    def constraints_in(self, area: Extent) -> frozenset[str]:
        return names(
            one for one in self.constraints if self.live(one.extent) and meets(one.extent, area, heights=False)
        )

    def subs_in(self, manager: str, area: Extent) -> frozenset[str]:
        return names(
            one
            for one in self.subs
            if one.manager == manager and self.live(one.extent) and meets(one.extent, area, heights=False)
        )

    def dependents(self, name: str) -> list[str]:
        return sorted(one.id for one in self.intents if one.subscription == name)

    def live(self, extent: Extent) -> bool:
        return extent.end_us >= self.now_us

    def down(self, uss: str) -> bool:
        return self.standings.get(uss, ("Unknown", ""))[0] == "Down"

    # --- what several share ---------------------------------------------------------------------------------------

    def drawn(self, version: str) -> str:
        """A name or a version that was never given before."""
        assert version not in self.seen, "it was given before"
        self.seen.add(version)
        return version

    def _may_put(self, old: Entity | None, ask: c.PutIntent | c.PutConstraint, *, absent: int) -> No | None:
        if old is None:
            return No(absent) if ask.ovn is not None else None
        if ask.manager != old.manager:
            return No(403)
        return No(409) if ask.ovn is None or ask.ovn != old.ovn else None

    def _may_delete(self, old: Entity | None, ask: c.DeleteIntent | c.DeleteConstraint) -> No | None:
        if old is None:
            return No(404)
        if ask.manager != old.manager:
            return No(403)
        return No(409) if ask.ovn != old.ovn else None

    def _tell(self, places: list[Extent], wants: Any) -> frozenset[tuple[str, str, int]]:
        told = []
        for sub in self.subs:
            if (
                wants(sub)
                and self.live(sub.extent)
                and any(meets(sub.extent, place, heights=False) for place in places)
            ):
                sub.index += 1
                told.append((sub.id, sub.base_url, sub.index))
        return frozenset(told)


def find(among: Iterable[Any], name: str) -> Any:
    """The one of this name; None where there is none."""
    return next((one for one in among if one.id == name), None)


def names(among: Iterable[Any]) -> frozenset[str]:
    return frozenset(one.id for one in among)


def meets(a: Extent, b: Extent, *, heights: bool = True) -> bool:
    """Whether they share a cell, a moment and, if that counts, a height."""
    if not any(cell in b.cells for cell in a.cells):
        return False
    if a.start_us > b.end_us or b.start_us > a.end_us:
        return False
    return not heights or (a.lower_mm <= b.upper_mm and b.lower_mm <= a.upper_mm)


def within(inner: Extent, outer: Extent, slack_us: int) -> bool:
    """Whether nothing of the inner is outside; at its start by no more than the slack."""
    return (
        all(cell in outer.cells for cell in inner.cells)
        and inner.lower_mm >= outer.lower_mm
        and inner.upper_mm <= outer.upper_mm
        and inner.start_us >= outer.start_us - slack_us
        and inner.end_us <= outer.end_us
    )
