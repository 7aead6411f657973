"""The slow twin of what settling asks: everybody's volumes in a list, each pair judged, nothing indexed or remembered."""

from collections.abc import Sequence

from skyparley.domain.settling import Mover, Near, Settlement
from skyparley.domain.settling_parts import Surroundings
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Circle, Shape
from skyparley.geometry.volumes import Separation, Volume, judge, volume_problems

HOUR_MS = 3_600_000
TABLE = Separation(
    lateral_m=18_520, vertical_ft=2_000, time_ms=600_000, reference_margin_ft=1_000, highest_ground_ft=10_000
)
EDGE = Separation(lateral_m=0, vertical_ft=0, time_ms=0, reference_margin_ft=1_000, highest_ground_ft=10_000)


class Listed:
    """Obstacles with the separation of each one's own line."""

    def __init__(self, obstacles: Sequence[tuple[Volume, Separation]]) -> None:
        self.obstacles = list(obstacles)
        self.asked = 0

    def near(self, volumes: Sequence[Volume]) -> list[Near]:
        self.asked += 1
        return [
            Near(given, other, separation)
            for given, volume in enumerate(volumes)
            for other, separation in self.obstacles
            if judge(volume, other, separation).conflict
        ]


def fl(level: int) -> Level:
    return Level(Ref.FL, level * 100)


def volume(shape: Shape, levels: tuple[int, int] = (200, 240), hours: tuple[float, float] = (3.0, 4.0)) -> Volume:
    return Volume(shape, fl(levels[0]), fl(levels[1]), round(hours[0] * HOUR_MS), round(hours[1] * HOUR_MS))


def disc(east_nm: float, radius_nm: float, north_nm: float = 0.0) -> Circle:
    """A circle near 50 N 010 E, so many miles from there."""
    return Circle(50 + north_nm / 60, 10 + east_nm / 60 / 0.6427876, radius_nm * 1852)


def broken(sides: dict[str, tuple[Mover, Surroundings]], made: Settlement, separation: Separation) -> list[str]:
    """Every law that a settlement breaks, in words; each volume judged against each, the other mover as it will be."""
    found = []
    changed = dict(made.changes)
    for name, volumes in changed.items():
        mover, listed = sides[name]
        found += [f"{name}: {problem.text}" for new in volumes for problem in volume_problems(new)]
        others = [(sides[other][0].volumes, new) for other, new in changed.items() if other != name]
        for _, after in others:
            found += [f"{name} meets the other" for a in volumes for b in after if judge(a, b, separation).conflict]
        old = [one for before, _ in others for one in before]
        for near in listed.near(volumes):
            if near.volume not in old:
                found.append(f"{name} meets a third")
        found += [
            f"{name} starts too early"
            for one, new in zip(mover.volumes, volumes, strict=True)
            if new.start_ms < min(one.start_ms, mover.not_before)
        ]
    return found
