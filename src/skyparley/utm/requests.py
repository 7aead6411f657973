"""From the bytes, path and scopes of a request to a command of the DSS, or to a rejection that says all that is wrong.

Whether the caller may use the operation at all was decided before, by its token; here are the scopes that depend on what
a body says (403).  Everything else that is wrong with a request is 400, but for a size (400 or 413, by operation).
Source: ASTM F3548-21, utm.yaml; how deployed systems read it where that is silent.
"""

from typing import Final, get_args
from urllib.parse import unquote_to_bytes

import msgspec

from skyparley.base import limits
from skyparley.utm import extents, wire
from skyparley.utm.commands import (
    DeleteConstraint,
    DeleteIntent,
    DeleteSubscription,
    MakeReport,
    NewSubscription,
    Problem,
    PutConstraint,
    PutIntent,
    PutSubscription,
    SetAvailability,
)
from skyparley.utm.idents import NAME_RULE, is_name, read_base_url, read_id, read_suffix, read_version
from skyparley.utm.outlines import Oversize
from skyparley.utm.records import OFF_NOMINAL, Availability, Extent, State
from skyparley.utm.wire import read_body, rejected, shown

STRATEGIC_COORDINATION: Final = "utm.strategic_coordination"
CONSTRAINT_MANAGEMENT: Final = "utm.constraint_management"
CONSTRAINT_PROCESSING: Final = "utm.constraint_processing"
CONFORMANCE_MONITORING: Final = "utm.conformance_monitoring_sa"
AVAILABILITY_ARBITRATION: Final = "utm.availability_arbitration"

_A_USS: Final = f"the `sub` of the tokens of a USS: {NAME_RULE}, %-encoded UTF-8"
_put_intent = msgspec.json.Decoder(wire.PutIntentBody)
_put_constraint = msgspec.json.Decoder(wire.PutConstraintBody)
_put_subscription = msgspec.json.Decoder(wire.PutSubscriptionBody)
_query = msgspec.json.Decoder(wire.QueryBody)
_set_availability = msgspec.json.Decoder(wire.SetAvailabilityBody)
_report = msgspec.json.Decoder(wire.ReportBody)
_raw_report = msgspec.json.Decoder(wire.RawReport)
_STATES: Final[dict[str, State]] = {state: state for state in get_args(State)}
_AVAILABILITIES: Final[dict[str, Availability]] = {each.lower(): each for each in get_args(Availability)}


class Asker(msgspec.Struct, frozen=True):
    """Who asks, what its token lets it do, and when.  `now_us`: microseconds since 1970 UTC.

    `triggers_need_scope`: whether a USS may only subscribe to what it may process, as the interface says and deployed
    systems do not look at.
    """

    manager: str
    scopes: frozenset[str]
    now_us: int
    https_base_urls_only: bool = False
    triggers_need_scope: bool = False


# --- operational intents -------------------------------------------------------------------------------------------


def put_intent(body: bytes, *, entity_id: str, ovn: str | None, asker: Asker) -> PutIntent:
    """Create (`ovn` None) or change an operational intent.  Raises Rejected (400, 403)."""
    problems: list[Problem] = []
    entity = read_id(entity_id, "entityid", problems)
    held = read_version(ovn, "ovn", problems)
    _stop_at(problems)
    read = read_body(body, _put_intent)
    state = _state(read.state, problems)
    _check_intent_scopes(state, read.new_subscription, asker)
    if state is not None:
        _check_state(state, read, creating=held is None, problems=problems)
    base_url = _base_url(read.uss_base_url, "uss_base_url", problems, asker)
    subscription = read_id(read.subscription_id, "subscription_id", problems) if read.subscription_id else ""
    new_subscription = _new_subscription(read.new_subscription, problems, asker)
    key = _key(read.key, problems)
    suffix = read_suffix(read.requested_ovn_suffix, asker.now_us, problems)
    extent = _entity_extent(read.extents, problems, asker, heights_needed=True)
    _stop_at(problems)
    assert extent is not None, "what is missing was said"
    assert state is not None, "so was this"
    return PutIntent(
        manager=asker.manager,
        id=entity,
        ovn=held,
        state=state,
        extent=extent,
        base_url=base_url,
        key=key,
        subscription=subscription,
        new_subscription=new_subscription,
        ovn_suffix=suffix,
    )


def delete_intent(*, entity_id: str, ovn: str, asker: Asker) -> DeleteIntent:
    """Raises Rejected (400)."""
    return DeleteIntent(manager=asker.manager, **_names("id", "entityid", entity_id, "ovn", ovn))


def _state(text: str | None, problems: list[Problem]) -> State | None:
    state = _STATES.get(text or "")
    if state is None:
        wrong = "is missing" if text is None else f"{shown(text)} is no state"
        problems.append(Problem("state", wrong, f"one of {', '.join(_STATES)}"))
    return state


def _check_intent_scopes(state: State | None, new_subscription: wire.ImplicitSubscription | None, asker: Asker) -> None:
    """Raises Rejected (403) where the token does not allow the state or what the new subscription asks for."""
    lacking: list[Problem] = []
    if state in OFF_NOMINAL:
        _need(CONFORMANCE_MONITORING, asker.scopes, lacking, place="state", wish=f"the state {state}")
    if asker.triggers_need_scope and new_subscription is not None and new_subscription.notify_for_constraints:
        place = "new_subscription.notify_for_constraints"
        _need(CONSTRAINT_PROCESSING, asker.scopes, lacking, place=place, wish="being notified of constraints")
    _forbid(lacking)


def _check_state(state: State, read: wire.PutIntentBody, *, creating: bool, problems: list[Problem]) -> None:
    """Which states may be created, and which need a subscription."""
    attached = bool(read.subscription_id) or read.new_subscription is not None
    if creating and state != "Accepted":
        problems.append(Problem("state", f"{state} is no state to begin with", "Accepted, then a change"))
    if state != "Accepted" and not attached:
        wanted = f"subscription_id or new_subscription, which the state {state} needs"
        problems.append(Problem("subscription_id", "is missing", wanted))
    if read.subscription_id and read.new_subscription is not None:
        wanted = "either subscription_id or new_subscription"
        problems.append(Problem("new_subscription", "is given as well as subscription_id", wanted))


def _new_subscription(
    read: wire.ImplicitSubscription | None, problems: list[Problem], asker: Asker
) -> NewSubscription | None:
    if read is None:
        return None
    base_url = _base_url(read.uss_base_url, "new_subscription.uss_base_url", problems, asker)
    return NewSubscription(base_url, bool(read.notify_for_constraints))


def _key(ovns: list[str] | None, problems: list[Problem]) -> frozenset[str]:
    if not ovns:
        return frozenset()
    least, most = limits.DSS_OVN_CHARS
    lengths = set(map(len, ovns))  # a key may have thousands, nearly always sound ones
    if min(lengths) < least or max(lengths) > most:
        wrong = [(number, ovn) for number, ovn in enumerate(ovns) if not least <= len(ovn) <= most]
        for number, ovn in wrong[: limits.DSS_PROBLEMS_SHOWN]:
            problems.append(Problem(f"key[{number}]", f"{shown(ovn)} is no OVN", f"{least} to {most} characters"))
    return frozenset(ovns)


# --- constraints ---------------------------------------------------------------------------------------------------


def put_constraint(body: bytes, *, entity_id: str, ovn: str | None, asker: Asker) -> PutConstraint:
    """Create (`ovn` None) or change a constraint.  Raises Rejected (400)."""
    problems: list[Problem] = []
    entity = read_id(entity_id, "entityid", problems)
    held = read_version(ovn, "ovn", problems)
    _stop_at(problems)
    read = read_body(body, _put_constraint)
    base_url = _base_url(read.uss_base_url, "uss_base_url", problems, asker)
    extent = _entity_extent(read.extents, problems, asker, heights_needed=False)
    _stop_at(problems)
    assert extent is not None, "what is missing was said"
    return PutConstraint(manager=asker.manager, id=entity, ovn=held, extent=extent, base_url=base_url)


def delete_constraint(*, entity_id: str, ovn: str, asker: Asker) -> DeleteConstraint:
    """Raises Rejected (400)."""
    return DeleteConstraint(manager=asker.manager, **_names("id", "entityid", entity_id, "ovn", ovn))


# --- subscriptions -------------------------------------------------------------------------------------------------


def put_subscription(body: bytes, *, subscription_id: str, version: str | None, asker: Asker) -> PutSubscription:
    """Create (`version` None) or change a subscription.  Times that are not given stay open.  Raises Rejected (400, 403)."""
    problems: list[Problem] = []
    entity = read_id(subscription_id, "subscriptionid", problems)
    held = read_version(version, "version", problems)
    _stop_at(problems)
    read = read_body(body, _put_subscription)
    for_intents, for_constraints = bool(read.notify_for_operational_intents), bool(read.notify_for_constraints)
    if asker.triggers_need_scope:
        _check_triggers(for_intents, for_constraints, asker.scopes)
    if not for_intents and not for_constraints:
        wanted = "true here or in notify_for_constraints, or both"
        problems.append(Problem("notify_for_operational_intents", "nothing is subscribed to", wanted))
    base_url = _base_url(read.uss_base_url, "uss_base_url", problems, asker)
    try:
        extent = extents.read_volume(read.extents, "extents", problems)
    except Oversize as oversize:
        raise rejected([*problems, oversize.problem]) from None
    _stop_at(problems)
    assert extent is not None, "what is missing was said"
    return PutSubscription(
        manager=asker.manager,
        id=entity,
        version=held,
        extent=extent,
        base_url=base_url,
        for_intents=for_intents,
        for_constraints=for_constraints,
    )


def delete_subscription(*, subscription_id: str, version: str, asker: Asker) -> DeleteSubscription:
    """Raises Rejected (400)."""
    names = _names("id", "subscriptionid", subscription_id, "version", version)
    return DeleteSubscription(manager=asker.manager, **names)


def _check_triggers(for_intents: bool, for_constraints: bool, scopes: frozenset[str]) -> None:
    """Raises Rejected (403) where the token does not allow to be notified of what is asked for."""
    lacking: list[Problem] = []
    if for_intents:
        place, wish = "notify_for_operational_intents", "being notified of operational intents"
        _need(STRATEGIC_COORDINATION, scopes, lacking, place=place, wish=wish)
    if for_constraints:
        place, wish = "notify_for_constraints", "being notified of constraints"
        _need(CONSTRAINT_PROCESSING, scopes, lacking, place=place, wish=wish)
    _forbid(lacking)


# --- queries, availability, reports --------------------------------------------------------------------------------


def area_query(body: bytes, *, oversize_status: int) -> Extent:
    """The area, heights and times that a query asks about; what is not given is open.  Raises Rejected.

    `oversize_status`: 400 for operational intents; 413 for constraints and subscriptions.
    """
    problems: list[Problem] = []
    read = read_body(body, _query)
    try:
        extent = extents.read_volume(read.area_of_interest, "area_of_interest", problems, far_is_open=True)
    except Oversize as oversize:
        raise rejected([*problems, oversize.problem], 400 if problems else oversize_status) from None
    _stop_at(problems)
    assert extent is not None, "what is missing was said"
    return extent


def one_entity(entity_id: str, *, place: str = "entityid") -> str:
    """The id in the path of a GET.  Raises Rejected (400)."""
    problems: list[Problem] = []
    entity = read_id(entity_id, place, problems)
    _stop_at(problems)
    return entity


def uss_in(path: bytes, name: str) -> str:
    """The name of a USS in a path as it was sent, which was read with a mark in place of what is no UTF-8.

    Raises Rejected (400).
    """
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        raise rejected([Problem("uss_id", "it is no UTF-8", _A_USS)]) from None
    return one_uss(name)


def one_uss(name: str) -> str:
    """The name of a USS in the path.  Raises Rejected (400)."""
    problems: list[Problem] = []
    _check_uss(name, problems)
    _stop_at(problems)
    return name


def set_availability(body: bytes, *, uss: str, asker: Asker) -> SetAvailability:
    """Declare whether a USS answers.  Raises Rejected (400)."""
    problems: list[Problem] = []
    _check_uss(uss, problems)
    read = read_body(body, _set_availability)
    availability = _AVAILABILITIES.get((read.availability or "").lower())
    if availability is None:
        wrong = "is missing" if read.availability is None else f"{shown(read.availability)} is none"
        problems.append(Problem("availability", wrong, f"one of {', '.join(_AVAILABILITIES.values())}"))
    _stop_at(problems)
    assert availability is not None, "what is missing was said"
    return SetAvailability(
        manager=asker.manager, uss=uss, old_version=read.old_version or "", availability=availability
    )


def make_report(body: bytes, *, asker: Asker) -> MakeReport:
    """Keep a report of a problem with an exchange, as it was sent.  Raises Rejected (400, 413).

    `request_source`, which the interface file needs and does not define, is not asked for.
    """
    problems: list[Problem] = []
    read = read_body(body, _report)
    exchange = read.exchange
    if exchange is None:
        raise rejected([Problem("exchange", "is missing", "the exchange that is reported")])
    for name in ("url", "method", "recorder_role", "request_time"):
        if not getattr(exchange, name):
            problems.append(Problem(f"exchange.{name}", "is missing", "needed in each report"))
    if exchange.recorder_role and exchange.recorder_role not in ("Client", "Server"):
        wrong = f"{shown(exchange.recorder_role)} is no role"
        problems.append(Problem("exchange.recorder_role", wrong, "Client or Server"))
    extents.read_time(exchange.request_time, "exchange.request_time", problems, up=False)
    extents.read_time(exchange.response_time, "exchange.response_time", problems, up=False)
    _stop_at(problems)
    text = bytes(_raw_report.decode(body).exchange)
    if len(text) > limits.DSS_REPORT_BYTES:
        wanted = f"at most {limits.DSS_REPORT_BYTES}; cut the bodies"
        raise rejected([Problem("exchange", f"has {len(text)} bytes", wanted)], 413)
    return MakeReport(manager=asker.manager, exchange=text.decode())


def _check_uss(name: str, problems: list[Problem]) -> None:
    if not is_name(name):
        wrong = f"{shown(name)} is no name of a USS" if name.strip() else "is empty"
        problems.append(Problem("uss_id", wrong, _A_USS))


# --- what several share --------------------------------------------------------------------------------------------


def _stop_at(problems: list[Problem]) -> None:
    """Raises Rejected (400) if anything is wrong."""
    if problems:
        raise rejected(problems)


def _need(scope: str, scopes: frozenset[str], lacking: list[Problem], *, place: str, wish: str) -> None:
    if scope not in scopes:
        lacking.append(Problem(place, f"the token does not allow {wish}", f"the scope {scope}"))


def _forbid(lacking: list[Problem]) -> None:
    """Raises Rejected (403) if a scope is lacking."""
    if lacking:
        raise rejected(lacking, 403)


def _names(id_name: str, id_place: str, entity_id: str, version_name: str, version: str) -> dict[str, str]:
    """The id and the version in the path of a DELETE."""
    problems: list[Problem] = []
    entity = read_id(entity_id, id_place, problems)
    read_version(version, version_name, problems)
    _stop_at(problems)
    return {id_name: entity, version_name: version}


def _base_url(text: str | None, place: str, problems: list[Problem], asker: Asker) -> str:
    return read_base_url(text, place, problems, https_only=asker.https_base_urls_only)


def _entity_extent(
    volumes: list[wire.Volume4D] | None, problems: list[Problem], asker: Asker, *, heights_needed: bool
) -> Extent | None:
    """The bound of an entity: times are needed, heights of an operational intent; its end is not past."""
    assert volumes is None or all(volume is not None for volume in volumes), "null in a list is not decoded"
    try:
        extent = extents.read_volumes(volumes, "extents", problems)
    except Oversize as oversize:
        raise rejected([*problems, oversize.problem]) from None
    if extent is None:
        return None
    for number, volume in enumerate(volumes or ()):
        _check_bounds(volume, f"extents[{number}]", problems, heights_needed=heights_needed)
    if not problems and extent.end_us < asker.now_us:
        problems.append(Problem("extents", "all of it is past", "a time_end that is still to come"))
    return extent


def _check_bounds(volume: wire.Volume4D, place: str, problems: list[Problem], *, heights_needed: bool) -> None:
    """Each volume needs its bounds: without one, the union has none either."""
    if len(problems) >= limits.DSS_PROBLEMS_SHOWN:
        return
    for name, given in (("time_start", volume.time_start), ("time_end", volume.time_end)):
        if given is None:
            problems.append(Problem(f"{place}.{name}", "is missing", "a time"))
    body = volume.volume
    if not heights_needed or body is None:
        return
    for name, height in (("altitude_lower", body.altitude_lower), ("altitude_upper", body.altitude_upper)):
        if height is None:
            problems.append(Problem(f"{place}.volume.{name}", "is missing", "an altitude"))
