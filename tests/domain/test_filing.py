"""Several notices filed as one: all or none, every reason at its place, done once; ids, limits and conflicts of a batch."""

from collections.abc import Sequence

import pytest
from harness import STATED, Node, World, circle, fl, moved
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.errors import Reason, Refusal
from skyparley.domain import commands as c
from skyparley.domain.messages.envelope import to_plain
from skyparley.domain.messages.slots import VolumeSlot


def one(*volumes: VolumeSlot, **members: object) -> c.FileNotice:
    return c.FileNotice(**{"kind": "TRANSIT", "volumes": volumes or (circle(),), "due_regard": STATED} | members)


def batch(*notices: c.FileNotice) -> c.FileNotices:
    return c.FileNotices(notices=notices)


def reasons(node: Node, command: c.DeskCommand) -> Sequence[Reason]:
    before = len(node.journal)
    answer = node.desk(command)
    assert isinstance(answer, Refusal), answer
    assert len(node.journal) == before, "a refusal changes nothing"
    return answer.reasons


def twenty() -> list[c.FileNotice]:
    return [one(circle(100 * place), audience=("B",)) for place in range(20)]


def test_twenty_notices_are_filed_and_told_as_if_one_by_one():
    together, singly = World("A", "B"), World("A", "B")
    outcome = together.nodes[0].done(batch(*twenty()))
    for command in twenty():
        singly.nodes[0].done(command)
    for world in (together, singly):
        world.settle()
    assert [entry["id"] for entry in outcome.refs["notices"]] == [f"A-{number:04d}" for number in range(1, 21)]
    assert outcome.refs["notices"][6] == {"id": "A-0007", "version": 1, "ref": "A-0007 v1"}
    for node, twin in zip(together.nodes, singly.nodes, strict=True):
        assert canonical(to_plain(sorted_notices(node))) == canonical(to_plain(sorted_notices(twin)))
        assert node.state.next_notice_id() == twin.state.next_notice_id()


def sorted_notices(node: Node) -> list[object]:
    return [(*key, notice.current, notice.state, notice.audience) for key, notice in sorted(node.state.notices.items())]


@pytest.mark.parametrize("place", [0, 7, 19])
def test_one_bad_of_twenty_files_nothing(place: int):
    world = World("A", "B")
    a, b = world.nodes
    notices = twenty()
    notices[place] = moved(notices[place], volumes=(circle(radius_km=1),))
    (reason,) = reasons(a, batch(*notices))
    assert (reason.code, reason.field) == ("AREA_TOO_SMALL", f"notices[{place}].volumes[0]")
    world.settle()
    assert (a.state.notices, b.state.notices) == ({}, {})
    assert a.state.next_notice_id() == "A-0001"


def test_every_reason_of_every_notice_with_its_place():
    (a,) = World("A").nodes
    a.file(circle(), id="TAKEN")
    found = reasons(
        a,
        batch(
            one(audience=("Z",)),
            one(),
            one(circle(levels=(fl(200), fl(210)), hours=(-1, -0.9)), id="TAKEN"),
            one(id="X-1"),
            one(id="X-1"),
        ),
    )
    assert [(reason.code, reason.field) for reason in found] == [
        ("UNKNOWN_PEER", "notices[0].audience"),
        ("ID_TAKEN", "notices[2].id"),
        ("PERIOD_OVER", "notices[2].volumes"),
        ("BAND_TOO_THIN", "notices[2].volumes[0]"),
        ("PERIOD_TOO_SHORT", "notices[2].volumes"),
        ("ID_TAKEN", "notices[4].id"),
    ]
    assert "notices[3]" in found[-1].text


def test_a_retry_with_the_same_key_files_once():
    (a,) = World("A").nodes
    command = batch(one(), one(id="X-7"), one())
    first = a.desk(command, key="once")
    before = len(a.journal)
    assert a.desk(command, key="once") == first
    assert (len(a.journal), len(a.state.notices)) == (before, 3)
    assert set(a.replayed().notices) == set(a.state.notices)
    other = a.desk(batch(one()), key="once")
    assert isinstance(other, Refusal)
    assert other.codes == ("KEY_REUSED",)


def test_ids_that_the_node_gives_keep_clear_of_those_that_are_given():
    (a,) = World("A").nodes
    outcome = a.done(batch(one(), one(id="A-0002"), one(), one(id="A-0004"), one()))
    assert [entry["id"] for entry in outcome.refs["notices"]] == ["A-0001", "A-0002", "A-0003", "A-0004", "A-0005"]
    assert a.state.next_notice_id() == "A-0006"


def test_each_notice_names_what_it_conflicts_with_and_none_of_the_batch_conflicts_with_another():
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    a.file(circle(500), to=[b])
    world.settle()
    alike = [one(audience=("A",)), one(audience=("A",)), one(circle(500), audience=("A",)), one(circle(1000))]
    found = reasons(b, batch(*alike))
    assert [(reason.code, reason.field, reason.ids) for reason in found] == [
        ("KEY_INCOMPLETE", "notices[0].key", ("A A-0001 v1",)),
        ("KEY_INCOMPLETE", "notices[1].key", ("A A-0001 v1",)),
        ("KEY_INCOMPLETE", "notices[2].key", ("A A-0002 v1",)),
    ]
    named = [moved(notice, key=("A A-0001 v1", "A A-0002 v1")) for notice in alike]
    outcome = b.done(batch(*named))
    world.settle()
    held = {conflict.pair_id for conflict in b.state.conflicts.values()}
    assert (len(held), set(outcome.conflicts)) == (3, held)
    assert {conflict.pair_id for conflict in a.state.conflicts.values()} == held
    assert "ERR" not in a.types(b)


def test_a_batch_that_would_make_too_many_conflicts_is_refused_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(limits, "CONFLICTS_AT_ONCE", 3)
    world = World("A", "B")
    a, b = world.nodes
    for _ in range(2):
        a.file(circle(), to=[b])
    world.settle()
    key = ("A-0001 v1", "A-0002 v1")
    (reason,) = reasons(b, batch(one(key=key), one(key=key)))
    assert (reason.code, reason.field) == ("TOO_MANY", "notices")
    assert len(b.done(batch(one(key=key), one(circle(500)))).conflicts) == 2


def test_the_last_that_fits_is_filed_and_one_more_is_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "NOTICES_LIVE_PER_PARTY", 3)
    (a,) = World("A").nodes
    a.file(circle())
    (reason,) = reasons(a, batch(one(), one(), one()))
    assert (reason.code, reason.field) == ("TOO_MANY", "notices[2]")
    a.done(batch(one(), one()))


@given(wrong=st.sets(st.integers(0, 5)))
def test_a_batch_is_refused_exactly_where_its_members_are(wrong: set[int]):
    (a,) = World("A").nodes
    notices = [one(circle(radius_km=1 if place in wrong else 10)) for place in range(6)]
    answer = a.desk(batch(*notices))
    if not wrong:
        assert isinstance(answer, c.Outcome)
        return
    assert isinstance(answer, Refusal)
    assert {reason.field for reason in answer.reasons} == {f"notices[{place}].volumes[0]" for place in wrong}
    assert not a.state.notices
