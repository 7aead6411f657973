"""How many entries a second the journal makes durable, beside plain apsw doing the same inserts in the same run.

Both write rows of one shape (a header of about 260 bytes, a salt, a content of about 700 bytes) to an SQLite file with a write-ahead log and
synchronous=FULL. Ours adds what makes it a journal: hashes, the chain, the position check, the head mark, the triggers, and the way through asyncio to
the writer thread and back. Rounds are interleaved, so that both meet the same machine; the figures are medians.

    python benchmarks/journal.py [--seconds 30] [--folder DIR]
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import apsw

from skyparley.adapters.storage.journal_row import EMPTY, make_rows
from skyparley.adapters.storage.sqlite_journal import CHECKPOINT_PAGES, SqliteJournal
from skyparley.engine.journal_port import Entry

BATCHES = (1, 4, 16, 64, 256)
ROUNDS = 7
ENTRY = Entry("NoticeFiled", 1, 1_795_338_000_000, b'{"padding":"' + b"x" * 686 + b'"}')

Writer = Callable[[int], Awaitable[None]]


def ours(folder: Path) -> tuple[Writer, Callable[[], Awaitable[None]]]:
    """The journal through its port: append one batch, and close."""
    journal = SqliteJournal(folder / "journal.db", salt=lambda: os.urandom(16))
    position = 0

    async def append(count: int) -> None:
        nonlocal position
        position = (await journal.append(position, [ENTRY] * count)).position

    return append, journal.close


def plain(folder: Path) -> tuple[Writer, Callable[[], Awaitable[None]]]:
    """Plain apsw: the rows are made beforehand, the table has no trigger, nothing is checked."""
    db = apsw.Connection(str(folder / "plain.db"))
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.wal_autocheckpoint(CHECKPOINT_PAGES)
    db.execute("CREATE TABLE entry(position INTEGER PRIMARY KEY, header BLOB NOT NULL, salt BLOB, content BLOB) STRICT")
    (row,), _ = make_rows(make_rows(EMPTY, [ENTRY], lambda: bytes(16))[1], [ENTRY], lambda: bytes(16))
    position = 0

    async def append(count: int) -> None:
        nonlocal position
        rows = [(position + 1 + place, row.header, row.salt, row.content) for place in range(count)]
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO entry VALUES (?, ?, ?, ?)", rows)
        db.execute("COMMIT")
        position += count

    async def close() -> None:
        db.close()

    return append, close


async def entries_per_s(append: Writer, count: int, seconds: float) -> float:
    """Append batches of `count` for about `seconds`."""
    start = time.perf_counter()
    done = 0
    while (spent := time.perf_counter() - start) < seconds:
        await append(count)
        done += count
    return done / spent


async def measure(folder: Path, seconds: float) -> None:
    """Print one line for each batch size: entries a second of both, the ratio, and ours for one append."""
    slice_s = seconds / (len(BATCHES) * ROUNDS * 2)
    writers = {"ours": ours(folder), "plain": plain(folder)}
    for append, _ in writers.values():
        await entries_per_s(append, 16, slice_s)
    print(
        f"entries of {len(ENTRY.content)} bytes, medians of {ROUNDS} rounds of {slice_s:.2f} s; SQLite {apsw.sqlite_lib_version()}"
    )
    print(
        f"{'batch':>6} {'ours, entries/s':>16} {'plain apsw, entries/s':>22} {'ours/plain':>11} {'ours, ms a batch':>17}"
    )
    for count in BATCHES:
        rates: dict[str, list[float]] = {name: [] for name in writers}
        for _ in range(ROUNDS):
            for name, (append, _) in writers.items():
                rates[name].append(await entries_per_s(append, count, slice_s))
        mine, other = statistics.median(rates["ours"]), statistics.median(rates["plain"])
        print(f"{count:>6} {mine:>16,.0f} {other:>22,.0f} {mine / other:>11.2f} {1_000 * count / mine:>17.3f}")
    for _, close in writers.values():
        await close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=25.0, help="time for all of it")
    parser.add_argument("--folder", type=Path, default=None, help="where to write; a real disk, not memory")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        asyncio.run(measure(Path(folder), arguments.seconds))


if __name__ == "__main__":
    main()
