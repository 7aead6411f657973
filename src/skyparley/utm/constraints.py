"""Decisions on constraints."""

from skyparley.utm.commands import ConstraintChanged, DeleteConstraint, Problem, PutConstraint, Refused
from skyparley.utm.events import ConstraintDeleted, ConstraintPut
from skyparley.utm.records import Constraint, Subscription
from skyparley.utm.rulings import Moment, Ruling, not_there, not_yours, notifications, refused, to_notify
from skyparley.utm.state import DssState


def put_constraint(state: DssState, command: PutConstraint, moment: Moment) -> Ruling:
    """Create or change a constraint."""
    before = state.constraints.get(command.id)
    wrong = _wrong_turn(command, before)
    if wrong is not None:
        return wrong, ()
    constraint = Constraint(
        id=command.id,
        number=state.next_number,
        manager=command.manager,
        ovn=moment.new_version(),
        version=1 if before is None else before.version + 1,
        extent=command.extent,
        base_url=command.base_url,
    )
    extents = [constraint.extent] if before is None else [before.extent, constraint.extent]
    told = to_notify(state, extents, moment.now_us, wants=_wants)
    event = ConstraintPut(constraint=constraint, notified=tuple(one.number for one in told))
    return ConstraintChanged(constraint, before is None, notifications(state, told)), (event,)


def delete_constraint(state: DssState, command: DeleteConstraint, moment: Moment) -> Ruling:
    """Take a constraint out."""
    constraint = state.constraints.get(command.id)
    if constraint is None:
        return refused(404, f"there is no constraint {command.id}", not_there("entityid"))
    wrong = _not_the_holder(constraint, command.manager, command.ovn)
    if wrong is not None:
        return wrong, ()
    told = to_notify(state, [constraint.extent], moment.now_us, wants=_wants)
    event = ConstraintDeleted(manager=command.manager, id=command.id, notified=tuple(one.number for one in told))
    return ConstraintChanged(constraint, False, notifications(state, told)), (event,)


def _wrong_turn(command: PutConstraint, before: Constraint | None) -> Refused | None:
    if before is None:
        if command.ovn is None:
            return None
        wrong = Problem("entityid", "no constraint has this id", "create it by PUT without an OVN")
        return Refused(status=409, message=f"there is no constraint {command.id} to change", problems=(wrong,))
    if command.ovn is None and before.manager == command.manager:
        right = "its OVN at the end of the path, to change it; another id, to create one"
        wrong = Problem("entityid", "it is taken", right)
        return Refused(status=409, message=f"constraint {command.id} exists already", problems=(wrong,))
    return _not_the_holder(before, command.manager, command.ovn)


def _not_the_holder(constraint: Constraint, manager: str, ovn: str | None) -> Refused | None:
    if constraint.manager != manager:
        text = f"constraint {constraint.id} is managed by {constraint.manager}, not by {manager}"
        return Refused(status=403, message=text, problems=(not_yours("entityid"),))
    if ovn != constraint.ovn:
        wrong = Problem("ovn", "it is not the current one", "the OVN of the last change; read it with GET")
        return Refused(status=409, message=f"constraint {constraint.id} has another OVN", problems=(wrong,))
    return None


def _wants(subscription: Subscription) -> bool:
    return subscription.for_constraints
