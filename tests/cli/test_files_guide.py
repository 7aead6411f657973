"""Two real nodes that no network connects: files by command and by folder; and the guide about them runs as it is written."""

import json
import re
import shlex
import time
import tomllib
from contextlib import ExitStack
from pathlib import Path

import pytest
from command_line import run
from real_nodes import free_ports, pin_each_other, served

from skyparley.adapters.system.settings import SETTINGS

GUIDE = Path(__file__).parents[2] / "docs/guide/files.md"
NOWHERE = "http://127.0.0.1:9"
TRIES = 300


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    return [text for named, text in found if named == language]


@pytest.fixture
def apart(tmp_path, monkeypatch):
    """Folders a and b of two nodes whose cards give addresses at which nobody answers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SKYPARLEY_NODE", raising=False)
    for name in "AB":
        peer, desk = free_ports(2)
        doors = ("--peer-listen", f"127.0.0.1:{peer}", "--desk-listen", f"127.0.0.1:{desk}", "--peer-url", NOWHERE)
        assert run("init", name.lower(), "--name", name, *doors).code == 0
    pin_each_other(tmp_path / "a", tmp_path / "b")
    return tmp_path


def line_of(node: str) -> dict:
    (line,) = json.loads(run("line", "list", "--node", node, "--json").out)
    return line


@pytest.mark.slow
def test_the_guide_about_files_runs_as_it_is_written(apart):
    with ExitStack() as nodes:
        for node in "ab":
            nodes.enter_context(served(apart / node))
        for command in "".join(blocks("")).splitlines():
            line, _, target = command.partition(" > ")
            words = shlex.split(line)[1:]
            ran = run(*words, said="y\n" if words[:2] == ["peer", "add"] else None)
            assert ran.code == 0, (command, ran)
            if target:
                Path(target).write_text(ran.out)
        assert line_of("a")["compared"] == "EQUAL", "a file each way, and A may seal"
        assert not line_of("a").get("link_up", False)


def test_the_settings_of_the_guide_are_settings():
    (block,) = blocks("toml")
    plain = tomllib.loads(block)
    assert {f"files.{name}" for name in plain["files"]} == {key for key in SETTINGS if key.startswith("files.")}


@pytest.mark.slow
def test_what_a_command_refuses_it_refuses_with_its_reason(apart):
    with ExitStack() as nodes:
        for node in "ab":
            nodes.enter_context(served(apart / node))
        assert run("bearer", "export", "B", "--out", "one", "--node", "a").code == 0
        before = Path("one").read_bytes()
        again = run("bearer", "export", "B", "--out", "one", "--node", "a")
        assert again.code == 1
        assert "is there already" in again.err
        assert Path("one").read_bytes() == before
        assert Path("one").stat().st_mode & 0o077 == 0
        for name, data, code, text in (
            ("ours", before, 1, "OTHER_PARTY"),
            ("cut", before[:-20], 1, "FILE_DAMAGED"),
            ("junk", b"A-0001 at noon", 1, "NOT_SEALED"),
            ("picture", b"\xff\xd8", 2, "not ASCII"),
            ("large", b"A" * (6 * 1024 * 1024 + 1), 2, "larger than"),
        ):
            Path(name).write_bytes(data)
            ran = run("bearer", "import", name, "--node", "a" if name == "ours" else "b")
            assert (ran.code, text in ran.err) == (code, True), (name, ran)
        assert run("bearer", "export", "NOBODY", "--out", "two", "--node", "a").code == 1
        assert not Path("two").exists()
        assert line_of("b")["received"] == 0
        for _ in range(2):
            ran = run("bearer", "import", "one", "--node", "b", "--json")
            assert json.loads(ran.out)["peer"] == "A"


@pytest.mark.slow
def test_a_line_from_which_nothing_comes_back_says_so(apart):
    settings = apart / "a" / "node.toml"
    settings.write_text(settings.read_text().replace("one_way = []", 'one_way = ["B"]'))
    with ExitStack() as nodes:
        nodes.enter_context(served(apart / "a"))
        assert "RECEIPT NOT POSSIBLE" in " ".join(run("line", "list", "--node", "a").out.split())
        assert line_of("a")["receipts"] == "NOT POSSIBLE"
        nodes.enter_context(served(apart / "b"))
        assert "RECEIPT" not in run("line", "list", "--node", "b").out
        assert "receipts" not in line_of("b")


@pytest.mark.slow
def test_two_nodes_over_folders_only(apart):
    """Settings, sub-folders, files moved by a hand: the line opens, and what A says B's desk shows."""
    for node in "ab":
        settings = apart / node / "node.toml"
        text = settings.read_text()
        assert 'out = ""' in text
        settings.write_text(text.replace('out = ""', 'out = "files/out"').replace('in = ""', 'in = "files/in"'))
    with ExitStack() as nodes:
        for node in "ab":
            nodes.enter_context(served(apart / node))
        _carry_until(apart, lambda: line_of("a").get("ready") and line_of("b").get("ready"))
        filed = run("notice", "file", *_notice(), "--to", "B", "--node", "a")
        assert filed.code == 0, filed
        _carry_until(
            apart, lambda: '"id":"A-0001"' in run("notice", "list", "--node", "b", "--json").out.replace(" ", "")
        )
        _carry_until(apart, lambda: line_of("a")["delivered"] == line_of("a")["sent"])
        assert not line_of("a").get("link_up", False)
    assert run("verify", "a", "b").code == 0


def _notice() -> list[str]:
    """The first notice of the desk guide."""
    guide = (GUIDE.parent / "desk.md").read_text(encoding="utf-8")
    line = next(one for one in guide.replace("\\\n", " ").splitlines() if one.startswith("skyparley notice file "))
    words = shlex.split(line)[3:]
    for option in ("--to", "--node"):
        while option in words:
            at = words.index(option)
            del words[at : at + 2]
    return words


def _carry_until(base: Path, holds) -> None:
    """A hand that moves every file to the other side, until something holds."""
    for _ in range(TRIES):
        if holds():
            return
        for one, other in (("a", "b"), ("b", "a")):
            for path in sorted((base / one / "files/out" / other.upper()).glob("*.skyparley")):
                path.replace(base / other / "files/in" / one.upper() / path.name)
        time.sleep(0.1)  # The nodes are processes of their own, which look once a second.
    raise AssertionError((line_of("a"), line_of("b")))
