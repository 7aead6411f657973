"""The clients of dss.py, a process of their own: create, activate, delete, over connections that are kept.

Each client is a USS with a token and one request at a time.  What USSs tell each other, the OVN of each intent that
stands, is a table that all clients share.  A create or an activation that lacks an OVN (409) is asked again at once with
the table as it then is; latencies are of single requests, refused ones apart.

    python benchmarks/_dss_load.py JOB.json     # prints the result as JSON
"""

import asyncio
import itertools
import random
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import uvloop

INTENTS = "/dss/v1/operational_intent_references"
BUSY_AT = (46.9, 7.4)
COUNTRY = (46.0, 48.0, 6.0, 10.0)
"""Degrees of latitude, then of longitude: 222 km by some 300 km."""


WARM_S = 0.3
"""Before anything is measured: tokens are verified, connections made, pages read."""


class Job(msgspec.Struct):
    """`standing`: the OVNs of what stands where the clients work."""

    port: int
    tokens: list[str]
    clients: int
    seconds: float
    busy: bool
    standing: list[str] = []


class Result(msgspec.Struct):
    """Milliseconds of each request, by kind; how many were refused for their key; whole cycles, and seconds."""

    seconds: float
    cycles: int
    refused: int
    ms: dict[str, list[float]]


class _Reference(msgspec.Struct):
    ovn: str


class _Changed(msgspec.Struct):
    operational_intent_reference: _Reference


_changed = msgspec.json.Decoder(_Changed)


def at(minutes: float) -> dict[str, str]:
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    return {"value": moment.isoformat().replace("+00:00", "Z"), "format": "RFC3339"}


def volume(lat: float, lng: float, *, heights_m: tuple[int, int], minutes: tuple[float, float]) -> dict[str, Any]:
    """A circle of 200 m."""
    lower, upper = ({"value": one, "reference": "W84", "units": "M"} for one in heights_m)
    circle = {"center": {"lat": lat, "lng": lng}, "radius": {"value": 200, "units": "M"}}
    space = {"outline_circle": circle, "altitude_lower": lower, "altitude_upper": upper}
    return {"volume": space, "time_start": at(minutes[0]), "time_end": at(minutes[1])}


def body(extent: dict[str, Any], *, state: str, key: list[str]) -> bytes:
    """A PUT of an operational intent with an implicit subscription."""
    return msgspec.json.encode(
        {
            "extents": [extent],
            "state": state,
            "key": key,
            "uss_base_url": "https://uss.example",
            "new_subscription": {"uss_base_url": "https://uss.example/subs"},
        }
    )


class Load:
    """All clients of one job."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.known: dict[str, str] = {str(place): ovn for place, ovn in enumerate(job.standing)}
        self.ms: dict[str, list[float]] = {"create": [], "activate": [], "delete": []}
        self.refused = 0
        self.cycles = 0

    async def run(self) -> Result:
        began = time.perf_counter()
        until = began + self.job.seconds
        await asyncio.gather(*(self._client(number, until) for number in range(self.job.clients)))
        return Result(time.perf_counter() - began, self.cycles, self.refused, self.ms)

    async def _client(self, number: int, until: float) -> None:
        luck = random.Random(number)
        wire = await Wire.to(self.job.port, self.job.tokens[number % len(self.job.tokens)])
        while time.perf_counter() < until:
            await self._cycle(wire, luck)
            self.cycles += 1
        wire.close()

    async def _cycle(self, wire: "Wire", luck: random.Random) -> None:
        name = str(uuid.uuid4())
        south, north, west, east = COUNTRY
        lat, lng = BUSY_AT if self.job.busy else (luck.uniform(south, north), luck.uniform(west, east))
        extent = volume(lat, lng, heights_m=(0, 100) if self.job.busy else (150, 250), minutes=(5, 60))
        path = f"{INTENTS}/{name}"
        self.known[name] = await self._put(wire, path, "create", extent)
        self.known[name] = await self._put(wire, f"{path}/{self.known[name]}", "activate", extent)
        began = time.perf_counter()
        status, answer = await wire.ask("DELETE", f"{path}/{self.known[name]}", b"")
        self._took("delete", began)
        assert status == 200, answer
        del self.known[name]

    async def _put(self, wire: "Wire", path: str, kind: str, extent: dict[str, Any]) -> str:
        """Until it succeeds.  Returns the new OVN."""
        state = "Accepted" if kind == "create" else "Activated"
        alone = not self.job.busy
        for attempt in itertools.count():
            # Where others are far away a USS proves nothing at first; what it then lacks it learns.
            data = body(extent, state=state, key=[] if alone and not attempt else list(self.known.values()))
            began = time.perf_counter()
            status, answer = await wire.ask("PUT", path, data)
            if status != 409:
                break
            self._took("refused", began)
            self.refused += 1
        assert status in (200, 201), (status, answer)
        self._took(kind, began)
        return _changed.decode(answer).operational_intent_reference.ovn

    def _took(self, kind: str, began: float) -> None:
        self.ms.setdefault(kind, []).append(1000 * (time.perf_counter() - began))


class Wire:
    """One connection, one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str) -> None:
        self._reader, self._writer = reader, writer
        self._head = f"HTTP/1.1\r\nhost: dss\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n"

    @classmethod
    async def to(cls, port: int, token: str) -> "Wire":
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 24), token)

    async def ask(self, method: str, path: str, data: bytes) -> tuple[int, bytes]:
        """Status and body."""
        self._writer.write(f"{method} {path} {self._head}content-length: {len(data)}\r\n\r\n".encode() + data)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]
        return int(head[9:12]), await self._reader.readexactly(int(length))

    def close(self) -> None:
        self._writer.close()


def main() -> None:
    job = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Job)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Load(msgspec.structs.replace(job, seconds=WARM_S)).run())
        result = runner.run(Load(job).run())
    sys.stdout.write(msgspec.json.encode(result).decode())


if __name__ == "__main__":
    main()
