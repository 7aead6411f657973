"""The state of a DSS: what its journal says, folded.  Only `fold` changes it."""

import heapq
from collections.abc import Iterator
from functools import singledispatch
from typing import Any, Final

from skyparley.utm.events import (
    AvailabilitySet,
    ConstraintDeleted,
    ConstraintPut,
    Event,
    IntentDeleted,
    IntentPut,
    LetGo,
    Reported,
    SubscriptionDeleted,
    SubscriptionPut,
)
from skyparley.utm.index import ExtentIndex
from skyparley.utm.records import Constraint, Intent, Standing, Subscription

MOSTLY_GONE: Final = 3
ENDS_SPARE: Final = 1024
"""When ends that say nothing any more are taken out of the heap: at more than so many for each that does, and these."""


class DssState:
    """All entities by their ids, all extents by their numbers, and when each is let go."""

    def __init__(self) -> None:
        self.position = 0
        self.next_number = 1
        """What the next entity or change of one is filed under."""
        self.intents: dict[str, Intent] = {}
        self.constraints: dict[str, Constraint] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.notified: dict[str, int] = {}
        """The notification index of each subscription."""
        self.dependents: dict[str, set[str]] = {}
        """The operational intents that depend on each subscription that has any."""
        self.standings: dict[str, Standing] = {}
        self.intent_at: dict[int, Intent] = {}
        self.intent_of_ovn: dict[str, int] = {}
        """The number of the operational intent that has an OVN, so that a key is looked at once and not at each intent."""
        self.constraint_at: dict[int, Constraint] = {}
        self.subscription_at: dict[int, Subscription] = {}
        self.intent_index = ExtentIndex()
        self.constraint_index = ExtentIndex()
        self.subscription_index = ExtentIndex()
        self.ends: list[tuple[int, int, str]] = []
        """A heap of (end in us, number, id).  One whose number is not the entity's any more says nothing."""

    @property
    def live(self) -> int:
        """How many entities and subscriptions there are."""
        return len(self.intents) + len(self.constraints) + len(self.subscriptions)

    def availability(self, uss: str) -> Standing:
        """What was declared of a USS; Unknown with version "" where nothing was."""
        return self.standings.get(uss) or Standing(uss)

    def ended(self, before_us: int) -> Iterator[tuple[int, str]]:
        """(number, id) of all that ended before a moment, the first that ended first; leaves the heap as it is."""
        ends = self.ends
        near = [(ends[0], 0)] if ends else []
        while near:
            (end_us, number, name), place = heapq.heappop(near)
            if end_us >= before_us:
                return
            yield number, name
            for below in (2 * place + 1, 2 * place + 2):
                if below < len(ends):
                    heapq.heappush(near, (ends[below], below))


def fold(state: DssState, position: int, event: Event) -> None:
    """Make the state say what the event says."""
    _fold(event, state)
    state.position = position
    while state.ends and not _stands(state, state.ends[0][1]):
        heapq.heappop(state.ends)


@singledispatch
def _fold(event: Any, state: DssState) -> None:
    raise AssertionError(f"no fold for {type(event).__name__}")


@_fold.register
def _(event: IntentPut, state: DssState) -> None:
    if event.implicit is not None:
        keep(state, event.implicit)
    keep(state, event.intent)
    _notify(state, event.notified)
    if event.dropped:
        _drop_subscription(state, event.dropped)


@_fold.register
def _(event: IntentDeleted, state: DssState) -> None:
    _take_intent(state, event.id)
    _notify(state, event.notified)
    if event.dropped:
        _drop_subscription(state, event.dropped)


@_fold.register
def _(event: ConstraintPut, state: DssState) -> None:
    keep(state, event.constraint)
    _notify(state, event.notified)


@_fold.register
def _(event: ConstraintDeleted, state: DssState) -> None:
    _take_constraint(state, event.id)
    _notify(state, event.notified)


@_fold.register
def _(event: SubscriptionPut, state: DssState) -> None:
    keep(state, event.subscription)


@_fold.register
def _(event: SubscriptionDeleted, state: DssState) -> None:
    _drop_subscription(state, event.id)


@_fold.register
def _(event: AvailabilitySet, state: DssState) -> None:
    state.standings[event.standing.uss] = event.standing


@_fold.register
def _(event: Reported, state: DssState) -> None:
    """Only the journal keeps it."""


@_fold.register
def _(event: LetGo, state: DssState) -> None:
    for one in event.intents:
        _take_intent(state, one)
    for one in event.constraints:
        _take_constraint(state, one)
    for one in event.subscriptions:
        _drop_subscription(state, one)


def _stands(state: DssState, number: int) -> bool:
    """Whether what was filed under this number is still as it was then."""
    return number in state.intent_at or number in state.constraint_at or number in state.subscription_at


def keep(state: DssState, entity: Intent | Constraint | Subscription) -> None:
    """File an entity in all tables, instead of what had its id before."""
    match entity:
        case Intent():
            _take_intent(state, entity.id)
            state.intents[entity.id] = state.intent_at[entity.number] = entity
            state.intent_of_ovn[entity.ovn] = entity.number
            state.intent_index.add(entity.number, entity.extent)
            if entity.subscription:
                state.dependents.setdefault(entity.subscription, set()).add(entity.id)
        case Constraint():
            _take_constraint(state, entity.id)
            state.constraints[entity.id] = state.constraint_at[entity.number] = entity
            state.constraint_index.add(entity.number, entity.extent)
        case Subscription():
            before = state.subscriptions.get(entity.id)
            if before is not None:
                del state.subscription_at[before.number]
                state.subscription_index.remove(before.number)
            state.subscriptions[entity.id] = state.subscription_at[entity.number] = entity
            state.subscription_index.add(entity.number, entity.extent)
            state.notified.setdefault(entity.id, 0)
    state.next_number = max(state.next_number, entity.number + 1)
    heapq.heappush(state.ends, (entity.extent.end_us, entity.number, entity.id))
    if len(state.ends) > MOSTLY_GONE * state.live + ENDS_SPARE:
        state.ends = [one for one in state.ends if _stands(state, one[1])]
        heapq.heapify(state.ends)


def _notify(state: DssState, numbers: tuple[int, ...]) -> None:
    notified, subscription_at = state.notified, state.subscription_at
    for number in numbers:
        notified[subscription_at[number].id] += 1


def _take_intent(state: DssState, name: str) -> None:
    """Out of all tables, if it is there."""
    intent = state.intents.pop(name, None)
    if intent is None:
        return
    del state.intent_at[intent.number]
    del state.intent_of_ovn[intent.ovn]
    state.intent_index.remove(intent.number)
    if intent.subscription:
        dependents = state.dependents[intent.subscription]
        dependents.remove(name)
        if not dependents:
            del state.dependents[intent.subscription]


def _take_constraint(state: DssState, name: str) -> None:
    constraint = state.constraints.pop(name, None)
    if constraint is not None:
        del state.constraint_at[constraint.number]
        state.constraint_index.remove(constraint.number)


def _drop_subscription(state: DssState, name: str) -> None:
    assert name not in state.dependents, "nothing depends on a subscription that goes"
    subscription = state.subscriptions.pop(name)
    del state.subscription_at[subscription.number]
    state.subscription_index.remove(subscription.number)
    del state.notified[name]
