"""The terms of a line: a clause is in force with both signatures and at its time, never before, and at both nodes alike."""

from typing import Any

import msgspec
import pytest
from harness import T0, TABLE, Node, World, circle
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from skyparley.base.times import HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.clauses import NAMED, clause_diff, clause_name, clause_text, in_force
from skyparley.domain.messages import arrangement_slots as a
from skyparley.domain.messages.envelope import to_plain
from skyparley.domain.messages.slots import AmslSlot, CircleSlot, SfcSlot
from skyparley.domain.table import table_hash
from skyparley.state.matter_views import matter_view
from skyparley.state.projection import State
from skyparley.state.snapshot import freeze, thaw
from skyparley.state.terms_views import frequency_text, radio_card, terms_views
from skyparley.state.views import line_view

WIDER = msgspec.structs.replace(TABLE, separation_lateral_m=50_000)
RADIO = a.FrequenciesClause(
    frequencies=(a.FrequencySlot(hz=121_500_000, use="GUARD"), a.FrequencySlot(hz=130_000_000, use="WORKING"))
)
OTHER_RADIO = a.FrequenciesClause(
    frequencies=(a.FrequencySlot(hz=243_000_000, use="GUARD"), a.FrequencySlot(hz=131_000_000, use="WORKING"))
)
COVERS = {"forces": ["UAS"], "allies": [], "areas": [], "air_defence_informed": True, "relays": ["UN"]}
NAME = "FREQUENCIES"


def two() -> tuple[World, Node, Node]:
    world = World("A", "B")
    one, other = world.nodes
    return world, one, other


def both_persons(node: Node, command: c.DeskCommand) -> Any:
    """Two persons say the same."""
    first = node.desk(command, account="officer")
    assert isinstance(first, c.Outcome), first
    if first.result != "ASKED":
        return first
    return node.desk(command, account="supervisor")


def propose(node: Node, peer: Node, body: a.ClauseBody = RADIO, *, effective: int = 0) -> str:
    """Draft and propose; the hash of the statement."""
    node.done(c.DraftClause(peer=peer.name, body=body, effective=effective))
    outcome = both_persons(node, c.ProposeClause(peer=peer.name, clause=clause_name(body)))
    assert isinstance(outcome, c.Outcome), outcome
    return newest(node, peer, clause_name(body))


def newest(node: Node, peer: Node, name: str) -> str:
    return node.state.lines[peer.party].terms[name].offers[-1].hash


def accept(node: Node, statement: str) -> Any:
    return both_persons(node, c.AcceptClause(statement=statement))


def held(node: Node, peer: Node, name: str = NAME) -> a.ClauseBody | None:
    return in_force(node.state.lines[peer.party], name)


def agreed(node: Node, peer: Node) -> dict[str, Any]:
    """Everything of the terms in which two nodes must be equal."""
    books = node.state.lines[peer.party].terms
    return {
        name: (
            book.in_force,
            sorted((one.version, one.text, sorted(one.signatures.items())) for one in book.signed),
            (book.open.by, book.open.version, to_plain(book.open.body)) if book.open else None,
        )
        for name, book in books.items()
        if book.open or book.signed
    }


def test_a_clause_is_in_force_when_both_signed_and_not_before():
    world, one, other = two()
    statement = propose(one, other)
    world.settle()
    assert held(one, other) is None
    assert held(other, one) is None
    accept(other, statement)
    assert held(other, one) == RADIO
    assert held(one, other) is None, "the acceptance has not come"
    world.settle()
    assert held(one, other) == RADIO
    assert agreed(one, other) == agreed(other, one)
    for node in (one, other):
        (signed,) = node.state.lines[(other if node is one else one).party].terms[NAME].signed
        assert set(signed.signatures) == {one.party, other.party}


def test_it_takes_two_persons_to_propose_and_two_to_accept():
    world, one, other = two()
    one.done(c.DraftClause(peer="B", body=RADIO))
    command = c.ProposeClause(peer="B", clause=NAME)
    assert one.done(command).result == "ASKED"
    assert one.refused(command) == ["SECOND_PERSON"]
    assert one.types(other) == []
    assert isinstance(one.desk(command, account="supervisor"), c.Outcome)
    world.settle()
    statement = newest(one, other, NAME)
    assert other.done(c.AcceptClause(statement=statement)).result == "ASKED"
    assert other.refused(c.AcceptClause(statement=statement)) == ["SECOND_PERSON"]
    world.settle()
    assert held(other, one) is None


def test_what_the_second_person_confirms_is_the_same_draft_and_soon():
    world, one, _ = two()
    one.done(c.DraftClause(peer="B", body=RADIO))
    command = c.ProposeClause(peer="B", clause=NAME)
    assert one.done(command).result == "ASKED"
    one.done(c.DraftClause(peer="B", body=OTHER_RADIO))
    answer = one.desk(command, account="supervisor")
    assert isinstance(answer, c.Outcome)
    assert answer.result == "ASKED", "another draft is another question"
    world.now += 2 * HOUR
    answer = one.desk(command, account="officer")
    assert isinstance(answer, c.Outcome)
    assert answer.result == "ASKED"


def test_a_clause_waits_for_its_time_over_a_restart_and_fires_once_at_both_nodes():
    world, one, other = two()
    statement = propose(one, other, effective=T0 + 2 * HOUR)
    world.settle()
    accept(other, statement)
    world.settle()
    world.pass_time(119)
    assert held(one, other) is None
    assert held(other, one) is None
    for node in (one, other):
        node.state = node.replayed()
    world.pass_time(2)
    assert held(one, other) == held(other, one) == RADIO
    world.pass_time(60)
    for node in (one, other):
        assert sum(type(event).__name__ == "ClauseInForce" for event in node.events) == 1


def test_new_numbers_hold_at_their_time_and_conflicts_are_computed_again_with_equal_ids():
    world, one, other = two()
    one.file(circle(), to=[other])
    world.settle()
    other.file(circle(60), to=[one])
    world.settle()
    assert not one.state.conflicts
    statement = propose(one, other, a.NumbersClause(table=WIDER), effective=T0 + HOUR)
    world.settle()
    accept(other, statement)
    world.settle()
    world.pass_time(59)
    assert one.state.table_hash_of(other.party) == table_hash(TABLE)
    assert not one.state.conflicts
    world.pass_time(2)
    for node, peer in ((one, other), (other, one)):
        assert node.state.table_hash_of(peer.party) == table_hash(WIDER)
        assert "TABLE_MISMATCH" not in node.alarms()
    assert one.conflict().conflict_id == other.conflict().conflict_id
    assert one.conflict().live


def test_a_counter_is_of_the_same_version_and_closes_what_it_answers():
    world, one, other = two()
    statement = propose(one, other)
    world.settle()
    countered = propose(other, one, OTHER_RADIO)
    world.settle()
    assert other.refused(c.AcceptClause(statement=statement)) == ["STATE"]
    (first, second) = one.state.lines[other.party].terms[NAME].offers
    assert (first.version, first.state, second.version, second.answers) == (1, "COUNTERED", 1, first.msg_id)
    assert one.state.matters[statement].outcome == other.state.matters[statement].outcome == "COUNTERED"
    accept(one, countered)
    world.settle()
    assert held(one, other) == held(other, one) == OTHER_RADIO


def test_of_two_offers_that_cross_the_party_that_sorts_first_keeps_its_own():
    world, one, other = two()
    mine, theirs = propose(one, other), propose(other, one, OTHER_RADIO)
    world.settle()
    first, standing = (one, mine) if one.party < other.party else (other, theirs)
    second = other if first is one else one
    for node, peer in ((one, other), (other, one)):
        offer = node.state.lines[peer.party].terms[NAME].open
        assert offer is not None
        assert (offer.by, offer.hash) == (first.party, standing)
    accept(second, standing)
    world.settle()
    assert agreed(one, other) == agreed(other, one)
    assert held(one, other) is not None


def test_an_acceptance_that_crosses_a_newer_version_counts_and_the_newer_is_open():
    world, one, other = two()
    statement = propose(one, other)
    world.settle()
    accept(other, statement)
    propose(one, other, OTHER_RADIO)
    world.settle()
    assert held(one, other) == held(other, one) == RADIO
    assert agreed(one, other) == agreed(other, one)
    assert one.state.lines[other.party].terms[NAME].open.version == 2


def test_what_a_refused_offer_had_replaced_or_countered_is_open_again_at_both_nodes():
    world, one, other = two()
    first = propose(one, other)
    world.settle()
    propose(one, other, OTHER_RADIO)
    propose(one, other)
    both_persons(other, c.SuspendLine(peer="A", reason="POLITICAL"))
    world.settle()
    for node, peer in ((one, other), (other, one)):
        offer = node.state.lines[peer.party].terms[NAME].open
        assert offer is not None
        assert offer.hash == first
    both_persons(other, c.ResumeLine(peer="A", reason="POLITICAL"))
    world.settle()
    world.pass_time(5)
    accept(other, first)
    world.settle()
    assert held(one, other) == held(other, one) == RADIO


def test_a_forged_or_half_signature_is_never_in_force():
    world, one, other = two()
    statement = propose(one, other)
    world.settle()
    offer = other.state.lines[one.party].terms[NAME].open
    members = {"class": "ADMIN", "type": "ACC", "code": "C5", "reply_to": offer.msg_id}
    text_of_it = clause_text(one.party, other.party, RADIO, version=1, effective=T0)
    for slots in (
        {"hash": statement},
        {"hash": statement, "signature": offer.signature},
        {"hash": statement, "signature": other.signer.sign_detached("supervisor", b"{}", "skyparley-clause")},
        {"hash": statement, "signature": other.signer.sign_detached("desk", text_of_it, "skyparley-clause")},
        {"hash": statement, "signature": other.signer.sign_detached("supervisor", text_of_it, "skyparley-second")},
    ):
        other.sent.setdefault(one.party, [])
        text = other.forge(one, **members, slots=slots)
        assert world.receive(one, text, receipt=False) == "RECEIVED"
        assert one.sealed(other)[-1].slots.code == "SIGNATURE"
        assert held(one, other) is None
        assert one.state.lines[other.party].terms[NAME].signed == []
        other.state.lines[one.party].sent.head = one.state.lines[other.party].received.head
        other.state.lines[one.party].sent.head_hash = one.state.lines[other.party].received.head_hash


def test_the_offer_itself_must_be_signed_by_a_supervisor():
    world, one, other = two()
    body = to_plain(RADIO)
    slots = {"body": body, "version": 1, "effective": T0, "signature": "x..y"}
    text = one.forge(other, **{"class": "ADMIN", "type": "TBL"}, slots=slots)
    world.receive(other, text)
    assert other.sealed(one)[-1].slots.code == "SIGNATURE"
    assert NAME not in other.state.lines[one.party].terms


def test_suspended_terms_stay_and_none_are_made():
    world, one, other = two()
    accept_now(world, one, other)
    open_one = propose(one, other, OTHER_RADIO)
    world.settle()
    both_persons(other, c.SuspendLine(peer="A", reason="POLITICAL"))
    world.settle()
    assert held(one, other) == held(other, one) == RADIO
    assert other.refused(c.AcceptClause(statement=open_one)) == ["LINE_STATE"]
    one.done(c.DraftClause(peer="B", body=a.FreeTextClause(on=False)))
    assert one.refused(c.ProposeClause(peer="B", clause="FREE TEXT")) == ["LINE_STATE"]


def accept_now(world: World, one: Node, other: Node, body: a.ClauseBody = RADIO) -> None:
    statement = propose(one, other, body)
    world.settle()
    accept(other, statement)
    world.settle()


def test_terms_are_agreed_before_the_line_first_opens_and_drafted_without_a_peer():
    world = World("A", "B", link=False)
    one, other = world.nodes
    one.done(c.DraftClause(peer="B", body=RADIO))
    assert one.state.lines[other.party].terms[NAME].draft is not None
    assert one.refused(c.ProposeClause(peer="B", clause=NAME)) == ["LINE_STATE"]
    world.hello(one, other)
    world.hello(other, one)
    assert one.state.lines[other.party].state == "TESTING"
    both_persons(one, c.ProposeClause(peer="B", clause=NAME))
    assert one.types(other) == ["TBL"]


def test_what_free_text_says_is_refused_where_the_terms_say_so():
    world, one, other = two()
    accept_now(world, one, other, a.FreeTextClause(on=False))
    area = CircleSlot(centre=(0, 300_000_000), radius_m=2_000)
    said = c.Say(
        peers=("B",),
        type="STP",
        slots=to_plain({"area": area, "at": T0}),
        free_text=msgspec.convert({"lang": "en", "text": "please"}, c.FreeText),
    )
    assert "FREE_TEXT_OFF" in one.refused(said)
    assert one.done(msgspec.structs.replace(said, free_text=None)).result == "DONE"


def test_a_difference_says_field_by_field_what_was_and_what_would_be():
    found = {(one.field, one.old, one.new) for one in clause_diff(RADIO, OTHER_RADIO)}
    assert found == {
        ("frequencies.0.hz", "121500000", "243000000"),
        ("frequencies.1.hz", "130000000", "131000000"),
    }
    assert clause_diff(RADIO, RADIO) == ()
    zone = a.ZoneClause(
        id="Z-1",
        error_m=50,
        zone=a.BandSlot(shape=CircleSlot(centre=(1, 2), radius_m=5), lower=SfcSlot(), upper=AmslSlot(ft=900)),
    )
    assert ("zone.shape.centre", "", "[1,2]") in {(one.field, one.old, one.new) for one in clause_diff(None, zone)}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (a.NumbersClause(table=msgspec.structs.replace(TABLE, separation_lateral_m=0)), "TABLE"),
        (a.FrequenciesClause(frequencies=(a.FrequencySlot(hz=121_600_000, use="GUARD"),)), "GUARD"),
        (
            a.CalendarClause(
                first=0, staff_days=1, group_days=1, principals_days=1, radio_days=1, human_checks=(HOUR, 0)
            ),
            "HUMAN_CHECKS",
        ),
        (
            a.CoverageClause(
                party="x" * 43,
                covers=msgspec.convert(
                    {"forces": (), "allies": (), "areas": (), "air_defence_informed": True, "relays": ()},
                    a.CoverageSlots,
                ),
            ),
            "PARTIES",
        ),
        (
            a.ZoneClause(
                id="Z",
                error_m=0,
                zone=a.BandSlot(shape=CircleSlot(centre=(0, 0), radius_m=0), lower=SfcSlot(), upper=AmslSlot(ft=900)),
            ),
            "RADIUS_NOT_POSITIVE",
        ),
    ],
)
def test_a_clause_that_makes_no_sense_is_not_even_drafted(body, code):
    _, one, _ = two()
    assert one.refused(c.DraftClause(peer="B", body=body)) == [code]


# --- any order -----------------------------------------------------------------------------------------------------

ACTS = st.lists(
    st.tuples(
        st.sampled_from([0, 1]),
        st.sampled_from(
            ["propose", "accept", "reject", "carry", "carry", "carry one", "time", "suspend", "resume", "restart"]
        ),
        st.integers(0, 3),
    ),
    max_size=30,
)


@settings(max_examples=examples(120), deadline=None)
@given(ACTS)
def test_whatever_order_both_nodes_come_to_the_same_and_nothing_is_in_force_without_both(acts):
    world, one, other = two()
    nodes = (one, other)
    for who, what, luck in acts:
        node, peer = nodes[who], nodes[1 - who]
        _act(world, node, peer, what, luck)
        for each, its in ((one, other), (other, one)):
            _never_half(each, its, world.now)
    world.settle()
    world.pass_time(180)
    world.settle()
    assert agreed(one, other) == agreed(other, one)
    for node in nodes:
        assert states(node.replayed()) == states(node.state)


def states(state: State) -> Any:
    return [line.terms for line in state.lines.values()]


def _act(world: World, node: Node, peer: Node, what: str, luck: int) -> None:
    book = node.state.lines[peer.party].terms.get(NAME)
    offer = book.open if book is not None else None
    match what:
        case "propose":
            body = a.FrequenciesClause(frequencies=(a.FrequencySlot(hz=130_000_000 + luck, use="WORKING"),))
            node.desk(c.DraftClause(peer=peer.name, body=body, effective=world.now + luck * 20 * MINUTE if luck else 0))
            for account in ("officer", "supervisor"):
                node.desk(c.ProposeClause(peer=peer.name, clause=NAME), account=account)
        case "accept" if offer is not None and offer.by == peer.party:
            for account in ("officer", "supervisor"):
                node.desk(c.AcceptClause(statement=offer.hash), account=account)
        case "reject" if offer is not None and offer.by == peer.party:
            node.desk(c.AnswerMatter(statement=offer.hash, answer="REJ", reason="OTHER"))
        case "carry":
            world.carry(node, peer)
        case "carry one":
            if len(node.sent.get(peer.party, [])) > node.carried.get(peer.party, 0):
                world.carry(node, peer, 1)
        case "time":
            world.now += 15 * MINUTE
            for one in world.nodes:
                one.run(c.PassDeadlines())
        case "suspend" | "resume":
            command = c.SuspendLine if what == "suspend" else c.ResumeLine
            for account in ("officer", "supervisor"):
                node.desk(command(peer=peer.name, reason="TECHNICAL"), account=account)
        case "restart":
            node.state = node.replayed()


def _never_half(node: Node, peer: Node, now: int) -> None:
    for book in node.state.lines[peer.party].terms.values():
        if book.in_force:
            standing = book.standing
            assert standing is not None
            assert set(standing.signatures) == {node.party, peer.party}
            assert standing.effective <= now


# --- what is shown ---------------------------------------------------------------------------------------------------


def shown(node: Node, peer: Node, name: str = NAME) -> Any:
    (terms,) = [one for one in terms_views(node.state, node.world.now) if one.peer == peer.name]
    return next(one for one in terms.clauses if one.clause == name)


def test_each_clause_shows_how_far_it_is_settled_and_what_would_change():
    world, one, other = two()
    assert shown(one, other).state == "UNSETTLED"
    accept_now(world, one, other)
    assert (shown(one, other).state, shown(one, other).in_force.version) == ("IN FORCE", 1)
    assert shown(one, other).in_force.signed_by == ("A", "B")
    one.done(c.DraftClause(peer="B", body=OTHER_RADIO, effective=T0 + 2 * HOUR))
    assert shown(one, other).state == "DRAFT"
    both_persons(one, c.ProposeClause(peer="B", clause=NAME))
    world.settle()
    assert (shown(one, other).state, shown(other, one).state) == ("PROPOSED BY US", "PROPOSED BY THEM")
    for view in (shown(one, other), shown(other, one)):
        assert [(part.field, part.old, part.new) for part in view.diff] == [
            ("frequencies.0.hz", "121500000", "243000000"),
            ("frequencies.1.hz", "130000000", "131000000"),
        ]
        assert view.in_force.version == 1
    assert shown(other, one).can == ("draft", "accept", "reject")
    accept(other, newest(one, other, NAME))
    world.settle()
    assert shown(one, other).state == shown(other, one).state == "SIGNED"
    world.pass_time(121)
    assert shown(one, other).state == shown(other, one).state == "IN FORCE"
    assert line_view(one.state, one.state.lines[other.party]).unsettled == tuple(name for name in NAMED if name != NAME)


def test_an_offer_that_nobody_answers_or_that_is_refused_is_unsettled():
    world, one, other = two()
    propose(one, other)
    world.settle()
    world.pass_time(24 * 60 + 1)
    assert shown(one, other).state == shown(other, one).state == "UNSETTLED"
    assert line_view(one.state, one.state.lines[other.party]).unsettled == NAMED, "nobody said the others"
    world, one, other = two()
    propose(one, other)
    world.settle()
    other.done(c.AnswerMatter(statement=newest(one, other, NAME), answer="REJ", reason="SAFETY"))
    world.settle()
    assert shown(one, other).state == shown(other, one).state == "UNSETTLED"
    assert shown(other, one).offer.state == "REJECTED"


def test_the_radio_card_stands_with_the_line_and_guard_is_always_on_it():
    world, one, other = two()
    card = radio_card(one.state, one.state.lines[other.party])
    assert (card.settled, [row.text for row in card.frequencies]) == (False, ["121.5 MHz", "243.0 MHz"])
    accept_now(world, one, other)
    card = line_view(other.state, other.state.lines[one.party]).radio
    assert (card.settled, [row.text for row in card.frequencies]) == (True, ["121.5 MHz", "130.0 MHz", "243.0 MHz"])
    assert frequency_text(4_125_000) == "4125 kHz"
    assert frequency_text(6_215_500) == "6215.5 kHz"
    assert frequency_text(130_000_000) == "130.0 MHz"


def test_a_coverage_statement_stands_beside_each_answer():
    world, one, other = two()
    other.done(c.Say(peers=("A",), type="COV", slots=COVERS))
    world.settle()
    (asked,) = one.state.matters.values()
    assert asked.due == {"ACK": T0 + HOUR}
    one.done(c.Acknowledge(statement=asked.hash))
    at = {"position": (0, 300_000_000), "level": {"ref": "FL", "ft": 20_000}, "at": T0, "error_m": 500}
    one.done(c.Say(peers=("B",), type="IDQ", slots=at))
    world.settle()
    (question,) = [matter for matter in other.state.matters.values() if matter.type == "IDQ"]
    other.done(c.AnswerIdentity(statement=question.hash, answer="NOT OURS"))
    world.settle()
    view = matter_view(one.state, one.state.matters[question.hash], world.now)
    assert view.outcome == "NOT OURS"
    assert msgspec.convert(COVERS, a.CoverageSlots) == view.speaks_for


def test_a_meeting_is_offered_a_time_and_a_missed_one_goes_to_the_next_level():
    world, one, other = two()
    window = {"start": T0 + 3 * HOUR, "end": T0 + 4 * HOUR}
    one.done(c.Say(peers=("B",), type="MTG", slots={"level": "2", "topic": "INCIDENT", **window}))
    one.done(c.Say(peers=("B",), type="MTG", slots={"level": "REVIEW", "topic": "NUMBERS", **window}))
    world.settle()
    talk, review = sorted(other.state.matters.values(), key=lambda one: one.due["ANSWER"])
    assert (talk.due["ANSWER"], review.due["ANSWER"]) == (T0 + 2 * HOUR, T0 + 48 * HOUR)
    assert other.refused(c.AnswerMatter(statement=review.hash, answer="CPR")) == ["INCOMPLETE"]
    other.done(c.AnswerMatter(statement=review.hash, answer="CPR", start=T0 + 5 * HOUR, end=T0 + 6 * HOUR))
    world.settle()
    assert one.state.matters[review.hash].outcome == "CPR"
    world.pass_time(121)
    assert "LEVEL3" in [rung.post for rung in other.state.matters[talk.hash].rung]
    assert one.refused(c.Say(peers=("B",), type="MTG", slots={"level": "3", "topic": "STRATEGY", **window})) == [
        "SLOTS"
    ]


def test_the_calendar_in_force_rings_each_review_in_its_time_and_over_a_restart():
    world, one, other = two()
    first = T0 + HOUR
    calendar = a.CalendarClause(
        first=first, staff_days=1, group_days=2, principals_days=400, radio_days=1, human_checks=(8 * HOUR,)
    )
    accept_now(world, one, other, calendar)
    world.pass_time(61)
    for node in (one, other):
        assert node.alarms().count("MTG_DUE") == 3
        assert node.alarms().count("RADIO_TEST_DUE") == 1
        node.state = node.replayed()
    world.pass_time(24 * 60)
    for node in (one, other):
        assert node.alarms().count("MTG_DUE") == 4
        assert node.alarms().count("RADIO_TEST_DUE") == 2


def test_human_checks_are_begun_at_the_times_of_the_calendar_in_turns():
    world, one, other = two()
    times = (7 * HOUR, 8 * HOUR, 9 * HOUR)
    calendar = a.CalendarClause(
        first=T0 + 900 * HOUR, staff_days=1, group_days=2, principals_days=400, radio_days=1, human_checks=times
    )
    accept_now(world, one, other, calendar)
    world.pass_time(12 * 60 + 30)
    begun = [
        (envelope.created_utc - T0, node.name)
        for node, peer in ((one, other), (other, one))
        for envelope in node.sealed(peer)
        if envelope.type == "LCK" and envelope.slots.kind == "HUMAN" and not envelope.reply_to
    ]
    assert [at for at, _ in sorted(begun)] == [HOUR, 2 * HOUR, 3 * HOUR]
    names = [name for _, name in sorted(begun)]
    assert names[0] == names[2] != names[1]


def test_terms_and_crossings_come_back_from_a_snapshot():
    world, one, other = two()
    accept_now(world, one, other)
    line = a.LineClause(
        id="RIVER", error_m=5, line=((0, 299_000_000), (0, 301_000_000)), buffer_m=9, left=one.party, right=other.party
    )
    accept_now(world, one, other, line)
    one.done(c.CrossLine(peer="B", line="RIVER", form="NOTIFIED", volumes=(circle(),)))
    one.done(c.DraftClause(peer="B", body=OTHER_RADIO))
    one.desk(c.ProposeClause(peer="B", clause=NAME))
    other.done(c.Say(peers=("A",), type="COV", slots=COVERS))
    world.settle()
    for node in (one, other):
        thawed = node.fresh()
        thaw(list(freeze(node.state)), thawed)
        assert thawed.lines == node.state.lines


def test_an_exercise_moves_no_line():
    world, one, other = two()
    text = one.forge(
        other,
        role="exercise",
        exercise=True,
        type="SUSP",
        code="L9",
        slots={"effective": T0, "reason": "POLITICAL", "second": "x..y"},
        **{"class": "ADMIN"},
    )
    assert world.receive(other, text) == "RECEIVED"
    assert other.state.lines[one.party].state == "IN_FORCE"
