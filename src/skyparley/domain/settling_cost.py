"""What a change takes from those who move: one number that ranks minutes, feet, miles and ground against each other.

Moved: a minute, a hundred feet and a third of a nautical mile count 1 each; a mile is what a formation that turns back
loses in three minutes.  Lost: a minute, a hundred feet and one per cent of the area count 2 each, since what is moved is
kept and what is lost is gone.  What moves counts once for a notice, by the volume that moves furthest; what is lost counts
for each volume.
"""

import math
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from skyparley.base.times import MINUTE
from skyparley.base.units import METRES_PER_NM
from skyparley.domain.settling_spans import feet, thickness_ft
from skyparley.geometry.areas import area_m2
from skyparley.geometry.rings import EARTH_RADIUS_M, angle
from skyparley.geometry.sphere import core
from skyparley.geometry.volumes import Volume

PER_NM: Final = 3
MOST_TAKEN: Final = 0.5
"""A way that takes more of a volume's time, band or area than this is drastic."""
FAR_M: Final = 30 * METRES_PER_NM
"""So is one that moves an area further than this and than its own size: it would be another area."""
SAME_AREA: Final = 0.002
"""Areas of one shape at two places differ by less: vertices are rounded, and some areas are bounds."""

Kind: TypeAlias = Literal["VERT", "LAT", "TIME", "MIX"]
Volumes: TypeAlias = Sequence[Volume]


class VolumeCost(NamedTuple):
    """What a change takes from one volume, in the units of the total; and the largest share that it takes."""

    moved_time: int
    moved_levels: int
    moved_area: int
    lost: int
    share: float

    @property
    def total(self) -> int:
        return self.moved_time + self.moved_levels + self.moved_area + 2 * self.lost


def volume_cost(old: Volume, new: Volume) -> VolumeCost:
    """Deterministic; all 0 for a volume that is left alone."""
    length_ms, band_ft = old.end_ms - old.start_ms, thickness_ft(old)
    lost_ms = length_ms - (new.end_ms - new.start_ms)
    up_ft, down_ft = feet(new.lower) - feet(old.lower), feet(old.upper) - feet(new.upper)
    lost_ft = up_ft + down_ft
    lost_area, moved_m = _area_taken(old, new)
    lost = -(-lost_ms // MINUTE) + -(-lost_ft // 100) + math.ceil(lost_area * 100)
    return VolumeCost(
        moved_time=0 if lost_ms else abs(new.start_ms - old.start_ms) // MINUTE,
        moved_levels=0 if lost_ft else abs(up_ft) // 100,
        moved_area=round(moved_m / METRES_PER_NM * PER_NM),
        lost=lost,
        share=max(lost_ms / length_ms, lost_ft / max(band_ft, 1), lost_area, _share_moved(old, moved_m)),
    )


def _area_taken(old: Volume, new: Volume) -> tuple[float, float]:
    """The share of the area that is lost, and the metres by which it is moved where none is."""
    if old.shape == new.shape:
        return 0.0, 0.0
    lost = 1 - area_m2(new.shape) / area_m2(old.shape)
    if lost > SAME_AREA:
        return lost, 0.0
    return 0.0, angle(core(old.shape).bound.centre, core(new.shape).bound.centre) * EARTH_RADIUS_M


def _share_moved(volume: Volume, moved_m: float) -> float:
    """How far a move takes an area away from itself, as the share that counts as drastic counts."""
    own = core(volume.shape)
    size_m = 2 * (own.bound.angle_rad * EARTH_RADIUS_M + own.radius_m)
    return moved_m / max(size_m, FAR_M) * MOST_TAKEN


def cost_of(before: Volumes, after: Volumes) -> int:
    """How much a change of one notice disturbs, by the rule of this file."""
    costs = [volume_cost(old, new) for old, new in zip(before, after, strict=True)]
    moved = (
        max(cost.moved_time for cost in costs)
        + max(cost.moved_levels for cost in costs)
        + max(cost.moved_area for cost in costs)
    )
    return moved + 2 * sum(cost.lost for cost in costs)


def drastic(before: Volumes, after: Volumes) -> bool:
    """Whether a change takes more than half of a volume's time, band or area, or moves it away altogether."""
    return any(volume_cost(old, new).share > MOST_TAKEN for old, new in zip(before, after, strict=True))


def kind_of_change(before: Volumes, after: Volumes) -> Kind:
    """Which separation a change uses: areas, levels or windows; several are MIX."""
    pairs = list(zip(before, after, strict=True))
    kinds: list[Kind] = []
    if any(old.shape != new.shape for old, new in pairs):
        kinds.append("LAT")
    if any((old.lower, old.upper) != (new.lower, new.upper) for old, new in pairs):
        kinds.append("VERT")
    if any((old.start_ms, old.end_ms) != (new.start_ms, new.end_ms) for old, new in pairs):
        kinds.append("TIME")
    return kinds[0] if len(kinds) == 1 else "MIX"
