"""Decisions on operational intents.  The check of the key and the write are one decision: nobody comes between them."""

from collections.abc import Set
from operator import attrgetter
from typing import Final

from skyparley.base import limits
from skyparley.utm.commands import DeleteIntent, IntentChanged, Problem, PutIntent, Refused
from skyparley.utm.events import IntentDeleted, IntentPut
from skyparley.utm.records import NEEDS_KEY, Constraint, Extent, Intent, Subscription
from skyparley.utm.rulings import (
    START_SLACK_US,
    Moment,
    Rules,
    Ruling,
    covers,
    not_there,
    not_yours,
    notifications,
    refused,
    to_notify,
    with_cells_of,
)
from skyparley.utm.state import DssState


def put_intent(state: DssState, command: PutIntent, moment: Moment, rules: Rules) -> Ruling:
    """Create or change an operational intent."""
    before = state.intents.get(command.id)
    found = _wrong_turn(state, command, before, rules) or _subscription(state, command, before, moment)
    if isinstance(found, Refused):
        return found, ()
    attached, made = found
    if command.state in NEEDS_KEY:
        missing = _missing(state, command, attached, moment.now_us)
        if missing is not None:
            return missing, ()
    ovn = f"{command.id}_{command.ovn_suffix}" if command.ovn_suffix else moment.new_version()
    if before is not None and ovn == before.ovn:
        wrong = Problem(
            "requested_ovn_suffix", "the current OVN ends with it", "another, since each change has its own OVN"
        )
        return refused(400, f"operational intent {command.id} has this OVN already", wrong)
    intent = Intent(
        id=command.id,
        number=state.next_number + (made is not None),
        manager=command.manager,
        state=command.state,
        ovn=ovn,
        version=1 if before is None else before.version + 1,
        extent=command.extent,
        base_url=command.base_url,
        subscription="" if attached is None else attached.id,
    )
    extents = [intent.extent] if before is None else [before.extent, intent.extent]
    dropped = _left_alone(state, before, intent.subscription)
    # What goes with this change is there no more when the caller would notify it.
    told = [one for one in to_notify(state, extents, moment.now_us, wants=_wants, instead=made) if one.id != dropped]
    event = IntentPut(intent=intent, notified=tuple(one.number for one in told), implicit=made, dropped=dropped)
    return IntentChanged(intent, before is None, notifications(state, told)), (event,)


def delete_intent(state: DssState, command: DeleteIntent, moment: Moment, rules: Rules) -> Ruling:
    """Take an operational intent out: for the airspace it has ended."""
    intent = state.intents.get(command.id)
    if intent is None:
        return refused(404, f"there is no operational intent {command.id}", not_there("entityid"))
    wrong = _not_the_holder(intent, command.manager, command.ovn) or _down(state, command.manager, rules)
    if wrong is not None:
        return wrong, ()
    told = to_notify(state, [intent.extent], moment.now_us, wants=_wants)
    event = IntentDeleted(
        manager=command.manager,
        id=command.id,
        notified=tuple(one.number for one in told),
        dropped=_left_alone(state, intent, ""),
    )
    return IntentChanged(intent, False, notifications(state, told)), (event,)


def relevant(state: DssState, extent: Extent, now_us: int, *, but: Set[int] = frozenset()) -> list[Intent]:
    """All operational intents that an extent meets, whatever their state; `but` those of these numbers."""
    at = state.intent_at
    return [at[number] for number in state.intent_index.meeting(extent, from_us=now_us, but=but)]


def relevant_constraints(state: DssState, extent: Extent, now_us: int) -> list[Constraint]:
    """All constraints that an extent meets, at whatever height: a constraint may be given without one."""
    at = state.constraint_at
    return [at[number] for number in state.constraint_index.meeting(extent, from_us=now_us, by_height=False)]


# --- who may, and from what --------------------------------------------------------------------------------------


def _wrong_turn(state: DssState, command: PutIntent, before: Intent | None, rules: Rules) -> Refused | None:
    """The caller, and the version that it goes on from."""
    if before is None and command.ovn is not None:
        return Refused(
            status=400,
            message=f"there is no operational intent {command.id} to change",
            problems=(Problem("entityid", "no operational intent has this id", "create it by PUT without an OVN"),),
        )
    if before is not None:
        if command.ovn is None and before.manager == command.manager:
            text = f"operational intent {command.id} exists already"
            right = "its OVN at the end of the path, to change it; another id, to create one"
            return Refused(status=409, message=text, problems=(Problem("entityid", "it is taken", right),))
        wrong = _not_the_holder(before, command.manager, command.ovn)
        if wrong is not None:
            return wrong
    return _down(state, command.manager, rules) if command.state in NEEDS_KEY else None


def _not_the_holder(intent: Intent, manager: str, ovn: str | None) -> Refused | None:
    if intent.manager != manager:
        text = f"operational intent {intent.id} is managed by {intent.manager}, not by {manager}"
        return Refused(status=403, message=text, problems=(not_yours("entityid"),))
    if ovn != intent.ovn:
        text = f"operational intent {intent.id} has another OVN than the one given"
        right = "the OVN of the last change; read it with GET, since somebody changed it meanwhile"
        return Refused(status=409, message=text, problems=(Problem("ovn", "it is not the current one", right),))
    return None


def _down(state: DssState, manager: str, rules: Rules) -> Refused | None:
    if not rules.refuse_down or state.availability(manager).availability != "Down":
        return None
    text = f"{manager} is declared Down here: it may not plan, activate or end operational intents"
    right = "be declared Normal or Unknown first, by who arbitrates availability"
    return Refused(
        status=412, message=text, problems=(Problem("Authorization", "the `sub` of the token is declared Down", right),)
    )


# --- the subscription --------------------------------------------------------------------------------------------

_Attached = tuple[Subscription | None, Subscription | None]


def _subscription(state: DssState, command: PutIntent, before: Intent | None, moment: Moment) -> Refused | _Attached:
    """The subscription that the intent will depend on, and the implicit one that is made or grown for it."""
    if command.new_subscription is not None:
        made = _implicit(state, command, moment)
        return made, made
    if not command.subscription:
        return None, None
    attached = state.subscriptions.get(command.subscription)
    field = "subscription_id"
    if attached is None:
        wrong = Problem(field, "there is no such subscription", "one of yours, or new_subscription to have one made")
        return Refused(status=400, message=f"there is no subscription {command.subscription}", problems=(wrong,))
    if attached.manager != command.manager:
        text = f"subscription {attached.id} is managed by {attached.manager}"
        return Refused(status=403, message=text, problems=(not_yours(field),))
    if not attached.for_intents:
        wrong = Problem(field, "it does not notify of operational intents", "one with notify_for_operational_intents")
        return Refused(status=400, message=f"subscription {attached.id} does not serve", problems=(wrong,))
    # What may be grown is grown: within the slack of its start nothing would be told of.
    if covers(attached.extent, command.extent, slack_us=0 if attached.implicit else START_SLACK_US):
        return attached, None
    if not attached.implicit:
        wrong = Problem(
            field, "it does not cover the extents of the operational intent", "one that does, or a larger one"
        )
        return Refused(status=400, message=f"subscription {attached.id} is too small", problems=(wrong,))
    grown = _grown(attached, command.extent, state.next_number)
    return grown, grown


def _implicit(state: DssState, command: PutIntent, moment: Moment) -> Subscription:
    assert command.new_subscription is not None
    return Subscription(
        id=moment.new_id(),
        number=state.next_number,
        manager=command.manager,
        version=moment.new_version(),
        extent=command.extent,
        base_url=command.new_subscription.base_url,
        for_intents=True,
        for_constraints=command.new_subscription.for_constraints,
        implicit=True,
    )


def _grown(subscription: Subscription, extent: Extent, number: int) -> Subscription:
    """An implicit subscription that bounds one more extent.  Its version stays: its manager did not change it."""
    return Subscription(
        id=subscription.id,
        number=number,
        manager=subscription.manager,
        version=subscription.version,
        extent=with_cells_of((subscription.extent, extent)),
        base_url=subscription.base_url,
        for_intents=subscription.for_intents,
        for_constraints=subscription.for_constraints,
        implicit=True,
    )


def _left_alone(state: DssState, before: Intent | None, after: str) -> str:
    """The implicit subscription that nothing depends on when the intent leaves it; "" for none."""
    if before is None or not before.subscription or before.subscription == after:
        return ""
    left = state.subscriptions[before.subscription]
    return left.id if left.implicit and state.dependents[left.id] == {before.id} else ""


_wants: Final = attrgetter("for_intents")


# --- the key -----------------------------------------------------------------------------------------------------


def _missing(state: DssState, command: PutIntent, attached: Subscription | None, now_us: int) -> Refused | None:
    """What the caller did not prove to know.

    All intents that the bound of its volumes meets, whoever manages them and in whatever state, but for one that is
    only planned by a USS which is Down, so that nobody can be asked; and constraints, where the caller processes them.
    """
    key = command.key
    intents = tuple(
        one
        for one in relevant(state, command.extent, now_us, but=_known(state, key))
        if one.id != command.id
        and not (one.state == "Accepted" and state.availability(one.manager).availability == "Down")
    )
    constraints = tuple(
        one
        for one in (relevant_constraints(state, command.extent, now_us) if _processes(attached) else ())
        if one.ovn not in key
    )
    if not intents and not constraints:
        return None
    count = len(intents) + len(constraints)
    right = "the current OVN of each that is named here, from the USS that manages it, and then once more"
    return Refused(
        status=409,
        message=f"the key does not prove knowledge of {count} relevant {'entity' if count == 1 else 'entities'}",
        problems=(Problem("key", f"{count} {'OVN is' if count == 1 else 'OVNs are'} missing from it", right),),
        # Of more than an answer holds the rest is named at the next attempt: what is left out is still required.
        missing_intents=intents[: limits.DSS_FOUND],
        missing_constraints=constraints[: limits.DSS_FOUND],
    )


def _known(state: DssState, key: frozenset[str]) -> set[int]:
    """The numbers of the operational intents whose OVNs are in a key."""
    of_ovn = state.intent_of_ovn
    return {of_ovn[ovn] for ovn in key & of_ovn.keys()}


def _processes(attached: Subscription | None) -> bool:
    """Whether the caller performs the constraint processing role for this intent.  Source: ASTM F3548-21, key."""
    return attached is not None and attached.for_constraints
