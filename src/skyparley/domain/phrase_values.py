"""What statements hold, as it stands in slots of phrases: areas, levels and periods of volumes, in ASCII to be read aloud.

No area is said smaller than it is: lengths that make it wide are rounded up, those that make it hollow down.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from skyparley.base import limits
from skyparley.base.units import MDEG_PER_DEGREE, METRES_PER_NM
from skyparley.domain.messages.slots import (
    ArcSlot,
    CircleSlot,
    CorridorSlot,
    LevelSlot,
    LineSlot,
    OrbitSlot,
    PolygonSlot,
    ShapeSlot,
    VolumeSlot,
)
from skyparley.domain.volumes import level_of
from skyparley.geometry.levels import Ref
from skyparley.language.values import (
    band_value,
    corners_value,
    level_value,
    period_value,
    position_value,
)

UNCHANGED: Final = "UNCHANGED"
NOT_STATED: Final = "NOT STATED"
_ROOM: Final = limits.SLOT_CHARS // 2
"""What one side may take of a slot that holds two."""


def shape_value(shape: ShapeSlot) -> str:
    """One area: `36.0200N 036.5500E RADIUS 20.0 NM`."""
    match shape:
        case CircleSlot():
            return f"{position_value(shape.centre)} RADIUS {wide_value(shape.radius_m)}"
        case PolygonSlot():
            holes = len(shape.rings) - 1
            less = f" WITHOUT {holes} {'HOLE' if holes == 1 else 'HOLES'}" if holes else ""
            return corners_value(shape.rings[0]) + less
        case CorridorSlot():
            return f"{corners_value(shape.line)}, {wide_value(shape.half_width_m)} EACH SIDE"
        case LineSlot():
            return f"{corners_value(shape.line)}, {wide_value(shape.buffer_m)} EACH SIDE"
        case OrbitSlot():
            leg = f"{position_value(shape.start)} - {position_value(shape.end)}"
            return f"ORBIT {shape.side} {leg} RADIUS {wide_value(shape.radius_m)}"
        case ArcSlot():
            radii = f"{shape.inner_m * 10 // METRES_PER_NM / 10:.1f}-{wide_value(shape.outer_m)}"
            first, last = shape.from_mdeg // MDEG_PER_DEGREE, -(-shape.to_mdeg // MDEG_PER_DEGREE)
            return f"{position_value(shape.centre)} FROM {radii}, BEARING {first:03d}-{last:03d}"


def wide_value(metres: int) -> str:
    """A length in NM, a tenth at most too long: `20.0 NM`."""
    return f"{-(-metres * 10 // METRES_PER_NM) / 10:.1f} NM"


def area_value(volumes: Sequence[VolumeSlot], *, room: int = limits.SLOT_CHARS) -> str:
    """The areas of a notice, each once; of more than there is room for only how many."""
    areas = list(dict.fromkeys(shape_value(volume.shape) for volume in volumes))
    text = " + ".join(areas)
    return text if len(text) <= room else f"AREAS AS IN THE NOTICE: {len(areas)}"


def areas_value(one: Sequence[VolumeSlot], other: Sequence[VolumeSlot]) -> str:
    """The areas of two notices in one slot."""
    return f"{area_value(one, room=_ROOM - 5)} AND {area_value(other, room=_ROOM - 5)}"


def lower_value(volumes: Sequence[VolumeSlot]) -> str:
    """The lowest level; one for each reference, since those cannot be compared: `FL150 / SFC`."""
    return _extremes((volume.lower for volume in volumes), highest=False)


def upper_value(volumes: Sequence[VolumeSlot]) -> str:
    """The highest level; one for each reference.  UNL is above all."""
    levels = [volume.upper for volume in volumes]
    if any(level_of(level).ref is Ref.UNL for level in levels):
        return Ref.UNL.value
    return _extremes(levels, highest=True)


def levels_value(volumes: Sequence[VolumeSlot]) -> str:
    """From the lowest level to the highest: `FL150-FL250`."""
    return band_value(lower_value(volumes), upper_value(volumes))


def slot_value(level: LevelSlot) -> str:
    """One level: `FL200`, `3000 FT AMSL`."""
    plain = level_of(level)
    return level_value(plain.ref.value, plain.ft)


def window(volumes: Sequence[VolumeSlot]) -> tuple[int, int]:
    """From the first start to the last end."""
    return min(volume.start for volume in volumes), max(volume.end for volume in volumes)


def times_value(volumes: Sequence[VolumeSlot]) -> str:
    """From the first start to the last end as one value."""
    return period_value(*window(volumes))


def _extremes(levels: Iterable[LevelSlot], *, highest: bool) -> str:
    found: dict[Ref, int] = {}
    for level in map(level_of, levels):
        ref = Ref.AGL if level.ref is Ref.SFC else level.ref
        ft = found.get(ref, level.ft)
        found[ref] = max(ft, level.ft) if highest else min(ft, level.ft)
    said = (("SFC", 0) if (ref, ft) == (Ref.AGL, 0) else (ref.value, ft) for ref, ft in sorted(found.items()))
    return " / ".join(level_value(ref, ft) for ref, ft in said)
