"""What is packed says what the plain lists and dictionaries would have said, also after it lay as bytes."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base.ids import b64url
from skyparley.domain.feed_lists import HashList, PlaceList, ReceiptMap, TakenList

HASHES = st.lists(st.integers(0, 1_000).map(lambda n: b64url(sha256(str(n).encode()).digest())), max_size=20)
LEADS = st.sampled_from([None, "PLANNED", "SHORT", "IMMEDIATE", "LATE"])
AT = st.integers(0, 2**53 - 1)


@given(HASHES)
def test_hashes(hashes):
    packed = HashList()
    for one in hashes:
        packed.append(one)
    for held in (packed, HashList(packed.packed())):
        assert [held[place] for place in range(len(held))] == hashes
        assert held == packed
    assert len(packed.packed()) == 32 * len(hashes)


@given(st.lists(st.tuples(AT, st.just("http"), LEADS), max_size=20))
def test_what_was_taken(taken):
    packed = TakenList()
    for one in taken:
        packed.append(one)
    for held in (packed, TakenList(*packed.packed())):
        assert [held[place] for place in range(len(held))] == taken
        assert held == packed


@given(st.lists(st.tuples(st.tuples(st.integers(1, 3), st.integers(1, 30)), st.tuples(AT, LEADS)), max_size=30))
def test_receipts_in_any_order(receipts):
    packed, plain = ReceiptMap(), dict(receipts)
    for number, receipted in receipts:
        packed[number] = receipted
    for held in (packed, ReceiptMap(packed.packed())):
        assert dict(held) == plain
        assert len(held) == len(plain)
        assert held == packed
        assert all((number in held) == (number in plain) for number in [(e, s) for e in range(5) for s in range(33)])


@given(
    HASHES,
    st.lists(st.tuples(AT, st.just("http"), LEADS), max_size=20),
    st.lists(st.tuples(st.tuples(st.integers(1, 3), st.integers(1, 30)), st.tuples(AT, LEADS)), max_size=30),
    st.integers(1, 9),
)
def test_slice_by_slice_it_is_the_same(hashes, taken, receipts, count):
    whole = HashList(), PlaceList(), TakenList(), ReceiptMap()
    for one in hashes:
        whole[0].append(one)
    for at, *how in taken:
        whole[1].append(at)
        whole[2].append((at, *how))
    for number, receipted in receipts:
        whole[3][number] = receipted
    for held in whole:
        again = type(held)()
        for some in held.slices(count):
            assert max(map(len, (part for part in some if isinstance(part, bytes)))) <= 32 * count
            again.extend(*some)
        assert again == held


@given(st.lists(AT, max_size=20), st.integers(0, 25), st.integers(1, 25))
def test_places(places, after, limit):
    packed = PlaceList()
    for one in places:
        packed.append(one)
    for held in (packed, PlaceList(packed.packed())):
        assert held.some(after, limit) == places[after : after + limit]
        assert len(held) == len(places)
        assert held == packed


def test_what_is_not_there_is_not_the_last_one():
    hashes, taken, receipts = HashList(), TakenList(), ReceiptMap()
    hashes.append(b64url(bytes(32)))
    taken.append((1, "http", None))
    receipts[(1, 2)] = (1, None)
    for place in (-1, 1):
        for held in (hashes, taken):
            with pytest.raises(IndexError):
                held[place]
    assert [receipts.get(number) for number in ((1, 0), (1, 1), (1, 3), (2, 1))] == [None] * 4
