"""What every decision of a DSS is made of: the moment, the settings, the ruling, and the few questions that all ask."""

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import msgspec

from skyparley.utm.commands import Answer, Notify, Problem, Refused
from skyparley.utm.events import Event
from skyparley.utm.records import Extent, Subscription
from skyparley.utm.state import DssState

START_SLACK_US: Final = 5 * 60 * 1_000_000
"""How far back a subscription may begin, for clocks that differ and requests that take a while.  Source: deployed systems."""
LONGEST_SUBSCRIPTION_US: Final = 24 * 3600 * 1_000_000
"""Source: ASTM F3548-21 DSSMaxSubscriptionDuration."""


class Moment(msgspec.Struct, frozen=True):
    """When it is decided, and what is drawn by lot: names for what is made, and version numbers nobody can guess."""

    now_us: int
    new_id: Callable[[], str]
    new_version: Callable[[], str]


class Rules(msgspec.Struct, frozen=True):
    """What the operator chose.  `refuse_down`: whether a USS that is declared Down may not plan, as the interface says.

    `keep_us`: how long an entity that ended can still be read and changed by its manager.
    """

    refuse_down: bool = True
    keep_us: int = 3600 * 1_000_000


Ruling: TypeAlias = tuple[Answer, tuple[Event, ...]]


def refused(status: int, message: str, problem: Problem, *more: Problem) -> Ruling:
    """An answer that changes nothing."""
    return Refused(status=status, message=message, problems=(problem, *more)), ()


def not_there(field: str) -> Problem:
    """Nothing has the id in `field`."""
    return Problem(field, "nothing has this id", "an id that a query or a creation gave")


def not_yours(field: str) -> Problem:
    """What `field` names is managed by another USS."""
    return Problem(field, "it is managed by another USS", "one that the caller manages: the `sub` of its token")


def with_cells_of(extents: Iterable[Extent]) -> Extent:
    """The bound of several extents."""
    every = tuple(extents)
    if len(every) == 1:
        return every[0]
    return Extent(
        cells=tuple(sorted(set().union(*(one.cells for one in every)))),
        lower_mm=min(one.lower_mm for one in every),
        upper_mm=max(one.upper_mm for one in every),
        start_us=min(one.start_us for one in every),
        end_us=max(one.end_us for one in every),
    )


def covers(outer: Extent, inner: Extent, *, slack_us: int = START_SLACK_US) -> bool:
    """Whether nothing of the inner lies outside; at its start within the slack that a manager's subscriptions have."""
    return (
        outer.lower_mm <= inner.lower_mm
        and outer.upper_mm >= inner.upper_mm
        and outer.start_us - slack_us <= inner.start_us
        and outer.end_us >= inner.end_us
        and set(outer.cells).issuperset(inner.cells)
    )


def to_notify(
    state: DssState,
    extents: Iterable[Extent],
    now_us: int,
    *,
    wants: Callable[[Subscription], bool],
    instead: Subscription | None = None,
) -> list[Subscription]:
    """The subscriptions that want this kind of change and meet any of the extents, at whatever height; by their numbers.

    `instead`: one as it will be, for the one of that name that is filed.
    """
    numbers: set[int] = set()
    asked: list[Extent] = []
    for extent in extents:
        # A change of state leaves the extent as it was.
        if extent not in asked:
            asked.append(extent)
            numbers.update(state.subscription_index.meeting(extent, from_us=now_us, by_height=False))
    found = [one for one in map(state.subscription_at.__getitem__, sorted(numbers)) if wants(one)]
    if instead is not None:
        found = [one for one in found if one.id != instead.id]
        # What was made for an intent bounds it, so it meets one of the extents.
        found.append(instead)
    return found


def notifications(state: DssState, found: Iterable[Subscription]) -> tuple[Notify, ...]:
    """What the caller has to send, with the index that each subscription reaches by it."""
    notified = state.notified
    return tuple([Notify(one.id, one.base_url, notified.get(one.id, 0) + 1) for one in found])
