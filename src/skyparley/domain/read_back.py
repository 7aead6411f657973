"""Read-back: what of a statement people say back, and whether it is what was said.  A mismatch blocks the acknowledgment.

Source: DOMAIN NOT-08, 8 "Read-back"; line-v1 section 11.4.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from geographiclib.geodesic import Geodesic
from msgspec import UNSET

from skyparley.base.units import E7_PER_DEGREE
from skyparley.domain.messages.arrangement_slots import CrossingSlots
from skyparley.domain.messages.codes import READ_BACK_FIELDS, LeadClass, ReadBackField
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.matter_slots import (
    DistressSlots,
    IdentitySlots,
    InterferenceSlots,
    ReadBackValues,
    RelaySlots,
    StopSlots,
)
from skyparley.domain.messages.slots import (
    ArcSlot,
    CircleSlot,
    CorridorSlot,
    LevelSlot,
    LineSlot,
    NoticeSlots,
    OrbitSlot,
    PolygonSlot,
    ShapeSlot,
    Wire,
)
from skyparley.domain.table import Table


def required(envelope: Envelope, lead: LeadClass | None) -> bool:
    """Whether people read it back before they acknowledge: LIFE, and a notice that came LATE, where it holds data."""
    has_data = any(value is not UNSET for value in msgspec.structs.astuple(values_of(envelope.slots)))
    late = isinstance(envelope.slots, NoticeSlots) and lead == "LATE"
    return has_data and (envelope.cls == "LIFE" or late or envelope.type in BOUNDARY)


BOUNDARY: Final = frozenset({"XNG"})
"""Types about a line on the map: an error of place there is an incident."""


def values_of(slots: Wire) -> ReadBackValues:
    """What of a statement is read back: a point, levels, times; the first volume stands for a notice."""
    match slots:
        case NoticeSlots() | CrossingSlots():
            first = slots.volumes[0]
            return ReadBackValues(
                position=point_of(first.shape),
                lower=first.lower,
                upper=first.upper,
                start=min(volume.start for volume in slots.volumes),
                end=max(volume.end for volume in slots.volumes),
            )
        case StopSlots():
            return ReadBackValues(position=point_of(slots.area), start=slots.at)
        case DistressSlots():
            return ReadBackValues(position=_where(slots.position, slots.area), start=slots.at)
        case RelaySlots():
            inner = slots.stop if slots.stop is not UNSET else slots.distress
            assert inner is not UNSET, "a relay holds one of the two"
            return values_of(inner)
        case IdentitySlots():
            return ReadBackValues(position=slots.position, lower=slots.level, start=slots.at)
        case InterferenceSlots():
            return ReadBackValues(position=_where(slots.position, slots.area), lower=slots.level, start=slots.since)
    return ReadBackValues()


def _where(position: Any, area: Any) -> tuple[int, int]:
    return point_of(area) if position is UNSET else position


def point_of(shape: ShapeSlot) -> tuple[int, int]:
    """The one point of a shape that people read to each other: its centre, its start, or its first corner."""
    match shape:
        case CircleSlot() | ArcSlot():
            return shape.centre
        case PolygonSlot():
            return shape.rings[0][0]
        case CorridorSlot() | LineSlot():
            return shape.line[0]
        case OrbitSlot():
            return shape.start


def differing(table: Table, said: ReadBackValues, back: ReadBackValues) -> tuple[ReadBackField, ...]:
    """The fields that were read back otherwise than they were said, or not at all, in the order of the wire."""
    wrong = set(_differing(table, said, back))
    return tuple(field for field in READ_BACK_FIELDS if field in wrong)


def _differing(table: Table, said: ReadBackValues, back: ReadBackValues) -> Iterator[ReadBackField]:
    if said.position is not UNSET:
        if back.position is UNSET or apart_m(said.position, back.position) > table.read_back_lateral_m:
            yield "POSITION"
    for level, one, other in (("LOWER", said.lower, back.lower), ("UPPER", said.upper, back.upper)):
        if one is not UNSET and (other is UNSET or not _same_level(table, one, other)):
            yield level  # type: ignore[misc]
    for time, at, heard in (("START", said.start, back.start), ("END", said.end, back.end)):
        if at is not UNSET and (heard is UNSET or abs(at - heard) > table.read_back_time_ms):
            yield time  # type: ignore[misc]


def apart_m(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Metres between two positions in 1e-7 degrees, along the geodesic."""
    first, second = (tuple(part / E7_PER_DEGREE for part in position) for position in (one, other))
    return float(Geodesic.WGS84.Inverse(*first, *second)["s12"])


def _same_level(table: Table, one: LevelSlot, other: LevelSlot) -> bool:
    """Levels of two references are never the same: a reference that was misheard is an error of its own."""
    if type(one) is not type(other):
        return False
    feet = getattr(one, "ft", 0) - getattr(other, "ft", 0)
    return bool(abs(feet) <= table.read_back_vertical_ft)
