"""A node: the sequencer, its links, its watch, put together over ports.  Doors and the simulation use this."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import structlog

from skyparley.base import limits
from skyparley.base.errors import Refusal
from skyparley.base.ids import Fingerprint
from skyparley.domain.commands import ByDesk, Outcome, PinPeer, Start
from skyparley.domain.events import ClockAnchored, PeerPinned, StatementSealed
from skyparley.domain.messages.codes import ClockKind, HttpBearerKind
from skyparley.domain.table import Table
from skyparley.domain.view import Moment
from skyparley.engine.audit import Audit
from skyparley.engine.journal_port import JournalPort
from skyparley.engine.link import Link
from skyparley.engine.parcels import Parcels
from skyparley.engine.peer_service import PeerService
from skyparley.engine.ports import Bearer, Clock, Luck
from skyparley.engine.preview import Released, would_release
from skyparley.engine.sequencer import Change, Sequencer
from skyparley.engine.signer import Signer
from skyparley.engine.snapshots import Keeper, Snapshots
from skyparley.engine.statements import StatementStore
from skyparley.engine.watch import Watch
from skyparley.evidence.card import Card
from skyparley.evidence.seal_keys import SealKey
from skyparley.state.projection import State

log = structlog.get_logger("skyparley.node")


class Node:
    """One party's node, without doors.  Call `start`, then use `sequencer` and `service`; `stop` ends it.

    `seals` open the files of peers; `one_way` names peers from which nothing can come back.
    """

    def __init__(
        self,
        *,
        card: Card,
        table: Table,
        clock: Clock,
        luck: Luck,
        journal: JournalPort,
        signer: Signer,
        bearer: Bearer,
        snapshots: Snapshots | None = None,
        snapshot_every: int = limits.SNAPSHOT_EVERY_ENTRIES,
        keep_ms: int = limits.FORGET_AFTER_MS,
        seals: Sequence[SealKey] = (),
        one_way: frozenset[str] = frozenset(),
    ) -> None:
        kind: ClockKind = clock.kind
        self.card = card
        self.clock = clock
        self._luck = luck
        self._journal = journal
        self._signer = signer
        self._bearer = bearer
        self.sequencer = Sequencer(
            journal=journal,
            fresh=lambda: State(card, table, kind, keep_ms=keep_ms),
            signer=signer,
            clock=clock,
            luck=luck,
            snapshots=snapshots,
        )
        self._snapshots = snapshots
        self._keeper = Keeper(snapshots, self.sequencer, every=snapshot_every) if snapshots else None
        self.audit: Audit | None = None
        self._store = StatementStore(journal)
        self.service = PeerService(
            sequencer=self.sequencer,
            signer=signer,
            clock=clock,
            store=self._store,
            wake=self._spoke,
            heard=self._heartbeat,
        )
        self.parcels = Parcels(
            sequencer=self.sequencer,
            service=self.service,
            signer=signer,
            store=self._store,
            clock=clock,
            luck=luck,
            seals=seals,
            one_way=one_way,
        )
        self._watch = Watch(self.sequencer, clock)
        self.links: dict[Fingerprint, Link] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.on_link_change: Callable[[], None] = lambda: None
        self._failed: asyncio.Future[None] | None = None

    async def start(self, pins: Sequence[str], software: str) -> int:
        """Load the journal, note the start, pin peers, begin to carry.  Returns how many entries were loaded."""
        loaded = await self.sequencer.load()
        anchor = await self.sequencer.read(lambda state: state.anchor)
        if anchor is not None:
            self.clock.anchor(anchor.real_ms, anchor.shown_ms, anchor.rate_permille)
        for listener in (self._store.heard, self._watch.heard, self._heard):
            self.sequencer.listen(listener)
        self._failed = asyncio.get_running_loop().create_future()
        self._spawn(self.sequencer.run(), "sequencer")
        await self.sequencer.submit(Start(software=software))
        for card in pins:
            ruling = await self.sequencer.submit(PinPeer(card=card))
            if isinstance(ruling, Refusal):
                log.error("peer_not_pinned", reasons=[reason.text for reason in ruling.reasons])
        await self._open_links()
        self._spawn(self._watch.run(), "watch")
        if self._keeper is not None and self._snapshots is not None:
            self.audit = Audit(self._journal, self.sequencer, self.clock, self._snapshots.used)
            self._spawn(self.audit.run(), "audit")
            self.sequencer.listen(self._keeper.heard)
            self._spawn(self._keeper.run(), "snapshots")
        return loaded

    async def stop(self) -> None:
        """End the tasks and let go of the journal.  What was answered is durable; nothing waits to be written."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._keeper is not None:
            await self._keeper.last()
        await self._journal.close()

    async def failed(self) -> None:
        """Returns never, or raises what ended one of the node's own tasks: then the process must end."""
        assert self._failed is not None, "started"
        await asyncio.shield(self._failed)

    async def pin(self, card: str) -> Outcome | Refusal:
        """Pin a peer, or its newer card, while running, and begin to carry."""
        ruling = await self.sequencer.submit(PinPeer(card=card))
        await self._open_links()
        return ruling

    async def would_release(self, by: ByDesk) -> tuple[Released, ...] | Refusal:
        """What a desk's command would let out now.  Nothing is written."""
        moment = Moment(self.clock.now_ms(), self._luck.message_id, self.clock.quality())
        return await self.sequencer.read(lambda state: would_release(state, by, moment, self._signer))

    async def desk(self, command: ByDesk) -> Outcome | Refusal:
        """A desk's command."""
        return await self.sequencer.submit(command)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled() or self._failed is None or self._failed.done():
            return
        error = task.exception() or RuntimeError(f"{task.get_name()} ended")
        log.error("task_ended", task=task.get_name(), error=repr(error))
        self._failed.set_exception(error)

    async def _open_links(self) -> None:
        for peer in await self.sequencer.read(lambda state: tuple(state.lines)):
            self._open_link(peer)

    def _open_link(self, peer: Fingerprint) -> None:
        if peer in self.links:
            return
        link = Link(
            peer,
            sequencer=self.sequencer,
            service=self.service,
            signer=self._signer,
            bearer=self._bearer,
            clock=self.clock,
            luck=self._luck,
            store=self._store,
            changed=lambda: self.on_link_change(),
        )
        self.links[peer] = link
        self._spawn(link.run(), f"link {peer[:8]}")

    def _wake(self, peer: Fingerprint, greet: bool) -> None:
        if peer in self.links:
            self.links[peer].wake(greet)

    def _spoke(self, peer: Fingerprint, greet: bool) -> None:
        if peer in self.links:
            self.links[peer].spoke(greet)

    def _heartbeat(self, peer: Fingerprint, bearer: HttpBearerKind) -> None:
        if peer in self.links:
            self.links[peer].heard(bearer)

    def _heard(self, changes: Sequence[Change]) -> None:
        for change in changes:
            event = change.event
            if isinstance(event, StatementSealed):
                self._wake(event.peer, False)
            elif isinstance(event, ClockAnchored):
                self.clock.anchor(event.real_ms, event.shown_ms, event.rate_permille)
            elif isinstance(event, PeerPinned):
                for peer in tuple(self.links):
                    self._wake(peer, True)
