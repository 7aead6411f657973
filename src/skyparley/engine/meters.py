"""Counts of what peers do too often, told to the sequencer at steps: 1, 10, 100 and so on, so that a flood is one alarm."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

import structlog

from skyparley.base import limits
from skyparley.base.errors import Fault
from skyparley.base.ids import Fingerprint
from skyparley.domain.commands import NoteMisuse
from skyparley.domain.misuse import is_step
from skyparley.engine.ports import Clock
from skyparley.engine.sequencer import Sequencer

log = structlog.get_logger("skyparley.meters")

FROM: Final[Mapping[str, int]] = {
    "PEER_FLOOD": limits.DEFERRALS_UNTOLD,
    "REPLAYED": limits.REPLAYS_UNTOLD,
    "LIFE_FLOOD": 1,
    "FORK": 10,
    "BROKEN": 10,
}
"""From which count on each is told: what honest peers do now and then is not, and of a fork the evidence tells the first."""


class Meters:
    """One for the node.  A count begins anew when nothing was added for an episode."""

    def __init__(self, sequencer: Sequencer, clock: Clock) -> None:
        self._sequencer = sequencer
        self._clock = clock
        self._counts: OrderedDict[tuple[Fingerprint, str], tuple[int, int]] = OrderedDict()

    async def add(self, peer: Fingerprint, what: str, count: int = 1) -> None:
        """So many more.  Where that reaches a step it is told; a node that cannot write has more urgent troubles."""
        now = self._clock.real_ms()
        before, last = self._counts.pop((peer, what), (0, now))
        before = before if now - last <= limits.ALARM_EPISODE_MS else 0
        after = before + count
        self._counts[(peer, what)] = (after, now)
        while len(self._counts) > limits.MISUSE_PEERS_KEPT:
            self._counts.popitem(last=False)
        step = _last_step(after)
        if count and step > before and step >= FROM[what]:
            try:
                await self._sequencer.submit(NoteMisuse(peer=peer, what=what, count=after))
            except Fault as fault:
                log.warning("misuse_not_noted", peer=peer[:8], what=what, code=fault.code)


def _last_step(count: int) -> int:
    """The highest step up to a count."""
    step = 10 ** (len(str(count)) - 1) if count else 0
    assert step == 0 or is_step(step), "a power of ten"
    return step
