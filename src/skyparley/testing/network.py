"""Simulated bearers: requests and answers that are lost, repeated, late, or cut off; and that arrive after a crash.

A request that left goes its way whatever becomes of its sender; an answer may be lost after the effect happened.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from skyparley.base import limits
from skyparley.base.errors import Fault, PeerFault
from skyparley.engine.link import Stale
from skyparley.engine.reading import Unusable

LATEST_S: Final = 6.0
"""Nothing is under way longer than this, repetitions included: who restores a backup takes longer."""


class End(Protocol):
    """Who is reached at an address.  `kind`: push, hello or catch_up; `payload`: what travels."""

    async def serve(self, kind: str, payload: Any) -> Any:
        """The answer.  Raises a Fault, as a door would answer with an error or not at all."""
        ...


class Net:
    """All ways between all parties.  While `rough`, everything can happen; else it carries at once."""

    def __init__(self, rng: random.Random, note: Callable[[str], None]) -> None:
        self._rng = rng
        self._note = note
        self.rough = True
        self.loss = 0.0
        self.slowest_s = 0.05
        self.cuts: set[tuple[str, str]] = set()
        """Directions (from, to) in which nothing arrives."""
        self.ends: dict[str, End] = {}
        self.heard_hellos: list[tuple[str, str]] = []
        """(to, text) of HELLOs that arrived: a stranger on the way can say them again."""
        self._under_way: set[asyncio.Task[None]] = set()

    async def ask(self, src: str, dst: str, kind: str, payload: Any) -> Any:
        """Carry a request and bring back the answer.  Raises PeerFault, or Stale as the bearer does."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._spawn(self._travel(src, dst, kind, payload, answer))
        done, _ = await asyncio.wait((answer,), timeout=limits.REQUEST_TIMEOUT_MS / 1000)
        if not done:
            answer.cancel()
            raise PeerFault(f"{dst}: no answer in time")
        value = answer.result()
        if isinstance(value, Fault):
            raise _as_bearer(value)
        return value

    async def repeat(self, dst: str, kind: str, payload: Any) -> None:
        """Say again what was said, by a stranger: nobody hears the answer."""
        self._spawn(self._again(dst, kind, payload))

    def calm(self) -> None:
        """From now on everything arrives."""
        self.rough = False
        self.cuts.clear()
        self.loss = 0.0
        self.slowest_s = 0.02

    async def _travel(self, src: str, dst: str, kind: str, payload: Any, answer: "asyncio.Future[Any]") -> None:
        if not await self._arrives(src, dst):
            return
        if self.rough and self._rng.random() < 0.03:
            self._spawn(self._again(dst, kind, payload))
        if kind == "hello":
            self.heard_hellos = [*self.heard_hellos[-9:], (dst, payload)]
        value = await self._serve(dst, kind, payload)
        if await self._arrives(dst, src) and not answer.done():
            answer.set_result(value)

    async def _serve(self, dst: str, kind: str, payload: Any) -> Any:
        self._note(f"to {dst} {kind}")
        try:
            return await self.ends[dst].serve(kind, payload)
        except Fault as fault:
            return fault

    async def _again(self, dst: str, kind: str, payload: Any) -> None:
        await asyncio.sleep(self._rng.uniform(0, LATEST_S / 2))
        await self._serve(dst, kind, payload)

    async def _arrives(self, src: str, dst: str) -> bool:
        """After its time on the way.  What is cut off on the way is lost too."""
        if self.rough and self._rng.random() < self.loss:
            return False
        await asyncio.sleep(self._rng.uniform(0.001, min(self.slowest_s, LATEST_S / 2)))
        return (src, dst) not in self.cuts

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        if not task.cancelled() and task.exception() is not None:
            raise task.exception()  # type: ignore[misc]


class SimBearer:
    """The bearer port of one party.  `left` hears every statement as it leaves."""

    def __init__(self, name: str, net: Net, left: Callable[[str, Sequence[str]], None]) -> None:
        self._name = name
        self._net = net
        self._left = left

    async def push(self, urls: Sequence[str], statements: Sequence[str]) -> list[tuple[str, str, str]]:
        self._left(urls[0], statements)
        pushed = await self._net.ask(self._name, urls[0], "push", tuple(statements))
        return [(one.hash, one.result, one.receipt) for one in pushed.results]

    async def hello(self, urls: Sequence[str], request: str) -> str:
        answer = await self._net.ask(self._name, urls[0], "hello", request)
        return str(answer)

    async def catch_up(self, urls: Sequence[str], request: str) -> list[str]:
        return list(await self._net.ask(self._name, urls[0], "catch_up", request))


def _as_bearer(fault: Fault) -> Fault:
    """What the HTTP bearer makes of a door's error."""
    if isinstance(fault, Unusable) and fault.code == "STALE" and "time" in fault.extra:
        return Stale(fault.extra["time"])
    return PeerFault(f"{fault.code}: {fault}")
