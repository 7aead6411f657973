"""GeoJSON: a FeatureCollection, a Feature, or a bare geometry.  Source: RFC 7946."""

import re
from collections.abc import Iterator
from typing import Any, Final

from skyparley.formats.gathering import BadFeature, File, Said, Unread, judged, reading, unusable
from skyparley.formats.geojson_shapes import TYPES, drawn, simple_geometries
from skyparley.formats.properties import Members, Untold, told
from skyparley.formats.records import Reading
from skyparley.formats.texts import Twice, label, shown
from skyparley.geometry.problem import Problem
from skyparley.geometry.shapes import Circle, Corridor, Shape
from skyparley.geometry.volumes import Volume

FORMAT: Final = "GeoJSON"
_WGS84 = re.compile(
    r"(?:urn:(?:x-)?ogc:def:crs:)?(?:OGC:(?:[\d.]+)?:?CRS84h?|EPSG:(?:[\d.]+)?:?(?:4326|4979))|CRS84h?|WGS ?84",
    re.IGNORECASE,
)


def is_geojson(value: object) -> bool:
    """Whether a JSON value is meant to be GeoJSON: by its type member, or by features that look like some."""
    if not isinstance(value, dict):
        return False
    return value.get("type") in ("FeatureCollection", "Feature", *TYPES)


def read_geojson(name: str, party: str, value: dict[str, Any]) -> Reading:
    """A file's GeoJSON as plans.  `party` is whose plans are those that name none."""
    features = features_of(value)
    if features is None:
        return unusable(name, FORMAT, "FEATURES_UNREADABLE", 'the FeatureCollection has no list "features"')
    foreign = foreign_crs(value)
    if foreign:
        return unusable(name, FORMAT, "CRS_FOREIGN", foreign, features=len(features))
    if not features:
        return unusable(name, FORMAT, "FILE_EMPTY", "the FeatureCollection has no features")
    file = File(name, FORMAT, joins=True)
    return reading(file, _read(features, party))


def features_of(value: dict[str, Any]) -> list[Any] | None:
    """The features: those of the collection, the one feature, or one around a bare geometry.  None: no list."""
    if value.get("type") == "FeatureCollection":
        features = value.get("features")
        return features if isinstance(features, list) else None
    if value.get("type") == "Feature":
        return [value]
    return [{"type": "Feature", "geometry": value, "properties": {}}]


def foreign_crs(value: dict[str, Any]) -> str:
    """What is wrong with a `crs` member: "" where there is none, or it is WGS-84.  Source: RFC 7946 4."""
    crs = value.get("crs")
    if crs is None:
        return ""
    inner = crs.get("properties") if isinstance(crs, dict) else None
    name = inner.get("name") if isinstance(inner, dict) else crs
    if isinstance(name, str) and _WGS84.fullmatch(name.strip()):
        return ""
    return f"the coordinates are in {shown(name)}; convert them to WGS-84 longitude and latitude (CRS84, EPSG:4326)"


def _read(features: list[Any], party: str) -> Iterator[Said | Unread]:
    for number, feature in enumerate(features, 1):
        yield _feature(feature, f"feature {number}", party)


def _feature(feature: object, place: str, party: str) -> Said | Unread:
    if not isinstance(feature, dict):
        return Unread(place, "", party, (Problem("NOT_A_FEATURE", f"not a GeoJSON Feature: {shown(feature)}"),))
    members = Members(feature.get("properties"))
    members.problems.extend(_feature_problems(feature))
    found = told(feature, members, party)
    if isinstance(found, Untold):
        found.problems.extend(_geometry_problems(feature))
        return Unread(place, found.id, found.party, tuple(dict.fromkeys(found.problems)))
    notes = dict.fromkeys(found.notes)
    try:
        shapes = [
            one.shape
            for geometry in simple_geometries(feature.get("geometry"))
            for one in drawn(geometry, found.widths, notes)
        ]
    except BadFeature as error:
        return Unread(place, found.id, found.party, error.problems)
    volumes = tuple(Volume(shape, found.lower, found.upper, found.start_ms, found.end_ms) for shape in shapes)
    dropped = (*found.dropped, *_unused_lengths(members, shapes))
    return judged(Said(place, found.id, found.party, volumes, found.name, dropped, tuple(notes), names=found.names))


def _unused_lengths(members: Members, shapes: list[Shape]) -> Iterator[str]:
    """Radii without a point and widths without a line: the area does not have them, which the user must be told."""
    for length, used_by in (("radius", Circle), ("halfwidth", Corridor)):
        if not any(isinstance(shape, used_by) for shape in shapes):
            yield from (f"properties.{label(name)}" for name in members.spelt(length))


def _feature_problems(feature: dict[str, Any]) -> Iterator[Problem]:
    if isinstance(feature, Twice):
        yield Problem("NAME_TWICE", f"said twice in one object: {', '.join(map(shown, feature.names))}")
    if feature.get("type") != "Feature":
        yield Problem("NOT_A_FEATURE", f'"type" is {shown(feature.get("type"))} and should be "Feature"')
    if foreign := foreign_crs(feature):
        yield Problem("CRS_FOREIGN", foreign)


def _geometry_problems(feature: dict[str, Any]) -> tuple[Problem, ...]:
    """What is wrong with the geometry too, so that one look at the message is enough."""
    try:
        for _ in simple_geometries(feature.get("geometry")):
            pass
    except BadFeature as error:
        return error.problems
    return ()


def stem(name: str) -> str:
    """The file's name without its folder and its last extension: whose plans those are that name no party."""
    last = re.split(r"[/\\]", name)[-1]
    base = last.rsplit(".", 1)[0] if "." in last[1:] else last
    return label(base) or "file"
