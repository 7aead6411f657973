"""Our own card when settings change, and pinning others' cards."""

import os

import msgspec
import pytest
from node_folders import NOW, copy_of, make

from skyparley.adapters.system import peers as module
from skyparley.adapters.system.files import write_atomic
from skyparley.adapters.system.identity import card_of, open_identity, own_card
from skyparley.adapters.system.keystore import KeyFault
from skyparley.adapters.system.node_dir import NodeFault, load_node
from skyparley.adapters.system.peers import old_cards, peers, pin_peer, preview_peer
from skyparley.adapters.system.settings import write_settings
from skyparley.base.times import DAY
from skyparley.evidence.card import BadCard, make_card, read_card
from skyparley.evidence.keys import from_seed

PARTY_KEYS = [from_seed(bytes([number]) * 32) for number in (7, 8)]


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nodes")
    make(folder / "a", "A")
    make(folder / "b", "B")
    return folder


@pytest.fixture
def a(both, tmp_path):
    return copy_of(both / "a", tmp_path / "a")


@pytest.fixture
def b(both, tmp_path):
    return copy_of(both / "b", tmp_path / "b")


def card_by(key, folder, **changes):
    """A card with what `folder`'s card says, changed, by another party key."""
    return make_card(msgspec.structs.replace(own_card(folder).said, **changes), key)


def changed(folder, **peer):
    """The settings of the node with changes to how peers reach it."""
    config = load_node(folder)
    write_atomic(
        folder / "node.toml",
        write_settings(msgspec.structs.replace(config, peer=msgspec.structs.replace(config.peer, **peer))),
    )


def passphrase(folder):
    return lambda: (folder / "passphrase").read_text().strip()


def never():
    raise AssertionError("nobody is asked")


def refused(code, call, *args, **kwargs):
    with pytest.raises(NodeFault) as caught:
        call(*args, **kwargs)
    assert caught.value.code == code
    return str(caught.value)


def test_a_card_is_not_made_again_without_need(b):
    assert card_of(b, passphrase=never, now_ms=NOW + DAY).text == own_card(b).text


def test_a_card_made_again_is_newer_and_keeps_the_keys_and_their_times(b):
    old = own_card(b)
    changed(b, url=("https://b.example",))
    new = card_of(b, passphrase=passphrase(b), now_ms=NOW - DAY)
    assert new.urls == ("https://b.example",)
    assert new.said.roles == old.said.roles
    assert new.said.issued_ms == old.said.issued_ms + 1, "newer, though the clock went back"
    assert own_card(b).text == new.text
    assert card_of(b, passphrase=never, now_ms=NOW).text == new.text
    assert open_identity(b, passphrase(b)()).card.text == new.text


def test_a_card_that_would_not_hold_leaves_the_old_one(b):
    old = own_card(b)
    changed(b, url=("ftp://b.example",))
    with pytest.raises(BadCard):
        card_of(b, passphrase=passphrase(b), now_ms=NOW)
    with pytest.raises(KeyFault):
        card_of(b, passphrase=lambda: "a wrong passphrase", now_ms=NOW)
    assert own_card(b).text == old.text


def test_another_party_key_does_not_make_our_card(a, b):
    (b / "keys" / "party.pem").write_bytes((a / "keys" / "party.pem").read_bytes())
    changed(b, url=())
    refused("NODE_DAMAGED", card_of, b, passphrase=passphrase(a), now_ms=NOW)


def test_role_keys_that_the_card_does_not_certify_are_not_used(a, b):
    (b / "own.card").write_bytes((a / "own.card").read_bytes())
    assert "the keys desk, machine" in refused("NODE_DAMAGED", open_identity, b, passphrase(b)())


def test_pinning(a, b):
    text = own_card(b).text
    preview = preview_peer(a, text, now_ms=NOW)
    assert (preview.outcome, preview.warnings) == ("NEW", ())
    assert peers(a) == [], "a preview writes nothing"
    assert pin_peer(a, text, now_ms=NOW) == preview
    (card,) = peers(a)
    assert card.text == text
    assert (a / "peers" / f"{card.fingerprint}.card").stat().st_mode & 0o777 == 0o600


def test_pinning_twice_changes_nothing(a, b):
    text = own_card(b).text
    pin_peer(a, text, now_ms=NOW)
    (path,) = (a / "peers").glob("*.card")
    before = path.stat().st_ino
    assert pin_peer(a, text, now_ms=NOW).outcome == "SAME"
    assert path.stat().st_ino == before


def test_a_card_that_came_by_mail(a, b):
    text = own_card(b).text
    wrapped = "\r\n".join(text[at : at + 70] for at in range(0, len(text), 70)) + "\r\n\r\n"
    assert pin_peer(a, wrapped, now_ms=NOW).card.text == text


def test_a_newer_card_replaces_and_the_older_one_is_kept_apart(a, b):
    old = own_card(b)
    pin_peer(a, old.text, now_ms=NOW)
    changed(b, url=("https://b.example",))
    new = card_of(b, passphrase=passphrase(b), now_ms=NOW + DAY)
    assert pin_peer(a, new.text, now_ms=NOW + DAY).outcome == "NEWER"
    assert [card.text for card in peers(a)] == [new.text]
    assert [card.text for card in old_cards(a, old.fingerprint)] == [old.text]
    assert "newer card" in refused("PEER_OLDER_CARD", pin_peer, a, old.text, now_ms=NOW + DAY)
    assert [card.text for card in peers(a)] == [new.text]


def test_two_cards_of_one_instant(a):
    pin_peer(a, card_by(PARTY_KEYS[0], a, name="C"), now_ms=NOW)
    refused("PEER_TWO_CARDS", pin_peer, a, card_by(PARTY_KEYS[0], a, name="D"), now_ms=NOW)


def test_our_own_card_is_not_a_peers(a):
    refused("PEER_OWN_CARD", pin_peer, a, own_card(a).text, now_ms=NOW)


def test_a_pinned_name_under_another_key_is_not_passed_over(a, b):
    pin_peer(a, own_card(b).text, now_ms=NOW)
    impostor = card_by(PARTY_KEYS[0], b)
    assert [warning.code for warning in preview_peer(a, impostor, now_ms=NOW).warnings] == ["NAME_OTHER_KEY"]
    assert "ANOTHER PARTY IS PINNED UNDER THE NAME B" in refused("PEER_WARNINGS", pin_peer, a, impostor, now_ms=NOW)
    assert [card.text for card in peers(a)] == [own_card(b).text]
    pin_peer(a, impostor, now_ms=NOW, accept_warnings=True)
    assert {card.fingerprint for card in peers(a)} == {own_card(b).fingerprint, read_card(impostor).fingerprint}


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"name": "A"}, "NAME_OURS"), ({"clock": "SCALED"}, "CLOCK"), ({"bearers": ()}, "NO_ADDRESS")],
)
def test_warnings(a, b, changes, code):
    text = card_by(PARTY_KEYS[0], b, **changes)
    assert [warning.code for warning in preview_peer(a, text, now_ms=NOW).warnings] == [code]
    refused("PEER_WARNINGS", pin_peer, a, text, now_ms=NOW)


def test_a_card_whose_keys_have_run_out(a, b):
    codes = [warning.code for warning in preview_peer(a, own_card(b).text, now_ms=NOW + 4 * 366 * DAY).warnings]
    assert codes == ["KEYS_NOT_NOW"] * 4


def test_a_card_from_the_future_or_changed_or_huge(a, b):
    text = own_card(b).text
    for wrong, now_ms, code in (
        (text, NOW - DAY, "CARD_FROM_FUTURE"),
        (text[:-1], NOW, "NOT_JWS"),
        (" " * 100_000, NOW, "CARD_TOO_LARGE"),
    ):
        with pytest.raises(BadCard) as caught:
            pin_peer(a, wrong, now_ms=now_ms)
        assert caught.value.code == code
    assert peers(a) == []


def test_a_file_among_the_peers_that_was_put_there_by_hand_is_named(a, b):
    card = own_card(b)
    path = a / "peers" / f"{read_card(card_by(PARTY_KEYS[0], b)).fingerprint}.card"
    path.write_text(card.text)
    path.chmod(0o600)
    assert "by hand" in refused("NODE_DAMAGED", peers, a)
    path.write_text("not a card")
    assert str(path) in refused("NODE_DAMAGED", peers, a)
    path.rename(path.with_suffix(".txt"))
    (a / "peers" / ".stray.card.tmp").write_text("left by a dead process")
    assert peers(a) == []


@pytest.mark.parametrize("number", [0, 1])
def test_a_replacement_that_died_left_one_of_the_two_cards(a, b, monkeypatch, number):
    """Its two writes: the old card moves away, then the new one is put in its place."""
    old = own_card(b)
    pin_peer(a, old.text, now_ms=NOW)
    changed(b, url=("https://b.example",))
    new = card_of(b, passphrase=passphrase(b), now_ms=NOW + DAY)
    calls = []

    def write(path, data, **more):
        if len(calls) == number:
            raise KeyboardInterrupt
        calls.append(path)
        write_atomic(path, data, **more)

    monkeypatch.setattr(module, "write_atomic", write)
    with pytest.raises(KeyboardInterrupt):
        pin_peer(a, new.text, now_ms=NOW + DAY)
    monkeypatch.undo()
    assert [card.text for card in peers(a)] == [old.text]
    assert pin_peer(a, new.text, now_ms=NOW + DAY).outcome == "NEWER"
    assert [card.text for card in peers(a)] == [new.text]
    assert len(os.listdir(a / "peers" / "old")) == 1
