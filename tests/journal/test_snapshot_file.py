"""The file of a snapshot: whole or the one before, whenever the process dies; private; and read by the same program only."""

from __future__ import annotations

import asyncio
import random
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from snapshot_child import parts

from skyparley.adapters.storage import snapshot_file
from skyparley.adapters.storage.snapshot_file import SnapshotFile, program_digest

CHILD = Path(__file__).with_name("snapshot_child.py")


def load(path: Path) -> bytes | None:
    return asyncio.run(SnapshotFile(path).load())


def save(path: Path, *some: bytes) -> None:
    asyncio.run(SnapshotFile(path).save(some))


def test_what_is_saved_is_loaded_and_nobody_else_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.snapshot"
    assert load(path) is None
    save(path, b"first ", b"one")
    assert load(path) == b"first one"
    save(path, b"second")
    assert load(path) == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_what_a_death_left_aside_is_neither_read_nor_in_the_way(tmp_path: Path) -> None:
    path = tmp_path / "journal.snapshot"
    (tmp_path / "journal.snapshot.new").write_bytes(b"half of")
    assert load(path) is None
    save(path, b"whole")
    assert load(path) == b"whole"


def test_one_that_cannot_be_written_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.snapshot"
    save(path, b"before")

    def no_space(descriptor: int) -> None:
        raise OSError("no space")

    monkeypatch.setattr(snapshot_file.os, "fsync", no_space)
    with pytest.raises(OSError, match="no space"):
        save(path, b"after")
    assert load(path) == b"before"


def test_one_that_is_too_large_is_said_to_be_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.snapshot"
    save(path, b"x" * 11)
    monkeypatch.setattr(snapshot_file.limits, "SNAPSHOT_BYTES", 10)
    with pytest.raises(OSError, match="has 11 bytes; a snapshot has at most 10"):
        load(path)


def test_sigkill_at_any_moment_leaves_a_whole_one(tmp_path: Path) -> None:
    path, luck, number = tmp_path / "journal.snapshot", random.Random(20_261_122), 0
    for _ in range(12):
        child = subprocess.Popen([sys.executable, CHILD, path, str(number)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(luck.randint(1, 12))]
        child.kill()
        said += child.stdout.readlines()
        child.wait()
        number = int(next(line for line in reversed(said) if line.endswith("\n")))
        data = load(path)
        assert data is not None
        found = int(data[:8])
        assert found in (number, number + 1), "what was said to be in place is there, or the next one"
        assert data == b"".join(parts(found))


def test_another_table_or_card_or_code_is_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert program_digest("table", "card") == program_digest("table", "card")
    assert len({program_digest(), program_digest("table"), program_digest("tab", "le"), program_digest("card")}) == 4
    before = program_digest()
    monkeypatch.setattr(snapshot_file, "FLOORS", (*snapshot_file.FLOORS[:-1], "cli"))
    assert program_digest() != before
