"""What waits for a line: nothing waits behind what it does not need, and what says how things are takes the place of the older."""

from collections import Counter

import pytest
from tests.domain.harness import Node, World, circle

from skyparley.domain import commands as c
from skyparley.domain.messages.catalogue import FIRST_TELLS, may_be_next
from skyparley.domain.messages.codes import NoticeKind

PLANS: tuple[NoticeKind, ...] = ("TRANSIT", "AREA WORK")
EVERYWHERE: dict[NoticeKind, str] = {"HAZARD": "HAZ", "HUM": "HUM", "MEDEVAC": "HUM", "CIVIL": "HUM", "SAR": "SAR"}
"""What is told in every state of the line, and by which type (line-v1 4)."""


def lines(*names: str) -> tuple[World, list[Node]]:
    world = World(*names)
    for node in world.nodes:
        node.done(c.SetDesk(desk="STAFFED"))
    world.settle()
    return world, world.nodes


def terminated() -> tuple[World, Node, Node, str]:
    """A plan of A was told to B, then B terminated the line."""
    world, (a, b) = lines("A", "B")
    plan = a.file(circle(), to=[b]).id
    world.settle()
    for account in ("one", "two"):
        assert isinstance(b.desk(c.TerminateLine(peer="A", reason="POLITICAL"), account=account), c.Outcome)
    world.settle()
    return world, a, b, plan


def restarted(node: Node) -> None:
    """No peer is reached since this node started."""
    node.run(c.Start(software="test"))


def owed(node: Node, peer: Node) -> list[str]:
    return [one.type for one in node.state.lines[peer.party].owed]


def kept_alike(a: Node, b: Node, notice_id: str) -> None:
    """Both hold the notice as it is, and the journal of either gives the same state again."""
    assert b.notice(notice_id, of=a).current == a.notice(notice_id).current
    for node in (a, b):
        assert node.replayed().notices == node.state.notices
        assert not [error for error in node.told(b if node is a else a) if error.type == "ERR"]


# --- a state of the line that takes no plans -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_a_change_does_not_wait_behind_an_activation_that_the_line_does_not_take(kind: NoticeKind) -> None:
    world, a, b, _ = terminated()
    box = a.file(circle(), to=[b], kind=kind).id
    a.done(c.ActivateNotice(id=box, expected_version=1))
    a.change(box, circle(5))
    world.settle()
    kept_alike(a, b, box)
    assert owed(a, b) == ["NACT"]
    a.done(c.CancelNotice(id=box, expected_version=2))
    world.settle()
    assert b.notice(box, of=a).state == "CANCELLED"


@pytest.mark.parametrize("kind", EVERYWHERE)
@pytest.mark.parametrize("plans", [1, 3])
def test_a_plan_that_waits_and_becomes_what_every_state_takes_is_told_as_that(kind: NoticeKind, plans: int) -> None:
    world, a, b, _ = terminated()
    plan = a.file(circle(), to=[b]).id
    for east in range(1, plans):
        a.change(plan, circle(east))
    a.done(c.ActivateNotice(id=plan, expected_version=plans))
    assert "NTC" in owed(a, b)
    a.change(plan, circle(9), kind=kind)
    world.settle()
    kept_alike(a, b, plan)
    assert a.types(b)[-1] == EVERYWHERE[kind]
    assert owed(a, b) == ["NACT"], "only that it is active waits, once"


@pytest.mark.parametrize("kind", EVERYWHERE)
def test_a_plan_that_was_told_and_becomes_what_every_state_takes_overtakes_its_versions_that_wait(
    kind: NoticeKind,
) -> None:
    world, a, b, plan = terminated()
    a.change(plan, circle(1))
    assert owed(a, b) == ["NCH"]
    a.change(plan, circle(2), kind=kind)
    a.change(plan, circle(3))
    world.settle()
    kept_alike(a, b, plan)
    assert a.notice(plan).current.version == 4
    assert owed(a, b) == ["NCH"]
    a.done(c.CancelNotice(id=plan, expected_version=4))
    world.settle()
    assert b.notice(plan, of=a).state == "CANCELLED"


def test_what_cannot_be_told_holds_up_no_hazard() -> None:
    world, a, b, plan = terminated()
    hazard = a.file(circle(300), to=[b], kind="HAZARD").id
    a.change(plan, circle(1))
    a.done(c.ActivateNotice(id=plan, expected_version=2))
    a.done(c.CancelNotice(id=plan, expected_version=2))
    a.change(hazard, circle(310))
    world.settle()
    kept_alike(a, b, hazard)
    assert b.notice(plan, of=a).current.version == 1
    assert owed(a, b) == ["NCH", "NACT", "NCX"]


@pytest.mark.parametrize("kind", [*PLANS, *EVERYWHERE])
def test_what_waited_for_a_peer_that_was_not_reached_is_told_in_its_order(kind: NoticeKind) -> None:
    """A plan, changed, active, changed to any kind and changed again before the peer is reached."""
    world, (a, b) = lines("A", "B")
    restarted(a)
    plan = a.file(circle(), to=[b]).id
    a.change(plan, circle(1))
    a.done(c.ActivateNotice(id=plan, expected_version=2))
    a.change(plan, circle(2), kind=kind)
    a.change(plan, circle(3))
    assert not b.state.notices
    world.hello(a, b)
    world.hello(b, a)
    world.settle()
    kept_alike(a, b, plan)
    assert b.notice(plan, of=a).state == "ACTIVE"
    assert owed(a, b) == []
    assert a.types(b)[0] in FIRST_TELLS


def test_another_peer_that_heard_the_plan_hears_the_change() -> None:
    """One line is terminated and one open: each peer hears what follows from what it holds."""
    world, (a, b, other) = lines("A", "B", "C")
    for account in ("one", "two"):
        assert isinstance(b.desk(c.TerminateLine(peer="A", reason="POLITICAL"), account=account), c.Outcome)
    world.settle()
    plan = a.file(circle(), to=[b, other]).id
    a.change(plan, circle(4), kind="SAR")
    world.settle()
    for node in (b, other):
        kept_alike(a, node, plan)
    assert ([one.type for one in a.told(b)][-1], [one.type for one in a.told(other)][-1]) == ("SAR", "NCH")


@pytest.mark.parametrize("kind", [*PLANS, *EVERYWHERE])
def test_only_what_every_state_takes_may_leave_out_versions_and_nothing_goes_back(kind: NoticeKind) -> None:
    assert [version for version in range(1, 9) if may_be_next(kind, version, 4)] == (
        [5, 6, 7, 8] if kind in EVERYWHERE else [5]
    )


# --- a peer that is not reached for long ---------------------------------------------------------------------------


def test_a_peer_that_was_not_reached_for_a_thousand_changes_of_our_desk_is_owed_one_of_each() -> None:
    """How the desk is and who is on duty are said as they are now: what waits of it does not pile up."""
    world, (a, b) = lines("A", "B")
    a.done(c.TakeDuty(post="DESK", languages=("en",)))
    world.settle()
    restarted(a)
    notice = a.file(circle(), to=[b]).id
    heard = len(b.state.matters), Counter(one.type for one in a.sealed(b))
    for turn in range(1000):
        a.done(c.SetDesk(desk=("DECLINED", "STAFFED")[turn % 2]))
        officer = f"officer {turn % 7}"
        a.desk(c.LeaveDuty(post="DESK"), account=a.state.duty.on["DESK"].account)
        assert isinstance(a.desk(c.TakeDuty(post="DESK", languages=("en", "fr")), account=officer), c.Outcome)
    assert sorted(owed(a, b)) == ["NTC", "SHIFT", "STAT"]
    assert a.replayed().lines[b.party].owed == a.state.lines[b.party].owed
    world.hello(a, b)
    world.hello(b, a)
    world.settle()
    assert owed(a, b) == []
    assert b.notice(notice, of=a).live
    assert b.state.lines[a.party].peer_desk == a.state.desk
    told = Counter(one.type for one in a.sealed(b))
    assert {name: told[name] - heard[1][name] for name in ("STAT", "SHIFT", "NTC")} == {"STAT": 1, "SHIFT": 1, "NTC": 1}
    (on,) = [one.slots.on for one in a.sealed(b) if one.type == "SHIFT"][-1]
    assert on.languages == ("en", "fr"), "the latest"


def test_what_a_line_takes_at_once_is_said_each_time() -> None:
    """Nothing waits on a line that is reached: every change is told."""
    world, (a, b) = lines("A", "B")
    before = Counter(one.type for one in a.sealed(b))["STAT"]
    for desk in ("DECLINED", "STAFFED", "DECLINED"):
        a.done(c.SetDesk(desk=desk))
    world.settle()
    assert Counter(one.type for one in a.sealed(b))["STAT"] == before + 3
