"""The guide is true: its commands run in its order and end as it says, its file is a notice, and no command is left out."""

import json
import os
import re
import shlex
from contextlib import ExitStack
from pathlib import Path

import pytest
from command_line import Ran, run
from real_nodes import free_ports, served
from test_offline_commands import every_command

GUIDE = Path(__file__).parents[2] / "docs/guide/desk.md"
TRIES = 400


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language; "" for those without."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    return [text for named, text in found if named == language]


def commands() -> list[tuple[str, int]]:
    """Each command line of the guide, with the exit code that it promises."""
    found = []
    for line in "".join(blocks("")).splitlines():
        command, _, promise = line.partition("    # exit ")
        found.append((command, int(promise or 0)))
    return found


def words_for(line: str) -> tuple[list[str], str]:
    """The words of a command line, and the file that it writes to, if any."""
    words = shlex.split(line)
    target = ""
    if ">" in words:
        words, target = words[: words.index(">")], words[-1]
    return words[1:], target


def step(line: str, code: int) -> Ran:
    """Runs one line as a shell would."""
    words, target = words_for(line)
    said = "y\n" if words[:2] == ["peer", "add"] else None
    ran = run(*words, said=said, env=dict(os.environ))
    assert ran.code == code, (line, ran)
    if target:
        Path(target).write_text(ran.out)
    return ran


def quiet() -> None:
    """Waits until each node holds what the other has said: a person reads meanwhile, a test must not run ahead."""
    for _ in range(TRIES):
        (a,), (b,) = (json.loads(run("line", "list", "--node", node, "--json").out) for node in ("a", "b"))
        heads = ((a["sent"], b["received"], a["delivered"]), (b["sent"], a["received"], b["delivered"]))
        if a.get("ready") and b.get("ready") and all(len(set(head)) == 1 for head in heads):
            return
    raise AssertionError(f"the line does not come to rest: {a}, {b}")


@pytest.mark.slow
def test_the_guide_runs_from_its_first_line_to_its_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SKYPARLEY_NODE", raising=False)
    (plans,) = blocks("geojson")
    (tmp_path / "plans.geojson").write_text(plans, encoding="utf-8")
    ports = free_ports(4)
    printed: dict[str, str] = {}
    with ExitStack() as nodes:
        for line, code in commands():
            line = line.replace(":9441", f":{ports[0]}").replace(":9440", f":{ports[1]}")
            if line.startswith("skyparley init a"):
                line += f" --peer-listen 127.0.0.1:{ports[2]} --desk-listen 127.0.0.1:{ports[3]}"
            if line.startswith("export "):
                monkeypatch.setenv(*line.removeprefix("export ").split("="))
            elif line.startswith("skyparley serve"):
                nodes.enter_context(served(tmp_path / line.split()[-1]))
            else:
                printed[line] = step(line, code).out
                if "SKYPARLEY_NODE" in os.environ:
                    quiet()
    assert (
        "2 notices are filed: A-0003 to A-0004"
        in printed["skyparley notice file plans.geojson --kind TRANSIT --to B --yes"]
    )
    assert "THE RECORD HOLDS" in printed["skyparley verify a b"]
    assert "1 agreement, the same at both" in printed["skyparley verify a b"]


def test_the_file_of_the_guide_is_a_notice() -> None:
    import msgspec

    from skyparley.cli.volume_forms import NoticeForm, from_form

    (block,) = blocks("json")
    form = msgspec.json.decode(block, type=NoticeForm)
    assert [type(from_form(one, place)).__name__ for place, one in enumerate(form.volumes, 1)] == ["VolumeSlot"] * 3
    assert set(json.loads(block)) == {field.name for field in msgspec.structs.fields(NoticeForm)}


def test_no_command_is_left_out() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in GUIDE.parent.glob("*.md"))
    missing = [words for words in every_command() if words and f"skyparley {' '.join(words)}" not in text]
    assert missing == []
