"""The one writer of a record: what the sequencer of a line and that of a DSS have in common.

It drains its queue into a batch, decides each command against the state as the earlier ones left it, appends the batch
in one transaction, then answers.  While a batch is not durable nobody sees it: answers, pushes and reads pass a gate
that opens when the sync returns.  If an append fails it stops deciding, reloads from the journal, and says so.

What is decided is no business of this file: a subclass decides a command, writes a change as an entry and folds one.
"""

import abc
import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

import structlog

from skyparley.base import limits
from skyparley.base.errors import Fault, JournalFault
from skyparley.engine.journal_port import Entry, Head, JournalPort, StoredEntry
from skyparley.engine.ports import Clock

log = structlog.get_logger("skyparley.writer")


class HasPosition(Protocol):
    """A durable change: where it stands in the journal."""

    @property
    def position(self) -> int: ...


class Folded(Protocol):
    """A state: up to where it is folded."""

    position: int


StateT = TypeVar("StateT", bound=Folded)
CommandT = TypeVar("CommandT")
AnswerT = TypeVar("AnswerT")
ChangeT = TypeVar("ChangeT", bound=HasPosition)
T = TypeVar("T")


class Restorer(Protocol[StateT]):
    """Where a state may be had without folding everything."""

    async def restore(self, journal: JournalPort, fresh: Callable[[], StateT]) -> tuple[StateT, Head] | None: ...


class OurFault(Fault):
    """A decision or a fold of ours failed.  Nothing of the command is kept."""

    code = "OUR_FAULT"


class Busy(Fault):
    """More commands wait than the queue may hold."""

    code = "BUSY"


_Waiting = tuple[CommandT, asyncio.Future[AnswerT]]


class Writer(abc.ABC, Generic[StateT, CommandT, AnswerT, ChangeT]):
    """Commands in, durable answers out; reads through the gate.  `fresh` makes an empty state to fold into."""

    def __init__(
        self,
        *,
        journal: JournalPort,
        fresh: Callable[[], StateT],
        clock: Clock,
        snapshots: Restorer[StateT] | None = None,
    ) -> None:
        self._snapshots = snapshots
        self._journal = journal
        self._fresh = fresh
        self._clock = clock
        self._state = fresh()
        self._head = Head(0, "")
        self._queue: deque[_Waiting[CommandT, AnswerT]] = deque()
        self._work = asyncio.Event()
        self._gate = Gate()
        self._listeners: list[Callable[[Sequence[ChangeT]], None]] = []
        self.fault: JournalFault | None = None
        """Why the node does not decide at the moment; None while it does."""

    # --- what a subclass says --------------------------------------------------------------------------------

    @abc.abstractmethod
    def _decide(self, command: CommandT, changes: list[ChangeT]) -> AnswerT:
        """Decide against the state, fold what was decided into it and add it to `changes`."""

    @abc.abstractmethod
    def _entry(self, change: ChangeT) -> Entry:
        """A change as the journal keeps it."""

    @abc.abstractmethod
    def _fold_stored(self, state: StateT, entry: StoredEntry) -> None:
        """Fold an entry that a journal kept.  Raises JournalFault where it cannot be read."""

    async def _made_ready(self, state: StateT) -> None:
        """What is left to do to a state after the last entry was folded; turn by turn, so that others go on."""
        return

    # --- for doors, links and clocks -----------------------------------------------------------------------

    async def submit(self, command: CommandT) -> AnswerT:
        """Have a command decided.  Returns when its events are durable.  Raises a Fault: then nothing is promised."""
        if self.fault is not None:
            raise self.fault
        if len(self._queue) >= limits.QUEUE_COMMANDS:
            raise Busy(f"{limits.QUEUE_COMMANDS} commands wait; try again")
        answer: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._queue.append((command, answer))
        self._work.set()
        return await answer

    async def read(self, reader: Callable[[StateT], T]) -> T:
        """What `reader` makes of the durable state.  It must not keep or change what it is given.

        Raises the journal's fault while the state cannot be known.
        """
        await self._gate.passed()
        return reader(self._state)

    def listen(self, listener: Callable[[Sequence[ChangeT]], None]) -> Callable[[], None]:
        """Hear every durable change, in order, after the gate opened.  Returns how to stop hearing."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def gate_open(self) -> bool:
        """Whether a read would be answered at once."""
        return self._gate.open

    @property
    def resting(self) -> tuple[StateT, Head] | None:
        """The state and the head that it ends at, while everything decided is durable; None meanwhile."""
        if not self._gate.open or self._state.position != self._head.position:
            return None
        return self._state, self._head

    # --- the one writer ------------------------------------------------------------------------------------

    async def load(self) -> int:
        """Fold the journal, from the newest snapshot on.  Returns how many entries it holds.  Raises JournalFault."""
        self._state, self._head = await self._replay()
        return self._state.position

    async def run(self) -> None:
        """Decide batch after batch until cancelled."""
        while True:
            await self._work.wait()
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), limits.BATCH_COMMANDS))]
            if not self._queue:
                self._work.clear()
            await self._decide_and_append(batch)
            await asyncio.sleep(0)  # Readers that waited at the gate go before the next batch closes it.

    async def _decide_and_append(self, batch: Sequence[_Waiting[CommandT, AnswerT]]) -> None:
        self._gate.close()
        before = self._state.position
        changes: list[ChangeT] = []
        answers: list[AnswerT] = []
        try:
            for command, _ in batch:
                answers.append(self._decide(command, changes))
        except Exception as error:  # noqa: BLE001 - the outermost loop of deciding: ours, so stop and recover
            await self._our_fault(batch, error)
            return
        if changes:
            try:
                # If the process dies here, the batch is in the journal whole or not at all, and nobody was answered.
                self._head = await self._journal.append(before, [self._entry(change) for change in changes])
            except JournalFault as fault:
                await self._append_failed(batch, changes, fault)
                return
            assert self._head.position == self._state.position, "the journal ends where the state does"
        self._gate.let_pass()
        for (_, waiting), answer in zip(batch, answers, strict=True):
            if not waiting.done():
                waiting.set_result(answer)
        if changes:
            self._tell(changes)

    def _tell(self, changes: Sequence[ChangeT]) -> None:
        for listener in tuple(self._listeners):
            listener(changes)

    # --- when something fails ------------------------------------------------------------------------------

    async def _append_failed(
        self, batch: Sequence[_Waiting[CommandT, AnswerT]], changes: Sequence[ChangeT], fault: JournalFault
    ) -> None:
        """The state is ahead of a journal that may or may not hold the batch.  Reload to know; promise nothing.

        Where it was kept all the same, it is told as any other: links carry it, and clocks that it set will ring.
        """
        log.error("append_failed", code=fault.code, error=str(fault))
        await self._recover(fault)
        for _, waiting in batch:
            if not waiting.done():
                waiting.set_exception(fault)
        if self._state.position == changes[-1].position:
            self._tell(changes)

    async def _our_fault(self, batch: Sequence[_Waiting[CommandT, AnswerT]], error: Exception) -> None:
        """A decision broke.  Nothing was appended: reload, and find out which command it was by deciding them singly."""
        if len(batch) == 1:
            log.error("our_fault", command=type(batch[0][0]).__name__, error=repr(error), exc_info=error)
            await self._recover(JournalFault("reloading after a fault of ours"))
            if not batch[0][1].done():
                batch[0][1].set_exception(OurFault(f"this node failed on the command: {error!r}; nothing was kept"))
            return
        await self._recover(JournalFault("reloading after a fault of ours"))
        for one in batch:
            await self._decide_and_append([one])

    async def _recover(self, fault: JournalFault) -> None:
        """Fold the journal afresh.  While that fails the node decides nothing, and every command hears why."""
        self.fault = fault
        wait_ms = limits.RETRY_FIRST_MS
        while True:
            try:
                self._state, self._head = await self._replay()
                break
            except JournalFault as again:
                self.fault = again
                log.error("reload_failed", code=again.code, error=str(again), retry_ms=wait_ms)
                self._gate.fail(again)
                self._refuse_waiting(again)
                await self._clock.sleep_ms(wait_ms)
                wait_ms = min(2 * wait_ms, limits.RETRY_LAST_MS)
        self.fault = None
        self._gate.let_pass()
        log.info("reloaded", position=self._state.position)

    def _refuse_waiting(self, fault: JournalFault) -> None:
        while self._queue:
            _, waiting = self._queue.popleft()
            if not waiting.done():
                waiting.set_exception(fault)
        self._work.clear()

    async def _replay(self) -> tuple[StateT, Head]:
        """The state that the journal says, and the head where it ends."""
        restored = await self._snapshots.restore(self._journal, self._fresh) if self._snapshots else None
        state, head = restored or (self._fresh(), Head(0, ""))
        while True:
            stored = await self._journal.read(head.position, limits.JOURNAL_PAGE_ENTRIES)
            for entry in stored:
                self._fold_stored(state, entry)
            if stored:
                head = Head(stored[-1].position, stored[-1].header_hash)
            if len(stored) < limits.JOURNAL_PAGE_ENTRIES:
                break
        await self._made_ready(state)
        return state, head


class Gate:
    """Open while everything decided is durable."""

    def __init__(self) -> None:
        self.open = True
        self._fault: JournalFault | None = None
        self._waiting: list[asyncio.Future[None]] = []

    def close(self) -> None:
        self.open = False

    def let_pass(self) -> None:
        self.open = True
        self._fault = None
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    def fail(self, fault: JournalFault) -> None:
        """Whoever waits, and whoever comes while it lasts, hears the fault instead of waiting without end."""
        self._fault = fault
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_exception(fault)

    async def passed(self) -> None:
        """Returns at once when open.  One that waited may find it closed again and then waits again."""
        while not self.open:
            if self._fault is not None:
                raise self._fault
            one: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(one)
            await one
