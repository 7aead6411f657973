"""Turns what SQLite and the operating system raise into the faults of the journal port."""

import errno
from pathlib import Path
from typing import Final

import apsw

from skyparley.base.errors import (
    JournalDamaged,
    JournalFault,
    JournalFull,
    JournalLocked,
    JournalReadOnly,
)

_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})
_NOT_WRITABLE: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

_BY_CLASS: Final[tuple[tuple[tuple[type[apsw.Error], ...], type[JournalFault], str], ...]] = (
    ((apsw.FullError,), JournalFull, "no space is left"),
    ((apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError), JournalReadOnly, "it cannot be opened to write"),
    ((apsw.CorruptError, apsw.NotADBError, apsw.FormatError), JournalDamaged, "SQLite finds the file damaged"),
    ((apsw.BusyError, apsw.LockedError), JournalLocked, "another program holds a lock on the file"),
)
_DAMAGED_RESULTS: Final = frozenset({apsw.SQLITE_IOERR_SHORT_READ, apsw.SQLITE_IOERR_DATA, apsw.SQLITE_IOERR_CORRUPTFS})


def fault_of(error: apsw.Error, path: Path, system_errno: int, doing: str) -> JournalFault:
    """The fault for an error of SQLite.  `system_errno` is 0 when it is not known; `doing` says what was tried.

    SQLite reports a file over the size limit or the quota as an I/O error; only the errno behind it tells.
    """
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, apsw.IOError | apsw.CantOpenError):
        if system_errno in _NO_SPACE:
            return JournalFull(f"{path}: {doing}: no space is left: {said}")
        if system_errno in _NOT_WRITABLE:
            return JournalReadOnly(f"{path}: {doing}: it cannot be written: {said}")
        if getattr(error, "extendedresult", 0) in _DAMAGED_RESULTS:
            return JournalDamaged(f"{path}: {doing}: the file is cut off or its storage is failing: {said}")
    for classes, fault, meaning in _BY_CLASS:
        if isinstance(error, classes):
            return fault(f"{path}: {doing}: {meaning}: {said}")
    return JournalFault(f"{path}: {doing}: {said}")


def fault_of_os(error: OSError, path: Path) -> JournalFault:
    """The fault for an error of the operating system."""
    if error.errno in _NO_SPACE:
        return JournalFull(f"{path}: no space is left: {error.strerror}")
    if error.errno in _NOT_WRITABLE:
        return JournalReadOnly(f"{path}: it cannot be written: {error.strerror}")
    return JournalFault(f"{path}: {error.strerror or error}")
