"""What a USS asks of a DSS, once its token and its request were read and found sound; and what it is told.

`manager` is the `sub` of the token.  `ovn` and `version` are None for a creation and what the caller holds otherwise.
Scopes were checked before: docs/guide/dss.md.
"""

from typing import TypeAlias

import msgspec

from skyparley.utm.records import Availability, Constraint, Extent, Intent, Standing, State, Subscription


class NewSubscription(msgspec.Struct, frozen=True):
    """The implicit subscription that is to be made with an operational intent."""

    base_url: str
    for_constraints: bool


class PutIntent(msgspec.Struct, frozen=True, kw_only=True):
    """Create or change an operational intent.  At most one of `subscription` and `new_subscription` is given."""

    manager: str
    id: str
    ovn: str | None = None
    state: State
    extent: Extent
    base_url: str
    key: frozenset[str] = frozenset()
    subscription: str = ""
    new_subscription: NewSubscription | None = None
    ovn_suffix: str = ""


class DeleteIntent(msgspec.Struct, frozen=True, kw_only=True):
    manager: str
    id: str
    ovn: str


class PutConstraint(msgspec.Struct, frozen=True, kw_only=True):
    manager: str
    id: str
    ovn: str | None = None
    extent: Extent
    base_url: str


class DeleteConstraint(msgspec.Struct, frozen=True, kw_only=True):
    manager: str
    id: str
    ovn: str


class PutSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """Create or change a subscription.  `extent.start_us` is -OPEN and `extent.end_us` OPEN where none was given."""

    manager: str
    id: str
    version: str | None = None
    extent: Extent
    base_url: str
    for_intents: bool
    for_constraints: bool


class DeleteSubscription(msgspec.Struct, frozen=True, kw_only=True):
    manager: str
    id: str
    version: str


class SetAvailability(msgspec.Struct, frozen=True, kw_only=True):
    """Declare whether a USS answers.  `manager` is who declares it; `old_version` is "" the first time."""

    manager: str
    uss: str
    old_version: str
    availability: Availability


class MakeReport(msgspec.Struct, frozen=True, kw_only=True):
    """Keep a report of a communication problem.  `exchange`: the exchange as JSON text."""

    manager: str
    exchange: str


class Sweep(msgspec.Struct, frozen=True):
    """Let go of what ended long enough ago; of so much at once that nobody waits long for it."""


Command: TypeAlias = (
    PutIntent
    | DeleteIntent
    | PutConstraint
    | DeleteConstraint
    | PutSubscription
    | DeleteSubscription
    | SetAvailability
    | MakeReport
    | Sweep
)


# --- answers -----------------------------------------------------------------------------------------------------


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with a request: where, what, and what would be right.

    `field`: a member of the body, a part of the path or of the query, a header, or "body", "path", "method"; "" for what
    is not of the request.
    """

    field: str
    problem: str
    expected: str


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing was changed.  `status` is the HTTP status that ASTM F3548-21 gives it; `problems` has one at least."""

    status: int
    message: str
    problems: tuple[Problem, ...]
    missing_intents: tuple[Intent, ...] = ()
    missing_constraints: tuple[Constraint, ...] = ()


class Notify(msgspec.Struct, frozen=True, gc=False):
    """A subscription whose manager the caller now has to notify, and the index of that notification."""

    subscription: str
    base_url: str
    index: int


class IntentChanged(msgspec.Struct, frozen=True):
    """`created` decides between 201 and 200."""

    intent: Intent
    created: bool
    notify: tuple[Notify, ...] = ()


class ConstraintChanged(msgspec.Struct, frozen=True):
    constraint: Constraint
    created: bool
    notify: tuple[Notify, ...] = ()


class SubscriptionChanged(msgspec.Struct, frozen=True):
    """With what already stands in its area, of the kinds that it asks for; `index` is its notification index."""

    subscription: Subscription
    index: int
    dependents: tuple[str, ...] = ()
    intents: tuple[Intent, ...] = ()
    constraints: tuple[Constraint, ...] = ()


class AvailabilityChanged(msgspec.Struct, frozen=True):
    standing: Standing


class ReportKept(msgspec.Struct, frozen=True):
    report_id: str


class Swept(msgspec.Struct, frozen=True):
    """How many entities were let go."""

    count: int


Answer: TypeAlias = (
    Refused | IntentChanged | ConstraintChanged | SubscriptionChanged | AvailabilityChanged | ReportKept | Swept
)
