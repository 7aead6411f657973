"""The index over arrays and compiled kernels, for many thousands of volumes."""

from collections.abc import Callable, Hashable
from typing import Any, Final

import numpy as np

from skyparley.geometry.index_store import RAD_PER_M, Store
from skyparley.geometry.kernels_live import link, near, unlink
from skyparley.geometry.kernels_near import ASK, NO, decide
from skyparley.geometry.levels import LevelRules, vertical_gap_ft
from skyparley.geometry.rings import EARTH_RADIUS_M
from skyparley.geometry.volumes import ELLIPSOID_BOUND, Gaps, Separation, Verdict, Volume, judge
from skyparley.geometry.windows import time_gap_ms

GAPS_AT_LEAST: Final = 1_000  # fewer places of what was taken out are not worth making the arrays anew


class ArrayIndex:
    """What VolumeIndex says.  An entry is a place in the store; the place after the last holds what is asked about.

    What is taken out leaves a gap; when half of all places are gaps the store closes them.
    """

    def __init__(self) -> None:
        self._store = Store()
        self._place_of: dict[Hashable, int] = {}
        self._keys: list[Hashable] = []
        self._volumes: list[Volume | None] = []
        self._staged: Volume | None = None

    def __len__(self) -> int:
        return len(self._place_of)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._place_of

    def add(self, key: Hashable, volume: Volume) -> None:
        """Files a volume without problems under a key that is not taken."""
        place = len(self._keys)
        self._stage(volume)
        link(self._store.shapes, self._store.live, place, place + 1)
        self._place_of[key] = place
        self._keys.append(key)
        self._volumes.append(volume)
        self._staged = None

    def remove(self, key: Hashable) -> None:
        """Takes a volume out.  Raises KeyError if the key is not there."""
        place = self._place_of.pop(key)
        unlink(self._store.live, place)
        self._keys[place] = self._volumes[place] = None
        gaps = len(self._keys) - len(self._place_of)
        if gaps >= GAPS_AT_LEAST and gaps > len(self._place_of):
            self._close_gaps()

    def candidates(self, volume: Volume, sep: Separation) -> list[Hashable]:
        """The keys of all volumes that may conflict, in the order they were added."""
        return [self._keys[place] for place in self._near(volume, sep).tolist()]

    def conflicts(
        self, volume: Volume, sep: Separation, *, skip: Callable[[Hashable], bool] | None = None
    ) -> list[tuple[Hashable, Verdict]]:
        """The keys and verdicts of all volumes that conflict, without those whose keys are skipped."""
        places = self._near(volume, sep)
        if len(places) == 0:
            return []
        store, own = self._store, len(self._keys)
        pairs = np.empty((len(places), 2), np.int64)
        pairs[:, 0], pairs[:, 1] = own, places
        answers, radians = decide(store.shapes, store.radius_rad, sep.lateral_m * RAD_PER_M, pairs, True)
        radii_m = (store.radius_m[own] + store.radius_m[places]).tolist()
        found, rules = [], sep.level_rules
        for place, answer, angle_rad, both_m in zip(
            places.tolist(), answers.tolist(), radians.tolist(), radii_m, strict=True
        ):
            if answer == NO or (skip is not None and skip(self._keys[place])):
                continue
            other = self._volumes[place]
            assert other is not None, "what was taken out is not near"
            if answer == ASK or angle_rad < 0.0:
                verdict = judge(volume, other, sep)
            else:
                verdict = _verdict(volume, other, rules, (angle_rad * EARTH_RADIUS_M, both_m))
            if verdict.conflict:
                found.append((self._keys[place], verdict))
        return found

    def _near(self, volume: Volume, sep: Separation) -> Any:
        """Places [m] that times, levels and bounding caps do not keep apart from a volume, in order."""
        self._stage(volume)
        store, own = self._store, len(self._keys)
        reach_rad = float(store.reach[own]) + sep.lateral_m * RAD_PER_M
        required = (sep.time_ms, sep.vertical_ft, sep.reference_margin_ft, sep.highest_ground_ft, reach_rad)
        return near(store.shapes, store.live, own, own, required)

    def _stage(self, volume: Volume) -> None:
        # Who asks about a volume often files it next.
        if self._staged is not volume:
            self._staged = None
            self._store.stage(len(self._keys), volume)
            self._staged = volume

    def _close_gaps(self) -> None:
        kept = [place for place, volume in enumerate(self._volumes) if volume is not None]
        self._store.keep(np.array(kept, np.int64))
        self._keys = [self._keys[place] for place in kept]
        self._volumes = [self._volumes[place] for place in kept]
        self._place_of = {key: place for place, key in enumerate(self._keys)}
        self._staged = None


def _verdict(volume: Volume, other: Volume, rules: LevelRules, metres: tuple[float, float]) -> Verdict:
    """The verdict on a conflict, from the metres between the cores and the sum of the radii."""
    distance_m, radii_m = metres
    gaps = Gaps(
        max(0.0, distance_m - radii_m),
        vertical_gap_ft(volume.lower, volume.upper, other.lower, other.upper, rules),
        time_gap_ms(volume.start_ms, volume.end_ms, other.start_ms, other.end_ms),
    )
    return Verdict(True, gaps, distance_m * ELLIPSOID_BOUND)
