"""The chain: a whole feed holds, and each way of tampering with one is found and named."""

from typing import Any

import make_vectors as v
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from skyparley.base.canonical import canonical
from skyparley.base.ids import digest
from skyparley.evidence import feed, jws
from skyparley.evidence.card import read_card
from skyparley.evidence.feed import Head, Link, judge_link, judge_seen, next_link, statement_hash, verify_feed
from skyparley.evidence.keys import Kid, fingerprint, from_seed, parse_kid

CARD = read_card(v.card_vectors()["cards"][0]["card"])
PEER = fingerprint(v.B_PARTY.public)
DESK = from_seed(v.A_DESK.seed)
DESK_KID = CARD.kid_of(CARD.said.roles[0])


def heard(seq: int, epoch: int = 1) -> Head:
    return Head(epoch, seq, digest(f"{epoch}/{seq}".encode()))


def statement(head: Head | None, *, open_epoch: int = 1, kid: Kid = DESK_KID, **changes: Any) -> str:
    """The statement after `head`, with members of its envelope changed; None leaves a member out."""
    epoch, seq, prev = next_link(head, open_epoch=open_epoch)
    envelope: dict[str, Any] = {
        "proto": "skyparley/1",
        "epoch": epoch,
        "seq": seq,
        "prev": prev or None,
        "from": CARD.fingerprint,
        "to": PEER,
        "msg_id": f"{epoch:08x}-0000-4000-8000-{seq:012x}",
        **changes,
    }
    plain = {name: value for name, value in envelope.items() if value is not None}
    return jws.sign(canonical(plain), DESK, kid, jws.STATEMENT)


def chain(length: int, head: Head | None = None, **changes: Any) -> list[str]:
    """`length` statements that hold, after `head`."""
    texts: list[str] = []
    for _ in range(length):
        texts.append(statement(head, **changes))
        head = feed.read_statement(texts[-1], CARD, PEER).link.head
    return texts


def head_of(texts: list[str]) -> Head:
    report = verify_feed(texts, CARD, PEER)
    assert report.head is not None
    return report.head


def found(texts: list[str]) -> list[tuple[int, int, str]]:
    return [(problem.place, problem.step, problem.code) for problem in verify_feed(texts, CARD, PEER).problems]


WHOLE = chain(6)


def test_a_whole_feed_holds():
    report = verify_feed(WHOLE, CARD, PEER)
    assert report.holds
    assert (report.count, report.epochs) == (6, (1,))
    assert report.head == Head(1, 6, statement_hash(WHOLE[-1]))


def test_an_empty_feed_holds_and_has_no_head():
    report = verify_feed([], CARD, PEER)
    assert (report.holds, report.count, report.head, report.epochs) == (True, 0, None, ())


def test_a_gap_is_one_problem():
    assert found(WHOLE[:2] + WHOLE[3:]) == [(2, 7, "GAP")]
    assert found(WHOLE[1:]) == [(0, 7, "GAP")]


def test_a_swap():
    swapped = [*WHOLE[:2], WHOLE[3], WHOLE[2], *WHOLE[4:]]
    assert found(swapped) == [(2, 7, "GAP"), (3, 7, "OUT_OF_ORDER")]


def test_the_same_statement_twice():
    assert found([*WHOLE[:3], WHOLE[1], *WHOLE[3:]]) == [(3, 7, "DUPLICATE")]


def test_a_fork():
    other = statement(head_of(WHOLE[:2]), msg_id="ffffffff-0000-4000-8000-000000000001")
    texts = [*WHOLE[:3], other, *WHOLE[3:]]
    assert found(texts) == [(3, 7, "FORK")]
    assert verify_feed(texts, CARD, PEER).count == 7, "both sides of a fork are the party's own words"


def test_a_broken_chain():
    """One who rewrites a statement and everything after it must break the chain where the old and the new meet."""
    rewritten = statement(head_of(WHOLE[:2]), msg_id="ffffffff-0000-4000-8000-000000000002")
    assert found([*WHOLE[:2], rewritten, *WHOLE[3:]]) == [(3, 8, "BROKEN")]


@pytest.mark.parametrize(
    ("head", "prev"), [(None, digest(b"something")), (head_of(WHOLE[:2]), None), (head_of(WHOLE[:2]), digest(b"x"))]
)
def test_prev_is_there_exactly_where_it_should_be(head, prev):
    texts = WHOLE[: head.seq] if head else []
    assert found([*texts, statement(head, prev=prev)]) == [(len(texts), 8, "BROKEN")]


def test_another_lines_statement():
    third = statement(head_of(WHOLE), to=CARD.fingerprint)
    foreign = statement(head_of(WHOLE), **{"from": PEER})
    assert found([*WHOLE, third]) == [(6, 6, "WRONG_LINE")]
    assert found([*WHOLE, foreign]) == [(6, 6, "WRONG_LINE")]


def test_another_partys_key():
    stranger = Kid(PEER, DESK_KID.role, DESK_KID.key_id)
    party = parse_kid(v.kid(v.A_PARTY, "party", v.A_PARTY))
    assert found([statement(None, kid=stranger)]) == [(0, 3, "UNKNOWN_KEY")]
    assert found([statement(None, kid=party)]) == [(0, 3, "UNKNOWN_KEY")]
    machine = CARD.kid_of(CARD.said.roles[1])
    assert found([statement(None, kid=machine)]) == [(0, 4, "BAD_SIGNATURE")]


def test_another_kind_of_text():
    receipt = jws.sign(b'{"proto":"skyparley/1"}', DESK, DESK_KID, jws.RECEIPT)
    assert found([receipt, "hello"]) == [(0, 2, "WRONG_TYPE"), (1, 1, "NOT_JWS")]


def test_an_unknown_field_is_not_the_chains_business():
    assert verify_feed([statement(None, new_field={"deep": ["x"]}, type="XYZ")], CARD, PEER).holds


@pytest.mark.parametrize(
    "changes",
    [
        {"proto": "skyparley/2"},
        {"proto": None},
        {"epoch": 0},
        {"epoch": None},
        {"seq": 0},
        {"seq": "1"},
        {"seq": True},
        {"prev": ""},
        {"prev": "x" * 44},
        {"seen": {"epoch": 1, "seq": 1}},
        {"seen": {"epoch": 1, "seq": 0, "hash": digest(b"")}},
        {"from": None},
        {"to": 5},
    ],
)
def test_an_envelope_that_is_none(changes):
    assert found([statement(None, **changes)]) == [(0, 5, "BAD_ENVELOPE")]


@pytest.mark.parametrize("payload", [b"{}", b'{"a": 1}', b'{"a":1,"a":1}', b"[]", b'{"a":null}', b'{"a":1.5}', b"\xff"])
def test_a_payload_that_is_no_envelope(payload):
    ((_, step, code),) = found([jws.sign(payload, DESK, DESK_KID, jws.STATEMENT)])
    assert (step, code) in {(5, "NOT_CANONICAL"), (5, "BAD_ENVELOPE")}


def test_seen_goes_forward_only():
    def said(*seen: Head | None) -> list[str]:
        texts: list[str] = []
        for one in seen:
            head = head_of(texts) if texts else None
            plain = None if one is None else {"epoch": one.epoch, "seq": one.seq, "hash": one.hash}
            texts.append(statement(head, seen=plain))
        return texts

    assert found(said(None, heard(1), heard(1), heard(5), heard(1, epoch=2))) == []
    assert found(said(heard(2), heard(1), heard(2))) == [(1, 9, "SEEN_BACK")]
    assert found(said(heard(2), None)) == [(1, 9, "SEEN_BACK")]
    assert found(said(heard(2), Head(1, 2, digest(b"other")))) == [(1, 9, "SEEN_FORK")]


def test_a_new_epoch_is_told_and_may_forget_what_was_heard():
    plain = {"epoch": 1, "seq": 9, "hash": digest(b"nine")}
    old = chain(2, seen=plain)
    new = chain(1, head_of(old), open_epoch=4)
    later = chain(2, feed.read_statement(new[0], CARD, PEER).link.head)
    report = verify_feed([*old, *new, *later], CARD, PEER)
    assert report.problems == ()
    assert report.epochs == (1, 4)
    assert report.head is not None
    assert (report.head.epoch, report.head.seq) == (4, 3)


def test_a_feed_may_begin_in_any_epoch():
    assert verify_feed(chain(1, open_epoch=7), CARD, PEER).epochs == (7,)


H = digest(b"head")


@pytest.mark.parametrize(
    ("head", "link", "kept", "verdict"),
    [
        (None, Link(1, 1, "", "h"), None, "NEXT"),
        (None, Link(9, 1, "", "h"), None, "NEXT"),
        (None, Link(1, 2, H, "h"), None, "GAP"),
        (None, Link(1, 1, H, "h"), None, "BROKEN"),
        (Head(2, 5, H), Link(2, 6, H, "h"), None, "NEXT"),
        (Head(2, 5, H), Link(2, 6, "x", "h"), None, "BROKEN"),
        (Head(2, 5, H), Link(2, 6, "", "h"), None, "BROKEN"),
        (Head(2, 5, H), Link(2, 7, H, "h"), None, "GAP"),
        (Head(2, 5, H), Link(3, 1, "", "h"), None, "NEW_EPOCH"),
        (Head(2, 5, H), Link(3, 1, H, "h"), None, "BROKEN"),
        (Head(2, 5, H), Link(3, 2, "x", "h"), None, "GAP"),
        (Head(2, 5, H), Link(3, 6, H, "h"), None, "GAP"),
        (Head(2, 5, H), Link(2, 5, "x", H), H, "DUPLICATE"),
        (Head(2, 5, H), Link(2, 5, "x", "h"), H, "FORK"),
        (Head(2, 5, H), Link(1, 9, "x", "h"), "h", "DUPLICATE"),
        (Head(2, 5, H), Link(1, 9, "x", "h"), "g", "FORK"),
        (Head(2, 5, H), Link(1, 9, "x", "h"), None, "OUT_OF_ORDER"),
        (Head(2, 5, H), Link(1, 6, H, "h"), None, "OUT_OF_ORDER"),
        (Head(2, 5, H), Link(2, 4, "x", "h"), None, "OUT_OF_ORDER"),
    ],
)
def test_the_table_of_links(head, link, kept, verdict):
    """docs/spec/line-v1.md 3.3, row by row."""
    assert judge_link(head, link, kept) == verdict


heads = st.none() | st.builds(Head, st.integers(1, 3), st.integers(1, 5), st.just(H))


@given(heads, st.integers(1, 4))
def test_what_we_would_send_next_is_what_we_would_take_next(head, open_epoch):
    epoch, seq, prev = next_link(head, open_epoch=open_epoch)
    assert judge_link(head, Link(epoch, seq, prev, "new"), None) in ("NEXT", "NEW_EPOCH")


@given(heads)
def test_seen_may_stay_where_it_is(head):
    assert judge_seen(head, head) == ""


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.integers(0, 5), max_size=10))
def test_only_the_feed_itself_or_its_beginning_holds(order):
    """Any choice of statements in any order: it holds exactly when it is the beginning of the feed as it was said."""
    assert verify_feed([WHOLE[place] for place in order], CARD, PEER).holds == (order == list(range(len(order))))
