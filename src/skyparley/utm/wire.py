"""Bodies of requests and answers of the DSS, member for member as they travel.  Source: ASTM F3548-21, utm.yaml.

In requests every member may be absent or null, which is the same: what is needed is said by those who read them, with
the exact place of what is missing.  Members that are not known are passed over.
"""

import json
from math import isfinite
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from skyparley.base import limits
from skyparley.utm.commands import Problem, Refused

# --- in requests ---------------------------------------------------------------------------------------------------


class LatLngPoint(msgspec.Struct, gc=False):
    lat: float | None = None
    lng: float | None = None


class Polygon(msgspec.Struct):
    vertices: list[LatLngPoint] | None = None


class Radius(msgspec.Struct, gc=False):
    value: float | None = None
    units: str | None = None


class Circle(msgspec.Struct):
    center: LatLngPoint | None = None
    radius: Radius | None = None


class Altitude(msgspec.Struct, gc=False):
    value: float | None = None
    reference: str | None = None
    units: str | None = None


class Time(msgspec.Struct, gc=False):
    value: str | None = None
    format: str | None = None


class Volume3D(msgspec.Struct):
    outline_circle: Circle | None = None
    outline_polygon: Polygon | None = None
    altitude_lower: Altitude | None = None
    altitude_upper: Altitude | None = None


class Volume4D(msgspec.Struct):
    volume: Volume3D | None = None
    time_start: Time | None = None
    time_end: Time | None = None


class ImplicitSubscription(msgspec.Struct):
    uss_base_url: str | None = None
    notify_for_constraints: bool | None = None


class PutIntentBody(msgspec.Struct):
    extents: list[Volume4D] | None = None
    key: list[str] | None = None
    state: str | None = None
    uss_base_url: str | None = None
    subscription_id: str | None = None
    new_subscription: ImplicitSubscription | None = None
    requested_ovn_suffix: str | None = None


class PutConstraintBody(msgspec.Struct):
    extents: list[Volume4D] | None = None
    uss_base_url: str | None = None


class PutSubscriptionBody(msgspec.Struct):
    extents: Volume4D | None = None
    uss_base_url: str | None = None
    notify_for_operational_intents: bool | None = None
    notify_for_constraints: bool | None = None


class QueryBody(msgspec.Struct):
    area_of_interest: Volume4D | None = None


class SetAvailabilityBody(msgspec.Struct):
    old_version: str | None = None
    availability: str | None = None


class Exchange(msgspec.Struct):
    """What a report must say of an exchange; the rest of it is kept as it came."""

    url: str | None = None
    method: str | None = None
    headers: list[str] | None = None
    recorder_role: str | None = None
    request_time: Time | None = None
    request_body: str | None = None
    response_time: Time | None = None
    response_body: str | None = None
    response_code: int | None = None
    problem: str | None = None


class ReportBody(msgspec.Struct):
    report_id: str | None = None
    exchange: Exchange | None = None


class RawReport(msgspec.Struct):
    exchange: msgspec.Raw


# --- in answers ----------------------------------------------------------------------------------------------------


class TimeOut(msgspec.Struct, gc=False):
    value: str
    format: str = "RFC3339"


class IntentReference(msgspec.Struct, kw_only=True, gc=False):
    id: str
    manager: str
    uss_availability: str
    version: int
    state: str
    ovn: str
    time_start: TimeOut
    time_end: TimeOut
    uss_base_url: str
    subscription_id: str


class ConstraintReference(msgspec.Struct, kw_only=True, gc=False):
    id: str
    manager: str
    uss_availability: str
    version: int
    ovn: str
    time_start: TimeOut
    time_end: TimeOut
    uss_base_url: str


class SubscriptionOut(msgspec.Struct, kw_only=True):
    id: str
    version: str
    notification_index: int
    time_start: TimeOut
    time_end: TimeOut
    uss_base_url: str
    notify_for_operational_intents: bool
    notify_for_constraints: bool
    implicit_subscription: bool
    dependent_operational_intents: list[str]


class SubscriptionState(msgspec.Struct, gc=False):
    subscription_id: str
    notification_index: int


class SubscriberToNotify(msgspec.Struct):
    subscriptions: list[SubscriptionState]
    uss_base_url: str


class IntentAnswer(msgspec.Struct):
    operational_intent_reference: IntentReference


class IntentChangedAnswer(msgspec.Struct):
    subscribers: list[SubscriberToNotify]
    operational_intent_reference: IntentReference


class IntentsAnswer(msgspec.Struct):
    operational_intent_references: list[IntentReference]


class ConstraintAnswer(msgspec.Struct):
    constraint_reference: ConstraintReference


class ConstraintChangedAnswer(msgspec.Struct):
    subscribers: list[SubscriberToNotify]
    constraint_reference: ConstraintReference


class ConstraintsAnswer(msgspec.Struct):
    constraint_references: list[ConstraintReference]


class SubscriptionAnswer(msgspec.Struct):
    subscription: SubscriptionOut


class PutSubscriptionAnswer(msgspec.Struct, omit_defaults=True):
    """A list is absent where the subscription does not ask for its kind, and empty where it does and nothing stands."""

    subscription: SubscriptionOut
    operational_intent_references: list[IntentReference] | None = None
    constraint_references: list[ConstraintReference] | None = None


class SubscriptionsAnswer(msgspec.Struct):
    subscriptions: list[SubscriptionOut]


class AvailabilityStatus(msgspec.Struct):
    uss: str
    availability: str


class AvailabilityAnswer(msgspec.Struct):
    version: str
    status: AvailabilityStatus


class ReportAnswer(msgspec.Struct):
    report_id: str
    exchange: msgspec.Raw


class ErrorAnswer(msgspec.Struct, omit_defaults=True):
    """The one body of all errors, with one thing that is wrong at least; the two lists only where knowledge of the airspace is missing (409)."""

    message: str
    errors: tuple[Problem, ...]
    missing_operational_intents: list[IntentReference] | None = None
    missing_constraints: list[ConstraintReference] | None = None


# --- reading -------------------------------------------------------------------------------------------------------

Body = TypeVar("Body", bound=msgspec.Struct)


class Rejected(Exception):
    """A request that is not sound, with the answer to it."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


def rejected(problems: list[Problem], status: int = 400) -> Rejected:
    """A rejection with all that was found, at least one; the first is also the message, for clients that show no more."""
    first = problems[0]
    place = f"{first.field}: " if first.field else ""
    wanted = f"; expected {first.expected}"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    shown = tuple(problems[: limits.DSS_PROBLEMS_SHOWN])
    return Rejected(Refused(status=status, message=f"{place}{first.problem}{wanted}{more}", problems=shown))


def read_body(body: bytes, decoder: msgspec.json.Decoder[Body]) -> Body:
    """The body of a request.  Raises Rejected (400) with the place of each member that is not of its kind."""
    if not body.strip():
        raise rejected([Problem(_WHOLE, "is empty", "a JSON object")])
    try:
        return decoder.decode(body)
    except RecursionError:
        raise rejected([Problem(_WHOLE, "brackets nest too deep", "JSON as in the interface file")]) from None
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise rejected(_faults(body, decoder.type) or [_as_said(error)]) from None


def _faults(body: bytes, kind: Any) -> list[Problem]:
    """What is wrong with a body that could not be decoded; none if that cannot be told member by member."""
    try:
        value = json.loads(body.decode(), parse_constant=_Odd, parse_float=_number, parse_int=_number)
        found: list[Problem] = []
        _walk(value, kind, "", found)
    except (ValueError, RecursionError):  # No JSON, or with half of a character in it, which cannot be shown.
        return []
    return found


class _Odd(msgspec.Struct, frozen=True):
    """What stands where a number may, and is none that can be kept: NaN, Infinity, or one that is too large."""

    text: str


def _number(text: str) -> int | float | _Odd:
    number = float(text)
    if not isfinite(number):
        return _Odd(text)
    return int(text) if text.lstrip("-").isdigit() else number


def _as_said(error: Exception) -> Problem:
    """What the decoder says, which may name the place behind a `$`."""
    text, _, place = str(error).partition(" - at `$")
    return Problem(place.strip("`.") or _WHOLE, text, "JSON in UTF-8, with members as in the interface file")


_WHOLE: Final = "body"
"""Where something is wrong that is in no member."""
_NAMES: Final = {str: "a string", bool: "true or false", int: "a whole number", float: "a number"}


def _walk(value: Any, kind: Any, place: str, found: list[Problem]) -> None:
    """Adds what does not fit a kind: a struct, a list of a kind, a plain type, or one of them or None."""
    if value is None and place:
        return
    if type(None) in get_args(kind):
        (kind,) = (each for each in get_args(kind) if each is not type(None))
    if get_origin(kind) is list:
        _walk_list(value, get_args(kind)[0], place, found)
    elif isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        _walk_struct(value, kind, place, found)
    elif not _fits(value, kind):
        wanted = "a finite number" if isinstance(value, _Odd) and kind in (int, float) else _NAMES[kind]
        found.append(Problem(place, f"{_shown(value)} is not {wanted}", wanted))


def _walk_list(value: Any, kind: Any, place: str, found: list[Problem]) -> None:
    if not isinstance(value, list):
        found.append(Problem(place or _WHOLE, f"{_shown(value)} is not a list", "a list"))
        return
    for number, each in enumerate(value):
        if each is None:
            found.append(Problem(f"{place}[{number}]", "is null", "a member of the list"))
        _walk(each, kind, f"{place}[{number}]", found)
        if len(found) >= limits.DSS_PROBLEMS_SHOWN:
            return


def _walk_struct(value: Any, kind: type[msgspec.Struct], place: str, found: list[Problem]) -> None:
    if not isinstance(value, dict):
        found.append(Problem(place or _WHOLE, f"{_shown(value)} is not an object", "an object"))
        return
    hints = get_type_hints(kind)
    for name in kind.__struct_fields__:
        if name in value:
            _walk(value[name], hints[name], f"{place}.{name}" if place else name, found)


def _fits(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, int if kind is int else (int, float) if kind is float else kind)


def _shown(value: Any) -> str:
    """A value in an error, short: its JSON, or what it is where that is long."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return shown(value.text).strip('"') if isinstance(value, _Odd) else shown(value)


def shown(value: object) -> str:
    """A plain value as JSON for an error's text; cut where it is long."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 80 else f"{text[:76]}..."
