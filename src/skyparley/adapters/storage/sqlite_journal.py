"""The journal in one SQLite file: one writer thread, durable before it answers.  Source: docs/spec/journal-v1.md 3."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import quote

import apsw
import msgspec

from skyparley.adapters.storage import sqlite_file
from skyparley.adapters.storage.folder_lock import FolderLock, is_held
from skyparley.adapters.storage.journal_row import EMPTY, Chain, Row, make_rows
from skyparley.adapters.storage.sqlite_wal import remains_in_log
from skyparley.adapters.storage.storage_faults import fault_of
from skyparley.base.errors import (
    JournalDamaged,
    JournalFault,
    JournalFull,
    JournalLocked,
    JournalReadOnly,
    WrongPosition,
)
from skyparley.base.ids import digest
from skyparley.engine.journal_port import Entry, Head, StoredEntry, check_batch

T = TypeVar("T")

CHECKPOINT_PAGES: Final = 1_000
"""Pages in the log before SQLite moves them into the file: 4 MB, read again in about 0.1 s after a crash."""

_INSERT: Final = "INSERT INTO entry (position, header, salt, content) VALUES (?, ?, ?, ?)"
# The casts change nothing in a whole file. In a damaged one a blob may pass for text, which Python could not decode.
_SELECT: Final = (
    "SELECT position, CAST(header AS BLOB), CAST(salt AS BLOB), CAST(content AS BLOB) FROM entry"
    " WHERE position > ? ORDER BY position LIMIT ?"
)


class SqliteJournal:
    """The journal port over one file.  Everything that touches SQLite runs in order on one thread of its own."""

    def __init__(
        self, path: Path, *, salt: Callable[[], bytes], vfs: str = "", checkpoint_pages: int = CHECKPOINT_PAGES
    ):
        """Open the journal at `path`, or make an empty one; blocks.  The folder must exist.

        `salt` draws 16 random bytes (os.urandom outside tests); `vfs` names an SQLite file layer, for tests.
        Raises JournalLocked (another node, with its process id), JournalDamaged, JournalReadOnly, JournalFull,
        JournalFault (a foreign file, a newer version, a folder, an SQLite that is too old).
        """
        sqlite_file.check_sqlite(apsw.sqlite_lib_version())
        self.path = path
        self._salt = salt
        self._vfs = vfs
        self._checkpoint_pages = checkpoint_pages
        self._db: apsw.Connection | None = None
        self._must_clean = False
        self._closed = False
        new = sqlite_file.is_absent(path)
        self._lock = FolderLock(path.with_suffix(".lock"))
        try:
            if new:
                sqlite_file.create(path, salt)
            self.journal_id = self._guarded("opening", lambda db: sqlite_file.journal_id(db, path))
        except BaseException:
            self._drop(checkpoint=False)
            self._lock.release()
            raise
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    # --- the port ---------------------------------------------------------------------------------------------

    async def append(self, expected: int, entries: Sequence[Entry]) -> Head:
        """As JournalPort.append."""
        check_batch(expected, entries)
        batch = tuple(entries)
        return await self._on_thread("appending", lambda db: self._append(db, expected, batch))

    async def read(self, after: int, limit: int) -> list[StoredEntry]:
        """As JournalPort.read."""
        if after < 0 or limit < 1:
            raise ValueError(f"cannot read {limit} entries behind position {after}")
        return await self._on_thread(f"reading behind position {after}", lambda db: self._read(db, after, limit))

    async def head(self) -> Head:
        """As JournalPort.head."""
        return await self._on_thread("reading the head", lambda db: sqlite_file.read_head(db, self.path))

    async def close(self) -> None:
        """As JournalPort.close.  What was asked before is done first; then the log is emptied into the file."""
        if self._closed:
            return
        self._closed = True
        # The thread takes its work in order, so this runs behind every append that somebody still waits for.
        await asyncio.get_running_loop().run_in_executor(self._thread, lambda: self._drop(checkpoint=True))
        self._thread.shutdown()
        self._lock.release()

    # --- purging ----------------------------------------------------------------------------------------------

    async def purge(self, position: int) -> None:
        """Remove salt and content at a position for ever, from the file and its log; twice is as once.

        Raises WrongPosition where no entry is; JournalLocked when a foreign reader keeps the log from being emptied:
        the entry is purged then, but the log may still hold the bytes until purge is called again.
        """
        await self._on_thread(f"purging position {position}", lambda db: self._purge(db, position))

    # --- on the thread ----------------------------------------------------------------------------------------

    def _append(self, db: apsw.Connection, expected: int, entries: tuple[Entry, ...]) -> Head:
        if self._must_clean:
            self._empty_log(db)
        with self._transaction(db):
            head = sqlite_file.read_head(db, self.path)
            if head.position != expected:
                raise WrongPosition(f"{self.path}: the head is at {head.position}, the append expected {expected}")
            rows, after = make_rows(head, entries, self._salt)
            if rows:
                db.executemany(_INSERT, [(row.position, row.header, row.salt, row.content) for row in rows])
                db.execute("UPDATE meta SET value = ? WHERE key = 'head'", (sqlite_file.mark_of(after),))
            assert after.position == expected + len(entries), "positions are counted without a gap"
            # If the process dies before the commit below has written its last frame, the batch was never there.  If it
            # dies behind that, the whole batch is there at the next start, although nobody was told: the engine finds
            # it when it reloads.  An error in between leaves either; see _recover.
        return after

    def _read(self, db: apsw.Connection, after: int, limit: int) -> list[StoredEntry]:
        with self._transaction(db, write=False):
            head = sqlite_file.read_head(db, self.path)
            if after >= head.position:
                return []
            chain = Chain(str(self.path), self._start(db, after))
            entries = chain.take_all(Row(*row) for row in db.execute(_SELECT, (after, limit)))
            if chain.position != min(after + limit, head.position):
                raise chain.damaged(chain.position + 1, f"it is missing; the journal ends at {head.position}")
            if chain.position == head.position and chain.head != head:
                raise chain.damaged(chain.position, "the head mark names another header")
            return entries

    def _start(self, db: apsw.Connection, after: int) -> Head:
        if after == 0:
            return EMPTY
        header = db.execute("SELECT CAST(header AS BLOB) FROM entry WHERE position = ?", (after,)).get
        if not isinstance(header, bytes):
            raise JournalDamaged(f"{self.path}: position {after}: it is missing")
        return Head(after, digest(header))

    def _purge(self, db: apsw.Connection, position: int) -> None:
        with self._transaction(db):
            if not 1 <= position <= sqlite_file.read_head(db, self.path).position:
                raise WrongPosition(f"{self.path}: there is no entry at {position}")
            db.execute(
                "UPDATE entry SET salt = NULL, content = NULL WHERE position = ? AND content IS NOT NULL", (position,)
            )
            # If the process dies before the commit, nothing is purged; between it and the end of the checkpoint, the
            # entry is purged and the log still holds the bytes until it is emptied.
        self._empty_log(db)

    @contextlib.contextmanager
    def _transaction(self, db: apsw.Connection, *, write: bool = True) -> Iterator[None]:
        db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        try:
            yield
            db.execute("COMMIT")
        except BaseException:
            # A rollback that fails leaves the connection in its transaction; _recover then drops it.
            with contextlib.suppress(apsw.Error):
                if db.in_transaction:
                    db.execute("ROLLBACK")
            raise
        assert not db.in_transaction, "the transaction ended"

    def _empty_log(self, db: apsw.Connection) -> None:
        busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").get[0]
        if busy:
            raise JournalLocked(
                f"{self.path}: another program reads the journal, so its log cannot be emptied; try again"
            )
        self._must_clean = False

    # --- the connection ---------------------------------------------------------------------------------------

    async def _on_thread(self, doing: str, work: Callable[[apsw.Connection], T]) -> T:
        if self._closed:
            raise JournalFault(f"{self.path}: the journal is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, doing, work)

    def _guarded(self, doing: str, work: Callable[[apsw.Connection], T]) -> T:
        """Run work on the connection, opened anew if the last fault cost it, and turn SQLite's errors into faults."""
        db = self._db = self._db or self._connect()
        try:
            return work(db)
        except apsw.Error as error:
            fault = fault_of(error, self.path, db.system_errno, doing)
            self._recover(db, fault)
            raise fault from error
        except JournalDamaged:
            self._drop(checkpoint=False)
            raise

    def _recover(self, db: apsw.Connection, fault: JournalFault) -> None:
        """After a fault the next call must find a connection that can be trusted.

        Out of space, read-only or locked out, SQLite rolled back and the connection is sound.  After anything else it
        is not: a sync that failed may have lost what it was given, and a later one would not say so.  So the log is
        emptied into the file on closing, where that can be done, and must be before the next append.
        """
        if isinstance(fault, JournalFull | JournalReadOnly | JournalLocked) and not db.in_transaction:
            return
        self._drop(checkpoint=not isinstance(fault, JournalDamaged))
        self._must_clean = True

    def _connect(self) -> apsw.Connection:
        """A connection in the form of the specification, to a file that is ours and a log that is whole."""
        if sqlite_file.is_absent(self.path):
            raise JournalDamaged(f"{self.path}: the file is gone")
        sqlite_file.check_ours(self.path)
        if remains_in_log(sqlite_file.log_of(self.path), sync=True):
            self._must_clean = True
        db = None
        try:
            db = apsw.Connection(str(self.path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=self._vfs or None)
            sqlite_file.prepare(db, self.path, self._checkpoint_pages)
            sqlite_file.read_head(db, self.path)
        except (apsw.Error, JournalFault) as error:
            system_errno = db.system_errno if db is not None else 0
            _close(db, checkpoint=False)
            if isinstance(error, JournalFault):
                raise
            raise fault_of(error, self.path, system_errno, "opening") from error
        return db

    def _drop(self, *, checkpoint: bool) -> None:
        _close(self._db, checkpoint=checkpoint)
        self._db = None


def _close(db: apsw.Connection | None, *, checkpoint: bool) -> None:
    """Close a connection; without a checkpoint the file and its log stay byte for byte, as evidence of damage."""
    if db is None:
        return
    with contextlib.suppress(apsw.Error):
        db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0 if checkpoint else 1)
    with contextlib.suppress(apsw.Error):
        db.close(True)


class ScannedRow(msgspec.Struct, frozen=True, gc=False):
    """A verified row for a verifier: the entry, and the header bytes and salt that its hashes are of."""

    entry: StoredEntry
    header: bytes
    salt: bytes | None


def scan(path: Path) -> Iterator[ScannedRow]:
    """Every row of a journal, verified from position 1, without writing; a node may be running on it.

    Empty for an empty journal.  Raises JournalDamaged, JournalReadOnly, JournalLocked, JournalFault.
    """
    sqlite_file.check_sqlite(apsw.sqlite_lib_version())
    if sqlite_file.is_absent(path):
        raise JournalFault(f"{path}: there is no journal")
    log = sqlite_file.log_of(path)
    # Without a log no node runs and the file alone is the journal: it is read as it lies, and leaves no file behind.
    still = not log.exists()
    if not still:
        _check_log(path, log)
    db = None
    try:
        address = f"file:{quote(str(path.absolute()))}?mode=ro" + ("&immutable=1" if still else "")
        db = apsw.Connection(address, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
        yield from _scan(db, path)
    except (apsw.CorruptError, JournalDamaged) as error:
        if still and log.exists():
            raise JournalLocked(f"{path}: a node started while the journal was read; read it again") from error
        if isinstance(error, JournalDamaged):
            raise
        raise fault_of(error, path, 0, "reading") from error
    except apsw.Error as error:
        raise fault_of(error, path, db.system_errno if db is not None else 0, "reading") from error
    finally:
        if db is not None:
            db.close(True)


def _check_log(path: Path, log: Path) -> None:
    try:
        remains_in_log(log, sync=False)
    except JournalDamaged:
        # A running node may have begun its log anew between two of our reads; SQLite then reads it under its own locks.
        if log.exists() and not is_held(path.with_suffix(".lock")):
            raise


def _scan(db: apsw.Connection, path: Path) -> Iterator[ScannedRow]:
    db.set_busy_timeout(1_000)
    db.execute("BEGIN")
    sqlite_file.check_form(db, path)
    head = sqlite_file.read_head(db, path)
    chain = Chain(str(path))
    for position, header, salt, content in db.execute(_SELECT, (0, -1)):
        yield ScannedRow(chain.take(Row(position, header, salt, content)), header, salt)
    if chain.head != head:
        raise chain.damaged(chain.position + 1, f"the entries end here, and the head mark says {head.position}")
