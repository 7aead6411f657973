"""What we owe a peer with only a telephone: each thing is called once, read back, summed up, and rung until it is."""

from typing import Any

import msgspec
from harness import STATED, T0, Node, World, circle
from test_voice_peers import STOP, again, v_of, with_v

from skyparley.base.times import MINUTE
from skyparley.domain import commands as c
from skyparley.domain import voice_commands as v
from skyparley.domain.messages.matter_slots import FreeText, ReadBackValues
from skyparley.domain.read_back import values_of
from skyparley.domain.voice_records import Call
from skyparley.state.views import overview
from skyparley.state.voice_views import call_sheet, call_view

SUMMARY = FreeText(lang="en", text="Told and read back.")


def calls(a: Node, *states: str) -> list[Call]:
    return [call for call in a.state.voice.calls.values() if not states or call.state in states]


def said(call: Call) -> tuple[str, Any]:
    return call.envelope.type, call.envelope.version


def make(a: Node, call: Call, **members: Any) -> str:
    """A call made as it should be: picked up, read back rightly, summed up."""
    a.done(v.StartCall(call=call.id))
    values = values_of(call.envelope.slots)
    members.setdefault("values", values if values != ReadBackValues() else None)
    members.setdefault("summary", SUMMARY)
    return a.done(v.RecordCall(call=call.id, outcome="REACHED", post="DESK", **members)).result


def filed() -> tuple[World, Node, Call]:
    world, a, _ = with_v()
    a.done(c.FileNotice(kind="TRANSIT", volumes=(circle(),), due_regard=STATED, audience=("V",), id="A-0001"))
    (call,) = calls(a)
    return world, a, call


# --- from what is so to what is said ------------------------------------------------------------------------------


def test_a_notice_becomes_a_call_and_no_statement():
    _, a, call = filed()
    assert said(call) == ("NTC", 1)
    assert (call.state, call.about, call.peer) == ("DUE", "A-0001", v_of(a))
    notice = a.notice("A-0001")
    assert (notice.audience, notice.by_voice) == ((), (v_of(a),))
    assert not a.events[-1:] or all(type(one).__name__ not in ("StatementOwed",) for one in a.events)
    assert v_of(a) not in a.sent
    again(a)


def test_a_change_before_the_call_overtakes_it_and_is_a_first_telling_still():
    _, a, first = filed()
    a.change("A-0001", circle(30))
    (second,) = calls(a, "DUE")
    assert (first.state, first.outcome) == ("DROPPED", "DROPPED")
    assert said(second) == ("NTC", 2)
    again(a)


def test_a_change_after_the_call_says_what_changed_against_what_they_know():
    _, a, first = filed()
    assert make(a, first) == "DONE"
    a.change("A-0001", circle(30))
    a.change("A-0001", circle(60))
    (call,) = calls(a, "DUE")
    assert said(call) == ("NCH", 3)
    assert call.envelope.slots.changed == ("AREA",)


def test_what_changed_while_somebody_spoke_is_called_after():
    _, a, first = filed()
    a.done(v.StartCall(call=first.id))
    a.change("A-0001", circle(30))
    assert calls(a, "DUE") == []
    values = values_of(first.envelope.slots)
    a.done(v.RecordCall(call=first.id, outcome="REACHED", post="DESK", values=values, summary=SUMMARY))
    (call,) = calls(a, "DUE")
    assert said(call) == ("NCH", 2)


def test_active_and_ended_are_called_in_turn():
    world, a, first = filed()
    world.now = T0 + 181 * MINUTE
    a.done(c.ActivateNotice(id="A-0001", expected_version=1))
    assert calls(a, "DUE") == [first]
    make(a, first)
    (active,) = calls(a, "DUE")
    assert said(active)[0] == "NACT"
    make(a, active)
    a.done(c.EndNotice(id="A-0001", expected_version=1))
    (ended,) = calls(a, "DUE")
    assert said(ended)[0] == "NEND"
    make(a, ended)
    assert calls(a, "DUE", "CALLED", "SUMMARY") == []


def test_what_was_never_told_is_not_cancelled_by_telephone():
    _, a, first = filed()
    a.done(c.CancelNotice(id="A-0001", expected_version=1))
    assert first.state == "DROPPED"
    assert calls(a, "DUE") == []


def test_what_was_told_is():
    _, a, first = filed()
    make(a, first)
    a.done(c.CancelNotice(id="A-0001", expected_version=1))
    assert [said(call)[0] for call in calls(a, "DUE")] == ["NCX"]


def test_whatever_our_desk_says_to_them_is_a_call_and_to_others_a_statement():
    world, a, b = with_v()
    answer = a.done(c.Say(peers=("B", "V"), type="STP", slots=STOP))
    assert answer.refs["calls"] == {"V": "CALL-0001"}
    assert a.types(b) == ["STP"]
    (call,) = calls(a)
    assert (call.cls, call.due) == ("LIFE", world.now + a.table.ack_life_ms)


def test_a_notice_is_coordinated_when_everybody_on_a_line_and_on_a_telephone_knows_it():
    world, a, b = with_v()
    a.done(c.FileNotice(kind="TRANSIT", volumes=(circle(),), due_regard=STATED, audience=("V", "B"), id="A-0001"))
    world.settle()
    (notice,) = overview(a.state, world.now).notices
    assert notice.audience[0].delivered
    assert notice.state == "NOTIFIED"
    make(a, calls(a)[0])
    assert overview(a.state, world.now).notices[0].state == "COORDINATED"
    assert b.notice("A-0001", of=a).by_voice == ()


# --- calling -----------------------------------------------------------------------------------------------------


def test_the_first_who_picks_up_has_it():
    _, a, call = filed()
    assert a.done(v.StartCall(call=call.id)).result == "DONE"
    assert a.done(v.StartCall(call=call.id)).result == "ALREADY"
    assert call.tries == 1


def test_a_call_is_started_before_it_is_recorded_and_read_back_before_it_is_over():
    _, a, call = filed()
    assert a.refused(v.RecordCall(call=call.id, outcome="NO ANSWER")) == ["CALL_FIRST"]
    a.done(v.StartCall(call=call.id))
    assert set(a.refused(v.RecordCall(call=call.id, outcome="REACHED"))) == {"POST", "READ_BACK_FIRST"}


def test_what_was_read_back_wrongly_keeps_the_call_open():
    _, a, call = filed()
    a.done(v.StartCall(call=call.id))
    right = values_of(call.envelope.slots)
    wrong = msgspec.structs.replace(right, start=right.start + 2 * MINUTE)
    answer = a.done(v.RecordCall(call=call.id, outcome="REACHED", post="DESK", values=wrong, summary=SUMMARY))
    assert (answer.result, answer.refs["differs"]) == ("MISMATCH", ["START"])
    assert (call.state, call.read_back) == ("CALLED", "MISMATCH")
    assert a.notice("A-0001").called == {}
    assert a.done(v.RecordCall(call=call.id, outcome="REACHED", values=right)).result == "DONE"
    assert (call.state, call.read_back) == ("DONE", "MATCH")
    again(a)


def test_a_summary_is_due_ten_minutes_after_picking_up_and_rings():
    world, a, call = filed()
    a.done(v.StartCall(call=call.id))
    started = world.now
    a.done(v.RecordCall(call=call.id, outcome="REACHED", post="DESK", values=values_of(call.envelope.slots)))
    assert (call.state, call.summary_due) == ("SUMMARY", started + 10 * MINUTE)
    world.pass_time(9)
    assert call.rung == []
    world.pass_time(2)
    assert [ring.post for ring in call.rung] == ["DESK"]
    world.pass_time(11)
    assert [ring.post for ring in call.rung] == ["DESK", "LEVEL2"]
    a.done(v.RecordCall(call=call.id, outcome="REACHED", summary=SUMMARY))
    assert call.state == "DONE"
    assert a.state.deadlines.due_at("CALL", call.id) is None


def test_a_call_about_lives_that_nobody_makes_climbs_the_ladder_and_hooks_hear_it():
    world, a, _ = with_v()
    a.done(c.Say(peers=("V",), type="STP", slots=STOP))
    (call,) = calls(a)
    world.pass_time(15)
    assert [ring.post for ring in call.rung][:1] == ["DESK"]
    assert {ring.post for ring in call.rung} == {"DESK", "ALTERNATE", "SUPERVISOR", "LEVEL2"}
    assert any(ring.about == call.id and ring.cls == "LIFE" for ring in a.state.rings.recent.values())
    again(a)


def test_nobody_answers_and_the_ladder_goes_on_from_where_it_is():
    world, a, _ = with_v()
    a.done(c.Say(peers=("V",), type="STP", slots=STOP))
    (call,) = calls(a)
    a.done(v.StartCall(call=call.id))
    a.done(v.RecordCall(call=call.id, outcome="NO ANSWER"))
    assert (call.state, call.outcome, call.summary_due) == ("DUE", "NO ANSWER", None)
    world.pass_time(15)
    assert "LEVEL2" in {ring.post for ring in call.rung}


def test_a_refusal_is_recorded_with_its_words_told_and_not_called_again():
    _, a, call = filed()
    a.done(v.StartCall(call=call.id))
    assert a.refused(v.RecordCall(call=call.id, outcome="REFUSED")) == ["SUMMARY"]
    a.done(v.RecordCall(call=call.id, outcome="REFUSED", summary=FreeText(lang="en", text="They would not listen.")))
    assert (call.state, call.outcome) == ("DONE", "REFUSED")
    assert "CALL_REFUSED" in a.alarms()
    assert calls(a, "DUE") == []


def test_words_to_avoid_are_not_written_into_a_summary():
    _, a, call = filed()
    a.done(v.StartCall(call=call.id))
    command = v.RecordCall(
        call=call.id,
        outcome="REACHED",
        post="DESK",
        values=values_of(call.envelope.slots),
        summary=FreeText(lang="en", text="x" * 150 + "\u202e"),
    )
    assert a.refused(command) == ["FREE_TEXT_CHARACTERS"]


def test_a_call_that_is_over_leaves_memory():
    world, a, call = filed()
    make(a, call)
    world.pass_time(30 * 60)
    assert call.id not in a.state.voice.calls
    assert a.state.voice.calls_made == 1
    again(a)


# --- what is seen ------------------------------------------------------------------------------------------------


def test_the_sheet_says_it_in_their_language_how_to_say_it_and_in_ours():
    world, a, call = filed()
    sheet = call_sheet(a.state, call, world.now)
    (theirs,), (ours,), (aloud,) = sheet.theirs, sheet.ours, sheet.aloud
    assert (theirs.lang, ours.lang) == ("ru", "en")
    assert any("а" <= letter <= "я" for letter in theirs.text.lower())
    assert aloud.isascii() or not any("а" <= letter <= "я" for letter in aloud.lower())
    assert "A-0001" in theirs.text
    assert sheet.read_back == values_of(call.envelope.slots)
    assert sheet.numbers == ("+00 1 555 0100",)


def test_what_is_due_comes_first_by_class_and_may_be_started():
    world, a, call = filed()
    a.done(c.Say(peers=("V",), type="STP", slots=STOP))
    seen = overview(a.state, world.now).calls
    assert [one.cls for one in seen] == ["LIFE", "COORD"]
    assert [one.can for one in seen] == [("start",), ("start",)]
    make(a, call)
    assert call_view(a.state, call, world.now).can == ()
