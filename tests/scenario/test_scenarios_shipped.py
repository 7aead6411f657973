"""The timelines that come with the program are met, to the last expectation, by the command that people use."""

from pathlib import Path

import pytest
from scenario_support import ROOT, SHIPPED, example, guide, played
from typer.testing import CliRunner

from skyparley.cli.main import app
from skyparley.scenario.report import Status

LEAST = {"coast", "river", "27-minute-wait", "9-km-error", "not-ours", "hoax", "cable-cut"}


def run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_every_case_is_there() -> None:
    assert {file.stem for file in SHIPPED} >= LEAST


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_shipped_timeline_is_met(file: Path) -> None:
    code, said = run("scenario", "run", file)
    assert code == 0, said
    assert "\nMISSED" not in f"\n{said}"
    assert said.count("\nMET ") + said.startswith("MET ") >= 4, "a timeline without expectations shows nothing"


def test_the_example_of_the_guide_is_met() -> None:
    results = played(example())
    assert [one.step.id for one in results if one.status is Status.MISSED] == []
    assert len([one for one in results if one.status is Status.MET]) == 7


def test_the_commands_of_the_guide_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    commands = [line[2:] for line in guide().splitlines() if line.startswith("$ ")]
    assert {command.split()[2] for command in commands} == {"run", "check", "list-acts", "show"}
    for command in commands:
        program, *words = command.split()
        assert program == "skyparley"
        code, said = run(*words)
        assert code == 0, (command, said)
        assert said.strip()
