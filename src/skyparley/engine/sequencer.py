"""The sequencer: the one writer of a node.

It drains its queue into a batch, decides each command against the state as the earlier ones left it, appends the batch
in one transaction, then answers.  While a batch is not durable nobody sees it: answers, pushes and reads pass a gate
that opens when the sync returns.  If an append fails it stops deciding, reloads from the journal, and says so.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import msgspec
import structlog

from skyparley.base import limits
from skyparley.base.errors import Fault, JournalFault, Refusal
from skyparley.domain.commands import Command, Outcome
from skyparley.domain.decide import decide
from skyparley.domain.events import EVENTS, Event, StatementOwed, StatementSealed, decode, encode
from skyparley.domain.lines import must_wait
from skyparley.domain.react import react
from skyparley.domain.records import Draft, OwedDraft
from skyparley.domain.view import Item, Moment
from skyparley.domain.voice_records import HeardDraft
from skyparley.engine.journal_port import Entry, Head, JournalPort, StoredEntry
from skyparley.engine.ports import Clock, Luck
from skyparley.engine.signer import Signer
from skyparley.engine.snapshots import Snapshots
from skyparley.engine.upcast import upcast
from skyparley.state.fold import fold
from skyparley.state.projection import State

T = TypeVar("T")
log = structlog.get_logger("skyparley.sequencer")


ON_A_FEED: Final = frozenset({"StatementSealed", "StatementReceived", "StatementRestored"})
"""Kinds of events whose content holds the chain of a feed."""


class Change(msgspec.Struct, frozen=True):
    """One durable event, as listeners hear it."""

    position: int
    at: int
    event: Event


_EVENT: Final[dict[str, msgspec.json.Decoder[Event]]] = {
    kind: msgspec.json.Decoder(cls) for kind, (cls, _) in EVENTS.items()
}
"""How a content of today's schema is read, which nearly all are."""

Listener = Callable[[Sequence[Change]], None]


class OurFault(Fault):
    """A decision or a fold of ours failed.  Nothing of the command is kept."""

    code = "OUR_FAULT"


class Busy(Fault):
    """More commands wait than the queue may hold."""

    code = "BUSY"


_Waiting = tuple[Command, "asyncio.Future[Outcome | Refusal]"]


class Sequencer:
    """Commands in, durable answers out; reads through the gate.  `fresh` makes an empty state to fold into."""

    def __init__(
        self,
        *,
        journal: JournalPort,
        fresh: Callable[[], State],
        signer: Signer,
        clock: Clock,
        luck: Luck,
        snapshots: Snapshots | None = None,
    ) -> None:
        self._snapshots = snapshots
        self._journal = journal
        self._fresh = fresh
        self._signer = signer
        self._clock = clock
        self._luck = luck
        self._state = fresh()
        self._head = Head(0, "")
        self._queue: deque[_Waiting] = deque()
        self._work = asyncio.Event()
        self._gate = Gate()
        self._listeners: list[Listener] = []
        self.fault: JournalFault | None = None
        """Why the node does not decide at the moment; None while it does."""

    # --- for doors, links and clocks -----------------------------------------------------------------------

    async def submit(self, command: Command) -> Outcome | Refusal:
        """Have a command decided.  Returns when its events are durable.  Raises a Fault: then nothing is promised."""
        if self.fault is not None:
            raise self.fault
        if len(self._queue) >= limits.QUEUE_COMMANDS:
            raise Busy(f"{limits.QUEUE_COMMANDS} commands wait; try again")
        answer: asyncio.Future[Outcome | Refusal] = asyncio.get_running_loop().create_future()
        self._queue.append((command, answer))
        self._work.set()
        return await answer

    async def read(self, reader: Callable[[State], T]) -> T:
        """What `reader` makes of the durable state.  It must not keep or change what it is given.

        Raises the journal's fault while the state cannot be known.
        """
        await self._gate.passed()
        return reader(self._state)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hear every durable change, in order, after the gate opened.  Returns how to stop hearing."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def gate_open(self) -> bool:
        """Whether a read would be answered at once."""
        return self._gate.open

    @property
    def resting(self) -> tuple[State, Head] | None:
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

    async def _decide_and_append(self, batch: Sequence[_Waiting]) -> None:
        self._gate.close()
        before = self._state.position
        changes: list[Change] = []
        answers: list[Outcome | Refusal] = []
        try:
            for command, _ in batch:
                answers.append(self._decide(command, changes))
        except Exception as error:  # noqa: BLE001 - the outermost loop of deciding: ours, so stop and recover
            await self._our_fault(batch, error)
            return
        if changes:
            try:
                # If the process dies here, the batch is in the journal whole or not at all, and nobody was answered.
                self._head = await self._journal.append(before, [_entry(change) for change in changes])
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

    def _tell(self, changes: Sequence[Change]) -> None:
        for listener in tuple(self._listeners):
            listener(changes)

    def _decide(self, command: Command, changes: list[Change]) -> Outcome | Refusal:
        now = self._clock.now_ms()
        quality = self._clock.quality()
        moment = Moment(now, self._luck.message_id, quality)
        ruling = decide(self._state, command, moment)
        if isinstance(ruling, Refusal):
            return ruling
        queue: deque[Item] = deque(ruling.items)
        while queue:
            item = queue.popleft()
            if isinstance(item, OwedDraft) and item.draft not in self._state.lines[item.draft.peer].owed:
                continue  # Two things in one batch let it go: it is said once.
            event = self._to_event(item, moment)
            envelope = fold(self._state, self._state.position + 1, now, event)
            changes.append(Change(self._state.position, now, event))
            queue.extend(react(self._state, event, envelope, moment))
            assert len(changes) < limits.BATCH_EVENTS, "one batch has an end"
        return ruling.outcome

    def _to_event(self, item: Item, moment: Moment) -> Event:
        """An event as it is; a draft sealed, or owed while the line cannot be sealed on."""
        if isinstance(item, OwedDraft):
            jws = self._signer.seal(self._state, item.draft, moment.quality)
            return StatementSealed(peer=item.draft.peer, jws=jws, owed=True)
        if isinstance(item, HeardDraft):
            return self._signer.heard(item)
        if not isinstance(item, Draft):
            return item
        line = self._state.lines[item.peer]
        if must_wait(line, item):
            return StatementOwed(draft=item)
        return StatementSealed(peer=item.peer, jws=self._signer.seal(self._state, item, moment.quality))

    # --- when something fails ------------------------------------------------------------------------------

    async def _append_failed(self, batch: Sequence[_Waiting], changes: Sequence[Change], fault: JournalFault) -> None:
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

    async def _our_fault(self, batch: Sequence[_Waiting], error: Exception) -> None:
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

    async def _replay(self) -> tuple[State, Head]:
        """The state that the journal says, and the head where it ends."""
        restored = await self._snapshots.restore(self._journal, self._fresh) if self._snapshots else None
        state, head = restored or (self._fresh(), Head(0, ""))
        while True:
            stored = await self._journal.read(head.position, limits.JOURNAL_PAGE_ENTRIES)
            for entry in stored:
                fold_stored(state, entry)
            if stored:
                head = Head(stored[-1].position, stored[-1].header_hash)
            if len(stored) < limits.JOURNAL_PAGE_ENTRIES:
                break
        while not state.index.file_some(limits.NOTICES_FILED_IN_A_TURN):
            await asyncio.sleep(0)
        return state, head


def fold_stored(state: State, entry: StoredEntry) -> None:
    """Fold an entry that a journal kept.  Raises JournalFault where it cannot be read."""
    event = read_event(entry.kind, entry.schema, entry.content)
    if event is None and entry.kind in ON_A_FEED:
        raise JournalFault(f"entry {entry.position} ({entry.kind}) was purged; a feed cannot be followed without it")
    if event is None:
        state.position = entry.position
    else:
        fold(state, entry.position, entry.at_ms, event)


def read_event(kind: str, schema: int, content: bytes | None) -> Event | None:
    """A stored event in its current schema; None where its content was purged.  Raises JournalFault."""
    if content is None:
        return None
    if kind not in EVENTS:
        raise JournalFault(f"the journal holds events of kind {kind!r}, which this version does not know")
    try:
        if schema == EVENTS[kind][1]:
            return _EVENT[kind].decode(content)
        return decode(kind, upcast(kind, schema, EVENTS[kind][1], msgspec.json.decode(content)))
    except msgspec.DecodeError as error:
        raise JournalFault(f"an event of kind {kind} does not fit its schema: {error}") from None


def _entry(change: Change) -> Entry:
    kind, schema, content = encode(change.event)
    return Entry(kind=kind, schema=schema, at_ms=change.at, content=content)


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
