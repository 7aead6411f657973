"""Whole nodes for the tests of the doors: a folder, its parts, and a client that speaks to them in memory or on loopback."""

import asyncio
import secrets
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from skyparley.adapters.system.accounts import Accounts
from skyparley.adapters.system.identity import own_card
from skyparley.adapters.system.node_dir import NewNode, NodePaths, init_node
from skyparley.adapters.system.peers import pin_peer
from skyparley.base.errors import JournalFault
from skyparley.base.times import HOUR, MINUTE
from skyparley.engine.journal_port import Entry, Head
from skyparley.wiring import Parts, build_node, run_node

PASSWORD = "a password of the tests"
ORIGIN = "http://desk.test"
ALLOWED = "https://wall.example"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make(folder: Path, name: str = "A", **more: Any) -> Path:
    """A node's folder with an account for each role, all with PASSWORD."""
    more.setdefault("http_peer", f"127.0.0.1:{free_port()}")
    new = NewNode(
        name=name,
        http_desk=f"127.0.0.1:{free_port()}",
        allowed_origins=(ALLOWED,),
        **more,
    )
    init_node(folder, new, luck=secrets.token_bytes, now_ms=now_ms())
    return folder


def with_roles(folder: Path) -> Path:
    """The same folder with a person of each role."""
    accounts = Accounts(NodePaths(folder).accounts)
    for role in ("desk", "supervisor", "custodian", "observer"):
        accounts.add(f"one-{role}", role, PASSWORD, luck=secrets.token_bytes, must_change=False)
    return folder


def token_of(folder: Path) -> str:
    return NodePaths(folder).desk_token.read_text().strip()


def pin(folder: Path, other: Path) -> None:
    pin_peer(folder, own_card(other).text, now_ms=now_ms(), accept_warnings=True)


def copied(folder: Path, to: Path) -> Path:
    """A copy with modes, for a test of its own."""
    shutil.copytree(folder, to)
    return to


class FailingJournal:
    """A journal whose appends fail while `fault` is set.  `kept`: what is reported lost is kept all the same."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal
        self.fault: JournalFault | None = None
        self.kept = False

    async def append(self, expected: int, entries: Sequence[Entry]) -> Head:
        if self.fault is None:
            return await self._journal.append(expected, entries)
        if self.kept:
            await self._journal.append(expected, entries)
        raise self.fault

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


def failing(parts: Parts) -> FailingJournal:
    """Put a failing journal between a node and its file."""
    between = FailingJournal(parts.journal._journal)
    parts.journal._journal = between  # type: ignore[assignment]
    return between


@asynccontextmanager
async def started(folder: Path, *, ticks: Callable[[], int] | None = None) -> AsyncIterator[Parts]:
    """A node without doors on the network: its applications are called in memory."""
    parts = build_node(folder, {}, **({"ticks": ticks} if ticks else {}))
    await parts.node.start([], "tests")
    try:
        yield parts
    finally:
        await parts.node.stop()
        await parts.bearer.close()


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[Parts, str]]:
    """A node with both doors on loopback, and the address of its desk."""
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    parts = build_node(folder, {})
    running = asyncio.create_task(run_node(parts, ready=lambda desk, peer: ready.set_result(desk), stop=stop))
    done, _ = await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED)
    if running in done:
        running.result()
    try:
        yield parts, ready.result()
    finally:
        stop.set()
        await running


def desk(parts: Parts, token: str = "", **headers: str) -> httpx.AsyncClient:
    """A client of a desk door in memory; without a token it is nobody yet."""
    if token:
        headers["authorization"] = f"Bearer {token}"
    transport = httpx.ASGITransport(app=parts.desk_app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)


def key() -> dict[str, str]:
    """The header of one act."""
    return {"idempotency-key": secrets.token_hex(8)}


def reasons(response: httpx.Response) -> list[dict[str, Any]]:
    return response.json()["error"]["reasons"]


def circle(*, lat: float = 36.0, lon: float = 37.0, nm: float = 20, at: int = 0, low: int = 150) -> dict[str, Any]:
    """A volume of two hours that begins two hours from now."""
    start = now_ms() // MINUTE * MINUTE + 2 * HOUR + at
    return {
        "shape": {"type": "circle", "centre": [round(lat * 1e7), round(lon * 1e7)], "radius_m": round(nm * 1852)},
        "lower": {"ref": "FL", "ft": low * 100},
        "upper": {"ref": "FL", "ft": (low + 50) * 100},
        "start": start,
        "end": start + 2 * HOUR,
    }


def notice(*, audience: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """The body of a notice."""
    members = {name: more.pop(name) for name in ("id", "key") if name in more}
    return {
        "kind": "AREA WORK",
        "volumes": [circle(**more)],
        "due_regard": {"stated": True},
        "audience": list(audience),
        **members,
    }


async def until(condition: Callable[[], Any], *, wait_s: float = 30) -> Any:
    """What a condition comes to as soon as that is true; it is looked at again whenever the loop has done something."""
    async with asyncio.timeout(wait_s):
        while True:
            found = condition()
            if asyncio.iscoroutine(found):
                found = await found
            if found:
                return found
            await asyncio.sleep(0.01)
