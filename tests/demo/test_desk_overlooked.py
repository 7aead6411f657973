"""What a desk must not overlook: another year, a link that is down, what has not arrived, the other side's answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from demo_support import two_nodes
from playwright.sync_api import Page, expect
from test_desk_page import fill_volume, on, tomorrow

import browser_support

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LEVELS = ("FL200", "FL240")


@pytest.fixture(scope="module")
def desks(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Page]]:
    with (
        two_nodes(tmp_path_factory.mktemp("overlooked")) as parties,
        browser_support.watched_page(browser) as one,
        browser_support.watched_page(browser) as two,
    ):
        on(one.page, parties[0])
        on(two.page, parties[1])
        yield one.page, two.page


def test_a_start_in_another_year_is_said_asked_about_and_shown(desks: tuple[Page, Page]) -> None:
    page = desks[0]
    start = tomorrow(page, "08:00")
    year = int(start[:4]) + 1
    page.click("#file-notice")
    fill_volume(page, shape="circle", positions="34, 36", levels=LEVELS, times=(f"{year}{start[4:]}", "11:00"))
    expect(page.locator("#filing .echo")).to_contain_text(f"{year} 08:00Z to 11:00Z; starts in 36")
    page.click("text=File it")
    expect(page.locator(".far-asked")).to_contain_text("Not sent yet: this starts in 36")
    assert page.locator("#notices .row").count() == 0, "nothing is sent before it is confirmed"
    page.click("text=Yes, it starts")
    expect(page.locator("#notices .row-when")).to_contain_text(f" {year} 08:00–11:00Z")
    expect(desks[1].locator("#notices .row-when")).to_contain_text(f" {year} 08:00–11:00Z")


def test_the_answer_of_the_other_side_stays_at_the_top_until_it_is_looked_at(desks: tuple[Page, Page]) -> None:
    a, b = desks
    times = (tomorrow(a, "08:00"), "11:00")
    for page, levels in ((a, LEVELS), (b, ("FL150", "FL250"))):
        page.click("#file-notice")
        fill_volume(page, shape="circle", positions="36, 37", levels=levels, times=times)
        page.click("text=File it")
        if page is b:
            page.click("text=File it all the same")
        expect(page.locator("#filing")).to_be_hidden()
        expect(b.locator("#notices .row.other")).to_have_count(2)
    a.click("text=Propose…")
    a.locator(".suggestions button", has_text="Propose this").first.click()
    b.click("text=Reject…")
    b.locator(".choices:has-text('Reject…') select").select_option("CAPACITY")
    b.locator(".choices:has-text('Reject…') button.act").click()
    expect(a.locator("#news")).to_contain_text("B rejected your proposal (CAPACITY)")
    expect(b.locator("#news")).to_be_hidden()
    for page in desks:
        expect(page.locator("#conflicts .state")).to_have_text("OPEN: proposal rejected")
        expect(page.locator("#conflicts .turns")).to_contain_text("B rejected (CAPACITY)")
    a.click("#news button")
    expect(a.locator("#news")).to_be_hidden()
    expect(a.locator("#conflicts .card")).to_be_in_viewport()


def test_a_link_that_is_down_comes_first_and_is_said_across_the_top(desks: tuple[Page, Page]) -> None:
    shown = desks[0].evaluate(
        """async () => {
            const { showLines } = await import("/desk/agreements.js");
            const line = { fingerprint: "x", peer: "X", state: "IN_FORCE", word: "OPEN", table: "EQUAL", compared: "EQUAL", sent: 1, delivered: 1, received: 1 };
            return [true, undefined, undefined, true].map((link_up, place) => {
                const link_down_since = link_up ? undefined : 2000; // The node's word, not when this page looked.
                showLines({ now: (place + 1) * 1000, lines: [{ ...line, link_up, link_down_since }] }, {});
                return [document.querySelector(".line-pill").innerText.replace(/\\s+/g, " "), document.getElementById("cut").innerText, document.getElementById("cut").hidden];
            });
        }"""
    )
    up, *downs, again = shown
    assert up == again == ["X OPEN link up · same table", "", True]
    for pill, banner, hidden in downs:
        assert pill.startswith("X LINK DOWN since 00:00:02Z")
        assert banner.startswith("LINK TO X DOWN since 00:00:02Z")
        assert not hidden


@pytest.mark.parametrize(
    ("notice", "words"),
    [
        ({"own": True}, "LOCAL ONLY"),
        ({"own": True, "audience": [{"delivered": True}, {}]}, "NOT RECEIVED"),
        ({"own": True, "audience": [{"delivered": True}]}, "TOLD"),
        ({"own": True, "audience": [{"delivered": True}], "state": "COORDINATED"}, "TOLD, NO CONFLICT"),
        ({"own": False}, "TOLD"),
        ({"own": True, "past": True}, "PAST"),
    ],
)
def test_a_notice_is_told_only_where_it_has_arrived(
    desks: tuple[Page, Page], notice: dict[str, Any], words: str
) -> None:
    read = """async (notice) => (await import("/desk/notices.js")).stateWords({ state: "NOTIFIED", ...notice })"""
    assert desks[0].evaluate(read, notice) == words
