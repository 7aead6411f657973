"""The OpenAPI 3.1 document of a DSS, made from its table of operations and from the structs that travel.

In a struct of a request every member may be absent, since what is needed is said by those who read it (wire.py).  Here
stands what they need; a test holds the two against each other, member by member.
"""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final, NamedTuple, Protocol, get_args

import msgspec

from skyparley.base import limits
from skyparley.utm import wire
from skyparley.utm.idents import NAME_RULE
from skyparley.utm.records import Availability, State

_Json = dict[str, Any]

PATH: Final = "/openapi.json"

_INFO: Final = """\
Discovery and synchronization for drone traffic: who has an operational intent or a constraint where and when, who
wants to hear of changes, and who can be asked.

Source of the operations: ASTM F3548-21. Times are RFC 3339 with Z, heights metres above the WGS 84 ellipsoid.
Every error has the same body: each thing that is wrong, one at least, with its field, what it is, and what would be
right; also what is no HTTP at all is answered so, with 400.
Who asks is known before a body is read: 401 and 403 say nothing of the body. A method that an address does not have is
answered 405, an address that there is not 404.
"""

_TEXT: Final = {
    "400": "Not sound: each fault is named with its field and what would be right; nothing was changed",
    "401": "No token, or not a good one; WWW-Authenticate says why",
    "403": "The token lacks a scope, or this is managed by another USS",
    "404": "Nothing has this id",
    "409": "Not on top of what stands: another version, an id that is taken, or entities that the key does not prove known",
    "412": "The caller is declared Down",
    "413": "The body, the area or what was found in it is larger than one request may be",
    "500": "This DSS failed on the request; its log says how",
    "503": "This DSS cannot write, or has no keys yet to judge tokens by; Retry-After says when to try again",
}


class Described(Protocol):
    """What the document takes from an operation of the door: its name, method, path, and scopes, of which one does."""

    @property
    def name(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def scopes(self) -> Sequence[str]: ...


class _Told(NamedTuple):
    """What the table of operations does not say.  `errors`: besides 401, 403, 500 and 503, which any may answer."""

    summary: str
    answer: type[msgspec.Struct] | _Json
    errors: str = "400"
    status: str = "200"
    body: str = ""
    """The name of a component."""
    query: tuple[_Json, ...] = ()


# --- what requests need ------------------------------------------------------------------------------------------

_UUID: Final = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-%s[0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}"
_ID: Final = f"{_UUID % 4}|[0-9A-Fa-f]{{12}}4[0-9A-Fa-f]{{3}}[89ABab][0-9A-Fa-f]{{15}}"
_BASE_URL: Final[_Json] = {
    "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://[^\u0000- ]+$",
    "maxLength": limits.DSS_URL_CHARS,
    "description": "Absolute, with a host, without a query or a fragment: paths of the standard are added to it",
}
_OVN_LENGTH: Final[_Json] = {"minLength": limits.DSS_OVN_CHARS[0], "maxLength": limits.DSS_OVN_CHARS[1]}
_THERE: Final[_Json] = {"type": "object"}
_WITH_TIMES: Final[_Json] = {
    "required": ["time_start", "time_end"],
    "properties": {"time_start": _THERE, "time_end": _THERE},
}
_WITH_HEIGHTS: Final[_Json] = {
    "properties": {
        "volume": {
            "required": ["altitude_lower", "altitude_upper"],
            "properties": {"altitude_lower": _THERE, "altitude_upper": _THERE},
        }
    }
}

REQUIRED: Final[Mapping[type[msgspec.Struct], tuple[str, ...]]] = {
    wire.LatLngPoint: ("lat", "lng"),
    wire.Polygon: ("vertices",),
    wire.Radius: ("value", "units"),
    wire.Circle: ("center", "radius"),
    wire.Altitude: ("value", "reference", "units"),
    wire.Time: ("value", "format"),
    wire.Volume3D: (),
    wire.Volume4D: ("volume",),
    wire.ImplicitSubscription: ("uss_base_url",),
    wire.PutIntentBody: ("extents", "state", "uss_base_url"),
    wire.PutConstraintBody: ("extents", "uss_base_url"),
    wire.PutSubscriptionBody: ("extents", "uss_base_url"),
    wire.QueryBody: ("area_of_interest",),
    wire.SetAvailabilityBody: ("availability",),
    wire.Exchange: ("url", "method", "recorder_role", "request_time"),
    wire.ReportBody: ("exchange",),
}
"""What a request must say.  A member that is not here may be absent, or null, which is the same."""


def _in_any_case(words: Sequence[str]) -> str:
    return "|".join("".join(f"[{letter.upper()}{letter.lower()}]" for letter in word) for word in words)


_STATES: Final = list(get_args(State))
_AVAILABILITIES: Final = list(get_args(Availability))
_NARROWER: Final[Mapping[str, _Json]] = {
    "LatLngPoint.lat": {"minimum": -90, "maximum": 90},
    "LatLngPoint.lng": {"minimum": -180, "maximum": 180},
    "Polygon.vertices": {
        "minItems": 3,
        "maxItems": limits.DSS_VERTICES,
        "description": "A ring whose edges do not cross and whose last edge leads back to the first vertex, either way round",
    },
    "Radius.value": {"exclusiveMinimum": 0},
    "Radius.units": {"enum": ["M"]},
    "Altitude.value": {"minimum": -8_000, "maximum": 100_000},
    "Altitude.reference": {"enum": ["W84"]},
    "Altitude.units": {"enum": ["M"]},
    "Time.value": {
        "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z$",
        "description": "RFC 3339 with Z; kept to the microsecond",
    },
    "Time.format": {"enum": ["RFC3339"]},
    "ImplicitSubscription.uss_base_url": _BASE_URL,
    "PutIntentBody.extents": {
        "minItems": 1,
        "items": {"allOf": [{"$ref": "#/components/schemas/Volume4D"}, _WITH_TIMES, _WITH_HEIGHTS]},
        "description": "All its volumes; what bounds them together is kept",
    },
    "PutIntentBody.key": {"items": {"type": "string", **_OVN_LENGTH}},
    "PutIntentBody.state": {"enum": _STATES, "description": "Other than Accepted, it needs a subscription"},
    "PutIntentBody.uss_base_url": _BASE_URL,
    "PutIntentBody.subscription_id": {"pattern": f"^({_ID})?$", "description": "Not together with new_subscription"},
    "PutIntentBody.requested_ovn_suffix": {
        "pattern": f"^{_UUID % 7}$",
        "description": "A UUID of version 7 that was made now; the new OVN is the id of the entity, _ and this",
    },
    "PutConstraintBody.extents": {
        "minItems": 1,
        "items": {"allOf": [{"$ref": "#/components/schemas/Volume4D"}, _WITH_TIMES]},
    },
    "PutConstraintBody.uss_base_url": _BASE_URL,
    "PutSubscriptionBody.uss_base_url": _BASE_URL,
    "SetAvailabilityBody.availability": {
        "pattern": f"^({_in_any_case(_AVAILABILITIES)})$",
        "description": f"{', '.join(_AVAILABILITIES)}, in any case",
    },
    "SetAvailabilityBody.old_version": {"description": "That of the last declaration; empty or absent the first time"},
    "Exchange.url": {"minLength": 1},
    "Exchange.method": {"minLength": 1},
    "Exchange.recorder_role": {"enum": ["Client", "Server"]},
    "IntentReference.state": {"enum": _STATES},
    "IntentReference.uss_availability": {"enum": _AVAILABILITIES},
    "ConstraintReference.uss_availability": {"enum": _AVAILABILITIES},
    "AvailabilityStatus.availability": {"enum": _AVAILABILITIES},
    "TimeOut.format": {"enum": ["RFC3339"]},
    "SubscriberToNotify.subscriptions": {"minItems": 1},
    "ReportAnswer.exchange": {"type": "object", "description": "As it was sent"},
}
"""By struct and member, what is more than its type."""

_WHOLE: Final[Mapping[str, _Json]] = {
    "Volume3D": {
        "description": "One outline, and heights; in a query, without one there is no bound on that side",
        "anyOf": [
            {
                "required": ["outline_circle"],
                "properties": {"outline_circle": _THERE, "outline_polygon": {"type": "null"}},
            },
            {
                "required": ["outline_polygon"],
                "properties": {"outline_polygon": _THERE, "outline_circle": {"type": "null"}},
            },
        ],
    },
    "PutSubscriptionBody": {
        "description": "At least one kind of entity must be asked for",
        "anyOf": [
            {"required": [name], "properties": {name: {"const": True}}}
            for name in ("notify_for_operational_intents", "notify_for_constraints")
        ],
    },
}
"""By struct, what binds several members."""

_CREATED: Final[_Json] = {
    "allOf": [{"$ref": "#/components/schemas/PutIntentBody"}, {"properties": {"state": {"const": "Accepted"}}}]
}


# --- what each operation takes and gives -------------------------------------------------------------------------


def _one(members: str, **more: _Json) -> _Json:
    """An object with these members, texts but for those that are given."""
    names = members.split()
    return {
        "type": "object",
        "required": names,
        "properties": {name: more.get(name, {"type": "string"}) for name in names},
    }


_INSTANCES: Final = _one(
    "dss_instances",
    dss_instances={
        "type": "array",
        "items": {
            **_one("id public_endpoint"),
            "properties": {
                "id": {"type": "string"},
                "public_endpoint": {"type": "string"},
                "most_recent_heartbeat": {
                    **_one("timestamp reporter"),
                    "properties": {
                        name: {"type": "string"}
                        for name in ("timestamp", "reporter", "source", "next_heartbeat_expected_before")
                    },
                },
            },
        },
    },
)


def _asked(name: str, text: str, schema: _Json | None = None) -> _Json:
    return {"name": name, "in": "query", "required": False, "schema": schema or {"type": "string"}, "description": text}


_TOLD: Final[Mapping[str, _Told]] = {
    "queryOperationalIntentReferences": _Told(
        "The operational intents that meet an area and have not ended", wire.IntentsAnswer, "400 413", body="QueryBody"
    ),
    "getOperationalIntentReference": _Told("One operational intent", wire.IntentAnswer, "400 404"),
    "createOperationalIntentReference": _Told(
        "Create an operational intent; whom to notify of it is answered",
        wire.IntentChangedAnswer,
        "400 409 412 413",
        status="201",
        body="CreateIntentBody",
    ),
    "updateOperationalIntentReference": _Told(
        "Change an operational intent; who heard of the old volumes is answered too",
        wire.IntentChangedAnswer,
        "400 409 412 413",
        body="PutIntentBody",
    ),
    "deleteOperationalIntentReference": _Told("End an operational intent", wire.IntentChangedAnswer, "400 404 409 412"),
    "queryConstraintReferences": _Told(
        "The constraints that meet an area at any height and have not ended",
        wire.ConstraintsAnswer,
        "400 413",
        body="QueryBody",
    ),
    "getConstraintReference": _Told("One constraint", wire.ConstraintAnswer, "400 404"),
    "createConstraintReference": _Told(
        "Create a constraint; whom to notify of it is answered",
        wire.ConstraintChangedAnswer,
        "400 409 413",
        status="201",
        body="PutConstraintBody",
    ),
    "updateConstraintReference": _Told(
        "Change a constraint; who heard of the old volumes is answered too",
        wire.ConstraintChangedAnswer,
        "400 409 413",
        body="PutConstraintBody",
    ),
    "deleteConstraintReference": _Told("Take a constraint out", wire.ConstraintChangedAnswer, "400 404 409"),
    "querySubscriptions": _Told(
        "The caller's own subscriptions that meet an area and have not ended",
        wire.SubscriptionsAnswer,
        "400 413",
        body="QueryBody",
    ),
    "getSubscription": _Told("One of the caller's own subscriptions", wire.SubscriptionAnswer, "400 404"),
    "createSubscription": _Told(
        "Subscribe to changes in an area, for 24 hours at most; what stands in it is answered",
        wire.PutSubscriptionAnswer,
        "400 409 413",
        body="PutSubscriptionBody",
    ),
    "updateSubscription": _Told(
        "Change a subscription; an implicit one becomes the caller's own to keep",
        wire.PutSubscriptionAnswer,
        "400 409 413",
        body="PutSubscriptionBody",
    ),
    "deleteSubscription": _Told(
        "End a subscription that no operational intent depends on", wire.SubscriptionAnswer, "400 404 409"
    ),
    "makeDssReport": _Told(
        "Keep a report of an exchange that went wrong", wire.ReportAnswer, "400 413", status="201", body="ReportBody"
    ),
    "setUssAvailability": _Told(
        "Declare whether a USS can be asked", wire.AvailabilityAnswer, "400 409 413", body="SetAvailabilityBody"
    ),
    "getUssAvailability": _Told("Whether a USS was declared to be there", wire.AvailabilityAnswer),
    "getSystemVersion": _Told("The version of this program", _one("system_identity system_version"), ""),
    "validateOauth": _Told(
        "Whether a token is good here, and of whom the query says it is",
        {"type": "object"},
        "",
        query=(_asked("owner", "The `sub` that the token should have"),),
    ),
    "getPool": _Told("The pool of this DSS, in which it is alone", _one("dar_id"), ""),
    "getDssInstances": _Told("The instances of the pool: this one", _INSTANCES, ""),
    "putDssInstancesHeartbeat": _Told(
        "Note a sign of life of this instance",
        _INSTANCES,
        "400",
        query=(
            _asked("source", "What it came from"),
            _asked("next_heartbeat_expected_before", "RFC 3339 with a zone", {"type": "string", "format": "date-time"}),
        ),
    ),
    "getGlobalOptions": _Told("What instances of one pool must agree on", _one("scd_lock_mode"), ""),
}

_PLAIN: Final[_Json] = {"content": {"text/plain": {"schema": {"type": "string"}}}}


def _open() -> Mapping[str, _Json]:
    """What needs no token, by path."""
    certificates = _one("CAs", CAs={"type": "array", "items": {"type": "string"}})
    ready = _free("ready", "Whether this DSS can decide and write", _PLAIN)
    ready["responses"]["503"] = {"description": _TEXT["503"], **_content(_ref(wire.ErrorAnswer))}
    aux = "/aux/v1"
    return {
        "/healthy": _free("healthy", "Whether the process answers", _PLAIN),
        "/ready": ready,
        f"{aux}/version": _free("getVersion", "The version of this program", _content(_one("version"))),
        f"{aux}/configuration/ca_certs": _free("getCACerts", "Certificates of its store: none", _content(certificates)),
        f"{aux}/configuration/accepted_ca_certs": _free(
            "getAcceptedCAs", "Certificates that its store accepts: none", _content(certificates)
        ),
        PATH: _free("openapi", "This document", _content({"type": "object"})),
    }


# --- the document ------------------------------------------------------------------------------------------------


def document(operations: Sequence[Described]) -> _Json:
    """The document of a door with these operations, as plain data, and of what every door has without a token."""
    paths: _Json = {path: {"get": operation} for path, operation in _open().items()}
    for one in operations:
        paths.setdefault(_template(one.path), {})[one.method.lower()] = _operation(one, _TOLD[one.name])
    return {
        "openapi": "3.1.0",
        "info": {"title": "Skyparley DSS", "version": version("skyparley"), "description": _INFO},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "Signed by a key that this DSS trusts, for an audience that it goes by, good for an hour "
                    "at most. `sub` is the manager of what it makes; `scope` holds one of those that are named.",
                }
            },
        },
    }


def _schemas() -> _Json:
    """The structs that travel, with what is needed and what is allowed of each member."""
    types = [*REQUIRED, wire.ErrorAnswer, *(told.answer for told in _TOLD.values() if isinstance(told.answer, type))]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    for kind, required in REQUIRED.items():
        _need(schemas[kind.__name__], required)
    for place, narrower in _NARROWER.items():
        struct, member = place.split(".")
        _narrow(schemas[struct]["properties"], member, narrower)
    for struct, whole in _WHOLE.items():
        schemas[struct] |= whole
    return {**schemas, "CreateIntentBody": _CREATED}


def _need(schema: _Json, required: tuple[str, ...]) -> None:
    """A needed member is neither absent nor null; the others say nothing of a default, which null is not."""
    for name, member in schema["properties"].items():
        member.pop("default", None)
        if name in required:
            schema["properties"][name] = _not_null(member)
    if required:
        schema["required"] = list(required)


def _not_null(member: _Json) -> _Json:
    kinds = [kind for kind in member["anyOf"] if kind != {"type": "null"}]
    assert len(kinds) == 1, "each member is of one kind, or null"
    return dict(kinds[0])


def _narrow(properties: _Json, member: str, narrower: _Json) -> None:
    known = properties[member]
    if "anyOf" in known:
        properties[member] = {"anyOf": [{**_not_null(known), **narrower}, {"type": "null"}]}
    else:
        properties[member] = {**known, **narrower}


def _operation(one: Described, told: _Told) -> _Json:
    answer = told.answer if isinstance(told.answer, dict) else _ref(told.answer)
    found: _Json = {
        "operationId": one.name,
        "summary": told.summary,
        "security": [{"token": [scope]} for scope in one.scopes],
        "responses": {told.status: {"description": "Done", **_content(answer)}, **_errors(told.errors)},
    }
    parameters = [*(_part(part) for part in _parts(one.path)), *told.query]
    if parameters:
        found["parameters"] = parameters
    if told.body:
        found["requestBody"] = {"required": True, **_content(_ref(told.body))}
    return found


def _errors(statuses: str) -> _Json:
    found: _Json = {}
    for status in sorted({*statuses.split(), "401", "403", "500", "503"}):
        found[status] = {"description": _TEXT[status], **_content(_ref(wire.ErrorAnswer))}
    found["401"]["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "RFC 6750"}}
    found["503"]["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds"}}
    return found


def _free(name: str, summary: str, ok: _Json) -> _Json:
    responses = {"200": {"description": "Done", **ok}}
    return {"operationId": name, "summary": summary, "security": [], "responses": responses}


def _template(path: str) -> str:
    """The path of a route, whose parts may be said to reach over slashes, as OpenAPI has it."""
    return path.replace(":rest}", "}")


def _parts(path: str) -> list[str]:
    return [part[1:-1] for part in _template(path).split("/") if part.startswith("{")]


def _part(name: str) -> _Json:
    schema: _Json = {"type": "string", "pattern": r"\S"}
    if name in ("entityid", "subscriptionid"):
        schema["pattern"] = f"^({_ID})$"
    elif name == "uss_id":
        no_control = r"[^\u0000-\u001f\u007f]*"
        schema |= {"pattern": rf"^{no_control}\S{no_control}$", "maxLength": limits.DSS_NAME_CHARS}
        schema["description"] = f"The `sub` of the tokens of a USS: {NAME_RULE}"
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _ref(kind: type | str) -> _Json:
    return {"$ref": f"#/components/schemas/{kind if isinstance(kind, str) else kind.__name__}"}


def _content(schema: _Json) -> _Json:
    return {"content": {"application/json": {"schema": schema}}}
