"""What options say of a statement, as its slots: stop, distress, relay, whose aircraft, laser, interference."""

from typing import Any, Final, get_args

import msgspec

from skyparley.base.units import E7_PER_DEGREE
from skyparley.cli.choices import choose
from skyparley.cli.forms import BadForm, Point, read_length_m, read_position, read_time
from skyparley.cli.shape_forms import read_shape
from skyparley.cli.volume_forms import read_level
from skyparley.domain.messages.codes import AircraftClass, RelaySource

MINUTES_OF_ARC: Final = 60
AREAS: Final = "--circle, --polygon, --corridor, --orbit, --line or --arc"


class SaidMatter(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say; "" and () are what was not said.  `shapes`: (kind, text)."""

    shapes: tuple[tuple[str, str], ...] = ()
    position: str = ""
    rounded: bool = False
    at: str = ""
    level: str = ""
    error: str = ""
    aircraft: str = ""
    id: str = ""
    pob: int | None = None
    source: str = ""
    heard_at: str = ""
    reopens: str = ""


def stop_slots(said: SaidMatter, now_ms: int) -> dict[str, Any]:
    """STP: an area and a time, no unit, no purpose.  Raises BadForm."""
    area = _area(said)
    if area is None:
        raise BadForm(f"a stop request says where: one of {AREAS}")
    return _said(area=area, at=_at(said.at, now_ms), reopens=said.reopens or None)


def distress_slots(said: SaidMatter, now_ms: int) -> dict[str, Any]:
    """DIS: the exact point, a rounded one or an area, as the person chooses.  Raises BadForm."""
    if not said.aircraft:
        raise BadForm(f"what is in distress? --aircraft {', '.join(get_args(AircraftClass))}")
    position, area = _where(said)
    if said.rounded and position is None:
        raise BadForm("--rounded goes with --position")
    precision = None if position is None else "ROUNDED" if said.rounded else "EXACT"
    return _said(
        aircraft=choose(said.aircraft, get_args(AircraftClass), what="kind of aircraft"),
        id=said.id.upper() or None,
        position=rounded(position) if position is not None and said.rounded else position,
        precision=precision,
        area=area,
        at=_at(said.at, now_ms),
        pob=said.pob,
    )


def relay_slots(said: SaidMatter, now_ms: int) -> dict[str, Any]:
    """RLY: the stop request, or with --aircraft the distress, of somebody who is not on the line.  Raises BadForm."""
    if not said.source:
        raise BadForm(f"who told it? --source {', '.join(get_args(RelaySource))}")
    inner = {"distress": distress_slots(said, now_ms)} if said.aircraft else {"stop": stop_slots(said, now_ms)}
    source = choose(said.source, get_args(RelaySource), what="source")
    return {"source": source, "heard_at": _at(said.heard_at, now_ms), **inner}


def identity_slots(said: SaidMatter, now_ms: int) -> dict[str, Any]:
    """IDQ: where and when, how high, and how far that may be off.  Raises BadForm."""
    missing = [f"--{name}" for name in ("position", "level", "error") if not getattr(said, name)]
    if missing:
        raise BadForm(f"which aircraft? Add {', '.join(missing)}: where, how high, and how far the report may be off")
    return {
        "position": read_position(said.position),
        "level": read_level(said.level),
        "at": _at(said.at, now_ms),
        "error_m": read_length_m(said.error),
    }


def interference_slots(said: SaidMatter, now_ms: int) -> dict[str, Any]:
    """LAS, GNI: where, since when, how high.  Raises BadForm."""
    position, area = _where(said)
    level = read_level(said.level) if said.level else None
    return _said(position=position, area=area, level=level, since=_at(said.at, now_ms))


def rounded(position: Point) -> Point:
    """To whole minutes of arc, which is half a nautical mile off at most in each direction."""
    step = E7_PER_DEGREE / MINUTES_OF_ARC
    latitude, longitude = (round(round(part / step) * step) for part in position)
    return latitude, longitude


def _where(said: SaidMatter) -> tuple[Point | None, Any]:
    area = _area(said)
    if (area is None) == (not said.position):
        raise BadForm(f"where? --position, or one of {AREAS}, and not both")
    return (read_position(said.position) if said.position else None), area


def _area(said: SaidMatter) -> Any:
    """The one shape that was given; None where there is none."""
    if len(said.shapes) > 1:
        raise BadForm("a statement of this kind has one area; say the others in statements of their own")
    return read_shape(*said.shapes[0]) if said.shapes else None


def _at(text: str, now_ms: int) -> int:
    """A time, or now; a time of day is of today."""
    return read_time(text, now_ms=now_ms, day_ms=now_ms) if text else now_ms


def _said(**slots: Any) -> dict[str, Any]:
    """What was not said is absent, as on the wire."""
    return {name: value for name, value in slots.items() if value is not None}
