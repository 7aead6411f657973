"""ED-318 zone files: UAS geographical zones as GeoJSON, each geometry with a vertical layer of its own.

EUROCAE's text is not public.  Source: EUROCONTROL's "Specification for LayeredGeoJSON" (`layer`, `extent`), and public
models that cite ED-318 4.2.3 to 4.2.5 member by member; both were read.
"""

from collections.abc import Iterator
from typing import Any, Final

from skyparley.formats.gathering import BadFeature, File, Said, Unread, judged, reading, unusable
from skyparley.formats.geojson import features_of, foreign_crs
from skyparley.formats.geojson_shapes import simple_geometries
from skyparley.formats.records import Reading
from skyparley.formats.texts import Twice, label, shown
from skyparley.formats.zones import Limits, areas, band, metres, name_of, windows
from skyparley.geometry.problem import Problem
from skyparley.geometry.volumes import Volume

FORMAT: Final = "ED-318"
NO_LAYER_NOTE: Final = "it says no vertical limits and is taken from the surface to unlimited"
_ITS_OWN: Final = ("limitedApplicability", "zoneAuthority", "restrictionConditions")
_HELD: Final = {"identifier", "name", "limitedApplicability"}
_LAYER: Final = {
    "lower": ("lower", "lowerLimit"),
    "lower_ref": ("lowerReference", "lowerVerticalReference"),
    "upper": ("upper", "upperLimit"),
    "upper_ref": ("upperReference", "upperVerticalReference"),
    "unit": ("uom", "uomDimensions"),
}


def is_ed318(value: object) -> bool:
    """Whether GeoJSON has what only ED-318 adds: layers in its geometries, or the members of a zone."""
    features = features_of(value) if isinstance(value, dict) else None
    return any(map(_is_zone, features or ()))


def _is_zone(feature: object) -> bool:
    if not isinstance(feature, dict):
        return False
    properties, geometry = feature.get("properties"), feature.get("geometry")
    if isinstance(properties, dict) and any(name in properties for name in _ITS_OWN):
        return True
    if not isinstance(geometry, dict):
        return False
    members = geometry.get("geometries")
    parts = [geometry, *(members if isinstance(members, list) else ())]
    return any(isinstance(part, dict) and "layer" in part for part in parts)


def read_ed318(name: str, party: str, value: dict[str, Any]) -> Reading:
    """The zones of a file as airspace of one party."""
    features = features_of(value) or []
    foreign = foreign_crs(value)
    if foreign:
        return unusable(name, FORMAT, "CRS_FOREIGN", foreign, features=len(features))
    return reading(File(name, FORMAT, joins=False), _read(features, party))


def _read(features: list[Any], party: str) -> Iterator[Said | Unread]:
    for number, feature in enumerate(features, 1):
        place = f"feature {number}"
        if not isinstance(feature, dict) or isinstance(feature, Twice):
            text = f"not one GeoJSON Feature with each member said once: {shown(feature)}"
            yield Unread(place, "", party, (Problem("NOT_A_FEATURE", text),))
            continue
        properties = feature.get("properties")
        zone = properties if isinstance(properties, dict) else {}
        identifier = label(zone.get("identifier")) or label(feature.get("id"))
        names = [f"properties.{name}" for name in ("identifier", "name") if zone.get(name)]
        names += ["id"] if label(feature.get("id")) else []
        try:
            yield judged(_zone(feature, zone, Said(place, identifier, party, (), names=tuple(names))))
        except BadFeature as error:
            yield Unread(place, identifier, party, error.problems)


def _zone(feature: dict[str, Any], zone: dict[str, Any], said: Said) -> Said:
    if isinstance(zone, Twice):
        raise BadFeature(Problem("NAME_TWICE", f"said twice in one object: {', '.join(map(shown, zone.names))}"))
    notes: dict[str, None] = {}
    active = windows(zone.get("limitedApplicability"), ("schedule",), notes)
    volumes: list[Volume] = []
    for geometry in simple_geometries(feature.get("geometry")):
        levels = band(_limits(geometry, feature.get("geometry"), zone, notes), notes)
        shapes = areas(geometry, _radius_m(geometry), notes)
        volumes.extend(Volume(shape, *levels, *window) for shape in shapes for window in active)
    dropped = (label(name) for name, value in zone.items() if name not in _HELD and value is not None)
    return said._replace(
        volumes=tuple(volumes),
        name=name_of(zone.get("name")),
        dropped=tuple(f"properties.{name}" for name in dropped),
        notes=tuple(notes),
        origin="AIRSPACE",
    )


def _limits(geometry: dict[str, Any], whole: Any, zone: dict[str, Any], notes: dict[str, None]) -> Limits:
    """The limits of one geometry: its own layer, that of its collection, or what older files say in the properties."""
    own = geometry.get("layer")
    layer = own if own is not None else whole.get("layer")
    if layer is None:
        layer = zone.get("layer", zone)
    if not isinstance(layer, dict) or isinstance(layer, Twice):
        raise BadFeature(Problem("LAYER_UNREADABLE", f"the layer is not one object of limits: {shown(layer)}"))
    found = {
        part: next((layer[name] for name in names if layer.get(name) is not None), None)
        for part, names in _LAYER.items()
    }
    if found["lower"] is None and found["upper"] is None:
        notes.setdefault(NO_LAYER_NOTE)
    # Metres are the unit of a layer that names none.  Source: the models of ED-318 4.2.3.2.
    return Limits(found["lower"], found["lower_ref"], found["upper"], found["upper_ref"], found["unit"] or "m")


def _radius_m(geometry: dict[str, Any]) -> float | None:
    """The radius of a Point's extent, in metres; None where there is no extent."""
    extent = geometry.get("extent")
    if extent is None:
        return None
    if not isinstance(extent, dict) or label(extent.get("subType")).lower() != "circle":
        raise BadFeature(
            Problem("EXTENT_UNREADABLE", f"{shown(extent)} is no extent; ED-318 has subType Circle with a radius")
        )
    return metres(extent.get("radius"), "M")
