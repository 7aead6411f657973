"""A peer with only a telephone: what was heard takes part in detection, asks people, and never becomes an agreement."""

import json
from typing import Any

import msgspec
import pytest
from harness import STATED, T0, Node, World, circle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from how_many import examples
from skyparley.adapters.doors.acts import ACTS
from skyparley.base.errors import Refusal
from skyparley.base.times import MINUTE
from skyparley.domain import commands as c
from skyparley.domain import voice_commands as v
from skyparley.domain.events import EVENTS, StatementOwed, StatementSealed
from skyparley.domain.messages.matter_slots import ReadBackValues
from skyparley.domain.proposals import suggest
from skyparley.domain.records import Notice
from skyparley.domain.voice_records import voice_id
from skyparley.evidence import jws
from skyparley.evidence.keys import fingerprint, public_bytes
from skyparley.state.snapshot import freeze, thaw
from skyparley.state.views import acts, overview
from skyparley.testing.checkers import replay_equals

STOP: dict[str, Any] = {"area": {"type": "circle", "centre": [0, 300_000_000], "radius_m": 5_000}, "at": T0}


def with_v() -> tuple[World, Node, Node]:
    """A and B with a line, and V that A only calls."""
    world = World("A", "B")
    a, b = world.nodes
    a.done(v.PinVoicePeer(name="V", languages=("ru", "en"), numbers=("+00 1 555 0100",)))
    return world, a, b


def v_of(a: Node) -> Any:
    return voice_id(a.party, "V")


def heard(a: Node, notice_id: str = "V-0001", *volumes: Any, **members: Any) -> Notice:
    """A notice of V as A's desk heard it."""
    members.setdefault("kind", "TRANSIT")
    a.done(
        v.HearNotice(peer="V", post="DESK", id=notice_id, volumes=volumes or (circle(),), due_regard=STATED, **members)
    )
    return a.state.notices[(v_of(a), notice_id)]


def again(a: Node) -> None:
    """A restart from the journal, and one from a snapshot, give the same state."""
    replayed = a.replayed()
    assert replay_equals(a.state, replayed) == []
    assert replayed.voice == a.state.voice
    thawed = a.fresh()
    thaw(list(freeze(a.state)), thawed)
    assert thawed.voice == a.state.voice
    assert thawed.notices == a.state.notices
    assert thawed.matters == a.state.matters


# --- who it is ---------------------------------------------------------------------------------------------------


def test_its_id_is_no_key_of_anybody_and_no_line():
    world, a, b = with_v()
    keys = [*a.keys.values(), *b.keys.values()]
    assert v_of(a) not in {fingerprint(public_bytes(key)) for key in keys}
    assert v_of(a) != voice_id(b.party, "V") != voice_id(a.party, "W")
    assert v_of(a) not in a.state.lines
    (seen,) = overview(a.state, world.now).voice_peers
    assert (seen.word, seen.peer) == ("BY VOICE", "V")


@pytest.mark.parametrize(("name", "code"), [("A", "NAME_TAKEN"), ("B", "NAME_TAKEN"), ("small", "NAME")])
def test_its_name_is_nobody_elses(name, code):
    _, a, _ = with_v()
    assert a.refused(v.PinVoicePeer(name=name)) == [code]


def test_a_peer_with_a_line_is_not_heard_by_voice():
    _, a, _ = with_v()
    command = v.HearNotice(peer="B", post="DESK", id="B-1", kind="TRANSIT", volumes=(circle(),), due_regard=STATED)
    assert a.refused(command) == ["ON_A_LINE"]


def test_a_machine_hears_nobody():
    _, a, _ = with_v()
    command = v.HearMatter(peer="V", post="DESK", type="STP", slots=STOP)
    answer = a.run(c.ByDesk(command=command, account="machine", key="m", request="m", person=False))
    assert isinstance(answer, Refusal)
    assert answer.reasons[0].code == "PERSON_NEEDED"


# --- what was heard of notices -----------------------------------------------------------------------------------


def test_what_was_heard_conflicts_with_ours_whichever_came_first():
    for first in ("ours", "heard"):
        _, a, _ = with_v()
        if first == "ours":
            a.file(circle(), id="A-0009")
            heard(a)
        else:
            heard(a)
            a.file(circle(), id="A-0009")
        conflict = a.conflict()
        assert (conflict.other_party, conflict.shared, conflict.live) == (v_of(a), False, True)
        again(a)


def test_who_files_into_it_must_say_that_he_knows():
    _, a, _ = with_v()
    heard(a)
    command = c.FileNotice(kind="TRANSIT", volumes=(circle(),), due_regard=STATED)
    assert a.refused(command) == ["KEY_INCOMPLETE"]
    a.done(msgspec.structs.replace(command, key=("V V-0001 v1",)))


def test_our_own_desk_role_signs_it_as_heard_and_nothing_else():
    _, a, _ = with_v()
    notice = heard(a)
    (event,) = [one for one in a.events if type(one).__name__ == "HeardNotice"]
    parsed = jws.split(event.jws)
    assert parsed.typ == "skyparley-heard"
    assert (parsed.kid.party, parsed.kid.role) == (a.party, "desk")
    assert jws.verify(parsed, public_bytes(a.keys["desk"]))
    said = json.loads(parsed.payload)
    assert (said["heard"], said["post"], said["how"]) == (1, "DESK", "PHONE")
    assert (said["statement"]["from"], said["statement"]["to"]) == (v_of(a), a.party)
    assert notice.heard is not None
    assert notice.lead_class == "SHORT"
    (seen,) = overview(a.state, T0).notices
    assert (seen.state, seen.heard.how) == ("NOTIFIED", "PHONE"), "what was only heard is not coordinated"


def test_the_lead_class_is_by_when_it_was_entered():
    world, a, _ = with_v()
    world.now += 170 * MINUTE
    assert heard(a, at=world.now - 160 * MINUTE).lead_class == "IMMEDIATE"


def test_changed_active_cancelled_ended():
    _, a, _ = with_v()
    a.file(circle())
    heard(a)
    about = {"peer": "V", "post": "DESK", "id": "V-0001"}
    a.done(v.HearChange(**about, expected_version=1, volumes=(circle(400),)))
    assert not a.conflict().live
    a.done(v.HearChange(**about, expected_version=2, volumes=(circle(),)))
    assert a.conflict().live
    assert a.refused(v.HearCancel(**about, expected_version=1)) == ["STALE_VERSION"]
    a.done(v.HearActive(**about, expected_version=3))
    assert a.state.notices[(v_of(a), "V-0001")].state == "ACTIVE"
    a.done(v.HearEnd(**about, expected_version=3))
    assert not a.conflict().live
    assert a.refused(v.HearCancel(**about, expected_version=3)) == ["STATE"]
    heard(a, "V-0002")
    a.done(v.HearCancel(peer="V", post="DESK", id="V-0002", expected_version=1))
    assert a.state.notices[(v_of(a), "V-0002")].state == "CANCELLED"
    again(a)


def test_what_was_heard_is_told_to_nobody_and_leaves_memory_by_itself():
    world, a, b = with_v()
    a.file(circle(), to=(b,))
    before = len(a.sealed(b))
    heard(a)
    world.settle()
    assert [one.type for one in a.sealed(b)[before:]] == []
    world.pass_time(40 * 60)
    assert (v_of(a), "V-0001") not in a.state.notices
    again(a)


# --- never an agreement ------------------------------------------------------------------------------------------


def test_only_our_own_side_is_suggested_to_move():
    world, a, _ = with_v()
    a.file(circle(), id="A-0009")
    heard(a)
    found = suggest(a.state, a.conflict(), world.now)
    assert found.proposals
    assert {one.moves for one in found.proposals} == {"A"}
    assert acts(a.state, a.conflict(), world.now) == ()


COMMANDS = sorted({act.command for act in ACTS}, key=lambda kind: kind.__name__)
GUESSES = st.sampled_from(["V", "B", "V-0001", "A-0009", "CALL-0001", "OOB-0001", "DESK", "ACC", ""])


@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_act_whatever_leads_to_an_agreement_or_seals_anything_for_it(data):
    """Acts of every kind, with members that name what is there: nothing is offered, signed, sealed or owed."""
    world, a, _ = with_v()
    a.file(circle(), id="A-0009", to=())
    heard(a)
    a.done(v.HearMatter(peer="V", post="DESK", type="STP", slots=STOP))
    conflict, (statement,) = a.conflict(), a.state.matters
    known: dict[str, Any] = {
        "pair_id": conflict.pair_id,
        "statement": statement,
        "proposal": statement,
        "party": "V",
        "peer": "V",
        "peers": ("V",),
        "audience": ("V",),
        "id": "A-0009",
        "changes": (c.TermChange("A", "A-0009", (circle(500),)),),
        "volumes": (circle(500),),
        "until": world.now + MINUTE,
        "slots": STOP,
    }
    for kind in data.draw(st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=6)):
        given_: dict[str, Any] = {}
        for field in msgspec.structs.fields(kind):
            if field.name in known:
                given_[field.name] = known[field.name]
            elif field.name.startswith("expected"):
                given_[field.name] = data.draw(st.sampled_from([conflict.revision, 0]))
            elif field.required:
                given_[field.name] = data.draw(GUESSES)
        try:
            command = msgspec.convert(msgspec.to_builtins(given_), kind)
        except (msgspec.ValidationError, ValueError):
            continue
        a.desk(command)
    assert a.state.agreements == {}
    assert a.state.accepted == {}
    assert a.state.conflicts[conflict.pair_id].offer is None
    assert a.state.conflicts[conflict.pair_id].shared is False
    for event in a.events:
        assert getattr(event, "peer", "") != v_of(a) or not isinstance(event, StatementSealed | StatementOwed)
        assert not isinstance(event, StatementOwed) or event.draft.peer != v_of(a)


# --- what was heard that asks for something ----------------------------------------------------------------------


def test_a_stop_request_by_telephone_rings_with_the_same_clocks():
    world, a, b = with_v()
    a.done(v.HearMatter(peer="V", post="SUPERVISOR", type="STP", slots=STOP))
    b_says = b.done(c.Say(peers=("A",), type="STP", slots=STOP))
    assert b_says
    world.settle()
    by_voice, by_line = sorted(a.state.matters.values(), key=lambda matter: matter.heard is None)
    assert by_voice.heard is not None
    assert by_line.heard is None
    assert by_voice.ladder == by_line.ladder
    assert by_voice.due == by_line.due
    world.pass_time(2)
    assert [ring.post for ring in by_voice.rung] == [ring.post for ring in by_line.rung] != []
    again(a)


def test_what_we_do_about_it_is_recorded_and_sent_to_nobody():
    _, a, _ = with_v()
    a.done(v.HearMatter(peer="V", post="DESK", type="STP", slots=STOP))
    (matter,) = a.state.matters.values()
    before = len(a.journal)
    assert a.refused(c.Acknowledge(statement=matter.hash)) == ["READ_BACK_FIRST"]
    values = ReadBackValues(position=(0, 300_000_000), start=T0)
    a.done(c.ReadBackMatter(statement=matter.hash, values=values))
    a.done(c.Acknowledge(statement=matter.hash))
    a.done(c.PassOn(statement=matter.hash))
    a.done(c.ReportDone(statement=matter.hash, action="STOPPING"))
    assert matter.state == "DONE"
    assert [step.what for step in matter.history] == ["RDB", "ACK", "PAS", "DON"]
    assert not any(kind in ("StatementSealed", "StatementOwed") for _, kind, _, _ in a.journal[before:])
    again(a)


def test_every_event_of_it_is_known_to_the_journal():
    names = {"VoicePeerPinned", "HeardNotice", "HeardMatter", "HeardActed", "CallDue", "CallRecorded"}
    assert names <= EVENTS.keys()
