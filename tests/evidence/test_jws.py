"""Signed texts: what sign writes verifies, and nothing else does."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from skyparley.base import limits
from skyparley.base.ids import b64url
from skyparley.evidence import jws
from skyparley.evidence.keys import ROLES, fingerprint, from_seed, make_kid, public_bytes

PARTY, KEY, OTHER = (from_seed(bytes([number]) * 32) for number in (1, 2, 3))
PUBLIC = public_bytes(KEY)
KID = make_kid(fingerprint(public_bytes(PARTY)), "desk", PUBLIC)
TEXT = jws.sign(b'{"seq":1}', KEY, KID, jws.STATEMENT)


def opens(text: str) -> bool:
    """Whether a reader who would believe our key under any name takes the text."""
    try:
        jws.read(text, typ=jws.STATEMENT, key_of=lambda kid: PUBLIC)
    except jws.BadSignature:
        return False
    return True


@given(st.binary(min_size=1, max_size=300), st.sampled_from(jws.TYPES))
def test_what_is_signed_reads_back(payload, typ):
    text = jws.sign(payload, KEY, KID, typ)
    parsed = jws.read(text, typ=typ, key_of={KID: PUBLIC}.get)
    assert (parsed.payload, parsed.kid, parsed.typ) == (payload, KID, typ)
    assert jws.sign(parsed.payload, KEY, parsed.kid, parsed.typ) == text
    assert not jws.verify(parsed, public_bytes(OTHER))


def test_every_change_of_one_character_is_refused():
    """Each place of the text, with each of four other characters, of which some differ in one bit."""
    assert opens(TEXT)
    for place, letter in enumerate(TEXT):
        for other in {chr(ord(letter) ^ 1), chr(ord(letter) ^ 32), "A", "="} - {letter}:
            changed = TEXT[:place] + other + TEXT[place + 1 :]
            assert not opens(changed), f"place {place}: {letter!r} became {other!r}"


@given(st.integers(0, len(TEXT)), st.text(max_size=3), st.integers(0, 3))
def test_cutting_and_inserting_is_refused(place, inserted, cut):
    changed = TEXT[:place] + inserted + TEXT[place + cut :]
    assert opens(changed) == (changed == TEXT)


@settings(max_examples=examples(300))
@given(st.text(max_size=200) | st.text(alphabet="abcXYZ09-_.=\n", max_size=200))
def test_any_other_text_is_refused_with_a_code_and_no_other_error(text):
    with pytest.raises(jws.BadSignature) as caught:
        jws.split(text)
    assert caught.value.code in ("NOT_JWS", "WRONG_TYPE")


def test_the_size_is_looked_at_first():
    with pytest.raises(jws.NotJws, match="at most"):
        jws.split("." * (limits.STATEMENT_BYTES + 1))
    largest = "x" * (limits.STATEMENT_BYTES * 3 // 4 - 400)
    assert opens(jws.sign(largest.encode(), KEY, KID, jws.STATEMENT))
    with pytest.raises(jws.NotJws, match="at most 100"):
        jws.split(TEXT, max_bytes=100)


def test_a_text_of_one_kind_is_not_taken_for_another():
    for typ in jws.TYPES:
        if typ != jws.STATEMENT:
            with pytest.raises(jws.WrongType):
                jws.read(jws.sign(b"x", KEY, KID, typ), typ=jws.STATEMENT, key_of=lambda kid: PUBLIC)


def test_a_key_that_nobody_certified():
    with pytest.raises(jws.UnknownKey, match=str(KID)):
        jws.read(TEXT, typ=jws.STATEMENT, key_of=lambda kid: None)


def test_a_header_as_long_as_the_longest_kid_fits():
    longest = make_kid(KID.party, max(ROLES, key=len), PUBLIC)
    header = jws.sign(b"x", KEY, longest, max(jws.TYPES, key=len)).split(".")[0]
    assert len(header) <= jws.HEADER_CHARS


def test_a_signature_with_s_above_the_group_order_is_refused():
    """S + L verifies in a careless reader, and would give one statement two texts and two hashes (RFC 8032 8.4)."""
    head, body, tail = TEXT.split(".")
    raw = base64.urlsafe_b64decode(tail + "==")
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(raw[32:], "little") + order
    assert opens(f"{head}.{body}.{b64url(raw)}")
    assert not opens(f"{head}.{body}.{b64url(raw[:32] + s.to_bytes(32, 'little'))}")


def test_detached():
    payload = b'{"agreement":1}'
    detached = jws.sign_detached(payload, KEY, KID, jws.AGREEMENT)
    assert jws.verify_detached(detached, payload, PUBLIC)
    assert not jws.verify_detached(detached, b'{"agreement":2}', PUBLIC)
    assert not jws.verify_detached(detached, payload, public_bytes(OTHER))
    with pytest.raises(jws.NotJws, match="detached"):
        jws.split(detached)
    with pytest.raises(jws.NotJws, match="middle one empty"):
        jws.verify_detached(jws.attach(detached, payload), payload, PUBLIC)


@pytest.mark.parametrize(("payload", "typ"), [(b"", jws.STATEMENT), (b"x", "JWT")])
def test_what_sign_refuses(payload, typ):
    with pytest.raises(ValueError, match=r"payload|kind"):
        jws.sign(payload, KEY, KID, typ)
