"""What a review found and proved: what one statement may cost, what a signature binds, what another table does."""

import time

import msgspec
from harness import TABLE, World, circle, conflicting, fl, moved

from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.errors import Refusal
from skyparley.domain import commands as c
from skyparley.domain.messages.envelope import to_plain
from skyparley.domain.messages.slots import CorridorSlot, DueRegard, PolygonSlot, VolumeSlot


def route(legs: int, degrees: int) -> VolumeSlot:
    """A corridor that goes to and fro along the equator."""
    line = tuple((place * 1000, (place % 2) * degrees * 10_000_000) for place in range(legs + 1))
    return moved(circle(), shape=CorridorSlot(line=line, half_width_m=20_000))


def many_sided(vertices: int) -> VolumeSlot:
    """A fan of so many vertices, longer than it is wide; valid, and large on the wire."""
    ring = [(place * 10_000, 300_000_000 + (place % 2) * 3) for place in range(vertices - 1)]
    return moved(circle(), shape=PolygonSlot(rings=((*ring, (0, 310_000_000)),)))


def test_a_notice_that_costs_too_much_is_refused_before_anything_is_computed() -> None:
    world = World("A", "B")
    a, b = world.nodes
    command = c.FileNotice(
        kind="TRANSIT", volumes=(route(20, 170),) * 8, due_regard=DueRegard(stated=True), audience=("B",)
    )
    began = time.process_time()
    assert a.refused(command) == ["TOO_MANY_VERTICES"]
    content = {
        "id": "A-1",
        "kind": "TRANSIT",
        "volumes": to_plain(command.volumes),
        "due_regard": {"stated": True},
        "key": [],
    }
    text = a.forge(b, type="NTC", code="N1", version=1, slots=content)
    assert world.receive(b, text, receipt=False) == "RECEIVED"
    assert b.told(a)[-1].slots.code == "GEOMETRY"
    assert time.process_time() - began < 1, "it was 2 seconds of both nodes"


def test_a_notice_too_large_to_be_sealed_with_a_key_or_signatures_is_refused() -> None:
    a = World("A", "B").nodes[0]
    command = c.FileNotice(
        kind="TRANSIT", volumes=(many_sided(1500),), due_regard=DueRegard(stated=True), audience=("B",)
    )
    assert len(canonical(command.volumes)) > limits.NOTICE_BYTES
    assert a.refused(command) == ["TOO_LARGE"]


def test_another_table_judges_every_pair_again_and_says_so() -> None:
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    world.settle()
    b.file(circle(60), to=[a])
    world.settle()
    assert not a.state.conflicts
    wider = msgspec.structs.replace(TABLE, separation_lateral_m=50_000)
    for node in (a, b):
        node.table = wider
        node.state = node.replayed()
        node.run(c.Start(software="test"))
        assert node.conflict().live
        assert "TABLE_CHANGED" in node.alarms()
        node.run(c.Start(software="test"))
        assert node.alarms().count("TABLE_CHANGED") == 1, "the same table again is no news"
    assert a.conflict().conflict_id == b.conflict().conflict_id


def test_a_breach_of_a_notice_that_the_terms_left_alone_is_seen() -> None:
    world, a, b = conflicting()
    b.propose(world.pair, (b, "B-0001", [moved(b.notice("B-0001").current.volumes[0], upper=fl(180))]))
    world.settle()
    a.answer(c.Accept, world.pair)
    world.settle()
    a.state.agreed_on.clear()  # A's own node would refuse; here it is one that does not care.
    a.change("A-0001", circle(radius_km=40))
    world.settle()
    assert "AGREEMENT_BREACHED" in b.alarms()
    assert b.agreement().status(world.now) == "VOID"


def test_another_proposal_does_not_free_who_accepted() -> None:
    world, a, b = conflicting()
    a.propose(world.pair, (b, "B-0001", [moved(b.notice("B-0001").current.volumes[0], upper=fl(180))]))
    world.settle()
    b.answer(c.Accept, world.pair)  # On its way.
    again = a.told(b)[-1]
    slots = to_plain(again.slots)
    text = a.forge(
        b,
        type="PRO",
        code="C2",
        dialog_id=world.pair,
        version=2,
        slots=slots,
        valid_until=again.valid_until,
        reply_by=again.reply_by,
    )
    assert world.receive(b, text, receipt=False) == "RECEIVED"
    assert b.told(a)[-1].slots.code == "STATE"
    assert b.conflict().acceptance is not None
    assert b.refused(c.CancelNotice(id="B-0001", expected_version=1)) == ["BOUND_BY_ACCEPTANCE"]


def test_nobody_is_talked_into_a_notice_of_ours_below_the_least_size() -> None:
    world, a, b = conflicting()
    tiny = moved(circle(100, radius_km=1), lower=fl(160), upper=fl(161))
    conflict = a.conflict()
    pair = [
        {"party": a.party, "id": "A-0001", "version": 1},
        {"party": b.party, "id": "B-0001", "version": 1, "volumes": to_plain((tiny,))},
    ]
    slots = {
        "conflict_id": conflict.conflict_id,
        "kind": "MIX",
        "notices": sorted(pair, key=lambda term: str(term["party"])),
        "until": max(a.notice("A-0001").current.end, tiny.end),
    }
    text = a.forge(
        b,
        type="PRO",
        dialog_id=world.pair,
        version=1,
        slots=slots,
        valid_until=world.now + 600_000,
        reply_by=world.now + 300_000,
    )
    assert world.receive(b, text, receipt=False) == "RECEIVED"
    assert b.conflict().offer is not None, b.told(a)[-1]
    answer = b.answer(c.Accept, world.pair)
    assert isinstance(answer, Refusal)
    assert set(answer.codes) == {"AREA_TOO_SMALL", "BAND_TOO_THIN"}
