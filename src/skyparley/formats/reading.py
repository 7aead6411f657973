"""A file of any known format becomes a Reading.  The format is recognised by what the file says, not by its name."""

from typing import Any, Final

from skyparley.formats.ed269 import read_ed269, zones_of
from skyparley.formats.ed318 import is_ed318, read_ed318
from skyparley.formats.f3548 import is_f3548, read_f3548
from skyparley.formats.gathering import unusable
from skyparley.formats.geojson import is_geojson, read_geojson, stem
from skyparley.formats.openair import is_openair, read_openair
from skyparley.formats.records import Reading
from skyparley.formats.texts import BadText, json_of, shown, text_of

KNOWN: Final = "GeoJSON, OpenAir airspace, ED-269 and ED-318 zones, and F3548 volumes"


def read(name: str, data: bytes) -> Reading:
    """All plans of one file, and a flaw for all that could not be read.  Raises nothing for bad input.

    `name` is the file's name; its stem is the party of plans that name none.  A file of no known format is a Reading
    with one flaw that says what was seen and what is read.
    """
    try:
        text = text_of(data)
    except BadText as error:
        return unusable(name, "unknown", "NOT_TEXT", f"{error}; what is read: {KNOWN}")
    if not text.strip():
        return unusable(name, "unknown", "FILE_EMPTY", f"the file is empty; what is read: {KNOWN}")
    if text.lstrip()[0] in "{[":
        return _json(name, text)
    if is_openair(text):
        return read_openair(name, stem(name), text)
    return unusable(name, "unknown", "FORMAT_UNKNOWN", f"begins with {_start(text)}; what is read: {KNOWN}")


def _json(name: str, text: str) -> Reading:
    try:
        value = json_of(text)
    except BadText as error:
        return unusable(name, "JSON", "NOT_JSON", str(error))
    zones = zones_of(value)
    if zones is not None:
        return read_ed269(name, stem(name), zones)
    if isinstance(value, list) and any(is_geojson(item) for item in value):
        value = {"type": "FeatureCollection", "features": value}
    if is_geojson(value):
        if is_ed318(value):
            return read_ed318(name, stem(name), value)
        return read_geojson(name, stem(name), value)
    if is_f3548(value):
        return read_f3548(name, stem(name), value)
    return unusable(name, "JSON", "FORMAT_UNKNOWN", f"JSON {_members(value)}; what is read: {KNOWN}")


def _members(value: Any) -> str:
    if isinstance(value, dict):
        return f"with the members {', '.join(shown(name) for name in list(value)[:6]) or '(none)'}"
    return f"that holds {shown(value)}"


def _start(text: str) -> str:
    return shown(text.lstrip().splitlines()[0])
