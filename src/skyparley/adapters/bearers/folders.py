"""Folders that files are carried from and to: for each peer one where files for it are put, one where its files are found.

OUT/NAME/ gets a file when something is owed.  A file in IN/NAME/ is taken, and moves to done/, or to refused/ with a reason
beside it.  Every step can be done twice: if the process dies between taking a file and moving it, it is taken once more and
everything in it is known; if it dies between writing and renaming, a stray `.NAME.*.tmp` stands there that nobody reads.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import structlog

from skyparley.adapters.system.files import make_folder, write_atomic
from skyparley.base import limits
from skyparley.base.errors import Fault
from skyparley.base.ids import Fingerprint
from skyparley.engine.parcels import Parcels, TakenFile
from skyparley.engine.reading import Unusable
from skyparley.evidence.card import is_name

log = structlog.get_logger("skyparley.files")

SUFFIX: Final = ".skyparley"
DONE: Final = "done"
REFUSED: Final = "refused"
REASON: Final = ".reason.txt"


class PeerFolder(msgspec.Struct, frozen=True):
    """A peer with the folder of its name, and whether a link carries to it now."""

    peer: Fingerprint
    name: str
    link_up: bool


class Folders:
    """The folders of one node.  `peers` says who is pinned now; `real_ms` is the machine's clock, for names of files."""

    def __init__(
        self,
        parcels: Parcels,
        *,
        own: str,
        out: Path | None,
        into: Path | None,
        peers: Callable[[], Awaitable[list[PeerFolder]]],
        real_ms: Callable[[], int],
    ) -> None:
        self._parcels = parcels
        self._own = own
        self._out = out
        self._into = into
        self._peers = peers
        self._real_ms = real_ms
        self._seen: dict[Path, tuple[int, int]] = {}
        self._full: set[Fingerprint] = set()
        self._trouble: dict[Fingerprint, str] = {}

    async def run(self) -> None:
        """Look until cancelled.  A disk that fails, or a peer that misbehaves, is told once and looked at again."""
        while True:
            await self.look()
            await asyncio.sleep(limits.FILES_LOOK_MS / 1000)

    async def look(self) -> None:
        """One look at every folder: first what came, then what is owed."""
        for peer in await self._peers():
            try:
                if self._into is not None:
                    await self._take_all(peer, self._into / peer.name)
                if self._out is not None:
                    await self._write(peer, self._out / peer.name)
                self._trouble.pop(peer.peer, None)
            except (OSError, Fault) as fault:
                if self._trouble.get(peer.peer) != str(fault):
                    self._trouble[peer.peer] = str(fault)
                    log.error("files_trouble", peer=peer.name, error=str(fault))

    # --- in ------------------------------------------------------------------------------------------------

    async def _take_all(self, peer: PeerFolder, folder: Path) -> None:
        await asyncio.to_thread(make_folder, folder)
        for path in await asyncio.to_thread(self._ready, folder):
            await self._take(peer, path)

    def _ready(self, folder: Path) -> list[Path]:
        """The files that have not changed since the last look, oldest first: others are still being copied."""
        found: dict[Path, tuple[int, int]] = {}
        for path in folder.iterdir():
            if path.name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            status = path.stat()
            found[path] = (status.st_mtime_ns, status.st_size)
        ready = [path for path, now in found.items() if self._seen.get(path) == now]
        self._seen = {path: now for path, now in self._seen.items() if path.parent != folder} | found
        return sorted(ready, key=lambda path: (found[path], path.name))[: limits.FILES_IN_A_LOOK]

    async def _take(self, peer: PeerFolder, path: Path) -> None:
        data = await asyncio.to_thread(_read, path)
        try:
            taken = await self._parcels.take(data, peer.peer)
        except Unusable as error:
            if error.code == "DEFERRED":
                return  # It stays where it is, for the next look.
            await asyncio.to_thread(_put_away, path, REFUSED, f"{error.code}: {error}\n")
            log.warning("file_refused", peer=peer.name, file=path.name, code=error.code, error=str(error))
            return
        await asyncio.to_thread(_put_away, path, DONE, _told(taken) if taken.not_taken else "")
        log.info("file_taken", peer=peer.name, file=path.name, received=taken.received, known=taken.known)

    # --- out -----------------------------------------------------------------------------------------------

    async def _write(self, peer: PeerFolder, folder: Path) -> None:
        await asyncio.to_thread(make_folder, folder)
        if not await self._parcels.due(peer.peer, link_up=peer.link_up):
            return
        waiting = len(await asyncio.to_thread(_ours, folder))
        if waiting >= limits.FILES_WAITING:
            if peer.peer not in self._full:
                self._full.add(peer.peer)
                log.error("files_not_carried", peer=peer.name, folder=str(folder), waiting=waiting)
            return
        self._full.discard(peer.peer)
        packed = await self._parcels.pack(peer.peer)
        path = folder / self._name(folder)
        await asyncio.to_thread(write_atomic, path, packed.data)
        # The file is durable.  If the process dies here, the next file holds the same once more.
        await self._parcels.wrote(peer.peer, packed)
        log.info("file_written", peer=peer.name, file=path.name, statements=packed.statements)

    def _name(self, folder: Path) -> str:
        """By its writer and the time, so that names sort; never one that is there."""
        at_ms = self._real_ms()
        while True:
            at = datetime.fromtimestamp(at_ms / 1000, UTC)
            name = f"{self._own}-{at:%Y%m%dT%H%M%S}{at_ms % 1000:03d}Z{SUFFIX}"
            if not (folder / name).exists():
                return name
            at_ms += 1


def folder_name(name: str, peer: Fingerprint, names: list[str]) -> str:
    """The sub-folder of a peer: its name; with the beginning of its fingerprint where two peers have one name."""
    assert is_name(name), "a card's name is fit for a folder"
    return name if names.count(name) == 1 else f"{name}-{peer[:8]}"


def _read(path: Path) -> bytes:
    """No more than tells that it is too large."""
    with path.open("rb") as file:
        return file.read(limits.FILE_BYTES + 1)


def _ours(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.endswith(SUFFIX)]


def _put_away(path: Path, where: str, reason: str) -> None:
    """Moves a file beside others that were taken or refused; the reason is written first, so that none goes without."""
    folder = path.parent / where
    make_folder(folder)
    target = folder / path.name
    number = 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    if reason:
        write_atomic(folder / f"{target.name}{REASON}", reason.encode("utf-8"))
    os.replace(path, target)


def _told(taken: TakenFile) -> str:
    return f"{taken.received} statements were new, {taken.known} were known, {taken.not_taken} were not taken: {taken.why}\n"
