"""The SQLite journal's own duties: one node, files that are ours, full and read-only disks, purging to the last byte."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest
from journal_support import Disk, as_written, assert_whole_batches, batch, marked_batch, read_all

from skyparley.adapters.storage import sqlite_file
from skyparley.adapters.storage.journal_row import salts_from_seed
from skyparley.adapters.storage.sqlite_journal import SqliteJournal, scan
from skyparley.base.errors import JournalDamaged, JournalFault, JournalFull, JournalLocked, JournalReadOnly
from skyparley.base.ids import b64url
from skyparley.engine.journal_port import Entry

CHILD = Path(__file__).with_name("journal_child.py")


def opened(path: Path, disk: Disk | None = None) -> SqliteJournal:
    return SqliteJournal(path, salt=salts_from_seed(3), vfs=disk.vfs_name if disk else "")


def made(path: Path, count: int = 5) -> Path:
    """A journal with entries, closed."""

    async def story() -> None:
        journal = opened(path)
        await journal.append(0, batch(0, count))
        await journal.close()

    asyncio.run(story())
    return path


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file() and file.suffix != ".lock"}


# --- the file -----------------------------------------------------------------------------------------------------------


def test_the_file_is_as_the_specification_says(tmp_path: Path) -> None:
    path = made(tmp_path / "journal.db")
    start = path.read_bytes()[:100]
    assert start[68:72] == b"SKP1"
    assert (start[60:64], start[16:18], start[18:20]) == (b"\0\0\0\1", b"\x10\0", b"\2\2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = opened(path)
    asyncio.run(first.close())
    second = SqliteJournal(path, salt=salts_from_seed(99))
    asyncio.run(second.close())
    assert first.journal_id == second.journal_id == b64url(salts_from_seed(3)())


def test_another_program_reads_while_the_node_runs(tmp_path: Path) -> None:
    async def story() -> None:
        path = tmp_path / "journal.db"
        journal = opened(path)
        await journal.append(0, batch(0, 3))
        reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        assert reader.execute("SELECT count(*) FROM entry").get == 3
        await journal.append(3, batch(3, 3))
        assert reader.execute("SELECT count(*) FROM entry").get == 6
        reader.close()
        assert [row.entry for row in scan(path)] == await read_all(journal)
        await journal.close()

    asyncio.run(story())


def test_a_scan_gives_every_verified_row_and_leaves_no_trace(tmp_path: Path) -> None:
    path = made(tmp_path / "journal.db", 9)
    before = bytes_of(tmp_path)
    rows = list(scan(path))
    assert [as_written(row.entry) for row in rows] == batch(0, 9)
    assert all(row.salt is not None and b'"pos":%d,' % row.entry.position in row.header for row in rows)
    assert bytes_of(tmp_path) == before
    with pytest.raises(JournalFault, match="no journal"):
        next(scan(tmp_path / "other.db"))


def test_the_file_itself_refuses_all_but_appends_and_purges(tmp_path: Path) -> None:
    path = made(tmp_path / "journal.db")
    db = apsw.Connection(str(path))
    for statement in (
        "DELETE FROM entry WHERE position = 5",
        "UPDATE entry SET header = x'00' WHERE position = 5",
        "UPDATE entry SET position = 6 WHERE position = 5",
        "UPDATE entry SET content = x'00' WHERE position = 5",
        "UPDATE entry SET content = NULL WHERE position = 5",
        "INSERT OR REPLACE INTO entry VALUES (5, x'00', NULL, NULL)",
        "INSERT INTO entry VALUES (7, x'00', NULL, NULL)",
        "DELETE FROM meta",
        "UPDATE meta SET value = 'x' WHERE key = 'journal'",
    ):
        with pytest.raises(apsw.ConstraintError):
            db.execute(statement)
    db.execute("UPDATE entry SET salt = NULL, content = NULL WHERE position = 5")
    with pytest.raises(apsw.ConstraintError, match="purge"):
        db.execute("UPDATE entry SET salt = x'00', content = x'00' WHERE position = 5")
    db.close()
    assert [row.entry.content is None for row in scan(path)] == [False, False, False, False, True]


# --- what is not opened -------------------------------------------------------------------------------------------------


def refused(path: Path, fault: type[JournalFault], complaint: str) -> None:
    """Opening fails by name, and leaves every file in the folder as it was."""
    before = bytes_of(path.parent)
    with pytest.raises(JournalFault, match=complaint) as caught:
        opened(path)
    assert type(caught.value) is fault
    assert str(path) in str(caught.value)
    after = bytes_of(path.parent)
    assert {name: after.get(name) for name in before} == before


def test_a_foreign_sqlite_file_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    db = apsw.Connection(str(path))
    db.execute("CREATE TABLE entry(position INTEGER PRIMARY KEY, header BLOB)")
    db.close()
    refused(path, JournalFault, "another program")
    with pytest.raises(JournalFault, match="another program"):
        next(scan(path))


def test_a_newer_version_is_refused_untouched(tmp_path: Path) -> None:
    path = made(tmp_path / "journal.db")
    db = apsw.Connection(str(path))
    db.execute("PRAGMA user_version = 2")
    db.close()
    refused(path, JournalFault, "journal version 2; this program knows 1")
    with pytest.raises(JournalFault, match="version 2"):
        next(scan(path))


@pytest.mark.parametrize("content", [b"not a database\n", b"x" * 5_000, b"SQLite format 3\0"])
def test_a_file_of_another_kind_is_refused_untouched(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "journal.db").write_bytes(content)
    refused(tmp_path / "journal.db", JournalDamaged, "does not begin as an SQLite file")
    with pytest.raises(JournalFault):
        next(scan(tmp_path / "journal.db"))


def test_a_changed_schema_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "journal.db")
    db = apsw.Connection(str(path))
    db.execute("DROP TRIGGER entry_never_deleted")
    db.close()
    refused(path, JournalDamaged, "tables and triggers")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "journal.db").mkdir()
    refused(tmp_path / "journal.db", JournalFault, "a folder")
    os.mkfifo(tmp_path / "pipe.db")
    refused(tmp_path / "pipe.db", JournalFault, "not a regular file")
    with pytest.raises(JournalFault, match="No such file"):
        opened(tmp_path / "nowhere" / "journal.db")


def test_an_empty_file_becomes_a_journal(tmp_path: Path) -> None:
    (tmp_path / "journal.db").touch()
    assert len(list(scan(made(tmp_path / "journal.db", 2)))) == 2


@pytest.mark.parametrize("remains", ["journal.db-wal", "journal.db-journal"])
def test_no_new_journal_is_made_beside_the_log_of_one_that_is_gone(tmp_path: Path, remains: str) -> None:
    (tmp_path / remains).write_bytes(b"anything")
    refused(tmp_path / "journal.db", JournalDamaged, f"its log {remains} is still there")


def test_an_sqlite_with_the_wal_reset_bug_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite_file.check_sqlite("3.51.3")
    sqlite_file.check_sqlite("3.100.0")
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.51.2")
    with pytest.raises(JournalFault, match=r"SQLite 3\.51\.2 has the WAL-reset bug"):
        opened(tmp_path / "journal.db")
    assert list(tmp_path.iterdir()) == []


# --- one node -----------------------------------------------------------------------------------------------------------


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, CHILD, "hold", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "held\n"
        yield child
    finally:
        child.kill()
        child.communicate()


def test_a_second_process_is_refused_and_told_who_holds_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with holder(path) as child:
        with pytest.raises(JournalLocked, match=rf"journal\.lock: .* process id {child.pid}$"):
            opened(path)
        assert (tmp_path / "journal.lock").read_text() == f"{child.pid}\n"
        assert len(list(scan(path))) == 1
    # The lock ends with its process, however that ended.
    journal = opened(path)
    assert (tmp_path / "journal.lock").read_text() == f"{os.getpid()}\n"
    with pytest.raises(JournalLocked, match=f"process id {os.getpid()}$"):
        opened(path)
    asyncio.run(journal.close())
    asyncio.run(opened(path).close())


def test_a_refused_opening_does_not_keep_the_lock(tmp_path: Path) -> None:
    path = made(tmp_path / "journal.db")
    whole = path.read_bytes()
    path.write_bytes(b"x" * len(whole))
    with pytest.raises(JournalDamaged):
        opened(path)
    path.write_bytes(whole)
    asyncio.run(opened(path).close())


# --- full ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit_bytes", [60_000, 200_000, 1_000_000])
def test_files_that_may_not_grow_any_more_fill_the_journal_and_lose_nothing(tmp_path: Path, limit_bytes: int) -> None:
    path = tmp_path / "journal.db"
    command = [sys.executable, CHILD, "fill", path, str(limit_bytes)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    full, after, last = answer.stdout.splitlines()
    code, position, named = full.split()
    assert (code, named) == ("JOURNAL_FULL", "True")
    assert after == f"{position} {position}"
    assert int(last.split()[0]) == int(position) + 7
    rows = [row.entry for row in scan(path)]
    assert_whole_batches(rows)
    assert (len(rows), rows[-1].header_hash) == (int(position) + 7, last.split()[1])


@pytest.mark.parametrize("error", [apsw.FullError, apsw.IOError, apsw.CorruptError, apsw.ReadOnlyError, apsw.BusyError])
@pytest.mark.parametrize("at_write", [1, 2, 4, 7])
def test_every_error_at_every_write_is_named_and_loses_the_batch_whole(
    tmp_path: Path, error: type[apsw.Error], at_write: int
) -> None:
    faults = {
        apsw.FullError: JournalFull,
        apsw.IOError: JournalFault,
        apsw.CorruptError: JournalDamaged,
        apsw.ReadOnlyError: JournalReadOnly,
        apsw.BusyError: JournalLocked,
    }
    disk = Disk(f"error-{tmp_path.name}")

    async def story() -> None:
        journal = opened(tmp_path / "journal.db", disk)
        await journal.append(0, marked_batch(0, 3))
        writes = 0

        def count() -> None:
            nonlocal writes
            writes += 1
            if writes == at_write:
                disk.fail_next_write = error("planned")

        disk.before = count
        with pytest.raises(JournalFault, match=r"journal\.db: appending") as caught:
            await journal.append(3, marked_batch(3, 40))
        assert type(caught.value) is faults[error]
        disk.before = lambda: None
        assert (await journal.head()).position == 3
        await journal.append(3, marked_batch(3, 2))
        await journal.close()

    asyncio.run(story())
    rows = [row.entry for row in scan(tmp_path / "journal.db")]
    assert len(rows) == 5
    assert_whole_batches(rows)


# --- read-only ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that another user can reach; pytest's own cannot be."""
    folder = Path(tempfile.mkdtemp(prefix="skyparley-journal-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_cannot_be_written_is_named_and_can_still_be_read(shared_folder: Path, what: str) -> None:
    path = made(shared_folder / "journal.db", 4)
    before = bytes_of(shared_folder)
    path.chmod(0o444)
    (shared_folder / "journal.lock").chmod(0o666)
    shared_folder.chmod(0o555 if what == "folder" else 0o777)
    command = [sys.executable, CHILD, "read_only", path]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.split() == ["JOURNAL_READ_ONLY", "True", "4"]
    assert bytes_of(shared_folder) == before


def test_a_new_journal_in_a_read_only_folder_is_refused(shared_folder: Path) -> None:
    (shared_folder / "deep").mkdir()
    path = made(shared_folder / "deep" / "journal.db", 4)
    path.unlink()
    (shared_folder / "deep" / "journal.lock").unlink()
    path.parent.chmod(0o555)
    command = [sys.executable, CHILD, "read_only", path]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    path.parent.chmod(0o755)
    assert answer.stdout.split() == ["JOURNAL_READ_ONLY", "True"]
    assert "there is no journal" in answer.stderr


# --- purging ------------------------------------------------------------------------------------------------------------

SECRET = b'{"who":"the only copy of this sentence"}'


def test_after_a_purge_no_file_holds_the_bytes(tmp_path: Path) -> None:
    async def story() -> None:
        journal = opened(tmp_path / "journal.db")
        long_secret = SECRET * 300
        await journal.append(0, [*batch(0, 2), Entry("Said", 1, 5, SECRET), Entry("Said", 1, 5, long_secret)])
        await journal.append(4, batch(4, 30))
        assert any(SECRET in data for data in bytes_of(tmp_path).values())
        salts = [row.salt for row in scan(tmp_path / "journal.db")]
        await journal.purge(3)
        await journal.purge(4)
        held = bytes_of(tmp_path)
        assert set(held) >= {"journal.db", "journal.db-wal"}
        assert not any(SECRET in data or SECRET[-20:] in data for data in held.values())
        assert not any(salt in data for salt in salts[2:4] if salt for data in held.values())
        assert any(salts[0] in data for data in held.values() if salts[0])
        assert len(await read_all(journal)) == 34
        await journal.close()

    asyncio.run(story())


def test_a_purge_says_when_a_reader_keeps_the_bytes_in_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_file, "JOURNAL_LOCK_WAIT_MS", 1)

    async def story() -> None:
        path = tmp_path / "journal.db"
        journal = opened(path)
        await journal.append(0, [Entry("Said", 1, 5, SECRET)])
        reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM entry").get == 1
        with pytest.raises(JournalLocked, match="another program reads"):
            await journal.purge(1)
        assert (await read_all(journal))[0].content is None
        await journal.append(1, batch(1, 1))
        reader.close()
        await journal.purge(1)
        assert not any(SECRET in data for data in bytes_of(tmp_path).values())
        await journal.close()

    asyncio.run(story())
