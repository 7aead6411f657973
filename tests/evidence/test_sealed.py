"""Sealed files against a twin written from RFC 9180, and everything that must not open."""

import json

import hpke_twin
import make_vectors as v
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from skyparley.base import limits
from skyparley.evidence.card import read_card
from skyparley.evidence.seal_keys import is_sound_seal, seal_from_seed, seal_key_id, seal_public_bytes
from skyparley.evidence.sealed import BadSeal, seal, unseal

CARD = read_card(v.card_vectors()["cards"][0]["card"])
KEY = seal_from_seed(v.A_SEAL.seed)
OTHER = seal_from_seed(bytes([7]) * 32)
NOW = v.ISSUED
SEALED = seal(b"some lines\n", CARD, NOW)


def code_of(data: bytes, own=CARD.fingerprint, keys=(KEY,)) -> str:
    with pytest.raises(BadSeal) as caught:
        unseal(data, own, keys)
    return caught.value.code


@settings(max_examples=examples(40))
@given(st.binary(max_size=4_000))
def test_what_was_sealed_opens_and_the_twin_opens_it_too(payload):
    sealed = seal(payload, CARD, NOW)
    assert unseal(sealed, CARD.fingerprint, [OTHER, KEY]) == payload
    head, body = sealed.split(b"\n")[:2]
    assert hpke_twin.open_(v.unb64(body.decode()), v.A_SEAL.seed, head + b"\n") == payload


def test_the_committed_file_opens_here_and_is_what_the_twin_seals():
    given_ = json.loads((v.VECTORS / "sealed.json").read_text(encoding="utf-8"))
    assert given_ == v.sealed_vectors()
    for one in given_["files"]:
        key = seal_from_seed(bytes.fromhex(one["seal_seed_hex"]))
        assert unseal(one["file"].encode(), one["receiver"], [key]).decode() == one["content"]
    for one in given_["refused"]:
        assert code_of(one["file"].encode()) == one["code"], one["why"]


def test_two_files_of_one_content_have_nothing_in_common_but_their_head():
    again = seal(b"some lines\n", CARD, NOW)
    assert again.split(b"\n")[0] == SEALED.split(b"\n")[0]
    assert again.split(b"\n")[1][:40] != SEALED.split(b"\n")[1][:40]


def test_a_file_that_was_changed_anywhere_does_not_open():
    for place in range(len(SEALED)):
        changed = bytearray(SEALED)
        changed[place] ^= 1
        assert code_of(bytes(changed)) in {"NOT_SEALED", "OTHER_PARTY", "UNKNOWN_SEAL_KEY", "FILE_DAMAGED"}, place


def test_a_file_that_was_cut_anywhere_does_not_open():
    for place in range(len(SEALED)):
        assert code_of(SEALED[:place]) in {"NOT_SEALED", "FILE_DAMAGED"}, place
    assert code_of(SEALED + b"\n") == "FILE_DAMAGED"


def test_the_head_is_part_of_what_is_sealed():
    """A file cannot be given another head: to a second key of the same party, say."""
    head, body, _ = SEALED.split(b"\n")
    other_id = seal_key_id(seal_public_bytes(OTHER)).encode()
    moved = head.rsplit(b" ", 1)[0] + b" " + other_id + b"\n" + body + b"\n"
    assert code_of(moved, keys=(KEY, OTHER)) == "FILE_DAMAGED"


def test_a_file_for_another_party_or_key_is_named():
    assert code_of(SEALED, own=v.B_PARTY.thumbprint) == "OTHER_PARTY"
    assert code_of(SEALED, keys=(OTHER,)) == "UNKNOWN_SEAL_KEY"
    assert code_of(SEALED, keys=()) == "UNKNOWN_SEAL_KEY"
    assert code_of(b"A-0001 at noon") == "NOT_SEALED"
    assert code_of(b"x" * (limits.FILE_BYTES + 1)) == "FILE_TOO_LARGE"


def test_the_largest_content_fits_the_largest_file():
    largest = bytes(limits.FILE_CONTENT_BYTES)
    sealed = seal(largest, CARD, NOW)
    assert len(sealed) <= limits.FILE_BYTES
    assert unseal(sealed, CARD.fingerprint, [KEY]) == largest


def test_nothing_is_sealed_to_a_party_that_names_no_key_for_now():
    without = read_card(v.card_vectors()["cards"][1]["card"])
    for card, at_ms in ((without, NOW), (CARD, v.UNTIL), (CARD, v.ISSUED - 1)):
        with pytest.raises(BadSeal, match="newer card") as caught:
            seal(b"x", card, at_ms)
        assert caught.value.code == "NO_SEAL_KEY"


def test_the_key_that_began_last_is_the_one_that_is_sealed_to():
    """After a rotation both keys are in their time."""
    (first,) = CARD.seals
    newer = msgspec.structs.replace(first, key=v.b64(seal_public_bytes(OTHER)), from_ms=first.from_ms + 10)
    card = msgspec.structs.replace(CARD, said=msgspec.structs.replace(CARD.said, seals=(newer, first)))
    assert code_of(seal(b"x", card, NOW + 10)) == "UNKNOWN_SEAL_KEY"
    assert unseal(seal(b"x", card, NOW + 9), CARD.fingerprint, [KEY]) == b"x"


def test_points_of_small_order_are_no_seal_keys():
    """RFC 7748 6.1: the exchange with these is zero for everybody."""
    low = [0, 1, 325606250916557431795983626356110631294008115727848805560023387167927233504]
    for number in (*low, 2**255 - 20, 2**255 - 19, 2**255 - 18):
        assert not is_sound_seal(number.to_bytes(32, "little"))
    assert is_sound_seal(v.A_SEAL.public)
    assert not is_sound_seal(v.A_SEAL.public[:31])
    assert not is_sound_seal(v.A_SEAL.public[:31] + bytes([v.A_SEAL.public[31] | 0x80]))
