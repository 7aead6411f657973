"""The rules by which a DSS decides on entities, each by its name.

Source: ASTM F3548-21, utm.yaml; how deployed systems read it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from dss_support import (
    BARE,
    MINUTE_US,
    PROCESSING,
    Book,
    changed,
    extent,
    missing,
    status,
    subscribed,
    told,
)

from skyparley.base import limits
from skyparley.utm.commands import AvailabilityChanged, DeleteIntent, Refused, SetAvailability
from skyparley.utm.commands import DeleteConstraint as NoZone
from skyparley.utm.commands import DeleteSubscription as NoSubscription
from skyparley.utm.records import Extent, Standing
from skyparley.utm.rulings import Rules

HERE = extent()
ELSEWHERE = extent([99])
LONG = extent(minutes=(0, 600))


@pytest.fixture
def book() -> Book:
    return Book()


# --- the key: operational intents ------------------------------------------------------------------------------------


def test_a_key_proves_knowledge_of_each_intent_it_meets(book: Book) -> None:
    book.plan("a", HERE)
    refusal = book.plan("b", HERE, by="bravo")
    assert (status(refusal), missing(refusal)) == (409, {"a"})
    assert "b" not in book.state.intents
    assert status(book.plan("b", HERE, by="bravo", key=[book.ovn("a")])) == 201
    assert missing(book.plan("c", HERE, by="bravo")) == {"a", "b"}
    assert missing(book.plan("c", HERE, by="bravo", key=[book.ovn("b")])) == {"a"}


def test_an_intent_of_ones_own_is_required_like_any_other(book: Book) -> None:
    book.plan("a", HERE)
    assert missing(book.plan("b", HERE)) == {"a"}


def test_an_ovn_of_before_the_last_change_proves_nothing(book: Book) -> None:
    old = changed(book.plan("a", HERE)).ovn
    book.replan("a")
    assert missing(book.plan("b", HERE, by="bravo", key=[old])) == {"a"}


def test_what_is_changed_is_not_required_of_itself(book: Book) -> None:
    book.plan("a", HERE)
    assert status(book.replan("a")) == 200


def test_a_key_may_hold_more_than_is_required(book: Book) -> None:
    book.plan("a", ELSEWHERE)
    assert status(book.plan("b", HERE, key=[book.ovn("a"), "nothing has this one"])) == 201


@pytest.mark.parametrize(
    ("where", "meets"),
    [
        (extent([1, 2]), True),
        (extent([2, 3]), False),
        (extent(heights_m=(100, 200)), True),
        (extent(heights_m=(101, 200)), False),
        (extent(heights_m=(-50, 0)), True),
        (extent(heights_m=(-50, -1)), False),
        (extent(minutes=(60, 90)), True),
        (extent(minutes=(61, 90)), False),
        (extent(minutes=(-30, 0)), True),
        (extent(minutes=(-30, -1 / 60_000_000)), False),
        (extent(heights_m=(20, 30), minutes=(10, 20)), True),
        (extent(heights_m=(-900, 900), minutes=(-900, 900)), True),
    ],
)
def test_bounds_that_touch_overlap(book: Book, where: Extent, meets: bool) -> None:
    book.at(-30).plan("a", HERE)
    assert (missing(book.plan("b", where, by="bravo")) == {"a"}) is meets


def test_times_that_touch_where_the_index_begins_a_new_bucket_overlap(book: Book) -> None:
    boundary = 160 / 3  # minutes after T0_US, the next full two hours UTC
    book.plan("a", extent(minutes=(0, boundary)))
    assert book.state.intents["a"].extent.end_us % (2 * 60 * MINUTE_US) == 0
    assert missing(book.plan("b", extent(minutes=(boundary, 90)))) == {"a"}


@pytest.mark.parametrize("state", ["Accepted", "Activated"])
def test_accepted_and_activated_need_a_key(book: Book, state: Any) -> None:
    book.plan("a", HERE)
    book.plan("b", ELSEWHERE, by="bravo", new_subscription=BARE)
    subscription = book.implicit_of("b").id
    assert missing(book.replan("b", HERE, state=state, subscription=subscription)) == {"a"}


@pytest.mark.parametrize("state", ["Nonconforming", "Contingent"])
def test_off_nominal_states_need_no_key_and_are_required_of_others(book: Book, state: Any) -> None:
    book.plan("a", HERE)
    book.plan("b", ELSEWHERE, by="bravo")
    assert changed(book.replan("b", HERE, state=state, new_subscription=BARE)).state == state
    assert missing(book.plan("c", HERE, by="charlie", key=[book.ovn("a")])) == {"b"}


def test_what_a_uss_that_is_down_has_accepted_is_not_required(book: Book) -> None:
    book.plan("a", HERE)
    assert missing(book.plan("b", HERE, by="bravo")) == {"a"}
    book.declare("alpha", "Down")
    assert status(book.plan("b", HERE, by="bravo")) == 201
    book.declare("bravo", "Down")
    book.declare("alpha", "Normal")
    assert missing(book.plan("c", HERE, by="charlie")) == {"a"}
    book.declare("alpha", "Unknown")
    assert missing(book.plan("c", HERE, by="charlie")) == {"a"}


@pytest.mark.parametrize("state", ["Activated", "Nonconforming", "Contingent"])
def test_what_a_uss_that_is_down_flies_is_required(book: Book, state: Any) -> None:
    book.plan("a", HERE)
    book.replan("a", state=state, new_subscription=BARE)
    book.declare("alpha", "Down")
    assert missing(book.plan("b", HERE, by="bravo")) == {"a"}


# --- the key: constraints --------------------------------------------------------------------------------------------


def test_constraints_are_required_only_where_the_new_subscription_asks_for_them(book: Book) -> None:
    book.zone("z", HERE, by="police")
    assert status(book.plan("a", HERE)) == 201
    assert status(book.plan("b", HERE, key=[book.ovn("a")], new_subscription=BARE)) == 201
    refusal = book.plan("c", HERE, key=[book.ovn("a"), book.ovn("b")], new_subscription=PROCESSING)
    assert (status(refusal), missing(refusal)) == (409, {"z"})
    key = [book.ovn("a"), book.ovn("b"), book.ovn("z")]
    assert status(book.plan("c", HERE, key=key, new_subscription=PROCESSING)) == 201


def test_constraints_are_required_only_where_the_subscription_of_before_asks_for_them(book: Book) -> None:
    book.zone("z", HERE, by="police")
    book.subscribe("plain", LONG)
    book.subscribe("both", LONG, to="intents and constraints")
    assert status(book.plan("a", HERE, subscription="plain")) == 201
    assert missing(book.plan("b", HERE, key=[book.ovn("a")], subscription="both")) == {"z"}
    assert missing(book.replan("a", subscription="both")) == {"z"}
    assert status(book.replan("a", subscription="both", key=[book.ovn("z")])) == 200
    assert missing(book.replan("a", subscription="both")) == {"z"}
    assert status(book.replan("a")) == 200


def test_constraints_are_required_at_whatever_height(book: Book) -> None:
    book.zone("z", extent(heights_m=(5000, 6000)), by="police")
    book.zone("elsewhere", ELSEWHERE, by="police")
    book.zone("later", extent(minutes=(61, 90)), by="police")
    assert missing(book.plan("a", HERE, new_subscription=PROCESSING)) == {"z"}


def test_a_constraint_of_a_uss_that_is_down_is_required(book: Book) -> None:
    book.zone("z", HERE, by="police")
    book.declare("police", "Down")
    assert missing(book.plan("a", HERE, new_subscription=PROCESSING)) == {"z"}


def test_off_nominal_states_do_not_need_the_constraints_either(book: Book) -> None:
    book.plan("a", HERE, new_subscription=PROCESSING)
    book.zone("z", HERE, by="police")
    same = book.implicit_of("a").id
    assert missing(book.replan("a", subscription=same)) == {"z"}
    assert status(book.replan("a", subscription=same, state="Nonconforming")) == 200


# --- versions --------------------------------------------------------------------------------------------------------


def test_an_ovn_is_new_and_the_version_one_more_at_each_change(book: Book) -> None:
    seen = [changed(book.plan("a", HERE))]
    seen += [changed(book.replan("a", state=state, new_subscription=BARE)) for state in ("Activated", "Accepted")]
    assert [one.version for one in seen] == [1, 2, 3]
    assert len({one.ovn for one in seen}) == 3
    zones = [book.zone("z", HERE), book.rezone("z", HERE), book.rezone("z", HERE)]
    assert [one.constraint.version for one in zones] == [1, 2, 3]  # type: ignore[union-attr]
    assert len({one.constraint.ovn for one in zones}) == 3  # type: ignore[union-attr]


def test_a_version_of_a_subscription_changes_with_it_and_not_with_its_notifications(book: Book) -> None:
    first = subscribed(book.subscribe("s", LONG)).subscription.version
    assert told(book.plan("a", HERE)) == {"s": 1}
    assert book.state.subscriptions["s"].version == first
    second = subscribed(book.resubscribe("s", LONG))
    assert second.subscription.version != first
    assert second.index == 1


def test_an_ovn_may_be_asked_for_but_not_twice(book: Book) -> None:
    assert changed(book.plan("a", HERE, ovn_suffix="s1")).ovn == "a_s1"
    assert status(book.replan("a", ovn_suffix="s1")) == 400
    assert changed(book.replan("a", ovn_suffix="s2")).ovn == "a_s2"


# --- who may, and from what: the order of refusals -------------------------------------------------------------------


def test_intents_refuse_by_what_is_there_then_the_manager_then_the_version(book: Book) -> None:
    assert status(book.plan("a", HERE, ovn="none was given")) == 400
    assert status(book.run(DeleteIntent(manager="alpha", id="a", ovn="none was given"))) == 404
    assert status(book.plan("a", HERE)) == 201
    again = book.plan("a", HERE)
    assert (status(again), missing(again)) == (409, set())
    assert status(book.plan("a", HERE, by="bravo")) == 403
    assert status(book.plan("a", HERE, by="bravo", ovn="a wrong one")) == 403
    assert status(book.plan("a", HERE, by="bravo", ovn=book.ovn("a"))) == 403
    assert status(book.end("a", by="bravo", ovn="a wrong one")) == 403
    assert status(book.end("a", by="bravo")) == 403
    wrong = book.plan("a", HERE, ovn="a wrong one")
    assert (status(wrong), missing(wrong)) == (409, set())
    assert status(book.end("a", ovn="a wrong one")) == 409
    assert book.state.intents["a"].version == 1
    assert status(book.end("a")) == 200
    assert "a" not in book.state.intents
    assert status(book.plan("a", HERE, by="bravo")) == 201


def test_constraints_refuse_by_the_manager_then_the_version(book: Book) -> None:
    assert status(book.zone("z", HERE, ovn="none was given")) == 409
    assert status(book.run(NoZone(manager="alpha", id="z", ovn="none was given"))) == 404
    assert status(book.zone("z", HERE)) == 201
    assert status(book.zone("z", HERE)) == 409
    assert status(book.zone("z", HERE, by="bravo")) == 403
    assert status(book.zone("z", HERE, by="bravo", ovn="a wrong one")) == 403
    assert status(book.unzone("z", by="bravo", ovn="a wrong one")) == 403
    assert status(book.zone("z", HERE, ovn="a wrong one")) == 409
    assert status(book.unzone("z", ovn="a wrong one")) == 409
    assert status(book.rezone("z", HERE)) == 200
    assert status(book.unzone("z")) == 200
    assert not book.state.constraints


def test_subscriptions_refuse_by_the_version_then_the_manager(book: Book) -> None:
    assert status(book.subscribe("s", LONG, version="none was given")) == 400
    assert status(book.run(NoSubscription(manager="alpha", id="s", version="none was given"))) == 404
    assert status(book.subscribe("s", LONG)) == 200
    assert status(book.subscribe("s", LONG)) == 409
    assert status(book.subscribe("s", LONG, by="bravo")) == 409
    right = book.state.subscriptions["s"].version
    assert status(book.subscribe("s", LONG, by="bravo", version="a wrong one")) == 409
    assert status(book.subscribe("s", LONG, by="bravo", version=right)) == 403
    assert status(book.unsubscribe("s", by="bravo")) == 403
    assert status(book.subscribe("s", LONG, version="a wrong one")) == 409
    assert status(book.unsubscribe("s", version="a wrong one")) == 409
    assert status(book.unsubscribe("s")) == 200
    assert not book.state.subscriptions


def test_the_version_is_judged_before_the_subscription_and_that_before_the_key(book: Book) -> None:
    book.plan("other", HERE, by="bravo")
    book.plan("a", ELSEWHERE)
    book.subscribe("theirs", LONG, by="bravo")
    assert status(book.replan("a", HERE, ovn="a wrong one", subscription="nothing")) == 409
    assert status(book.replan("a", HERE, subscription="nothing")) == 400
    assert status(book.replan("a", HERE, subscription="theirs")) == 403
    assert missing(book.replan("a", HERE)) == {"other"}


# --- a caller that is Down -------------------------------------------------------------------------------------------


def test_a_uss_that_is_down_may_not_plan_nor_end(book: Book) -> None:
    book.plan("a", HERE)
    book.declare("alpha", "Down")
    assert status(book.plan("b", ELSEWHERE)) == 412
    assert status(book.replan("a")) == 412
    assert status(book.replan("a", state="Activated", new_subscription=BARE)) == 412
    assert status(book.end("a")) == 412
    assert status(book.end("a", ovn="a wrong one")) == 409
    assert status(book.plan("a", HERE, by="bravo")) == 403
    assert status(book.zone("z", HERE)) == 201
    book.declare("alpha", "Normal")
    assert status(book.end("a")) == 200


def test_a_uss_that_is_down_may_say_that_it_is_off_nominal(book: Book) -> None:
    book.plan("a", HERE)
    book.declare("alpha", "Down")
    assert status(book.replan("a", state="Nonconforming", new_subscription=BARE)) == 200


def test_the_operator_may_choose_not_to_refuse_who_is_down() -> None:
    book = Book(Rules(refuse_down=False))
    book.declare("alpha", "Down")
    assert status(book.plan("a", HERE)) == 201
    assert status(book.end("a")) == 200


# --- more than an answer holds ---------------------------------------------------------------------------------------


def test_what_is_missing_beyond_what_an_answer_holds_is_named_later(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "DSS_FOUND", 3)
    ovns: list[str] = []
    for name in "abcde":
        ovns.append(changed(book.plan(name, HERE, key=ovns)).ovn)
    refusal = book.plan("x", HERE)
    assert missing(refusal) == {"a", "b", "c"}
    assert "5" in str(refusal)
    assert missing(book.plan("x", HERE, key=ovns[:3])) == {"d", "e"}
    assert status(book.plan("x", HERE, key=ovns)) == 201


def test_a_subscription_is_not_told_of_a_part_of_what_stands_in_it(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in range(4):
        book.plan(f"a{place}", extent([place]))
    monkeypatch.setattr(limits, "DSS_FOUND", 3)
    assert status(book.subscribe("s", extent(range(4), minutes=(0, 90)))) == 400
    assert status(book.subscribe("s", extent(range(3), minutes=(0, 90)))) == 200
    assert status(book.subscribe("t", extent(range(4), minutes=(0, 90)), to="constraints")) == 200


# --- availability ----------------------------------------------------------------------------------------------------


def test_availability_goes_on_from_the_version_of_before(book: Book) -> None:
    assert book.state.availability("alpha") == Standing("alpha", "Unknown", "")

    def declare(version: str, availability: Any = "Down") -> Any:
        command = SetAvailability(manager="judge", uss="alpha", old_version=version, availability=availability)
        return book.run(command)

    assert status(declare("one that was not given")) == 409
    first = declare("")
    assert isinstance(first, AvailabilityChanged)
    assert book.state.availability("alpha") == first.standing == Standing("alpha", "Down", first.standing.version)
    assert status(declare("")) == 409
    second = declare(first.standing.version, "Normal")
    assert second.standing.availability == "Normal"
    assert second.standing.version not in ("", first.standing.version)
    assert status(declare(first.standing.version)) == 409
    assert book.state.availability("bravo").availability == "Unknown"


# --- all that is refused says why ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        lambda book: book.plan("x", HERE, ovn="none"),
        lambda book: book.plan("a", HERE),
        lambda book: book.plan("b", HERE),
        lambda book: book.plan("b", HERE, subscription="nothing"),
        lambda book: book.zone("x", HERE, ovn="none"),
        lambda book: book.subscribe("x", LONG, version="none"),
        lambda book: book.subscribe("x", extent(minutes=(-60, 60))),
    ],
)
def test_a_refusal_says_where_what_and_what_would_be_right(book: Book, ask: Callable[[Book], Any]) -> None:
    book.plan("a", HERE)
    answer = ask(book)
    assert isinstance(answer, Refused)
    assert answer.message
    for problem in answer.problems:
        assert all(msgspec.structs.astuple(problem)), problem
    assert answer.problems
