"""What a DSS keeps: references to operational intents and constraints, subscriptions, and who is available.

It keeps references only.  The volumes, the priority and all other details stay with the manager of each.
Words are those of ASTM F3548-21: a manager is the USS (`sub` of its token) that made an entity; an OVN is the opaque
version number by which a USS proves that it knows an entity.
"""

from typing import Final, Literal, TypeAlias

import msgspec

State: TypeAlias = Literal["Accepted", "Activated", "Nonconforming", "Contingent"]
Availability: TypeAlias = Literal["Unknown", "Normal", "Down"]

NEEDS_KEY: Final = frozenset({"Accepted", "Activated"})
"""States that are reached only by who proves to know the airspace.  Source: ASTM F3548-21, OperationalIntentState."""
OFF_NOMINAL: Final = frozenset({"Nonconforming", "Contingent"})

NO_SUBSCRIPTION: Final = "00000000-0000-4000-8000-000000000000"
"""What stands for no subscription, since a reference must name one."""
OPEN: Final = 2**53 - 1
"""A bound that was not given: -OPEN below, OPEN above."""


class Extent(msgspec.Struct, frozen=True, gc=False):
    """A bound of space and time: cells of level 13, heights (mm above the WGS 84 ellipsoid), times (us since 1970 UTC).

    Of several volumes it is the union: all their cells, from the lowest to the highest, from the first to the last moment.
    Bounds belong to it: two that touch overlap.
    """

    cells: tuple[int, ...]
    lower_mm: int
    upper_mm: int
    start_us: int
    end_us: int


class Intent(msgspec.Struct, frozen=True, gc=False):
    """A reference to an operational intent.  `number` is its place in the indexes, new at each change."""

    id: str
    number: int
    manager: str
    state: State
    ovn: str
    version: int
    extent: Extent
    base_url: str
    subscription: str = ""


class Constraint(msgspec.Struct, frozen=True, gc=False):
    """A reference to a constraint: an area where something is restricted."""

    id: str
    number: int
    manager: str
    ovn: str
    version: int
    extent: Extent
    base_url: str


class Subscription(msgspec.Struct, frozen=True, gc=False):
    """An area whose changes a USS wants to be told of.  Its notification index is kept beside it, because it moves often.

    An implicit one was made with an operational intent and goes with the last that depends on it.
    """

    id: str
    number: int
    manager: str
    version: str
    extent: Extent
    base_url: str
    for_intents: bool
    for_constraints: bool
    implicit: bool


class Standing(msgspec.Struct, frozen=True, gc=False):
    """Whether a USS answers, as an arbitrator declared it."""

    uss: str
    availability: Availability = "Unknown"
    version: str = ""
