"""Requests to the DSS become commands, or a rejection with the status and the place that deployed systems expect."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from volumes_support import NOW_US, altitude, circle, polygon, square, time, volume

from skyparley.base import limits
from skyparley.utm import requests as r
from skyparley.utm.commands import (
    DeleteConstraint,
    DeleteIntent,
    DeleteSubscription,
    MakeReport,
    NewSubscription,
    PutConstraint,
    PutIntent,
    PutSubscription,
    Refused,
    SetAvailability,
)
from skyparley.utm.records import OPEN
from skyparley.utm.wire import Rejected

ID = "0f7a6c1e-3b52-4d0e-9a51-6f2d1c8b7e90"
SUBSCRIPTION = "5c1f0d7a-88a1-4a53-8f44-0a1b2c3d4e5f"
OVN = "an-ovn-of-16-chars"
SC, SA = r.STRATEGIC_COORDINATION, r.CONFORMANCE_MONITORING
CP, CM = r.CONSTRAINT_PROCESSING, r.CONSTRAINT_MANAGEMENT
DROP = object()


def asker(*scopes: str, https: bool = False, strict: bool = True) -> r.Asker:
    return r.Asker("uss1", frozenset(scopes), NOW_US, https, triggers_need_scope=strict)


def encoded(body: dict[str, Any], changed: dict[str, Any]) -> bytes:
    merged = {name: value for name, value in {**body, **changed}.items() if value is not DROP}
    return json.dumps(merged).encode()


def intent(
    *scopes: str,
    ovn: str | None = None,
    entity_id: str = ID,
    https: bool = False,
    raw: bytes | None = None,
    **changed: Any,
) -> PutIntent:
    body = {"extents": [volume()], "state": "Accepted", "uss_base_url": "https://uss.example/utm", "key": []}
    sent = encoded(body, changed) if raw is None else raw
    return r.put_intent(sent, entity_id=entity_id, ovn=ovn, asker=asker(*(scopes or (SC, SA)), https=https))


def constraint(*, ovn: str | None = None, entity_id: str = ID, **changed: Any) -> PutConstraint:
    body = {"extents": [volume()], "uss_base_url": "https://uss.example/utm"}
    return r.put_constraint(encoded(body, changed), entity_id=entity_id, ovn=ovn, asker=asker(CM))


def subscription(
    *scopes: str, version: str | None = None, subscription_id: str = SUBSCRIPTION, **changed: Any
) -> PutSubscription:
    body = {"extents": volume(), "uss_base_url": "https://uss.example/utm", "notify_for_operational_intents": True}
    sent = encoded(body, changed)
    who = asker(*(scopes or (SC, CP)))
    return r.put_subscription(sent, subscription_id=subscription_id, version=version, asker=who)


def availability(*, uss: str = "uss2", **changed: Any) -> SetAvailability:
    body = {"old_version": "", "availability": "Down"}
    return r.set_availability(encoded(body, changed), uss=uss, asker=asker(r.AVAILABILITY_ARBITRATION))


EXCHANGE = {
    "url": "https://uss.example/utm/uss/v1/operational_intents",
    "method": "POST",
    "recorder_role": "Client",
    "request_time": time("2026-11-23T00:59:00Z"),
    "response_code": 500,
    "odd": {"kept": [1, None]},
}


def report(**changed: Any) -> MakeReport:
    return r.make_report(encoded({"exchange": EXCHANGE}, changed), asker=asker(SC))


def refusal(make: Callable[..., Any], *args: Any, **named: Any) -> Refused:
    with pytest.raises(Rejected) as rejection:
        make(*args, **named)
    refused = rejection.value.refused
    assert refused.message
    assert refused.problems
    return refused


def fields(refused: Refused) -> list[str]:
    return [each.field for each in refused.problems]


# --- what is sound -------------------------------------------------------------------------------------------------


def test_an_operational_intent_is_read_whole() -> None:
    later = volume(square(46.1), time_end=time("2026-11-23T04:00:00.25Z"), altitude_upper=altitude(300))
    command = intent(extents=[volume(), later], key=[OVN, OVN], subscription_id=SUBSCRIPTION.upper())
    one, other = intent().extent, intent(extents=[later]).extent
    assert command.extent.cells == tuple(sorted({*one.cells, *other.cells}))
    assert (command.extent.lower_mm, command.extent.upper_mm) == (100_000, 300_000)
    assert (command.extent.start_us, command.extent.end_us) == (NOW_US + 3_600_000_000, NOW_US + 10_800_250_000)
    assert command == PutIntent(
        manager="uss1",
        id=ID,
        state="Accepted",
        extent=command.extent,
        base_url="https://uss.example/utm",
        key=frozenset({OVN}),
        subscription=SUBSCRIPTION,
    )


def test_a_change_with_a_new_subscription_and_a_suffix_is_read_whole() -> None:
    suffix = uuid7(NOW_US // 1000)
    wanted = {"uss_base_url": "http://other.example", "notify_for_constraints": True}
    command = intent(SC, CP, ovn=OVN, state="Activated", new_subscription=wanted, requested_ovn_suffix=suffix)
    assert command.ovn == OVN
    assert command.state == "Activated"
    assert command.new_subscription == NewSubscription("http://other.example", for_constraints=True)
    assert command.ovn_suffix == suffix


def test_null_and_unknown_members_are_as_if_absent() -> None:
    assert intent(key=None, subscription_id=None, new_subscription=None, flight_type="VLOS") == intent()
    plain = {"extents": [{**volume(), "x": 1}], "key": DROP}
    assert intent(**plain) == intent()
    assert subscription(notify_for_constraints=None) == subscription()


def test_a_constraint_needs_no_heights() -> None:
    extent = constraint(extents=[volume(altitude_lower=None, altitude_upper=None)], ovn=OVN).extent
    assert (extent.lower_mm, extent.upper_mm) == (-OPEN, OPEN)
    assert constraint() == PutConstraint(
        manager="uss1", id=ID, extent=intent().extent, base_url="https://uss.example/utm"
    )


def test_a_subscription_needs_an_area_only() -> None:
    command = subscription(extents={"volume": square()}, version="a-version-of-16-chars")
    assert command.extent.cells == intent().extent.cells
    assert (command.extent.start_us, command.extent.end_us) == (-OPEN, OPEN)
    assert (command.for_intents, command.for_constraints) == (True, False)
    assert command.version == "a-version-of-16-chars"


def test_a_query_needs_an_area_only() -> None:
    body = json.dumps({"area_of_interest": {"volume": circle(46, 7, 100)}}).encode()
    extent = r.area_query(body, oversize_status=400)
    assert extent.cells
    assert (extent.lower_mm, extent.upper_mm, extent.start_us, extent.end_us) == (-OPEN, OPEN, -OPEN, OPEN)


def test_a_query_may_ask_about_all_times() -> None:
    ends = {"time_start": time("0001-01-01T00:00:00Z"), "time_end": time("9999-12-31T23:59:59Z")}
    extent = r.area_query(json.dumps({"area_of_interest": volume(**ends)}).encode(), oversize_status=400)
    assert (extent.start_us, extent.end_us) == (-OPEN, OPEN)
    for make in (intent, constraint):
        assert fields(refusal(make, extents=[volume(**ends)])) == [f"extents[0].{name}.value" for name in ends]


def test_what_began_in_the_past_and_has_not_ended_is_taken() -> None:
    begun = volume(time_start=time("2025-01-01T00:00:00Z"), time_end=time("2026-11-23T01:00:00Z"))
    assert intent(extents=[begun]).extent.end_us == NOW_US


def test_deletions_are_read() -> None:
    who = asker(SC)
    assert r.delete_intent(entity_id=ID.upper(), ovn=OVN, asker=who) == DeleteIntent(manager="uss1", id=ID, ovn=OVN)
    assert r.delete_constraint(entity_id=ID, ovn=OVN, asker=who) == DeleteConstraint(manager="uss1", id=ID, ovn=OVN)
    gone = r.delete_subscription(subscription_id=ID, version=OVN, asker=who)
    assert gone == DeleteSubscription(manager="uss1", id=ID, version=OVN)


@pytest.mark.parametrize(("sent", "kept"), [("normal", "Normal"), ("DOWN", "Down"), ("Unknown", "Unknown")])
def test_availability_is_read_in_any_case(sent: str, kept: str) -> None:
    assert availability(availability=sent, old_version=DROP) == SetAvailability(
        manager="uss1",
        uss="uss2",
        old_version="",
        availability=kept,  # type: ignore[arg-type]
    )


def test_a_report_keeps_the_exchange_as_it_came() -> None:
    assert msgspec.json.decode(report().exchange) == EXCHANGE
    assert report(report_id="theirs").manager == "uss1"


# --- names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [ID, ID.upper(), ID.replace("-", ""), ID.replace("-", "").upper()])
def test_an_id_is_read_with_and_without_hyphens(sent: str) -> None:
    assert intent(entity_id=sent).id == r.one_entity(sent) == ID


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "x",
        ID[:-1],
        ID + "0",
        ID.replace("-4d0e-", "-1d0e-"),
        ID.replace("-9a51-", "-ca51-"),
        ID.replace("-9a51-", "-7a51-"),
        f"{{{ID}}}",
        f"urn:uuid:{ID}",
        ID.replace("-", "", 1),
        ID + "\n",
        "０" + ID[1:],
    ],
)
def test_what_is_no_uuid_of_version_4_is_refused_everywhere(sent: str) -> None:
    who = asker(SC)
    places = {
        "entityid": [
            refusal(intent, entity_id=sent),
            refusal(constraint, entity_id=sent),
            refusal(r.one_entity, sent),
            refusal(r.delete_intent, entity_id=sent, ovn=OVN, asker=who),
            refusal(r.delete_constraint, entity_id=sent, ovn=OVN, asker=who),
        ],
        "subscriptionid": [
            refusal(subscription, subscription_id=sent),
            refusal(r.delete_subscription, subscription_id=sent, version=OVN, asker=who),
        ],
    }
    for place, refusals in places.items():
        assert [(each.status, fields(each)) for each in refusals] == [(400, [place])] * len(refusals)


def test_a_path_that_names_nothing_is_refused_before_the_body_is_looked_at() -> None:
    refused = refusal(intent, SC, entity_id="x", ovn="", state="Nonconforming", uss_base_url="")
    assert (refused.status, fields(refused)) == (400, ["entityid", "ovn"])


def test_a_named_subscription_must_be_an_id() -> None:
    assert fields(refusal(intent, subscription_id="mine")) == ["subscription_id"]


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_version_in_the_path_is_refused(empty: str) -> None:
    who = asker(SC)
    found = [
        refusal(intent, ovn=empty),
        refusal(constraint, ovn=empty),
        refusal(subscription, version=empty),
        refusal(r.delete_intent, entity_id=ID, ovn=empty, asker=who),
        refusal(r.delete_constraint, entity_id=ID, ovn=empty, asker=who),
        refusal(r.delete_subscription, subscription_id=ID, version=empty, asker=who),
    ]
    assert [(each.status, fields(each)[0]) for each in found] == [
        (400, place) for place in ("ovn", "ovn", "version", "ovn", "ovn", "version")
    ]


@pytest.mark.parametrize(
    "url", ["https://u.example", "http://u.example:8080/a/b/", "https://[::1]:80/x", "http://localhost"]
)
def test_a_base_url_is_kept_as_it_was_sent(url: str) -> None:
    assert intent(uss_base_url=url).base_url == constraint(uss_base_url=url).base_url == url
    assert subscription(uss_base_url=url).base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        None,
        DROP,
        "uss.example",
        "/utm",
        "//uss.example/utm",
        "ftp://uss.example",
        "https://",
        "https:///utm",
        "https://uss.example:99999",
        "https://uss.example:port",
        "https://[::1",
        "https://uss example",
        "https://uss.example/\n",
        "https://uss.example/?a=b",
        "https://uss.example/#a",
        "https://u.example/" + "a" * limits.DSS_URL_CHARS,
    ],
)
def test_what_is_no_base_url_is_refused_everywhere(url: Any) -> None:
    wanted = {"new_subscription": {} if url is DROP else {"uss_base_url": url}}
    assert fields(refusal(intent, **wanted)) == ["new_subscription.uss_base_url"]
    for make in (intent, constraint, subscription):
        refused = refusal(make, uss_base_url=url)
        assert (refused.status, fields(refused)) == (400, ["uss_base_url"])


def test_https_may_be_asked_for() -> None:
    refused = refusal(intent, https=True, uss_base_url="http://uss.example")
    assert "https" in refused.problems[0].expected
    assert intent(https=True).base_url.startswith("https:")


# --- states, subscriptions and scopes of an operational intent -----------------------------------------------------


@pytest.mark.parametrize(
    ("scopes", "state", "status"),
    [
        ((SC,), "Accepted", 200),
        ((SC,), "Activated", 200),
        ((SC,), "Nonconforming", 403),
        ((SC,), "Contingent", 403),
        ((SA,), "Accepted", 200),
        ((SA,), "Activated", 200),
        ((SA,), "Nonconforming", 200),
        ((SA,), "Contingent", 200),
        ((SC, SA), "Contingent", 200),
        ((SC, SA), "Ended", 400),
        ((SC, SA), "accepted", 400),
        ((SC, SA), None, 400),
    ],
)
def test_a_state_needs_its_scope(scopes: tuple[str, ...], state: str | None, status: int) -> None:
    if status == 200:
        assert intent(*scopes, ovn=OVN, state=state, subscription_id=SUBSCRIPTION).state == state
        return
    refused = refusal(intent, *scopes, ovn=OVN, state=state, subscription_id=SUBSCRIPTION)
    assert (refused.status, fields(refused)) == (status, ["state"])


def test_a_lacking_scope_comes_before_what_else_is_wrong_with_the_body() -> None:
    assert refusal(intent, SC, state="Nonconforming", extents=[], uss_base_url="").status == 403


@pytest.mark.parametrize("state", ["Activated", "Nonconforming", "Contingent"])
def test_an_operational_intent_begins_accepted(state: str) -> None:
    refused = refusal(intent, state=state, subscription_id=SUBSCRIPTION)
    assert (refused.status, fields(refused)) == (400, ["state"])


@pytest.mark.parametrize("state", ["Activated", "Nonconforming", "Contingent"])
def test_every_later_state_needs_a_subscription(state: str) -> None:
    refused = refusal(intent, ovn=OVN, state=state)
    assert (refused.status, fields(refused)) == (400, ["subscription_id"])
    wanted = {"uss_base_url": "https://uss.example"}
    assert intent(ovn=OVN, state=state, new_subscription=wanted).new_subscription is not None


def test_two_subscriptions_at_once_are_refused() -> None:
    wanted = {"uss_base_url": "https://uss.example"}
    refused = refusal(intent, subscription_id=SUBSCRIPTION, new_subscription=wanted)
    assert (refused.status, fields(refused)) == (400, ["new_subscription"])


def test_being_notified_of_constraints_needs_its_scope() -> None:
    wanted = {"uss_base_url": "https://uss.example", "notify_for_constraints": True}
    refused = refusal(intent, SC, new_subscription=wanted)
    assert (refused.status, fields(refused)) == (403, ["new_subscription.notify_for_constraints"])
    assert intent(SC, CP, new_subscription=wanted)


def test_a_trigger_needs_no_scope_unless_the_operator_asks_for_it() -> None:
    who = asker(SC, strict=False)
    wanted = {"new_subscription": {"uss_base_url": "https://uss.example", "notify_for_constraints": True}}
    body = {"extents": [volume()], "state": "Accepted", "uss_base_url": "https://uss.example/utm"}
    read = r.put_intent(encoded(body, wanted), entity_id=ID, ovn=None, asker=who)
    assert read.new_subscription is not None
    assert read.new_subscription.for_constraints
    both = {"notify_for_operational_intents": True, "notify_for_constraints": True}
    body = {"extents": volume(), "uss_base_url": "https://uss.example/utm"}
    assert r.put_subscription(encoded(body, both), subscription_id=ID, version=None, asker=who)


@pytest.mark.parametrize(
    ("scopes", "triggers", "status", "place"),
    [
        ((SC,), (True, False), 200, ""),
        ((CP,), (False, True), 200, ""),
        ((SC, CP), (True, True), 200, ""),
        ((CP,), (True, False), 403, "notify_for_operational_intents"),
        ((SC,), (False, True), 403, "notify_for_constraints"),
        ((SC,), (True, True), 403, "notify_for_constraints"),
        ((SC, CP), (False, False), 400, "notify_for_operational_intents"),
    ],
)
def test_what_is_subscribed_to_needs_its_scope(
    scopes: tuple[str, ...], triggers: tuple[bool, bool], status: int, place: str
) -> None:
    wanted = dict(zip(("notify_for_operational_intents", "notify_for_constraints"), triggers, strict=True))
    if status == 200:
        command = subscription(*scopes, **wanted)
        assert (command.for_intents, command.for_constraints) == triggers
        return
    refused = refusal(subscription, *scopes, **wanted)
    assert (refused.status, fields(refused)) == (status, [place])


# --- keys and suffixes ---------------------------------------------------------------------------------------------


def test_a_key_is_made_of_ovns() -> None:
    ovns = ["a" * 16, "b" * 128, "Available from USS"]
    assert intent(key=ovns).key == frozenset(ovns)
    refused = refusal(intent, key=["a" * 15, "b" * 16, "c" * 129])
    assert (refused.status, fields(refused)) == (400, ["key[0]", "key[2]"])
    assert fields(refusal(intent, key=[OVN, 7, None])) == ["key[1]", "key[2]"]


def uuid7(millis: int) -> str:
    text = f"{millis:012x}"
    return f"{text[:8]}-{text[8:]}-7abc-8def-0123456789ab"


@pytest.mark.parametrize(("off_s", "taken"), [(0, True), (-300, True), (300, True), (-301, False), (301, False)])
def test_a_suffix_is_about_as_old_as_now(off_s: int, taken: bool) -> None:
    suffix = uuid7(NOW_US // 1000 + off_s * 1000)
    if taken:
        for said in (suffix, suffix.upper(), suffix.replace("-", "")):
            assert intent(requested_ovn_suffix=said).ovn_suffix == said
    else:
        refused = refusal(intent, requested_ovn_suffix=suffix)
        assert (refused.status, fields(refused)) == (400, ["requested_ovn_suffix"])


@pytest.mark.parametrize("suffix", ["", "x", ID, uuid7(NOW_US // 1000).replace("-8", "-c"), uuid7(NOW_US // 1000)[:-1]])
def test_what_is_no_suffix_is_refused(suffix: str) -> None:
    assert fields(refusal(intent, requested_ovn_suffix=suffix)) == ["requested_ovn_suffix"]


# --- extents -------------------------------------------------------------------------------------------------------

LARGE = polygon((46, 7), (46, 7.7), (46.45, 7.7), (46.45, 7))
BOUNDS = [
    ("time_start", "extents[1].time_start"),
    ("time_end", "extents[1].time_end"),
    ("altitude_lower", "extents[1].volume.altitude_lower"),
    ("altitude_upper", "extents[1].volume.altitude_upper"),
]


@pytest.mark.parametrize(("bound", "place"), BOUNDS)
def test_an_operational_intent_needs_all_bounds(bound: str, place: str) -> None:
    lacking = volume(**{bound: None})
    refused = refusal(intent, extents=[volume(), lacking])
    assert (refused.status, fields(refused)) == (400, [place])
    if bound.startswith("time"):
        assert fields(refusal(constraint, extents=[volume(), lacking])) == [place]


@pytest.mark.parametrize("make", [intent, constraint])
def test_an_entity_needs_volumes_that_are_not_over(make: Callable[..., Any]) -> None:
    for nothing in ([], None, DROP):
        refused = refusal(make, extents=nothing)
        assert (refused.status, fields(refused)) == (400, ["extents"])
    past = volume(time_start=time("2026-11-23T00:00:00Z"), time_end=time("2026-11-23T00:59:59.999999Z"))
    refused = refusal(make, extents=[past])
    assert (refused.status, fields(refused)) == (400, ["extents"])
    assert make(extents=[past, volume()])


def test_a_subscription_needs_one_volume() -> None:
    for nothing in (None, DROP):
        assert fields(refusal(subscription, extents=nothing)) == ["extents"]
    assert fields(refusal(subscription, extents=[volume()])) == ["extents"]
    assert fields(refusal(subscription, extents={})) == ["extents.volume"]


def test_a_query_needs_an_area() -> None:
    assert fields(refusal(r.area_query, b"{}", oversize_status=413)) == ["area_of_interest"]
    body = json.dumps({"area_of_interest": {}}).encode()
    assert fields(refusal(r.area_query, body, oversize_status=413)) == ["area_of_interest.volume"]


@pytest.mark.parametrize("outline", [LARGE, circle(46, 7, 56_500)])
def test_what_is_too_large_is_refused_with_the_status_of_the_operation(outline: dict[str, Any]) -> None:
    for make in (intent, constraint):
        refused = refusal(make, extents=[volume(outline)])
        assert refused.status == 400
        assert fields(refused)[0].startswith("extents[0].volume.outline_")
    assert refusal(subscription, extents=volume(outline)).status == 400
    query = json.dumps({"area_of_interest": {"volume": outline}}).encode()
    for status in (400, 413):
        assert refusal(r.area_query, query, oversize_status=status).status == status


def test_a_query_that_is_wrong_as_well_as_too_large_is_wrong() -> None:
    query = json.dumps({"area_of_interest": volume(LARGE, time_end=time("x"))}).encode()
    refused = refusal(r.area_query, query, oversize_status=413)
    assert refused.status == 400
    assert fields(refused) == ["area_of_interest.time_end.value", "area_of_interest.volume.outline_polygon"]


# --- availability and reports --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", ["", "Up", None, DROP])
def test_an_availability_is_one_of_three(sent: Any) -> None:
    refused = refusal(availability, availability=sent)
    assert (refused.status, fields(refused)) == (400, ["availability"])


def test_availability_is_that_of_a_uss() -> None:
    assert fields(refusal(availability, uss=" ")) == ["uss_id"]


@pytest.mark.parametrize("name", ["url", "method", "recorder_role", "request_time"])
def test_a_report_needs_what_it_is_about(name: str) -> None:
    without = {key: value for key, value in EXCHANGE.items() if key != name}
    refused = refusal(report, exchange=without)
    assert (refused.status, fields(refused)) == (400, [f"exchange.{name}"])


def test_a_report_is_of_an_exchange_of_modest_size() -> None:
    assert fields(refusal(report, exchange=DROP)) == ["exchange"]
    assert fields(refusal(report, exchange={**EXCHANGE, "recorder_role": "Both"})) == ["exchange.recorder_role"]
    late = {**EXCHANGE, "request_time": time("yesterday")}
    assert fields(refusal(report, exchange=late)) == ["exchange.request_time.value"]
    large = {**EXCHANGE, "request_body": "x" * limits.DSS_REPORT_BYTES}
    assert refusal(report, exchange=large).status == 413


# --- bodies that are no such bodies --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"  ",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"\xff",
        b'{"uss_base_url":"\xff"}',
        b'{"a":' + b"[" * 300_000,
        b'{"a":' + b"[" * 300_000 + b"]" * 300_000 + b"}",
        b"[" * 300_000,
        b'{"extents":[{"volume":{"outline_circle":{"radius":{"value":1e999}}}}]}',
        b'{"extents":[{"volume":{"outline_circle":{"radius":{"value":NaN}}}}]}',
    ],
    ids=lambda raw: raw[:12].decode("ascii", "replace"),
)
def test_what_is_no_json_of_ours_is_refused(raw: bytes) -> None:
    refused = refusal(intent, raw=raw)
    assert refused.status == 400
    assert len(refused.message) < 300


def test_what_is_of_the_wrong_kind_is_told_by_its_exact_place() -> None:
    wrong = volume(polygon((1, 2), (3, 4), (5, 6)))
    wrong["volume"]["outline_polygon"]["vertices"][1]["lat"] = "3"
    wrong["volume"]["altitude_lower"] = 7
    refused = refusal(intent, extents=[volume(), wrong, "x", None], state=True, key="k", new_subscription=[])
    assert refused.status == 400
    assert fields(refused) == [
        "extents[1].volume.outline_polygon.vertices[1].lat",
        "extents[1].volume.altitude_lower",
        "extents[2]",
        "extents[3]",
        "key",
        "state",
        "new_subscription",
    ]
    assert refused.problems[0].problem == '"3" is not a number'
    assert refused.message.startswith(f"{fields(refused)[0]}: ")
    assert "6 more" in refused.message


def test_a_boolean_is_no_number_and_a_number_no_boolean() -> None:
    wrong = volume()
    wrong["volume"]["altitude_lower"]["value"] = True
    assert fields(refusal(intent, extents=[wrong])) == ["extents[0].volume.altitude_lower.value"]
    assert fields(refusal(subscription, notify_for_constraints=1)) == ["notify_for_constraints"]


def test_the_faults_of_a_body_are_told_at_once_and_in_bounds() -> None:
    refused = refusal(intent, state="x", uss_base_url="y", key=["z"] * 100, subscription_id="w")
    assert set(fields(refused)) >= {"state", "uss_base_url", "subscription_id", "key[0]"}
    assert len(refused.problems) <= limits.DSS_PROBLEMS_SHOWN
    hundred = [volume(polygon((91, 0), (92, 0), (93, 0)))] * 100
    assert len(refusal(intent, extents=hundred).problems) <= limits.DSS_PROBLEMS_SHOWN
    assert len(refusal(intent, extents=["x"] * 1000).problems) <= limits.DSS_PROBLEMS_SHOWN


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (b"1e999", "1e999 is not a finite number"),
        (b"-1e999", "-1e999 is not a finite number"),
        (b"NaN", "NaN is not a finite number"),
        (b"-Infinity", "-Infinity is not a finite number"),
        (b"9" * 5_000, "9" * 75 + "... is not a finite number"),
        (b'"x"', '"x" is not a number'),
    ],
)
def test_a_number_that_is_none_is_said_with_its_place(value: bytes, wrong: str) -> None:
    body = b'{"area_of_interest": {"volume": {"altitude_lower": {"value": ' + value + b"}}}}"
    with pytest.raises(Rejected) as caught:
        r.area_query(body, oversize_status=400)
    (problem,) = caught.value.refused.problems
    assert (problem.field, problem.problem) == ("area_of_interest.volume.altitude_lower.value", wrong)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"[]", "a list is not an object"),
        (b"null", "null is not an object"),
        (b"1e999", "1e999 is not an object"),
        (b"", "is empty"),
        (b'{"x": NaN}', "JSON is malformed: invalid character (byte 6)"),
        (b"{", "Input data was truncated"),
    ],
)
def test_what_is_wrong_with_the_whole_of_a_body_is_said_of_the_body(body: bytes, wrong: str) -> None:
    with pytest.raises(Rejected) as caught:
        r.area_query(body, oversize_status=400)
    (problem,) = caught.value.refused.problems
    assert (problem.field, problem.problem) == ("body", wrong)
    assert problem.expected
