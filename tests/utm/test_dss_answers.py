"""What the DSS answers travels as deployed systems expect: whose OVN is shown, who is to be notified, what is absent."""

import json
import uuid
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from volumes_support import NOW_US

from skyparley.utm import answers
from skyparley.utm.answers import View, time_out
from skyparley.utm.commands import (
    AvailabilityChanged,
    ConstraintChanged,
    IntentChanged,
    Notify,
    Problem,
    Refused,
    SubscriptionChanged,
)
from skyparley.utm.extents import parse_time_us
from skyparley.utm.records import NO_SUBSCRIPTION, Constraint, Extent, Intent, Standing, Subscription

EXTENT = Extent((300133705,), 0, 1000, NOW_US, NOW_US + 3_600_000_001)
INTENT = Intent(
    id="0f7a6c1e-3b52-4d0e-9a51-6f2d1c8b7e90",
    number=1,
    manager="uss1",
    state="Activated",
    ovn="the-ovn-of-the-intent",
    version=3,
    extent=EXTENT,
    base_url="https://uss1.example/utm",
    subscription="5c1f0d7a-88a1-4a53-8f44-0a1b2c3d4e5f",
)
CONSTRAINT = Constraint(
    id="11111111-3b52-4d0e-9a51-6f2d1c8b7e90",
    number=2,
    manager="uss2",
    ovn="the-ovn-of-the-constraint",
    version=1,
    extent=EXTENT,
    base_url="https://uss2.example",
)
SUBSCRIPTION = Subscription(
    id="5c1f0d7a-88a1-4a53-8f44-0a1b2c3d4e5f",
    number=3,
    manager="uss1",
    version="a-version-of-16-chars",
    extent=EXTENT,
    base_url="https://uss1.example/utm",
    for_intents=True,
    for_constraints=False,
    implicit=True,
)
STANDINGS = {"uss1": Standing("uss1", "Down", "v"), "uss2": Standing("uss2", "Normal", "w")}
ONE, TWO, OTHER = (View(caller, STANDINGS) for caller in ("uss1", "uss2", "uss3"))
START, END = (
    {"value": value, "format": "RFC3339"} for value in ("2026-11-23T01:00:00Z", "2026-11-23T02:00:00.000001Z")
)


def sent(body: msgspec.Struct) -> Any:
    return json.loads(msgspec.json.encode(body))


INTENT_SENT = {
    "id": INTENT.id,
    "manager": "uss1",
    "uss_availability": "Down",
    "version": 3,
    "state": "Activated",
    "ovn": "the-ovn-of-the-intent",
    "time_start": START,
    "time_end": END,
    "uss_base_url": "https://uss1.example/utm",
    "subscription_id": INTENT.subscription,
}
CONSTRAINT_SENT = {
    "id": CONSTRAINT.id,
    "manager": "uss2",
    "uss_availability": "Normal",
    "version": 1,
    "ovn": "the-ovn-of-the-constraint",
    "time_start": START,
    "time_end": END,
    "uss_base_url": "https://uss2.example",
}
HIDDEN = {"ovn": "Available from USS"}


def test_a_reference_travels_whole_to_its_manager() -> None:
    assert sent(answers.intent_found(INTENT, ONE)) == {"operational_intent_reference": INTENT_SENT}
    assert sent(answers.constraint_found(CONSTRAINT, TWO)) == {"constraint_reference": CONSTRAINT_SENT}


@pytest.mark.parametrize("view", [TWO, OTHER])
def test_nobody_else_sees_the_ovn_of_an_operational_intent(view: View) -> None:
    hidden = {**INTENT_SENT, **HIDDEN}
    assert sent(answers.intent_found(INTENT, view)) == {"operational_intent_reference": hidden}
    assert sent(answers.intents_found([INTENT], view)) == {"operational_intent_references": [hidden]}


@pytest.mark.parametrize("view", [ONE, OTHER])
def test_nobody_else_sees_the_ovn_of_a_constraint(view: View) -> None:
    hidden = {**CONSTRAINT_SENT, **HIDDEN}
    assert sent(answers.constraint_found(CONSTRAINT, view)) == {"constraint_reference": hidden}
    assert sent(answers.constraints_found([CONSTRAINT], view)) == {"constraint_references": [hidden]}


def test_no_subscription_has_its_placeholder() -> None:
    alone = msgspec.structs.replace(INTENT, subscription="")
    assert answers.intent_reference(alone, ONE).subscription_id == NO_SUBSCRIPTION
    assert uuid.UUID(NO_SUBSCRIPTION).version == 4


def test_a_uss_on_which_nothing_was_declared_is_unknown() -> None:
    nobody = View("uss1", {})
    assert answers.intent_reference(INTENT, nobody).uss_availability == "Unknown"
    assert answers.constraint_reference(CONSTRAINT, nobody).uss_availability == "Unknown"
    unknown = {"version": "", "status": {"uss": "uss9", "availability": "Unknown"}}
    assert sent(answers.availability_found(Standing("uss9"))) == unknown
    declared = answers.availability_changed(AvailabilityChanged(STANDINGS["uss1"]))
    assert sent(declared) == {"version": "v", "status": {"uss": "uss1", "availability": "Down"}}


def test_a_change_names_whom_to_notify_by_base_url_in_a_stable_order() -> None:
    notify = (
        Notify("s3", "https://b.example", 7),
        Notify("s2", "https://a.example", 1),
        Notify("s1", "https://b.example", 0),
    )
    expected = [
        {"uss_base_url": "https://a.example", "subscriptions": [{"subscription_id": "s2", "notification_index": 1}]},
        {
            "uss_base_url": "https://b.example",
            "subscriptions": [
                {"subscription_id": "s1", "notification_index": 0},
                {"subscription_id": "s3", "notification_index": 7},
            ],
        },
    ]
    for each in (notify, notify[::-1]):
        assert sent(answers.intent_changed(IntentChanged(INTENT, True, each), ONE)) == {
            "subscribers": expected,
            "operational_intent_reference": INTENT_SENT,
        }
        assert sent(answers.constraint_changed(ConstraintChanged(CONSTRAINT, True, each), TWO)) == {
            "subscribers": expected,
            "constraint_reference": CONSTRAINT_SENT,
        }
    assert sent(answers.intent_changed(IntentChanged(INTENT, True), ONE))["subscribers"] == []


SUBSCRIPTION_SENT = {
    "id": SUBSCRIPTION.id,
    "version": "a-version-of-16-chars",
    "notification_index": 5,
    "time_start": START,
    "time_end": END,
    "uss_base_url": "https://uss1.example/utm",
    "notify_for_operational_intents": True,
    "notify_for_constraints": False,
    "implicit_subscription": True,
    "dependent_operational_intents": ["a", "b"],
}


@pytest.mark.parametrize(("for_intents", "for_constraints"), [(True, False), (False, True), (True, True)])
def test_a_subscription_is_answered_with_what_it_asks_for_and_no_more(for_intents: bool, for_constraints: bool) -> None:
    one = msgspec.structs.replace(SUBSCRIPTION, for_intents=for_intents, for_constraints=for_constraints)
    changed = SubscriptionChanged(one, 5, ("b", "a"), (INTENT,), (CONSTRAINT,))
    body = sent(answers.subscription_put(changed, OTHER))
    assert body.pop("subscription") == {
        **SUBSCRIPTION_SENT,
        "notify_for_operational_intents": for_intents,
        "notify_for_constraints": for_constraints,
    }
    expected: dict[str, Any] = {}
    if for_intents:
        expected["operational_intent_references"] = [{**INTENT_SENT, **HIDDEN}]
    if for_constraints:
        expected["constraint_references"] = [{**CONSTRAINT_SENT, **HIDDEN}]
    assert body == expected
    nothing = sent(answers.subscription_put(SubscriptionChanged(one, 5), OTHER))
    assert {name: value for name, value in nothing.items() if name != "subscription"} == {name: [] for name in expected}


def test_a_subscription_found_or_deleted_travels_alone() -> None:
    body = {"subscription": SUBSCRIPTION_SENT}
    assert sent(answers.subscription_found(SUBSCRIPTION, index=5, dependents={"b", "a"})) == body
    assert sent(answers.subscription_deleted(SubscriptionChanged(SUBSCRIPTION, 5, ("a", "b"), (INTENT,)))) == body
    found = answers.subscriptions_found([(SUBSCRIPTION, 5, ("a", "b"))])
    assert sent(found) == {"subscriptions": [SUBSCRIPTION_SENT]}


def test_a_report_is_answered_with_its_id_and_its_exchange() -> None:
    exchange = '{"url":"https://x.example","n":[1,null]}'
    assert sent(answers.report_kept("r1", exchange)) == {"report_id": "r1", "exchange": json.loads(exchange)}


def test_an_error_says_which_field_what_was_wrong_and_what_would_be_right() -> None:
    problem = Problem("extents[0].volume", "has no outline", "outline_polygon or outline_circle")
    assert sent(answers.refused(Refused(status=400, message="m", problems=(problem,)))) == {
        "message": "m",
        "errors": [
            {
                "field": "extents[0].volume",
                "problem": "has no outline",
                "expected": "outline_polygon or outline_circle",
            }
        ],
    }


def test_what_is_missing_in_a_key_travels_without_the_ovns_of_others() -> None:
    wrong = (Problem("key", "1 OVN is missing from it", "it"),)
    both = Refused(
        status=409, message="m", problems=wrong, missing_intents=(INTENT,), missing_constraints=(CONSTRAINT,)
    )
    assert sent(answers.refused(both, ONE)) == {
        "message": "m",
        "errors": [{"field": "key", "problem": "1 OVN is missing from it", "expected": "it"}],
        "missing_operational_intents": [INTENT_SENT],
        "missing_constraints": [{**CONSTRAINT_SENT, **HIDDEN}],
    }
    assert "missing_constraints" not in sent(
        answers.refused(Refused(status=409, message="m", problems=wrong, missing_intents=(INTENT,)), TWO)
    )
    assert "missing_operational_intents" not in sent(
        answers.refused(Refused(status=409, message="m", problems=wrong, missing_constraints=(CONSTRAINT,)), TWO)
    )
    assert set(sent(answers.refused(Refused(status=409, message="m", problems=wrong), ONE))) == {"message", "errors"}
    with pytest.raises(AssertionError):
        answers.refused(both)


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_a_time_is_read_back_as_it_was_written(moment_us: int) -> None:
    written = time_out(moment_us).value
    assert parse_time_us(written, up=False) == parse_time_us(written, up=True) == moment_us


@pytest.mark.parametrize(
    "text",
    ["2026-11-23T01:00:00Z", "2026-11-23T01:00:00.123456Z", "2026-11-23T01:00:00.500000Z", "1970-01-01T00:00:00Z"],
)
def test_a_time_of_microseconds_travels_as_it_was_sent(text: str) -> None:
    assert time_out(parse_time_us(text, up=False)).value == text
