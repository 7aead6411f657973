"""What is read of a DSS: one entity, those in an area, who is available.  Each takes the state and gives an answer."""

from skyparley.base import limits
from skyparley.utm import answers, wire
from skyparley.utm.answers import View
from skyparley.utm.commands import Problem, Refused
from skyparley.utm.intents import relevant, relevant_constraints
from skyparley.utm.records import Extent
from skyparley.utm.rulings import not_there, not_yours
from skyparley.utm.state import DssState
from skyparley.utm.wire import Rejected


def view(state: DssState, caller: str) -> View:
    """How entities are shown to a caller."""
    return View(caller, state.standings)


def intent(state: DssState, caller: str, name: str) -> wire.IntentAnswer:
    """Raises Rejected (404)."""
    found = state.intents.get(name)
    if found is None:
        raise _absent(f"there is no operational intent {name}", "entityid")
    return answers.intent_found(found, view(state, caller))


def intents_in(state: DssState, caller: str, area: Extent, now_us: int) -> wire.IntentsAnswer:
    """All that meet an area and have not ended.  Raises Rejected (413)."""
    found = relevant(state, area, now_us)
    _check_count(len(found))
    return answers.intents_found(found, view(state, caller))


def constraint(state: DssState, caller: str, name: str) -> wire.ConstraintAnswer:
    """Raises Rejected (404)."""
    found = state.constraints.get(name)
    if found is None:
        raise _absent(f"there is no constraint {name}", "entityid")
    return answers.constraint_found(found, view(state, caller))


def constraints_in(state: DssState, caller: str, area: Extent, now_us: int) -> wire.ConstraintsAnswer:
    """All that meet an area, at whatever height, and have not ended.  Raises Rejected (413)."""
    found = relevant_constraints(state, area, now_us)
    _check_count(len(found))
    return answers.constraints_found(found, view(state, caller))


def subscription(state: DssState, caller: str, name: str) -> wire.SubscriptionAnswer:
    """One of the caller's own.  Raises Rejected (403, 404)."""
    found = state.subscriptions.get(name)
    if found is None:
        raise _absent(f"there is no subscription {name}", "subscriptionid")
    if found.manager != caller:
        text = f"subscription {name} is managed by another USS than {caller}"
        raise Rejected(Refused(status=403, message=text, problems=(not_yours("subscriptionid"),)))
    depending = sorted(state.dependents.get(name, ()))
    return answers.subscription_found(found, index=state.notified[name], dependents=depending)


def subscriptions_in(state: DssState, caller: str, area: Extent, now_us: int) -> wire.SubscriptionsAnswer:
    """The caller's own that meet an area and have not ended.  Raises Rejected (413)."""
    at = state.subscription_at
    numbers = state.subscription_index.meeting(area, from_us=now_us, by_height=False)
    own = [one for number in numbers if (one := at[number]).manager == caller]
    _check_count(len(own))
    return answers.subscriptions_found(
        (one, state.notified[one.id], sorted(state.dependents.get(one.id, ()))) for one in own
    )


def availability(state: DssState, uss: str) -> wire.AvailabilityAnswer:
    """Unknown where nothing was declared."""
    standing = state.availability(uss)
    return answers.availability_found(standing if standing.uss else type(standing)(uss))


def _absent(message: str, field: str) -> Rejected:
    return Rejected(Refused(status=404, message=message, problems=(not_there(field),)))


def _check_count(count: int) -> None:
    """An answer that leaves some out would be taken for the whole airspace, so there is none.  Raises Rejected."""
    most = limits.DSS_FOUND
    if count > most:
        problem = Problem(
            "area_of_interest", f"{count} are in it", f"an area, heights or times that hold at most {most}"
        )
        raise Rejected(Refused(status=413, message=f"more than {most} are in the area asked for", problems=(problem,)))
