"""What tests let another process do with a journal, to be killed, filled up or refused there.  Answers go to stdout."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import sys
from pathlib import Path

from journal_support import batch, marked_batch, read_all

from skyparley.adapters.storage.sqlite_journal import SqliteJournal, scan
from skyparley.base.errors import Fault

NOBODY = 65_534


def say(*words: object) -> None:
    print(*words, flush=True)


def opened(path: Path, checkpoint_pages: int = 1_000) -> SqliteJournal:
    return SqliteJournal(path, salt=lambda: os.urandom(16), checkpoint_pages=checkpoint_pages)


async def append(path: Path, seed: int) -> None:
    """Append batches of every size for ever, and say each head.  Checkpoints are frequent, to be killed in them too."""
    luck = random.Random(seed)
    journal = opened(path, checkpoint_pages=luck.choice([4, 12, 1_000]))
    head = await journal.head()
    while True:
        head = await journal.append(head.position, marked_batch(head.position, luck.randint(1, 12)))
        say(head.position, head.header_hash)


async def hold(path: Path) -> None:
    """Hold the folder until stdin ends."""
    journal = opened(path)
    await journal.append(0, batch(0, 1))
    say("held")
    sys.stdin.read()
    await journal.close()


async def fill(path: Path, limit_bytes: int) -> None:
    """Append until files may not grow, read what there is, let them grow again, append once more."""
    journal = opened(path)
    head = await journal.append(0, marked_batch(0, 5))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        while head.position < 100_000:
            head = await journal.append(head.position, marked_batch(head.position, 7))
    except Fault as fault:
        say(fault.code, head.position, str(journal.path) in str(fault))
    say((await journal.head()).position, len(await read_all(journal)))
    with contextlib.suppress(Fault):
        await journal.append(head.position, marked_batch(head.position, 500))
        say("there was room after all")
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    head = await journal.append(head.position, marked_batch(head.position, 7))
    say(head.position, head.header_hash)
    await journal.close()


async def read_only(path: Path) -> None:
    """As somebody who may not write here: try to open, then scan."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    try:
        opened(path)
        say("opened")
    except Fault as fault:
        say(fault.code, str(path.parent) in str(fault))
    say(sum(1 for _ in scan(path)))


if __name__ == "__main__":
    act, where, *numbers = sys.argv[1:]
    acts = {"append": append, "hold": hold, "fill": fill, "read_only": read_only}
    asyncio.run(acts[act](Path(where), *map(int, numbers)))
