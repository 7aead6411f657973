"""How long a node takes to fold its journal again: entries a second, from an SQLite journal of a real conversation.

The journal is made by two nodes in one process that file, conflict and settle; then it is read, verified and folded, as at every start.

    python benchmarks/reload.py [--notices 240]
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "domain"))
from harness import World, circle, fl

from skyparley.adapters.storage.sqlite_journal import SqliteJournal
from skyparley.engine.journal_port import Entry
from skyparley.engine.sequencer import read_event
from skyparley.state.fold import fold

ROUNDS = 3
PAGE = 4_096


async def measure(notices: int) -> None:
    world = World("A", "B")
    a, b = world.nodes
    for place in range(notices):
        a.file(circle(place * 60), to=[b])
        if place % 4 == 0:
            world.settle()
            b.file(circle(place * 60 + 5, levels=(fl(150), fl(250))), to=[a])
    world.settle()
    with tempfile.TemporaryDirectory(prefix="skyparley-bench-") as name:
        journal = SqliteJournal(Path(name) / "journal.db", salt=lambda: os.urandom(16))
        entries = [Entry(kind, schema, at, content) for at, kind, schema, content in a.journal]
        for place in range(0, len(entries), PAGE):
            await journal.append(place, entries[place : place + PAGE])
        taken = []
        for _ in range(ROUNDS):
            began = time.process_time()
            state = a.fresh()
            while stored := await journal.read(state.position, PAGE):
                for entry in stored:
                    event = read_event(entry.kind, entry.schema, entry.content)
                    assert event is not None, "nothing was purged"
                    fold(state, entry.position, entry.at_ms, event)
            taken.append(time.process_time() - began)
        await journal.close()
    rate = len(entries) / statistics.median(taken)
    print("| what | measured | to reach |")
    print("|---|---|---|")
    print(f"| entries read, verified and folded a second ({len(entries):,} entries) | {rate:,.0f} | 100,000 |")
    print(f"| a million entries at that rate | {1_000_000 / rate:,.0f} s | 10 s (needs snapshots, a later issue) |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notices", type=int, default=240)
    asyncio.run(measure(parser.parse_args().notices))


if __name__ == "__main__":
    main()
