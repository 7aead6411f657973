"""Between wire volumes (whole numbers) and geometry (degrees, metres): conversion, checks, least sizes."""

from collections.abc import Sequence
from functools import lru_cache
from math import pi
from typing import Final

from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.errors import Reason
from skyparley.base.units import E7_PER_DEGREE, MDEG_PER_DEGREE, METRES_PER_NM
from skyparley.domain.messages.codes import NO_LEAST_SIZE_KINDS, NoticeKind
from skyparley.domain.messages.slots import (
    AglSlot,
    AmslSlot,
    ArcSlot,
    CircleSlot,
    CorridorSlot,
    FlSlot,
    LevelSlot,
    LineSlot,
    OrbitSlot,
    PolygonSlot,
    SfcSlot,
    ShapeSlot,
    UnlSlot,
    VolumeSlot,
    W84Slot,
)
from skyparley.domain.table import LeastSizes
from skyparley.geometry.areas import area_m2
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Polygon, Shape, contains_shape
from skyparley.geometry.validation import problems, vertices_needed
from skyparley.geometry.volumes import Volume, volume_problems

_LEVELS: Final[dict[type[LevelSlot], Ref]] = {
    FlSlot: Ref.FL,
    AmslSlot: Ref.AMSL,
    AglSlot: Ref.AGL,
    W84Slot: Ref.W84,
}
_SLOTS: Final = {ref: cls for cls, ref in _LEVELS.items()}


def _degrees(position: tuple[int, int]) -> tuple[float, float]:
    return position[0] / E7_PER_DEGREE, position[1] / E7_PER_DEGREE


def shape_of(slot: ShapeSlot) -> Shape:
    """A wire shape in degrees and metres."""
    match slot:
        case CircleSlot():
            return Circle(*_degrees(slot.centre), slot.radius_m)
        case PolygonSlot():
            rings = [tuple(_degrees(position) for position in ring) for ring in slot.rings]
            return Polygon(rings[0], tuple(rings[1:]))
        case CorridorSlot():
            return Corridor(tuple(_degrees(position) for position in slot.line), slot.half_width_m)
        case OrbitSlot():
            return Orbit(_degrees(slot.start), _degrees(slot.end), slot.radius_m, slot.side)
        case LineSlot():
            return Line(tuple(_degrees(position) for position in slot.line), slot.buffer_m)
        case ArcSlot():
            bearings = (slot.from_mdeg / MDEG_PER_DEGREE, slot.to_mdeg / MDEG_PER_DEGREE)
            return Arc(*_degrees(slot.centre), slot.inner_m, slot.outer_m, *bearings)


def level_of(slot: LevelSlot) -> Level:
    """A wire level."""
    if isinstance(slot, SfcSlot):
        return Level(Ref.SFC)
    if isinstance(slot, UnlSlot):
        return Level(Ref.UNL)
    return Level(_LEVELS[type(slot)], slot.ft)


def level_slot(level: Level) -> LevelSlot:
    """The wire form of a level."""
    if level.ref is Ref.SFC:
        return SfcSlot()
    if level.ref is Ref.UNL:
        return UnlSlot()
    return _SLOTS[level.ref](ft=level.ft)


@lru_cache(maxsize=65_536)
def volume_of(slot: VolumeSlot) -> Volume:
    """A wire volume for geometry.  Cached: the same volume is judged against many."""
    return Volume(shape_of(slot.shape), level_of(slot.lower), level_of(slot.upper), slot.start, slot.end)


def shape_reasons(slot: ShapeSlot, field: str = "area") -> list[Reason]:
    """Everything wrong with an area alone; empty when all is right.  Source: line-v1 5.2."""
    if len(canonical(slot)) > limits.NOTICE_BYTES:
        return [
            Reason("TOO_LARGE", f"the area takes more than {limits.NOTICE_BYTES} bytes; tell fewer vertices", field)
        ]
    return [Reason(problem.code, problem.text, field) for problem in problems(shape_of(slot))]


def geometry_reasons(volumes: Sequence[VolumeSlot]) -> list[Reason]:
    """Everything wrong with areas, levels and windows, volume by volume; empty when all is right.

    Size and cost are looked at first, since whatever passes is computed with.  Source: line-v1 5.2.
    """
    if len(canonical(volumes)) > limits.NOTICE_BYTES:
        text = f"the volumes take more than {limits.NOTICE_BYTES} bytes; tell fewer vertices, or two notices"
        return [Reason("TOO_LARGE", text, "volumes")]
    if sum(vertices_needed(volume_of(slot).shape) for slot in volumes) > limits.NOTICE_VERTICES:
        text = (
            f"more than {limits.NOTICE_VERTICES} vertices once long edges are split; tell shorter edges, or two notices"
        )
        return [Reason("TOO_MANY_VERTICES", text, "volumes")]
    reasons = [
        Reason(problem.code, f"volume {place + 1}: {problem.text}", f"volumes[{place}]")
        for place, slot in enumerate(volumes)
        for problem in volume_problems(volume_of(slot))
    ]
    if max(slot.end for slot in volumes) - min(slot.start for slot in volumes) > limits.NOTICE_SPAN_MS:
        reasons.append(Reason("PERIOD_TOO_LONG", "a notice spans at most 400 days", "volumes"))
    return reasons


def least_size_reasons(kind: NoticeKind, volumes: Sequence[VolumeSlot], least: LeastSizes) -> list[Reason]:
    """What is smaller than a notice may be (DIS-02): area and band of each volume, time of their union.

    Life and hazard notices are told as they are.  Assumes volumes without geometry problems.
    """
    if kind in NO_LEAST_SIZE_KINDS:
        return []
    least_m2 = pi * least.radius_m**2
    reasons = []
    for place, slot in enumerate(volumes):
        volume = volume_of(slot)
        where = f"volumes[{place}]"
        if area_m2(volume.shape) < least_m2 * 0.999:
            radius = f"{least.radius_m / METRES_PER_NM:.4g} NM ({least.radius_m} m) radius"
            text = f"volume {place + 1}: the area is smaller than a circle of {radius}; tell a larger one"
            reasons.append(Reason("AREA_TOO_SMALL", text, where))
        if _band_ft(slot) < least.band_ft:
            text = f"volume {place + 1}: the band is thinner than {least.band_ft} ft; tell a thicker one"
            reasons.append(Reason("BAND_TOO_THIN", text, where))
    if _union_ms(volumes) < least.duration_ms:
        text = f"the windows together are shorter than {least.duration_ms // 60_000} min; tell a longer time"
        reasons.append(Reason("PERIOD_TOO_SHORT", text, "volumes"))
    return reasons


def _band_ft(slot: VolumeSlot) -> int:
    """Thickness by the numbers as written: the surface is 0, unlimited is above everything."""
    if isinstance(slot.upper, UnlSlot):
        return 1_000_000
    return getattr(slot.upper, "ft", 0) - getattr(slot.lower, "ft", 0)


def _union_ms(volumes: Sequence[VolumeSlot]) -> int:
    total, reached = 0, -1
    for start, end in sorted((slot.start, slot.end) for slot in volumes):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total


def shrinks(before: Sequence[VolumeSlot], after: Sequence[VolumeSlot]) -> bool:
    """Whether every new volume lies within one of the old, as written.  Source: line-v1 5.6."""
    return all(any(_within(new, old) for old in before) for new in after)


def _within(new: VolumeSlot, old: VolumeSlot) -> bool:
    return (
        old.start <= new.start
        and new.end <= old.end
        and _not_below(new.lower, old.lower)
        and _not_below(old.upper, new.upper)
        and contains_shape(shape_of(old.shape), shape_of(new.shape))
    )


def _not_below(level: LevelSlot, other: LevelSlot) -> bool:
    """Levels compare only within one reference."""
    return type(level) is type(other) and getattr(level, "ft", 0) >= getattr(other, "ft", 0)


def changed_fields(before: Sequence[VolumeSlot], after: Sequence[VolumeSlot]) -> list[str]:
    """Which of AREA, LEVELS, PERIOD differ between two lists of volumes, in that order."""
    fields = {
        "AREA": [slot.shape for slot in before] != [slot.shape for slot in after],
        "LEVELS": [(slot.lower, slot.upper) for slot in before] != [(slot.lower, slot.upper) for slot in after],
        "PERIOD": [(slot.start, slot.end) for slot in before] != [(slot.start, slot.end) for slot in after],
    }
    return [name for name, differs in fields.items() if differs]
