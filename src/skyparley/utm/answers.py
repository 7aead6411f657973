"""From what the DSS answers to the bodies that travel.  The OVN of an entity is shown to its manager only.

Source: ASTM F3548-21, utm.yaml; `Available from USS` in place of an OVN: InterUSS DSS.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from skyparley.utm import wire
from skyparley.utm.commands import (
    AvailabilityChanged,
    ConstraintChanged,
    IntentChanged,
    Notify,
    Refused,
    SubscriptionChanged,
)
from skyparley.utm.records import NO_SUBSCRIPTION, Constraint, Intent, Standing, Subscription

NO_OVN: Final = "Available from USS"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class View(msgspec.Struct, frozen=True):
    """Who is answered, and how each USS stands as it was declared; one that was not declared on is Unknown."""

    caller: str
    standings: Mapping[str, Standing]

    def availability(self, manager: str) -> str:
        standing = self.standings.get(manager)
        return "Unknown" if standing is None else standing.availability

    def ovn(self, entity: Intent | Constraint) -> str:
        return entity.ovn if entity.manager == self.caller else NO_OVN


def time_out(moment_us: int) -> wire.TimeOut:
    """Microseconds as RFC 3339 with Z; a fraction of six digits only where there is any."""
    moment = _EPOCH + timedelta(microseconds=moment_us)
    return wire.TimeOut(moment.replace(tzinfo=None).isoformat() + "Z")


# --- references ----------------------------------------------------------------------------------------------------


def intent_reference(intent: Intent, view: View) -> wire.IntentReference:
    return wire.IntentReference(
        id=intent.id,
        manager=intent.manager,
        uss_availability=view.availability(intent.manager),
        version=intent.version,
        state=intent.state,
        ovn=view.ovn(intent),
        time_start=time_out(intent.extent.start_us),
        time_end=time_out(intent.extent.end_us),
        uss_base_url=intent.base_url,
        subscription_id=intent.subscription or NO_SUBSCRIPTION,
    )


def constraint_reference(constraint: Constraint, view: View) -> wire.ConstraintReference:
    return wire.ConstraintReference(
        id=constraint.id,
        manager=constraint.manager,
        uss_availability=view.availability(constraint.manager),
        version=constraint.version,
        ovn=view.ovn(constraint),
        time_start=time_out(constraint.extent.start_us),
        time_end=time_out(constraint.extent.end_us),
        uss_base_url=constraint.base_url,
    )


def subscription_out(subscription: Subscription, *, index: int, dependents: Iterable[str]) -> wire.SubscriptionOut:
    """A subscription with its notification index and the ids of the operational intents that depend on it."""
    return wire.SubscriptionOut(
        id=subscription.id,
        version=subscription.version,
        notification_index=index,
        time_start=time_out(subscription.extent.start_us),
        time_end=time_out(subscription.extent.end_us),
        uss_base_url=subscription.base_url,
        notify_for_operational_intents=subscription.for_intents,
        notify_for_constraints=subscription.for_constraints,
        implicit_subscription=subscription.implicit,
        dependent_operational_intents=sorted(dependents),
    )


def subscribers(notify: Iterable[Notify]) -> list[wire.SubscriberToNotify]:
    """Whom the caller has to notify: one entry for each base URL, in order of the URLs and of the ids in them."""
    by_url: dict[str, list[tuple[str, int]]] = {}
    for each in notify:
        by_url.setdefault(each.base_url, []).append((each.subscription, each.index))
    return [
        wire.SubscriberToNotify([wire.SubscriptionState(*one) for one in sorted(states)], base_url)
        for base_url, states in sorted(by_url.items())
    ]


# --- bodies --------------------------------------------------------------------------------------------------------


def intent_changed(answer: IntentChanged, view: View) -> wire.IntentChangedAnswer:
    """For PUT and DELETE; a creation is answered 201, else 200."""
    return wire.IntentChangedAnswer(subscribers(answer.notify), intent_reference(answer.intent, view))


def constraint_changed(answer: ConstraintChanged, view: View) -> wire.ConstraintChangedAnswer:
    """For PUT and DELETE; a creation is answered 201, else 200."""
    return wire.ConstraintChangedAnswer(subscribers(answer.notify), constraint_reference(answer.constraint, view))


def subscription_put(answer: SubscriptionChanged, view: View) -> wire.PutSubscriptionAnswer:
    """For PUT, created or changed (200): with what stands in the area, of the kinds that are subscribed to."""
    one = answer.subscription
    return wire.PutSubscriptionAnswer(
        subscription_out(one, index=answer.index, dependents=answer.dependents),
        [intent_reference(each, view) for each in answer.intents] if one.for_intents else None,
        [constraint_reference(each, view) for each in answer.constraints] if one.for_constraints else None,
    )


def subscription_deleted(answer: SubscriptionChanged) -> wire.SubscriptionAnswer:
    """For DELETE: the subscription as it last was."""
    return subscription_found(answer.subscription, index=answer.index, dependents=answer.dependents)


def subscription_found(subscription: Subscription, *, index: int, dependents: Iterable[str]) -> wire.SubscriptionAnswer:
    """For GET."""
    return wire.SubscriptionAnswer(subscription_out(subscription, index=index, dependents=dependents))


def subscriptions_found(found: Iterable[tuple[Subscription, int, Iterable[str]]]) -> wire.SubscriptionsAnswer:
    """For a query: each with its notification index and its dependents."""
    listed = [subscription_out(one, index=index, dependents=dependents) for one, index, dependents in found]
    return wire.SubscriptionsAnswer(listed)


def intent_found(intent: Intent, view: View) -> wire.IntentAnswer:
    return wire.IntentAnswer(intent_reference(intent, view))


def intents_found(intents: Iterable[Intent], view: View) -> wire.IntentsAnswer:
    return wire.IntentsAnswer([intent_reference(each, view) for each in intents])


def constraint_found(constraint: Constraint, view: View) -> wire.ConstraintAnswer:
    return wire.ConstraintAnswer(constraint_reference(constraint, view))


def constraints_found(constraints: Iterable[Constraint], view: View) -> wire.ConstraintsAnswer:
    return wire.ConstraintsAnswer([constraint_reference(each, view) for each in constraints])


def availability_found(standing: Standing) -> wire.AvailabilityAnswer:
    """For GET; a USS that was never declared on is a plain Standing(uss)."""
    return wire.AvailabilityAnswer(standing.version, wire.AvailabilityStatus(standing.uss, standing.availability))


def availability_changed(answer: AvailabilityChanged) -> wire.AvailabilityAnswer:
    return availability_found(answer.standing)


def report_kept(report_id: str, exchange: str) -> wire.ReportAnswer:
    """With the exchange as it was sent (`MakeReport.exchange`), 201."""
    return wire.ReportAnswer(report_id, msgspec.Raw(exchange.encode()))


def refused(refusal: Refused, view: View | None = None) -> wire.ErrorAnswer:
    """The body of an error, whatever its status.  `view` is needed only where entities are missing in a key."""
    assert view is not None or not (refusal.missing_intents or refusal.missing_constraints), "whose OVNs may be shown?"
    if view is None:
        return wire.ErrorAnswer(refusal.message, refusal.problems)
    return wire.ErrorAnswer(
        refusal.message,
        refusal.problems,
        [intent_reference(each, view) for each in refusal.missing_intents] or None,
        [constraint_reference(each, view) for each in refusal.missing_constraints] or None,
    )
