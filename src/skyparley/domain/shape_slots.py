"""From geometry to the wire: a shape and a volume as slots, rounded to the wire's whole numbers.  The way back is volumes.py.

Rounding moves a vertex by up to a centimetre and a length by up to half a metre, so what is rounded is judged again.
"""

from skyparley.base.units import degrees_to_e7
from skyparley.domain.messages.slots import CircleSlot, CorridorSlot, PolygonSlot, Position, ShapeSlot, VolumeSlot
from skyparley.domain.volumes import level_slot
from skyparley.geometry.shapes import Circle, Corridor, Point, Polygon, Shape
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
        case _:
            raise TypeError(f"a {type(shape).__name__} has no form on the wire yet")


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
