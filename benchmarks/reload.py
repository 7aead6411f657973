"""How long a node takes to know its state again at a start, with a snapshot and without, and what it holds in memory.

The journal is that of one of two nodes that lived for a month: notices filed, told, receipted, in conflict, past and let go, with
the statements and receipts of both.  Its signatures are blank, since a reload judges none; all else is as a node writes it.

    python benchmarks/reload.py [--entries 100000]
"""

import argparse
import asyncio
import heapq
import itertools
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "domain"))
from harness import STATED, T0, TABLE, Node, World, circle, fl

from skyparley.adapters.storage.snapshot_file import SnapshotFile, program_digest
from skyparley.adapters.storage.sqlite_journal import SqliteJournal
from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.ids import b64url
from skyparley.base.times import HOUR, MINUTE
from skyparley.domain import events as e
from skyparley.domain.detection import conflict_id, pair_id
from skyparley.domain.messages.envelope import FeedHead, statement_hash
from skyparley.domain.messages.slots import ConflictSlots, GapsSlot, NoticeRef, NoticeSlots
from skyparley.engine.journal_port import Entry, Head
from skyparley.engine.sequencer import Sequencer, fold_stored
from skyparley.engine.snapshots import Snapshots
from skyparley.evidence import jws
from skyparley.state.fold import fold
from skyparley.state.projection import State
from skyparley.state.snapshot import freeze

ENTRIES_PER_NOTICE = 14.9
MONTH_MS = 30 * 24 * HOUR
TAIL = limits.SNAPSHOT_EVERY_ENTRIES
BATCH = 4_096


class Month:
    """What node A journals in a month in which it and B file so many notices each; every second one is in conflict."""

    def __init__(self, a: Node, b: Node, notices: int, *, forget: bool) -> None:
        self.a, self.b, self.forget = a, b, forget
        self.notices, self.step_ms = notices, MONTH_MS // notices
        self.heads = {a.party: ("", 0), b.party: ("", 0)}
        self.count = itertools.count(1)
        self.later: list[tuple[int, int, e.Event]] = []

    def entries(self) -> Iterator[Entry]:
        for at, event in self.events():
            kind, schema, content = e.encode(event)
            yield Entry(kind, schema, at, content)

    def events(self) -> Iterator[tuple[int, e.Event]]:
        peer = self.b.party
        yield T0, e.NodeStarted(software="bench")
        yield T0, e.TableSet(table_hash=self.a.state.table_hash)
        yield T0, e.PeerPinned(card=self.b.card.text)
        yield T0, e.LineEstablished(peer=peer)
        yield T0, e.TableCompared(peer=peer, table_hash=self.a.state.table_hash)
        yield T0, e.HeadsCompared(peer=peer, result="EQUAL")
        for number in range(1, self.notices + 1):
            at = T0 + number * self.step_ms
            while self.later and self.later[0][0] <= at:
                due, _, event = heapq.heappop(self.later)
                yield due, event
            for event in self._one(number, at):
                yield at, event

    def _one(self, number: int, at: int) -> Iterator[e.Event]:
        """A notice of ours and one of theirs; half of them meet."""
        ours, theirs = f"A-{number:05d}", f"B-{number:05d}"
        hours = ((at - T0) / HOUR + 1, (at - T0) / HOUR + 2)
        volumes = (circle(number % 200 * 60, hours=hours),)
        met = number % 2 == 0
        others = (circle(number % 200 * 60 + 5, levels=(fl(150), fl(250) if met else fl(170)), hours=hours),)
        yield e.NoticeFiled(
            id=ours, kind="TRANSIT", volumes=volumes, due_regard=STATED, audience=(self.b.party,), by="officer"
        )
        yield from self._seal(
            "NTC", at, NoticeSlots(id=ours, kind="TRANSIT", volumes=volumes, due_regard=STATED, key=())
        )
        refs = {"id": ours, "version": 1, "ref": f"{ours} v1"}
        yield e.CommandAnswered(key=f"k{number}", request="r" * 43, answer={"refs": refs})
        slots = NoticeSlots(id=theirs, kind="TRANSIT", volumes=others, due_regard=STATED, key=())
        text, _ = self._statement(self.b, "NTC", at, slots)
        yield e.StatementReceived(peer=self.b.party, jws=text, received_utc=at, bearer="http", verdict="FOLDED")
        end = volumes[0].end + TABLE.separation_time_ms
        if met:
            yield from self._meet(ours, theirs, at, end)
        for party, notice_id in ((self.a.party, ours), (self.b.party, theirs)):
            self._then(end, e.DeadlinePassed(what="PAST", about=f"{party} {notice_id}", due=end))
            self._then(end, e.NoticePast(party=party, id=notice_id))
            if self.forget:
                self._then(end + limits.FORGET_AFTER_MS, e.NoticeForgotten(party=party, id=notice_id))

    def _meet(self, ours: str, theirs: str, at: int, end: int) -> Iterator[e.Event]:
        sides = ((self.a.party, ours), (self.b.party, theirs))
        pair = pair_id(*sides)
        name = conflict_id(pair, (sides[0], 1), (sides[1], 1), self.a.state.table_hash)
        gaps = GapsSlot(lateral_m=0, vertical_ft=0, time_ms=0)
        yield e.ConflictFound(
            pair_id=pair,
            conflict_id=name,
            own_id=ours,
            own_version=1,
            other_party=self.b.party,
            other_id=theirs,
            other_version=1,
            volumes=(0, 0),
            gaps=gaps,
            start=at + HOUR,
            end=at + 2 * HOUR,
            shared=True,
        )
        notices = tuple(NoticeRef(party=party, id=notice_id, version=1) for party, notice_id in sorted(sides))
        claim = ConflictSlots(pair_id=pair, conflict_id=name, notices=notices, volumes=(0, 0), gaps=gaps)
        yield from self._seal("CFL", at, claim)
        for what, due in (("HALF", at + 30 * MINUTE), ("START", at + HOUR)):
            self._then(due, e.DeadlinePassed(what=what, about=pair, due=due))
        self._then(at + HOUR, e.ConflictUnresolved(pair_id=pair))
        self._then(
            at + HOUR, e.AlarmRaised(code="CONFLICT_UNRESOLVED", about=pair, text="keep apart", peer=self.b.party)
        )
        self._then(end - 1, e.ConflictGone(pair_id=pair, cause="PAST"))

    def _then(self, at: int, event: e.Event) -> None:
        heapq.heappush(self.later, (at, next(self.count), event))

    def _seal(self, kind: str, at: int, slots: Any) -> Iterator[e.Event]:
        text, plain = self._statement(self.a, kind, at, slots)
        yield e.StatementSealed(peer=self.b.party, jws=text)
        receipt = {
            "proto": "skyparley/1",
            "from": self.b.party,
            "to": self.a.party,
            "epoch": 1,
            "seq": plain["seq"],
            "hash": statement_hash(text),
            "msg_id": plain["msg_id"],
            "received_utc": at,
            "bearer": "http",
        }
        yield e.ReceiptKept(peer=self.b.party, jws=self._blank(self.b, "machine", receipt, jws.RECEIPT))

    def _statement(self, node: Node, kind: str, at: int, slots: Any) -> tuple[str, dict[str, Any]]:
        prev, seq = self.heads[node.party]
        other = self.b if node is self.a else self.a
        seen, seen_seq = self.heads[other.party]
        desk = kind != "CFL"
        plain: dict[str, Any] = {
            "proto": "skyparley/1",
            "epoch": 1,
            "seq": seq + 1,
            "from": node.party,
            "to": other.party,
            "msg_id": f"00000000-0000-4000-8000-{next(self.count):012x}",
            "role": "desk" if desk else "machine",
            "class": "COORD",
            "type": kind,
            "created_utc": at,
            "clock_quality": "GOOD",
            "table_hash": self.a.state.table_hash,
            "slots": slots,
        }
        plain |= {"version": 1, "code": "N1"} if desk else {"code": "C1"}
        if seq:
            plain["prev"] = prev
        if seen_seq:
            plain["seen"] = FeedHead(epoch=1, seq=seen_seq, hash=seen)
        text = self._blank(node, plain["role"], plain, jws.STATEMENT)
        self.heads[node.party] = (statement_hash(text), seq + 1)
        return text, plain

    def _blank(self, node: Node, role: str, plain: dict[str, Any], typ: str) -> str:
        kid = next(node.card.kid_of(entry) for entry in node.card.said.roles if entry.role == role)
        header = canonical({"alg": "Ed25519", "kid": str(kid), "typ": typ})
        return f"{b64url(header)}.{b64url(canonical(plain))}.{'A' * 86}"


def nodes() -> tuple[Node, Node]:
    a, b = World("A", "B").nodes
    return a, b


def sequencer(a: Node, journal: SqliteJournal, snapshots: Snapshots | None) -> Sequencer:
    return Sequencer(journal=journal, fresh=a.fresh, signer=a.signer, clock=None, luck=None, snapshots=snapshots)


async def filled(path: Path, count: int, *, forget: bool) -> tuple[SqliteJournal, int]:
    """An SQLite journal of a month with about so many entries."""
    journal = SqliteJournal(path, salt=lambda: os.urandom(16))
    entries = Month(*nodes(), round(count / ENTRIES_PER_NOTICE), forget=forget).entries()
    position = 0
    while batch := list(itertools.islice(entries, BATCH)):
        position = (await journal.append(position, batch)).position
    return journal, position


async def loaded(a: Node, journal: SqliteJournal, snapshots: Snapshots | None) -> tuple[float, tuple[State, Head]]:
    """Seconds of processor time from nothing to the state, and the state."""
    began = time.process_time()
    one = sequencer(a, journal, snapshots)
    await one.load()
    taken = time.process_time() - began
    assert one.resting is not None
    return taken, one.resting


def frozen(state: State) -> tuple[list[bytes], float]:
    """The pieces, and the longest time that one took: what somebody waits at most."""
    pieces, longest, began = [], 0.0, time.thread_time()
    for piece in freeze(state):
        pieces.append(piece)
        longest, began = max(longest, time.thread_time() - began), time.thread_time()
    return pieces, longest


async def measure(count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="skyparley-bench-") as name:
        path = Path(name) / "journal.db"
        journal, position = await filled(path, count, forget=True)
        a, _ = nodes()
        cold, (state, head) = await loaded(a, journal, None)
        snapshots = Snapshots(SnapshotFile(Path(name) / "journal.snapshot"), a.signer, program_digest("bench"))
        pieces, longest = frozen(state)
        began = time.perf_counter()
        await snapshots.save(head, pieces)
        saved = time.perf_counter() - began
        best, _ = await loaded(a, journal, snapshots)
        # The worst case: the newest snapshot is as old as it may get.
        early = a.fresh()
        stored: Any = None
        while early.position < position - TAIL:
            for stored in await journal.read(early.position, min(BATCH, position - TAIL - early.position)):
                fold_stored(early, stored)
        await snapshots.save(Head(early.position, stored.header_hash), list(freeze(early)))
        worst, (again, _) = await loaded(a, journal, snapshots)
        assert again.position == position
        await journal.close()
    kept, forgot = (in_child(count, forget=forget) for forget in (False, True))
    size = sum(map(len, pieces))
    print("| what | measured | to reach |")
    print("|---|---|---|")
    print(
        f"| {position:,} entries, no snapshot: read, verified, folded | {cold:.1f} s, {position / cold:,.0f} a second | |"
    )
    print(f"| the same, snapshot {min(TAIL, position):,} entries old | {worst:.2f} s | 10 s for a million |")
    print(f"| the same, snapshot of the end | {best:.2f} s | |")
    print(f"| longest that taking a snapshot keeps anybody waiting | {longest * 1000:.1f} ms | |")
    print(f"| the snapshot: bytes; written and synced, off the loop | {size / 1e6:.1f} MB; {saved * 1000:.0f} ms | |")
    print(
        f"| notices in memory at the end of the month, of {2 * round(count / ENTRIES_PER_NOTICE):,} | {len(state.notices):,} | |"
    )
    print(f"| memory that the state takes, nothing let go | {kept:.0f} MB | |")
    print(f"| memory that the state takes, what is over let go after a day | {forgot:.0f} MB | |")


def in_child(count: int, *, forget: bool) -> float:
    """Megabytes that a process grows by as it folds the month, in a process of its own."""
    arguments = [sys.executable, __file__, "--entries", str(count), "--fold", "forget" if forget else "keep"]
    return float(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)


def decoded(event: e.Event) -> e.Event:
    """As it is read from a journal: nothing in it is shared with the event that was written."""
    kind, _, content = e.encode(event)
    return e.decode(kind, msgspec.json.decode(content))


def grown(count: int, *, forget: bool) -> float:
    a, b = nodes()
    month = Month(a, b, round(count / ENTRIES_PER_NOTICE), forget=forget)
    state = a.fresh()
    before = resident_mb()
    for position, (at, event) in enumerate(month.events(), 1):
        fold(state, position, at, decoded(event))
    month.later.clear()
    return resident_mb() - before


def resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--fold", choices=("keep", "forget"), help="only fold, and print by how many MB it grew")
    given = parser.parse_args()
    if given.fold:
        print(grown(given.entries, forget=given.fold == "forget"))
    else:
        asyncio.run(measure(given.entries))


if __name__ == "__main__":
    main()
