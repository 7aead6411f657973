"""The runner: each ring is tried at each hook that wants it, at once, again with back-off, and what became of it is kept.

Nothing of it can hold up the node: every hook has its own turns, every try its time, every hook so many rings that wait.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Literal

import msgspec
import structlog

from skyparley.adapters.hooks.hook import Hook, HookFault, told, wants
from skyparley.base import limits
from skyparley.base.errors import Fault
from skyparley.domain.commands import NoteHook
from skyparley.domain.events import AlarmRaised, Event, Rang
from skyparley.domain.rings import open_rings
from skyparley.domain.rings_kept import Ring, Tried
from skyparley.engine.ports import Clock, Luck
from skyparley.engine.sequencer import Change, Sequencer
from skyparley.state.projection import State
from skyparley.state.shown import party_name
from skyparley.state.views import HookView, hook_view

log = structlog.get_logger("skyparley.hooks")

RINGING: tuple[type[Event], ...] = (AlarmRaised, Rang)
"""Events that ring."""


class _Due(msgspec.Struct, frozen=True):
    """One ring for one hook, as it goes out, and how often it was tried before."""

    position: int
    at: int
    told: bytes
    attempts: int


class HookRunner:
    """One for the node.  Call `heard` for every durable change, and let `run` go on."""

    def __init__(self, hooks: Sequence[Hook], *, sequencer: Sequencer, clock: Clock, luck: Luck) -> None:
        self._bells = [_Bell(hook, sequencer, clock, luck) for hook in hooks]
        self._sequencer = sequencer
        self._clock = clock
        self._rang = asyncio.Event()
        self._rang.set()

    def heard(self, changes: Sequence[Change]) -> None:
        if any(isinstance(change.event, RINGING) for change in changes):
            self._rang.set()

    async def run(self) -> None:
        """Until cancelled.  It begins with what rang before this start and was neither heard nor given up."""
        try:
            while True:
                await self._rang.wait()
                self._rang.clear()
                try:
                    await self._look()
                except Fault as fault:  # The journal cannot be read: what is durable then rings when it can.
                    log.error("hooks_wait", code=fault.code, error=str(fault))
                    await self._clock.sleep_ms(limits.RETRY_FIRST_MS)
                    self._rang.set()
        finally:
            await asyncio.gather(*(bell.silence() for bell in self._bells))

    def shown(self, state: State, now: int) -> tuple[HookView, ...]:
        """How each hook is, for the desk."""
        hooks = [bell.hook for bell in self._bells]
        return tuple(hook_view(state, hook.name, partial(wants, hook), now) for hook in hooks)

    async def _look(self) -> None:
        now = self._clock.now_ms()
        for bell in self._bells:
            hook = bell.hook
            for due in await self._sequencer.read(partial(_due, hook=hook, now=now)):
                await bell.take(due)


def _due(state: State, hook: Hook, now: int) -> list[_Due]:
    return [
        _Due(
            ring.position,
            ring.at,
            told(ring, node=state.name, peer=_name(state, ring), details=hook.details),
            ring.tried.get(hook.name, Tried()).attempts,
        )
        for ring in open_rings(state.rings, hook.name, now)
        if wants(hook, ring)
    ]


def _name(state: State, ring: Ring) -> str:
    return party_name(state, ring.peer) if ring.peer else ""


class _Bell:
    """One hook and the rings that wait for it."""

    def __init__(self, hook: Hook, sequencer: Sequencer, clock: Clock, luck: Luck) -> None:
        self.hook = hook
        self._sequencer = sequencer
        self._clock = clock
        self._luck = luck
        self._turns = asyncio.Semaphore(limits.HOOK_AT_ONCE)
        self._waiting: dict[int, asyncio.Task[None]] = {}

    async def take(self, due: _Due) -> None:
        """Begin with a ring, unless it is seen to already.  Over the limit the oldest is given up for it."""
        if due.position in self._waiting:
            return
        if len(self._waiting) >= limits.HOOK_WAITING:
            oldest = next(iter(self._waiting))
            self._waiting.pop(oldest).cancel()
            await self._note(oldest, "GIVEN_UP", limits.HOOK_ATTEMPTS, f"{limits.HOOK_WAITING} newer rings wait")
        task = asyncio.get_running_loop().create_task(self._see_to(due), name=f"hook {self.hook.name}")
        self._waiting[due.position] = task
        task.add_done_callback(lambda ended: self._ended(due.position, ended))

    def _ended(self, position: int, task: "asyncio.Task[None]") -> None:
        if self._waiting.get(position) is task:
            del self._waiting[position]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("hook_broke", hook=self.hook.name, ring=position, error=repr(error))

    async def silence(self) -> None:
        """End every try; what was not heard rings again after the next start."""
        tasks = list(self._waiting.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _see_to(self, due: _Due) -> None:
        """Try until it worked, was tried often enough, or is too old to be of use."""
        wait_ms = limits.HOOK_RETRY_FIRST_MS
        for attempt in range(due.attempts + 1, limits.HOOK_ATTEMPTS + 1):
            async with self._turns:
                failed = await self._try(due)
            if not failed:
                await self._note(due.position, "OK", attempt, "")
                return
            old = self._clock.now_ms() - due.at >= limits.HOOK_AGAIN_MS
            if old or attempt == limits.HOOK_ATTEMPTS:
                await self._note(due.position, "GIVEN_UP", attempt, failed)
                return
            await self._note(due.position, "FAILED", attempt, failed)
            await self._clock.sleep_ms(round(wait_ms * self._luck.jitter()))
            wait_ms = min(2 * wait_ms, limits.HOOK_RETRY_LAST_MS)

    async def _try(self, due: _Due) -> str:
        """What failed; empty when it worked."""
        try:
            await self.hook.ring(due.told)
        except HookFault as fault:
            return str(fault)[: limits.HOOK_TEXT_CHARS]
        return ""

    async def _note(self, position: int, outcome: Literal["OK", "FAILED", "GIVEN_UP"], attempt: int, text: str) -> None:
        """Keep what a try came to.  If the process dies before this is durable the hook rings once more, never once less."""
        log.info("hook", hook=self.hook.name, ring=position, outcome=outcome, attempt=attempt, text=text)
        said = NoteHook(hook=self.hook.name, ring=position, outcome=outcome, attempt=attempt, text=text)
        try:
            await self._sequencer.submit(said)
        except Fault as fault:  # Ringing matters more than its record.
            log.error("hook_not_noted", hook=self.hook.name, code=fault.code, error=str(fault))
