"""What is odd about a statement that a person is about to send: told before it goes, and never a reason to refuse it.

A wrong year, a time of day that was meant for yesterday, a radius in the wrong unit: each is sent without a word where
nobody looks.  Whoever still means it sends it: a stop request or a distress passes as it is said.
"""

from collections.abc import Iterator
from typing import Any, Final

from skyparley.base import limits
from skyparley.base.times import DAY, HOUR, MINUTE
from skyparley.base.units import METRES_PER_NM
from skyparley.base.written import written_utc
from skyparley.domain.messages.envelope import Envelope, to_plain
from skyparley.domain.messages.slots import ShapeSlot
from skyparley.domain.volumes import shape_of
from skyparley.geometry.caps import bounding_cap
from skyparley.geometry.outline import outline
from skyparley.geometry.rings import EARTH_RADIUS_M, vector

HAPPENED: Final = ("at", "since", "heard_at")
"""Slots that say when something is or was.  Others, like the window of a volume, say when something is meant to be."""
TIMES: Final = (*HAPPENED, "start", "end", "until", "effective")
"""Slots that hold a time: whole milliseconds on the wire, which nobody reads."""


def times_of(envelope: Envelope) -> tuple[tuple[str, int], ...]:
    """Every time that a statement says, by the name of its slot, in the order in which they stand."""
    return tuple((name, value) for name, value in _leaves(to_plain(envelope.slots)) if name in TIMES)


def doubts_of(envelope: Envelope, now: int) -> tuple[str, ...]:
    """A sentence for each thing that may not be meant; empty for most statements."""
    said = [_of_time(name, at, now) for name, at in times_of(envelope) if name in HAPPENED]
    return (*filter(None, said), *filter(None, map(_of_area, _areas(envelope.slots))))


def _of_time(name: str, at: int, now: int) -> str:
    away = abs(at - now)
    if at < now - limits.DOUBT_AGO_MS:
        return f"{name} {written_utc(at)} is {_long(away)} ago. Is it what you mean?"
    if at > now + limits.DOUBT_AHEAD_MS:
        return f"{name} {written_utc(at)} is {_long(away)} ahead. Is it what you mean?"
    return ""


def _of_area(slot: ShapeSlot) -> str:
    reach_m = _reach_m(slot)
    if reach_m <= limits.DOUBT_REACH_M:
        return ""
    nm, most = round(reach_m / METRES_PER_NM), limits.DOUBT_REACH_M // METRES_PER_NM
    return f"the area reaches {nm} NM from its middle, and few reach {most} NM. Is it what you mean?"


def _reach_m(slot: ShapeSlot) -> int:
    """How far a shape reaches from its middle, along the ground."""
    found = outline(shape_of(slot))
    cap = bounding_cap([vector(point) for point in found.rings[0]])
    return round(cap.angle_rad * EARTH_RADIUS_M + found.radius_m)


def _areas(slots: Any) -> Iterator[ShapeSlot]:
    """The areas of a statement, also of the one that it relays."""
    for inner in (slots, getattr(slots, "stop", None), getattr(slots, "distress", None)):
        area = getattr(inner, "area", None)
        if isinstance(area, ShapeSlot):
            yield area


def _leaves(plain: Any, name: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(plain, dict):
        for key, value in plain.items():
            yield from _leaves(value, key)
    elif isinstance(plain, list | tuple):
        for value in plain:
            yield from _leaves(value, name)
    elif isinstance(plain, int) and not isinstance(plain, bool):
        yield name, plain


def _long(millis: int) -> str:
    for unit, name in ((365 * DAY, "years"), (DAY, "days"), (HOUR, "hours")):
        if millis >= 2 * unit:
            return f"{millis // unit} {name}"
    return f"{millis // MINUTE} minutes"
