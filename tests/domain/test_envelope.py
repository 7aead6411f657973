"""Envelopes: what is written reads back, nothing unknown gets in, and the catalogue is what is sealed."""

import json
from typing import Any

import pytest
from harness import conflicting, fl, moved
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from statements import ANSWERS, REPLIES, SLOTS, envelopes, forms

from how_many import examples
from skyparley.base.canonical import canonical
from skyparley.domain import commands as c
from skyparley.domain.messages.catalogue import CATALOGUE
from skyparley.domain.messages.envelope import (
    Envelope,
    NotAStatement,
    NotUnderstood,
    read_chain,
    read_meaning,
    to_plain,
    write,
)

SOME = settings(max_examples=examples(25), suppress_health_check=[HealthCheck.too_slow], deadline=None)
MORE = settings(max_examples=examples(200), suppress_health_check=[HealthCheck.too_slow], deadline=None)


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """Paths of every object inside plain data."""
    found = [path] if isinstance(value, dict) else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, one in inner for place in places(one, (*path, key))]


def plain(envelope: Envelope) -> dict[str, Any]:
    return json.loads(write(envelope))


def at(value: Any, path: tuple) -> Any:
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize(("kind", "matter"), forms())
@SOME
@given(data=st.data())
def test_every_type_reads_back_as_written(kind, matter, data):
    envelope = data.draw(envelopes(kind, matter=matter))
    payload = write(envelope)
    assert read_meaning(payload) == envelope
    assert canonical(json.loads(payload)) == payload
    chain = read_chain(payload)
    members = ("epoch", "seq", "prev", "seen", "from_", "to", "msg_id")
    assert [getattr(chain, name) for name in members] == [getattr(envelope, name) for name in members]


def test_every_type_of_the_catalogue_is_tried():
    assert set(SLOTS) == set(CATALOGUE)
    assert set(ANSWERS) == {kind for kind, row in CATALOGUE.items() if row.matter is not None}


@MORE
@given(
    envelopes(), st.sampled_from(["target", "unit", "remark", "zzz"]), st.sampled_from(["x", 1, True, []]), st.data()
)
def test_a_member_that_nobody_knows_is_not_understood_wherever_it_stands(envelope, name, value, data):
    """Envelope, slots, volumes, levels, keys: at every depth.  The chain of it is still read."""
    statement = plain(envelope)
    path = data.draw(st.sampled_from(places(statement)))
    at(statement, path)[name] = value
    payload = canonical(statement)
    with pytest.raises(NotUnderstood):
        read_meaning(payload)
    if path[:1] != ("seen",):
        assert read_chain(payload).msg_id == envelope.msg_id


OPTIONAL = {
    "CFL": {"start", "end"},
    "PRO": {"volumes"},
    "CPR": {"volumes"},
    "AGR": {"volumes"},
    "ERR": {"ids"},
    "RDB": {"position", "lower", "upper", "start", "end"},
    "PAS": {"action", "level"},
    "DON": {"level"},
    "LAS": {"level"},
    "GNI": {"level"},
    "STP": {"reopens"},
    "DIS": {"id", "pob"},
    "RLY": {"id", "pob", "reopens"},
    "ACC": {"signature"},
}
"""Members of slots that may be absent, by type, wherever in the slots they stand."""


@MORE
@given(envelopes(), st.data())
def test_a_member_that_is_missing_or_of_another_kind_is_not_understood(envelope, data):
    statement = plain(envelope)
    optional = {"seen", "reply_to", "prev", "free_text", "clock_quality"} | OPTIONAL.get(envelope.type, set())
    if envelope.cls == "LIFE":
        optional |= {"table_hash"}
    path = data.draw(st.sampled_from(places(statement)))
    name = data.draw(st.sampled_from(sorted(at(statement, path)) or [""]))
    if not name:
        return
    if name in optional or data.draw(st.booleans()):
        at(statement, path)[name] = {"surely": "not"}
    else:
        del at(statement, path)[name]
    with pytest.raises(NotUnderstood):
        read_meaning(canonical(statement))


FIXED = ["class", "role", "code", "dialog_id", "version", "valid_until", "reply_by", "exercise"]


@MORE
@given(envelopes(), st.sampled_from(FIXED))
def test_what_the_catalogue_fixes_cannot_be_said_otherwise(envelope, member):
    """A member that the type has not, or one that it must have and that says something else."""
    statement = plain(envelope)
    row = CATALOGUE[envelope.type]
    answers = row.matter is not None and "dialog_id" not in statement
    if member == "class":
        # The parent of what answers, or is about a notice, is not in the statement: its class is judged where that is held.
        assume(envelope.type == "NCH" or (row.cls is not None and not answers))
        statement["class"] = "ADMIN" if envelope.cls != "ADMIN" else "LIFE"
    elif member == "role":
        statement["role"] = "desk" if envelope.role == "machine" else "machine"
    elif member == "code":
        statement["code"] = "X9"
    elif member in statement:
        del statement[member]
    else:
        statement[member] = {"dialog_id": "A" * 43, "version": 1, "exercise": True}.get(member, 0)
    # With and without a dialogue the four answers have other slots, which do not fit either.
    other_form = row.matter is not None and member == "dialog_id"
    with pytest.raises(NotUnderstood, match=None if other_form else r" of |code"):
        read_meaning(canonical(statement))


@MORE
@given(envelopes(matter=True).filter(lambda envelope: envelope.type in REPLIES | set(ANSWERS)))
def test_what_answers_says_what_it_answers(envelope):
    statement = plain(envelope)
    del statement["reply_to"]
    with pytest.raises(NotUnderstood, match="reply_to"):
        read_meaning(canonical(statement))


@MORE
@given(envelopes(), st.integers(201, 300))
def test_free_text_is_short_and_says_its_language(envelope, length):
    for wrong in ({"lang": "en", "text": "x" * length}, {"lang": "en", "text": ""}, {"text": "x"}, {"lang": "en"}):
        with pytest.raises(NotUnderstood):
            read_meaning(canonical(plain(envelope) | {"free_text": wrong}))
    with pytest.raises(NotUnderstood, match="lang"):
        read_meaning(canonical(plain(envelope) | {"free_text": {"lang": "xx", "text": "x"}}))


@MORE
@given(envelopes("NTC"), st.sampled_from(["HAZARD", "HUM", "MEDEVAC", "CIVIL", "SAR"]))
def test_a_notice_is_told_by_the_type_of_its_kind(envelope, kind):
    statement = plain(envelope)
    statement["slots"]["kind"] = kind
    with pytest.raises(NotUnderstood, match=f"a notice of kind {kind} is told by"):
        read_meaning(canonical(statement))


@MORE
@given(envelopes(), st.sampled_from(["proto", "epoch", "seq", "from", "to", "msg_id"]))
def test_without_its_chain_it_is_no_statement(envelope, member):
    statement = plain(envelope)
    del statement[member]
    with pytest.raises(NotAStatement):
        read_chain(canonical(statement))


@SOME
@given(envelopes())
def test_other_bytes_for_the_same_meaning_are_no_statement(envelope):
    """White space, another order of keys, a key twice, a figure written otherwise."""
    payload = write(envelope)
    twice = payload[:-1] + b',"to":' + json.dumps(envelope.to).encode() + b"}"
    reordered = json.dumps(dict(reversed(list(plain(envelope).items()))), separators=(",", ":")).encode()
    for other in (payload + b" ", payload.replace(b":", b": ", 1), twice, reordered):
        assert other != payload
        with pytest.raises(NotAStatement):
            read_chain(other)


def test_all_that_two_nodes_seal_is_what_the_catalogue_says():
    """Dialogues with every type that a desk can cause: class, role and code as in the table of line-v1 4."""
    world, a, b = conflicting()
    pair = world.pair
    lower = [moved(b.notice("B-0001").current.volumes[0], upper=fl(180))]
    higher = [moved(a.notice("A-0001").current.volumes[0], lower=fl(270), upper=fl(310))]
    b.done(c.QueryNotice(party="A", id="A-0001", expected_version=1, field="AREA"))
    world.settle()
    for answer in ("withdrawn", "rejected", "countered"):
        a.propose(pair, (b, "B-0001", lower))
        world.settle()
        if answer == "withdrawn":
            b.answer(c.StandBy, pair, until=b.conflict().offer.valid_until)
            world.settle()
            a.answer(c.Withdraw, pair)
        elif answer == "rejected":
            b.answer(c.Reject, pair, reason="SAFETY")
        else:
            b.propose(pair, (a, "A-0001", higher))
        world.settle()
    a.answer(c.Accept, pair)
    world.settle()
    a.done(c.ActivateNotice(id="A-0001", expected_version=2))
    a.done(c.EndNotice(id="A-0001", expected_version=2))
    b.change("B-0001", kind="HUM")
    b.done(c.CancelNotice(id="B-0001", expected_version=2))
    world.settle()
    sealed = [*a.told(b), *b.told(a)]
    dialogue = {"PRO", "CPR", "ACC", "REJ", "SBY", "WDR", "AGR"}
    assert {envelope.type for envelope in sealed} == dialogue | {"NTC", "NCH", "NCX", "NACT", "NEND", "NQR", "CFL"}
    for envelope in sealed:
        row = CATALOGUE[envelope.type]
        code = (
            {"VERT": "C2", "LAT": "C3", "TIME": "C4", "MIX": ""}[envelope.slots.kind] if row.code == "*" else row.code
        )
        said = to_plain(envelope)
        # B-0001 was changed to HUM, and cancelled as that.
        humanitarian = envelope.type == "NCX" or (envelope.type == "NCH" and envelope.slots.kind == "HUM")
        cls = "PRIORITY" if humanitarian else "COORD"
        assert (said["class"], said["role"], said.get("code", "")) == (cls, row.role, code)
    assert a.alarms() == b.alarms() == []
