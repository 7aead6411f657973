"""`skyparley verify`: true folders hold, a changed one does not, and a folder that is none is named."""

import json
import shutil
from pathlib import Path

import pytest
import two_parties
from command_line import run


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return two_parties.make_settled(tmp_path_factory.mktemp("settled"))


def test_one_folder_and_two_folders_hold(settled: tuple[Path, Path]) -> None:
    one, two = run("verify", settled[0]), run("verify", *settled)
    assert one.code == two.code == 0
    assert "THE RECORD HOLDS" in one.out
    assert "Two copies" not in one.out
    assert "both copies hold the same" in two.out
    assert "1 agreement, the same at both" in two.out
    assert "1 conflict open, the same at both" in two.out


def test_it_needs_no_key_and_writes_nothing(settled: tuple[Path, Path], tmp_path: Path) -> None:
    for name in ("journal.db", "own.card"):
        shutil.copy(settled[0] / name, tmp_path / name)
    shutil.copytree(settled[0] / "peers", tmp_path / "peers")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    assert run("verify", tmp_path).code == 0
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_it_reads_a_journal_that_a_node_holds_open(settled: tuple[Path, Path], tmp_path: Path) -> None:
    import os

    from skyparley.adapters.storage.sqlite_journal import SqliteJournal

    folder = tmp_path / "A"
    shutil.copytree(settled[0], folder)
    journal = SqliteJournal(folder / "journal.db", salt=lambda: os.urandom(16))
    try:
        assert run("verify", folder).code == 0
    finally:
        import asyncio

        asyncio.run(journal.close())


def test_a_byte_changed_on_the_disk_is_found(settled: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "B"
    shutil.copytree(settled[1], folder)
    data = bytearray((folder / "journal.db").read_bytes())
    at = data.index(b'"received_utc":') + len(b'"received_utc":')
    data[at] ^= 1
    (folder / "journal.db").write_bytes(data)
    ran = run("verify", settled[0], folder)
    assert ran.code == 1
    assert "FAILS  B's record" in ran.out
    assert "THE RECORD DOES NOT HOLD" in ran.out
    assert "were not compared" in ran.out


def test_a_card_changed_on_the_disk_is_named(settled: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "A"
    shutil.copytree(settled[0], folder)
    card = folder / "own.card"
    card.write_text(card.read_text().replace("ey", "eY", 1))
    ran = run("verify", folder)
    assert ran.code == 1
    assert "own.card" in ran.err


def test_json_says_the_same(settled: tuple[Path, Path]) -> None:
    said = json.loads(run("verify", *settled, "--json").out)
    assert said["holds"] is True
    assert {one["step"] for one in said["findings"]} == set(range(1, 12))


@pytest.mark.parametrize("what", ["missing", "empty", "no journal"])
def test_what_is_no_record_is_named(settled: tuple[Path, Path], tmp_path: Path, what: str) -> None:
    folder = tmp_path / "x"
    if what != "missing":
        folder.mkdir()
    if what == "no journal":
        shutil.copy(settled[0] / "own.card", folder / "own.card")
    ran = run("verify", folder)
    assert ran.code == 2
    assert str(folder) in ran.err
