"""How fast a DSS of ASTM F3548-21 is, and whether it slows down as intents accumulate; beside the same rules as rows of a SQL store.

A cycle is what one flight asks of a DSS: create an operational intent, activate it, delete it, each with an implicit
subscription, all durable (synced) before it is answered.  The server and the clients are processes of their own, tokens are
real (RS256), connections are kept, and the log says each request, as by default.

`ours` is `skyparley dss`.  `rows` has the same door in front of the same rules in SQLite, one transaction a request
(_dss_rows.py): only the core differs.  It is not the reference system, and nothing is said about that here.

Busy: all clients in one place at the same heights and times, so that each needs the OVN of every other; these are in a table
that the clients share, as USSs tell each other.  Of several that begin with the same table one wins and the others are
refused (409) and ask again, which is the rule of the standard.  Spread: a country of 222 by 300 km.

    python benchmarks/dss.py [--quick] [--folder DIR]
"""

import argparse
import asyncio
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import UUID

import jwt
import msgspec
import uvloop
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from _dss_load import BUSY_AT, COUNTRY, Job, Result, body, volume
from _dss_rows import RowsDss
from skyparley.adapters.system.logs import start_logs
from skyparley.adapters.system.node_dir import NewNode, NodePaths, init_node
from skyparley.demo.nodes import free_ports
from skyparley.utm.commands import Answer, IntentChanged, PutIntent
from skyparley.utm.requests import Asker, put_intent
from skyparley.wiring import build_dss_alone

HERE = Path(__file__).parent
SC = "utm.strategic_coordination"
MANAGERS = 8
SIDES = ("ours", "rows")
CLIENTS = (1, 4, 16, 64)
SPREAD = (0, 1_000, 10_000, 100_000)
BUSY = (0, 100, 1_000)
FILLED_AT_ONCE = 2_000


@dataclass(frozen=True)
class Plan:
    """How long one round is, how many there are, and which sizes."""

    seconds: float
    rounds: int
    clients: tuple[int, ...]
    spread: tuple[int, ...]
    busy: tuple[int, ...]


FULL = Plan(seconds=1.2, rounds=3, clients=CLIENTS, spread=SPREAD, busy=BUSY)
QUICK = Plan(seconds=0.7, rounds=1, clients=(1, 16), spread=(0, 1_000), busy=(0, 100))


# --- one server and its folder -------------------------------------------------------------------------------------


class Place:
    """A folder with a DSS's settings, and the tokens that it takes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_ports(1)[0]
        init_node(folder, NewNode(name="DSS"), luck=secrets.token_bytes, now_ms=time.time_ns() // 1_000_000)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / "auth.pem").write_bytes(public)
        self._set("listen", f'"127.0.0.1:{self.port}"')
        self._set("keys", '["auth.pem"]')
        self._set("audience", '["localhost"]')
        claims = {"iss": "bench", "aud": "localhost", "scope": SC, "exp": int(time.time()) + 3_500}
        self.tokens = [jwt.encode({**claims, "sub": manager(one)}, key, "RS256") for one in range(MANAGERS)]
        self.standing: list[str] = []
        """The OVNs of what stands in the busy place."""

    def _set(self, name: str, value: str) -> None:
        path = self.folder / "node.toml"
        before, section, after = path.read_text().partition("\n[utm.dss]\n")
        empty = "[]" if value.startswith("[") else '""'
        assert f"\n{name} = {empty}\n" in after, name
        path.write_text(before + section + after.replace(f"\n{name} = {empty}\n", f"\n{name} = {value}\n", 1))

    @contextmanager
    def serving(self, side: str) -> Iterator[tuple["subprocess.Popen[str]", float]]:
        """The server's process, and the seconds from its start until it answered."""
        began = time.perf_counter()
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, str(HERE / "_dss_server.py"), side, str(self.folder)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - began
        try:
            assert line.startswith("READY"), (self.folder / "log").read_text()[-2000:]
            yield process, seconds
        finally:
            process.terminate()
            process.wait()

    def load(self, *, clients: int, seconds: float, busy: bool) -> Result:
        """One round of the clients."""
        job = Job(self.port, self.tokens, clients, seconds, busy, self.standing if busy else [])
        path = self.folder / "job.json"
        path.write_bytes(msgspec.json.encode(job))
        done = subprocess.run(
            [sys.executable, str(HERE / "_dss_load.py"), str(path)], stdout=subprocess.PIPE, check=True
        )
        return msgspec.json.decode(done.stdout, type=Result)


def manager(number: int) -> str:
    return f"uss{number % MANAGERS}"


def resident_mb(process: "subprocess.Popen[str]") -> float:
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


# --- what stands already -------------------------------------------------------------------------------------------


def standing(count: int, known: list[str], *, busy: bool) -> Iterator[PutIntent]:
    """Intents that last longer than any run: in the busy place, or anywhere below where the clients of a country fly.

    `known`: the OVNs of those before, of which those in the busy place need all.
    """
    luck = Random(1)
    south, north, west, east = COUNTRY
    for number in range(count):
        lat, lng = BUSY_AT if busy else (luck.uniform(south, north), luck.uniform(west, east))
        extent = volume(lat, lng, heights_m=(0, 100), minutes=(5, 60 + luck.uniform(0, 60)))
        name = str(UUID(bytes=luck.randbytes(16), version=4))
        asker = Asker(manager=manager(number), scopes=frozenset([SC]), now_us=time.time_ns() // 1000)
        data = body(extent, state="Accepted", key=known if busy else [])
        command = put_intent(data, entity_id=name, ovn=None, asker=asker)
        # One that is off its plan needs no key, so a country is filled without its intents' knowing each other.
        yield command if busy else msgspec.structs.replace(command, state="Nonconforming")


def filled(place: Place, side: str, count: int, *, busy: bool) -> None:
    """Let so many stand at a place, in its journal and its snapshot, or in its rows."""
    known: list[str] = []
    if side == "ours":
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_fill_ours(place, count, known, busy=busy))
    else:
        rows = RowsDss(place.folder / "rows.db")
        for some in _slices(standing(count, known, busy=busy), 1 if busy else FILLED_AT_ONCE):
            known.extend(_ovns(rows.fill(some)))
        asyncio.run(rows.stop())
    if busy:
        place.standing = known


async def _fill_ours(place: Place, count: int, known: list[str], *, busy: bool) -> None:
    dss = build_dss_alone(place.folder, os.environ).dss
    await dss.start()
    for some in _slices(standing(count, known, busy=busy), 1 if busy else FILLED_AT_ONCE):
        known.extend(_ovns(await asyncio.gather(*(dss.submit(one) for one in some))))
    await dss.stop()


def _ovns(answers: list[Answer]) -> list[str]:
    assert all(isinstance(one, IntentChanged) for one in answers), answers[:1]
    return [one.intent.ovn for one in answers if isinstance(one, IntentChanged)]


def _slices(values: Iterator[PutIntent], size: int) -> Iterator[list[PutIntent]]:
    some: list[PutIntent] = []
    for value in values:
        some.append(value)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


# --- tables --------------------------------------------------------------------------------------------------------


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


class Rounds:
    """Rounds of one row of a table, on one side."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def _median(self, of: Callable[[Result], float]) -> float:
        return statistics.median(of(one) for one in self.results)

    @property
    def cycles_per_s(self) -> float:
        return self._median(lambda one: one.cycles / one.seconds)

    @property
    def requests_per_s(self) -> float:
        return self._median(lambda one: (3 * one.cycles + one.refused) / one.seconds)

    @property
    def refused_per_cycle(self) -> float:
        return self._median(lambda one: one.refused / max(1, one.cycles))

    def ms(self, part: float) -> float:
        """Of all requests that succeeded."""
        return self._median(
            lambda one: percentile([ms for kind in ("create", "activate", "delete") for ms in one.ms[kind]], part)
        )


HEAD = (
    "| {what} | ours: cycles/s | requests/s | 409s a cycle | p50 ms | p95 | p99 "
    "| rows: cycles/s | 409s a cycle | p50 ms | p95 | p99 | ours/rows, cycles |\n" + "|---" * 13 + "|"
)


def row(name: str, sides: dict[str, Rounds]) -> str:
    ours, rows = sides["ours"], sides["rows"]
    mine = [f"{ours.cycles_per_s:,.0f}", f"{ours.requests_per_s:,.0f}", f"{ours.refused_per_cycle:.1f}", *_times(ours)]
    theirs = [f"{rows.cycles_per_s:,.0f}", f"{rows.refused_per_cycle:.1f}", *_times(rows)]
    return f"| {name} | {' | '.join(mine + theirs)} | {ours.cycles_per_s / rows.cycles_per_s:.1f} |"


def _times(rounds: Rounds) -> list[str]:
    return [f"{rounds.ms(part):.1f}" for part in (0.5, 0.95, 0.99)]


def by_clients(base: Path, plan: Plan) -> None:
    """From one client to many, in one place and spread; the sides take turns."""
    places = {side: Place(base / f"clients-{side}") for side in SIDES}
    with places["ours"].serving("ours"), places["rows"].serving("rows"):
        for busy in (True, False):
            print(f"\n{'One busy place' if busy else 'Spread'}, nothing else standing:\n", flush=True)
            print(HEAD.format(what="clients"))
            for clients in plan.clients:
                sides = _measured(places, plan, clients=clients, busy=busy)
                print(row(str(clients), sides), flush=True)


def _measured(places: dict[str, Place], plan: Plan, *, clients: int, busy: bool) -> dict[str, Rounds]:
    sides = {side: Rounds() for side in places}
    for _ in range(plan.rounds):
        for side, place in places.items():
            sides[side].results.append(place.load(clients=clients, seconds=plan.seconds, busy=busy))
    return sides


def by_standing(base: Path, plan: Plan, *, busy: bool) -> None:
    """The same cycle by 16 clients while more and more stands, and what a start with that much takes.

    All servers run at once and take turns, so that a row differs from another only by what stands.
    """
    counts = plan.busy if busy else plan.spread
    places = {(count, side): Place(base / f"growth-{busy}-{count}-{side}") for count in counts for side in SIDES}
    for (count, side), place in places.items():
        filled(place, side, count, busy=busy)
    starts = [] if busy else [restart(places[count, "ours"], count) for count in counts if count]
    rounds = {one: Rounds() for one in places}
    with ExitStack() as running:
        for (_, side), place in places.items():
            running.enter_context(place.serving(side))
        for _ in range(plan.rounds):
            for one, place in places.items():
                rounds[one].results.append(place.load(clients=16, seconds=plan.seconds, busy=busy))
    print(f"\nGrowth, 16 clients, {'all in one busy place' if busy else 'spread over a country'}:\n")
    print(HEAD.format(what="standing"))
    for count in counts:
        print(row(f"{count:,}", {side: rounds[count, side] for side in SIDES}))
    for side in SIDES:
        none = rounds[0, side].cycles_per_s
        falls = ", ".join(f"{count:,}: {rounds[count, side].cycles_per_s / none:.2f}" for count in counts)
        print(f"\n{side}, cycles a second as a part of those with none standing: {falls}", flush=True)
    if starts:
        print("\nStart of ours with so many intents and subscriptions, from the process's start until it answers:\n")
        print(
            "| standing | from the journal, s | from the snapshot, s | resident, MB | journal, MB | snapshot, MB |\n"
            + "|---" * 6
            + "|"
        )
        print("\n".join(starts), flush=True)


def restart(place: Place, count: int) -> str:
    """The snapshot is taken away for the first start; at its end that start takes one."""
    paths = NodePaths(place.folder)
    paths.dss_snapshot.unlink()
    with place.serving("ours") as (_, journal_s):
        pass
    with place.serving("ours") as (process, snapshot_s):
        memory = resident_mb(process)
    sizes = [path.stat().st_size / 1e6 for path in (paths.dss_journal, paths.dss_snapshot)]
    return f"| {count:,} | {journal_s:.2f} | {snapshot_s:.2f} | {memory:.0f} | {sizes[0]:.0f} | {sizes[1]:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="a look: one short round of few sizes")
    parser.add_argument("--folder", type=Path, default=None, help="where to write; a real disk, not memory")
    arguments = parser.parse_args()
    plan = QUICK if arguments.quick else FULL
    print(f"load average at the beginning: {os.getloadavg()[0]:.1f}; {plan.rounds} rounds of {plan.seconds} s, medians")
    start_logs("warning")
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        by_clients(Path(folder), plan)
        by_standing(Path(folder), plan, busy=True)
        by_standing(Path(folder), plan, busy=False)
    print(f"\nload average at the end: {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
