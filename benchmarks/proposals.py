"""How long it takes to say what would settle a conflict, among 100,000 volumes of two parties.

    python benchmarks/proposals.py [volumes] [conflicts]

Volumes: half circles, half polygons of 4 to 12 vertices, 1 to 20 km, bands of 500 to 5,000 ft up to FL400, windows of 10 to
120 min over a day, 1000 x 1000 km; every second one is the other party's.  Conflicts are drawn at random; for each the best
eight ways of both sides are asked for, by the table of the military profile and with separations of zero.  What either side
conflicts with anyhow is left out, as in a node: that is another dialogue.
"""

import math
import random
import sys
import time
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from skyparley.base import limits
from skyparley.domain.settling import Mover, Near, settle
from skyparley.geometry.index import VolumeIndex
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Circle, Point, Polygon
from skyparley.geometry.volumes import Separation, Volume

Answer = TypeVar("Answer")

MINUTE_MS = 60_000
DAY_MS = 1_440 * MINUTE_MS
SOUTH, WEST, SIDE_KM = 45.0, 5.0, 1_000.0
TABLES = {
    "military table": Separation(18_520, 2_000, 600_000, 1_000, 10_000),
    "separations 0": Separation(0, 0, 0, 1_000, 10_000),
}


def some_volume(rng: random.Random) -> Volume:
    """One volume as the docstring says."""
    north_km, east_km, size_km = rng.uniform(0, SIDE_KM), rng.uniform(0, SIDE_KM), rng.uniform(1, 20)
    place = moved((SOUTH, WEST), north_km, east_km)
    shape = (
        Circle(*place, size_km * 500) if rng.random() < 0.5 else polygon(rng, place, size_km / 2, rng.randint(4, 12))
    )
    low, band = rng.randrange(0, 350) * 100, rng.randrange(5, 51) * 100
    start, length = rng.randrange(0, DAY_MS - 120 * MINUTE_MS), rng.randint(10, 120) * MINUTE_MS
    return Volume(shape, Level(Ref.FL, low), Level(Ref.FL, low + band), start, start + length)


def moved(place: Point, north_km: float, east_km: float) -> Point:
    lat = place[0] + north_km / 111.195
    return lat, place[1] + east_km / 111.195 / math.cos(math.radians(lat))


def polygon(rng: random.Random, place: Point, radius_km: float, count: int) -> Polygon:
    turns = [2 * math.pi * (corner + rng.uniform(0, 0.8)) / count for corner in range(count)]
    reaches = [radius_km * rng.uniform(0.5, 1) for _ in turns]
    return Polygon(
        tuple(
            moved(place, reach * math.cos(turn), reach * math.sin(turn))
            for turn, reach in zip(turns, reaches, strict=True)
        )
    )


class Around:
    """The other party's volumes in the index, less those left out."""

    def __init__(
        self, volumes: Sequence[Volume], index: VolumeIndex, table: Separation, mover: int, other: int
    ) -> None:
        self._volumes, self._index, self._table, self._mover = volumes, index, table, mover
        self._left_out: set[Hashable] = set()
        self._left_out = {key for key, _ in self._asked(volumes[mover])} - {other}

    def near(self, volumes: Sequence[Volume]) -> list[Near]:
        return [
            Near(given, self._volumes[key], self._table)
            for given, volume in enumerate(volumes)
            for key, _ in self._asked(volume)
            if isinstance(key, int)
        ]

    def _asked(self, volume: Volume) -> list[tuple[Hashable, object]]:
        return list(self._index.conflicts(volume, self._table, skip=self._skipped))

    def _skipped(self, key: Hashable) -> bool:
        assert isinstance(key, int), "keys are places in a list"
        return key % 2 == self._mover % 2 or key in self._left_out


def conflicts(volumes: Sequence[Volume], index: VolumeIndex, table: Separation, count: int) -> list[tuple[int, int]]:
    """So many conflicting pairs of the two parties, drawn at random."""
    rng, found = random.Random(7), []
    while len(found) < count:
        one = rng.randrange(len(volumes))
        others = [key for key, _ in index.conflicts(volumes[one], table) if isinstance(key, int) and key % 2 != one % 2]
        if others:
            found.append((one, rng.choice(others)))
    return found


def timed(work: Callable[[], Answer]) -> tuple[float, Answer]:
    """Milliseconds of this thread's processor time: the machine is shared, and waiting for it says nothing."""
    started = time.thread_time()
    answer = work()
    return (time.thread_time() - started) * 1_000, answer


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    rng = random.Random(1)
    volumes = [some_volume(rng) for _ in range(count)]
    index = VolumeIndex()
    for place, volume in enumerate(volumes):
        index.add(place, volume)
    print(
        f"| {count:,} volumes, {wanted} conflicts | p50 | p99 | most | one question to the index, p50 | ways shown | none found |\n|---|---|---|---|---|---|---|"
    )
    for name, table in TABLES.items():
        times, questions, shown, none = [], [], 0, 0
        for one, other in conflicts(volumes, index, table, wanted):
            sides = [
                (
                    Mover(name=f"{'AB'[place % 2]}-{place}", volumes=(volumes[place],)),
                    Around(volumes, index, table, place, against),
                )
                for place, against in ((one, other), (other, one))
            ]
            questions.append(timed(lambda one=one, table=table: index.conflicts(volumes[one], table))[0])  # type: ignore[misc]
            taken_ms, answer = timed(lambda sides=sides: settle(sides, limit=limits.PROPOSALS_SHOWN))  # type: ignore[misc]
            times.append(taken_ms)
            shown += len(answer)
            none += not answer
        times.sort()
        asked = sorted(questions)[len(questions) // 2]
        p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
        print(
            f"| {name} | {p50:.1f} ms | {p99:.1f} ms | {times[-1]:.1f} ms | {asked:.2f} ms | {shown / wanted:.1f} | {none} |"
        )


if __name__ == "__main__":
    main()
