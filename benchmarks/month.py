"""A node with ten peers for a simulated month: what its journal grows to, how fast it starts again, how fast the world is simulated.

Eleven whole nodes in one process, on one virtual clock, with real keys: A has a line with each of the others.  Every day A files six notices and
each peer four; desks acknowledge all of them within a quarter of an hour; each peer asks A once whose an aircraft is, and A asks one of them to
stop.  Machine checks every hour, human checks at 0600Z and 1800Z, heartbeats as the table has them.  Then A's journal is written to a file as a
node does it, and loaded by a fresh sequencer, with a snapshot and without.

Heartbeats are signed, verified and not journaled; they are most of the work.  `--heartbeat` makes them rarer, to simulate a longer time; that is
printed, and the journal is the same.

    python benchmarks/month.py [--days 30] [--heartbeat 600] [--peers 10]
"""

import argparse
import asyncio
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from skyparley.adapters.storage.snapshot_file import SnapshotFile
from skyparley.adapters.storage.sqlite_journal import SqliteJournal
from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.errors import Refusal
from skyparley.base.ids import digest
from skyparley.base.times import DAY, HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.messages.slots import CircleSlot, DueRegard, FlSlot, VolumeSlot
from skyparley.domain.read_back import values_of
from skyparley.engine.journal_port import Entry
from skyparley.engine.sequencer import Sequencer
from skyparley.engine.snapshots import Snapshots
from skyparley.state.projection import State
from skyparley.state.snapshot import freeze
from skyparley.testing.host import Host
from skyparley.testing.loop import run, sim_loop
from skyparley.testing.network import Net
from skyparley.testing.parties import party, table
from skyparley.testing.ports import START_MS, SimClock, SimLuck

HUB = "A"


class Month:
    """The world; `entries` are what A's journal was given, in order."""

    def __init__(self, peers: int, heartbeat_s: int) -> None:
        self.rng = random.Random(7)
        self.net = Net(random.Random(1), lambda text: None)
        self.net.calm()
        self.entries: list[Entry] = []
        self.names = [f"P{number:02d}" for number in range(1, peers + 1)]
        numbers = msgspec.structs.replace(
            table(),
            heartbeat_ms=heartbeat_s * 1000,
            link_degraded_ms=2 * heartbeat_s * 1000,
            link_lost_ms=heartbeat_s * 10_000,
        )
        self.numbers = numbers
        hubs = {HUB: self.names, **{name: [HUB] for name in self.names}}
        self.hosts = {
            name: Host(
                party(name),
                [party(other) for other in others],
                net=self.net,
                rng=random.Random(name),
                report=self.broken,
                kept=self.kept,
                numbers=numbers,
            )
            for name, others in hubs.items()
        }
        self.keys = 0
        self.filed = 0
        self.pieces: list[bytes] = []
        self.final: tuple[int, int, int] = (0, 0, 0)
        """Notices, matters and alarms in memory at the end."""

    def broken(self, law: str, texts: Sequence[str]) -> None:
        if texts:
            raise AssertionError(f"{law}: {texts}")

    def kept(self, host: Host, entries: Sequence[Entry]) -> None:
        if host.party.name == HUB:
            self.entries += entries

    async def give(self, name: str, command: c.DeskCommand) -> c.Outcome | Refusal:
        self.keys += 1
        key = f"{name}-{self.keys}"
        by = c.ByDesk(command=command, account="O1", key=key, request=digest(canonical(command)))
        return await self.hosts[name].desk(by)

    def now(self) -> int:
        return START_MS + round(sim_loop().time() * 1000)

    def notice(self, audience: Sequence[str]) -> c.FileNotice:
        """Each in a place of its own, an hour long, three hours ahead."""
        self.filed += 1
        lat, lon = (self.filed * 7 % 120 - 60), (self.filed * 11 % 340 - 170)
        volume = VolumeSlot(
            shape=CircleSlot(centre=(lat * 10_000_000, lon * 10_000_000), radius_m=12_000),
            lower=FlSlot(ft=20_000),
            upper=FlSlot(ft=24_000),
            start=self.now() + 3 * HOUR,
            end=self.now() + 4 * HOUR,
        )
        return c.FileNotice(
            kind="TRANSIT", volumes=(volume,), due_regard=DueRegard(stated=True), audience=tuple(audience)
        )

    async def acknowledge_all(self) -> None:
        for name in self.hosts:
            waiting = await self.hosts[name].look(lambda state: [state.matters[one] for one in state.waiting_here])
            for matter in waiting:
                about = matter.hash
                if matter.type == "IDQ":
                    await self.give(name, c.AnswerIdentity(statement=about, answer="OURS"))
                    continue
                if matter.read_back == "DUE":
                    await self.give(name, c.ReadBackMatter(statement=about, values=values_of(matter.envelope.slots)))
                await self.give(name, c.Acknowledge(statement=about))
                if matter.type == "STP":
                    await self.give(name, c.PassOn(statement=about))
                    await self.give(name, c.ReportDone(statement=about, action="STOPPING"))

    async def a_day(self) -> None:
        for hour in range(24):
            began = sim_loop().time()
            if hour % 4 == 0:
                await self.give(HUB, self.notice(self.rng.sample(self.names, min(3, len(self.names)))))
            for name in self.names:
                if (hour + int(name[1:])) % 6 == 0:
                    await self.give(name, self.notice([HUB]))
                if hour == int(name[1:]) % 24:
                    slots = {
                        "position": [350000000, 360000000],
                        "level": {"ref": "FL", "ft": 20000},
                        "at": self.now(),
                        "error_m": 500,
                    }
                    await self.give(name, c.Say(peers=(HUB,), type="IDQ", slots=slots))
            if hour == 12:
                area = {"type": "circle", "centre": [350000000, 360000000], "radius_m": 5000}
                stop = {"area": area, "at": self.now()}
                await self.give(HUB, c.Say(peers=(self.rng.choice(self.names),), type="STP", slots=stop))
            for _ in range(6):
                await asyncio.sleep(0.5 * MINUTE / 1000)
                await self.acknowledge_all()
            await asyncio.sleep(max(0.0, began + HOUR / 1000 - sim_loop().time()))


async def live(month: Month, days: int) -> None:
    for host in month.hosts.values():
        host.up()
    await asyncio.sleep(2)
    for _ in range(days):
        await month.a_day()
    look = month.hosts[HUB].look
    month.final = await look(lambda state: (len(state.notices), len(state.matters), len(state.alarms)))
    month.pieces = await look(lambda state: list(freeze(state)))
    for host in month.hosts.values():
        host.crash()
    await asyncio.sleep(60)


async def reload(month: Month, folder: Path) -> tuple[int, float, float]:
    """Bytes on disk, and seconds to load without and with a snapshot."""
    hub = month.hosts[HUB].party
    journal = SqliteJournal(folder / "journal.db", salt=lambda: b"\0" * 16)
    position = 0
    while position < len(month.entries):
        head = await journal.append(position, month.entries[position : position + 500])
        position = head.position
    await journal.close()
    size = sum(path.stat().st_size for path in folder.iterdir())
    took = []
    for snapshot in (False, True):
        journal = SqliteJournal(folder / "journal.db", salt=lambda: b"\0" * 16)
        signer = hub.signer()
        snapshots = Snapshots(SnapshotFile(folder / "snapshot"), signer, "bench")
        if snapshot:
            await snapshots.save(await journal.head(), month.pieces)
        sequencer = Sequencer(
            journal=journal,
            fresh=lambda: State(hub.card, month.numbers, "REAL", keep_ms=limits.FORGET_AFTER_MS),
            signer=signer,
            clock=SimClock(asyncio.get_running_loop(), 0),  # type: ignore[arg-type]
            luck=SimLuck("bench"),
            snapshots=snapshots if snapshot else None,
        )
        began = time.perf_counter()
        assert await sequencer.load() == len(month.entries)
        took.append(time.perf_counter() - began)
        await journal.close()
    return size, took[0], took[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--peers", type=int, default=10)
    parser.add_argument("--heartbeat", type=int, default=600, help="seconds between two heartbeats; 30 in the table")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    month = Month(given.peers, given.heartbeat)
    began, cpu = time.perf_counter(), time.process_time()
    run(live(month, given.days))
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    with tempfile.TemporaryDirectory(prefix="skyparley-bench-") as name:
        size, full, short = asyncio.run(reload(month, Path(name)))
    kinds = Counter(entry.kind for entry in month.entries)
    simulated = given.days * DAY / 1000
    print(f"{given.days} days, {given.peers} peers, a heartbeat every {given.heartbeat} s")
    print(f"entries {len(month.entries):,} ({len(month.entries) / given.days:,.0f} a day), {size / 1e6:.1f} MB on disk")
    print(f"most frequent: {', '.join(f'{kind} {count:,}' for kind, count in kinds.most_common(8))}")
    print(f"loaded without a snapshot in {full:.2f} s, with one in {short:.2f} s")
    print(f"in memory at the end: notices, matters, alarms {month.final}")
    print(
        f"simulated {simulated / cpu:,.0f} s a second of processor time ({took:.0f} s), {DAY / 1000 * given.days / took:,.0f} a second of the clock"
    )
    print(
        f"largest resident memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, eleven nodes together"
    )


if __name__ == "__main__":
    main()
