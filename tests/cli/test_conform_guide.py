"""The guide to conform is true: its commands run in its order against a real node, and end as it says."""

from __future__ import annotations

import os
import re
import shlex
from contextlib import ExitStack
from pathlib import Path

import pytest
from command_line import Ran, run
from real_nodes import free_ports, served

GUIDE = (Path(__file__).parents[2] / "docs/guide/conform.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, re.M | re.S)
COMMANDS = [line for named, text in BLOCKS if not named for line in text.splitlines()]


def step(line: str) -> Ran:
    words = shlex.split(line)[1:]
    target = words[words.index(">") + 1] if ">" in words else ""
    words = words[: words.index(">")] if target else words
    ran = run(*words, said="y\n" if words[:2] == ["peer", "add"] else None, env=dict(os.environ))
    assert ran.code == 0, (line, ran)
    if target:
        Path(target).write_text(ran.out)
    return ran


@pytest.mark.slow
def test_the_guide_runs_and_each_verdict_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    peer, desk, probe = free_ports(3)
    printed: dict[str, str] = {}
    with ExitStack() as nodes:
        for given in COMMANDS:
            line = given.replace(":8441", f":{peer}")
            if line.startswith("skyparley init"):
                line += f" --peer-listen 127.0.0.1:{peer} --desk-listen 127.0.0.1:{desk}"
            if line.startswith("skyparley conform init"):
                line += f" --url http://127.0.0.1:{probe}"
            if line.startswith("skyparley serve"):
                nodes.enter_context(served(tmp_path / "a"))
            else:
                printed[given] = step(line).out
        whole, part, listed = (printed[line] for line in (COMMANDS[5], COMMANDS[6], COMMANDS[7]))
        assert "PASS        line-v1 3.3 duplicate  a statement sent twice is receipted twice" in whole
        assert "FAIL" not in whole.split("\n\n")[0]
        assert re.search(r"^SKIPPED +line-v1 8\.1 ids ", whole, re.M)
        assert re.search(r"^NOT TESTED +line-v1 7\.7 ", whole, re.M)
        assert re.search(r"\d+ PASS, 0 FAIL, \d+ SKIPPED, \d+ NOT TESTED\. Nothing failed\.", whole)
        verdicts = re.findall(r"^(?:PASS|SKIPPED) +line-v1 (\S+ \S+)", part, re.M)
        assert all(key.startswith("3.3 ") or key == "7.2 nonce" for key in verdicts)
        assert "7.2 nonce" in verdicts
        assert all(f"line-v1 {key}  " in listed for key in verdicts)
        _refuses(tmp_path, f"http://127.0.0.1:{peer}")


def _refuses(at: Path, url: str) -> None:
    """What cannot be tested ends with 2 and says why; a probe's folder is never made over."""
    assert run("conform", "init", at / "probe").code == 2
    other = f"http://127.0.0.1:{free_ports(1)[0]}"
    assert run("conform", "init", at / "stranger", "--url", other, "--name", "S").code == 0
    common = ("--folder", at / "stranger", "--card", at / "a.card")
    unknown = run("conform", url, *common)
    assert (unknown.code, "must pin the card" in unknown.err) == (2, True)
    nobody = run("conform", "http://127.0.0.1:9", *common)
    assert (nobody.code, "Cannot test" in nobody.err) == (2, True)
    assert run("conform", url, *common, "--only", "no such thing").code == 2
    assert run("conform", url, "--folder", at / "nothing", "--card", at / "a.card").code == 2
    assert run("conform", url, "--folder", at / "stranger", "--card", at / "probe/conform-keys.json").code == 2


def test_commands_are_found() -> None:
    assert len(COMMANDS) == 8
