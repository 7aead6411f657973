"""ED-269 zone files: UAS geographical zones as the member states have published them since 2020.

EUROCAE's text is not public.  Source: uas_standards `eurocae_ed269.py` (InterUSS), which states its members, and the
sample of the Swiss office that InterUSS tests with; both were read.  `uomDimensions` is the unit of the limits and of a
circle's radius.  Lists of zones stand under `UASZoneList` or `features`, or alone.
"""

from collections.abc import Iterator
from typing import Any, Final

from skyparley.formats.gathering import BadFeature, File, Said, Unread, judged, reading, unusable
from skyparley.formats.records import Reading
from skyparley.formats.texts import Twice, label, shown
from skyparley.formats.zones import Limits, areas, band, metres, name_of, windows
from skyparley.geometry.levels import Level
from skyparley.geometry.problem import Problem
from skyparley.geometry.shapes import Shape
from skyparley.geometry.volumes import Volume

FORMAT: Final = "ED-269"
_DAILY: Final = ("dailyPeriod", "schedule")
_HELD: Final = {"identifier", "name", "applicability", "geometry"}


def zones_of(value: object) -> list[Any] | None:
    """The zones of a JSON value; None if it is no ED-269 file."""
    if isinstance(value, dict):
        if isinstance(value.get("UASZoneList"), list):
            zones: list[Any] = value["UASZoneList"]
            return zones
        value = value.get("features")
    if isinstance(value, list) and any(map(_is_zone, value)):
        return value
    return None


def _is_zone(value: object) -> bool:
    """Whether a value is drawn as ED-269 draws: a list of geometries with a horizontal projection each."""
    geometry = value.get("geometry") if isinstance(value, dict) else None
    return isinstance(geometry, list) and any(
        isinstance(part, dict) and "horizontalProjection" in part for part in geometry
    )


def read_ed269(name: str, party: str, zones: list[Any]) -> Reading:
    """The zones of a file as airspace of one party."""
    if not zones:
        return unusable(name, FORMAT, "FILE_EMPTY", "the file lists no zones")
    return reading(File(name, FORMAT, joins=False), _read(zones, party))


def _read(zones: list[Any], party: str) -> Iterator[Said | Unread]:
    for number, zone in enumerate(zones, 1):
        place = f"zone {number}"
        if not isinstance(zone, dict) or isinstance(zone, Twice):
            text = f"not one zone with each member said once: {shown(zone)}"
            yield Unread(place, "", party, (Problem("NOT_A_ZONE", text),))
            continue
        try:
            yield judged(_zone(zone, place, party))
        except BadFeature as error:
            yield Unread(place, label(zone.get("identifier")), party, error.problems)


def _zone(zone: dict[str, Any], place: str, party: str) -> Said:
    notes: dict[str, None] = {}
    parts = zone.get("geometry")
    if isinstance(parts, dict):
        parts = [parts]
    if not isinstance(parts, list) or not parts:
        raise BadFeature(
            Problem("NO_GEOMETRY", 'the zone has no geometry (a list of "horizontalProjection" and limits)')
        )
    active = windows(zone.get("applicability"), _DAILY, notes)
    volumes = [
        Volume(shape, *levels, *window) for part in parts for shape, levels in _part(part, notes) for window in active
    ]
    return Said(
        place,
        label(zone.get("identifier")),
        party,
        tuple(volumes),
        name_of(zone.get("name")),
        tuple(label(member) for member, value in zone.items() if member not in _HELD and value is not None),
        tuple(notes),
        "AIRSPACE",
        tuple(member for member in ("identifier", "name") if zone.get(member)),
    )


def _part(part: object, notes: dict[str, None]) -> Iterator[tuple[Shape, tuple[Level, Level]]]:
    """The shapes of one geometry of a zone, each with the levels."""
    projection = part.get("horizontalProjection") if isinstance(part, dict) else None
    if not isinstance(part, dict) or not isinstance(projection, dict) or isinstance(part, Twice):
        raise BadFeature(Problem("NO_GEOMETRY", f"a geometry without one horizontalProjection: {shown(part)}"))
    unit = part.get("uomDimensions")
    limits = Limits(
        part.get("lowerLimit"),
        part.get("lowerVerticalReference"),
        part.get("upperLimit"),
        part.get("upperVerticalReference"),
        unit,
    )
    levels = band(limits, notes)
    for shape in _outline(projection, unit, notes):
        yield shape, levels


def _outline(projection: dict[str, Any], unit: object, notes: dict[str, None]) -> list[Shape]:
    kind = projection.get("type")
    if kind == "Circle":
        centre = projection.get("center", projection.get("centre"))
        radius_m = metres(projection.get("radius"), unit)
        return areas({"type": "Point", "coordinates": centre}, radius_m, notes)
    if kind not in ("Polygon", "MultiPolygon"):
        raise BadFeature(Problem("GEOMETRY_TYPE", f"{shown(kind)} is no area of ED-269; it has Polygon and Circle"))
    return areas(projection, None, notes)
