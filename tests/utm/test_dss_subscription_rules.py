"""The rules for subscriptions of a DSS, who is told, and what ended, each by its name.

Source: ASTM F3548-21, utm.yaml; how deployed systems read it.
"""

from __future__ import annotations

from typing import Any

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
from skyparley.utm.commands import Swept
from skyparley.utm.intents import relevant, relevant_constraints
from skyparley.utm.records import NO_SUBSCRIPTION, Extent
from skyparley.utm.rulings import Rules

HERE = extent()
ELSEWHERE = extent([99])
LONG = extent(minutes=(0, 600))


@pytest.fixture
def book() -> Book:
    return Book()


# --- the subscription of an intent -----------------------------------------------------------------------------------


def test_an_intent_may_do_without_a_subscription(book: Book) -> None:
    assert changed(book.plan("a", HERE)).subscription == ""
    assert not book.state.subscriptions


def test_only_ones_own_subscription_serves(book: Book) -> None:
    book.subscribe("s", LONG, by="bravo")
    assert status(book.plan("a", HERE, subscription="s")) == 403
    assert status(book.plan("a", HERE, subscription="nothing")) == 400


def test_a_subscription_that_does_not_tell_of_intents_does_not_serve(book: Book) -> None:
    book.subscribe("s", LONG, to="constraints")
    assert status(book.plan("a", HERE, subscription="s")) == 400


@pytest.mark.parametrize(
    ("where", "serves"),
    [
        (extent([1, 2]), True),
        (extent([1, 2, 3]), False),
        (extent([1], heights_m=(-1, 100)), False),
        (extent([1], heights_m=(0, 101)), False),
        (extent([1], minutes=(0, 60)), True),
        (extent([1], minutes=(0, 61)), False),
        (extent([1], minutes=(-5, 60)), True),
        (extent([1], minutes=(-6, 60)), False),
    ],
)
def test_an_explicit_subscription_that_is_too_small_does_not_serve(book: Book, where: Extent, serves: bool) -> None:
    book.subscribe("s", extent([1, 2]))
    answer = book.plan("a", where, subscription="s")
    assert status(answer) == (201 if serves else 400)
    assert book.state.subscriptions["s"].extent == extent([1, 2])


def test_an_implicit_subscription_is_made_with_the_bounds_of_its_intent(book: Book) -> None:
    where = extent([3, 4], heights_m=(10, 20), minutes=(5, 6000))
    answer = book.plan("a", where, new_subscription=PROCESSING)
    made = book.implicit_of("a")
    assert made.extent == where
    assert (made.manager, made.base_url) == ("alpha", PROCESSING.base_url)
    assert (made.for_intents, made.for_constraints) == (True, True)
    assert told(answer) == {made.id: 1}
    assert book.state.dependents == {made.id: {"a"}}
    book.plan("b", ELSEWHERE, new_subscription=BARE)
    assert not book.implicit_of("b").for_constraints


@pytest.mark.parametrize(
    ("where", "grown"),
    [
        (extent([2]), extent([1, 2])),
        (extent(heights_m=(-9, 5)), extent(heights_m=(-9, 100))),
        (extent(heights_m=(5, 120)), extent(heights_m=(0, 120))),
        (extent(minutes=(5, 90)), extent(minutes=(0, 90))),
        (extent(minutes=(-1, 30)), extent(minutes=(-1, 60))),
        (extent(minutes=(-10, 30)), extent(minutes=(-10, 60))),
        (extent(heights_m=(5, 10), minutes=(1, 2)), HERE),
    ],
)
def test_an_implicit_subscription_grows_with_what_depends_on_it(book: Book, where: Extent, grown: Extent) -> None:
    book.plan("a", HERE, new_subscription=BARE)
    before = book.implicit_of("a")
    answer = book.plan("b", where, key=[book.ovn("a")], subscription=before.id)
    after = book.implicit_of("b")
    assert (after.id, after.version, after.extent) == (before.id, before.version, grown)
    assert told(answer) == {before.id: 2}
    assert book.state.dependents == {before.id: {"a", "b"}}
    # It is told of what happens in what it has grown by.
    key = [book.ovn("a"), book.ovn("b")]
    assert told(book.plan("c", where, by="bravo", key=key)) == {before.id: 3}


def test_an_implicit_subscription_goes_with_the_last_that_depends_on_it(book: Book) -> None:
    book.plan("a", HERE, new_subscription=BARE)
    made = book.implicit_of("a").id
    book.plan("b", HERE, key=[book.ovn("a")], subscription=made)
    book.end("a")
    assert made in book.state.subscriptions
    assert told(book.end("b")) == {made: 4}
    assert not book.state.subscriptions
    assert not book.state.notified
    assert not book.state.dependents


def test_an_implicit_subscription_goes_when_its_last_intent_takes_another(book: Book) -> None:
    book.plan("a", HERE, new_subscription=BARE)
    first = book.implicit_of("a").id
    told_of = told(book.replan("a", new_subscription=PROCESSING))
    second = book.implicit_of("a").id
    assert set(book.state.subscriptions) == {second} != {first}
    assert told_of == {second: 1}, "who is gone is not to be notified"
    book.subscribe("s", LONG)
    book.replan("a", subscription="s")
    assert set(book.state.subscriptions) == {"s"}
    book.replan("a")
    assert set(book.state.subscriptions) == {"s"}
    assert not book.state.dependents


def test_an_implicit_subscription_goes_when_its_last_intent_does_without(book: Book) -> None:
    book.plan("a", HERE, new_subscription=BARE)
    book.plan("b", HERE, key=[book.ovn("a")], subscription=book.implicit_of("a").id)
    book.replan("a", key=[book.ovn("b")])
    assert len(book.state.subscriptions) == 1
    book.replan("b", key=[book.ovn("a")])
    assert not book.state.subscriptions


def test_an_implicit_subscription_stays_while_its_intent_keeps_it(book: Book) -> None:
    book.plan("a", HERE, new_subscription=BARE)
    made = book.implicit_of("a").id
    book.replan("a", ELSEWHERE, subscription=made, state="Activated")
    assert book.implicit_of("a").id == made
    assert book.implicit_of("a").extent.cells == (1, 99)


def test_an_explicit_subscription_stays_when_nothing_depends_on_it(book: Book) -> None:
    book.subscribe("s", LONG)
    book.plan("a", HERE, subscription="s")
    book.end("a")
    assert set(book.state.subscriptions) == {"s"}


def test_a_change_makes_an_implicit_subscription_explicit(book: Book) -> None:
    book.plan("a", HERE, new_subscription=BARE)
    made = book.implicit_of("a").id
    answer = subscribed(book.resubscribe(made, LONG))
    assert (answer.subscription.implicit, answer.dependents) == (False, ("a",))
    book.end("a")
    assert set(book.state.subscriptions) == {made}


def test_a_subscription_that_something_depends_on_is_not_deleted(book: Book) -> None:
    book.subscribe("s", LONG)
    book.plan("a", HERE, subscription="s")
    assert status(book.unsubscribe("s")) == 400
    book.end("a")
    assert status(book.unsubscribe("s")) == 200


def test_what_has_ended_holds_no_subscription(book: Book) -> None:
    """No query shows it, so nobody could be asked to remove it first."""
    book.subscribe("s", LONG)
    book.plan("a", HERE, subscription="s")
    book.at(61)
    assert status(book.resubscribe("s", extent([2], minutes=(61, 600)))) == 200
    assert status(book.unsubscribe("s")) == 200
    assert not book.state.dependents
    assert changed(book.end("a")).subscription == ""


@pytest.mark.parametrize(
    ("where", "serves"),
    [
        (HERE, True),
        (extent([2], minutes=(0, 600)), False),
        (extent(heights_m=(1, 100)), False),
        (extent(heights_m=(0, 99)), False),
        (extent(minutes=(0, 59)), False),
        (extent(minutes=(5, 60)), True),
        (extent(minutes=(6, 60)), False),
    ],
)
def test_a_subscription_does_not_shrink_below_what_depends_on_it(book: Book, where: Extent, serves: bool) -> None:
    book.subscribe("s", LONG)
    book.plan("a", HERE, subscription="s")
    assert status(book.resubscribe("s", where)) == (200 if serves else 400)
    assert status(book.resubscribe("s", HERE, to="constraints")) == 400


# --- who is told -----------------------------------------------------------------------------------------------------


def test_on_a_change_the_subscribers_of_the_volume_left_behind_are_told_too(book: Book) -> None:
    book.subscribe("old", extent([1], minutes=(0, 600)), by="bravo", to="intents and constraints")
    book.subscribe("new", extent([2], minutes=(0, 600)), by="charlie", to="intents and constraints")
    book.subscribe("other", extent([3], minutes=(0, 600)), by="charlie", to="intents and constraints")
    assert told(book.plan("a", extent([1]))) == {"old": 1}
    assert told(book.replan("a", extent([2]))) == {"old": 2, "new": 1}
    assert told(book.replan("a", extent([2]))) == {"new": 2}
    assert told(book.end("a")) == {"new": 3}
    assert told(book.zone("z", extent([1]))) == {"old": 3}
    assert told(book.rezone("z", extent([2]))) == {"old": 4, "new": 4}
    assert told(book.rezone("z", extent([2]))) == {"new": 5}
    assert told(book.unzone("z")) == {"new": 6}
    assert book.state.notified == {"old": 4, "new": 6, "other": 0}


def test_on_a_change_of_times_who_was_told_of_the_old_is_told(book: Book) -> None:
    book.subscribe("early", extent(minutes=(0, 60)), by="bravo", to="intents and constraints")
    book.plan("a", HERE)
    book.zone("z", HERE)
    assert told(book.replan("a", extent(minutes=(100, 200)))) == {"early": 3}
    assert told(book.rezone("z", extent(minutes=(100, 200)))) == {"early": 4}
    assert told(book.end("a")) == {}
    assert told(book.unzone("z")) == {}


def test_each_is_told_of_what_it_asks_for(book: Book) -> None:
    book.subscribe("i", LONG, by="bravo")
    book.subscribe("c", LONG, by="bravo", to="constraints")
    book.subscribe("b", LONG, by="bravo", to="intents and constraints")
    assert set(told(book.plan("a", HERE))) == {"i", "b"}
    assert set(told(book.zone("z", HERE))) == {"c", "b"}
    assert set(told(book.end("a"))) == {"i", "b"}
    assert set(told(book.unzone("z"))) == {"c", "b"}


def test_subscribers_are_told_whatever_the_height(book: Book) -> None:
    book.subscribe("s", extent(heights_m=(5000, 6000)), by="bravo", to="intents and constraints")
    assert told(book.plan("a", HERE)) == {"s": 1}
    assert told(book.zone("z", HERE)) == {"s": 2}


def test_bounds_of_time_that_touch_are_told_of(book: Book) -> None:
    book.subscribe("s", extent(minutes=(60, 90)), by="bravo")
    book.subscribe("t", extent(minutes=(61, 90)), by="bravo")
    assert told(book.plan("a", HERE)) == {"s": 1}


def test_ones_own_subscriptions_are_told_of(book: Book) -> None:
    book.subscribe("s", LONG)
    assert told(book.plan("a", HERE)) == {"s": 1}


def test_a_refusal_tells_nobody(book: Book) -> None:
    book.subscribe("s", LONG, by="bravo")
    book.plan("a", HERE)
    book.plan("b", HERE)
    book.plan("a", HERE)
    assert book.state.notified == {"s": 1}


# --- subscriptions ---------------------------------------------------------------------------------------------------


def test_a_subscription_without_times_lasts_from_now_a_day(book: Book) -> None:
    book.at(7)
    made = subscribed(book.subscribe("s", extent(minutes=(None, None)))).subscription
    assert made.extent == extent(minutes=(7, 7 + 24 * 60))
    book.at(9)
    kept = subscribed(book.resubscribe("s", extent([5], minutes=(None, None)))).subscription
    assert kept.extent == extent([5], minutes=(7, 7 + 24 * 60)), "what is not said stays"
    book.subscribe("t", extent(minutes=(9, 60)))
    shorter = subscribed(book.resubscribe("t", extent([5], minutes=(None, None)))).subscription
    assert shorter.extent == extent([5], minutes=(9, 60))


@pytest.mark.parametrize(
    ("minutes", "fits"),
    [
        ((-5, 60), True),
        ((-6, 60), False),
        ((0, 24 * 60), True),
        ((0, 24 * 60 + 1), False),
        ((60, 60), False),
        ((60, 59), False),
        ((-5, -1), False),
        ((3000, None), True),
        ((None, 30), True),
        ((None, 24 * 60 + 1), False),
    ],
)
def test_the_times_of_a_subscription(book: Book, minutes: Any, fits: bool) -> None:
    assert status(book.subscribe("s", extent(minutes=minutes))) == (200 if fits else 400)


def test_a_subscription_that_goes_on_may_keep_its_start(book: Book) -> None:
    book.subscribe("s", LONG)
    book.at(300)
    assert status(book.resubscribe("s", extent(minutes=(0, 700)))) == 200
    assert status(book.resubscribe("s", extent(minutes=(10, 700)))) == 400


def test_a_subscription_hears_what_stands_in_it_of_the_kinds_it_asks_for(book: Book) -> None:
    book.plan("a", HERE)
    book.plan("far", ELSEWHERE)
    book.plan("high", extent(heights_m=(500, 600)))
    book.zone("z", extent(heights_m=(500, 600)))
    both = subscribed(book.subscribe("s", extent(minutes=(0, 90)), to="intents and constraints"))
    assert [one.id for one in both.intents] == ["a"]
    assert [one.id for one in both.constraints] == ["z"]
    plain = subscribed(book.resubscribe("s", LONG))
    assert ([one.id for one in plain.intents], plain.constraints) == (["a"], ())
    zones = subscribed(book.resubscribe("s", LONG, to="constraints"))
    assert (zones.intents, [one.id for one in zones.constraints]) == ((), ["z"])


def test_a_subscription_is_not_called_by_what_stands_for_none(book: Book) -> None:
    assert status(book.subscribe(NO_SUBSCRIPTION, LONG)) == 400


# --- what has ended --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("now", "there"), [(59, True), (60, True), (61, False)])
def test_what_ended_is_neither_found_nor_required(book: Book, now: float, there: bool) -> None:
    book.plan("a", HERE)
    book.zone("z", HERE)
    book.at(now)
    wide = extent(minutes=(-60, 600))
    assert [one.id for one in relevant(book.state, wide, book.now_us)] == ["a"] * there
    assert [one.id for one in relevant_constraints(book.state, wide, book.now_us)] == ["z"] * there
    heard = subscribed(book.subscribe("s", extent(minutes=(now, 600)), to="intents and constraints"))
    assert len(heard.intents) + len(heard.constraints) == (2 if there else 0)
    assert missing(book.plan("b", wide, new_subscription=PROCESSING)) == ({"a", "z"} if there else set())


def test_a_subscription_that_ended_is_not_told(book: Book) -> None:
    book.subscribe("s", HERE, by="bravo", to="intents and constraints")
    book.at(61)
    assert told(book.plan("a", extent(minutes=(0, 600)))) == {}
    assert told(book.zone("z", extent(minutes=(0, 600)))) == {}
    assert book.state.notified == {"s": 0}


@pytest.mark.parametrize("now", [61, 61 + 2 * 60, 61 + 6 * 60])
def test_who_watched_the_time_of_what_ended_is_told_when_it_is_changed_or_deleted(book: Book, now: float) -> None:
    """The subscription is filed under the hours of its time, and what ended is hours behind."""
    book.subscribe("s", extent(minutes=(0, 470)), by="bravo", to="intents and constraints")
    book.plan("a", HERE)
    book.zone("z", HERE)
    book.plan("b", extent([1], heights_m=(900, 901)))
    book.at(now)
    assert told(book.end("a")) == {"s": 4}
    assert told(book.unzone("z")) == {"s": 5}
    assert told(book.replan("b", extent([77], minutes=(now, 3000)))) == {"s": 6}


def test_what_ended_leaves_at_the_sweep_when_it_was_kept_long_enough() -> None:
    book = Book(Rules(keep_us=10 * MINUTE_US))
    book.plan("a", HERE, new_subscription=BARE)
    book.zone("z", HERE)
    book.subscribe("s", HERE)
    book.plan("later", extent([5], minutes=(0, 61)), new_subscription=BARE)
    for now, left in ((60, 6), (70, 6), (70.001, 2), (71.001, 0)):
        book.at(now)
        before = book.state.live
        entries = len(book.journal)
        assert book.sweep() == Swept(before - left)
        assert book.state.live == left
        assert len(book.journal) - entries == (before != left), "nothing is written where nothing went"
    assert (book.state.dependents, book.state.notified, book.state.ends) == ({}, {}, [])


def test_what_was_prolonged_does_not_leave() -> None:
    book = Book(Rules(keep_us=0))
    book.plan("a", HERE)
    book.replan("a", LONG)
    book.at(61)
    assert book.sweep() == Swept(0)
    assert set(book.state.intents) == {"a"}


def test_an_implicit_subscription_that_was_grown_leaves_with_its_last_intent() -> None:
    book = Book(Rules(keep_us=0))
    book.plan("a", LONG, new_subscription=BARE)
    made = book.implicit_of("a").id
    book.plan("b", HERE, key=[book.ovn("a")], subscription=made)
    book.end("a")
    book.at(61)
    assert book.sweep() == Swept(2)
    assert not book.state.live


def test_an_explicit_subscription_stays_when_its_last_intent_leaves() -> None:
    book = Book(Rules(keep_us=0))
    book.subscribe("s", LONG)
    book.plan("a", HERE, subscription="s")
    book.at(61)
    assert book.sweep() == Swept(1)
    assert set(book.state.subscriptions) == {"s"}


def test_a_sweep_takes_few_enough_for_one_entry_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each subscription comes before the intent that depends on it, and all end at one moment."""
    monkeypatch.setattr(limits, "DSS_SWEPT", 4)
    book = Book(Rules(keep_us=0))
    for place in range(10):
        book.subscribe(f"s{place}", extent([place]))
    for place in range(10):
        book.plan(f"a{place}", extent([place]), subscription=f"s{place}")
        book.zone(f"z{place}", extent([place]))
    book.at(61)
    counts = []
    while book.state.live:
        answer = book.sweep()
        assert isinstance(answer, Swept)
        counts.append(answer.count)
        assert answer.count <= 8
        assert answer.count >= 4 or not book.state.live
    assert sum(counts) == 30
