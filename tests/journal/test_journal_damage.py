"""Damage to the files is named, or what is read is exactly what was written: never something else, never less in silence."""

from __future__ import annotations

import asyncio
import random
import re
import shutil
import struct
from pathlib import Path

import pytest
from journal_support import read_all

from skyparley.adapters.storage.journal_row import salts_from_seed
from skyparley.adapters.storage.sqlite_journal import SqliteJournal, scan
from skyparley.base.canonical import canonical
from skyparley.base.errors import JournalDamaged, JournalFault, JournalLocked
from skyparley.engine.journal_port import Entry, StoredEntry

PAGE = 4096
FRAME = PAGE + 24


def contents(count: int) -> list[Entry]:
    """Entries of many sizes, some over several pages of the file."""
    luck = random.Random(9)
    sizes = [luck.choice([10, 300, 700, 900, 6_000]) for _ in range(count)]
    sizes[-8:] = [10] * 8
    return [Entry("Said", 1, 5, canonical({"n": n, "x": "y" * size})) for n, size in enumerate(sizes)]


def opened(path: Path, checkpoint_pages: int = 1_000) -> SqliteJournal:
    return SqliteJournal(path, salt=salts_from_seed(5), checkpoint_pages=checkpoint_pages)


class Sample:
    """A journal as it lies after a checkpoint, or after a kill with a log beside it, and what it holds."""

    def __init__(self, folder: Path, *, killed: bool) -> None:
        self.ends: list[int] = []
        asyncio.run(self._make(folder / "journal.db", killed))
        self.files = {
            name: (folder / name).read_bytes() for name in ("journal.db", "journal.db-wal") if (folder / name).exists()
        }

    async def _make(self, path: Path, killed: bool) -> None:
        journal = opened(path)
        await journal.append(0, contents(40))
        if killed:
            # Half of it is moved into the file, the other half lies in the log.
            await journal.purge(7)
            for end in (41, 44, 45, 50, 58, 60):
                await journal.append(len(await read_all(journal)), contents(60)[len(await read_all(journal)) : end])
                self.ends.append(end)
        else:
            await journal.append(40, contents(70)[40:])
            await journal.purge(7)
        self.entries: list[StoredEntry] = await read_all(journal)
        journal._drop(checkpoint=not killed)
        journal._lock.release()

    def put(self, folder: Path, **changed: bytes) -> Path:
        """The files in an empty folder, some of them changed; None of a file leaves it out."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, data in {**self.files, **changed}.items():
            (folder / name).write_bytes(data)
        return folder / "journal.db"


Found = list[StoredEntry] | None


def found_in(path: Path) -> tuple[Found, Found]:
    """What a starting node finds and what a scan found before it; None where damage was named."""
    faults: list[JournalFault] = []
    scanned = found = None
    try:
        scanned = [row.entry for row in scan(path)]
    except JournalFault as fault:
        faults.append(fault)
    try:
        journal = opened(path)
    except JournalFault as fault:
        faults.append(fault)
    else:
        try:
            found = asyncio.run(read_all(journal, 25))
        except JournalFault as fault:
            faults.append(fault)
        asyncio.run(journal.close())
    assert all(str(path) in str(fault) and not isinstance(fault, JournalLocked) for fault in faults), faults
    return found, scanned


def flipped(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return Sample(tmp_path_factory.mktemp("closed"), killed=False)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return Sample(tmp_path_factory.mktemp("killed"), killed=True)


def places_that_matter(data: bytes, luck: random.Random) -> list[int]:
    """The file's header, the head and first pointers of every page, and bytes anywhere."""
    heads = [page + offset for page in range(0, len(data), PAGE) for offset in range(14)]
    return [*range(100), *luck.sample(heads, 120), *luck.sample(range(len(data)), 120)]


def test_a_flipped_bit_in_the_file_is_named_or_harmless(closed: Sample, tmp_path: Path) -> None:
    luck = random.Random(11)
    named = 0
    data = closed.files["journal.db"]
    for place in places_that_matter(data, luck):
        path = closed.put(tmp_path / "flip", **{"journal.db": flipped(data, place, luck.randrange(8))})
        found, scanned = found_in(path)
        for read in (found, scanned):
            assert read in (None, closed.entries), f"byte {place}: silently {len(read or [])} of {len(closed.entries)}"
        named += found is None
    assert named > 150, "the flips hit nothing"


def test_a_flipped_bit_in_the_log_is_named_or_costs_the_last_batch_at_most(killed: Sample, tmp_path: Path) -> None:
    # What the last transaction loses cannot be told from a crash (journal-v1.md 3.8): only a peer's head can show it.
    luck = random.Random(12)
    log = killed.files["journal.db-wal"]
    commits = [at for at in range(32, len(log), FRAME) if any(log[at + 4 : at + 8])]
    assert len(commits) == len(killed.ends)
    last_but_one, last = killed.entries[: killed.ends[-3]], killed.entries[: killed.ends[-2]]
    outcomes = {"named": 0, "shorter": 0}
    places = [*range(32), *luck.sample(range(len(log)), 120)]
    places += [at + offset for at in commits for offset in range(0, 24, 2)]
    for place in places:
        path = killed.put(tmp_path / "flip", **{"journal.db-wal": flipped(log, place, luck.randrange(8))})
        found, scanned = found_in(path)
        in_last = place >= commits[-2] + FRAME
        hides_a_commit = commits[-2] <= place < commits[-2] + 16
        allowed = [None, killed.entries, *([last] if in_last else []), *([last_but_one] if hides_a_commit else [])]
        for read in (found, scanned):
            assert read in allowed, f"byte {place}: silently {len(read or [])} of {len(killed.entries)}"
        outcomes["named"] += found is None
        outcomes["shorter"] += found == last
    assert outcomes["named"] > 80
    assert outcomes["shorter"] > 10


def test_a_damaged_log_is_still_there_after_it_was_refused(killed: Sample, tmp_path: Path) -> None:
    log = flipped(killed.files["journal.db-wal"], 32 + 100, 0)
    path = killed.put(tmp_path / "flip", **{"journal.db-wal": log})
    for _ in range(2):
        with pytest.raises(JournalDamaged, match=r"journal\.db-wal: frame 1 of the write-ahead log does not verify"):
            opened(path)
    assert {name: (path.parent / name).read_bytes() for name in killed.files} == {**killed.files, "journal.db-wal": log}


def test_remains_of_a_dead_transaction_are_gone_before_the_next_one_is_written(killed: Sample, tmp_path: Path) -> None:
    # Left in the log, they would add up with those of a later death to what looks like damage.
    log = killed.files["journal.db-wal"]
    path = killed.put(tmp_path / "flip", **{"journal.db-wal": flipped(log, len(log) - 100, 0)})

    async def story() -> None:
        journal = opened(path)
        head = await journal.head()
        assert head.position == killed.ends[-2]
        await journal.append(head.position, contents(1))
        assert 0 < path.with_name("journal.db-wal").stat().st_size < len(log) / 2
        await journal.close()

    asyncio.run(story())


@pytest.mark.parametrize("cut", [1, 100, PAGE, 3 * PAGE + 5, 10 * PAGE])
def test_a_file_cut_off_at_its_end_is_named(closed: Sample, tmp_path: Path, cut: int) -> None:
    path = closed.put(tmp_path / "cut", **{"journal.db": closed.files["journal.db"][:-cut]})
    assert found_in(path) == (None, None)


@pytest.mark.parametrize("keep", [1, 99, 100, PAGE - 1, PAGE, 2 * PAGE])
def test_a_file_of_which_little_is_left_is_named(closed: Sample, tmp_path: Path, keep: int) -> None:
    path = closed.put(tmp_path / "cut", **{"journal.db": closed.files["journal.db"][:keep]})
    with pytest.raises(JournalDamaged):
        opened(path)


def test_fewer_cells_in_a_page_do_not_make_a_shorter_journal(closed: Sample, tmp_path: Path) -> None:
    # SQLite reads on without complaint where the count of cells in the last page is smaller; the head mark shows it.
    data = closed.files["journal.db"]
    last = max(
        at
        for at in range(PAGE, len(data), PAGE)
        if data[at] == 13 and b'"kind":"Said","pos":70,' in data[at : at + PAGE]
    )
    (cells,) = struct.unpack_from(">H", data, last + 3)
    assert cells > 1
    changed = data[: last + 3] + struct.pack(">H", cells - 1) + data[last + 5 :]
    path = closed.put(tmp_path / "cells", **{"journal.db": changed})
    with pytest.raises(JournalDamaged, match="position 69: the entries end there, but the head mark says '70 "):
        opened(path)


@pytest.mark.parametrize("text", [b"CREATE TABLE meta", b"entry_only_purged", b"head70 ", b"journal"])
def test_text_that_is_no_longer_utf_8_is_damage(closed: Sample, tmp_path: Path, text: bytes) -> None:
    # Found by flipping a bit in every byte: a byte over 0x7F in the schema ended in an error of decoding.
    data = closed.files["journal.db"]
    places = [at for at in range(len(data)) if data.startswith(text, at)]
    assert places
    for place in places:
        path = closed.put(tmp_path / "text", **{"journal.db": flipped(data, place + 1, 7)})
        for read in found_in(path):
            assert read in (None, closed.entries)


def test_a_blob_that_passes_for_text_is_read_as_it_is_or_named(closed: Sample, tmp_path: Path) -> None:
    # Found likewise: one bit of a record's header makes the salt (type 44, 16 bytes of blob) text (45) of the same bytes.
    data = closed.files["journal.db"]
    places = [found.end() - 1 for found in re.finditer(rb"\x00[\x80-\xff][\x00-\x7f]\x2c", data)]
    assert len(places) > 50
    for place in places[::6]:
        path = closed.put(tmp_path / "text", **{"journal.db": flipped(data, place, 0)})
        assert found_in(path) == (closed.entries, closed.entries)


def test_a_deleted_log_is_a_shorter_journal_valid_in_itself(killed: Sample, tmp_path: Path) -> None:
    # Nothing in the folder can show it: heads are compared with the peers at start (journal-v1.md 2).
    path = killed.put(tmp_path / "cut")
    (path.parent / "journal.db-wal").unlink()
    assert found_in(path) == (killed.entries[:40], killed.entries[:40])


def test_a_log_without_its_file_is_named(killed: Sample, tmp_path: Path) -> None:
    path = killed.put(tmp_path / "cut", **{"journal.db": b""})
    with pytest.raises(JournalDamaged, match="is still there"):
        opened(path)


def test_the_log_of_another_time_is_named_or_harmless(killed: Sample, closed: Sample, tmp_path: Path) -> None:
    # A backup put back beside a log that is not its own (journal-v1.md 3.9 says not to).
    path = killed.put(tmp_path / "mixed", **{"journal.db": closed.files["journal.db"]})
    for read in found_in(path):
        assert read in (None, closed.entries, killed.entries)


def test_damage_while_the_node_runs_is_named_when_it_is_read(closed: Sample, tmp_path: Path) -> None:
    path = closed.put(tmp_path / "live")
    place = path.read_bytes().index(b'"n":20')

    async def story() -> None:
        journal = opened(path)
        with path.open("r+b") as file:
            file.seek(place)
            file.write(b'"n":21')
        with pytest.raises(JournalDamaged, match="position 21: the content is not what was written"):
            await read_all(journal)
        # What lies elsewhere can still be read.
        assert (await journal.head()).position == 70
        assert len(await journal.read(30, 5)) == 5
        await journal.close()

    asyncio.run(story())
