"""Decisions on subscriptions that a USS makes itself."""

import msgspec

from skyparley.base import limits
from skyparley.utm.commands import DeleteSubscription, Problem, PutSubscription, Refused, SubscriptionChanged
from skyparley.utm.events import IntentPut, SubscriptionDeleted, SubscriptionPut
from skyparley.utm.intents import relevant, relevant_constraints
from skyparley.utm.records import NO_SUBSCRIPTION, OPEN, Extent, Subscription
from skyparley.utm.rulings import (
    LONGEST_SUBSCRIPTION_US,
    START_SLACK_US,
    Moment,
    Ruling,
    covers,
    not_there,
    not_yours,
    refused,
)
from skyparley.utm.state import DssState


def put_subscription(state: DssState, command: PutSubscription, moment: Moment) -> Ruling:
    """Create or change a subscription, and tell what already stands in it.  A change makes an implicit one explicit."""
    before = state.subscriptions.get(command.id)
    if command.id == NO_SUBSCRIPTION:
        problem = Problem("subscriptionid", "it stands for no subscription in references", "any other id")
        return refused(400, f"{command.id} is no id of a subscription", problem)
    wrong = _wrong_turn(command, before)
    if wrong is not None:
        return wrong, ()
    timed = _timed(command.extent, before, moment.now_us)
    if isinstance(timed, Problem):
        return refused(400, f"{timed.field}: {timed.problem}", timed)
    subscription = Subscription(
        id=command.id,
        number=state.next_number,
        manager=command.manager,
        version=moment.new_version(),
        extent=timed,
        base_url=command.base_url,
        for_intents=command.for_intents,
        for_constraints=command.for_constraints,
        implicit=False,
    )
    depending = sorted(state.dependents.get(command.id, ()))
    if wrong := _left_behind(state, subscription, _living(state, depending, moment.now_us)):
        return wrong, ()
    answer = SubscriptionChanged(
        subscription=subscription,
        index=state.notified.get(command.id, 0),
        dependents=tuple(depending),
        intents=tuple(relevant(state, timed, moment.now_us)) if command.for_intents else (),
        constraints=tuple(relevant_constraints(state, timed, moment.now_us)) if command.for_constraints else (),
    )
    count = max(len(answer.intents), len(answer.constraints))
    if count > limits.DSS_FOUND:
        # An answer that leaves some out would be taken for the whole airspace.
        problem = Problem("extents", f"{count} entities are in it", f"one that holds at most {limits.DSS_FOUND}")
        return refused(400, f"more than {limits.DSS_FOUND} entities are in the subscription", problem)
    return answer, (SubscriptionPut(subscription=subscription),)


def delete_subscription(state: DssState, command: DeleteSubscription, moment: Moment) -> Ruling:
    """Take a subscription out that nothing depends on any more.  Intents that have ended stay without one."""
    subscription = state.subscriptions.get(command.id)
    if subscription is None:
        return refused(404, f"there is no subscription {command.id}", not_there("subscriptionid"))
    wrong = _not_the_holder(subscription, command.manager, command.version)
    if wrong is not None:
        return wrong, ()
    depending = sorted(state.dependents.get(command.id, ()))
    living = _living(state, depending, moment.now_us)
    if living:
        right = f"delete these operational intents first, or give them another subscription: {', '.join(living)}"
        problem = Problem("subscriptionid", f"{len(living)} operational intents depend on it", right)
        return refused(400, f"subscription {command.id} is in use", problem)
    left = [
        IntentPut(intent=msgspec.structs.replace(state.intents[one], number=state.next_number + place, subscription=""))
        for place, one in enumerate(depending)
    ]
    event = SubscriptionDeleted(manager=command.manager, id=command.id)
    return SubscriptionChanged(subscription, state.notified[command.id]), (*left, event)


def _living(state: DssState, names: list[str], now_us: int) -> list[str]:
    """Those of the operational intents that have not ended: the others need no subscription, and no query shows them."""
    return [one for one in names if state.intents[one].extent.end_us >= now_us]


def _wrong_turn(command: PutSubscription, before: Subscription | None) -> Refused | None:
    if before is None:
        if command.version is None:
            return None
        wrong = Problem("subscriptionid", "no subscription has this id", "create it by PUT without a version")
        return Refused(status=400, message=f"there is no subscription {command.id} to change", problems=(wrong,))
    if command.version is None:
        right = "its version at the end of the path, to change it; another id, to create one"
        wrong = Problem("subscriptionid", "it is taken", right)
        return Refused(status=409, message=f"subscription {command.id} exists already", problems=(wrong,))
    return _not_the_holder(before, command.manager, command.version)


def _not_the_holder(subscription: Subscription, manager: str, version: str) -> Refused | None:
    """The version first and then the manager, as deployed systems have it."""
    if version != subscription.version:
        wrong = Problem("version", "it is not the current one", "the version of the last change; read it with GET")
        return Refused(status=409, message=f"subscription {subscription.id} has another version", problems=(wrong,))
    if subscription.manager != manager:
        text = f"subscription {subscription.id} is managed by another USS than {manager}"
        return Refused(status=403, message=text, problems=(not_yours("subscriptionid"),))
    return None


def _timed(extent: Extent, before: Subscription | None, now_us: int) -> Extent | Problem:
    """The extent with its times filled in: those of the subscription before, or from now on and a day."""
    start_us, end_us = extent.start_us, extent.end_us
    if start_us == -OPEN:
        start_us = now_us if before is None else before.extent.start_us
    elif start_us < now_us - START_SLACK_US and (before is None or start_us != before.extent.start_us):
        return Problem(
            "extents.time_start", "it is more than 5 minutes ago", "now or later, or nothing: then it is now"
        )
    if end_us == OPEN:
        end_us = start_us + LONGEST_SUBSCRIPTION_US if before is None else before.extent.end_us
    if end_us < now_us:
        return Problem("extents.time_end", "it is in the past", "later than now")
    if end_us <= start_us:
        return Problem("extents.time_end", "it is not after time_start", "later than time_start")
    if end_us - start_us > LONGEST_SUBSCRIPTION_US:
        return Problem("extents.time_end", "it is more than 24 hours after time_start", "at most 24 hours after it")
    return msgspec.structs.replace(extent, start_us=start_us, end_us=end_us)


def _left_behind(state: DssState, subscription: Subscription, depending: list[str]) -> Refused | None:
    """Whether an operational intent that depends on it would not be served by it any more."""
    if depending and not subscription.for_intents:
        right = f"true, as long as these depend on it: {', '.join(depending)}"
        wrong = Problem("notify_for_operational_intents", "operational intents depend on it", right)
        return Refused(status=400, message=f"subscription {subscription.id} is in use", problems=(wrong,))
    outside = [one for one in depending if not covers(subscription.extent, state.intents[one].extent)]
    if not outside:
        return None
    right = f"an extent that covers each of them: {', '.join(outside)}"
    wrong = Problem("extents", f"{len(outside)} operational intents that depend on it would lie outside", right)
    return Refused(status=400, message=f"subscription {subscription.id} would become too small", problems=(wrong,))
