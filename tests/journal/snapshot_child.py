"""Saves snapshots for ever, each larger or smaller than the one before, and says each that is in place."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from skyparley.adapters.storage.snapshot_file import SnapshotFile


def parts(number: int) -> list[bytes]:
    """The parts of one: its number, and a body that tells whether it is whole."""
    line = f"{number:08d}\n".encode()
    return [line, line * (1 + number * 7919 % 40_000)]


async def main(path: Path, number: int) -> None:
    store = SnapshotFile(path)
    while True:
        await store.save(parts(number))
        print(number, flush=True)
        number += 1


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
