"""Two node processes on loopback, and a third party that floods one of them: how long a statement takes, idle and flooded, side by side.

From the desk command at A until B's event stream says that the statement is durable at B: a notice, and a stop request of class LIFE. F is
a pinned peer of B without a node, in a process of its own, which offers B true, signed, chained statements at `--rate` a second in requests of
eight and asks again when it is deferred. Idle and flooded rounds alternate, so that whatever else the machine does falls on both.

    python benchmarks/flood.py [--rounds 6] [--statements 40] [--rate 1000]
"""

import argparse
import asyncio
import multiprocessing
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import httpx
import msgspec

from line import DEGREE, PORTS, Desk, folder_of, notice, now_ms, start, until_ready
from skyparley.adapters.system.identity import Identity, open_identity, own_card
from skyparley.adapters.system.node_dir import NewNode, NodePaths, init_node
from skyparley.adapters.system.peers import pin_peer
from skyparley.base.canonical import canonical
from skyparley.base.times import HOUR, MINUTE
from skyparley.domain.messages.envelope import PROTO, statement_hash
from skyparley.evidence import jws

PER_REQUEST = 8


def flooder_folder(base: Path) -> Path:
    folder = base / "f"
    new = NewNode(name="F", http_peer="127.0.0.1:1", http_desk="127.0.0.1:2")
    init_node(folder, new, luck=secrets.token_bytes, now_ms=now_ms())
    return folder


def signed(identity: Identity, to: str, count: int) -> list[str]:
    """Notices of F, one behind the other on its feed, each a true statement."""
    texts: list[str] = []
    begin = now_ms() // MINUTE * MINUTE + 100 * HOUR
    for seq in range(1, count + 1):
        said: dict[str, Any] = {
            "proto": PROTO,
            "epoch": 1,
            "seq": seq,
            "from": identity.fingerprint,
            "to": to,
            "msg_id": f"00000000-0000-4000-8000-{seq:012x}",
            "role": "desk",
            "class": "COORD",
            "type": "NTC",
            "code": "N1",
            "version": 1,
            "created_utc": now_ms(),
            "clock_quality": "GOOD",
            "table_hash": "t" * 43,
            "slots": {"id": f"F-{seq}", "key": [], **notice(seq, begin + seq % 97 * HOUR)},
        }
        if texts:
            said["prev"] = statement_hash(texts[-1])
        texts.append(jws.sign(canonical(said), identity.desk, identity.desk_kid, jws.STATEMENT))
    return texts


def flood(folder: Path, to: str, url: str, rate: int, most: int, on: Event, end: Event, told: Any) -> None:
    """The process of F: while `on` is set, eight statements a request, `rate` a second offered, whatever is answered."""
    texts = signed(open_identity(folder, NodePaths(folder).passphrase.read_text().strip()), to, most)

    async def main() -> None:
        place, counts, flooded_s = 0, {"offered": 0, "taken": 0, "deferred": 0}, 0.0
        async with httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=16)) as client:
            waiting: set[asyncio.Task[None]] = set()

            async def push(batch: list[str], first: int) -> None:
                nonlocal place
                answer = await client.post(url, content="\n".join(batch), headers={"content-type": "text/plain"})
                if answer.status_code == 200:
                    results = [one["result"] for one in answer.json()["results"]]
                    counts["taken"] += results.count("RECEIVED")
                    if "GAP" in results:  # One before it was deferred or came later: from there again.
                        place = min(place, first)
                else:
                    counts["deferred"] += len(batch)
                    place = min(place, first)

            told.put("signed")
            due = time.perf_counter()
            while not end.is_set():
                if not on.is_set():
                    await asyncio.sleep(0.02)
                    continue
                began = time.perf_counter()
                batch = texts[place : place + PER_REQUEST]
                if len(waiting) < 16 and batch:
                    counts["offered"] += len(batch)
                    task = asyncio.create_task(push(batch, place))
                    place += len(batch)
                    waiting.add(task)
                    task.add_done_callback(waiting.discard)
                due = max(due + PER_REQUEST / rate, began - 0.1)  # What was missed by a moment is caught up.
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                flooded_s += time.perf_counter() - began
            await asyncio.gather(*waiting, return_exceptions=True)
        told.put(counts | {"seconds": flooded_s})

    asyncio.run(main())


async def received(desk: Desk, peer: str) -> AsyncIterator[dict[str, Any]]:
    """What B's desk hears of statements that it received from one peer."""
    async with desk.http.stream("GET", "/events", timeout=None) as stream:
        yield {}
        async for line in stream.aiter_lines():
            if line.startswith("data:") and '"StatementReceived"' in line and peer in line:
                yield dict(msgspec.json.decode(line[5:])["about"])


async def one_round(a: Desk, heard: AsyncIterator[dict[str, Any]], count: int, first: int) -> dict[str, list[float]]:
    """Milliseconds of `count` notices and as many stop requests, by turns."""
    begin = now_ms() // MINUTE * MINUTE + 2 * HOUR
    taken: dict[str, list[float]] = {"NTC": [], "STP": []}
    for place in range(first, first + count):
        body = notice(place, begin) | {"id": f"A-{place}", "audience": ["B"]}
        area = {"type": "circle", "centre": [36 * DEGREE, 37 * DEGREE], "radius_m": 5_000}
        stop = {"peers": ["B"], "type": "STP", "slots": {"area": area, "at": now_ms()}}
        for path, what, kind in (("/notices", body, "NTC"), ("/statements", stop, "STP")):
            began = time.perf_counter()
            asking = asyncio.create_task(
                a.http.post(path, json=what, headers={"Idempotency-Key": secrets.token_hex(8)})
            )
            async with asyncio.timeout(30):
                while (await anext(heard)).get("type") != kind:
                    pass
            taken[kind].append((time.perf_counter() - began) * 1000)
            assert (await asking).status_code == 200, (await asking).text
    return taken


async def measure(rounds: int, count: int, rate: int) -> None:
    with tempfile.TemporaryDirectory(prefix="skyparley-bench-") as name:
        base = Path(name)
        folders = {party: folder_of(base, party) for party in PORTS} | {"F": flooder_folder(base)}
        cards = {party: own_card(folder) for party, folder in folders.items()}
        for one, other in (("A", "B"), ("B", "A"), ("B", "F")):
            pin_peer(folders[one], cards[other].text, now_ms=now_ms(), accept_warnings=True)
        processes = [start(folders[party])[0] for party in PORTS]
        context = multiprocessing.get_context("spawn")
        on, end, told = context.Event(), context.Event(), context.Queue()
        url = f"http://127.0.0.1:{PORTS['B'][1]}/peer/v1/statements"
        most = 3_000 + 300 * round(10 + rounds * (2 + count / 10))  # What its share can take, and some.
        flooder = context.Process(
            target=flood, args=(folders["F"], cards["B"].fingerprint, url, rate, most, on, end, told)
        )
        flooder.start()
        try:
            assert await asyncio.to_thread(told.get) == "signed"
            a, b = (Desk(party, folders[party]) for party in PORTS)
            await until_ready(a)
            found: dict[tuple[str, bool], list[float]] = {}
            heard = received(b, cards["A"].fingerprint)
            await anext(heard)
            await one_round(a, heard, 5, 100_000)
            for turn in range(2 * rounds):
                flooded = turn % 2 == 1
                if flooded:
                    on.set()
                    await asyncio.sleep(1 if turn > 1 else 6)  # The first time, until the share of a burst is used up.
                for kind, times in (await one_round(a, heard, count, turn * count)).items():
                    found.setdefault((kind, flooded), []).extend(times)
                on.clear()
                await asyncio.sleep(0.5)
            end.set()
            counts = await asyncio.to_thread(told.get)
            alarms = [(one["code"], one.get("count", 1)) for one in (await b.http.get("/alarms")).json()]
        finally:
            end.set()
            flooder.join(10)
            flooder.terminate()
            for process in processes:
                process.terminate()
                process.wait(15)
    told_as(found, counts, alarms, count * rounds)


def told_as(
    found: dict[tuple[str, bool], list[float]], counts: dict[str, float], alarms: list[tuple[str, int]], each: int
) -> None:
    print(f"| A's desk until durable at B, {each} of each | idle p50 | p99 | flooded p50 | p99 |")
    print("|---|---|---|---|---|")
    for kind, name in (("NTC", "a notice"), ("STP", "a stop request, of class LIFE")):
        cells = []
        for flooded in (False, True):
            times = sorted(found[(kind, flooded)])
            cells += [f"{statistics.median(times):.1f} ms", f"{times[int(len(times) * 0.99) - 1]:.1f} ms"]
        print(f"| {name} | {' | '.join(cells)} |")
    seconds = counts["seconds"]
    print(f"\nF offered {counts['offered'] / seconds:.0f} statements a second for {seconds:.0f} s:", end=" ")
    print(f"{counts['taken'] / seconds:.0f} a second were taken, {counts['deferred'] / seconds:.0f} deferred.", end=" ")
    print(f"Alarms at B: {', '.join(f'{code} ({count})' for code, count in alarms)}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--statements", type=int, default=40)
    parser.add_argument("--rate", type=int, default=1_000)
    given = parser.parse_args()
    asyncio.run(measure(given.rounds, given.statements, given.rate))


if __name__ == "__main__":
    main()
