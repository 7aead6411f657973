"""F3548-21 JSON: Volume4D alone or in lists, operational intents and constraints as USSs exchange them.

Source: `utm.yaml` of astm-utm/Protocol: Volume4D, Volume3D, Altitude, Time, Radius, OperationalIntent, Constraint.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from skyparley.formats.gathering import BadFeature, File, Said, Unread, judged, reading, unusable
from skyparley.formats.level_words import BadLevel, Words, read_level
from skyparley.formats.records import Reading
from skyparley.formats.texts import Twice, label, shown
from skyparley.formats.time_words import BadTime, read_time
from skyparley.formats.zones import metres
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.problem import Problem
from skyparley.geometry.shapes import Circle, Point, Polygon, Shape
from skyparley.geometry.volumes import Volume

FORMAT: Final = "F3548"
_WRAPPED: Final = ("operational_intent", "constraint")
_LISTED: Final = ("operational_intents", "constraints")
_VOLUMES: Final = ("volumes", "off_nominal_volumes")
_REFERENCES: Final = (
    "operational_intent_reference",
    "constraint_reference",
    "operational_intent_references",
    "constraint_references",
)
_UNBOUNDED_NOTE: Final = "a constraint without a limit of altitude is taken as having none"


class _Entity(NamedTuple):
    """One plan to be: its volumes as written, whose it is, and whether it is a constraint (published airspace)."""

    place: str
    volumes: list[Any]
    id: str = ""
    manager: str = ""
    is_constraint: bool = False
    dropped: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def is_f3548(value: object) -> bool:
    """Whether a JSON value is F3548: by the members that only F3548 has."""
    if isinstance(value, list):
        return bool(value) and any(is_f3548(item) for item in value if isinstance(item, dict))
    if not isinstance(value, dict):
        return False
    if _is_volume(value) or isinstance(value.get("extents"), list | dict):
        return True
    if any(name in value for name in (*_WRAPPED, *_LISTED, *_REFERENCES)) or isinstance(value.get("volumes"), list):
        return True
    return isinstance(value.get("details"), dict) and isinstance(value.get("reference"), dict)


def _is_volume(value: dict[str, Any]) -> bool:
    inner = value.get("volume")
    return any(
        isinstance(part, dict) and ("outline_circle" in part or "outline_polygon" in part) for part in (value, inner)
    )


def read_f3548(name: str, party: str, value: Any) -> Reading:
    """The intents, constraints or single volumes of a file as plans."""
    entities = list(_entities(value))
    if not entities:
        return unusable(
            name, FORMAT, "NO_VOLUMES", "there are no volumes: a reference alone does not say where and when"
        )
    return reading(File(name, FORMAT, joins=False), (_read(entity, party) for entity in entities))


def _entities(value: Any) -> Iterator[_Entity]:
    """All that is to be a plan, in order.  Single volumes of a list are plans of their own."""
    if not isinstance(value, list):
        if not isinstance(value, dict) or not any(name in value for name in _LISTED):
            value = [value]
        else:
            value = [item for name in _LISTED for item in value.get(name) or () if isinstance(value.get(name), list)]
    for number, item in enumerate(value, 1):
        yield _entity(item, number)


def _entity(item: Any, number: int) -> _Entity:
    place = f"entity {number}"
    if not isinstance(item, dict):
        return _Entity(place, [item])
    if _is_volume(item):
        return _Entity(f"volume {number}", [item])
    inner = next((item[name] for name in _WRAPPED if isinstance(item.get(name), dict)), item)
    details, reference = inner.get("details"), inner.get("reference")
    details = details if isinstance(details, dict) else inner
    reference = reference if isinstance(reference, dict) else {}
    lists = [details.get(name) for name in (*_VOLUMES, "extents")]
    volumes = [volume for one in lists for volume in (one if isinstance(one, list) else [one] if one else [])]
    return _Entity(
        place,
        volumes,
        label(reference.get("id")) or label(item.get("operational_intent_id")) or label(item.get("constraint_id")),
        label(reference.get("manager")),
        "constraint" in item or "constraint_id" in item or ("type" in details and "priority" not in details),
        tuple(f"details.{label(name)}" for name in details if details is not inner and name not in _VOLUMES)
        + tuple(
            f"reference.{label(name)}" for name in reference if name not in ("id", "manager", "time_start", "time_end")
        ),
        _names(item, reference),
    )


def _names(item: dict[str, Any], reference: dict[str, Any]) -> tuple[str, ...]:
    """Where the entity says its id and whose it is."""
    said = [f"reference.{name}" for name in ("id", "manager") if label(reference.get(name))]
    return (*said, *(name for name in ("operational_intent_id", "constraint_id") if label(item.get(name))))


def _read(entity: _Entity, party: str) -> Said | Unread:
    party = entity.manager or party
    notes: dict[str, None] = {}
    volumes: list[Volume] = []
    problems: list[Problem] = []
    for number, volume in enumerate(entity.volumes, 1):
        where = f"volume {number}: " if len(entity.volumes) > 1 else ""
        try:
            volumes.append(_volume(volume, entity.is_constraint, notes))
        except BadFeature as error:
            problems.extend(Problem(problem.code, f"{where}{problem.text}") for problem in error.problems)
    if not entity.volumes:
        problems.append(Problem("NO_VOLUMES", "it has no volumes: a reference alone does not say where and when"))
    if problems:
        return Unread(entity.place, entity.id, party, tuple(problems))
    said = Said(entity.place, entity.id, party, tuple(volumes), "", entity.dropped, tuple(notes))
    return judged(said._replace(origin="AIRSPACE" if entity.is_constraint else "PLAN", names=entity.names))


def _volume(value: Any, is_constraint: bool, notes: dict[str, None]) -> Volume:
    """One Volume4D.  Raises BadFeature with all that is wrong."""
    if not isinstance(value, dict) or isinstance(value, Twice):
        raise BadFeature(Problem("NOT_A_VOLUME", f"not one volume with each member said once: {shown(value)}"))
    inner = value.get("volume", value)
    if not isinstance(inner, dict) or isinstance(inner, Twice):
        raise BadFeature(Problem("NOT_A_VOLUME", f'"volume" is not one object: {shown(inner)}'))
    problems: list[Problem] = []
    shape = _kept(problems, _shape, inner)
    lower = _kept(problems, _level, (inner, "altitude_lower", is_constraint, notes))
    upper = _kept(problems, _level, (inner, "altitude_upper", is_constraint, notes))
    start_ms = _kept(problems, _time, (value, "time_start"))
    end_ms = _kept(problems, _time, (value, "time_end"))
    if problems:
        raise BadFeature(*problems)
    return Volume(shape, lower, upper, start_ms, end_ms)


def _kept(problems: list[Problem], read: Any, asked: Any) -> Any:
    """What a reader gives, or None with its problems kept, so that all that is wrong is said at once."""
    try:
        return read(asked)
    except BadFeature as error:
        problems.extend(error.problems)
        return None


def _shape(volume: dict[str, Any]) -> Shape:
    circle, polygon = volume.get("outline_circle"), volume.get("outline_polygon")
    if (circle is None) == (polygon is None):
        what = "both outlines" if circle is not None else "no outline"
        raise BadFeature(Problem("OUTLINES", f"{what}; a volume has outline_circle or outline_polygon"))
    if circle is not None:
        radius = circle.get("radius") if isinstance(circle, dict) else None
        if not isinstance(circle, dict) or not isinstance(radius, dict):
            raise BadFeature(Problem("OUTLINES", f"outline_circle needs a center and a radius: {shown(circle)}"))
        return Circle(*_point(circle.get("center")), metres(radius.get("value"), radius.get("units")))
    vertices = polygon.get("vertices") if isinstance(polygon, dict) else None
    if not isinstance(vertices, list):
        raise BadFeature(Problem("OUTLINES", f"outline_polygon needs a list of vertices: {shown(polygon)}"))
    return Polygon(tuple([_point(vertex) for vertex in vertices]))


def _point(value: Any) -> Point:
    found = (value.get("lat"), value.get("lng")) if isinstance(value, dict) else (None, None)
    for name, degrees, most in zip(("lat", "lng"), found, (90, 180), strict=True):
        if isinstance(degrees, bool) or not isinstance(degrees, int | float) or not abs(degrees) <= most:
            text = f"{shown(value)}: {name} must be a number of degrees within -{most} to {most}"
            raise BadFeature(Problem("COORDINATES", text))
    return (float(found[0]), float(found[1]))  # type: ignore[arg-type]  # numbers by now


def _level(asked: tuple[dict[str, Any], str, bool, dict[str, None]]) -> Level:
    volume, name, is_constraint, notes = asked
    value = volume.get(name)
    if value is None and is_constraint:
        notes.setdefault(_UNBOUNDED_NOTE)
        return Level(Ref.UNL) if name == "altitude_upper" else Level(Ref.SFC)
    if not isinstance(value, dict) or isinstance(value, Twice):
        text = f'{name} must be like {{"value": 120, "reference": "W84", "units": "M"}}, not {shown(value)}'
        raise BadFeature(Problem("LEVEL_MISSING" if value is None else "LEVEL_UNREADABLE", text))
    try:
        words = Words(value.get("units"), value.get("reference"))
        if words.ref is None or words.unit is None:
            raise BadLevel("LEVEL_UNREADABLE", f"{shown(value)} needs units and a reference")
        return read_level(value.get("value"), upper=name == "altitude_upper", words=words).level
    except BadLevel as error:
        raise BadFeature(Problem(error.code, f"{name}: {error}")) from None


def _time(asked: tuple[dict[str, Any], str]) -> int:
    volume, name = asked
    value = volume.get(name)
    if isinstance(value, dict):
        value = value.get("value")
    if value is None:
        text = f'{name} is missing; write it like {{"value": "2026-11-22T09:00:00Z", "format": "RFC3339"}}'
        raise BadFeature(Problem("TIME_MISSING", text))
    try:
        return read_time(value, end=name == "time_end")
    except BadTime as error:
        raise BadFeature(Problem(error.code, f"{name}: {error}")) from None
