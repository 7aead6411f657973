"""Two whole nodes between which nothing travels but files: real keys and cards, journals in memory, a clock that stands."""

import asyncio
import itertools
import uuid
from hashlib import sha256

from skyparley.adapters.storage.memory_journal import MemoryJournal
from skyparley.base.errors import PeerFault, Refusal
from skyparley.base.ids import b64url
from skyparley.domain import commands as c
from skyparley.domain.messages.slots import AmslSlot, CircleSlot, DueRegard, VolumeSlot
from skyparley.engine.node import Node
from skyparley.engine.parcels import Packed, TakenFile
from skyparley.state.projection import State
from skyparley.testing.parties import party, table

T0 = 1_795_251_600_000
HOUR = 3_600_000


class Nowhere:
    """A bearer that reaches nobody, whatever it is asked to carry."""

    def __getattr__(self, what: str):
        async def carry(*_: object, **__: object) -> None:
            raise PeerFault("there is no way")

        return carry


class Clock:
    """Time that a test moves.  Nobody's rest is ever over."""

    kind = "REAL"

    def __init__(self) -> None:
        self.at_ms = T0

    def now_ms(self) -> int:
        return self.at_ms

    def real_ms(self) -> int:
        return self.at_ms

    def quality(self):
        return "GOOD"

    def anchor(self, real_ms, shown_ms, rate_permille):
        raise AssertionError("a REAL clock is not set")

    async def sleep_ms(self, ms: int) -> None:
        await asyncio.get_running_loop().create_future()

    def wait_ms(self, until_ms: int) -> int:
        return max(0, until_ms - self.at_ms)


class Luck:
    """Names from a counter; another `life` of a node draws others."""

    def __init__(self, name: str, life: int) -> None:
        self._seed, self._numbers = f"{name} {life}", itertools.count()

    def _bytes(self) -> bytes:
        return sha256(f"{self._seed} {next(self._numbers)}".encode()).digest()[:16]

    def message_id(self) -> str:
        return str(uuid.UUID(bytes=self._bytes(), version=4))

    def nonce(self) -> str:
        return b64url(self._bytes())

    def jitter(self) -> float:
        return 1.0


class ByFile:
    """Parties by name; each with a node that can be ended and started again on its journal."""

    def __init__(self, *names: str, one_way: frozenset[str] = frozenset()) -> None:
        self.clock = Clock()
        self.names = names
        self.one_way = one_way
        self.journals = {name: MemoryJournal() for name in names}
        self.nodes: dict[str, Node] = {}
        self._lives = itertools.count()
        self._orders = itertools.count()

    async def __aenter__(self) -> "ByFile":
        for name in self.names:
            await self.start(name)
        return self

    async def __aexit__(self, *_: object) -> None:
        for node in self.nodes.values():
            await node.stop()

    async def start(self, name: str) -> Node:
        who = party(name)
        node = Node(
            card=who.card,
            table=table(),
            clock=self.clock,  # type: ignore[arg-type]
            luck=Luck(name, next(self._lives)),
            journal=self.journals[name],
            signer=who.signer(),
            bearer=Nowhere(),  # type: ignore[arg-type]
            seals=(who.seal,),
            one_way=self.one_way,
        )
        self.nodes[name] = node
        await node.start([party(other).card.text for other in self.names if other != name], "test")
        return node

    async def restart(self, name: str, journal: MemoryJournal | None = None) -> Node:
        """A new process on what is durable, or on another record of it."""
        await self.nodes[name].stop()
        if journal is not None:
            self.journals[name] = journal
        self.journals[name].reopen()
        return await self.start(name)

    async def pack(self, name: str, to: str) -> Packed:
        return await self.nodes[name].parcels.pack(party(to).card.fingerprint)

    async def write(self, name: str, to: str) -> bytes:
        """A file that was packed and is durable."""
        packed = await self.pack(name, to)
        await self.nodes[name].parcels.wrote(party(to).card.fingerprint, packed)
        return packed.data

    async def due(self, name: str, to: str, *, link_up: bool = False) -> bool:
        return await self.nodes[name].parcels.due(party(to).card.fingerprint, link_up=link_up)

    async def take(self, name: str, data: bytes) -> TakenFile:
        return await self.nodes[name].parcels.take(data)

    async def carry(self, name: str, to: str) -> TakenFile:
        return await self.take(to, await self.write(name, to))

    async def settle(self, a: str, b: str) -> int:
        """Files both ways until neither owes one; how many it took."""
        for count in range(20):
            if await self.due(a, b):
                await self.carry(a, b)
            elif await self.due(b, a):
                await self.carry(b, a)
            else:
                return count
        raise AssertionError("files go to and fro for ever")

    async def settle_some(self, a: str, b: str) -> None:
        """A few files both ways, whatever is owed."""
        for _ in range(3):
            await self.carry(a, b)
            await self.carry(b, a)

    async def desk(self, name: str, command: c.DeskCommand) -> c.Outcome:
        key = f"order-{next(self._orders)}"
        answer = await self.nodes[name].desk(c.ByDesk(command=command, account="officer", key=key, request=key))
        assert not isinstance(answer, Refusal), answer
        return answer

    async def tell(self, name: str, east_km: float = 0) -> c.Outcome:
        """A notice to everybody else: one statement on each line."""
        return await self.desk(name, sar_notice(tuple(other for other in self.names if other != name), east_km))

    async def state(self, name: str) -> State:
        return await self.nodes[name].sequencer.read(lambda state: state)

    async def line(self, name: str, of: str):
        return (await self.state(name)).lines[party(of).card.fingerprint]

    async def kinds(self, name: str) -> list[str]:
        return [entry.kind for entry in await self.journals[name].read(0, 10_000)]


def sar_notice(audience: tuple[str, ...], east_km: float = 0) -> c.FileNotice:
    """A search and rescue is of class LIFE: it is sealed on any line whose heads were compared."""
    volume = VolumeSlot(
        shape=CircleSlot(centre=(0, round(30e7 + east_km / 111.195 * 1e7)), radius_m=5_000),
        lower=AmslSlot(ft=1_000),
        upper=AmslSlot(ft=2_000),
        start=T0 + 24 * HOUR,
        end=T0 + 25 * HOUR,
    )
    return c.FileNotice(kind="SAR", volumes=(volume,), due_regard=DueRegard(stated=True), audience=audience)
