"""`skyparley check` as a person types it: what it answers, how it ends, and what nonsense comes to."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import run

from skyparley.domain.profiles import PROFILES

ROOT = Path(__file__).parents[2]


def feature(plan_id: str, party: str = "", *, lon: float = 37.0, **more: Any) -> dict[str, Any]:
    said = {"id": plan_id, "radius_nm": 10, "lower": "FL200", "upper": "FL240"}
    said |= {"start": "2027-03-01T09:00Z", "end": "2027-03-01T10:00Z"} | ({"party": party} if party else {}) | more
    return {"type": "Feature", "properties": said, "geometry": {"type": "Point", "coordinates": [lon, 36.0]}}


def written(path: Path, *features: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Two plans of two parties in conflict."""
    return written(tmp_path / "two.geojson", feature("1", "A"), feature("2", "B", lon=37.1))


def document(*words: object, code: int) -> dict[str, Any]:
    ran = run("check", "--json", *words)
    assert ran.code == code, ran
    return json.loads(ran.out)  # type: ignore[no-any-return]


# --- answers --------------------------------------------------------------------------------------------------------


def test_who_where_when_by_how_much_and_what_settles_it(two: Path) -> None:
    ran = run("check", two)
    assert ran.code == 1
    for said in ("A 1", "with B 2", "overlap, 10 NM required", "09:00Z to 10:00Z", "36.0000N 037.0500E", "settle"):
        assert said in ran.out, said
    assert "1 conflict between plans." in ran.out
    assert ran.err.startswith("Checked in ")


def test_no_conflict_is_exit_0(tmp_path: Path) -> None:
    ran = run("check", written(tmp_path / "f.geojson", feature("1", "A"), feature("2", "B", lon=39.0)))
    assert (ran.code, ran.out.splitlines()[0]) == (0, "No conflict found.")


def test_a_flaw_is_exit_2_and_the_rest_is_checked(tmp_path: Path) -> None:
    flawed = feature("3", "C", start="tomorrow")
    ran = run("check", written(tmp_path / "f.geojson", feature("1", "A"), feature("2", "B"), flawed))
    assert ran.code == 2
    assert "1 conflict between plans." in ran.out
    assert "the answer is incomplete" in ran.out
    assert "feature 3" in ran.err
    assert "tomorrow" in ran.err


def test_a_flood_of_flaws_is_counted(tmp_path: Path) -> None:
    flawed = [feature(str(number), "C", start="soon") for number in range(130)]
    file = written(tmp_path / "f.geojson", *flawed)
    ran = run("check", file)
    assert ran.code == 2
    assert ran.err.count("soon") == 100
    assert "and 30 more" in ran.err
    assert len(document(file, code=2)["flaws"]) == 130


def test_what_was_read_otherwise_than_written_stands_with_the_conflict(tmp_path: Path) -> None:
    metres = {"lower": "1200 m", "upper": "2000 m"}
    ran = run("check", written(tmp_path / "f.geojson", feature("1", "A", **metres), feature("2", "B", **metres)))
    assert ran.code == 1
    assert "note      A 1: " in ran.out
    assert "AMSL" in ran.out.partition("note      A 1: ")[2].splitlines()[0]
    assert "otherwise than written" in ran.out


def test_the_json_document(two: Path) -> None:
    found = document(two, code=1)
    assert found["format"] == "skyparley-check/1"
    assert found["counts"]["conflicts"] == len(found["conflicts"]) == 1
    (one,) = found["conflicts"]
    assert [(side["party"], side["id"], side["lower"]) for side in one["plans"]] == [
        ("A", "1", "FL200"),
        ("B", "2", "FL200"),
    ]
    assert one["window"] == {"start": "2027-03-01T09:00:00Z", "end": "2027-03-01T10:00:00Z"}
    assert one["gap"] == {"lateral_m": 0, "vertical_ft": 0, "time_ms": 0}
    assert one["required"] == {"lateral_m": 18520, "vertical_ft": 2000, "time_ms": 600000}
    assert one["position"]["lon"] == pytest.approx(37.05, abs=0.001)
    assert {way["kind"] for way in one["ways"]} >= {"TIME", "VERT"}
    assert document(two, code=1) == found, "the same files are the same document"


def test_members_of_the_document_are_those_of_the_guide(two: Path) -> None:
    guide = (ROOT / "docs/guide/check.md").read_text(encoding="utf-8")
    found = document(two, "--limit", 1, code=1)

    def members(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(members, value))
        if isinstance(value, dict):
            return set(value).union(*map(members, value.values()))
        return set()

    missing = {name for name in members(found) if f"`{name}`" not in guide}
    assert missing - {"type", "lat", "lon", "radius_m"} == set()  # the members of a shape are the library's


def test_beyond_the_limit_nothing_is_settled_and_everything_is_told(tmp_path: Path) -> None:
    many = written(tmp_path / "f.geojson", *(feature(str(number), "AB"[number % 2]) for number in range(8)))
    found = document(many, "--limit", 3, code=1)["conflicts"]
    assert len(found) == 16
    assert [one["ways"] is None for one in found] == [False] * 3 + [True] * 13
    assert all(one["position"] for one in found)
    assert len(document(many, "--limit", 0, code=1)["conflicts"]) == 16
    said = run("check", many, "--limit", 3).out
    assert "13 more conflicts not shown (--limit 0 shows all)" in said
    assert "at once" in said


def test_the_geojson_of_the_conflicts(two: Path) -> None:
    ran = run("check", "--geojson", two)
    found = json.loads(ran.out)
    assert ran.code == 1
    assert found["type"] == "FeatureCollection"
    assert [one["properties"]["role"] for one in found["features"]] == ["plan", "plan", "conflict"]


def test_one_party_is_said_to_be_one(tmp_path: Path) -> None:
    alone = written(tmp_path / "fleet.geojson", feature("1"), feature("2"))
    ran = run("check", alone)
    assert ran.code == 0
    assert "All 2 plans are of one party, 'fleet'; --within checks them against each other." in ran.out
    assert run("check", alone, "--within").code == 1


def test_an_airspace_has_its_own_edge(tmp_path: Path) -> None:
    zones = tmp_path / "zones.txt"
    zones.write_text("AC R\nAN R 1\nAL FL100\nAH FL300\nV X=36:00:00 N 037:24:00 E\nDC 5\n")
    plans = written(tmp_path / "f.geojson", feature("1", "A"))  # 19.4 NM apart, less 10 and 5: 4.4 NM
    assert run("check", plans, zones).code == 0
    ran = run("check", plans, zones, "--edge", "6NM,500ft")
    assert ran.code == 1
    assert "with zones R 1" in ran.out
    assert "4.4 NM apart, 6 NM required" in ran.out
    assert "1 conflict with airspace." in ran.out


def test_profiles_and_tables(two: Path, tmp_path: Path) -> None:
    tables = {name: document(two, "--profile", name, code=1)["required"] for name in PROFILES}
    assert len({one["table_hash"] for one in tables.values()}) == 3
    own = tmp_path / "own.toml"
    text = (ROOT / "src/skyparley/domain/tables/military.toml").read_text().replace("= 18520", "= 20000")
    own.write_text(text)
    assert document(two, "--table", own, code=1)["required"]["plans"]["lateral_m"] == 20_000


# --- files ----------------------------------------------------------------------------------------------------------


def test_standard_input_is_a_file(two: Path) -> None:
    ran = run("check", "-", said=two.read_text())
    assert ran.code == 1
    assert "feature 1 of standard input" in ran.out


def test_two_files_of_one_name_are_two_parties(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    first, second = (written(tmp_path / folder / "f.geojson", feature("1")) for folder in ("a", "b"))
    ran = run("check", first, second)
    assert ran.code == 1
    assert "'f-2'" in ran.err
    assert "with f-2 1" in ran.out


def test_one_file_named_twice_is_read_once(two: Path, tmp_path: Path) -> None:
    os.symlink(two, tmp_path / "link.geojson")
    ran = run("check", two, two, tmp_path / "link.geojson")
    assert ran.code == 1
    assert ran.err.count("is named twice; it is read once") == 2
    assert "2 plans" in ran.out


@pytest.mark.parametrize("kind", ["missing", "folder", "binary", "empty", "blank", "truncated"])
def test_a_file_that_is_nothing_does_not_hide_the_others(kind: str, two: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.geojson"
    if kind == "folder":
        bad.mkdir()
    elif kind != "missing":
        bad.write_bytes({"binary": bytes(range(256)), "empty": b"", "blank": b" \n"}.get(kind, b'{"type": "Feat'))
    ran = run("check", two, bad)
    assert ran.code == 2
    assert "1 conflict between plans." in ran.out
    assert "bad.geojson" in ran.err
    assert "Traceback" not in ran.err
    alone = run("check", bad)
    assert alone.code == 2
    assert alone.out.startswith("Nothing was checked.")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything; run as a user to see this one")
def test_a_file_that_may_not_be_read(two: Path) -> None:
    two.chmod(0)
    ran = run("check", two)
    assert (ran.code, "Permission denied" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--edge", "far"], "2NM,500ft"),
        (["--profile", "naval"], "military, civil-military, utm"),
        (["--profile", "utm", "--table", "x"], "one of them"),
        (["--table", "missing.toml"], "cannot be read"),
        (["--json", "--geojson"], "one of them"),
        (["--limit", "-1"], "limit"),
        (["--map", "no/such/folder/map.html"], "cannot be written"),
        (["--map", "."], "is a folder"),
    ],
)
def test_options_that_cannot_be_used(words: list[str], said: str, two: Path) -> None:
    ran = run("check", two, *words)
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""


def test_a_table_that_is_none_names_its_numbers(two: Path, tmp_path: Path) -> None:
    (tmp_path / "t.toml").write_text("separation_lateral_m = -5\nspeed = 3\n")
    ran = run("check", two, "--table", tmp_path / "t.toml")
    assert ran.code == 2
    assert "unknown number 'speed'" in ran.err
    assert run("check").code == 2


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_map_is_never_written_over_what_is_checked(two: Path) -> None:
    before = two.read_bytes()
    ran = run("check", two, "--map", two)
    assert ran.code == 2
    assert "is not written over" in ran.err
    assert two.read_bytes() == before


def test_the_map_replaces_the_old_one_whole(two: Path, tmp_path: Path) -> None:
    target = tmp_path / "map.html"
    target.write_text("old")
    ran = run("check", two, "--map", target)
    assert ran.code == 1
    assert target.read_text().startswith("<!doctype html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["map.html", "two.geojson"]


def test_a_map_that_fails_leaves_the_old_one(two: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from skyparley.cli import check_page

    def full(path: Path, *_: object) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(check_page, "write_page", full)
    target = tmp_path / "map.html"
    target.write_text("old")
    ran = run("check", two, "--map", target)
    assert ran.code == 2
    assert "No space left" in ran.err
    assert target.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["map.html", "two.geojson"]


# --- as a process ---------------------------------------------------------------------------------------------------


def started(*words: object, **more: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from skyparley.cli.main import main; main()", "check", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def test_the_interrupt_key_ends_it_quietly(tmp_path: Path) -> None:
    target = tmp_path / "map.html"
    # Whoever starts the tests in the background makes children deaf to this key: here it is heard again.
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    child = started("-", "--map", target, stdin=subprocess.PIPE, **heard)
    # It is reading its input once its file aside is there.
    while not list(tmp_path.glob(".map.html.*")):
        assert child.poll() is None, child.communicate()
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (130, "", "")
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_that_closes_is_no_traceback(tmp_path: Path) -> None:
    many = written(tmp_path / "f.geojson", *(feature(str(number), "AB"[number % 2]) for number in range(40)))
    child = started(many, "--json")
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.readline()
    child.stdout.close()
    err = child.stderr.read()
    child.wait(timeout=60)
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


def test_progress_is_shown_on_a_terminal_only(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from skyparley.cli import check_progress

    monkeypatch.setattr(check_progress, "QUIET_MS", -1)
    monkeypatch.setattr(check_progress, "EVERY_MS", -1)
    assert "comparing" not in run("check", two).err
    ran = on_a_terminal(two)
    assert check_progress.CLEAR in ran
    assert "comparing" in ran


def on_a_terminal(file: Path) -> str:
    """What standard error is told on a terminal, by a command that thinks every step long."""
    leader, follower = pty.openpty()
    code = "from skyparley.cli import check_progress as p; p.QUIET_MS = p.EVERY_MS = -1\nfrom skyparley.cli.main import main; main()"
    child = subprocess.Popen(
        [sys.executable, "-c", code, "check", str(file)], stdout=subprocess.DEVNULL, stderr=follower
    )
    child.wait(timeout=60)
    os.close(follower)
    told = b""
    while True:
        try:
            part = os.read(leader, 4_096)
        except OSError:  # A terminal whose other side is gone says so by an error.
            part = b""
        if not part:
            break
        told += part
    os.close(leader)
    return told.decode()


def test_a_small_check_does_without_what_is_heavy(two: Path) -> None:
    code = (
        "import sys; from skyparley.cli.main import app\n"
        f"try: app(['check', {str(two)!r}])\nexcept SystemExit: pass\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'numba', 'httpx', 'starlette', 'uvicorn', 'cryptography'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done.stdout


@pytest.mark.parametrize("page", ["README.md", "docs/guide/check.md"])
def test_the_commands_of_the_documents(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    commands = re.findall(r"^skyparley (check .*)    # exit (\d)$", text, re.M)
    assert commands
    shutil.copytree(ROOT / "docs/examples", tmp_path / "docs/examples")
    monkeypatch.chdir(tmp_path)
    for line, code in commands:
        ran = run(*line.split())
        assert ran.code == int(code), (line, ran)
        for shown in re.findall(r"^```text\n(.*?)^```", text, re.M | re.S):
            assert ran.out == shown


# --- published airspace, where somebody has it ----------------------------------------------------------------------


@pytest.mark.skipif("SKYPARLEY_DATA" not in os.environ, reason="SKYPARLEY_DATA names no folder of published airspace")
def test_plans_against_published_airspace(tmp_path: Path) -> None:
    published = Path(os.environ["SKYPARLEY_DATA"]) / "openair/france_openair_standard.txt"
    plans = written(
        tmp_path / "f.geojson",
        feature("1", "A", lower="FL060", upper="FL150") | {"geometry": {"type": "Point", "coordinates": [2.5, 48.8]}},
    )
    found = document(plans, published, code=1)
    assert found["counts"]["airspace"] + found["counts"]["flawed"] + found["counts"]["left_out"] == 1_611
    assert found["counts"]["flawed"] == 0
    names = {side["id"] for one in found["conflicts"] for side in one["plans"]}
    assert any("PARIS" in name for name in names), names
