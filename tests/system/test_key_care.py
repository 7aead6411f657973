"""Keys after init: completing an older folder, rotation, revocation; and that the process may die at every write."""

import os

import msgspec
import pytest
from node_folders import NOW, copy_of, luck_from, make

from skyparley.adapters.system import files, identity, key_care
from skyparley.adapters.system.identity import open_identity, own_card
from skyparley.adapters.system.key_care import OVERLAP_MS, Keeper
from skyparley.adapters.system.keystore import KeyFault, key_path, load_key, next_path
from skyparley.adapters.system.node_dir import NodeFault, NodePaths, certify_seal, draft_of, load_node
from skyparley.evidence.card import BadCard, make_card
from skyparley.evidence.keys import ROLES
from skyparley.evidence.seal_keys import SEAL, seal_from_seed, seal_public_bytes

LATER = NOW + 1_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys") / "a"
    make(folder)
    return folder


@pytest.fixture(scope="module")
def older(made, tmp_path_factory):
    """The folder as a version before these keys made it: two role keys, and a card with no more."""
    folder = copy_of(made, tmp_path_factory.mktemp("older") / "a")
    for role in ("supervisor", "exercise", SEAL):
        key_path(folder, role).unlink()
    said = own_card(folder).said
    roles = tuple(entry for entry in said.roles if entry.role in ("desk", "machine"))
    party = load_key(key_path(folder, "party"), secret(folder))
    card = make_card(msgspec.structs.replace(said, roles=roles, seals=msgspec.UNSET), party)
    NodePaths(folder).own_card.write_text(card + "\n")
    return folder


def secret(folder) -> str:
    return (folder / "passphrase").read_text().strip()


def keeper(folder, name: str = "later", now_ms: int = LATER) -> Keeper:
    return Keeper(folder, passphrase=lambda: secret(folder), luck=luck_from(name), now_ms=now_ms)


def opened(folder) -> identity.Identity:
    return open_identity(folder, secret(folder))


def test_an_older_folder_says_which_command_makes_its_keys_and_the_command_does(older, tmp_path):
    folder = copy_of(older, tmp_path / "a")
    load_node(folder)
    with pytest.raises(KeyFault, match=rf"supervisor, exercise, seal.*skyparley keys complete {folder}"):
        opened(folder)
    before = own_card(folder)
    card, added = keeper(folder).complete()
    assert added == ["supervisor", "exercise", "seal"]
    assert card.said.issued_ms > before.said.issued_ms
    assert card.said.roles[:2] == before.said.roles, "what the peers hold already goes on"
    assert {entry.role for entry in card.said.roles} == set(ROLES)
    assert opened(folder).card == card
    assert keeper(folder).complete() == (card, []), "a second time there is nothing to do"


@pytest.mark.parametrize("role", ROLES)
def test_a_rotated_key_is_replaced_and_goes_on_for_the_overlap(made, tmp_path, role):
    folder = copy_of(made, tmp_path / "a")
    before = opened(folder)
    card = keeper(folder).rotate(role)
    after = opened(folder)
    assert after.card == card
    assert after.kid(role) != before.kid(role)
    assert {one: after.kid(one) for one in ROLES if one != role} == {
        one: before.kid(one) for one in ROLES if one != role
    }
    old = card.role(before.kid(role))
    assert old is not None, "what it signed must verify for ever"
    assert old.until_ms == LATER + OVERLAP_MS
    assert card.role(after.kid(role)).valid_at(LATER)


@pytest.mark.parametrize("role", ROLES)
def test_a_revoked_key_ends_now_and_stays_on_the_card(made, tmp_path, role):
    folder = copy_of(made, tmp_path / "a")
    before = opened(folder)
    card = keeper(folder).revoke(str(before.kid(role)))
    old = card.role(before.kid(role))
    assert old is not None
    assert not old.valid_at(LATER)
    assert old.valid_at(LATER - 1)
    assert opened(folder).kid(role) != before.kid(role)


def test_a_key_that_was_rotated_can_still_be_revoked_and_the_one_in_use_stays(made, tmp_path):
    folder = copy_of(made, tmp_path / "a")
    first = opened(folder).desk_kid
    keeper(folder).rotate("desk")
    second = opened(folder).desk_kid
    card = keeper(folder, now_ms=LATER + 5).revoke(str(first))
    assert not card.role(first).valid_at(LATER + 5)
    assert opened(folder).desk_kid == second
    assert card.role(second).valid_at(LATER + 5)


def test_a_revoked_key_is_not_made_longer_by_a_later_rotation(made, tmp_path):
    folder = copy_of(made, tmp_path / "a")
    first = opened(folder).desk_kid
    keeper(folder).revoke("desk")
    card = keeper(folder, "again", LATER + 10).rotate("desk")
    assert card.role(first).until_ms == LATER


def test_revoking_a_key_that_has_run_out_gives_it_no_more_time(made, tmp_path):
    folder = copy_of(made, tmp_path / "a")
    first = opened(folder).desk_kid
    keeper(folder).rotate("desk")
    card = keeper(folder, now_ms=LATER + 2 * OVERLAP_MS).revoke(str(first))
    assert card.role(first).until_ms == LATER + OVERLAP_MS


def test_what_was_sealed_to_the_key_before_can_still_be_opened(made, tmp_path):
    folder = copy_of(made, tmp_path / "a")
    (before,) = opened(folder).keys.seals
    card = keeper(folder).rotate("seal")
    first, second = opened(folder).keys.seals
    assert second.private_bytes_raw() == before.private_bytes_raw()
    assert card.seal_entry(LATER).public == seal_public_bytes(first)
    assert [path.stat().st_mode & 0o777 for path in (folder / "keys").iterdir()] == [0o600] * 7


def test_a_key_that_is_none_is_refused_and_the_right_names_are_said(made, tmp_path):
    folder = copy_of(made, tmp_path / "a")
    before = own_card(folder)
    for act, named in (("rotate", "party"), ("rotate", "chief"), ("revoke", "party"), ("revoke", "AAAAAAAAAAA")):
        with pytest.raises(NodeFault, match="supervisor") as caught:
            getattr(keeper(folder), act)(named)
        assert caught.value.code == "KEY_UNKNOWN"
    assert own_card(folder) == before


def test_without_the_party_key_nothing_is_changed(made, tmp_path):
    folder = copy_of(made, tmp_path / "a")
    key_path(folder, "party").rename(tmp_path / "carried-away.pem")
    before = opened(folder)
    with pytest.raises(KeyFault, match=r"party\.pem is missing"):
        keeper(folder).rotate("desk")
    assert opened(folder).card == before.card
    assert opened(folder).desk_kid == before.desk_kid


def test_a_settings_change_keeps_every_key_on_the_card(made, tmp_path):
    folder = copy_of(made, tmp_path / "a")
    keeper(folder).rotate("desk")
    text = (folder / "node.toml").read_text()
    (folder / "node.toml").write_text(text.replace("http://127.0.0.1:8441", "https://a.example:8441"))
    before = own_card(folder)
    card = identity.card_of(folder, passphrase=lambda: secret(folder), now_ms=LATER)
    assert card.urls == ("https://a.example:8441",)
    assert (card.said.roles, card.seals) == (before.said.roles, before.seals)
    assert draft_of(load_node(folder), card.said, card.said.issued_ms) == card.said


class Killed(BaseException):
    """Stands for the end of the process."""


def die_at(number: int, after: bool, monkeypatch) -> list[str]:
    """Ends the process at its rename with this number, before or after it."""
    done: list[str] = []
    real = os.replace

    def replace(old, new):
        if len(done) == number and not after:
            raise Killed
        real(old, new)
        done.append(str(new))
        if len(done) == number + 1 and after:
            raise Killed

    for module in (files.os, identity.os, key_care.os):
        monkeypatch.setattr(module, "replace", replace)
    return done


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("act", "role", "writes"), [("rotate", "desk", 3), ("revoke", "machine", 3), ("rotate", SEAL, 4)]
)
def test_the_process_may_die_at_every_write(made, tmp_path, monkeypatch, act, role, writes, after):
    """The node starts with a key that its card names, and the same command again does the rest, once."""
    counted = copy_of(made, tmp_path / "counted")
    done = die_at(1_000, False, monkeypatch)
    getattr(keeper(counted), act)(role)
    assert len(done) == writes
    monkeypatch.undo()
    for number in range(writes):
        folder = copy_of(made, tmp_path / f"{number}")
        before = opened(folder)
        die_at(number, after, monkeypatch)
        with pytest.raises(Killed):
            getattr(keeper(folder), act)(role)
        monkeypatch.undo()
        assert not any(path.name.startswith(".next") for path in (folder / "keys").iterdir())
        woken = opened(folder)
        if woken.card.said.issued_ms == before.card.said.issued_ms:
            assert woken.keys.seals[0].private_bytes_raw() == before.keys.seals[0].private_bytes_raw()
            assert woken.signing.keys() == before.signing.keys()
            getattr(keeper(folder), act)(role)
        else:
            assert not next_path(folder, role).exists(), "the start put it in its place"
        entries = own_card(folder).seals if role == SEAL else own_card(folder).said.roles
        assert len(entries) == (2 if role == SEAL else len(ROLES) + 1), "one new key, not two"
        assert opened(folder).card == own_card(folder)


def test_a_card_that_is_full_is_refused_and_the_folder_stays_as_it_was(made, tmp_path):
    """Sixteen seal keys: the seventeenth is refused before anything takes its place."""
    folder = copy_of(made, tmp_path / "a")
    said = own_card(folder).said
    more = tuple(certify_seal(seal_from_seed(bytes([number]) * 32), NOW) for number in range(15))
    party = load_key(key_path(folder, "party"), secret(folder))
    full = make_card(msgspec.structs.replace(said, seals=(*said.seals, *more)), party)
    NodePaths(folder).own_card.write_text(full + "\n")
    before = opened(folder)
    with pytest.raises(BadCard, match="seals"):
        keeper(folder, "one more").rotate(SEAL)
    after = opened(folder)
    assert after.card == before.card
    assert after.keys.seals[0].private_bytes_raw() == before.keys.seals[0].private_bytes_raw()
