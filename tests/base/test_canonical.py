"""Canonical JSON: the bytes of RFC 8785, and nothing else is taken."""

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base import limits
from skyparley.base.canonical import MAX_SAFE_INTEGER, NotCanonical, canonical, depth, parse_canonical

TEXT = st.text(
    st.characters(blacklist_categories=("Cs",), min_codepoint=0x20).filter(lambda c: c != "\x7f"), max_size=8
)
KEYS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=6)
NUMBERS = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
VALUES = st.recursive(
    NUMBERS | TEXT | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def parse(data: bytes) -> object:
    return parse_canonical(data, max_bytes=limits.STATEMENT_BYTES, max_depth=limits.JSON_DEPTH)


@given(VALUES)
def test_the_bytes_are_those_of_rfc_8785_and_read_back(value: object) -> None:
    data = canonical(value)
    assert data == rfc8785.dumps(value)  # type: ignore[arg-type]
    if depth(data) <= limits.JSON_DEPTH:
        assert parse(data) == value


@given(VALUES, st.integers(0, 400), st.sampled_from([b" ", b"0", b"e", b".", b"\x7f", b"null", b"\\n", b"[", b'"']))
def test_whatever_is_taken_encodes_to_itself(value: object, place: int, insert: bytes) -> None:
    data = canonical(value)
    place %= len(data) + 1
    changed = data[:place] + insert + data[place:]
    try:
        taken = parse(changed)
    except NotCanonical:
        return
    assert rfc8785.dumps(taken) == changed  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "bytes_",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":null}',
        b'{"a":9007199254740992}',
        b'{"a":-9007199254740992}',
        b'{"a":"\\n"}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\/"}',
        b'{"a":"\x7f"}',
        b'{"\xc3\xa9":1}',
        b'{"a":"\xff"}',
        b"{}\n",
        b"",
        b"[" * 13 + b"]" * 13,
        b"[" * 100_000,
    ],
)
def test_everything_else_is_refused(bytes_: bytes) -> None:
    with pytest.raises(NotCanonical):
        parse(bytes_)


@pytest.mark.parametrize("value", [1.5, None, {"a": None}, [2.0], 2**53, -(2**53), {"a": "\n"}, "\x00", {"é": 1}])
def test_what_cannot_be_canonical_is_not_written(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_brackets_in_strings_do_not_nest() -> None:
    assert depth(b'{"a":"[[[\\"[["}') == 1
    assert depth(b"[[],[[]]]") == 3


def test_the_limits_of_size_and_number() -> None:
    assert parse(canonical({"a": MAX_SAFE_INTEGER, "b": -MAX_SAFE_INTEGER})) == {
        "a": MAX_SAFE_INTEGER,
        "b": -MAX_SAFE_INTEGER,
    }
    with pytest.raises(NotCanonical):
        parse_canonical(b'"' + b"x" * 10 + b'"', max_bytes=11, max_depth=1)
