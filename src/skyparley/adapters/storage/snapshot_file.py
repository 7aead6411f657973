"""A snapshot beside the journal: written aside, synced, renamed; and the digest of the program that may read it.

Source: docs/spec/journal-v1.md 8.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

import msgspec

from skyparley.adapters.storage.sqlite_file import sync_folder
from skyparley.base import limits
from skyparley.base.ids import b64url

FLOORS: Final = ("base", "geometry", "evidence", "domain", "state", "engine")
"""What a state follows from lies in these: a change of any file makes another program."""


def program_digest(*also: str, floors: Sequence[str] | None = None) -> str:
    """Names everything but the journal that a state depends on: this code, msgspec, and what is given (table, card).

    `floors`: where that code lies; None is FLOORS.
    """
    hashed = sha256()
    for name, data in _sources(FLOORS if floors is None else floors):
        hashed.update(f"{name} {len(data)}\n".encode())
        hashed.update(data)
    for text in (msgspec.__version__, *also):
        hashed.update(f"{len(text)} {text}\n".encode())
    return b64url(hashed.digest())


def _sources(floors: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    root = files("skyparley")
    for floor in floors:
        yield from sorted(_below(root / floor, floor))


def _below(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _below(one, f"{name}/{one.name}")
        elif one.name.endswith((".py", ".toml")):
            yield f"{name}/{one.name}", one.read_bytes()


class SnapshotFile:
    """The store over one file.  The folder's lock, which the journal holds, keeps a second writer off."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def load(self) -> bytes | None:
        """As SnapshotStore.load."""
        return await asyncio.to_thread(self._load)

    async def save(self, parts: Sequence[bytes]) -> None:
        """As SnapshotStore.save."""
        await asyncio.to_thread(self._save, parts)

    def _load(self) -> bytes | None:
        try:
            with self.path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > limits.SNAPSHOT_BYTES:
                    raise OSError(f"{self.path} has {size} bytes; a snapshot has at most {limits.SNAPSHOT_BYTES}")
                return file.read()
        except FileNotFoundError:
            return None

    def _save(self, parts: Sequence[bytes]) -> None:
        aside = self.path.with_name(self.path.name + ".new")
        aside.unlink(missing_ok=True)
        descriptor = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        # If the process dies before the rename, the one before stands and the remains are replaced next time.
        aside.replace(self.path)
        sync_folder(self.path.parent)
