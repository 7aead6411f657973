"""The life of a line: it opens by its checks, is suspended by two persons, and nothing else moves it."""

from itertools import product

import pytest
from tests.domain.harness import STATED, Node, World, circle

from skyparley.base.ids import short_id
from skyparley.base.times import HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.duty import brief_of
from skyparley.domain.key_refusals import why
from skyparley.domain.line_views import word_of
from skyparley.state.matter_views import matter_view
from skyparley.state.snapshot import freeze, thaw
from skyparley.state.views import alarm_view

STOP = {"area": {"type": "circle", "centre": [0, 300000000], "radius_m": 5000}, "at": 1795327200000}


def word(node: Node, other: Node) -> str:
    return word_of(node.state, node.state.lines[other.party])


def state(node: Node, other: Node) -> str:
    return node.state.lines[other.party].state


def two_persons(node: Node, command: c.DeskCommand) -> None:
    """Asked by one, confirmed by another."""
    first = node.desk(command, account="one")
    assert isinstance(first, c.Outcome), first
    assert first.result == "ASKED", first
    second = node.desk(command, account="two")
    assert isinstance(second, c.Outcome), second
    assert second.result == "DONE", second


def alone(world: World, minutes: float) -> None:
    """The clock goes on, and nothing is carried."""
    until = world.now + round(minutes * MINUTE)
    while (due := min(at for node in world.nodes if (at := node.state.deadlines.next()) is not None)) <= until:
        world.now = max(world.now, due)
        for node in world.nodes:
            node.run(c.PassDeadlines())
    world.now = until


def open_world() -> tuple[World, Node, Node]:
    world = World("A", "B")
    a, b = world.nodes
    for node in (a, b):
        node.done(c.SetDesk(desk="STAFFED"))
    world.settle()
    assert (word(a, b), word(b, a)) == ("OPEN", "OPEN")
    return world, a, b


# --- from nothing to open ------------------------------------------------------------------------------------------


def test_three_good_checks_each_way_open_a_line_and_nothing_less() -> None:
    world = World("A", "B", link=False)
    a, b = world.nodes
    assert word(a, b) == "NOT ESTABLISHED"
    world.hello(a, b)
    world.hello(b, a)

    def good() -> tuple[int, int]:
        checks = a.state.lines[b.party].checks
        return sum(checks.ours.values()), sum(checks.theirs.values())

    while state(a, b) != "IN_FORCE":
        ours, theirs = good()
        assert ours < 3 or theirs < 3
        assert word(a, b) == "TESTING"
        assert world.carry(a, b) + world.carry(b, a), "somebody has something to say"
    assert min(good()) >= 3
    world.settle()
    assert state(b, a) == "IN_FORCE"
    assert {envelope.slots.bearer for envelope in a.sealed(b) if envelope.type == "LCK"} == {"http"}  # type: ignore[attr-defined]


def test_a_check_that_is_answered_late_counts_for_nothing_and_the_count_begins_anew() -> None:
    world = World("A", "B", link=False)
    a, b = world.nodes
    world.hello(a, b)
    world.hello(b, a)
    alone(world, 1)
    assert a.state.lines[b.party].checks.missed >= 1
    world.carry(a, b)
    world.carry(b, a)
    assert a.state.lines[b.party].checks.ours.get("http", 0) == 0
    world.settle()
    world.pass_time(90)
    world.settle()
    assert state(a, b) == "IN_FORCE"


def test_what_a_desk_files_before_the_line_opens_waits_and_is_told_when_it_is_open() -> None:
    world = World("A", "B", link=False)
    a, b = world.nodes
    world.hello(a, b)
    world.hello(b, a)
    a.file(circle(), to=[b])
    assert "NTC" not in a.types(b)
    world.settle()
    assert a.types(b)[-1:] == ["NTC"]
    assert (a.party, "A-0001") in b.state.notices


# --- the hourly check ----------------------------------------------------------------------------------------------


def checks_between(world: World, a: Node, b: Node, hours: int) -> list[tuple[str, int]]:
    """Who began a machine check in which hour, over so many hours."""
    begun = []
    for _ in range(hours * 12):
        before = {node.name: len(node.sealed(other)) for node, other in ((a, b), (b, a))}
        world.pass_time(5)
        for node, other in ((a, b), (b, a)):
            for envelope in node.sealed(other)[before[node.name] :]:
                if envelope.type == "LCK" and not envelope.reply_to and envelope.slots.kind == "MACHINE":  # type: ignore[attr-defined]
                    begun.append((node.name, world.now // HOUR))
        world.settle()
    return begun


def test_each_hour_one_side_begins_in_turn_and_both_ends_know_that_it_was_good() -> None:
    world, a, b = open_world()
    world.pass_time(20)  # Before the desks were staffed it was checked by quarters of an hour.
    begun = checks_between(world, a, b, 6)
    assert len(begun) == 6
    assert [name for name, _ in begun] in (["A", "B"] * 3, ["B", "A"] * 3)
    assert not [code for node in (a, b) for code in node.alarms() if code == "CHECK_MISSED"]


def test_a_check_that_is_missed_alarms_both_ends() -> None:
    world, a, b = open_world()
    alone(world, 130)
    assert "CHECK_MISSED" in a.alarms()
    assert "CHECK_MISSED" in b.alarms()
    assert (state(a, b), state(b, a)) == ("IN_FORCE", "IN_FORCE"), "the link moves no agreement"


def test_a_human_check_asks_a_person_there() -> None:
    world, a, b = open_world()
    a.done(c.CheckLine(peer="B"))
    world.settle()
    (matter,) = [one for one in b.state.matters.values() if one.type == "LCK"]
    b.done(c.Acknowledge(statement=matter.hash))
    world.settle()
    assert a.state.matters[matter.hash].acked_at is not None


# --- suspend, resume, terminate ------------------------------------------------------------------------------------


def test_one_person_suspends_nothing_and_the_same_one_twice_neither() -> None:
    world, a, b = open_world()
    command = c.SuspendLine(peer="B", reason="POLITICAL")
    assert a.desk(command, account="one").result == "ASKED"  # type: ignore[union-attr]
    again = a.desk(command, account="one")
    assert [reason.code for reason in again.reasons] == ["SECOND_PERSON"]  # type: ignore[union-attr]
    other = a.desk(c.SuspendLine(peer="B", reason="SAFETY"), account="two")
    assert other.result == "ASKED", "another reason is another act"  # type: ignore[union-attr]
    world.settle()
    assert (word(a, b), word(b, a)) == ("OPEN", "OPEN")


def test_only_who_suspended_lifts_it_and_then_one_check_opens_it() -> None:
    world, a, b = open_world()
    two_persons(b, c.SuspendLine(peer="A", reason="POLITICAL"))
    world.settle()
    assert (word(a, b), word(b, a)) == ("SUSPENDED", "SUSPENDED")
    assert a.refused(c.ResumeLine(peer="B", reason="OTHER")) == ["STATE"]
    two_persons(b, c.ResumeLine(peer="A", reason="OTHER"))
    assert word(b, a) == "TESTING"
    world.settle()
    assert (word(a, b), word(b, a)) == ("OPEN", "OPEN")


def test_suspended_by_both_is_lifted_by_both() -> None:
    world, a, b = open_world()
    two_persons(a, c.SuspendLine(peer="B", reason="POLITICAL"))
    two_persons(b, c.SuspendLine(peer="A", reason="POLITICAL"))
    world.settle()
    assert len(a.state.lines[b.party].suspended_by) == 2
    two_persons(a, c.ResumeLine(peer="B", reason="OTHER"))
    world.settle()
    assert (word(a, b), word(b, a)) == ("SUSPENDED", "SUSPENDED")
    two_persons(b, c.ResumeLine(peer="A", reason="OTHER"))
    world.settle()
    assert (word(a, b), word(b, a)) == ("OPEN", "OPEN")


def test_a_change_takes_effect_at_its_time_at_both_ends() -> None:
    world, a, b = open_world()
    two_persons(a, c.SuspendLine(peer="B", reason="REVIEW", effective=world.now + 10 * MINUTE))
    world.settle()
    assert (word(a, b), word(b, a)) == ("OPEN", "OPEN")
    world.pass_time(11)
    assert (state(a, b), state(b, a)) == ("SUSPENDED", "SUSPENDED")


def test_while_suspended_notices_pass_one_way_and_dialogues_do_not() -> None:
    world, a, b = open_world()
    a.file(circle(), to=[b])
    world.settle()
    b.file(circle(), to=[a])
    world.settle()
    pair = a.conflict().pair_id
    two_persons(b, c.SuspendLine(peer="A", reason="POLITICAL"))
    world.settle()
    answer = a.propose(pair, (a, "A-0001", [circle(hours=(6, 7))]))
    assert [reason.code for reason in answer.reasons] == ["LINE_STATE"]  # type: ignore[union-attr]
    b.file(circle(500), to=[a])
    world.settle()
    assert (b.party, "B-0002") in a.state.notices


def test_an_agreement_of_before_stands_while_the_line_is_suspended() -> None:
    world, a, b = open_world()
    a.file(circle(), to=[b])
    world.settle()
    b.file(circle(), to=[a])
    world.settle()
    pair = a.conflict().pair_id
    assert isinstance(a.propose(pair, (b, "B-0001", [circle(hours=(6, 7))])), c.Outcome)
    world.settle()
    assert isinstance(b.answer(c.Accept, pair), c.Outcome)
    world.settle()
    two_persons(b, c.SuspendLine(peer="A", reason="POLITICAL"))
    world.settle()
    for node in (a, b):
        assert node.agreement().status(world.now) == "IN_FORCE"


@pytest.mark.parametrize("who", [0, 1])
def test_an_acceptance_that_crosses_a_suspension_binds_nobody(who: int) -> None:
    """Either it was countersigned before, at both ends, or at neither."""
    world, a, b = open_world()
    a.file(circle(), to=[b])
    world.settle()
    b.file(circle(), to=[a])
    world.settle()
    pair = a.conflict().pair_id
    assert isinstance(a.propose(pair, (b, "B-0001", [circle(hours=(6, 7))])), c.Outcome)
    world.settle()
    assert isinstance(b.answer(c.Accept, pair), c.Outcome)
    two_persons(world.nodes[who], c.SuspendLine(peer=world.nodes[1 - who].name, reason="POLITICAL"))
    world.settle()
    assert set(a.state.agreements) == set(b.state.agreements)
    assert a.conflict().acceptance is b.conflict().acceptance is None


def test_terminated_is_final_and_what_saves_lives_still_passes() -> None:
    world, a, b = open_world()
    two_persons(a, c.TerminateLine(peer="B", reason="POLITICAL"))
    world.settle()
    assert (word(a, b), word(b, a)) == ("TERMINATED", "TERMINATED")
    assert b.refused(c.ResumeLine(peer="A", reason="OTHER")) == ["STATE"]
    assert isinstance(b.desk(c.Say(peers=("A",), type="STP", slots=STOP)), c.Outcome)
    world.settle()
    assert [one.type for one in a.state.matters.values() if one.cls == "LIFE"] == ["STP"]


LINE_STATES = ("NOT ESTABLISHED", "TESTING", "OPEN", "SUSPENDED", "TERMINATED", "HUMAN-SILENT")


def in_state(wanted: str) -> tuple[World, Node, Node]:
    if wanted in ("NOT ESTABLISHED", "TESTING"):
        world = World("A", "B", link=False)
        a, b = world.nodes
        if wanted == "TESTING":
            world.hello(a, b)
            world.hello(b, a)
        return world, a, b
    world, a, b = open_world()
    if wanted == "SUSPENDED":
        two_persons(b, c.SuspendLine(peer="A", reason="POLITICAL"))
    if wanted == "TERMINATED":
        two_persons(b, c.TerminateLine(peer="A", reason="POLITICAL"))
    if wanted == "HUMAN-SILENT":
        b.done(c.SetDesk(desk="DECLINED"))
    world.settle()
    return world, a, b


@pytest.mark.parametrize("wanted", LINE_STATES)
def test_a_life_statement_is_taken_from_the_desk_in_every_state(wanted: str) -> None:
    world, a, b = in_state(wanted)
    assert word(a, b) == wanted
    assert isinstance(a.desk(c.Say(peers=("B",), type="STP", slots=STOP)), c.Outcome)
    if wanted == "NOT ESTABLISHED":
        assert [owed.type for owed in a.state.lines[b.party].owed] == ["STP"], "it goes first when the peer is reached"
        world.hello(a, b)
        world.hello(b, a)
    world.settle()
    assert [one.type for one in b.state.matters.values() if one.cls == "LIFE"] == ["STP"]


def test_a_forged_second_signature_changes_nothing() -> None:
    world, a, b = open_world()
    slots = {"effective": world.now, "reason": "POLITICAL", "second": "e30..AA"}
    text = a.forge(b, type="SUSP", code="L9", slots=slots, **{"class": "ADMIN"})
    world.receive(b, text)
    assert word(b, a) == "OPEN"


def test_one_suspended_pair_does_not_touch_another() -> None:
    world = World("A", "B", "T")
    a, b, t = world.nodes
    two_persons(b, c.SuspendLine(peer="A", reason="POLITICAL"))
    world.settle()
    assert state(a, b) == "SUSPENDED"
    for one, other in ((a, t), (t, a), (b, t), (t, b)):
        assert state(one, other) == "IN_FORCE"


# --- desks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ours", "theirs"), list(product(["STAFFED", "UNSTAFFED", "DECLINED"], repeat=2)))
def test_the_word_says_whether_somebody_is_there(ours: str, theirs: str) -> None:
    world, a, b = open_world()
    a.done(c.SetDesk(desk=ours))  # type: ignore[arg-type]
    b.done(c.SetDesk(desk=theirs))  # type: ignore[arg-type]
    world.settle()
    both = {ours, theirs}
    wanted = "HUMAN-SILENT" if "DECLINED" in both else "DEGRADED" if "UNSTAFFED" in both else "OPEN"
    assert (word(a, b), word(b, a)) == (wanted, wanted)
    assert state(a, b) == "IN_FORCE"


def test_a_desk_that_nobody_serves_is_silent_after_half_an_hour_and_an_act_ends_it() -> None:
    world, a, b = open_world()
    a.file(circle(), to=[b])
    world.settle()
    world.pass_time(31)
    world.settle()
    assert (word(a, b), b.state.desk) == ("HUMAN-SILENT", "SILENT")
    (matter,) = b.state.matters.values()
    b.done(c.Acknowledge(statement=matter.hash))
    world.settle()
    assert (word(a, b), word(b, a)) == ("OPEN", "OPEN")


# --- duty ----------------------------------------------------------------------------------------------------------


def test_the_old_officer_holds_the_post_until_the_new_one_has_taken_it_with_the_brief() -> None:
    world, a, b = open_world()
    a.done(c.SetRoster(posts=(c.RosterEntry("DESK", ("ann", "ben")),)))
    assert isinstance(a.desk(c.TakeDuty(post="DESK", languages=("en",)), account="ann"), c.Outcome)
    assert a.desk(c.TakeDuty(post="DESK"), account="ben").codes == ("NOT_OFFERED",)  # type: ignore[union-attr]
    assert a.desk(c.TakeDuty(post="DESK"), account="eve").codes == ("NOT_ON_ROSTER",)  # type: ignore[union-attr]
    offered = a.desk(c.HandOver(post="DESK", to="ben"), account="ann")
    assert isinstance(offered, c.Outcome)
    assert a.state.duty.on["DESK"].account == "ann"
    assert a.desk(c.TakeDuty(post="DESK", brief="x" * 43), account="ben").codes == ("BRIEF",)  # type: ignore[union-attr]
    taken = a.desk(c.TakeDuty(post="DESK", languages=("ru",), brief=offered.refs["brief"]), account="ben")
    assert isinstance(taken, c.Outcome)
    assert a.state.duty.on["DESK"].account == "ben"
    world.settle()
    shift = b.state.lines[a.party].peer_shift
    assert shift is not None
    assert [(one.post, one.languages) for one in shift.on] == [("DESK", ("ru",))]
    assert "LCK" in [one.type for one in b.state.matters.values()], "a hand-over is checked by people (LINE-04)"
    assert a.replayed().duty == a.state.duty


def test_an_officer_who_comes_back_to_a_silent_desk_is_not_refused_for_its_silence() -> None:
    world, a, b = open_world()
    a.file(circle(), to=[b])
    world.settle()
    b.file(circle(), to=[a])
    world.settle()
    pair = a.conflict().pair_id
    world.pass_time(40)
    world.settle()
    assert a.state.desk == "SILENT"
    b.done(c.SetDesk(desk="STAFFED"))
    world.settle()
    assert isinstance(a.propose(pair, (b, "B-0001", [circle(hours=(6, 7))])), c.Outcome)
    world.settle()
    assert (a.state.desk, word(a, b)) == ("STAFFED", "OPEN")


def test_a_machine_sends_no_distress_and_no_rescue_box() -> None:
    world, a, _b = open_world()
    distress = {"aircraft": "UAS", "position": [0, 0], "precision": "EXACT", "at": world.now}
    box = c.FileNotice(kind="SAR", volumes=(circle(),), due_regard=STATED, audience=("B",))
    for place, command in enumerate(
        (c.Say(peers=("B",), type="DIS", slots=distress), box, c.FileNotices(notices=(box,)))
    ):
        by = c.ByDesk(command=command, account="token:feed", key=f"m{place}", request="r" * 43, person=False)
        answer = a.run(by)
        assert answer.codes == ("PERSON_NEEDED",)  # type: ignore[union-attr]
        assert isinstance(a.desk(command), c.Outcome)


# --- found by those who looked for it -------------------------------------------------------------------------------


def test_a_life_statement_that_cannot_be_carried_is_told_at_once_and_the_line_is_not_called_open() -> None:
    _world, a, b = open_world()
    a.run(c.Start(software="test"))
    assert word(a, b) == "LOST"
    a.done(c.Say(peers=("B",), type="STP", slots=STOP))
    assert "LIFE_WAITS" in a.alarms()


def test_a_moved_rescue_box_passes_on_a_terminated_line_behind_a_plan_that_never_will() -> None:
    world, a, b = open_world()
    box = a.file(circle(), to=[b], kind="SAR")
    two_persons(b, c.TerminateLine(peer="A", reason="POLITICAL"))
    world.settle()
    a.file(circle(200), to=[b])
    a.change(box.id, circle(5))
    hazard = a.file(circle(400), to=[b], kind="HAZARD")
    world.settle()
    assert b.notice(box.id, of=a).current.version == 2
    assert (a.party, hazard.id) in b.state.notices
    a.done(c.CancelNotice(id=hazard.id, expected_version=1))
    world.settle()
    assert b.notice(hazard.id, of=a).state == "CANCELLED"
    assert [owed.type for owed in a.state.lines[b.party].owed] == ["NTC"]


def test_at_once_is_at_once_whatever_the_clock_of_who_said_it() -> None:
    """A's clock was an hour ahead when it suspended; set right, it resumes: both ends agree all the time."""
    world, a, b = open_world()
    world.now += HOUR
    two_persons(a, c.SuspendLine(peer="B", reason="POLITICAL"))
    world.now -= HOUR
    world.settle()
    assert (state(a, b), state(b, a)) == ("SUSPENDED", "SUSPENDED")
    two_persons(a, c.ResumeLine(peer="B", reason="OTHER"))
    world.settle()
    assert (state(a, b), state(b, a)) == ("IN_FORCE", "IN_FORCE")


def test_what_a_party_says_later_takes_the_place_of_what_it_said_to_come() -> None:
    world, a, b = open_world()
    two_persons(a, c.SuspendLine(peer="B", reason="REVIEW", effective=world.now + 30 * MINUTE))
    two_persons(a, c.ResumeLine(peer="B", reason="OTHER"))
    world.settle()
    world.pass_time(40)
    assert (state(a, b), state(b, a)) == ("IN_FORCE", "IN_FORCE")
    two_persons(a, c.SuspendLine(peer="B", reason="POLITICAL"))
    two_persons(a, c.ResumeLine(peer="B", reason="OTHER", effective=world.now + 30 * MINUTE))
    two_persons(a, c.ResumeLine(peer="B", reason="OTHER"))
    world.settle()
    two_persons(a, c.SuspendLine(peer="B", reason="POLITICAL"))
    world.settle()
    world.pass_time(40)
    assert (state(a, b), state(b, a)) == ("SUSPENDED", "SUSPENDED"), "an earlier resumption lifts no later suspension"


def test_a_life_statement_that_cannot_be_read_is_told_to_people() -> None:
    world, a, b = open_world()
    text = a.forge(b, type="STP", code="V8", slots={"of": "another version"}, **{"class": "LIFE"})
    world.receive(b, text)
    assert "LIFE_UNREAD" in b.alarms()


def test_a_life_statement_with_a_number_that_another_had_still_rings() -> None:
    world, a, b = open_world()
    a.done(c.Say(peers=("B",), type="STP", slots=STOP))
    world.settle()
    sent = a.sealed(b)[-1]
    fork = a.forge(
        b,
        type="STP",
        code="V8",
        slots={"area": STOP["area"], "at": world.now},
        patch={"seq": sent.seq, "prev": sent.prev},
        **{"class": "LIFE"},
    )
    assert world.receive(b, fork, receipt=False) == "FORK"
    assert len([one for one in b.state.matters.values() if one.type == "STP"]) == 2


def test_a_machine_does_not_say_that_a_person_understood() -> None:
    world, a, b = open_world()
    a.done(c.Say(peers=("B",), type="LAS", slots={"position": [0, 0], "since": world.now}))
    world.settle()
    (matter,) = b.state.matters.values()
    command = c.Acknowledge(statement=matter.hash)
    for account, taken in (("token:feed", False), ("token:local-command-line", True)):
        answer = b.run(c.ByDesk(command=command, account=account, key=account, request="r" * 43, person=False))
        assert isinstance(answer, c.Outcome) is taken


def test_a_life_statement_without_a_receipt_is_told_so_that_people_call() -> None:
    world, a, _b = open_world()
    a.done(c.Say(peers=("B",), type="STP", slots=STOP))
    alone(world, 1)
    assert a.alarms().count("NOT_DELIVERED") == 1
    (stop,) = [one.hash for one in a.state.matters.values() if one.type == "STP"]
    (alarm,) = [one for one in a.state.alarms if one.code == "NOT_DELIVERED"]
    assert short_id(stop) in alarm.text
    assert (alarm.over_at, matter_view(a.state, a.state.matters[stop], world.now).state) == (0, "SENT")
    (waiting,) = [one for one in brief_of(a.state, world.now).waiting if one.statement == stop]
    assert waiting.state == "SENT, NOT RECEIVED"
    world.settle()
    (alarm,) = [one for one in a.state.alarms if one.code == "NOT_DELIVERED"]
    assert (alarm.over_at, alarm_view(a.state, alarm).over_at) == (world.now, world.now)
    (waiting,) = [one for one in brief_of(a.state, world.now).waiting if one.statement == stop]
    assert waiting.state == matter_view(a.state, a.state.matters[stop], world.now).state == "RECEIVED"
    thaw(freeze(a.state), kept := a.fresh())
    assert kept.alarms == a.state.alarms
    a.done(c.Say(peers=("B",), type="STP", slots=STOP))
    world.settle()
    world.pass_time(1)
    assert a.alarms().count("NOT_DELIVERED") == 1


def test_a_peer_that_does_not_take_our_key_is_one_alarm_with_its_remedy_until_it_takes_it() -> None:
    _, a, b = open_world()
    for refused in (False, True, True, False, False, True):
        a.run(c.NoteKeys(peer=b.party, refused=refused))
    newest, before = [one for one in a.state.alarms if one.code == "OUR_KEY_REFUSED"]
    assert (bool(newest.over_at), bool(before.over_at)) == (False, True)
    assert "Give B our card of now" in newest.text
    assert why("B", "UNKNOWN_KEY: http://b.invalid: HTTP 401") == newest.text
    assert why("B", "UNREACHABLE: nobody there") == ""


def test_who_acknowledged_a_plan_is_shown_until_the_plan_is_over() -> None:
    world, a, b = open_world()
    notice = a.file(circle(hours=(60, 61)), to=[b])
    world.settle()
    (matter,) = b.state.matters
    b.done(c.Acknowledge(statement=matter))
    world.settle()
    world.pass_time(59 * 60)
    assert matter in a.state.matters
    assert matter in b.state.matters
    world.pass_time(40 * 60)
    assert (a.party, notice.id) not in a.state.notices
    assert matter not in a.state.matters


def test_who_leaves_the_last_post_leaves_the_desk() -> None:
    world, a, b = open_world()
    a.done(c.TakeDuty(post="DESK"))
    world.settle()
    a.done(c.LeaveDuty(post="DESK"))
    world.settle()
    assert (a.state.desk, b.state.lines[a.party].peer_desk) == ("UNSTAFFED", "UNSTAFFED")
