"""From geometry to the wire: a shape and a volume as slots, rounded to the wire's whole numbers.  The way back is volumes.py.

Rounding moves a vertex by up to a centimetre and a length by up to half a metre, so what is rounded is judged again.
"""

from skyparley.base.units import MDEG_PER_DEGREE, degrees_to_e7
from skyparley.domain.messages.slots import (
    ArcSlot,
    CircleSlot,
    CorridorSlot,
    LineSlot,
    OrbitSlot,
    PolygonSlot,
    Position,
    ShapeSlot,
    VolumeSlot,
)
from skyparley.domain.volumes import level_slot
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Point, Polygon, Shape
from skyparley.geometry.volumes import Volume


def shape_slot(shape: Shape) -> ShapeSlot:
    """A shape as it stands on the wire."""
    match shape:
        case Circle():
            return CircleSlot(centre=_position((shape.lat, shape.lon)), radius_m=round(shape.radius_m))
        case Polygon():
            return PolygonSlot(rings=tuple(tuple(map(_position, ring)) for ring in (shape.outer, *shape.holes)))
        case Corridor():
            return CorridorSlot(line=tuple(map(_position, shape.line)), half_width_m=round(shape.half_width_m))
        case Orbit():
            start, end = _position(shape.start), _position(shape.end)
            return OrbitSlot(start=start, end=end, radius_m=round(shape.radius_m), side=shape.side)
        case Line():
            return LineSlot(line=tuple(map(_position, shape.line)), buffer_m=round(shape.buffer_m))
        case Arc():
            return ArcSlot(
                centre=_position((shape.lat, shape.lon)),
                inner_m=round(shape.inner_m),
                outer_m=round(shape.outer_m),
                from_mdeg=round(shape.from_deg * MDEG_PER_DEGREE),
                to_mdeg=round(shape.to_deg * MDEG_PER_DEGREE),
            )


def volume_slot(volume: Volume) -> VolumeSlot:
    """A volume as it stands on the wire."""
    return VolumeSlot(
        shape=shape_slot(volume.shape),
        lower=level_slot(volume.lower),
        upper=level_slot(volume.upper),
        start=volume.start_ms,
        end=volume.end_ms,
    )


def _position(point: Point) -> Position:
    return degrees_to_e7(point[0]), degrees_to_e7(point[1])
