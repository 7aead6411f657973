"""The commands around the code can fail: what runs after each push must not report a pass that nobody had."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run_ci(folder: Path, *, make: str) -> subprocess.CompletedProcess[str]:
    """Runs a copy of .ci/run in a folder of its own, where `make` is the given script."""
    (folder / ".ci").mkdir()
    (folder / "bin").mkdir()
    script = folder / ".ci/run"
    script.write_text((ROOT / ".ci/run").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "bin/make").write_text(f'#!/bin/sh\n[ "$1" = test ] || exit 9\n{make}\n', encoding="utf-8")
    (folder / "bin/make").chmod(0o755)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", script], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False, timeout=60
    )


def test_ci_is_executable() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_ci_passes_and_ends_with_the_closing_line_of_pytest(tmp_path: Path) -> None:
    done = run_ci(tmp_path, make="echo '412 passed in 65.31s (0:01:05)'; echo afterwards")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "ci: 412 passed in 65.31s (0:01:05)"


def test_ci_fails_when_make_fails_whatever_it_printed(tmp_path: Path) -> None:
    assert run_ci(tmp_path, make="echo '412 passed in 65.31s'; exit 2").returncode != 0


@pytest.mark.parametrize("said", ["", "no tests ran in 0.01s", "All checks passed!"])
def test_ci_fails_when_pytest_reported_nothing(tmp_path: Path, said: str) -> None:
    assert run_ci(tmp_path, make=f"echo '{said}'").returncode != 0


def test_preparing_names_the_problem_when_there_is_no_python(tmp_path: Path) -> None:
    """In a copy of the script's own, so that no environment of this checkout is touched."""
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts/prepare.sh"
    script.write_text((ROOT / "scripts/prepare.sh").read_text(encoding="utf-8"), encoding="utf-8")
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    done = subprocess.run(
        ["sh", script, "run"],
        env={**os.environ, "PYTHON": "no-such-python"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "No Python 3.11 or later was found" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_every_dependency_has_its_exact_version() -> None:
    """A dependency that constraints.txt does not know would differ from one machine to the next."""
    import re
    import tomllib

    def plain(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *(name for extra in project["project"]["optional-dependencies"].values() for name in extra),
    ]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", pin) for pin in pins)
    known = {plain(pin.split("==")[0]) for pin in pins}
    missing = {plain(re.split(r"[^A-Za-z0-9._-]", name)[0]) for name in wanted} - known
    assert missing == set()
