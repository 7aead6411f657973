"""What one peer, and one network address that claims to be it, may use of this node.  Transport time.

Life-safety statements have a share of their own: a flood of others never defers one, and a flood of them defers nothing else.
"""

import asyncio
from collections import OrderedDict

from skyparley.base import limits
from skyparley.base.ids import Fingerprint
from skyparley.engine.reading import Unusable


class Bucket:
    """So many at once, refilled at so many a second."""

    def __init__(self, per_s: int, burst: int, now_ms: int) -> None:
        self._per_s, self._burst = per_s, burst
        self._held = float(burst)
        self._at = now_ms

    def has(self, count: int, now_ms: int) -> bool:
        """Whether so many could be taken now."""
        passed_s = max(0, now_ms - self._at) / 1000
        self._at = now_ms
        self._held = min(self._burst, self._held + passed_s * self._per_s)
        return self._held >= count

    def take(self, count: int, now_ms: int) -> bool:
        """All or none."""
        if not self.has(count, now_ms):
            return False
        self._held -= count
        return True

    def give_back(self, count: int) -> None:
        self._held = min(self._burst, self._held + count)


class Share:
    """What one peer may use, the nonces that it used, and its turns at the sequencer."""

    def __init__(self, now_ms: int) -> None:
        self.nonces: OrderedDict[str, int] = OrderedDict()
        self.requests = Bucket(limits.PEER_REQUESTS_PER_S, limits.PEER_REQUESTS_BURST, now_ms)
        self.statements = Bucket(limits.PEER_STATEMENTS_PER_S, limits.PEER_STATEMENTS_BURST, now_ms)
        self.life = Bucket(limits.PEER_LIFE_PER_S, limits.PEER_LIFE_BURST, now_ms)
        self.turns = asyncio.Semaphore(limits.PEER_AT_ONCE)
        self.life_turns = asyncio.Semaphore(limits.PEER_AT_ONCE)

    def take_request(self, now_ms: int) -> None:
        """Raises Unusable DEFERRED where the share of requests is used up."""
        if not self.requests.take(1, now_ms):
            raise deferred("requests")

    def turn(self, life: bool) -> asyncio.Semaphore:
        """A statement waits for those of its kind before it: hundreds of one peer never stand before another's."""
        return self.life_turns if life else self.turns


class Sources:
    """What a network address may use in the name of a peer before anything is known to be signed by it.

    Keyed by both: a stranger uses up neither the peer's own share nor, from its own address, what the peer calls from.
    What turns out to be signed and new is given back, so that an honest peer never meets this limit.
    """

    def __init__(self) -> None:
        self._buckets: OrderedDict[tuple[str, Fingerprint], Bucket] = OrderedDict()

    def take(self, source: str, peer: Fingerprint, count: int, now_ms: int) -> Bucket:
        """Raises Unusable DEFERRED."""
        key = (source, peer)
        bucket = self._buckets.pop(key, None) or Bucket(limits.SOURCE_TEXTS_PER_S, limits.SOURCE_TEXTS_BURST, now_ms)
        self._buckets[key] = bucket
        while len(self._buckets) > limits.SOURCES_KEPT:
            self._buckets.popitem(last=False)
        if not bucket.take(count, now_ms):
            raise deferred("texts that are not signed or known already")
        return bucket


def deferred(what: str) -> Unusable:
    """Over a share: nothing is lost, the sender asks again."""
    return Unusable("DEFERRED", f"over your share of {what}; retry", {"retry_after_ms": 1_000})
