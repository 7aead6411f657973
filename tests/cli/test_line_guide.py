"""The guide about a line's life runs as it is written, from two empty folders to a line that was suspended and opened again."""

import json
import re
import shlex
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from command_line import Ran, run
from real_nodes import free_ports, served

GUIDE = Path(__file__).parents[2] / "docs/guide/line.md"
PASSWORD = "a password of one's own"
TRIES = 300


def commands() -> list[tuple[str, int]]:
    """Each command line of the guide, with the exit code that it promises."""
    found = re.findall(r"^```\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    lines = [line.partition("    # exit ") for line in "".join(found).splitlines()]
    return [(command, int(promise or 0)) for command, _, promise in lines]


def answers(words: list[str]) -> str | None:
    """What the person at the keyboard types."""
    if words[:2] == ["peer", "add"]:
        return "y\n"
    if "--ask" in words:
        return f"{PASSWORD}\n{PASSWORD}\n"
    return f"{PASSWORD}\n" if "--as" in words else None


def step(command: str, code: int) -> Ran:
    line, _, target = command.partition(" > ")
    words = shlex.split(line)[1:]
    ran = run(*words, said=answers(words))
    assert ran.code == code, (command, ran)
    if target:
        Path(target).write_text(ran.out)
    return ran


def rest() -> None:
    """Waits until each node holds what the other has said and no checks are under way: a person reads meanwhile."""
    for _ in range(TRIES):
        (a,), (b,) = (json.loads(run("line", "list", "--node", node, "--json").out) for node in "ab")
        heads = ((a["sent"], b["received"], a["delivered"]), (b["sent"], a["received"], b["delivered"]))
        words = {a["word"], b["word"]}
        if (
            all(len(set(head)) == 1 for head in heads)
            and words <= {"OPEN", "DEGRADED", "SUSPENDED"}
            and len(words) == 1
        ):
            return
        time.sleep(0.05)  # The nodes are processes of their own.
    raise AssertionError(f"the line does not come to rest: {a}, {b}")


@pytest.mark.slow
def test_the_guide_about_a_line_runs_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SKYPARLEY_NODE", raising=False)
    ports = free_ports(4)
    shown: list[tuple[str, str]] = []
    with ExitStack() as nodes:
        for line, code in commands():
            line = line.replace(":9441", f":{ports[0]}").replace(":9440", f":{ports[1]}")
            if line.startswith("skyparley init a"):
                line += f" --peer-listen 127.0.0.1:{ports[2]} --desk-listen 127.0.0.1:{ports[3]}"
            if line.startswith("skyparley serve"):
                nodes.enter_context(served(tmp_path / line.split()[-1]))
                if line.endswith(" b"):
                    rest()
                continue
            shown.append((line, step(line, code).out))
            if " --node " in line:
                rest()
    printed = dict(shown)
    words = [out for line, out in shown if line == "skyparley line show B --node a"]
    assert "OPEN" in words[0]
    assert "SUSPENDED" in words[1]
    assert "DONE" in printed["skyparley statements --all --node a"]
    assert "OPEN" in printed["skyparley line show A --node b"]
    assert "V8  ru" in printed["skyparley statement show STP --lang ru --node b"]
