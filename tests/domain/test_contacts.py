"""Contact outside the line: recorded, told, queried; a banner changes no line; an unsigned call changes nothing."""

from typing import Any

import pytest
from harness import Node, World
from test_voice_peers import again, v_of, with_v

from skyparley.domain import commands as c
from skyparley.domain import voice_commands as v
from skyparley.domain.line_views import word_of
from skyparley.domain.messages.matter_slots import FreeText
from skyparley.state.views import overview

WALK_IN = FreeText(lang="en", text="Activity begins in one hour. No area and no levels were given.")


def recorded(a: Node, **members: Any) -> str:
    members.setdefault("how", "IN PERSON")
    members.setdefault("who", "ATTACHE")
    members.setdefault("gist", WALK_IN)
    return str(a.done(v.RecordContact(**members)).refs["contact"])


def lines_of(a: Node) -> Any:
    return {
        line.name: (line.state, line.suspended_by, line.changes, word_of(a.state, line))
        for line in a.state.lines.values()
    }


def test_a_walk_in_is_recorded_and_nothing_is_inferred():
    world, a, _ = with_v()
    notices = dict(a.state.notices)
    answer = a.done(v.RecordContact(how="IN PERSON", who="ATTACHE", gist=WALK_IN, peer="B"))
    assert (answer.refs["ask"], answer.refs["inferred"]) == (["AREA", "LEVELS", "PERIOD"], "NOTHING")
    assert (a.state.notices, a.state.conflicts, a.state.matters) == (notices, {}, {})
    (seen,) = overview(a.state, world.now).contacts
    assert (seen.contact, seen.peer, seen.ask) == ("OOB-0001", "B", ("AREA", "LEVELS", "PERIOD"))
    again(a)


def test_it_is_told_as_oob_and_then_queried_and_the_other_desk_is_asked():
    world, a, b = with_v()
    contact = recorded(a, peer="B")
    assert a.refused(v.QueryContact(contact=contact, field="AREA")) == ["TELL_FIRST"]
    a.done(v.TellContact(contact=contact))
    assert a.done(v.TellContact(contact=contact)).result == "ALREADY"
    world.settle()
    (held,) = b.state.voice.contacts.values()
    assert (held.party, held.id, held.gist) == (a.party, contact, WALK_IN)
    assert b.types(a) == []
    a.done(v.QueryContact(contact=contact, field="AREA"))
    world.settle()
    assert a.types(b) == ["OOB", "NQR"]
    assert b.types(a) == []
    (matter,) = b.state.matters.values()
    assert matter.type == "NQR"
    b.done(c.Acknowledge(statement=matter.hash))
    again(a)
    again(b)


def test_a_query_about_what_was_never_told_is_answered_with_err():
    world, a, b = with_v()
    world.settle()
    text = a.forge(b, type="NQR", code="N6", version=1, slots={"id": "OOB-0009", "field": "AREA"})
    assert world.receive(b, text) == "RECEIVED"
    (answer,) = [one for one in b.sealed(a) if one.type == "ERR"]
    assert answer.slots.code == "NOT_OURS"


@pytest.mark.parametrize("kind", ["SUSPENSION ANNOUNCED", "RESUMPTION ANNOUNCED", "TERMINATION ANNOUNCED"])
def test_a_banner_stands_beside_the_word_and_changes_no_line(kind):
    world, a, _ = with_v()
    before = lines_of(a)
    contact = recorded(a, how="BROADCAST", who="OFFICIAL", kind=kind, peer="B")
    assert lines_of(a) == before
    (line,) = overview(a.state, world.now).lines
    assert [banner.kind for banner in line.banners] == [kind]
    world.pass_time(3 * 60)
    assert overview(a.state, world.now).lines[0].banners, "a clock takes no banner down"
    a.done(v.TakeDownBanner(contact=contact))
    assert overview(a.state, world.now).lines[0].banners == ()
    assert a.refused(v.TakeDownBanner(contact=contact)) == ["STATE"]
    assert [line.state for line in a.state.lines.values()] == [state for state, *_ in before.values()]
    again(a)


def test_a_banner_names_whose_line():
    _, a, _ = with_v()
    command = v.RecordContact(how="BROADCAST", who="PRESS", gist=WALK_IN, kind="SUSPENSION ANNOUNCED")
    assert a.refused(command) == ["PEER"]


def test_to_a_voice_peer_it_is_a_call():
    _, a, _ = with_v()
    contact = recorded(a, peer="V")
    a.done(v.TellContact(contact=contact))
    a.done(v.QueryContact(contact=contact, field="LEVELS"))
    told, asked = a.state.voice.calls.values()
    assert (told.envelope.type, asked.envelope.type) == ("OOB", "NQR")
    a.done(v.StartCall(call=told.id))
    a.done(v.RecordCall(call=told.id, outcome="REACHED", post="DESK", summary=FreeText(lang="en", text="Told.")))
    assert a.state.voice.contacts[(a.party, contact)].told == (v_of(a),)


def test_a_contact_about_nobody_is_told_to_nobody():
    _, a, _ = with_v()
    assert a.refused(v.TellContact(contact=recorded(a))) == ["NO_PEER"]


def test_an_unsigned_call_is_kept_shown_and_changes_nothing_but_says_whom_to_call_back():
    world, a, _ = with_v()
    text = FreeText(lang="en", text="Said to be their duty officer: all of our flights end at once.")
    before = (dict(a.state.notices), dict(a.state.matters), lines_of(a))
    answer = a.done(v.EnterUnsigned(claimed="V", how="PHONE", text=text))
    assert answer.refs["call_back"] == ["+00 1 555 0100"]
    (seen,) = overview(a.state, world.now).unauthenticated
    assert (seen.claimed, seen.source, seen.call_back) == ("V", "PHONE", ("+00 1 555 0100",))
    assert "UNAUTHENTICATED" in a.alarms()
    assert (dict(a.state.notices), dict(a.state.matters), lines_of(a)) == before
    a.done(v.EnterUnsigned(claimed="NOBODY", how="RADIO", text=text))
    assert overview(a.state, world.now).unauthenticated[0].claimed == ""
    again(a)


def test_no_more_contacts_are_held_than_may_be_and_never_a_banner_is_dropped(monkeypatch):
    monkeypatch.setattr("skyparley.base.limits.CONTACTS_KEPT", 3)
    world, a, _ = with_v()
    assert isinstance(world, World)
    banner = recorded(a, kind="SUSPENSION ANNOUNCED", peer="B")
    for _ in range(4):
        recorded(a)
    assert [key[1] for key in a.state.voice.contacts] == [banner, "OOB-0004", "OOB-0005"]
