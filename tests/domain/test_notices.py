"""Notices: what is refused and why, who hears of it, whose key lacks what, who is later and who is asked to move."""

from itertools import product
from typing import get_args

import pytest
from harness import STATED, T0, TABLE, Node, World, circle, conflicting, fl, moved
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base.canonical import canonical
from skyparley.base.errors import Refusal
from skyparley.base.times import DAY, HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.dialogue_states import asked_to_move
from skyparley.domain.events import StatementReceived
from skyparley.domain.messages.catalogue import class_of
from skyparley.domain.messages.codes import NoticeKind
from skyparley.domain.messages.envelope import to_plain
from skyparley.domain.messages.slots import AmslSlot, CircleSlot, CorridorSlot, VolumeSlot
from skyparley.domain.records import lead_class
from skyparley.domain.volumes import shrinks

KINDS = get_args(NoticeKind)


def missing(node: Node, notice_id: str, of: Node) -> tuple[str, ...]:
    return node.notice(notice_id, of).missing_key


# --- what is refused -------------------------------------------------------------------------------------------


def refusal(node: Node, volume: VolumeSlot, **members: object) -> list[str]:
    members = {"kind": "TRANSIT", "volumes": (volume,), "due_regard": STATED} | members
    return node.refused(c.FileNotice(**members))


def test_every_reason_at_once_with_what_would_be_right():
    (a,) = World("A").nodes
    over = circle(radius_km=1, levels=(fl(200), fl(210)), hours=(-1, -0.9))
    wanted = ["UNKNOWN_PEER", "ID", "PERIOD_OVER", "AREA_TOO_SMALL", "BAND_TOO_THIN", "PERIOD_TOO_SHORT"]
    assert refusal(a, over, audience=("Z",), id="a 1") == wanted


@pytest.mark.parametrize(
    ("volume", "code"),
    [
        (circle(radius_km=9.25), "AREA_TOO_SMALL"),
        (circle(levels=(fl(200), fl(219))), "BAND_TOO_THIN"),
        (circle(hours=(3, 3.249)), "PERIOD_TOO_SHORT"),
    ],
)
def test_least_sizes_stop_the_sender_and_only_mark_at_the_receiver(volume: VolumeSlot, code: str):
    """DIS-02: what a party must not tell is its own affair; what it told is shown."""
    world = World("A", "B")
    a, b = world.nodes
    assert refusal(a, volume, audience=("B",)) == [code]
    for kind in ("SAR", "HAZARD"):
        a.file(volume, to=[b], kind=kind)
    slots = {
        "id": "A-0009",
        "kind": "TRANSIT",
        "volumes": to_plain((volume,)),
        "due_regard": {"stated": True},
        "key": [],
    }
    world.settle()
    text = a.forge(b, type="NTC", code="N1", version=1, slots=slots)
    assert world.receive(b, text, receipt=False) == "RECEIVED"
    assert b.notice("A-0009", a).live
    assert "ERR" not in b.types(a)


def test_the_least_sizes_themselves_are_enough():
    (a,) = World("A").nodes
    a.file(circle(radius_km=9.26, levels=(fl(200), fl(220)), hours=(3, 3.25)))


def test_an_id_is_unique_for_ever_and_the_next_one_is_free():
    (a,) = World("A").nodes
    assert a.file(circle()).id == "A-0001"
    a.file(circle(), id="A-0007")
    a.done(c.CancelNotice(id="A-0007", expected_version=1))
    assert refusal(a, circle(), id="A-0007") == ["ID_TAKEN"]
    assert a.file(circle()).id == "A-0008"


def test_two_officers_at_once_only_one_decides_on_what_both_saw():
    (a,) = World("A").nodes
    a.file(circle())
    change = c.ChangeNotice(id="A-0001", expected_version=1, kind="CIVIL")
    a.done(change)
    assert a.refused(change) == ["STALE_VERSION"]
    assert a.refused(c.ActivateNotice(id="A-0001", expected_version=1)) == ["STALE_VERSION"]


@pytest.mark.parametrize("end", [c.CancelNotice, c.EndNotice])
def test_what_is_over_is_over(end: type[c.DeskCommand]):
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    a.done(end(id="A-0001", expected_version=1))
    for act in (c.CancelNotice, c.EndNotice, c.ActivateNotice):
        assert a.refused(act(id="A-0001", expected_version=1)) == ["STATE"]
    assert a.refused(c.ChangeNotice(id="A-0001", expected_version=1, kind="CIVIL")) == ["STATE"]
    world.settle()
    assert b.notice("A-0001", a).state == a.notice("A-0001").state


# --- one key, one answer ---------------------------------------------------------------------------------------


def test_a_retry_with_its_key_gets_its_answer_and_nothing_happens_again():
    (a,) = World("A").nodes
    command = c.FileNotice(kind="TRANSIT", volumes=(circle(),), due_regard=STATED)
    first = a.desk(command, key="once")
    before = len(a.journal)
    assert a.desk(command, key="once") == first
    assert (len(a.journal), len(a.state.notices)) == (before, 1)
    other = a.desk(moved(command, kind="CIVIL"), key="once")
    assert isinstance(other, Refusal)
    assert [reason.code for reason in other.reasons] == ["KEY_REUSED"]
    assert a.desk(command, key="twice") != first


def test_a_refusal_uses_up_no_key():
    (a,) = World("A").nodes
    command = c.FileNotice(kind="TRANSIT", volumes=(circle(radius_km=1),), due_regard=STATED)
    assert isinstance(a.desk(command, key="once"), Refusal)
    assert isinstance(a.desk(moved(command, volumes=(circle(),)), key="once"), c.Outcome)


# --- audiences -------------------------------------------------------------------------------------------------


def test_a_local_conflict_is_not_told_and_cannot_be_negotiated_until_the_audience_grows():
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    world.settle()
    b.file(circle(5))
    world.settle()
    assert (a.state.conflicts, b.conflict().shared, b.types(a)) == ({}, False, [])
    pair = b.conflict().pair_id
    change = c.TermChange("B", "B-0001", (circle(5, levels=(fl(270), fl(310))),))
    assert b.refused(c.Propose(pair_id=pair, expected_revision=1, changes=(change,))) == ["LOCAL_ONLY"]
    b.change("B-0001", audience=("A",), key=("A-0001 v1",))
    world.settle()
    assert b.types(a) == ["NTC", "CFL"], "whoever joins hears the notice, not its change"
    assert b.told(a)[0].version == 2
    assert a.conflict().conflict_id == b.conflict().conflict_id
    assert a.conflict().shared
    assert b.conflict().shared


def test_each_peer_hears_what_is_for_it():
    world = World("A", "B", "T")
    a, b, t = world.nodes
    a.file(circle(), to=[b])
    a.change("A-0001", moved(circle(), upper=fl(230)), audience=("B", "T"))
    a.done(c.ActivateNotice(id="A-0001", expected_version=2))
    a.done(c.EndNotice(id="A-0001", expected_version=2))
    assert a.types(b) == ["NTC", "NCH", "NACT", "NEND"]
    assert a.types(t) == ["NTC", "NACT", "NEND"]
    world.settle()
    assert [node.notice("A-0001", a).state for node in (b, t)] == ["ENDED"] * 2


def test_whoever_joins_an_active_notice_hears_that_it_is_active():
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle())
    a.done(c.ActivateNotice(id="A-0001", expected_version=1))
    a.change("A-0001", audience=("B",))
    world.settle()
    assert a.types(b) == ["NTC", "NACT"]
    told, own = b.notice("A-0001", a), a.notice("A-0001")
    assert (told.state, told.active_at, told.current) == (own.state, own.active_at, own.current)


# --- the awareness key -----------------------------------------------------------------------------------------


def test_the_desk_must_know_what_it_conflicts_with():
    """The refusal lists the missing ones with their party; what is named too much does no harm."""
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    a.file(circle(10, levels=(fl(220), fl(260))), to=[b])
    world.settle()
    command = c.FileNotice(kind="TRANSIT", volumes=(circle(5),), due_regard=STATED, audience=("A",))
    for key, ids in (((), ("A A-0001 v1", "A A-0002 v1")), (("A-0001 v1", "A-0009 v4"), ("A A-0002 v1",))):
        answer = b.desk(moved(command, key=key))
        assert isinstance(answer, Refusal)
        assert [(reason.code, reason.ids) for reason in answer.reasons] == [("KEY_INCOMPLETE", ids)]
    assert b.refused(moved(command, key=("A-0001 v1", "A-0002 v2"))) == ["KEY_INCOMPLETE"], "another version is another"
    b.done(moved(command, key=("A A-0001 v1", "A-0002 v1")))
    world.settle()
    assert missing(a, "B-0001", b) == ()


def test_what_crosses_is_not_deficient():
    """Judged only against what the sender had seen: two notices filed at once conflict, and nobody is to blame."""
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    b.file(circle(5), to=[a])
    world.settle()
    assert missing(a, "B-0001", b) == missing(b, "A-0001", a) == ()
    assert a.conflict().conflict_id == b.conflict().conflict_id
    assert "ERR" not in a.types(b) + b.types(a)


def test_a_key_that_lacks_what_its_sender_had_seen_is_deficient():
    """The notice is held, indexed and shown; the sender hears which; a new version with the key mends it."""
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    world.settle()
    sent = a.state.lines[b.party].sent
    seen = {"epoch": 1, "seq": sent.head[1], "hash": sent.head_hash}
    slots = {"id": "B-0009", "kind": "TRANSIT", "volumes": to_plain((circle(5),)), "due_regard": {"stated": True}}
    told = a.notice("A-0001").told[b.party]
    for key, seen_at_all, lacking in (
        ([], seen, ("A-0001 v1",)),
        ([{"id": "A-0001", "version": 1, "hash": told.hash}], seen, ()),
        ([{"id": "A-0001", "version": 2, "hash": told.hash}], seen, ("A-0001 v1",)),
        ([{"id": "A-0001", "version": 1, "hash": "A" * 43}], seen, ("A-0001 v1",)),
        ([], None, ()),
    ):
        fresh = World("A", "B")
        a, b = fresh.nodes
        a.file(circle(), to=[b])
        fresh.settle()
        text = b.forge(a, type="NTC", code="N1", version=1, slots=slots | {"key": key}, seen=seen_at_all)
        assert fresh.receive(a, text, receipt=False) == "RECEIVED"
        assert missing(a, "B-0009", b) == lacking
        errs = [(one.slots.code, one.slots.ids) for one in a.told(b) if one.type == "ERR"]
        assert errs == ([("KEY_INCOMPLETE", lacking)] if lacking else [])
        assert a.conflict().live, "deficient or not, they conflict"
        received = [event for event in a.events if isinstance(event, StatementReceived)][-1]
        assert received.verdict == "FOLDED"


def test_the_owner_knows_that_its_notice_is_deficient_until_it_refiles():
    world, a, b = conflicting()
    b.state.notices[(a.party, "A-0001")].told[a.party] = moved(b.notice("A-0001", a).told[a.party], hash="A" * 43)
    b.change("B-0001", kind="CIVIL", key=("A-0001 v1",))
    world.settle()
    assert b.state.deficient == {(b.party, "B-0001")}
    assert b.alarms() == ["PEER_KEY_INCOMPLETE"]
    b.state.notices[(a.party, "A-0001")].told[a.party] = a.notice("A-0001").told[b.party]
    b.change("B-0001", kind="TRANSIT", key=("A-0001 v1",))
    world.settle()
    assert (b.state.deficient, missing(a, "B-0001", b)) == (set(), ())


# --- lead class ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lead_ms", "wanted"),
    [
        (DAY, "PLANNED"),
        (DAY - 30_000, "PLANNED"),
        (DAY - 30_001, "SHORT"),
        (HOUR - 30_000, "SHORT"),
        (HOUR - 30_001, "IMMEDIATE"),
        (5 * MINUTE - 30_000, "IMMEDIATE"),
        (5 * MINUTE - 30_001, "LATE"),
        (0, "LATE"),
        (-HOUR, "LATE"),
    ],
)
def test_the_lead_class_is_rounded_to_the_nearest_minute_half_up(lead_ms: int, wanted: str):
    assert lead_class(lead_ms, planned_ms=DAY, short_ms=HOUR, immediate_ms=5 * MINUTE) == wanted


def test_the_lead_class_is_by_our_receipt_and_not_by_their_word():
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(hours=(25, 26)), to=[b])
    world.now += 24 * HOUR + 30 * MINUTE
    world.settle()
    assert b.notice("A-0001", a).lead_class == "IMMEDIATE"
    number = next(envelope.number for envelope in a.told(b) if envelope.type == "NTC")
    assert a.state.lines[b.party].receipts[number] == (world.now, "IMMEDIATE")


# --- shrinking, places, who is later ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "keeps"),
    [
        ({}, True),
        ({"upper": fl(230), "lower": fl(205)}, True),
        ({"start": T0 + 3 * HOUR + 1, "end": T0 + 4 * HOUR - 1}, True),
        ({"shape": CircleSlot(centre=circle().shape.centre, radius_m=9_300)}, True),
        ({"upper": fl(241)}, False),
        ({"lower": fl(199)}, False),
        ({"end": T0 + 4 * HOUR + 1}, False),
        ({"start": T0 + 3 * HOUR - 1}, False),
        ({"shape": CircleSlot(centre=circle().shape.centre, radius_m=10_001)}, False),
        ({"shape": circle(1, radius_km=9.3).shape}, False),
        ({"upper": AmslSlot(ft=23_000)}, False),
    ],
)
def test_a_change_that_shrinks_keeps_its_place_and_another_loses_it(change: dict, keeps: bool):
    """RES-09.  Who enlarges takes a new place; the other side computes the same."""
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    world.settle()
    before = a.notice("A-0001").places[b.party]
    a.change("A-0001", moved(circle(), **change), kind="CIVIL")
    world.settle()
    assert (a.notice("A-0001").places[b.party] == before) == keeps == shrinks([circle()], [moved(circle(), **change)])
    assert a.notice("A-0001").places[b.party] == b.notice("A-0001", a).places[a.party]


def test_corridors_shrink_in_width_only():
    line = ((0, 300_000_000), (0, 310_000_000))
    wide = moved(circle(), shape=CorridorSlot(line=line, half_width_m=9_260))
    assert shrinks([wide], [moved(wide, shape=CorridorSlot(line=line, half_width_m=5_000))])
    assert not shrinks([wide], [moved(wide, shape=CorridorSlot(line=line, half_width_m=9_261))])
    assert not shrinks([wide], [moved(wide, shape=CorridorSlot(line=line[::-1][:1] + line[:1], half_width_m=5_000))])


def test_each_new_volume_lies_in_one_old_one():
    one, two = circle(), circle(200)
    assert shrinks([one, two], [two])
    assert shrinks([one, two], [two, two, one])
    assert not shrinks([one], [one, two])


def filed(order: str, *, a_kind: str = "TRANSIT", b_kind: str = "TRANSIT") -> tuple[World, Node, Node]:
    """Two conflicting notices; `order` says who filed after hearing the other: `A later`, `B later` or `crossed`."""
    world = World("A", "B")
    a, b = world.nodes
    nodes = {"A later": (b, a), "B later": (a, b), "crossed": (a, b)}[order]
    for node in nodes:
        other = b if node is a else a
        node.file(circle(5 if node is b else 0), to=[other], kind=a_kind if node is a else b_kind)
        if order != "crossed":
            world.settle()
    world.settle()
    return world, a, b


STANDING = {"SAR": 3, "ACTIVE": 2, "HUM": 1, "MEDEVAC": 1, "CIVIL": 1}


@pytest.mark.parametrize(
    ("order", "a_says", "b_says"),
    list(product(["A later", "B later", "crossed"], *[["SAR", "ACTIVE", "HUM", "TRANSIT"]] * 2)),
)
def test_who_is_asked_to_move(order: str, a_says: str, b_says: str):
    """RES-09: life, active, priority, routine; of equals the later; of neither both; an active one never."""
    kinds = [says if says != "ACTIVE" else "TRANSIT" for says in (a_says, b_says)]
    world, a, b = filed(order, a_kind=kinds[0], b_kind=kinds[1])
    world.now = T0 + 3 * HOUR
    for node, says in ((a, a_says), (b, b_says)):
        if says == "ACTIVE":
            node.done(c.ActivateNotice(id=f"{node.name}-0001", expected_version=1))
    world.settle()
    one, two = STANDING.get(a_says, 0), STANDING.get(b_says, 0)
    if "ACTIVE" in (a_says, b_says):
        wanted = {a.party} if a_says != "ACTIVE" else {b.party} if b_says != "ACTIVE" else set()
    elif one != two:
        wanted = {a.party if one < two else b.party}
    else:
        wanted = {"A later": {a.party}, "B later": {b.party}, "crossed": {a.party, b.party}}[order]
    for node in (a, b):
        assert set(asked_to_move(node.state, node.conflict(), world.now)) == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_standing(kind: str):
    world, a, _ = filed("crossed", a_kind=kind)
    assert a.notice("A-0001").standing(world.now) == STANDING.get(kind, 0)


def test_an_activation_counts_only_from_the_declared_start():
    """Whoever declares a week's zone active today does not win over everything in it."""
    world, a, b = filed("A later")
    a.done(c.ActivateNotice(id="A-0001", expected_version=1))
    world.settle()
    start = T0 + 3 * HOUR
    for node in (a, b):
        assert asked_to_move(node.state, node.conflict(), start - 1) == (a.party,)
        assert asked_to_move(node.state, node.conflict(), start) == (b.party,)


def test_who_enlarges_is_later():
    world, a, b = filed("B later")
    a.change("A-0001", moved(circle(), upper=fl(245)))
    world.settle()
    for node in (a, b):
        assert asked_to_move(node.state, node.conflict(), world.now) == (a.party,)


# --- what a peer may not do ------------------------------------------------------------------------------------


@given(st.integers(1, 4), st.sampled_from(["AREA WORK", "CIVIL"]))
def test_versions_of_a_plan_count_from_one_without_gaps_and_those_of_what_is_told_in_every_state_go_up(
    version: int, kind: NoticeKind
):
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    world.settle()
    slots = to_plain(a.told(b)[0].slots) | {"kind": kind, "changed": ["KIND"]}
    text = a.forge(b, type="NCH", code="N2", version=version, slots=slots, patch={"class": class_of(kind)})
    world.receive(b, text, receipt=False)
    taken = version == 2 or (version > 2 and kind == "CIVIL")
    assert b.notice("A-0001", a).current.version == (version if taken else 1)
    assert [one.slots.code for one in b.told(a)] == ([] if taken else ["VERSION"])


@pytest.mark.parametrize("changed", [[], ["AREA"], ["LEVELS", "KIND"], ["KIND", "LEVELS", "PERIOD"]])
def test_changed_lists_what_differs_in_its_order(changed: list[str]):
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    world.settle()
    slots = to_plain(a.told(b)[0].slots) | {"kind": "CIVIL", "volumes": to_plain((moved(circle(), upper=fl(230)),))}
    said = {"class": "PRIORITY", "slots": slots | {"changed": changed}}
    text = a.forge(b, type="NCH", code="N2", version=2, patch=said)
    world.receive(b, text, receipt=False)
    assert [one.slots.code for one in b.told(a)] == ["SCHEMA"]
    a.change("A-0001", moved(circle(), upper=fl(230)), kind="CIVIL")
    assert a.told(b)[1].slots.changed == ("KIND", "LEVELS")


def test_a_peer_cannot_act_on_what_is_not_its_own():
    """Ids are per party: B cancelling `A-0001` speaks of its own, which it never told."""
    world, a, b = conflicting()
    text = b.forge(a, type="NCX", code="N3", version=1, slots={"id": "A-0001", "reason": "WX"})
    world.receive(a, text, receipt=False)
    assert a.notice("A-0001").live
    assert a.told(b)[-1].slots.code == "NOT_OURS"


def test_a_notice_of_the_largest_size_still_fits_a_statement():
    volumes = tuple(circle(50 * place) for place in range(64))
    world = World("A", "B")
    a, b = world.nodes
    a.file(*volumes, to=[b])
    world.settle()
    assert b.notice("A-0001", a).current.volumes == volumes
    assert len(canonical(to_plain(a.told(b)[0]))) < 64 * 1024
    assert TABLE.least_radius_m < 10_000
