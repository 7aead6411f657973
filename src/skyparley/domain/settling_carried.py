"""One volume cleared of all that is near it: one sort of change carried on, or the cheapest mixture of several.

Source: DOMAIN RES-02.
"""

import heapq
from collections.abc import Sequence
from typing import Final

from skyparley.domain.settling_areas import smaller
from skyparley.domain.settling_cost import volume_cost
from skyparley.domain.settling_parts import Mover, Place
from skyparley.domain.settling_spans import LEVEL_CHANGES, TIME_CHANGES, Change
from skyparley.geometry.volumes import Volume

ROUNDS: Final = 64
"""How often one volume is carried on past the next obstacle before that way is given up."""
LOOKED_AT: Final = 24
"""Mixtures of one volume that are carried on, the cheapest first, before the search is given up."""


def cleared(place: Place, changes: Sequence[Change], mover: Mover) -> Volume | None:
    """The cheapest of some changes, each carried on until nothing near is met; the volume itself where nothing is."""
    if not place.met(place.volume):
        return place.volume
    found = [way for way in (_carried_on(place, change, mover) for change in changes) if way is not None]
    return min(found, key=lambda way: volume_cost(place.volume, way).total, default=None)


def _carried_on(place: Place, change: Change, mover: Mover) -> Volume | None:
    volume: Volume | None = place.volume
    for _ in range(ROUNDS):
        assert volume is not None, "a way that failed was left"
        met = place.met(volume)
        if not met:
            return volume
        volume = change(volume, met, mover)
        if volume is None:
            return None
    return None


def best_mix(place: Place, mover: Mover) -> Volume | None:
    """The cheapest mixture of changes of one volume, each the least that clears one thing it meets; itself where nothing is met.

    Separation needs one dimension for each pair, so another volume may be cleared by time, the next by level.  None where
    LOOKED_AT mixtures, from the cheapest on, were carried on in vain.
    """
    waiting, seen = [(0, 0, place.volume)], {place.volume}
    for _ in range(LOOKED_AT):
        if not waiting:
            return None
        _, _, volume = heapq.heappop(waiting)
        met = place.met(volume)
        if not met:
            return volume
        for change in (*LEVEL_CHANGES, *TIME_CHANGES, smaller):
            made = change(volume, met[:1], mover)
            if made is not None and made not in seen:
                seen.add(made)
                heapq.heappush(waiting, (volume_cost(place.volume, made).total, len(seen), made))
    return None
