"""Small private files: written whole or not at all, and read only if nobody else could have read or changed them."""

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from skyparley.base.errors import Fault

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644
FOLDER: Final = 0o700
FILE_BYTES: Final = 1024 * 1024  # the largest small file that is read whole; accounts of a big desk take under 100 kB


class FileFault(Fault):
    """A file of the node is missing, unreadable, or open to others; the message names it and what would be right."""

    code = "FILE_FAULT"


def make_folder(path: Path) -> None:
    """Makes a folder that only its owner can enter, and its parents.  An existing one is left as it is."""
    if not path.is_dir():
        path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        _sync_folder(path.parent)


def write_atomic(path: Path, data: bytes, *, mode: int = PRIVATE) -> None:
    """Puts `data` at `path`, durable when this returns.  Raises OSError; then `path` is as it was.

    If the process dies before the rename, `path` is as it was and a stray `.NAME.*.tmp` stands beside it, which nothing
    reads.  If it dies after the rename, `path` holds all of the new data, though a power cut may still undo the rename.
    """
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def read_private(path: Path, *, what: str) -> bytes:
    """The bytes of a file that no other user may read or write.  `what` names its content in messages.

    Raises FileFault: missing, unreadable, too large, or open to others (naming the command that closes it).
    """
    data, mode = _read(path, what)
    if mode & 0o077:
        raise FileFault(f"{path} holds {what} and is open to other users (mode {mode:04o}): chmod 600 {path}")
    return data


def read_public(path: Path, *, what: str) -> bytes:
    """The bytes of a file that is no secret but that nobody else may change.  Raises FileFault as read_private."""
    data, mode = _read(path, what)
    if mode & 0o022:
        raise FileFault(f"{path} holds {what} and can be changed by other users (mode {mode:04o}): chmod go-w {path}")
    return data


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock file `.NAME.lock` beside `path`, waiting for whoever holds it.

    A command line and a node may both write.  The lock goes with the process, so a dead holder blocks nobody.
    """
    handle = os.open(path.parent / f".{path.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read(path: Path, what: str) -> tuple[bytes, int]:
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise FileFault(f"{path} should be a file with {what}, and is not a file")
            data = file.read(FILE_BYTES + 1)
    except FileNotFoundError:
        raise FileFault(f"{path} is missing; it should hold {what}") from None
    except OSError as error:
        raise FileFault(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > FILE_BYTES:
        raise FileFault(f"{path} is larger than {FILE_BYTES} bytes; it should hold {what}")
    return data, stat.S_IMODE(status.st_mode)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
