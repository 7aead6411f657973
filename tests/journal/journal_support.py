"""What the tests of the journal share: entries, opened journals of each kind, and a file layer that fails or remembers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

from skyparley.adapters.storage.journal_row import salts_from_seed
from skyparley.adapters.storage.memory_journal import MemoryJournal, WriteFault
from skyparley.adapters.storage.sqlite_journal import SqliteJournal
from skyparley.base.canonical import canonical
from skyparley.engine.journal_port import Entry, JournalPort, StoredEntry


def entry(number: int, *, content_bytes: int = 100) -> Entry:
    """The entry that belongs at a position: its content tells the position, so that no other can stand in for it."""
    content = canonical({"number": number, "padding": "x" * content_bytes})
    return Entry("NoticeFiled", 1 + number % 3, 1_795_338_000_000 + number, content)


def batch(after: int, count: int, **more: int) -> list[Entry]:
    return [entry(after + 1 + place, **more) for place in range(count)]


def marked_batch(after: int, count: int, *, content_bytes: int = 300) -> list[Entry]:
    """A batch whose entries say which batch they are of: the position before it, and how many it has."""
    return [
        Entry("NoticeFiled", 1, 5, canonical({"after": after, "count": count, "number": number, "padding": padding}))
        for number, padding in ((after + 1 + place, "x" * content_bytes) for place in range(count))
    ]


def assert_whole_batches(found: list[StoredEntry]) -> None:
    """Every entry stands at the number it names, and its batch is there from its first to its last."""
    for stored in found:
        assert stored.content is not None
        said = json.loads(stored.content)
        assert said["number"] == stored.position
        assert said["after"] < stored.position <= said["after"] + said["count"] <= len(found)


def as_written(stored: StoredEntry) -> Entry:
    assert stored.content is not None
    return Entry(stored.kind, stored.schema, stored.at_ms, stored.content)


async def read_all(journal: JournalPort, page: int = 1_000) -> list[StoredEntry]:
    found: list[StoredEntry] = []
    while more := await journal.read(len(found), page):
        found += more
    return found


# --- one kit for each implementation: how to make it, and how to make its next write fail both ways -------------------


class MemoryKit:
    def __init__(self, folder: Path) -> None:
        self.journal = MemoryJournal(salt=salts_from_seed(7))

    def lose_next(self) -> None:
        self.journal.plan(WriteFault.LOST)

    def keep_next(self) -> None:
        self.journal.plan(WriteFault.KEPT)

    async def reopen(self) -> None:
        await self.journal.close()
        self.journal.reopen()

    def done(self) -> None:
        pass


class SqliteKit:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.db"
        self.disk = Disk(f"kit-{folder.name}-{id(self)}")
        self._open()

    def _open(self) -> None:
        self.journal = SqliteJournal(self.path, salt=salts_from_seed(7), vfs=self.disk.vfs_name)

    def lose_next(self) -> None:
        self.disk.fail_next_write = apsw.IOError("planned")

    def keep_next(self) -> None:
        # What fails is behind the commit: the transaction is on the disk, and COMMIT reports an error all the same.
        def fail(*_: Any) -> int:
            raise apsw.IOError("planned, behind the commit")

        db = self.journal._db
        assert db is not None
        db.set_wal_hook(fail)

    async def reopen(self) -> None:
        await self.journal.close()
        self._open()

    def done(self) -> None:
        if not self.journal._closed:
            self.journal._drop(checkpoint=False)
            self.journal._lock.release()


# --- a file layer between SQLite and the disk ---------------------------------------------------------------------------


@dataclass
class DiskFile:
    """One file: what is certainly on the disk, and what was written since and may not be."""

    synced: bytes
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # (offset, data), or (size, None): cut off

    def copy(self) -> DiskFile:
        return DiskFile(self.synced, list(self.pending))

    def killed(self) -> bytes:
        """The file after the process was killed: the operating system has everything."""
        return _apply(self.synced, self.pending)

    def unplugged(self, luck: random.Random) -> bytes:
        """The file after the power failed: of what was not synced, any part may be there, in sectors of 512 bytes."""
        kept = []
        for offset, data in self.pending:
            fate = luck.randrange(3)
            if fate == 0:
                continue
            if fate == 1 and data is not None:
                data = data[: luck.randrange(len(data) + 1) // 512 * 512]
            kept.append((offset, data))
        return _apply(self.synced, kept)


def _apply(start: bytes, writes: list[tuple[int, bytes | None]]) -> bytes:
    image = bytearray(start)
    for offset, data in writes:
        if data is None:
            del image[offset:]
        elif data:
            image.extend(bytes(max(0, offset + len(data) - len(image))))
            image[offset : offset + len(data)] = data
    return bytes(image)


class Disk(apsw.VFS):
    """An SQLite file layer that can fail the next write or sync, and remembers which writes were synced."""

    def __init__(self, name: str) -> None:
        self.vfs_name = name
        self.files: dict[str, DiskFile] = {}
        self.fail_next_write: apsw.Error | None = None
        self.fail_next_log_sync: apsw.Error | None = None
        self.at_failure: dict[str, DiskFile] = {}
        self.before: Callable[[], None] = lambda: None
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return _File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.before()
        self.files.pop(Path(filename).name, None)
        super().xDelete(filename, syncdir)

    def images(self) -> dict[str, DiskFile]:
        return {name: file.copy() for name, file in self.files.items()}


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        self.disk = disk
        self.name = path.name
        disk.files.setdefault(self.name, DiskFile(path.read_bytes() if path.exists() else b""))
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self.disk.before()
        error, self.disk.fail_next_write = self.disk.fail_next_write, None
        if error is not None:
            raise error
        super().xWrite(data, offset)
        self.disk.files[self.name].pending.append((offset, bytes(data)))

    def xTruncate(self, size: int) -> None:
        self.disk.before()
        super().xTruncate(size)
        self.disk.files[self.name].pending.append((size, None))

    def xSync(self, flags: int) -> None:
        self.disk.before()
        if self.name.endswith("-wal"):
            error, self.disk.fail_next_log_sync = self.disk.fail_next_log_sync, None
            if error is not None:
                self.disk.at_failure = self.disk.images()
                raise error
        super().xSync(flags)
        file = self.disk.files[self.name]
        file.synced, file.pending = file.killed(), []
