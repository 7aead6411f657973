"""Two node processes on loopback, both journals syncing: how long a notice takes from one desk to the other.

Measured from the outside, as a desk would: `POST /desk/v1/notices` at A, until B's event stream says that the conflict with B's own notice was found, which
it says only of what is durable at B. Then as many notices as A's desk takes for some seconds. The shares are measured in the same run, in this process, with the
same keys' kind, the same disk and the same entry sizes. Also: time from start to READY, and resident memory when idle.

    python benchmarks/line.py [--notices 300] [--seconds 10]
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
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec

from skyparley.adapters.storage.sqlite_journal import SqliteJournal
from skyparley.adapters.system.identity import own_card
from skyparley.adapters.system.node_dir import NewNode, init_node
from skyparley.adapters.system.peers import pin_peer
from skyparley.base.times import HOUR, MINUTE
from skyparley.demo.nodes import free_ports
from skyparley.engine.journal_port import Entry
from skyparley.evidence import jws
from skyparley.evidence.keys import from_seed, make_kid, public_bytes, thumbprint

_FREE = free_ports(4)
PORTS = {"A": (_FREE[0], _FREE[1]), "B": (_FREE[2], _FREE[3])}
DEGREE = 10_000_000


def folder_of(base: Path, name: str) -> Path:
    desk, peer = PORTS[name]
    folder = base / name.lower()
    new = NewNode(name=name, http_peer=f"127.0.0.1:{peer}", http_desk=f"127.0.0.1:{desk}")
    init_node(folder, new, luck=secrets.token_bytes, now_ms=now_ms())
    return folder


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def start(folder: Path) -> tuple[subprocess.Popen[str], float]:
    """The process, and the seconds until it said READY."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("skyparley")), "serve", str(folder)],
        stdout=subprocess.PIPE,
        stderr=(folder.with_suffix(".log")).open("wb"),
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("READY"), folder.with_suffix(".log").read_text()
    return process, time.perf_counter() - began


def resident_mb(process: subprocess.Popen[str]) -> float:
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")


def notice(place: int, start: int) -> dict[str, object]:
    """A circle of 6 NM on a grid of 1 degree, so that no two of one party are of interest to each other."""
    lat, lon = -60 + place % 120, -170 + place // 120 % 340
    return {
        "kind": "TRANSIT",
        "volumes": [
            {
                "shape": {"type": "circle", "centre": [lat * DEGREE, lon * DEGREE], "radius_m": 11_112},
                "lower": {"ref": "FL", "ft": 20_000},
                "upper": {"ref": "FL", "ft": 24_000},
                "start": start,
                "end": start + 30 * MINUTE,
            }
        ],
        "due_regard": {"stated": True},
    }


class Desk:
    """One node's desk door, with the local token."""

    def __init__(self, name: str, folder: Path) -> None:
        token = (folder / "desk.token").read_text().strip()
        self.http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{PORTS[name][0]}/desk/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            limits=httpx.Limits(max_connections=64),
        )

    async def file(self, body: dict[str, object]) -> None:
        answer = await self.http.post("/notices", json=body, headers={"Idempotency-Key": secrets.token_hex(8)})
        assert answer.status_code == 200, answer.text

    async def found(self) -> AsyncIterator[str]:
        """Notice ids of the other side, as their conflicts are found here."""
        async with self.http.stream("GET", "/events", timeout=None) as stream:
            yield ""
            async for line in stream.aiter_lines():
                if line.startswith("data:") and '"ConflictFound"' in line:
                    yield msgspec.json.decode(line[5:])["about"]["other_id"]

    async def line(self) -> dict[str, object]:
        return (await self.http.get("/lines")).json()[0]


async def until_ready(desk: Desk) -> None:
    while not (await desk.line()).get("ready"):
        await asyncio.sleep(0.05)


async def latency(a: Desk, b: Desk, count: int) -> list[float]:
    """Milliseconds from the POST at A to the conflict at B, one at a time."""
    begin = now_ms() // MINUTE * MINUTE + 2 * HOUR
    for place in range(count):
        await b.file(notice(place, begin) | {"id": f"B-{place}", "audience": ["A"]})
    taken: list[float] = []
    found = b.found()
    await anext(found)
    await asyncio.sleep(2)
    for place in range(count):
        began = time.perf_counter()
        body = notice(place, begin) | {"id": f"A-{place}", "audience": ["B"], "key": [f"B-{place} v1"]}
        filing = asyncio.create_task(a.file(body))
        while await anext(found) != f"A-{place}":
            pass
        taken.append((time.perf_counter() - began) * 1000)
        await filing
    return taken


async def sustained(a: Desk, b: Desk, seconds: float) -> tuple[float, float]:
    """Notices a second that A's desk answered, and statements a second that B held, until all had come."""
    begin = now_ms() // MINUTE * MINUTE + 40 * HOUR
    before = int((await b.line())["received"])
    places = iter(range(10_000, 40_000))
    began = time.perf_counter()

    async def officer() -> int:
        filed = 0
        while time.perf_counter() - began < seconds:
            place = next(places)
            await a.file(notice(place, begin + (place % 97) * HOUR) | {"id": f"S-{place}", "audience": ["B"]})
            filed += 1
        return filed

    filed = sum(await asyncio.gather(*(officer() for _ in range(16))))
    answered = filed / (time.perf_counter() - began)
    while int((await b.line())["received"]) - before < filed:
        await asyncio.sleep(0.02)
    return answered, filed / (time.perf_counter() - began)


async def shares(base: Path) -> dict[str, float]:
    """Milliseconds of the parts of one journey: two signatures made, two verified, and the syncs of two journals."""
    key = from_seed(bytes(32))
    kid = make_kid(thumbprint(public_bytes(key)), "desk", public_bytes(key))
    payload = b'{"a":"' + b"x" * 800 + b'"}'

    def timed(work: object, rounds: int = 300) -> float:
        times = []
        for _ in range(rounds):
            began = time.perf_counter()
            work()  # type: ignore[operator]
            times.append((time.perf_counter() - began) * 1000)
        return statistics.median(times)

    text = jws.sign(payload, key, kid, jws.STATEMENT)
    sign = timed(lambda: jws.sign(payload, key, kid, jws.STATEMENT))
    verify = timed(lambda: jws.verify(jws.split(text), public_bytes(key)))
    (base / "share").mkdir()
    journal = SqliteJournal(base / "share" / "journal.db", salt=lambda: os.urandom(16))
    entry = Entry("StatementSealed", 1, 1, b'{"jws":"' + b"x" * 1400 + b'"}')
    syncs = []
    for position in range(0, 600, 3):
        began = time.perf_counter()
        await journal.append(position, [entry] * 3)
        syncs.append((time.perf_counter() - began) * 1000)
    await journal.close()
    # A seals NTC and CFL; B verifies them, seals its CFL and signs receipts: on the way to the conflict at B.
    return {"signatures": 2 * sign + 2 * verify, "syncs": 2 * statistics.median(syncs)}


async def measure(notices: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="skyparley-bench-") as name:
        base = Path(name)
        folders = {party: folder_of(base, party) for party in PORTS}
        cards = {party: own_card(folder).text for party, folder in folders.items()}
        pin_peer(folders["A"], cards["B"], now_ms=now_ms(), accept_warnings=True)
        pin_peer(folders["B"], cards["A"], now_ms=now_ms(), accept_warnings=True)
        started = {party: start(folder) for party, folder in folders.items()}
        try:
            a, b = (Desk(party, folders[party]) for party in PORTS)
            await until_ready(a)
            await until_ready(b)
            idle = [resident_mb(process) for process, _ in started.values()]
            taken = sorted(await latency(a, b, notices))
            parts = await shares(base)
            answered, held = await sustained(a, b, seconds)
        finally:
            for process, _ in started.values():
                process.terminate()
                process.wait(15)
    p50, p99 = statistics.median(taken), taken[int(len(taken) * 0.99) - 1]
    rest = p50 - sum(parts.values())
    print("| what | measured | to reach |")
    print("|---|---|---|")
    print(f"| notice at A until durable and detected at B, p50 ({len(taken)} notices) | {p50:.1f} ms | 10 ms |")
    print(f"| the same, p99 | {p99:.1f} ms | 50 ms |")
    for part, ms in (*parts.items(), ("HTTP, asyncio, JSON, geometry: the rest", rest)):
        print(f"| of the p50: {part} | {ms:.2f} ms, {100 * ms / p50:.0f} % | |")
    print(f"| notices a second answered at A ({seconds:g} s, 16 at once) | {answered:.0f} | |")
    print(f"| statements a second held at B until all had come | {held:.0f} | |")
    print(f"| start to READY | {statistics.median(s for _, s in started.values()):.2f} s | 1.5 s |")
    print(f"| resident memory, idle | {statistics.median(idle):.0f} MB | 150 MB |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notices", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    asyncio.run(measure(given.notices, given.seconds))


if __name__ == "__main__":
    main()
