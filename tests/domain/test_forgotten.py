"""A late word about what left memory is answered as it would have been while it was there.

Two worlds do the same; in one of them what is over leaves memory at once.  Then the same late statements arrive in both.
"""

from typing import Any

import pytest
from harness import Node, World, circle, fl, moved
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from skyparley.base import limits
from skyparley.base.times import MINUTE
from skyparley.domain import commands as c
from skyparley.domain.events import StatementReceived
from skyparley.domain.forgotten import DIGEST_BYTES, field_digests
from skyparley.domain.messages.catalogue import CATALOGUE
from skyparley.domain.messages.codes import CHANGED_FIELDS
from skyparley.domain.messages.slots import DueRegard

ENDS = st.sampled_from(["past", "past", "active and past", "cancelled", "ended"])
TYPES = st.sampled_from(["NTC", "NCH", "NCX", "NACT", "NEND", "NQR"])
FIELDS = st.sets(st.sampled_from(CHANGED_FIELDS))
LATE = st.tuples(TYPES, st.integers(1, 4), FIELDS, FIELDS)
TOLD, NOT_STATED = DueRegard(stated=True), DueRegard(stated=False, reason="NOT STATED")


def lived(keep_ms: int, end: str, changed: bool) -> tuple[World, Node, Node]:
    """B told a notice, changed it perhaps, and it is over; A told one of its own, which is over too."""
    world = World("A", "B", keep_ms=keep_ms)
    a, b = world.nodes
    a.file(circle(500, hours=(1, 2)), to=[b])
    b.file(circle(hours=(1, 2)), to=[a])
    world.settle()
    if changed:
        b.change("B-0001", circle(10, hours=(1, 2)))
    if end == "active and past":
        b.done(c.ActivateNotice(id="B-0001", expected_version=1 + changed))
    if end == "cancelled":
        b.done(c.CancelNotice(id="B-0001", expected_version=1 + changed))
    if end == "ended":
        b.done(c.EndNotice(id="B-0001", expected_version=1 + changed))
    world.settle()
    world.pass_time(4 * 60)
    return world, a, b


def late_statement(world: World, b: Node, said: tuple[str, int, set[str], set[str]], changed: bool) -> str:
    """A statement of B, truly signed, right or wrong: `differs` is what it changes, `told` what it says it changes."""
    kind, version, differs, told = said
    before = circle(10 if changed else 0, hours=(1, 2))
    volume = moved(
        before,
        shape=circle(40).shape if "AREA" in differs else before.shape,
        upper=fl(300) if "LEVELS" in differs else before.upper,
        end=before.end + 600 * MINUTE if "PERIOD" in differs else before.end,
    )
    plain: dict[str, Any] = {"id": "B-0001"}
    if kind in ("NTC", "NCH"):
        plain |= {
            "kind": "UAS AREA" if "KIND" in differs else "TRANSIT",
            "volumes": [volume],
            "due_regard": NOT_STATED if "DUE REGARD" in differs else TOLD,
            "key": [],
        }
    if kind == "NCH":
        plain["changed"] = [name for name in CHANGED_FIELDS if name in told]
    if kind in ("NACT", "NEND"):
        plain["at"] = world.now
    if kind == "NCX":
        plain["reason"] = "NOT STATED"
    if kind == "NQR":
        plain = {"id": "A-0001", "field": "AREA"}
    seen = {"epoch": 1, "seq": 1, "hash": b.state.lines[world.nodes[0].party].received.hash_at((1, 1))}
    return b.forge(world.nodes[0], type=kind, code=CATALOGUE[kind].code, version=version, slots=plain, seen=seen)


def answer(node: Node) -> tuple[str, str, str]:
    heard = next(one for one in reversed(node.events) if isinstance(one, StatementReceived))
    return heard.verdict, heard.err, heard.text


@settings(deadline=None)
@example("active and past", False, ("NCH", 2, {"PERIOD"}, set()), True)
@example("past", True, ("NCH", 3, {"AREA", "KIND"}, {"AREA"}), False)
@given(ENDS, st.booleans(), LATE, st.booleans())
def test_the_same_answer_as_if_it_were_there(end, changed, late, honest):
    kind, version, differs, told = late
    answers = []
    for keep_ms in (limits.FORGET_AFTER_MS, MINUTE):
        world, a, b = lived(keep_ms, end, changed)
        assert ((b.party, "B-0001") in a.state.forgotten.notices) == (keep_ms == MINUTE)
        text = late_statement(world, b, (kind, version, differs, differs if honest else told), changed)
        world.receive(a, text, receipt=False)
        notice = a.state.notices.get((b.party, "B-0001"))
        stub = a.state.forgotten.notices.get((b.party, "B-0001"))
        held = notice or stub
        assert held is not None
        assert not (notice and stub)
        alive = notice is not None and notice.live
        answers.append((answer(a), held.state, alive, alive and notice is not None and notice.current))
        assert a.replayed().forgotten == a.state.forgotten
    assert answers[0] == answers[1]
    event(f"{kind} about what is {end}: {answers[0][0][:2]}")
    if kind == "NCX" and end in ("past", "active and past"):
        assert answers[0][0][0] == ("FOLDED" if version == 1 + changed else "REFUSED")
    if kind == "NCH" and end in ("past", "active and past") and honest and version == 2 + changed:
        assert answers[0][0][0] == "FOLDED"
        assert answers[0][2] == ("PERIOD" in differs)


def test_what_is_over_and_final_leaves_only_its_state():
    for end, fields in (("cancelled", b""), ("ended", b""), ("past", None)):
        world, a, b = lived(MINUTE, end, changed=False)
        stub = a.state.forgotten.notices[(b.party, "B-0001")]
        assert (stub.fields == b"") == (fields == b"")
        assert len(b.state.forgotten.notices) == 2
        assert a.state.forgotten.notices[(a.party, "A-0001")].told == (b.party,)
        assert world.now > 0


def test_each_field_has_a_digest_of_its_own():
    before = field_digests("TRANSIT", [circle()], TOLD)
    assert len(before) == DIGEST_BYTES * len(CHANGED_FIELDS)
    others = {
        "KIND": field_digests("UAS AREA", [circle()], TOLD),
        "AREA": field_digests("TRANSIT", [circle(1)], TOLD),
        "LEVELS": field_digests("TRANSIT", [circle(levels=(fl(210), fl(240)))], TOLD),
        "PERIOD": field_digests("TRANSIT", [circle(hours=(3, 5))], TOLD),
        "DUE REGARD": field_digests("TRANSIT", [circle()], NOT_STATED),
    }
    for place, name in enumerate(CHANGED_FIELDS):
        for other, digests in others.items():
            part = slice(DIGEST_BYTES * place, DIGEST_BYTES * (place + 1))
            assert (digests[part] == before[part]) == (name != other)


@pytest.mark.parametrize(("about", "code"), [("that pair", ""), ("no pair", "NOT_OURS")])
def test_a_word_about_a_dialogue_that_left_is_late_and_not_unknown(about, code):
    world = World("A", "B", keep_ms=MINUTE)
    a, b = world.nodes
    a.file(circle(hours=(1, 2)), to=[b])
    world.settle()
    b.file(circle(5, hours=(1, 2)), to=[a])
    world.settle()
    pair = world.pair
    a.propose(pair, (b, "B-0001", [moved(b.notice("B-0001").current.volumes[0], lower=fl(300), upper=fl(340))]))
    world.settle()
    world.pass_time(5 * 60)
    assert a.state.forgotten.pairs == b.state.forgotten.pairs == {pair: 1}
    known = pair if about == "that pair" else "x" * 43
    text = b.forge(a, type="WDR", dialog_id=known, version=1, reply_to=world.new_id(), slots={"proposal": "p" * 43})
    world.receive(a, text, receipt=False)
    assert answer(a)[1] == code
