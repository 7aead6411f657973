"""The lock that keeps a second node off a folder: flock on a file that holds the process id.

Source: docs/spec/journal-v1.md 3.7.
"""

import fcntl
import os
from pathlib import Path

from skyparley.adapters.storage.storage_faults import fault_of_os
from skyparley.base.errors import JournalLocked


class FolderLock:
    """Held from construction until release(), or until the process ends however it ends."""

    def __init__(self, path: Path) -> None:
        """Raises JournalLocked, which names the path and the holder's process id; JournalReadOnly; JournalFull."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise fault_of_os(error, path) from error
        try:
            _take(descriptor, path)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go.  The file stays: to remove it would let two processes hold locks on two files of one name."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def is_held(path: Path) -> bool:
    """True while a node holds the lock.  When none does, this takes it for an instant: ask only when it matters."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise fault_of_os(error, path) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _take(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "not written yet"
        raise JournalLocked(f"{path}: another node holds this folder, process id {holder}") from error
    except OSError as error:
        raise fault_of_os(error, path) from error
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    except OSError as error:
        raise fault_of_os(error, path) from error
