"""The form says what sending it would come to before it is sent, keeps up with the record, and sends nothing by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from demo_support import two_nodes
from playwright.sync_api import Page, expect
from test_desk_page import REFUSALS, fill_volume, on, tomorrow

import browser_support

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LEVELS = ("FL200", "FL240")


@pytest.fixture(scope="module")
def desks(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Page]]:
    with (
        two_nodes(tmp_path_factory.mktemp("what-if")) as parties,
        browser_support.watched_page(browser) as one,
        browser_support.watched_page(browser) as two,
    ):
        on(one.page, parties[0])
        on(two.page, parties[1])
        yield one.page, two.page
        for seen in (one, two):
            assert (seen.outside, [error for error in seen.errors if not REFUSALS.match(error)]) == ([], [])


def file(page: Page, positions: str, start: str, end: str) -> None:
    page.click("#file-notice")
    fill_volume(page, shape="circle", positions=positions, levels=LEVELS, times=(tomorrow(page, start), end))
    page.click("text=File it")
    expect(page.locator("#filing")).to_be_hidden()


def levels(page: Page, lower: str, upper: str) -> None:
    for place, text in enumerate((lower, upper)):
        page.locator("#filing .four input").nth(place).fill(text)


def test_a_conflict_is_said_while_the_form_is_filled_and_a_way_can_be_taken(desks: tuple[Page, Page]) -> None:
    a, b = desks
    file(b, "34, 36", "08:00", "10:00")
    expect(a.locator("#notices .row.other .name")).to_contain_text("B-0001 v1")
    a.click("#file-notice")
    would = a.locator("#filing .would")
    expect(would).to_be_empty()
    fill_volume(a, shape="circle", positions="34, 36", levels=LEVELS, times=(tomorrow(a, "09:00"), "11:00"))
    expect(would.locator(".would-lead")).to_contain_text("Would conflict with B B-0001 v1, area work: overlap, ")
    expect(would.locator(".would-lead")).to_contain_text("09:00–10:00Z")
    levels(a, "FL300", "FL340")
    expect(would).to_have_text("Would conflict with nothing that this node knows.")
    levels(a, "FL250", "FL290")
    expect(would.locator(".would-lead")).to_contain_text("only 1000 ft apart")
    way = would.locator(".ways li", has_text="FL").first
    expect(way).to_be_visible()
    way.get_by_role("button").click()
    expect(would).to_have_text("Would conflict with nothing that this node knows.")
    assert a.locator("#filing .four input").first.input_value() != "FL250"
    assert a.locator("#notices .row.own").count() == 0, "nothing was sent by looking"
    a.click("#filing >> text=Close")


def test_a_refusal_is_foretold_with_the_reason_that_sending_would_give(desks: tuple[Page, Page]) -> None:
    a, _ = desks
    a.click("#file-notice")
    fill_volume(a, shape="circle", positions="20, 36", levels=LEVELS, times=(tomorrow(a, "09:00"), "11:00"))
    a.fill("#filing .volume label:nth-of-type(2) input", "0.5")
    expect(a.locator("#filing .would .would-lead")).to_contain_text("Would be refused: AREA_TOO_SMALL")
    a.fill("#filing textarea", "not yet")
    expect(a.locator("#filing .would")).to_be_empty()
    a.click("#filing >> text=Close")


def test_an_open_form_keeps_up_with_what_the_other_side_tells(desks: tuple[Page, Page]) -> None:
    a, b = desks
    a.click("#file-notice")
    fill_volume(a, shape="circle", positions="10, 36", levels=LEVELS, times=(tomorrow(a, "14:00"), "15:00"))
    would = a.locator("#filing .would")
    expect(would).to_have_text("Would conflict with nothing that this node knows.")
    file(b, "10, 36", "14:30", "16:00")
    expect(would.locator(".would-lead")).to_contain_text("Would conflict with B ", timeout=30_000)
    a.click("text=File it")
    expect(a.locator(".key-asked")).to_contain_text("B-0002 v1")
    a.click("text=File it all the same")
    expect(a.locator("#filing")).to_be_hidden()


def test_a_change_says_which_conflict_would_be_over(desks: tuple[Page, Page]) -> None:
    a, _ = desks
    row = a.locator("#notices .row.own", has_text="A-0001")
    row.locator("summary").click()
    row.get_by_text("Change…").click()
    levels(a, "FL300", "FL340")
    expect(a.locator("#filing .would")).to_contain_text("The conflict with B B-0002 v1 would be over.")
    a.click("#filing >> text=Close")
