"""A small DSS without a writer: a clock that a test moves, luck that counts, extents from plain numbers.

Each step is checked: what is folded from the encoded events is the same state, and so is what is thawed from a snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from skyparley.utm.commands import (
    Answer,
    Command,
    ConstraintChanged,
    DeleteConstraint,
    DeleteIntent,
    DeleteSubscription,
    IntentChanged,
    NewSubscription,
    PutConstraint,
    PutIntent,
    PutSubscription,
    Refused,
    SetAvailability,
    SubscriptionChanged,
    Sweep,
)
from skyparley.utm.decide import decide
from skyparley.utm.events import Event, decode, encode
from skyparley.utm.index import ExtentIndex
from skyparley.utm.records import OPEN, Availability, Constraint, Extent, Intent, State, Subscription
from skyparley.utm.rulings import Moment, Rules
from skyparley.utm.snapshot import DssSnapshots
from skyparley.utm.state import DssState, fold

T0_US: Final = 1_795_000_000_000_000
"""A day in November 2026."""
MINUTE_US: Final = 60_000_000
BARE: Final = NewSubscription("https://implicit.example", False)
"""An implicit subscription that does not ask for constraints."""
PROCESSING: Final = NewSubscription("https://implicit.example", True)
"""One that does."""


def extent(
    cells: Iterable[int] = (1,),
    *,
    heights_m: tuple[int, int] = (0, 100),
    minutes: tuple[float | None, float | None] = (0, 60),
) -> Extent:
    """Cells, heights in metres, minutes after T0_US; None for a time that is not given."""
    start, end = minutes
    return Extent(
        cells=tuple(sorted(cells)),
        lower_mm=heights_m[0] * 1000,
        upper_mm=heights_m[1] * 1000,
        start_us=-OPEN if start is None else T0_US + round(start * MINUTE_US),
        end_us=OPEN if end is None else T0_US + round(end * MINUTE_US),
    )


def counting() -> Callable[[], str]:
    """Names that come one after the other."""
    count = 0

    def name() -> str:
        nonlocal count
        count += 1
        return f"00000000-0000-4000-8000-{count:012}"

    return name


class Book:
    """The state of a DSS and the way to change it."""

    def __init__(self, rules: Rules = Rules()) -> None:  # noqa: B008 - it is frozen
        self.rules = rules
        self.now_us = T0_US
        self.state = DssState()
        self.journal: list[tuple[str, bytes]] = []
        self._twin = DssState()
        self._new_id, self._new_version = counting(), counting()

    def run(self, command: Command) -> Answer:
        """Decide and fold; a refusal changes nothing."""
        moment = Moment(self.now_us, self._new_id, lambda: f"version-{self._new_version()}")
        answer, events = decide(self.state, command, moment, self.rules)
        assert not (isinstance(answer, Refused) and events), "a refusal changes nothing"
        for event in events:
            self._keep(event)
        if events:
            assert picture(self._twin) == picture(self.state), "the journal says the same state"
            assert picture(thawed(self.state)) == picture(self.state), "so does a snapshot"
        return answer

    def _keep(self, event: Event) -> None:
        fold(self.state, self.state.position + 1, event)
        self.journal.append(encode(event))
        read = decode(*self.journal[-1])
        assert read == event, "an event is read as it was written"
        fold(self._twin, self._twin.position + 1, read)

    def at(self, minutes: float) -> Book:
        """Let it be so many minutes after T0_US."""
        self.now_us = T0_US + round(minutes * MINUTE_US)
        return self

    # --- the commands, with what most tests do not care about filled in ------------------------------------------

    def plan(
        self,
        name: str,
        where: Extent,
        *,
        by: str = "alpha",
        key: Iterable[str] = (),
        state: State = "Accepted",
        **more: Any,
    ) -> Answer:
        """Create an operational intent, or with `ovn` change it."""
        command = PutIntent(
            id=name,
            manager=by,
            state=state,
            extent=where,
            base_url=f"https://{by}.example",
            key=frozenset(key),
            **more,
        )
        return self.run(command)

    def replan(self, name: str, where: Extent | None = None, **more: Any) -> Answer:
        """Change an operational intent as its manager, who holds its OVN."""
        intent = self.state.intents[name]
        return self.plan(name, where or intent.extent, **{"by": intent.manager, "ovn": intent.ovn} | more)

    def end(self, name: str, *, by: str | None = None, ovn: str | None = None) -> Answer:
        """Delete an operational intent, as its manager unless another is given."""
        intent = self.state.intents[name]
        return self.run(DeleteIntent(manager=by or intent.manager, id=name, ovn=ovn or intent.ovn))

    def zone(self, name: str, where: Extent, *, by: str = "alpha", ovn: str | None = None) -> Answer:
        """Create a constraint, or with `ovn` change it."""
        return self.run(PutConstraint(manager=by, id=name, ovn=ovn, extent=where, base_url=f"https://{by}.example"))

    def rezone(self, name: str, where: Extent) -> Answer:
        zone = self.state.constraints[name]
        return self.zone(name, where, by=zone.manager, ovn=zone.ovn)

    def unzone(self, name: str, *, by: str | None = None, ovn: str | None = None) -> Answer:
        zone = self.state.constraints[name]
        return self.run(DeleteConstraint(manager=by or zone.manager, id=name, ovn=ovn or zone.ovn))

    def subscribe(
        self,
        name: str,
        where: Extent,
        *,
        by: str = "alpha",
        version: str | None = None,
        to: str = "intents",
    ) -> Answer:
        """Create a subscription, or with `version` change it.  `to`: "intents", "constraints" or both in one text."""
        command = PutSubscription(
            manager=by,
            id=name,
            version=version,
            extent=where,
            base_url=f"https://{by}.example",
            for_intents="intents" in to,
            for_constraints="constraints" in to,
        )
        return self.run(command)

    def resubscribe(self, name: str, where: Extent, **more: Any) -> Answer:
        one = self.state.subscriptions[name]
        return self.subscribe(name, where, by=one.manager, version=one.version, **more)

    def unsubscribe(self, name: str, *, by: str | None = None, version: str | None = None) -> Answer:
        one = self.state.subscriptions[name]
        return self.run(DeleteSubscription(manager=by or one.manager, id=name, version=version or one.version))

    def declare(self, uss: str, availability: Availability) -> Answer:
        version = self.state.availability(uss).version
        return self.run(SetAvailability(manager="judge", uss=uss, old_version=version, availability=availability))

    def sweep(self) -> Answer:
        return self.run(Sweep())

    # --- what is there ---------------------------------------------------------------------------------------------

    def ovn(self, name: str) -> str:
        """Of an operational intent or a constraint."""
        found: Intent | Constraint = self.state.intents.get(name) or self.state.constraints[name]
        return found.ovn

    def implicit_of(self, name: str) -> Subscription:
        """The subscription that an operational intent depends on, which is an implicit one."""
        found = self.state.subscriptions[self.state.intents[name].subscription]
        assert found.implicit
        return found


# --- what is told ----------------------------------------------------------------------------------------------------


def changed(answer: Answer) -> Intent:
    """The operational intent that was created or changed."""
    assert isinstance(answer, IntentChanged), answer
    return answer.intent


def subscribed(answer: Answer) -> SubscriptionChanged:
    assert isinstance(answer, SubscriptionChanged), answer
    return answer


def status(answer: Answer) -> int:
    """Of a refusal; 201 and 200 for what was created and changed."""
    if isinstance(answer, Refused):
        return answer.status
    return 201 if isinstance(answer, IntentChanged | ConstraintChanged) and answer.created else 200


def missing(answer: Answer) -> set[str]:
    """The ids of all that the key lacks; none where it was not refused for that."""
    if not isinstance(answer, Refused):
        return set()
    return {one.id for one in answer.missing_intents} | {one.id for one in answer.missing_constraints}


def told(answer: Answer) -> dict[str, int]:
    """The subscriptions to notify, each with its notification index."""
    assert isinstance(answer, IntentChanged | ConstraintChanged), answer
    found = {one.subscription: one.index for one in answer.notify}
    assert len(found) == len(answer.notify), "each is told once"
    return found


# --- what two states have in common ----------------------------------------------------------------------------------


def picture(state: DssState) -> dict[str, Any]:
    """All that a state says, as plain values; what only saves time is left out."""
    return {
        "position": state.position,
        "next_number": state.next_number,
        "intents": state.intents,
        "constraints": state.constraints,
        "subscriptions": state.subscriptions,
        "notified": state.notified,
        "dependents": state.dependents,
        "standings": state.standings,
        "at": (state.intent_at, state.constraint_at, state.subscription_at),
        "indexes": [_filed(one) for one in (state.intent_index, state.constraint_index, state.subscription_index)],
        "ends": list(_ends(state)),
    }


def _filed(index: ExtentIndex) -> tuple[Any, Any, Any]:
    used = {scale: count for scale, count in index._scales._used.items() if count}
    return index._extents, index._table._cells, used


def _ends(state: DssState) -> Iterable[tuple[int, str]]:
    """What will be let go, in order; without what was let go or changed meanwhile."""
    for number, name in state.ended(OPEN + 1):
        if number in state.intent_at or number in state.constraint_at or number in state.subscription_at:
            yield number, name


def thawed(state: DssState) -> DssState:
    """What a snapshot of it is read to."""
    snapshots = DssSnapshots(store=None, signer=None, program="")  # type: ignore[arg-type]
    fresh = DssState()
    snapshots.thaw(list(snapshots.freeze(state)), fresh)
    return fresh
