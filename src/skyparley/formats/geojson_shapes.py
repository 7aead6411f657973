"""GeoJSON geometries become shapes.  Axes there: longitude first.  Edges are read as geodesics.  Source: RFC 7946 3.1."""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, NamedTuple

from skyparley.formats.gathering import BadFeature
from skyparley.formats.texts import Twice, shown
from skyparley.geometry.problem import Problem
from skyparley.geometry.shapes import Circle, Corridor, Point, Polygon, Shape

_DEEPEST: Final = 8  # collections within collections; nobody means more
TYPES: Final = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")
ELEVATION_NOTE: Final = "the heights in the coordinates are not used; levels are said by the properties"
WRAPPED_NOTE: Final = "longitudes beyond 180 are read as the same places within -180 to 180"
SHORT_WAY_NOTE: Final = "an edge over more than 180 degrees of longitude is read the short way, over the antimeridian"


class Widths(NamedTuple):
    """Metres around points and along lines; None where the feature says none."""

    radius_m: float | None = None
    half_width_m: float | None = None


class Drawn(NamedTuple):
    """A shape, and the geometry object that it was read from (which may say more, as ED-318 does)."""

    shape: Shape
    source: dict[str, Any]


def simple_geometries(geometry: object, *, depth: int = 0) -> Iterator[dict[str, Any]]:
    """The geometry, or those in the collection, each an object with a known type.  Raises BadFeature."""
    if geometry is None:
        raise _bad("NO_GEOMETRY", 'the feature has no geometry ("geometry" is missing or null)')
    if not isinstance(geometry, dict) or isinstance(geometry, Twice):
        raise _bad("GEOMETRY_UNREADABLE", f"the geometry is not one GeoJSON object: {shown(geometry)}")
    kind = geometry.get("type")
    if kind not in TYPES:
        raise _bad("GEOMETRY_TYPE", f"{shown(kind)} is not a type of geometry; GeoJSON has {', '.join(TYPES)}")
    if kind != "GeometryCollection":
        yield geometry
        return
    members = geometry.get("geometries")
    if not isinstance(members, list) or not members:
        raise _bad("GEOMETRY_EMPTY", "the GeometryCollection holds no geometries")
    if depth >= _DEEPEST:
        raise _bad("GEOMETRY_NESTED", f"collections are nested more than {_DEEPEST} deep")
    for member in members:
        yield from simple_geometries(member, depth=depth + 1)


def drawn(geometry: dict[str, Any], widths: Widths, notes: dict[str, None]) -> list[Drawn]:
    """The shapes of one simple geometry.  Adds to `notes` what was read otherwise than written.  Raises BadFeature."""
    kind, coordinates = geometry["type"], geometry.get("coordinates")
    if not isinstance(coordinates, list) or not coordinates:
        raise _bad("GEOMETRY_EMPTY", f"the {kind} has no coordinates")
    parts = [coordinates] if not kind.startswith("Multi") else coordinates
    match kind.removeprefix("Multi"):
        case "Point":
            return [Drawn(_circle(part, widths.radius_m, notes), geometry) for part in parts]
        case "LineString":
            return [Drawn(_corridor(part, widths.half_width_m, notes), geometry) for part in parts]
        case _:
            return [Drawn(_polygon(part, notes), geometry) for part in parts]


def _circle(position: object, radius_m: float | None, notes: dict[str, None]) -> Circle:
    if radius_m is None:
        text = "a Point is an area only with a radius; write radius_nm, radius_km or radius_m"
        raise _bad("RADIUS_MISSING", text)
    return Circle(*_point(position, notes), radius_m)


def _corridor(positions: object, half_width_m: float | None, notes: dict[str, None]) -> Corridor:
    if half_width_m is None:
        text = "a LineString is an area only with a width; write half_width_nm, half_width_km or half_width_m"
        raise _bad("WIDTH_MISSING", text)
    line = _points(positions, notes)
    _look_for_long_edges(line, notes)
    return Corridor(line, half_width_m)


def _polygon(rings: object, notes: dict[str, None]) -> Polygon:
    if not isinstance(rings, list) or not rings:
        raise _bad("GEOMETRY_EMPTY", "a Polygon has no rings")
    read = [_points(ring, notes) for ring in rings]
    for ring in read:
        _look_for_long_edges(ring, notes)
    return Polygon(read[0], tuple(read[1:]))


def _points(positions: object, notes: dict[str, None]) -> tuple[Point, ...]:
    if not isinstance(positions, list):
        raise _bad("COORDINATES", f"{shown(positions)} is not a list of positions [longitude, latitude]")
    return tuple([_point(position, notes) for position in positions])


def _point(position: object, notes: dict[str, None]) -> Point:
    """(lat, lon) of a position [lon, lat, ...]."""
    if not isinstance(position, list) or len(position) < 2:
        raise _bad("COORDINATES", f"{shown(position)} is not a position; write [longitude, latitude] in degrees")
    lon, lat = _number(position[0], position), _number(position[1], position)
    if len(position) > 2:
        notes.setdefault(ELEVATION_NOTE)
    if abs(lat) > 90:
        swapped = abs(lon) <= 90 and abs(lat) <= 180
        hint = "are they swapped?  GeoJSON writes longitude first" if swapped else "GeoJSON writes longitude first"
        raise _bad("LATITUDE_RANGE", f"{shown(position)}: latitude {lat} is outside -90 to 90; {hint}")
    if abs(lon) > 180:
        if abs(lon) > 360:
            raise _bad("LONGITUDE_RANGE", f"{shown(position)}: longitude {lon} is outside -180 to 180")
        notes.setdefault(WRAPPED_NOTE)
        lon -= math.copysign(360, lon)
    return (lat, lon)


def _number(value: object, position: object) -> float:
    if isinstance(value, float | int) and not isinstance(value, bool) and abs(value) <= 1e6:
        return float(value)
    text = f"{shown(position)}: {shown(value)} is not a number of degrees"
    raise _bad("COORDINATES", text)


def _look_for_long_edges(points: tuple[Point, ...], notes: dict[str, None]) -> None:
    if SHORT_WAY_NOTE in notes or not points:
        return
    lons = [lon for _, lon in points]
    if max(lons) - min(lons) > 180 and any(180 < abs(a - b) < 360 for a, b in pairwise(lons)):
        notes.setdefault(SHORT_WAY_NOTE)


def _bad(code: str, text: str) -> BadFeature:
    return BadFeature(Problem(code, text))
