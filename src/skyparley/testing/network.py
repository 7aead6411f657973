"""Simulated bearers: requests and answers that are lost, repeated, late, or cut off; and that arrive after a crash.

A request that left goes its way whatever becomes of its sender; an answer may be lost after the effect happened.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from skyparley.base import limits
from skyparley.base.errors import Fault, PeerFault
from skyparley.domain.messages.codes import HttpBearerKind
from skyparley.engine.ports import Carried
from skyparley.engine.reading import Unusable
from skyparley.engine.ways import Stale

LATEST_S: Final = 6.0
"""Nothing is under way longer than this, repetitions included: who restores a backup takes longer."""


class End(Protocol):
    """Who is reached at an address.  `kind`: push, hello, heartbeat or catch_up; `payload`: what travels."""

    async def serve(self, kind: str, payload: Any, bearer: HttpBearerKind = "http") -> Any:
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
        """Directions (from, to) in which nothing arrives, by no bearer."""
        self.dead: set[tuple[str, str, str]] = set()
        """(asker, asked, bearer): neither what is asked arrives by that bearer of the asked, nor the answer."""
        self.ends: dict[str, End] = {}
        """By the first address of each party."""
        self.addresses: dict[str, tuple[str, HttpBearerKind]] = {}
        """Every other address: the first address of its party, and which bearer this one is."""
        self.heard_hellos: list[tuple[str, str]] = []
        """(to, text) of HELLOs that arrived: a stranger on the way can say them again."""
        self._under_way: set[asyncio.Task[None]] = set()

    def cut(self, src: str, dst: str, bearer: HttpBearerKind) -> None:
        """One bearer of `dst` dies for `src`.  Both are first addresses; `dst` may still ask `src`."""
        self.dead.add((src, dst, bearer))

    def mend(self, src: str, dst: str, bearer: HttpBearerKind) -> None:
        """It works again."""
        self.dead.discard((src, dst, bearer))

    async def ask(self, src: str, url: str, kind: str, payload: Any) -> Any:
        """Carry a request and bring back the answer.  Raises PeerFault, or Stale as the bearer does."""
        dst, bearer = self.addresses.get(url, (url, "http"))
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._spawn(self._travel(src, dst, bearer, (kind, payload), answer))
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
        self.dead.clear()
        self.loss = 0.0
        self.slowest_s = 0.02

    async def _travel(
        self, src: str, dst: str, bearer: HttpBearerKind, said: tuple[str, Any], answer: "asyncio.Future[Any]"
    ) -> None:
        kind, payload = said
        if not await self._arrives(src, dst) or (src, dst, bearer) in self.dead:
            return
        if self.rough and self._rng.random() < 0.03:
            self._spawn(self._again(dst, kind, payload))
        if kind == "hello":
            self.heard_hellos = [*self.heard_hellos[-9:], (dst, payload)]
        value = await self._serve(dst, kind, payload, bearer)
        back = await self._arrives(dst, src) and (src, dst, bearer) not in self.dead
        if back and not answer.done():
            answer.set_result(value)

    async def _serve(self, dst: str, kind: str, payload: Any, bearer: HttpBearerKind) -> Any:
        self._note(f"to {dst} {kind} by {bearer}")
        try:
            return await self.ends[dst].serve(kind, payload, bearer)
        except Fault as fault:
            return fault

    async def _again(self, dst: str, kind: str, payload: Any) -> None:
        await asyncio.sleep(self._rng.uniform(0, LATEST_S / 2))
        await self._serve(dst, kind, payload, "http")

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

    async def push(self, url: str, statements: Sequence[str], bearer: HttpBearerKind) -> list[Carried]:
        self._left(self._net.addresses.get(url, (url, bearer))[0], statements)
        pushed = await self._net.ask(self._name, url, "push", tuple(statements))
        return [(one.hash, one.result, one.receipt) for one in pushed.results]

    async def hello(self, url: str, request: str) -> str:
        return str(await self._net.ask(self._name, url, "hello", request))

    async def heartbeat(self, url: str, request: str) -> str:
        return str(await self._net.ask(self._name, url, "heartbeat", request))

    async def catch_up(self, url: str, request: str) -> list[str]:
        return list(await self._net.ask(self._name, url, "catch_up", request))


def _as_bearer(fault: Fault) -> Fault:
    """What the HTTP bearer makes of a door's error."""
    if isinstance(fault, Unusable) and fault.code == "STALE" and "time" in fault.extra:
        return Stale(fault.extra["time"])
    return PeerFault(f"{fault.code}: {fault}")
