"""Making a node's folder: whole, or never taken for one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from node_folders import NOW, copy_of, luck_from, make

from skyparley.adapters.system import files
from skyparley.adapters.system.accounts import Accounts
from skyparley.adapters.system.identity import open_identity, own_card, passphrase_of
from skyparley.adapters.system.keystore import KeyFault, load_key
from skyparley.adapters.system.node_dir import NewNode, NodeFault, NodePaths, init_node, load_node
from skyparley.adapters.system.settings import ClockSettings, SettingsFault
from skyparley.base.times import DAY
from skyparley.evidence.words import from_words


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "a"
    return folder, make(folder)


def code_of(call, *args, **kwargs) -> str:
    with pytest.raises(NodeFault) as caught:
        call(*args, **kwargs)
    return caught.value.code


def test_a_node_that_was_made_loads_and_can_sign(made):
    folder, result = made
    config = load_node(folder)
    assert config.name == "A"
    assert config.peer.url == ("http://127.0.0.1:8441",)
    identity = open_identity(folder, passphrase_of(folder, config, {}))
    assert identity.fingerprint == result.fingerprint == from_words(result.words)
    card = own_card(folder)
    assert card.role_key(identity.desk_kid) == identity.desk.public_key().public_bytes_raw()
    assert card.role_key(identity.machine_kid) == identity.machine.public_key().public_bytes_raw()
    entry = card.role(identity.desk_kid)
    assert entry is not None
    assert entry.valid_at(NOW - DAY)
    assert entry.valid_at(NOW + 3 * 365 * DAY)
    assert not entry.valid_at(NOW + 4 * 365 * DAY)


def test_what_people_are_told_once_is_true_and_nowhere_kept(made):
    folder, result = made
    accounts = Accounts(folder / "accounts.json")
    officer = accounts.verify_password(result.officer, result.one_time_password)
    assert officer is not None
    assert officer.must_change
    token = accounts.verify_token((folder / "desk.token").read_text().strip())
    assert token is not None
    assert token.role == "desk"
    for path in folder.rglob("*"):
        if path.is_file():
            assert result.one_time_password.encode() not in path.read_bytes(), path


def test_the_backup_opens_to_the_party_key_and_says_what_it_is(made):
    folder, result = made
    passphrase = (folder / "passphrase").read_text().strip()
    backup = load_key(result.backup, passphrase).private_bytes_raw()
    assert backup == load_key(folder / "keys" / "party.pem", passphrase).private_bytes_raw()
    text = result.backup.read_text()
    for said in (result.fingerprint, result.words, "Move this file off this machine", "If it is lost"):
        assert said in text


def test_only_its_owner_can_look_into_it(made):
    folder, _ = made
    open_to_others = [
        str(path.relative_to(folder)) for path in [folder, *folder.rglob("*")] if path.stat().st_mode & 0o077
    ]
    assert open_to_others == ["own.card"], "the card is there to be given away"


def test_two_nodes_share_nothing(made, tmp_path):
    folder, result = made
    other = make(tmp_path / "b", "B")
    assert other.fingerprint != result.fingerprint
    assert other.one_time_password != result.one_time_password
    for name in ("passphrase", "desk.token", "keys/party.pem", "keys/desk.pem", "keys/machine.pem"):
        assert (folder / name).read_bytes() != (tmp_path / "b" / name).read_bytes()


def test_a_passphrase_of_ones_own_is_not_kept(tmp_path):
    result = make(tmp_path / "a", passphrase="a passphrase of our own")
    assert result.passphrase_file is None
    assert not (tmp_path / "a" / "passphrase").exists()
    config = load_node(tmp_path / "a")
    with pytest.raises(KeyFault, match="there is no passphrase"):
        passphrase_of(tmp_path / "a", config, {})
    assert open_identity(tmp_path / "a", passphrase_of(tmp_path / "a", config, {}, lambda: "a passphrase of our own"))
    for path in (tmp_path / "a").rglob("*"):
        assert not path.is_file() or b"of our own" not in path.read_bytes()


def test_what_is_wrong_is_said_before_anything_is_made(tmp_path):
    for more, fault in (
        ({"passphrase": "short"}, KeyFault),
        ({"http_peer": "nowhere"}, SettingsFault),
        ({"clock": ClockSettings(kind="SCALED")}, SettingsFault),
    ):
        with pytest.raises(fault):
            make(tmp_path / "a", **more)
    with pytest.raises(SettingsFault):
        make(tmp_path / "a", "a name")
    assert not (tmp_path / "a").exists()


def test_a_wildcard_is_not_an_address_to_give_away(tmp_path):
    make(tmp_path / "a", http_peer="0.0.0.0:8441")
    assert own_card(tmp_path / "a").urls == ()
    make(tmp_path / "b", http_peer="0.0.0.0:8441", urls=("https://b.example",))
    assert own_card(tmp_path / "b").urls == ("https://b.example",)


def test_a_scaled_nodes_card_goes_by_its_own_clock(tmp_path):
    clock = ClockSettings(kind="SCALED", rate=10, anchor_real_ms=NOW, anchor_ms=5 * DAY)
    make(tmp_path / "a", clock=clock)
    card = own_card(tmp_path / "a")
    assert (card.said.clock, card.said.issued_ms) == ("SCALED", 5 * DAY)
    assert card.said.roles[0].valid_at(5 * DAY)
    assert not card.said.roles[0].valid_at(NOW)


def test_an_empty_folder_is_taken(tmp_path):
    make(tmp_path)
    assert load_node(tmp_path).name == "A"


def test_a_second_init_changes_nothing(made, tmp_path):
    folder = copy_of(made[0], tmp_path / "a")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert code_of(make, folder) == "NODE_EXISTS"
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_folder_with_other_things_is_refused_and_they_are_named(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(NodeFault, match=r"holiday\.jpg") as caught:
        make(tmp_path)
    assert caught.value.code == "NODE_FOLDER_USED"
    assert os.listdir(tmp_path) == ["holiday.jpg"]
    assert code_of(make, tmp_path / "holiday.jpg") == "NODE_FOLDER_USED"


def test_what_is_no_node_is_not_loaded(tmp_path):
    assert code_of(load_node, tmp_path) == "NODE_MISSING"
    assert code_of(load_node, tmp_path / "none") == "NODE_MISSING"


class Killed(BaseException):
    """Stands for the end of the process."""


def stop_at(number: int, after: bool, monkeypatch) -> list[str]:
    """Lets init end at its rename with this number, before or after it, and leaves what a dead process leaves."""
    done: list[str] = []
    real = os.replace

    def replace(old, new):
        if len(done) == number and not after:
            raise Killed
        real(old, new)
        done.append(Path(new).name)
        if len(done) == number + 1 and after:
            raise Killed

    monkeypatch.setattr(files.os, "replace", replace)
    monkeypatch.setattr(files.os, "unlink", lambda path: None)
    return done


def test_settings_are_written_last(tmp_path, monkeypatch):
    done = stop_at(10_000, False, monkeypatch)
    make(tmp_path / "a")
    assert done[-1] == "node.toml"
    assert len(done) == len(WRITES), "WRITES counts them for the test below"


WRITES = (
    "passphrase",
    "party",
    "desk",
    "machine",
    "supervisor",
    "exercise",
    "seal",
    "backup",
    "card",
    "accounts",
    "officer",
    "token",
    "desk.token",
    "toml",
)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("number", range(len(WRITES)), ids=WRITES)
def test_an_init_that_died_is_named_and_never_used(tmp_path, monkeypatch, number, after):
    stop_at(number, after, monkeypatch)
    with pytest.raises(Killed):
        make(tmp_path / "a")
    monkeypatch.undo()
    if number == len(WRITES) - 1 and after:
        assert load_node(tmp_path / "a").name == "A", "all was written; only the answer was lost"
        return
    assert code_of(load_node, tmp_path / "a") == "NODE_HALF_MADE"
    assert code_of(make, tmp_path / "a") == "NODE_HALF_MADE"


def test_an_init_that_was_really_killed(tmp_path):
    """SIGKILL between the keys and the settings, in a process of its own."""
    script = f"""
import os, signal
from pathlib import Path
from skyparley.adapters.system import node_dir
node_dir.make_card = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
node_dir.init_node(Path({str(tmp_path / "a")!r}), node_dir.NewNode(name="A"), luck=os.urandom, now_ms={NOW})
"""
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "a" / "keys" / "party.pem").exists()
    with pytest.raises(NodeFault, match=r"keys/party\.pem.*missing: node\.toml") as caught:
        load_node(tmp_path / "a")
    assert caught.value.code == "NODE_HALF_MADE"
    assert code_of(make, tmp_path / "a") == "NODE_HALF_MADE"


@pytest.mark.parametrize("name", ["keys/desk.pem", "keys/machine.pem", "own.card", "accounts.json", "peers"])
def test_a_part_that_is_missing_is_named(made, tmp_path, name):
    folder = copy_of(made[0], tmp_path / "a")
    path = folder / name
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink()
    with pytest.raises(NodeFault, match=name.replace(".", r"\.")) as caught:
        load_node(folder)
    assert caught.value.code == "NODE_DAMAGED"


def test_what_may_be_carried_away_is_not_missed(made, tmp_path):
    folder = copy_of(made[0], tmp_path / "a")
    passphrase = (folder / "passphrase").read_text().strip()
    for path in (NodePaths(folder).backup, NodePaths(folder).passphrase, folder / "keys" / "party.pem"):
        path.unlink()
    load_node(folder)
    assert open_identity(folder, passphrase).card.name == "A"


def test_settings_that_others_can_change_are_refused(made, tmp_path):
    folder = copy_of(made[0], tmp_path / "a")
    (folder / "node.toml").chmod(0o662)
    with pytest.raises(NodeFault, match="chmod go-w") as caught:
        load_node(folder)
    assert caught.value.code == "NODE_DAMAGED"


def test_luck_is_all_that_tells_two_inits_apart(tmp_path):
    """With the same luck and time the same keys come out: nothing else in there draws a number."""
    first = init_node(tmp_path / "1", NewNode(name="A"), luck=luck_from("x"), now_ms=NOW)
    second = init_node(tmp_path / "2", NewNode(name="A"), luck=luck_from("x"), now_ms=NOW)
    assert (first.fingerprint, first.one_time_password) == (second.fingerprint, second.one_time_password)
    for path in sorted((tmp_path / "1").rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "2" / path.relative_to(tmp_path / "1")).read_bytes(), path
