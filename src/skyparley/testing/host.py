"""One party's machine: a whole node that starts, is killed at any await, and starts again on what its disk kept."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

from skyparley.base import limits
from skyparley.base.errors import Fault, JournalFault, PeerFault, Refusal
from skyparley.domain.commands import ByDesk, Command, Outcome
from skyparley.domain.link_health import bearers_of
from skyparley.domain.messages.codes import HttpBearerKind
from skyparley.domain.messages.envelope import statement_hash
from skyparley.domain.table import Table
from skyparley.engine.journal_port import Entry
from skyparley.engine.node import Node
from skyparley.engine.sequencer import Change, Sequencer
from skyparley.engine.snapshots import Snapshots
from skyparley.engine.writer import OurFault
from skyparley.state.projection import State
from skyparley.testing import checkers
from skyparley.testing.liar import payload_of
from skyparley.testing.network import Net, SimBearer
from skyparley.testing.parties import Party, table
from skyparley.testing.ports import SimClock, SimLuck
from skyparley.testing.storage import Disk, SimJournal, SimSnapshots

T = TypeVar("T")
SNAPSHOT_EVERY: Final = (1, 7, 40, 1_000_000)
"""Entries between two snapshots of a life; with the last, there are none."""
Report = Callable[[str, Sequence[str]], None]
"""Takes the name of a law and how it was broken."""


class Down(PeerFault):
    """The node is not running, or died before it answered."""

    code = "DOWN"


class Host:
    """A machine that runs the node of `party`.  `report` hears of broken laws, `kept` of every durable batch.

    `numbers` is the table that the node starts with; the military one where none is given.
    """

    def __init__(
        self,
        party: Party,
        peers: Sequence[Party],
        *,
        net: Net,
        rng: random.Random,
        report: Report,
        kept: Callable[["Host", Sequence[Entry]], None],
        keep_ms: int = limits.FORGET_AFTER_MS,
        numbers: Table | None = None,
    ) -> None:
        self.party = party
        self.numbers = numbers or table()
        self.peers = tuple(peers)
        self.rng = rng
        self.report = report
        self.disk = Disk(rng, lambda entries: kept(self, entries))
        self.lives = 0
        self.keep_ms = keep_ms
        self.skew_ms = rng.randint(-20_000, 20_000)
        self.ready = False
        self.node: Node | None = None
        self._net = net
        self._tasks: dict[asyncio.Task[Any], None] = {}  # In their order: a set of tasks has none that repeats.
        net.ends[party.url] = self
        net.addresses |= dict(zip(party.card.urls, ((party.url, name) for name in bearers_of(party.card)), strict=True))

    # --- life and death ------------------------------------------------------------------------------------

    def up(self) -> None:
        """Start the process; it is ready once its journal is loaded."""
        assert self.node is None, "one process on one journal"
        self.lives += 1
        loop = asyncio.get_running_loop()
        self.node = Node(
            card=self.party.card,
            table=self.numbers,
            clock=SimClock(loop, self.skew_ms),  # type: ignore[arg-type]
            luck=SimLuck(f"{self.rng.random()} {self.lives}"),
            journal=SimJournal(self.disk),
            signer=self.party.signer(),
            bearer=SimBearer(self.party.url, self._net, self._leaves),
            snapshots=Snapshots(SimSnapshots(self.disk), self.party.signer(), "simulated"),
            snapshot_every=self.rng.choice(SNAPSHOT_EVERY),
            keep_ms=self.keep_ms,
        )
        self.node.sequencer.listen(self._listened)
        self._hear_faults(self.node.sequencer)
        self._own(self._start(self.node))

    def crash(self) -> None:
        """Kill the process: every task of this life ends at the await where it stands; memory is gone."""
        node, self.node, self.ready = self.node, None, False
        if node is None:
            return
        if node._failed is not None and node._failed.done() and not node._failed.cancelled():
            self.report("no_fault_of_ours", [f"{self.party.name}: {node._failed.exception()!r}"])
        for task in (*self._tasks, *node._tasks):
            task.cancel()
        self._tasks.clear()

    async def _start(self, node: Node) -> None:
        try:
            await node.start([peer.card.text for peer in self.peers], "simulated")
        except JournalFault:
            # A real process ends with an error here, and its supervisor starts it again.
            asyncio.get_running_loop().call_soon(self._start_failed, node)
            return
        self.ready = True

    def _start_failed(self, node: Node) -> None:
        if self.node is node:
            self.crash()

    def _hear_faults(self, sequencer: Sequencer) -> None:
        """A command that broke is a fault of ours whoever gave it: also a clock or a link, which only tries again."""
        submit = sequencer.submit

        async def heard(command: Command) -> Outcome | Refusal:
            try:
                return await submit(command)
            except OurFault as fault:
                self.report("no_fault_of_ours", [f"{self.party.name}: {fault}"])
                raise

        sequencer.submit = heard  # type: ignore[method-assign]

    def _own(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task

    async def _within(self, work: Coroutine[Any, Any, T]) -> T:
        """Await something inside the process; who asked lives on when the process dies.  Raises Down then."""
        task = self._own(work)
        await asyncio.wait((task,))
        if task.cancelled():
            raise Down(f"{self.party.name} died meanwhile")
        error = task.exception()
        if error is not None and not isinstance(error, Fault):
            self.report("no_fault_of_ours", [f"{self.party.name}: {error!r}"])
            raise Down(f"{self.party.name} failed")
        return task.result()

    def _alive(self) -> Node:
        if self.node is None or not self.ready:
            raise Down(f"{self.party.name} is not running")
        return self.node

    # --- desks ---------------------------------------------------------------------------------------------

    async def desk(self, command: ByDesk) -> Outcome | Refusal:
        """A desk's command.  What is answered is promised, and must be durable now."""
        answer = await self._within(self._alive().desk(command))
        if isinstance(answer, Outcome):
            tape = self.disk.tape
            if tape.promised.setdefault(command.key, answer) != answer:
                self.report("answered_command_kept", [f"{command.key} was answered twice, and not the same"])
            self.report("answered_command_kept", checkers.answered_command_kept(tape))
        return answer

    async def look(self, reader: Callable[[State], T]) -> T:
        """What a desk reads."""

        def both(state: State) -> T:
            self.report("nothing_undurable_seen", checkers.position_durable(self.disk.tape, state.position))
            return reader(state)

        return await self._within(self._alive().sequencer.read(both))

    def _listened(self, changes: Sequence[Change]) -> None:
        self.report("nothing_undurable_seen", checkers.changes_durable(self.disk.tape, changes))

    # --- peers ---------------------------------------------------------------------------------------------

    async def serve(self, kind: str, payload: Any, bearer: HttpBearerKind = "http") -> Any:
        """The peer door.  Whatever it gives away must be durable now."""
        service = self._alive().service
        if kind == "push":
            pushed = await self._within(service.statements(payload, bearer))
            receipted = [one.hash for one in pushed.results if one.receipt]
            self._shown(receipted)
            return pushed
        if kind == "hello":
            answer = await self._within(service.hello(payload))
            self._shown(_heads(answer))
            return answer
        if kind == "heartbeat":
            answer = await self._within(service.heartbeat(payload))
            self._shown(_heads(answer))
            return answer
        texts = await self._within(service.catch_up(payload))
        self._shown([statement_hash(text) for text in texts])
        return texts

    def _leaves(self, url: str, statements: Sequence[str]) -> None:
        tape = self.disk.tape
        for text in statements:
            statement = statement_hash(text)
            self._shown([statement])
            plain = payload_of(text)
            number = (plain["epoch"], plain["seq"])
            self.report("no_own_fork", checkers.no_own_fork(tape, url, number, statement))
            tape.left[(url, number)] = statement

    def _shown(self, hashes: Sequence[str]) -> None:
        self.report("nothing_undurable_seen", checkers.statements_durable(self.disk.tape, hashes))


def _heads(hello: str) -> list[str]:
    plain = payload_of(hello)
    return [plain[name]["hash"] for name in ("sent", "held") if name in plain]
