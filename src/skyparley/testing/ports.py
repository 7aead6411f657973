"""Simulated clock and luck: the engine's ports over virtual time and one seed."""

import asyncio
import random
import uuid
from typing import Final

from skyparley.base.ids import b64url
from skyparley.domain.messages.codes import ClockKind, ClockQuality
from skyparley.testing.loop import SimLoop

START_MS: Final = 1_795_000_000_000
"""UTC at the beginning of every world: a day in November 2026."""


class SimClock:
    """A machine's clock that is wrong by `skew_ms`, over the time of the world."""

    kind: ClockKind = "REAL"

    def __init__(self, loop: SimLoop, skew_ms: int) -> None:
        self._loop = loop
        self.skew_ms = skew_ms

    def now_ms(self) -> int:
        return START_MS + round(self._loop.time() * 1000) + self.skew_ms

    def real_ms(self) -> int:
        return self.now_ms()

    def quality(self) -> ClockQuality:
        return "GOOD"

    def anchor(self, real_ms: int, shown_ms: int, rate_permille: int) -> None:
        raise AssertionError("only a SCALED clock is anchored")

    async def sleep_ms(self, ms: int) -> None:
        await asyncio.sleep(ms / 1000)

    def wait_ms(self, until_ms: int) -> int:
        return max(0, until_ms - self.now_ms())


class SimLuck:
    """Names drawn from the seed.  One for each life of a node, as a machine draws afresh."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def message_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def nonce(self) -> str:
        return b64url(self._random.randbytes(16))

    def jitter(self) -> float:
        return self._random.uniform(0.5, 1.0)
