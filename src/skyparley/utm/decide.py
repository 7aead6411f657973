"""The decisions of a DSS: from a state, a command and a moment to an answer and what is to be kept.  Pure."""

from skyparley.base import limits
from skyparley.utm.commands import (
    AvailabilityChanged,
    Command,
    DeleteConstraint,
    DeleteIntent,
    DeleteSubscription,
    MakeReport,
    Problem,
    PutConstraint,
    PutIntent,
    PutSubscription,
    ReportKept,
    SetAvailability,
    Swept,
)
from skyparley.utm.constraints import delete_constraint, put_constraint
from skyparley.utm.events import AvailabilitySet, LetGo, Reported
from skyparley.utm.intents import delete_intent, put_intent
from skyparley.utm.records import Standing
from skyparley.utm.rulings import Moment, Rules, Ruling, refused
from skyparley.utm.state import DssState
from skyparley.utm.subscriptions import delete_subscription, put_subscription


def decide(state: DssState, command: Command, moment: Moment, rules: Rules) -> Ruling:
    """An answer, and the events that make it so; none where it is a refusal."""
    match command:
        case PutIntent():
            return put_intent(state, command, moment, rules)
        case DeleteIntent():
            return delete_intent(state, command, moment, rules)
        case PutConstraint():
            return put_constraint(state, command, moment)
        case DeleteConstraint():
            return delete_constraint(state, command, moment)
        case PutSubscription():
            return put_subscription(state, command, moment)
        case DeleteSubscription():
            return delete_subscription(state, command, moment)
        case SetAvailability():
            return _set_availability(state, command, moment)
        case MakeReport():
            report_id = moment.new_id()
            return ReportKept(report_id), (
                Reported(manager=command.manager, report_id=report_id, exchange=command.exchange),
            )
        case _:
            return _sweep(state, moment.now_us - rules.keep_us)


def _set_availability(state: DssState, command: SetAvailability, moment: Moment) -> Ruling:
    before = state.availability(command.uss)
    if command.old_version != before.version:
        right = (
            "the version of the last declaration; read it with GET" if before.version else '"": nothing was declared'
        )
        problem = Problem("old_version", "it is not the current one", right)
        return refused(409, f"the availability of {command.uss} has another version", problem)
    standing = Standing(command.uss, command.availability, moment.new_version())
    return AvailabilityChanged(standing), (AvailabilitySet(by=command.manager, standing=standing),)


def _sweep(state: DssState, before_us: int) -> Ruling:
    """What ended before a moment goes, the first first.  A subscription goes when nothing depends on it any more.

    An implicit one goes with the last intent that depends on it, whenever it ends itself.
    """
    intents: dict[str, None] = {}
    constraints: list[str] = []
    free: list[str] = []
    left: dict[str, None] = {}
    for number, one in state.ended(before_us):
        if number in state.intent_at:
            intents[one] = None
            subscription = state.intents[one].subscription
            if subscription and state.subscriptions[subscription].implicit:
                left[subscription] = None
        elif number in state.constraint_at:
            constraints.append(one)
        elif number in state.subscription_at and one in state.dependents:
            left[one] = None
        elif number in state.subscription_at:
            free.append(one)
        if len(intents) + len(constraints) + len(free) >= limits.DSS_SWEPT:
            break
    subscriptions = (*free, *(one for one in left if state.dependents[one] <= intents.keys()))
    count = len(intents) + len(constraints) + len(subscriptions)
    if not count:
        return Swept(0), ()
    return Swept(count), (LetGo(intents=tuple(intents), constraints=tuple(constraints), subscriptions=subscriptions),)
