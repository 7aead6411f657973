"""Two made parties, A and B, with folders on disk: filed, found, proposed, countered, agreed, over real journals."""

import asyncio
import hashlib
import itertools
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from skyparley.adapters.storage.sqlite_journal import SqliteJournal
from skyparley.adapters.system.identity import open_identity, own_card
from skyparley.adapters.system.node_dir import NewNode, NodePaths, init_node
from skyparley.adapters.system.peers import pin_peer
from skyparley.base.ids import b64url
from skyparley.base.times import HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.messages.slots import CircleSlot, DueRegard, FlSlot, VolumeSlot
from skyparley.domain.table import parse_table
from skyparley.engine.node import Node
from skyparley.engine.signer import Signer

T0 = int(time.time() * 1000) // HOUR * HOUR + 2 * HOUR


def luck_from(name: str) -> Callable[[int], bytes]:
    numbers = itertools.count()
    return lambda count: hashlib.shake_256(f"{name} {next(numbers)}".encode()).digest(count)


class RealTime:
    """The machine's clock, as the engine's port."""

    kind = "REAL"

    def now_ms(self) -> int:
        return int(time.time() * 1000)

    real_ms = now_ms

    def quality(self) -> str:
        return "GOOD"

    def anchor(self, *_: int) -> None: ...

    async def sleep_ms(self, millis: int) -> None:
        await asyncio.sleep(millis / 1000)

    def wait_ms(self, until: int) -> int:
        return max(0, until - self.now_ms())


class Luck:
    def message_id(self) -> str:
        return str(uuid.uuid4())

    def nonce(self) -> str:
        return b64url(os.urandom(16))

    def jitter(self) -> float:
        return 0.7


class Direct:
    """A bearer without a network: calls the other node's service."""

    def __init__(self, nodes: dict[str, Node]) -> None:
        self.nodes = nodes

    async def push(self, url: str, statements: list[str], bearer: Any) -> Any:
        answer = await self.nodes[url].service.statements(statements, bearer)
        return [(one.hash, one.result, one.receipt) for one in answer.results]

    async def hello(self, url: str, text: str) -> Any:
        return await self.nodes[url].service.hello(text)

    async def heartbeat(self, url: str, text: str) -> Any:
        return await self.nodes[url].service.heartbeat(text)

    async def catch_up(self, url: str, text: str) -> Any:
        return await self.nodes[url].service.catch_up(text)


def make_folders(at: Path) -> tuple[Path, Path]:
    """Two nodes that have pinned each other."""
    now = int(time.time() * 1000)
    for name, port in (("A", 8441), ("B", 9441)):
        new = NewNode(name=name, http_peer=f"127.0.0.1:{port}", http_desk=f"127.0.0.1:{port - 1}")
        init_node(at / name, new, luck=luck_from(name), now_ms=now)
    for one, other in (("A", "B"), ("B", "A")):
        pin_peer(at / one, own_card(at / other).text, now_ms=now)
    return at / "A", at / "B"


def open_node(folder: Path, nodes: dict[str, Node]) -> Node:
    paths = NodePaths(folder)
    identity = open_identity(folder, paths.passphrase.read_text().strip())
    table = parse_table((files("skyparley.domain") / "tables/military.toml").read_text())
    node = Node(
        card=identity.card,
        table=table,
        clock=RealTime(),
        luck=Luck(),
        journal=SqliteJournal(paths.journal, salt=lambda: os.urandom(16)),
        signer=Signer(identity.card, identity.signing),
        bearer=Direct(nodes),
    )
    nodes[identity.card.urls[0]] = node
    return node


def volume(lower_ft: int, upper_ft: int, start: int = T0, end: int = T0 + HOUR) -> VolumeSlot:
    circle = CircleSlot(centre=(361_000_000, 372_000_000), radius_m=18520)
    return VolumeSlot(shape=circle, lower=FlSlot(ft=lower_ft), upper=FlSlot(ft=upper_ft), start=start, end=end)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Lets the nodes work until something holds; they work on threads and loopback calls, so no time is waited."""
    async with asyncio.timeout(20):
        while not await holds():
            await asyncio.sleep(0)


_keys = itertools.count()


async def act(node: Node, command: c.DeskCommand) -> c.Outcome:
    key = str(next(_keys))
    outcome = await node.desk(c.ByDesk(command=command, account="officer", key=key, request=key))
    assert isinstance(outcome, c.Outcome), outcome
    return outcome


async def quiet(*nodes: Node) -> None:
    """Everything sealed was delivered and receipted, and nothing is owed."""

    async def is_quiet() -> bool:
        states = [await node.sequencer.read(lambda state: state) for node in nodes]
        lines = [line for state in states for line in state.lines.values()]
        other = {state.own: state for state in states}
        heard = all(
            line.sent.head == other[line.peer].lines[state.own].received.head
            for state in states
            for line in state.lines.values()
        )
        done = all(not line.owed and line.delivered == line.sent.head and line.compared == "EQUAL" for line in lines)
        return heard and done

    await until(is_quiet)


async def settle(a: Node, b: Node, *, leave_open: bool = True) -> None:
    """One pair of notices agreed on a counter-proposal; and, if asked, one pair that stays in conflict."""
    await quiet(a, b)
    regard = DueRegard(stated=True)
    await act(a, c.FileNotice(kind="TRANSIT", volumes=(volume(20000, 24000),), due_regard=regard, audience=("B",)))
    await quiet(a, b)
    filed = c.FileNotice(
        kind="AREA WORK", volumes=(volume(15000, 25000),), due_regard=regard, audience=("A",), key=("A-0001 v1",)
    )
    await act(b, filed)
    await quiet(a, b)

    async def conflict(node: Node) -> Any:
        return await node.sequencer.read(lambda state: next(iter(state.conflicts.values())))

    found = await conflict(a)
    lower = c.TermChange("B", "B-0001", (volume(15000, 17500),))
    await act(a, c.Propose(pair_id=found.pair_id, expected_revision=found.revision, changes=(lower,)))
    await quiet(a, b)
    found = await conflict(b)
    changes = (c.TermChange("B", "B-0001", (volume(15000, 18000),)),)
    await act(b, c.Propose(pair_id=found.pair_id, expected_revision=found.revision, changes=changes))
    await quiet(a, b)
    found = await conflict(a)
    accept = c.Accept(pair_id=found.pair_id, expected_revision=found.revision, proposal=found.offer.proposal)
    await act(a, accept)
    await quiet(a, b)
    if leave_open:
        later = (volume(20000, 24000, T0 + 3 * HOUR, T0 + 4 * HOUR),)
        await act(a, c.FileNotice(kind="TRANSIT", volumes=later, due_regard=regard, audience=("B",)))
        await quiet(a, b)
        both = (volume(21000, 24000, T0 + 3 * HOUR + MINUTE, T0 + 4 * HOUR),)
        filed = msgspec.structs.replace(filed, volumes=both, key=("A-0002 v1",))
        await act(b, filed)
        await quiet(a, b)


def make_settled(at: Path) -> tuple[Path, Path]:
    """The folders of two stopped nodes that agreed once and are in conflict once."""
    folders = make_folders(at)

    async def run() -> None:
        nodes: dict[str, Node] = {}
        a, b = (open_node(folder, nodes) for folder in folders)
        for node, other in ((a, b), (b, a)):
            await node.start([other.card.text], "test")
        await settle(a, b)
        await a.stop()
        await b.stop()

    asyncio.run(run())
    return folders
