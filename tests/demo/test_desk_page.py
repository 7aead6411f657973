"""The desk page in a real browser, on real nodes: logging on, filing, refusals, and a conflict settled by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from demo_support import one_time_account, two_nodes
from playwright.sync_api import Page, expect

import browser_support
from skyparley.demo.nodes import Party

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# Chromium notes every answer that is not 2xx as an error of the page; a refusal is an answer, and so is "log on first".
REFUSALS = re.compile(r"Failed to load resource: the server responded with a status of (401|403|409|422) ")


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Party, Party]]:
    with two_nodes(tmp_path_factory.mktemp("desks")) as both:
        yield both


@pytest.fixture
def pages(browser: Any) -> Iterator[list[Page]]:
    """Two pages, each in a browser context of its own, as two parties have."""
    with browser_support.watched_page(browser) as one, browser_support.watched_page(browser) as two:
        yield [one.page, two.page]
        for seen in (one, two):
            assert seen.outside == [], "the page asked another host for something"
            assert [error for error in seen.errors if not REFUSALS.match(error)] == []


@pytest.fixture
def page(pages: list[Page]) -> Page:
    return pages[0]


def on(page: Page, party: Party) -> None:
    """Logs on by the token in the address."""
    page.goto(party.desk_page)
    page.wait_for_selector("body[data-stage=desk][data-position]")


def fill_volume(page: Page, *, shape: str, positions: str, levels: tuple[str, str], times: tuple[str, str]) -> None:
    page.select_option("#filing .volume select", shape)
    page.fill("#filing textarea", positions)
    for place, text in enumerate((*levels, *times)):
        page.locator("#filing .four input").nth(place).fill(text)


def tomorrow(page: Page, hhmm: str) -> str:
    """A time of the day after the one that the desk's clock shows."""
    day = page.evaluate("new Date(Date.now() + 86400000).toISOString().slice(0, 10)")
    return f"{day}T{hhmm}Z"


def test_the_token_leaves_the_address_bar_and_the_history(page: Page, parties: tuple[Party, Party]) -> None:
    on(page, parties[0])
    assert "token" not in page.url
    expect(page.locator("#party")).to_have_text("A")
    page.reload()
    page.wait_for_selector("body[data-stage=desk]")


def test_a_wrong_password_is_said_and_one_for_once_must_be_changed(page: Page, parties: tuple[Party, Party]) -> None:
    password = one_time_account(parties[0])
    page.goto(parties[0].desk)
    page.fill("[name=account]", "newcomer")
    page.fill("[name=password]", "surely not this one")
    page.click("text=Log on >> nth=-1")
    expect(page.locator("#logon .refusal")).to_contain_text("LOGON_FAILED")
    page.fill("[name=password]", password)
    page.click("text=Log on >> nth=-1")
    expect(page.locator("h1")).to_have_text("Choose your own password")
    page.fill("[name=new]", "short")
    page.fill("[name=again]", "short")
    page.click("text=Change it")
    expect(page.locator("#logon .answer")).to_contain_text("at least 12 characters")
    page.fill("[name=new]", "a long walk by the sea")
    page.fill("[name=again]", "a long walk by the sea")
    page.click("text=Change it")
    page.wait_for_selector("body[data-stage=desk]")
    expect(page.locator("#account")).to_have_text("newcomer")
    page.click("#log-off")
    page.wait_for_selector("[name=account]")


def test_nonsense_in_the_form_gives_reasons_that_can_be_read(page: Page, parties: tuple[Party, Party]) -> None:
    on(page, parties[0])
    page.click("#file-notice")
    nonsense = "<b>nonsense</b>"
    fill_volume(
        page, shape="circle", positions=nonsense, levels=("FL abc", "99999999 ft AMSL"), times=("31:99", "soon")
    )
    page.click("text=File it")
    reasons = page.locator("#filing-answer .refusal li")
    expect(reasons).to_have_count(5)
    said = reasons.all_inner_texts()
    assert all("UNREADABLE" in reason for reason in said)
    assert nonsense in said[0], "what was typed is shown as text"
    assert "FL200" in said[1], "what would be right is said"
    assert page.locator("#filing-answer b").count() == 0, "what was typed did not become markup"
    # What can be read but cannot be: the node's own reasons are shown the same way.
    page.fill("#filing .volume label:nth-of-type(2) input", "0.5")
    fill_volume(
        page,
        shape="circle",
        positions="35, 36",
        levels=("FL200", "FL150"),
        times=("2020-01-01T08:00Z", "2020-01-01T07:00Z"),
    )
    page.click("text=File it")
    expect(page.locator("#filing-answer .refusal-lead")).to_contain_text("Refused")
    assert reasons.count() >= 2
    page.fill("#filing textarea", "91, 36")
    page.click("text=File it")
    expect(reasons.first).to_contain_text("off the Earth")


def test_two_people_settle_a_conflict_by_hand(pages: list[Page], parties: tuple[Party, Party]) -> None:
    """Filing, the key, the same id, a suggestion proposed, accepted, two signatures; each page hears the other live."""
    a, b = pages
    on(a, parties[0])
    on(b, parties[1])
    times = (tomorrow(a, "08:00"), tomorrow(a, "11:00"))
    a.click("#file-notice")
    fill_volume(a, shape="corridor", positions="36.70, 36.90\n3536N 03836E", levels=("FL200", "FL240"), times=times)
    a.click("text=File it")
    expect(a.locator("#filing")).to_be_hidden()
    expect(b.locator("#notices .row.other .name")).to_contain_text("A-0001 v1")
    b.click("#file-notice")
    corners = "35.80, 36.50\n36.40, 36.50\n36.40, 38.20\n35.80, 38.20"
    fill_volume(b, shape="polygon", positions=corners, levels=("FL150", "FL250"), times=(tomorrow(b, "09:00"), "10:00"))
    b.click("text=File it")
    expect(b.locator(".key-asked")).to_contain_text("A-0001 v1")
    b.click("text=File it all the same")
    ids = []
    for page in (a, b):
        expect(page.locator("#conflicts .told-id.same")).to_be_visible()
        ids.append(page.locator("#conflicts [data-conflict-id]").get_attribute("data-conflict-id"))
    assert ids[0] == ids[1]
    a.click("text=Propose…")
    a.locator(".suggestions button", has_text="Propose this").first.click()
    expect(a.locator(".offer.own")).to_contain_text("Our proposal")
    expect(b.locator(".offer.other")).to_contain_text("A's proposal")
    b.click("text=Counter…")
    for place, level in enumerate(("FL150", "FL180")):
        b.locator(".editor-rows fieldset.own input").nth(place).fill(level)
    b.click("text=Send the counter-proposal")
    expect(a.locator(".offer.other")).to_contain_text("FL150–FL180 instead of FL150–FL250")
    a.click("text=Accept and sign")
    for page in (a, b):
        expect(page.locator("#agreements .signature.signed")).to_have_count(2)
        expect(page.locator("#agreements .state")).to_have_text("IN FORCE")
        expect(page.locator("#conflicts .state")).to_have_text("AGREED")
    # Nothing that needs the other's word is left to do, and no screen calls anything clear or safe.
    for page in (a, b):
        assert page.locator("#conflicts .acts button").count() == 0
        assert not re.search(r"\b(clear|safe|free)\b", page.inner_text("main").lower())


def test_a_desk_whose_node_is_gone_says_that_it_shows_the_past(
    browser: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with browser_support.watched_page(browser) as seen:
        with two_nodes(tmp_path_factory.mktemp("gone")) as (one, _):
            on(seen.page, one)
            expect(seen.page.locator("#stale")).to_be_hidden()
        expect(seen.page.locator("#stale")).to_contain_text("What you see is as of", timeout=15_000)


def test_an_agreement_is_over_by_the_clock_even_when_the_node_cannot_be_heard(
    page: Page, parties: tuple[Party, Party]
) -> None:
    """An expired agreement is never shown as active: the page goes by its own clock between two answers."""
    on(page, parties[0])
    shown = page.evaluate(
        """async () => {
            const { showAgreements, overBy } = await import("/desk/agreements.js");
            const one = { agreement_id: "x".repeat(43), short_id: "xxxxxxxx", pair_id: "p", status: "IN_FORCE", proposer: "A",
                acceptor: "B", kind: "TIME", notices: [], until: 1000, in_force_at: 0, signed_by: ["A", "B"] };
            const view = { own: { name: "A" }, agreements: [one] };
            return [999, 1000].map((now) => {
                showAgreements(view, { now: () => now, volumesOf: () => undefined, view });
                return [document.querySelector("#agreements .state").textContent, overBy(view, now)];
            });
        }"""
    )
    assert shown == [["IN FORCE", 0], ["EXPIRED", 1]]
