"""Two whole nodes in one process, on a clock that stands still until it is told to move, with ids that are counted.

The same steps give the same bytes, so that the specification's vectors can be made from them and compared.
"""

import asyncio
import hashlib
import heapq
from collections.abc import Callable
from pathlib import Path
from typing import Any

from skyparley.base.errors import PeerFault, Refusal
from skyparley.base.ids import b64url
from skyparley.base.times import DAY
from skyparley.domain import commands as c
from skyparley.domain.messages.envelope import statement_hash
from skyparley.domain.table import Table, parse_table
from skyparley.engine.journal_port import JournalPort
from skyparley.engine.node import Node
from skyparley.engine.signer import Signer
from skyparley.evidence import card as cards
from skyparley.evidence.keys import PrivateKey, SigningRole, from_seed, public_bytes
from skyparley.state.projection import State

ROOT = Path(__file__).parents[2]
T0 = 1_795_251_600_000
"""2026-11-21T09:00:00Z: when the clock of every story starts."""

SIGNING: tuple[SigningRole, ...] = ("desk", "machine", "supervisor", "exercise")
ROLES = ("party", *SIGNING)


def seed(party: str, role: str) -> bytes:
    """A seed from a name, so that nobody takes a vector's key for a real one."""
    return hashlib.sha256(f"skyparley test vector: {party} {role}".encode()).digest()


def military() -> Table:
    return parse_table((ROOT / "src/skyparley/domain/tables/military.toml").read_text(encoding="utf-8"))


class StandingClock:
    """Shows T0 until it is moved; whoever sleeps wakes when it is moved past."""

    kind = "REAL"

    def __init__(self) -> None:
        self._now = T0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    def now_ms(self) -> int:
        return self._now

    real_ms = now_ms

    def quality(self) -> str:
        return "GOOD"

    def anchor(self, real_ms: int, shown_ms: int, rate_permille: int) -> None:
        raise AssertionError("a REAL clock is not set")

    async def sleep_ms(self, ms: int) -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._now + ms, self._count, waiting))
        await waiting

    def wait_ms(self, until_ms: int) -> int:
        return max(0, until_ms - self._now)

    def move(self, ms: int) -> None:
        self._now += ms
        while self._sleepers and self._sleepers[0][0] <= self._now:
            waiting = heapq.heappop(self._sleepers)[2]
            if not waiting.done():
                waiting.set_result(None)


class CountedLuck:
    """Ids that count up and say whose they are, and in which run of its node they were drawn."""

    def __init__(self, party: str, run: int = 0) -> None:
        self._party = party
        self._run = run
        self._ids = self._nonces = 0

    def message_id(self) -> str:
        self._ids += 1
        return f"{ord(self._party):08x}-{self._run:04x}-4000-8000-{self._ids:012x}"

    def nonce(self) -> str:
        self._nonces += 1
        return b64url(hashlib.sha256(f"nonce {self._party} {self._nonces}".encode()).digest()[:16])

    def jitter(self) -> float:
        return 1.0


class DirectBearer:
    """Carries by calling the other node.  `cut` makes the peer unreachable; `asked` keeps every request and answer."""

    def __init__(self, pair: "TwoNodes") -> None:
        self._pair = pair
        self.cut = False
        self.asked: list[tuple[str, str]] = []
        self.fetched: set[str] = set()
        """Hashes of what was fetched and not brought: whoever fetched first sends no receipt."""

    def _service(self, url: str) -> Any:
        if self.cut:
            raise PeerFault("cut")
        return self._pair.by_url[url].service

    async def push(self, url: str, statements: Any, bearer: Any) -> list[tuple[str, str, str]]:
        pushed = await self._service(url).statements(statements, bearer)
        return [(one.hash, one.result, one.receipt) for one in pushed.results]

    async def hello(self, url: str, request: str) -> str:
        answer = await self._service(url).hello(request)
        self.asked += [("hello", request), ("hello-answer", answer)]
        return answer

    async def heartbeat(self, url: str, request: str) -> str:
        answer = await self._service(url).heartbeat(request)
        self.asked += [("heartbeat", request), ("heartbeat-answer", answer)]
        return answer

    async def catch_up(self, url: str, request: str) -> list[str]:
        self.asked.append(("catchup", request))
        texts: list[str] = await self._service(url).catch_up(request)
        self.fetched |= {statement_hash(text) for text in texts}
        return texts


class TwoNodes:
    """Nodes A and B.  `desk` gives an order and waits until all that follows from it has come to rest.

    `run` tells the runs of one folder apart.  With `moving_ms` the clock moves by so much whenever nothing happens for a moment, so
    that retries go on: for journals in files, where rest cannot be told from waiting for the disk.
    """

    def __init__(self, journals: Callable[[str], JournalPort], *, run: int = 0, moving_ms: int = 0) -> None:
        self._run = run
        self._moving_ms = moving_ms
        self.clock = StandingClock()
        self.table = military()
        self.nodes: dict[str, Node] = {}
        self.by_url: dict[str, Node] = {}
        self.bearers = {name: DirectBearer(self) for name in "AB"}
        self._orders = 0
        self._moved = asyncio.Event()
        for name in "AB":
            self.nodes[name] = self._node(name, journals(name))
            self.by_url[self.nodes[name].card.urls[0]] = self.nodes[name]

    def _node(self, name: str, journal: JournalPort) -> Node:
        card, keys = card_and_keys(name)
        return Node(
            card=card,
            table=self.table,
            clock=self.clock,  # type: ignore[arg-type]
            luck=CountedLuck(name, self._run),
            journal=journal,
            signer=Signer(card, {role: keys[role] for role in SIGNING}),
            bearer=self.bearers[name],
        )

    async def start(self) -> None:
        """Both up, heads compared by both."""
        for name, other in ("AB", "BA"):
            node = self.nodes[name]
            node.sequencer.listen(lambda changes: self._moved.set())
            await node.start([self.nodes[other].card.text], "test")
        await self._turns()
        self.clock.move(1_000)  # The first to be up found nobody, and asks again.
        await self.until(lambda a, b: all(one.compared == "EQUAL" for s in (a, b) for one in s.lines.values()))

    async def stop(self) -> None:
        for node in self.nodes.values():
            await node.stop()

    async def desk(self, name: str, command: c.DeskCommand, account: str = "officer") -> None:
        """An order that is to be done, and rest."""
        await self.order(name, command, account)
        await self.rest()

    async def order(self, name: str, command: c.DeskCommand, account: str = "officer") -> None:
        """An order that is to be done, with no wait for what follows from it."""
        self._orders += 1
        key = f"order-{self._run}-{self._orders}"
        answer = await self.nodes[name].desk(c.ByDesk(command=command, account=account, key=key, request=key))
        assert not isinstance(answer, Refusal), answer

    async def rest(self) -> None:
        """Until each node holds everything that the other sent, and in a first run has the receipt for it.

        A statement that came back after a loss has none: that the peer holds it is known from where it came.
        """
        a_b = self.bearers
        wanted = (
            _delivered
            if self._run
            else lambda a, b: _delivered(a, b) and _receipted(a, b, a_b["A"].fetched | a_b["B"].fetched)
        )
        await self.until(wanted)

    async def until(self, holds: Callable[[State, State], bool]) -> None:
        """Wait for changes until something holds of both states, and what was about to happen has happened."""
        async with asyncio.timeout(20):
            while not await self._now(holds):
                if not await self._changed(0.05 if self._moving_ms else None):
                    self.clock.move(self._moving_ms)
        await self._turns()

    async def _turns(self) -> None:
        """With a journal in memory nothing waits for anything but its turn: after these there is rest."""
        for _ in range(300):
            await asyncio.sleep(0)

    async def _changed(self, within_s: float | None) -> bool:
        """Whether a change came in time."""
        try:
            async with asyncio.timeout(within_s):
                await self._moved.wait()
        except TimeoutError:
            return False
        return True

    async def _now(self, holds: Callable[[State, State], bool]) -> bool:
        self._moved.clear()
        states = [await self.state(name) for name in "AB"]
        return holds(*states)

    def pass_time(self, ms: int) -> None:
        self.clock.move(ms)

    async def state(self, name: str) -> State:
        """The durable state of a node, to be looked at and left alone."""
        return await self.nodes[name].sequencer.read(lambda state: state)


def card_and_keys(name: str) -> tuple[cards.Card, dict[str, PrivateKey]]:
    """The card of party A or B, and its keys by role."""
    keys = {role: from_seed(seed(name, role)) for role in ROLES}
    certified = tuple(
        cards.RoleKey(
            role=role, key=b64url(public_bytes(keys[role])), from_ms=T0 - DAY, until_ms=T0 - DAY + 3 * 366 * DAY
        )
        for role in ROLES[1:]
    )
    draft = cards.Draft(
        name=name,
        roles=certified,
        bearers=(cards.Bearer(kind="http", url=f"https://{name.lower()}.example:8441"),),
        clock="REAL",
        issued_ms=T0,
    )
    return cards.read_card(cards.make_card(draft, keys["party"])), keys


def _delivered(a: State, b: State) -> bool:
    there = all(one.lines[two.own].delivered == one.lines[two.own].sent.head for one, two in ((a, b), (b, a)))
    heard = all(one.lines[two.own].sent.head == two.lines[one.own].received.head for one, two in ((a, b), (b, a)))
    return there and heard


def _receipted(a: State, b: State, fetched: set[str]) -> bool:
    return all(
        set(line.receipts)
        >= {(e, s + 1) for e, held in line.sent.hashes.items() for s in range(len(held)) if held[s] not in fetched}
        for one in (a, b)
        for line in one.lines.values()
    )
