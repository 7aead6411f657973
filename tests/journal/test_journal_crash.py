"""A node that dies at any moment has, when it starts again, everything it answered for, and whole batches only."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import apsw
import pytest
from journal_support import Disk, DiskFile, assert_whole_batches, batch, marked_batch, read_all

from skyparley.adapters.storage import sqlite_file
from skyparley.adapters.storage.journal_row import salts_from_seed
from skyparley.adapters.storage.sqlite_journal import SqliteJournal
from skyparley.base.errors import JournalFault, JournalLocked
from skyparley.engine.journal_port import Head, StoredEntry

CHILD = Path(__file__).with_name("journal_child.py")


def opened(path: Path) -> SqliteJournal:
    return SqliteJournal(path, salt=lambda: os.urandom(16))


async def reopened(path: Path) -> list[StoredEntry]:
    """What a new process finds; it can also go on from there."""
    journal = opened(path)
    found = await read_all(journal)
    assert (await journal.append(len(found), [])).position == len(found)
    await journal.close()
    return found


def test_sigkill_at_any_moment_loses_nothing_answered_and_halves_nothing(tmp_path: Path) -> None:
    # One journal through all the rounds, so that what one death leaves behind is there at the next.
    path, seed = tmp_path / "journal.db", 20_261_122
    luck = random.Random(seed)
    longer = answered = 0
    for round_number in range(25):
        child = subprocess.Popen(
            [sys.executable, CHILD, "append", path, str(seed + round_number)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(luck.randint(0, 30))]
        # The child is by now somewhere in its next batches: opening, writing, syncing or checkpointing.
        child.kill()
        lines += child.stdout.readlines()
        child.wait()
        heads = [Head(int(line.split()[0]), line.split()[1]) for line in lines if line.endswith("\n")]
        found = asyncio.run(reopened(path))
        assert_whole_batches(found)
        for head in heads:
            assert found[head.position - 1].header_hash == head.header_hash, (seed, round_number)
        answered = heads[-1].position if heads else answered
        assert len(found) >= answered, (seed, round_number)
        longer += len(found) > answered
        answered = len(found)
    assert answered > 500, "the children wrote too little to prove anything"


class Moment(NamedTuple):
    """The disk as it stood before one operation, and what had been answered by then and was being written."""

    files: dict[str, DiskFile]
    answered: int
    under_way: int


def moments_of_a_life(folder: Path, seed: int) -> tuple[list[Moment], list[StoredEntry]]:
    """Every moment between two operations on the disk in the life of one journal, and what it held at the end."""
    luck = random.Random(seed)
    disk = Disk(f"life-{folder.name}-{seed}")
    moments: list[Moment] = []
    answered = under_way = 0

    async def live() -> list[StoredEntry]:
        nonlocal answered, under_way
        journal = SqliteJournal(
            folder / "journal.db", salt=salts_from_seed(seed), vfs=disk.vfs_name, checkpoint_pages=luck.choice([6, 15])
        )
        disk.before = lambda: moments.append(Moment(disk.images(), answered, under_way))
        for _ in range(9):
            under_way = answered + luck.randint(1, 9)
            many = marked_batch(answered, under_way - answered, content_bytes=luck.choice([20, 400, 5_000]))
            await journal.append(answered, many)
            answered = under_way
        found = await read_all(journal)
        await journal.close()
        return found

    found = asyncio.run(live())
    return moments, found


def put(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder / "journal.db"


def check(moment: Moment, path: Path, final: list[StoredEntry]) -> int:
    found = asyncio.run(reopened(path))
    assert len(found) in (moment.answered, moment.under_way), f"{len(found)} of {moment.answered}, {moment.under_way}"
    assert found == final[: len(found)]
    return len(found)


def test_killed_before_every_single_operation_on_the_disk(tmp_path: Path) -> None:
    moments, final = moments_of_a_life(tmp_path, seed=1)
    assert len(moments) > 100
    kept_unanswered = 0
    for number, moment in enumerate(moments):
        path = put(tmp_path / str(number), {name: file.killed() for name, file in moment.files.items()})
        kept_unanswered += check(moment, path, final) > moment.answered
    assert kept_unanswered > 0, "no moment lay between the write and the answer: kept, but nobody was told"


@pytest.mark.parametrize("seed", [2, 3])
def test_power_failed_before_every_single_operation_on_the_disk(tmp_path: Path, seed: int) -> None:
    # Of what was not synced any part may be missing or torn. With synchronous=NORMAL answered batches are lost here.
    moments, final = moments_of_a_life(tmp_path, seed)
    luck = random.Random(seed)
    for number, moment in enumerate(moments):
        path = put(tmp_path / str(number), {name: file.unplugged(luck) for name, file in moment.files.items()})
        check(moment, path, final)


async def one_short_life(path: Path, seed: int, answered: int) -> tuple[int, list[dict[str, DiskFile]]]:
    """Check what an earlier life left, append, and give back what was answered and every moment of a last batch."""
    luck = random.Random(seed)
    disk = Disk(f"again-{path.parents[1].name}-{seed}")
    moments: list[dict[str, DiskFile]] = []
    journal = SqliteJournal(path, salt=salts_from_seed(seed), vfs=disk.vfs_name)
    found = await read_all(journal)
    assert_whole_batches(found)
    assert len(found) >= answered, seed
    told = len(found)
    for _ in range(3):
        told = (await journal.append(told, marked_batch(told, luck.randint(1, 9)))).position
    disk.before = lambda: moments.append(disk.images())
    await journal.append(told, marked_batch(told, luck.randint(1, 9)))
    disk.before = lambda: None
    await journal.close()
    return told, moments


def test_life_after_life_each_ended_by_a_power_failure(tmp_path: Path) -> None:
    # Remains of several deaths in one log must neither add up to a false alarm nor hide an answered batch.
    luck = random.Random(4)
    path, answered = put(tmp_path / "0", {}), 0
    for life in range(20):
        answered, moments = asyncio.run(one_short_life(path, life, answered))
        files = {name: file.unplugged(luck) for name, file in luck.choice(moments).items()}
        path = put(tmp_path / str(life + 1), files)
    assert len(asyncio.run(reopened(path))) >= answered > 100


def test_a_sync_that_fails_is_not_trusted_afterwards(tmp_path: Path) -> None:
    disk = Disk(f"sync-{tmp_path.name}")

    async def story() -> None:
        journal = SqliteJournal(tmp_path / "journal.db", salt=salts_from_seed(1), vfs=disk.vfs_name)
        await journal.append(0, marked_batch(0, 2))
        disk.fail_next_log_sync = apsw.IOError("planned")
        with pytest.raises(JournalFault, match=r"journal\.db: appending"):
            await journal.append(2, marked_batch(2, 3))
        # Died here: every frame was written, so the batch is kept, though it was reported lost.
        died = put(tmp_path / "died", {name: file.killed() for name, file in disk.at_failure.items()})
        found = await reopened(died)
        assert len(found) == 5
        # Lived on: the batch is lost whole, and the log with the doubtful frames is gone before anything is appended.
        assert (await journal.head()).position == 2
        assert (tmp_path / "journal.db-wal").stat().st_size == 0
        await journal.append(2, marked_batch(2, 1))
        await journal.close()
        again = await reopened(tmp_path / "journal.db")
        assert len(again) == 3
        assert_whole_batches(again)

    asyncio.run(story())


def test_nothing_is_appended_behind_frames_in_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A foreign reader keeps the log from being emptied after a failed sync: then it is better not to append.
    monkeypatch.setattr(sqlite_file, "JOURNAL_LOCK_WAIT_MS", 1)
    disk = Disk(f"doubt-{tmp_path.name}")

    async def story() -> None:
        journal = SqliteJournal(tmp_path / "journal.db", salt=salts_from_seed(1), vfs=disk.vfs_name)
        await journal.append(0, marked_batch(0, 2))
        reader = apsw.Connection(str(tmp_path / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM entry").get == 2
        disk.fail_next_log_sync = apsw.IOError("planned")
        with pytest.raises(JournalFault):
            await journal.append(2, marked_batch(2, 3))
        for _ in range(2):
            with pytest.raises(JournalLocked, match="another program reads the journal"):
                await journal.append(2, marked_batch(2, 1))
        assert len(await read_all(journal)) == 2
        reader.close()
        await journal.append(2, marked_batch(2, 1))
        await journal.close()
        assert_whole_batches(await reopened(tmp_path / "journal.db"))

    asyncio.run(story())


def test_what_a_killed_node_left_unsynced_is_synced_before_it_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        journal = opened(tmp_path / "journal.db")
        await journal.append(0, batch(0, 2))
        journal._drop(checkpoint=False)
        journal._lock.release()

    asyncio.run(story())
    synced: list[str] = []
    real = os.fsync

    def remember(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", remember)
    again = opened(tmp_path / "journal.db")
    assert synced == [str(tmp_path / "journal.db-wal")]
    asyncio.run(again.close())


def test_a_death_while_the_journal_is_made_leaves_none_and_the_next_start_makes_it(tmp_path: Path) -> None:
    (tmp_path / "journal.db.new").write_bytes(b"half a file")
    (tmp_path / "journal.db.new-journal").write_bytes(b"half a log")
    journal = opened(tmp_path / "journal.db")
    assert asyncio.run(read_all(journal)) == []
    asyncio.run(journal.close())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["journal.db", "journal.lock"]
