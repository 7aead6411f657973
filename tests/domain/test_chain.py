"""The chain rules of line-v1 3.3, each by statements that were really signed and really arrived."""

import json

from harness import Node, World, circle

from skyparley.base.canonical import canonical
from skyparley.base.times import MINUTE
from skyparley.domain import commands as c
from skyparley.domain.events import EvidenceKept, HeadsCompared, LineEstablished, LineOpened, StatementReceived
from skyparley.evidence import jws


def talking(count: int = 3) -> tuple[World, Node, Node]:
    """A has sealed some notices for B; none has arrived.  The line is open, and its feeds begin with these."""
    world = World("A", "B", link=False)
    a, b = world.nodes
    for node, other in ((a, b), (b, a)):
        node.run(c.SeeDesk(staffed=True, account="officer"))
        peer = other.party
        node.happen(LineEstablished(peer=peer), LineOpened(peer=peer), HeadsCompared(peer=peer, result="EQUAL"))
    for place in range(count):
        a.file(circle(200 * place), to=[b])
    return world, a, b


def other(a: Node, text: str, **members: object) -> str:
    """The statement with other members and a true signature: what only a peer that breaks the rules could send."""
    payload = json.loads(jws.split(text).payload) | members
    return a.sign(canonical({name: value for name, value in payload.items() if value is not None}), payload["role"])


def kept(node: Node) -> list[str]:
    return [event.what for event in node.events if isinstance(event, EvidenceKept)]


def head(b: Node, a: Node) -> tuple[int, int]:
    return b.state.lines[a.party].received.head


def test_1_the_next_one_is_accepted():
    world, a, b = talking()
    assert world.carry(a, b) == ["RECEIVED"] * 3
    assert head(b, a) == (1, 3)


def test_1_the_first_of_all_may_be_of_any_epoch_without_an_alarm():
    world, a, b = talking(1)
    (first,) = a.sent[b.party]
    assert world.receive(b, other(a, first, epoch=7), receipt=False) == "RECEIVED"
    assert (head(b, a), b.alarms(), kept(b)) == ((7, 1), [], [])


def test_1_the_first_has_seq_1_and_no_prev():
    world, a, b = talking(2)
    first, second = a.sent[b.party]
    assert world.receive(b, second) == "GAP"
    assert world.receive(b, other(a, first, prev="A" * 43)) == "BROKEN"
    assert head(b, a) == (0, 0)


def test_2_a_new_epoch_is_accepted_and_raised():
    world, a, b = talking(1)
    world.carry(a, b)
    (first,) = a.sent[b.party]
    version = {"slots": json.loads(jws.split(first).payload)["slots"] | {"id": "A-0009"}}
    assert world.receive(b, other(a, first, epoch=2, **version), receipt=False) == "RECEIVED"
    assert (head(b, a), b.alarms(), kept(b)) == ((2, 1), ["NEW_EPOCH"], ["NEW_EPOCH"])
    assert b.notice("A-0009", a).live


def test_2_a_new_epoch_begins_with_1():
    world, a, b = talking(1)
    world.carry(a, b)
    (first,) = a.sent[b.party]
    assert world.receive(b, other(a, first, epoch=2, seq=2, prev="A" * 43)) == "GAP"
    assert world.receive(b, other(a, first, epoch=2, prev="A" * 43)) == "BROKEN"
    assert head(b, a) == (1, 1)


def test_3_the_same_again_is_a_duplicate_with_the_same_receipt():
    world, a, b = talking(2)
    world.carry(a, b, receipt=False)
    first = a.sent[b.party][0]
    before, receipt = len(b.journal), world.receipt(b, first)
    world.now += 5 * MINUTE
    assert world.receive(b, first) == "DUPLICATE"
    assert (len(b.journal), world.receipt(b, first)) == (before, receipt)


def test_3_another_with_the_same_number_is_a_fork_kept_once_and_changes_nothing():
    world, a, b = talking(2)
    world.carry(a, b)
    forged = other(a, a.sent[b.party][0], clock_quality="BAD")
    notices = dict(b.state.notices)
    for _ in range(3):
        assert world.receive(b, forged) == "FORK"
    assert (kept(b), b.alarms(), head(b, a), b.state.notices) == (["FORK"], ["FORK"], (1, 2), notices)
    assert world.receive(b, other(a, forged, created_utc=1)) == "FORK"
    assert kept(b) == ["FORK", "FORK"], "another one is other evidence"


def test_3_an_old_epoch_is_remembered():
    world, a, b = talking(1)
    world.carry(a, b)
    (first,) = a.sent[b.party]
    world.receive(b, other(a, first, epoch=2), receipt=False)
    assert world.receive(b, first) == "DUPLICATE"
    assert world.receive(b, other(a, first, clock_quality="BAD")) == "FORK"
    assert world.receive(b, other(a, first, seq=2, prev="A" * 43)) == "GAP", "of an epoch that is over, and not held"
    assert head(b, a) == (2, 1)


def test_4_a_gap_is_not_kept():
    world, a, b = talking()
    first, second, third = a.sent[b.party]
    assert world.receive(b, first) == "RECEIVED"
    before = len(b.journal)
    assert world.receive(b, third) == "GAP"
    assert len(b.journal) == before
    assert [world.receive(b, text) for text in (second, third)] == ["RECEIVED", "RECEIVED"]


def test_5_a_broken_link_is_evidence_and_the_true_one_still_fits():
    world, a, b = talking(2)
    first, second = a.sent[b.party]
    world.receive(b, first)
    for prev in ("A" * 43, None):
        assert world.receive(b, other(a, second, prev=prev)) == "BROKEN"
    assert (kept(b), b.alarms(), head(b, a)) == (["BROKEN"] * 2, ["BROKEN"], (1, 1))
    assert b.state.alarms[0].count == 2, "one alarm that grows"
    assert world.receive(b, second) == "RECEIVED"


def test_6_a_false_seen_is_evidence_and_the_chain_goes_on():
    world, a, b = talking(2)
    b.file(circle(900), to=[a])
    world.settle()
    number = a.state.lines[b.party].sent.head[1] + 1
    false = a.forge(
        b,
        type="NQR",
        code="N6",
        version=1,
        slots={"id": "B-0001", "field": "AREA"},
        seen={"epoch": 1, "seq": 1, "hash": "A" * 43},
    )
    assert world.receive(b, false, receipt=False) == "RECEIVED"
    assert (kept(b), b.alarms()) == (["SEEN_FALSE"], ["SEEN_FALSE"])
    assert head(b, a) == (1, number)


def test_6_seen_of_what_was_never_sent_waits_while_lost_statements_may_come_back():
    """A node restored from an old copy meets answers to what it lost: first it gets that back (line-v1 7.7)."""
    world, a, b = talking(1)
    text = other(a, a.sent[b.party][0], seen={"epoch": 1, "seq": 5, "hash": "A" * 43})
    b.run(c.Start(software="test"))
    assert world.receive(b, text, receipt=False) == "GAP"
    world.hello(b, a)
    assert world.receive(b, text, receipt=False) == "RECEIVED"
    assert kept(b) == ["SEEN_FALSE"]


def test_a_meaning_that_is_refused_never_stalls_the_chain():
    """Each kind of wrong is kept, counted, receipted, marked and answered with its code; what follows arrives."""
    world, a, b = talking(1)
    world.settle()
    slots = json.loads(jws.split(a.sent[b.party][0]).payload)["slots"]
    bad_level = {"ref": "FL", "ft": 20_050}
    volume = slots["volumes"][0]
    wrong = {
        "SCHEMA": {"slots": slots | {"id": "A-0002", "target": "x"}},
        "VERSION": {"slots": slots},
        "NOT_OURS": {"type": "NCX", "code": "N3", "slots": {"id": "A-0099", "reason": "WX"}},
        "GEOMETRY": {"slots": slots | {"id": "A-0002", "volumes": [volume | {"upper": bad_level}]}},
        "EXERCISE": {
            "type": "NACT",
            "code": "N4",
            "slots": {"id": "A-0001", "at": world.now},
            "exercise": True,
            "role": "exercise",
        },
    }
    line = a.state.lines[b.party]
    prev, seq = line.sent.head_hash, line.sent.head[1]
    for members in wrong.values():
        base = {"type": "NTC", "code": "N1", "version": 1, "seq": seq + 1, "prev": prev, "msg_id": world.new_id()}
        text = other(a, a.sent[b.party][0], **(base | members))
        assert world.receive(b, text, receipt=False) == "RECEIVED"
        seq, prev = seq + 1, b.state.lines[a.party].received.head_hash
    received = [event for event in b.events if isinstance(event, StatementReceived)][-len(wrong) :]
    assert [(event.verdict, event.err) for event in received] == [("REFUSED", code) for code in wrong]
    answers = [envelope.slots for envelope in b.told(a) if envelope.type == "ERR"]
    assert [(one.seq, one.code) for one in answers] == [
        (line.sent.head[1] + 1 + n, code) for n, code in enumerate(wrong)
    ]
    assert set(b.state.notices) == {(a.party, "A-0001")}
    base = {"seq": seq + 1, "prev": prev, "msg_id": world.new_id(), "slots": slots | {"id": "A-0003"}}
    assert world.receive(b, other(a, a.sent[b.party][0], **base), receipt=False) == "RECEIVED"
    assert b.notice("A-0003", a).live


def test_a_statement_signed_by_the_other_role_is_refused_in_meaning():
    """A machine key cannot speak for the desk."""
    world, a, b = talking(1)
    payload = jws.split(a.sent[b.party][0]).payload
    assert world.receive(b, a.sign(payload, "machine"), receipt=False) == "RECEIVED"
    assert [event.err for event in b.events if isinstance(event, StatementReceived)] == ["SCHEMA"]
    assert not b.state.notices
