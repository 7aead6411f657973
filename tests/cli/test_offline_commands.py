"""Commands that need no running node: what they make, what they ask, what they refuse, and in which words."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Ran, run

from skyparley.adapters.system.accounts import Accounts
from skyparley.adapters.system.identity import own_card
from skyparley.adapters.system.node_dir import load_node
from skyparley.adapters.system.peers import peers
from skyparley.domain.table import parse_table, table_hash
from skyparley.evidence.card import read_card
from skyparley.evidence.seal_keys import seal_key_id
from skyparley.evidence.words import as_text, to_words


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders A and B, made by the command, which have not pinned each other."""
    base = tmp_path_factory.mktemp("parties")
    assert run("init", base / "A").code == 0
    assert run("init", base / "b", "--peer-listen", "127.0.0.1:9441", "--desk-listen", "127.0.0.1:9440").code == 0
    return base


@pytest.fixture
def pair(parties: Path, tmp_path: Path) -> Path:
    """A copy for a test that changes it, with the card of B as a file."""
    import shutil

    shutil.copytree(parties, tmp_path / "x")
    (tmp_path / "x" / "b.card").write_text(own_card(parties / "b").text)
    return tmp_path / "x"


def words_of(folder: Path) -> str:
    return as_text(to_words(own_card(folder).fingerprint))


# --- init, card ---------------------------------------------------------------------------------------------------


def test_init_tells_what_people_must_know_once(tmp_path: Path) -> None:
    ran = run("init", tmp_path / "north-1")
    folder = tmp_path / "north-1"
    assert ran.code == 0
    assert words_of(folder) in ran.out
    password = re.search(r"^    (\w{4}(?:-\w{4}){4})$", ran.out, re.M)
    assert password is not None
    person = Accounts(folder / "accounts.json").verify_password("officer", password[1])
    assert person is not None
    assert person.must_change
    assert str(folder / "party-key-backup.pem") in ran.out
    assert load_node(folder).name == "NORTH-1"


def test_init_takes_doors_clock_and_passphrase(tmp_path: Path) -> None:
    (tmp_path / "pass").write_text("a long enough passphrase\n")
    ran = run(
        "init", tmp_path / "x", "--name", "B", "--peer-listen", "127.0.0.1:1", "--desk-listen", "127.0.0.1:2",
        "--peer-url", "https://b.example", "--clock", "scaled", "--rate", "10", "--shows", "2026-11-23T07:00Z",
        "--passphrase-file", tmp_path / "pass", "--json",
    )  # fmt: skip
    assert ran.code == 0
    assert json.loads(ran.out)["officer"] == "officer"
    config = load_node(tmp_path / "x")
    assert (config.name, config.peer.listen, config.peer.url) == ("B", "127.0.0.1:1", ("https://b.example",))
    assert (config.clock.kind, config.clock.rate, config.clock.anchor_ms) == ("SCALED", 10.0, 1_795_417_200_000)
    assert not (tmp_path / "x" / "passphrase").exists()


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("--name", "nord ost"), 2, "A-Z"),
        (("--peer-listen", "nowhere"), 2, "peer.listen"),
        (("--clock", "FAST"), 2, "REAL or SCALED"),
        (("--rate", "3"), 2, "SCALED"),
        (("--clock", "SCALED", "--rate", "1000"), 2, "up to 100"),
        (("--clock", "SCALED", "--shows", "noon"), 2, "is not a time"),
        (("--passphrase-file", "/nowhere/at/all"), 2, "cannot be read"),
        (("--rate", "fast"), 2, "rate"),
    ],
)
def test_init_that_cannot_be_leaves_nothing(tmp_path: Path, words: tuple[str, ...], code: int, named: str) -> None:
    ran = run("init", tmp_path / "A", *words)
    assert (ran.code, named in ran.err) == (code, True), ran
    assert not (tmp_path / "A").exists()


def test_init_touches_no_folder_that_is_used(pair: Path) -> None:
    ran = run("init", pair / "A")
    assert ran.code == 1
    assert "nothing was changed" in ran.err


def test_a_card_goes_out_alone_and_its_words_beside_it(parties: Path) -> None:
    ran = run("card", parties / "A")
    assert ran.code == 0
    card = read_card(ran.out.strip())
    assert card.text == own_card(parties / "A").text
    assert words_of(parties / "A") in ran.err


def test_a_card_follows_the_settings(pair: Path) -> None:
    toml = pair / "A" / "node.toml"
    toml.write_text(toml.read_text().replace('url = ["http://127.0.0.1:8441"]', 'url = ["https://a.example"]'))
    assert read_card(run("card", pair / "A").out.strip()).urls == ("https://a.example",)


# --- peers --------------------------------------------------------------------------------------------------------


def pinned(folder: Path) -> list[str]:
    return [card.name for card in peers(folder)]


def test_a_peer_is_pinned_when_the_words_were_compared(pair: Path) -> None:
    ran = run("peer", "add", pair / "A", pair / "b.card", said="y\n")
    assert ran.code == 0
    assert words_of(pair / "b") in ran.out
    assert seal_key_id(own_card(pair / "b").seals[0].public) in ran.out, "what files to it are sealed with"
    assert pinned(pair / "A") == ["B"]
    again = run("peer", "add", pair / "A", pair / "b.card")
    assert again.code == 0
    assert "already" in again.out
    listed = run("peer", "list", pair / "A")
    assert own_card(pair / "b").fingerprint in listed.out
    assert json.loads(run("peer", "list", pair / "A", "--json").out)[0]["words"] == words_of(pair / "b")


@pytest.mark.parametrize("said", ["n\n", "", "perhaps\n"])
def test_no_yes_no_peer(pair: Path, said: str) -> None:
    ran = run("peer", "add", pair / "A", pair / "b.card", said=said)
    assert ran.code == 1
    assert "nothing was changed" in ran.err
    assert pinned(pair / "A") == []


def test_words_that_were_read_out_are_compared_one_by_one(pair: Path) -> None:
    right = words_of(pair / "b")
    assert run("peer", "add", pair / "A", pair / "b.card", "--yes-compared", right.upper()).code == 0
    assert pinned(pair / "A") == ["B"]


@pytest.mark.parametrize("wrong", ["one", "short", "other"])
def test_wrong_words_pin_nobody(pair: Path, wrong: str) -> None:
    right = words_of(pair / "b").split()
    heard = {
        "one": [*right[:-1], "zoo" if right[-1] != "zoo" else "zone"],
        "short": right[:-1],
        "other": words_of(pair / "A").split(),
    }
    ran = run("peer", "add", pair / "A", pair / "b.card", "--yes-compared", " ".join(heard[wrong]))
    assert ran.code == 1
    assert "heard" in ran.err
    assert pinned(pair / "A") == []


def test_a_card_through_a_pipe_needs_the_words(pair: Path) -> None:
    card = own_card(pair / "b").text
    refused = run("peer", "add", pair / "A", "-", said=card)
    assert refused.code == 2
    assert "--yes-compared" in refused.err
    assert run("peer", "add", pair / "A", "-", "--yes-compared", words_of(pair / "b"), said=card).code == 0


def test_our_own_name_on_their_card_is_a_warning(pair: Path, tmp_path: Path) -> None:
    assert run("init", tmp_path / "A").code == 0
    (tmp_path / "other.card").write_text(own_card(tmp_path / "A").text)
    words = ("peer", "add", pair / "A", tmp_path / "other.card", "--yes-compared", words_of(tmp_path / "A"))
    ran = run(*words)
    assert ran.code == 1
    assert "NAME_OURS" in ran.out
    assert "--accept-warnings" in ran.err
    assert run(*words, "--accept-warnings").code == 0


@pytest.mark.parametrize("card", ["", "nonsense", "a.b.c", "\x00\x01", "x" * 40_000, "own", "changed"])
def test_what_is_no_card_is_named(pair: Path, card: str) -> None:
    text = own_card(pair / "b").text
    given = {"own": own_card(pair / "A").text, "changed": text[:-3] + "AAA"}.get(card, card)
    (pair / "given").write_text(given)
    ran = run("peer", "add", pair / "A", pair / "given", said="y\n")
    assert ran.code in (1, 2)
    assert ran.err
    assert pinned(pair / "A") == []


# --- accounts, tokens, table --------------------------------------------------------------------------------------


def test_people_come_and_go(pair: Path) -> None:
    accounts = Accounts(pair / "A" / "accounts.json")
    first = run("account", "add", pair / "A", "mira", "--role", "supervisor")
    person = accounts.verify_password("mira", first.out.strip())
    assert person is not None
    assert (person.role, person.must_change) == ("supervisor", True)
    second = run("account", "password", pair / "A", "mira").out.strip()
    assert accounts.verify_password("mira", first.out.strip()) is None
    assert accounts.verify_password("mira", second) is not None
    assert "supervisor" in run("account", "list", pair / "A").out
    assert run("account", "remove", pair / "A", "mira").code == 0
    assert accounts.verify_password("mira", second) is None


def test_a_token_is_told_once_and_can_be_taken_away(pair: Path) -> None:
    accounts = Accounts(pair / "A" / "accounts.json")
    text = run("token", pair / "A", "wall", "--role", "observer").out.strip()
    token = accounts.verify_token(text)
    assert token is not None
    assert (token.name, token.role) == ("wall", "observer")
    assert text not in run("account", "list", pair / "A", "--json").out
    assert run("token", pair / "A", "wall", "--remove").code == 0
    assert accounts.verify_token(text) is None


@pytest.mark.parametrize(
    "words",
    [
        ("account", "add", "DIR", "officer"),
        ("account", "add", "DIR", "Mira!"),
        ("account", "add", "DIR", "mira", "--role", "king"),
        ("account", "password", "DIR", "nobody"),
        ("account", "remove", "DIR", "nobody"),
        ("token", "DIR", "x", "--role", "king"),
        ("token", "DIR", "nothing", "--remove"),
        ("account", "list", "NOWHERE"),
        ("token", "NOWHERE", "x"),
        ("card", "NOWHERE"),
        ("peer", "list", "NOWHERE"),
        ("serve", "NOWHERE"),
        ("table", "show", "--profile", "naval"),
        ("table", "show", "--file", "NOWHERE"),
        ("table", "show", "DIR", "--profile", "utm"),
        ("table", "show", "--toml", "--json"),
        ("table", "show", "--peer", "B"),
        ("table", "diff", "naval"),
        ("table", "diff", "utm", "--from", "NOWHERE"),
        ("table", "diff"),
        ("frobnicate",),
        ("peer", "frobnicate"),
        ("init",),
        ("peer", "add", "DIR"),
    ],
)
def test_nonsense_ends_with_words_and_2(pair: Path, words: tuple[str, ...]) -> None:
    named = {"DIR": str(pair / "A"), "NOWHERE": str(pair / "nowhere")}
    ran = run(*(named.get(word, word) for word in words))
    assert ran.code == 2, ran
    assert ran.err.strip()


def test_the_table_is_shown_with_its_hash(pair: Path) -> None:
    shown = json.loads(run("table", "show", pair / "A", "--json").out)
    utm = json.loads(run("table", "show", "--profile", "utm", "--json").out)
    assert shown == json.loads(run("table", "show", "--json").out)
    assert shown["table_hash"] != utm["table_hash"]
    own = pair / "own.toml"
    own.write_text("".join(f"{name} = {value}\n" for name, value in utm["table"].items()))
    assert table_hash(parse_table(own.read_text())) == utm["table_hash"]
    assert utm["table_hash"] in run("table", "show", "--file", own).out
    own.write_text("separation_lateral_m = 1\n")
    ran = run("table", "show", "--file", own)
    assert ran.code == 2
    assert "missing number" in ran.err


def test_a_table_is_written_as_a_file_that_a_node_can_be_started_with(tmp_path: Path) -> None:
    for profile in ("military", "civil-military", "utm"):
        ran = run("table", "show", "--profile", profile, "--toml")
        told = json.loads(run("table", "show", "--profile", profile, "--json").out)
        own = tmp_path / f"{profile}.toml"
        own.write_text(ran.out)
        assert table_hash(parse_table(own.read_text())) == told["table_hash"]
        again = run("table", "show", "--file", own, "--toml").out
        assert again.partition("\n")[2] == ran.out.partition("\n")[2], (
            "what it is called stands in the first line alone"
        )
    assert "separation_lateral_m = 18520  # 10.0 NM (18.5 km); between two notices' volumes" in ran.out.splitlines()


def test_two_tables_are_told_apart_number_by_number(pair: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    text = run("table", "show", pair / "A", "--toml").out
    own.write_text(text.replace("separation_lateral_m = 18520", "separation_lateral_m = 37040"))
    changes = [{"name": "separation_lateral_m", "before": 18520, "after": 37040}]
    ran = run("table", "diff", own, "--node", pair / "A", "--json")
    assert json.loads(ran.out)["changes"] == changes
    assert json.loads(run("table", "diff", own, "--json").out)["changes"] == changes, "the profile military"
    back = json.loads(run("table", "diff", "military", "--from", own, "--json").out)
    assert back["changes"] == [{"name": "separation_lateral_m", "before": 37040, "after": 18520}]
    shown = run("table", "diff", own, "--node", pair / "A")
    (row,) = [line.split() for line in shown.out.splitlines() if line.startswith("separation")]
    assert row[:4] == ["separation_lateral_m", "m", "18520", "37040"]
    assert shown.code == 0
    same = run("table", "diff", pair / "A", "--from", "military")
    assert "the same table" in same.out
    own.write_text("separation_lateral_m = 1\n")
    assert "missing number" in run("table", "diff", own).err


# --- the whole ----------------------------------------------------------------------------------------------------


def every_command() -> list[list[str]]:
    """Each command and group, found by following the help of the groups."""

    def below(words: list[str]) -> list[list[str]]:
        told = run(*words, "--help").out
        named = re.findall(r"^  ([a-z-]+)  +\S", told.partition("Commands:\n")[2], re.M)
        return [words, *(one for name in named for one in below([*words, name]))]

    return below([])


def test_every_command_has_help_and_says_what_it_does() -> None:
    commands = every_command()
    assert len(commands) > 40
    for words in commands:
        ran: Ran = run(*words, "--help")
        assert ran.code == 0, words
        assert re.search(r"^  [A-Z].*", ran.out.partition("Usage:")[2], re.M), words


def test_the_closed_lists_in_the_help_are_those_of_the_line() -> None:
    from typing import get_args

    from skyparley.cli import choices
    from skyparley.domain.messages import codes

    def listed(text: str) -> tuple[str, ...]:
        return tuple(re.split(r", | or ", text))

    assert listed(choices.NOTICE_KINDS) == codes.NOTICE_KINDS
    assert listed(choices.REASONS) == get_args(codes.ReasonCode)
    assert listed(choices.QUERY_FIELDS) == get_args(codes.QueryField)
    assert listed(choices.REJECT_REASONS) == get_args(codes.RejectReason)


@pytest.mark.parametrize("words", [["--help"], ["notice", "file", "--help"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    """Start-up time is a feature; what is counted is modules, since times on a shared machine prove nothing."""
    code = (
        "import sys\nfrom skyparley.cli.main import app\n"
        f"try:\n    app({words!r})\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'httpx', 'apsw', 'cryptography', 'starlette', 'uvicorn', 'spherely', 's2geometry', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ), check=True
    )
    assert done.stderr.strip() == "[]"
    assert "Usage:" in done.stdout
