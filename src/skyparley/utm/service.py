"""A DSS as a running thing: its writer, its snapshots, and the sweep that lets go of what ended."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

import structlog

from skyparley.adapters.storage.watched_journal import WatchedJournal
from skyparley.base import limits
from skyparley.base.errors import Fault, JournalFault, JournalFull
from skyparley.engine.journal_port import JournalPort
from skyparley.engine.ports import Clock, Luck
from skyparley.engine.snapshots import Keeper
from skyparley.utm.commands import Answer, Command, Sweep, Swept
from skyparley.utm.rulings import Rules
from skyparley.utm.sequencer import DssSequencer
from skyparley.utm.snapshot import DssSnapshots
from skyparley.utm.state import DssState

T = TypeVar("T")
log = structlog.get_logger("skyparley.dss")

SWEEP_MS: Final = 10_000
"""How often it looks for what ended: queries and keys do not see it from its last moment on, so nothing waits for this."""
LOOK_AGAIN_MS: Final = 2_000
"""How often it looks, after a write failed, whether there is room again: nobody may write while it says that it cannot."""
SNAPSHOT_ENTRIES: Final = 20_000
"""A snapshot is taken when so many entries came behind the last: about 1 s of folding."""


class Dss:
    """One DSS over one journal.  `has_room` says whether something could be written beside it, where one can ask; it may block."""

    def __init__(
        self,
        *,
        journal: JournalPort,
        rules: Rules,
        clock: Clock,
        luck: Luck,
        snapshots: DssSnapshots | None = None,
        has_room: Callable[[], bool] | None = None,
    ) -> None:
        self._journal = journal = WatchedJournal(journal)
        self._has_room = has_room
        self._clock = clock
        self.sequencer = DssSequencer(journal=journal, rules=rules, clock=clock, luck=luck, snapshots=snapshots)
        self._keeper = Keeper(snapshots, self.sequencer, every=SNAPSHOT_ENTRIES) if snapshots is not None else None
        self._tasks: list[asyncio.Task[None]] = []

    def now_us(self) -> int:
        """The time that this DSS goes by, microseconds since 1970 UTC."""
        return self.sequencer.now_us()

    async def submit(self, command: Command) -> Answer:
        """Have a command decided; what it answers is durable.  Raises a Fault: then nothing is promised."""
        return await self.sequencer.submit(command)

    async def read(self, reader: Callable[[DssState], T]) -> T:
        """What `reader` makes of the durable state; it must not keep or change what it is given.  Raises a Fault."""
        return await self.sequencer.read(reader)

    @property
    def fault(self) -> JournalFault | None:
        """Why it cannot decide and keep at the moment; None while it can.

        A write that failed counts until one worked, or there is room again: a full disk can be read, and the writer is
        soon ready to fail anew.
        """
        return self.sequencer.fault or self._journal.trouble

    def sizes(self) -> dict[str, int]:
        """How many there are of each kind, as counted by who watches it: what is being decided may be among them."""
        return self.sequencer.sizes()

    async def start(self) -> int:
        """Fold the journal and begin to decide.  Returns how many entries it holds.  Raises JournalFault."""
        entries = await self.sequencer.load()
        self._tasks = [asyncio.create_task(self.sequencer.run()), asyncio.create_task(self._sweep())]
        if self._has_room is not None:
            if not await asyncio.to_thread(self._has_room):
                self._journal.trouble = JournalFull("no space is left where the journal lies")
                log.error("no_room", code=self._journal.trouble.code)
            self._tasks.append(asyncio.create_task(self._look_for_room(self._has_room)))
        if self._keeper is not None:
            self.sequencer.listen(self._keeper.heard)
            self._tasks.append(asyncio.create_task(self._keeper.run()))
        return entries

    async def failed(self) -> None:
        """Returns when a part of it ended by itself, with what it raised."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        await next(iter(done))

    async def stop(self) -> None:
        """After the door was closed: one more snapshot, and the journal let go."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._keeper is not None:
            await self._keeper.last()
        await self._journal.close()

    async def _look_for_room(self, has_room: Callable[[], bool]) -> None:
        while True:
            await self._clock.sleep_ms(LOOK_AGAIN_MS)
            if self._journal.trouble is not None and await asyncio.to_thread(has_room):
                self._journal.trouble = None
                log.info("room_again")

    async def _sweep(self) -> None:
        while True:
            await self._clock.sleep_ms(SWEEP_MS)
            try:
                # Full decisions go on at once; between two of them others have their turn.
                while await self._let_go() >= limits.DSS_SWEPT:
                    pass
            except Fault as fault:
                log.warning("not_swept", code=fault.code, error=str(fault))

    async def _let_go(self) -> int:
        """How many went in one decision.  Raises a Fault."""
        swept = await self.submit(Sweep())
        assert isinstance(swept, Swept), "a sweep is never refused"
        if swept.count:
            log.info("let_go", count=swept.count)
        return swept.count
