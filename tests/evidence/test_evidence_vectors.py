"""The committed vectors are what the independent generator gives and what the package gives."""

import json

import make_vectors
import pytest

from skyparley.evidence import jws
from skyparley.evidence.card import BadCard, read_card
from skyparley.evidence.keys import fingerprint, from_seed, make_kid, parse_kid, public_bytes, thumbprint
from skyparley.evidence.seal_keys import seal_from_seed, seal_key_id, seal_public_bytes
from skyparley.evidence.words import to_words


def vectors(name: str) -> dict:
    return json.loads((make_vectors.VECTORS / name).read_text(encoding="utf-8"))


def names_of(file: str, part: str) -> list[str]:
    return [entry["why"] for entry in make_vectors.ALL[file]()[part]]


@pytest.mark.parametrize("name", list(make_vectors.ALL))
def test_the_committed_file_is_what_the_generator_gives(name):
    assert (make_vectors.VECTORS / name).read_text(encoding="utf-8") == make_vectors.text_of(name)


def test_keys():
    for entry in vectors("keys.json")["keys"]:
        public = public_bytes(from_seed(bytes.fromhex(entry["seed_hex"])))
        assert make_vectors.b64(public) == entry["public"]
        assert thumbprint(public) == entry["thumbprint"]
        kid = parse_kid(entry["kid"])
        assert make_kid(kid.party, kid.role, public) == kid
        if kid.role == "party":
            assert kid.party == fingerprint(public)
            assert [list(group) for group in to_words(kid.party)] == entry["words"]


def test_signed_texts():
    for entry in vectors("jws.json")["signed"]:
        key, kid, payload = (
            from_seed(bytes.fromhex(entry["seed_hex"])),
            parse_kid(entry["kid"]),
            entry["payload"].encode(),
        )
        assert jws.sign(payload, key, kid, entry["typ"]) == entry["jws"]
        assert jws.sign_detached(payload, key, kid, entry["typ"]) == entry["detached"]
        assert jws.attach(entry["detached"], payload) == entry["jws"]


@pytest.mark.parametrize("why", names_of("jws.json", "refused"))
def test_refused_texts(why):
    entry = next(entry for entry in vectors("jws.json")["refused"] if entry["why"] == why)
    with pytest.raises(jws.BadSignature) as caught:
        jws.read(entry["jws"], typ=jws.STATEMENT, key_of=lambda kid: make_vectors.A_DESK.public)
    assert caught.value.code == entry["code"]


def test_cards():
    for entry in vectors("card.json")["cards"]:
        card = read_card(entry["card"])
        assert card.fingerprint == entry["fingerprint"]
        assert [str(card.kid_of(role)) for role in card.said.roles] == entry["role_kids"]
        if "seal_key_id" in entry:
            (named,) = card.seals
            assert named.public == seal_public_bytes(seal_from_seed(bytes.fromhex(entry["seal_seed_hex"])))
            assert seal_key_id(named.public) == entry["seal_key_id"]
        else:
            assert card.seals == (), "a card of the time before there were seal keys"


@pytest.mark.parametrize("why", names_of("card.json", "refused"))
def test_refused_cards(why):
    entry = next(entry for entry in vectors("card.json")["refused"] if entry["why"] == why)
    with pytest.raises(BadCard) as caught:
        read_card(entry["card"])
    assert caught.value.code == entry["code"]
