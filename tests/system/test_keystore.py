"""Keys at rest and where their passphrase comes from."""

import time

import pytest
from node_folders import luck_from

from skyparley.adapters.system.keystore import (
    KeyFault,
    check_passphrase,
    find_passphrase,
    key_path,
    load_key,
    load_role_keys,
    write_key,
)
from skyparley.evidence import pem
from skyparley.evidence.keys import ROLES, from_seed
from skyparley.evidence.seal_keys import SEAL, seal_from_seed

KEYS = {role: from_seed(bytes([number]) * 32) for number, role in enumerate(("party", *ROLES))}
SEALING = seal_from_seed(bytes([9]) * 32)
PASSPHRASE = "twelve letters or more"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    for role, key in KEYS.items():
        write_key(key_path(folder, role), key, PASSPHRASE, luck=luck_from(role))
    write_key(key_path(folder, SEAL), SEALING, PASSPHRASE, luck=luck_from(SEAL))
    return folder


def test_keys_open_again_and_only_their_owner_may_read_them(store):
    keys = load_role_keys(store, PASSPHRASE)
    assert keys.desk.private_bytes_raw() == bytes([1]) * 32
    assert keys.machine.private_bytes_raw() == bytes([2]) * 32
    assert {role: key.private_bytes_raw()[0] for role, key in keys.signing().items()} == {
        "desk": 1,
        "machine": 2,
        "supervisor": 3,
        "exercise": 4,
    }
    assert [key.private_bytes_raw() for key in keys.seals] == [bytes([9]) * 32]
    assert load_key(key_path(store, "party"), PASSPHRASE).private_bytes_raw() == bytes(32)
    assert (store / "keys").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (store / "keys").iterdir()} == {0o600}


def test_a_running_node_does_not_need_the_party_key(store):
    path = key_path(store, "party")
    away = path.rename(store / "carried-away.pem")
    try:
        load_role_keys(store, PASSPHRASE)
    finally:
        away.rename(path)


def test_keys_of_one_node_do_not_share_a_salt(store):
    assert len({path.read_bytes()[60:120] for path in (store / "keys").iterdir()}) == 6


def test_loading_a_key_is_quick_enough_and_slow_enough(store):
    """Under 0.3 s for a start; not so little that guessing is cheap (2,048 rounds of PBKDF2 take 1 ms).  Best of three."""
    times = []
    for _ in range(3):
        pem.load_any.cache_clear()  # Tests open a key once (tests/conftest.py), and here the work itself is looked at.
        begin = time.perf_counter()
        load_key(key_path(store, "desk"), PASSPHRASE)
        times.append(time.perf_counter() - begin)
    assert 0.005 < min(times) < 0.3


def test_a_key_is_never_overwritten(store):
    before = key_path(store, "desk").read_bytes()
    with pytest.raises(KeyFault, match="never overwritten"):
        write_key(key_path(store, "desk"), KEYS["party"], PASSPHRASE, luck=luck_from("x"))
    assert key_path(store, "desk").read_bytes() == before


def test_a_wrong_passphrase_names_the_file(store):
    with pytest.raises(KeyFault, match=r"desk\.pem: the passphrase does not open this key"):
        load_key(key_path(store, "desk"), "another passphrase")


def test_a_missing_key_and_one_open_to_others_are_named(store, tmp_path):
    write_key(key_path(tmp_path, "machine"), KEYS["machine"], PASSPHRASE, luck=luck_from("y"))
    with pytest.raises(KeyFault, match=r"desk\.pem is missing"):
        load_role_keys(tmp_path, PASSPHRASE)
    path = key_path(store, "machine")
    path.chmod(0o644)
    try:
        with pytest.raises(KeyFault, match=f"chmod 600 {path}"):
            load_role_keys(store, PASSPHRASE)
    finally:
        path.chmod(0o600)


def test_a_key_of_another_kind_in_its_place_is_named(tmp_path):
    for role, key in KEYS.items():
        write_key(key_path(tmp_path, role), key, PASSPHRASE, luck=luck_from(role))
    write_key(key_path(tmp_path, SEAL), KEYS["desk"], PASSPHRASE, luck=luck_from("z"))
    with pytest.raises(KeyFault, match=r"seal\.pem is not a key of this node: the key is not an X25519 key"):
        load_role_keys(tmp_path, PASSPHRASE)
    write_key(tmp_path / "one.pem", SEALING, PASSPHRASE, luck=luck_from("z"))
    with pytest.raises(KeyFault, match="not an Ed25519 key"):
        load_key(tmp_path / "one.pem", PASSPHRASE)


def test_what_is_no_key_is_named(tmp_path):
    path = tmp_path / "desk.pem"
    path.write_bytes(b"not a key")
    path.chmod(0o600)
    with pytest.raises(KeyFault, match="is not a key of this node"):
        load_key(path, PASSPHRASE)


@pytest.fixture
def places(tmp_path):
    """A passphrase file and a folder of credentials, with different passphrases."""
    file = tmp_path / "passphrase"
    file.write_text("from the file\n")
    file.chmod(0o600)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "skyparley-passphrase").write_text("from the service manager\r\n")
    return file, {"CREDENTIALS_DIRECTORY": str(credentials)}


def test_where_the_passphrase_comes_from(places, tmp_path):
    file, environ = places
    ask = lambda: "from a person"  # noqa: E731 - one word says it
    assert find_passphrase(file, environ, ask) == "from the service manager"
    assert find_passphrase(file, {"CREDENTIALS_DIRECTORY": str(tmp_path / "none")}, ask) == "from the file"
    assert find_passphrase(file, {}, ask) == "from the file"
    assert find_passphrase(tmp_path / "none", {}, ask) == "from a person"
    assert find_passphrase(None, {}, ask) == "from a person"


def test_no_passphrase_anywhere_names_the_places(tmp_path):
    with pytest.raises(KeyFault, match=r"CREDENTIALS_DIRECTORY is not set.*passphrase_file \(not set\)"):
        find_passphrase(None, {})
    with pytest.raises(KeyFault, match=r"none is missing"):
        find_passphrase(tmp_path / "none", {})


def test_a_passphrase_file_open_to_others_is_refused_even_if_a_person_could_be_asked(places):
    file, _ = places
    file.chmod(0o640)
    with pytest.raises(KeyFault, match=f"chmod 600 {file}"):
        find_passphrase(file, {}, lambda: "from a person")


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines\n", b"\xff\xfe"])
def test_a_passphrase_file_that_holds_none(places, content):
    file, _ = places
    file.write_bytes(content)
    with pytest.raises(KeyFault, match=r"one line"):
        find_passphrase(file, {})


@pytest.mark.parametrize(
    "text", ["", "eleven char", "x" * 1025, " twelve letters", "twelve\nletters", "twelve letters "]
)
def test_passphrases_that_are_refused(text):
    check_passphrase(PASSPHRASE)
    with pytest.raises(KeyFault, match="a passphrase"):
        check_passphrase(text)
