"""The journal's file: made whole or not at all, opened only when it is ours, whole and in the right form.

Source: docs/spec/journal-v1.md 3.
"""

import contextlib
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

import apsw

from skyparley.adapters.storage.journal_row import EMPTY, SALT_BYTES, VERSION
from skyparley.adapters.storage.storage_faults import fault_of, fault_of_os
from skyparley.base.errors import JournalDamaged, JournalFault, JournalReadOnly
from skyparley.base.ids import b64url, digest, from_b64url
from skyparley.base.limits import JOURNAL_LOCK_WAIT_MS
from skyparley.engine.journal_port import Head

APPLICATION_ID: Final = 0x534B5031
OLDEST_SQLITE: Final = (3, 51, 3)

SCHEMA: Final = (
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE entry(position INTEGER PRIMARY KEY, header BLOB NOT NULL, salt BLOB, content BLOB) STRICT",
    "CREATE TRIGGER entry_only_appended BEFORE INSERT ON entry"
    " WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM entry)"
    " BEGIN SELECT RAISE(ABORT, 'an entry is appended behind the last one'); END",
    "CREATE TRIGGER entry_never_deleted BEFORE DELETE ON entry"
    " BEGIN SELECT RAISE(ABORT, 'a journal is append-only'); END",
    "CREATE TRIGGER entry_only_purged BEFORE UPDATE ON entry"
    " WHEN NEW.position IS NOT OLD.position OR NEW.header IS NOT OLD.header"
    " OR OLD.salt IS NULL OR OLD.content IS NULL OR NEW.salt IS NOT NULL OR NEW.content IS NOT NULL"
    " BEGIN SELECT RAISE(ABORT, 'an entry changes only by a purge of its salt and content'); END",
    "CREATE TRIGGER meta_never_deleted BEFORE DELETE ON meta"
    " BEGIN SELECT RAISE(ABORT, 'a journal is append-only'); END",
    "CREATE TRIGGER meta_only_head BEFORE UPDATE ON meta"
    " WHEN OLD.key IS NOT 'head' OR NEW.key IS NOT 'head'"
    " BEGIN SELECT RAISE(ABORT, 'only the head mark moves'); END",
)
_MAGIC: Final = b"SQLite format 3\0"


def check_sqlite(version: str) -> None:
    """Refuse an SQLite whose write-ahead log can damage a file.  Raises JournalFault."""
    if tuple(int(part) for part in version.split(".")[:3]) < OLDEST_SQLITE:
        raise JournalFault(
            f"SQLite {version} has the WAL-reset bug, which can damage a journal; "
            f"{'.'.join(map(str, OLDEST_SQLITE))} or later is needed: update apsw"
        )


def log_of(path: Path) -> Path:
    """The write-ahead log of a journal's file."""
    return path.with_name(path.name + "-wal")


def is_absent(path: Path) -> bool:
    """True when there is no journal yet (no file, or an empty one).  Raises a JournalFault on what is no file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        _check_no_log(path)
        return True
    except OSError as error:
        raise fault_of_os(error, path) from error
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "not a regular file"
        raise JournalFault(f"{path}: it is {what}; a journal is a file")
    if found.st_size == 0:
        _check_no_log(path)
    return found.st_size == 0


def _check_no_log(path: Path) -> None:
    # SQLite would play the log of the journal that is gone into the new one.
    for suffix in ("-wal", "-journal"):
        log = path.with_name(path.name + suffix)
        if log.exists() and log.stat().st_size > 0:
            raise JournalDamaged(f"{path}: the file is gone or empty, but its log {log.name} is still there")


def check_ours(path: Path) -> None:
    """Look at the first 100 bytes before SQLite touches the file, which may be another program's.

    Raises JournalFault on a foreign file or a newer version, JournalDamaged on what is no SQLite file.  SQLite's own
    locks are lost when any descriptor of the file is closed in this process: so this runs only while none is open.
    """
    try:
        with path.open("rb") as file:
            start = file.read(100)
    except OSError as error:
        raise fault_of_os(error, path) from error
    if len(start) < 100 or not start.startswith(_MAGIC):
        raise JournalDamaged(f"{path}: it does not begin as an SQLite file: it is damaged, or it is something else")
    (version,) = struct.unpack_from(">I", start, 60)
    (application,) = struct.unpack_from(">I", start, 68)
    _check_version(path, application, version)


def _check_version(path: Path, application: int, version: int) -> None:
    if application != APPLICATION_ID:
        raise JournalFault(
            f"{path}: an SQLite file of another program (application id {application:#010x}), no journal"
        )
    if version > VERSION:
        raise JournalFault(f"{path}: journal version {version}; this program knows {VERSION}: run the newer program")
    if version != VERSION:
        raise JournalDamaged(f"{path}: journal version {version} never existed")


def create(path: Path, salt: Callable[[], bytes]) -> None:
    """Make an empty journal under another name, sync it, rename it, sync the folder.

    If the process dies before the rename there is no journal, and the remains are removed next time; after it, a whole
    one.  The caller holds the folder's lock.
    """
    fresh = path.with_name(path.name + ".new")
    try:
        for remains in (fresh, fresh.with_name(fresh.name + "-journal")):
            remains.unlink(missing_ok=True)
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        _fill(fresh, salt)
        fresh.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise fault_of_os(error, path) from error


def _fill(fresh: Path, salt: Callable[[], bytes]) -> None:
    drawn = salt()
    assert len(drawn) == SALT_BYTES, "a journal's id has 16 bytes"
    db = None
    try:
        db = apsw.Connection(str(fresh), flags=apsw.SQLITE_OPEN_READWRITE)
        # Still in rollback mode: everything, the application id included, lies in the one file that is renamed.
        for setting in ("page_size = 4096", "encoding = 'UTF-8'", "auto_vacuum = NONE", "synchronous = EXTRA"):
            db.execute(f"PRAGMA {setting}")
        db.execute("BEGIN EXCLUSIVE")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        for statement in SCHEMA:
            db.execute(statement)
        db.execute("INSERT INTO meta VALUES ('journal', ?), ('head', ?)", (b64url(drawn), mark_of(EMPTY)))
        db.execute("COMMIT")
        db.close()
    except apsw.Error as error:
        code = db.system_errno if db is not None else 0
        with contextlib.suppress(apsw.Error):
            if db is not None:
                db.close(True)
        raise fault_of(error, fresh, code, "creating") from error


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def prepare(db: apsw.Connection, path: Path, checkpoint_pages: int) -> None:
    """Put a connection into the form of the specification.  Raises apsw.Error, JournalReadOnly, JournalDamaged."""
    if db.readonly("main"):
        raise JournalReadOnly(f"{path}: it cannot be opened to write")
    db.set_busy_timeout(JOURNAL_LOCK_WAIT_MS)
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    if db.execute("PRAGMA journal_mode = WAL").get != "wal":
        raise JournalFault(f"{path}: SQLite cannot keep a write-ahead log here")
    # FULL: each commit waits until the log is on the disk.  NORMAL would lose answered commits at a power failure.
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON")
    db.wal_autocheckpoint(checkpoint_pages)
    check_form(db, path)


def check_form(db: apsw.Connection, path: Path) -> None:
    """Ours, of this version, with the specification's schema letter for letter.

    Raises JournalFault on a foreign file or a newer version, JournalDamaged, apsw.Error.
    """
    _check_version(path, db.execute("PRAGMA application_id").get, db.execute("PRAGMA user_version").get)
    # As bytes, here and below: damaged text may not be UTF-8, and must be damage and not a failure to decode.
    query = "SELECT CAST(sql AS BLOB) FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"
    if [row[0] for row in db.execute(query)] != [statement.encode() for statement in SCHEMA]:
        raise JournalDamaged(f"{path}: its tables and triggers are not those of a journal")
    if (vacuum := db.execute("PRAGMA auto_vacuum").get) != 0:
        raise JournalDamaged(f"{path}: its header asks for automatic vacuum mode {vacuum}, which a journal never has")


def journal_id(db: apsw.Connection, path: Path) -> str:
    """The id drawn when the journal was made.  Raises JournalDamaged, apsw.Error."""
    found = db.execute("SELECT CAST(value AS BLOB) FROM meta WHERE key = 'journal'").get
    try:
        text = bytes(found or b"").decode("ascii")
        whole = len(from_b64url(text)) == SALT_BYTES
    except ValueError:
        whole = False
    if not whole:
        raise JournalDamaged(f"{path}: its id is not one: {found!r}")
    return text


def mark_of(head: Head) -> str:
    """The head mark's text."""
    return f"{head.position} {head.header_hash}"


def read_head(db: apsw.Connection, path: Path) -> Head:
    """The head, from the last row, held against the head mark.  Raises JournalDamaged, apsw.Error."""
    head = EMPTY
    query = "SELECT position, CAST(header AS BLOB) FROM entry ORDER BY position DESC LIMIT 1"
    for position, header in db.execute(query):
        if not isinstance(header, bytes):
            raise JournalDamaged(f"{path}: position {position}: the header is not bytes")
        head = Head(position, digest(header))
    mark = bytes(db.execute("SELECT CAST(value AS BLOB) FROM meta WHERE key = 'head'").get or b"")
    if mark != mark_of(head).encode():
        raise JournalDamaged(
            f"{path}: position {head.position}: the entries end there, but the head mark says {mark.decode('ascii', 'replace')!r}: entries are"
            " gone or changed"
        )
    return head
