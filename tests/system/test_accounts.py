"""Local accounts and tokens."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from node_folders import NOW, luck_from

from skyparley.adapters.system import accounts as module
from skyparley.adapters.system.accounts import RIGHTS, AccountFault, Accounts, may, one_time_password

GOOD = "a long password"


@pytest.fixture
def accounts(tmp_path):
    return Accounts.create(tmp_path / "accounts.json")


@pytest.fixture
def luck():
    return luck_from("accounts")


def test_a_password_is_right_or_not(accounts, luck):
    added = accounts.add("anna", "supervisor", GOOD, luck=luck)
    assert added.must_change
    assert accounts.verify_password("anna", GOOD) == added
    for name, password in (
        ("anna", GOOD + "x"),
        ("anna", ""),
        ("Anna", GOOD),
        ("boris", GOOD),
        ("", ""),
        ("anna", "\ud800"),
    ):
        assert accounts.verify_password(name, password) is None


def test_an_unknown_name_costs_a_whole_verification(accounts, luck, monkeypatch):
    """Counted, not timed: the same work with the same parameters, for an unknown name and for a wrong password."""
    accounts.add("anna", "desk", GOOD, luck=luck)
    verified = []

    class Counting:
        def verify(self, hashed, password):
            verified.append(module.argon2.extract_parameters(hashed))
            return real.verify(hashed, password)

    real = module._HASHER
    monkeypatch.setattr(module, "_HASHER", Counting())
    accounts.verify_password("anna", "wrong password")
    accounts.verify_password("nobody", "wrong password")
    accounts.verify_password("anna", "x" * 1_000_000)
    assert len(verified) == 3
    assert verified[0] == verified[1] == verified[2]


def test_a_password_too_long_is_not_hashed_and_not_right(accounts, luck):
    with pytest.raises(AccountFault, match="takes 12 to 256"):
        accounts.add("anna", "desk", "x" * 257, luck=luck)
    accounts.add("anna", "desk", "x" * 256, luck=luck)
    assert accounts.verify_password("anna", "x" * 256) is not None
    assert accounts.verify_password("anna", "x" * 257) is None


def test_an_accent_typed_in_two_ways_is_one_password(accounts, luck):
    accounts.add("anna", "desk", "caf\u00e9 au lait, 2", luck=luck)
    assert accounts.verify_password("anna", "cafe\u0301 au lait, 2") is not None


def test_a_new_password(accounts, luck):
    accounts.add("anna", "desk", GOOD, luck=luck)
    with pytest.raises(AccountFault, match="old one"):
        accounts.set_password("anna", GOOD, luck=luck)
    accounts.set_password("anna", "another password", luck=luck)
    assert accounts.verify_password("anna", GOOD) is None
    person = accounts.verify_password("anna", "another password")
    assert person is not None
    assert not person.must_change
    assert person.role == "desk"
    with pytest.raises(AccountFault, match="no person named boris"):
        accounts.set_password("boris", "another password", luck=luck)


def test_a_token_is_given_once_and_kept_as_a_hash(accounts, luck):
    text = accounts.add_token("wall", "observer", luck=luck, now_ms=NOW)
    assert text.startswith("skp_")
    assert len(text) == 47
    found = accounts.verify_token(text)
    assert found is not None
    assert (found.name, found.role, found.created_ms) == ("wall", "observer", NOW)
    assert text[4:] not in accounts._path.read_text()
    for wrong in (
        "",
        "skp_",
        text[:-1],
        text + "x",
        text[:-1] + ("A" if text[-1] != "A" else "B"),
        found.sha256,
        "\ud800" * 47,
    ):
        assert accounts.verify_token(wrong) is None
    accounts.remove_token("wall")
    assert accounts.verify_token(text) is None


def test_what_cannot_be_added(accounts, luck):
    accounts.add("anna", "desk", GOOD, luck=luck)
    accounts.add_token("wall", "observer", luck=luck, now_ms=NOW)
    for name, role, password, said in (
        ("anna", "desk", GOOD, "already"),
        ("Anna", "desk", GOOD, "not a name"),
        ("", "desk", GOOD, "not a name"),
        ("-a", "desk", GOOD, "not a name"),
        ("a\n", "desk", GOOD, "not a name"),
        ("boris", "admin", GOOD, "roles are desk, supervisor, custodian, observer"),
        ("boris", "desk", "eleven char", "12 to 256"),
    ):
        with pytest.raises(AccountFault, match=said):
            accounts.add(name, role, password, luck=luck)
    with pytest.raises(AccountFault, match="already"):
        accounts.add_token("wall", "desk", luck=luck, now_ms=NOW)
    with pytest.raises(AccountFault, match="no token"):
        accounts.remove_token("anna")
    assert [person.name for person in accounts.people] == ["anna"]


def test_a_running_node_follows_what_the_command_line_writes(accounts, luck):
    other = Accounts(accounts._path)
    accounts.add("anna", "desk", GOOD, luck=luck)
    assert [person.name for person in other.people] == ["anna"]
    token = other.add_token("wall", "desk", luck=luck, now_ms=NOW)
    assert accounts.verify_token(token) is not None
    assert [person.name for person in accounts.people] == ["anna"], "a change keeps what others wrote"
    other.remove("anna")
    assert accounts.people == ()
    with pytest.raises(AccountFault, match="no person"):
        accounts.remove("anna")


def test_the_file_survives_a_restart_and_is_private(accounts, luck):
    accounts.add("anna", "custodian", GOOD, luck=luck)
    accounts.add_token("wall", "observer", luck=luck, now_ms=NOW)
    again = Accounts(accounts._path)
    assert (again.people, again.tokens) == (accounts.people, accounts.tokens)
    assert accounts._path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content", ["", "[]", '{"accounts":2}', '{"accounts":1,"more":[]}', '{"accounts":1,"people":[{"name":"a"}]}']
)
def test_a_file_that_is_no_file_of_accounts(accounts, content):
    accounts._path.write_text(content)
    with pytest.raises(AccountFault, match="not a file of accounts"):
        Accounts(accounts._path)


def test_a_file_open_to_others_missing_or_with_a_damaged_hash(accounts, luck, tmp_path):
    accounts.add("anna", "desk", GOOD, luck=luck)
    plain = json.loads(accounts._path.read_text())
    plain["people"][0]["hash"] = "x"
    accounts._path.write_text(json.dumps(plain))
    with pytest.raises(AccountFault, match="hash of anna is damaged"):
        accounts.verify_password("anna", GOOD)
    accounts._path.chmod(0o640)
    with pytest.raises(AccountFault, match="chmod 600"):
        Accounts(accounts._path)
    with pytest.raises(AccountFault, match="missing"):
        Accounts(tmp_path / "none")
    with pytest.raises(AccountFault, match="already"):
        Accounts.create(accounts._path)


def test_rights():
    """The table as DOMAIN IAM-04 has it: everybody reads, an observer and a custodian never act."""
    assert {role for role in RIGHTS if may(role, "act")} == {"desk", "supervisor"}
    assert {role for role in RIGHTS if may(role, "read")} == set(RIGHTS)
    assert {role for role in RIGHTS if may(role, "supervise")} == {"supervisor"}
    assert {role for role in RIGHTS if may(role, "custody")} == {"custodian"}
    assert not may("nobody", "read")
    assert not may("desk", "everything")


@given(st.integers(0, 2**32))
def test_a_one_time_password_is_long_and_readable(number):
    text = one_time_password(luck_from(str(number)))
    assert [len(group) for group in text.split("-")] == [4] * 5
    assert not set(text) & set("ilo01" + string.ascii_uppercase)
    assert len(text) >= module.PASSWORD_CHARS_MIN


def test_each_letter_of_a_one_time_password_is_as_likely():
    """Bytes that would favour the first letters of the alphabet are thrown away: 248 to 255 give nothing."""
    parts = iter([bytes(range(248, 256)) * 4, bytes(range(32))])
    assert one_time_password(lambda count: next(parts)) == "abcd-efgh-jkmn-pqrs-tuvw"
