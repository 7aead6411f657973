"""Cards: what a card certifies, and that nobody can change it.  Each refusal has its vector in card.json."""

import make_vectors as v
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from skyparley.base import limits
from skyparley.base.ids import b64url
from skyparley.evidence.card import BadCard, Bearer, Draft, RoleKey, SealEntry, make_card, read_card
from skyparley.evidence.keys import ROLES, Kid, fingerprint, from_seed, make_kid, public_bytes
from skyparley.evidence.seal_keys import seal_from_seed, seal_public_bytes

TEXT = v.card_vectors()["cards"][0]["card"]
CARD = read_card(TEXT)
CODES = {entry["code"] for entry in v.card_vectors()["refused"]}

seeds = st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=6, unique=True)


@settings(max_examples=examples(40))
@given(
    seeds, st.sampled_from(["REAL", "SCALED"]), st.integers(0, 2**50), st.from_regex(r"[A-Z0-9-]{1,16}", fullmatch=True)
)
def test_what_is_made_reads_back(drawn, clock, issued_ms, name):
    party, *rest = (from_seed(seed) for seed in drawn)
    roles = tuple(
        RoleKey(ROLES[place % len(ROLES)], b64url(public_bytes(key)), issued_ms, issued_ms + 1 + place)
        for place, key in enumerate(rest)
    )
    bearers = (Bearer("http", "https://[2001:db8::1]:8441/line"), Bearer("http", "http://a.example"))
    seals = tuple(
        SealEntry(b64url(seal_public_bytes(seal_from_seed(seed))), issued_ms + place, issued_ms + 2 + place)
        for place, seed in enumerate(drawn[1:])
    )
    draft = Draft(name=name, roles=roles, seals=seals, bearers=bearers, clock=clock, issued_ms=issued_ms)
    card = read_card(make_card(draft, party), issued_ms)
    assert card.said == draft
    assert card.fingerprint == fingerprint(public_bytes(party))
    assert card.seals == seals
    assert card.seal_entry(issued_ms + 1) == seals[min(1, len(seals) - 1)], "of those in their time, the one begun last"
    assert card.seal_entry(issued_ms + len(seals) + 1) is None
    assert card.urls == tuple(bearer.url for bearer in bearers)
    for entry, key in zip(roles, rest, strict=True):
        assert card.role_key(make_kid(card.fingerprint, entry.role, public_bytes(key))) == public_bytes(key)


def test_a_role_key_counts_only_under_its_own_party_role_and_id():
    kid = CARD.kid_of(CARD.said.roles[0])
    assert CARD.role_key(kid) == v.A_DESK.public
    assert CARD.role_key(Kid(kid.party, "machine", kid.key_id)) is None
    assert CARD.role_key(Kid(fingerprint(v.B_PARTY.public), "desk", kid.key_id)) is None
    assert CARD.role_key(Kid(kid.party, "desk", "A" * 11)) is None


def test_the_party_key_is_no_role_key():
    assert CARD.role_key(make_kid(CARD.fingerprint, "party", CARD.party_key)) is None


def test_a_role_key_is_valid_in_a_half_open_time():
    entry = CARD.said.roles[0]
    assert [entry.valid_at(at) for at in (v.ISSUED - 1, v.ISSUED, v.UNTIL - 1, v.UNTIL)] == [False, True, True, False]


def test_a_card_from_the_future():
    read_card(TEXT, v.ISSUED - limits.REQUEST_AGE_MS)
    with pytest.raises(BadCard) as caught:
        read_card(TEXT, v.ISSUED - limits.REQUEST_AGE_MS - 1)
    assert caught.value.code == "CARD_FROM_FUTURE"


def test_every_change_of_one_character_is_refused():
    for place, letter in enumerate(TEXT):
        other = "A" if letter != "A" else "B"
        with pytest.raises(BadCard):
            read_card(TEXT[:place] + other + TEXT[place + 1 :])


def test_every_refusal_in_the_steps_has_a_vector():
    """The steps are documented in one place; a code without a vector is a rule that nobody tries."""
    assert read_card.__doc__ is not None
    documented = {word for word in read_card.__doc__.split() if word.isupper() and "_" in word and word != "CARD_BYTES"}
    assert documented - {"CARD_FROM_FUTURE", "NOT_JWS"} == CODES
    with pytest.raises(BadCard) as caught:
        read_card("no card")
    assert caught.value.code == "NOT_JWS"


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example:99999",
        "https://a.example:0",
        "https://",
        "https:a.example",
        "ftp://a.example",
        "https://a.example/?x=1",
        "https://a.example/#x",
        "https://a.example/\u00e9",
        "https://a .example",
        "https://@a.example",
        "https://[::1",
    ],
)
def test_addresses_that_are_none(url):
    with pytest.raises(BadCard) as caught:
        make_card(msgspec.structs.replace(CARD.said, bearers=(Bearer("http", url),)), from_seed(v.A_PARTY.seed))
    assert caught.value.code == "CARD_BEARERS"


def test_nobody_makes_a_card_that_cannot_be_read():
    with pytest.raises(BadCard) as caught:
        make_card(msgspec.structs.replace(CARD.said, name="a name"), from_seed(v.A_PARTY.seed))
    assert caught.value.code == "CARD_NAME"
