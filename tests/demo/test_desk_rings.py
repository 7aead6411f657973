"""A statement about lives pre-empts every open page, in words and sound, and four acts are done on it by people."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from demo_support import two_nodes
from playwright.sync_api import Page, expect
from test_desk_page import REFUSALS, on

import browser_support
from skyparley.demo.nodes import Party

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLACE = [359_200_000, 373_500_000]
COUNT_TONES = """
window.tones = [];
const Real = window.AudioContext;
window.AudioContext = class extends Real {
    createOscillator() {
        const tone = super.createOscillator();
        const start = tone.start.bind(tone);
        tone.start = (when) => { window.tones.push(tone.frequency.value); start(when); };
        return tone;
    }
};
"""


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Party, Party]]:
    with two_nodes(tmp_path_factory.mktemp("rings")) as both:
        yield both


@pytest.fixture
def desks(browser: Any, parties: tuple[Party, Party]) -> Iterator[tuple[Page, Page]]:
    """Two pages at B's desk, of two officers."""
    with browser_support.watched_page(browser) as one, browser_support.watched_page(browser) as two:
        for seen in (one, two):
            seen.page.add_init_script(COUNT_TONES)
            on(seen.page, parties[1])
        yield one.page, two.page
        for seen in (one, two):
            assert (seen.outside, [error for error in seen.errors if not REFUSALS.match(error)]) == ([], [])


def act(party: Party, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """An act at a desk's door, by its machine."""
    headers = {"authorization": f"Bearer {party.officer_token}", "idempotency-key": str(uuid.uuid4())}
    answer = httpx.post(f"{party.desk}/desk/v1/{path}", json=body, headers=headers, timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def overview(party: Party) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {party.officer_token}"}
    answer = httpx.get(f"{party.desk}/desk/v1/overview", headers=headers, timeout=30, trust_env=False)
    return dict(answer.json())


def stop(party: Party, *, peer: str = "B", more: dict[str, Any] | None = None) -> None:
    area = {"type": "circle", "centre": PLACE, "radius_m": 5000}
    slots = {"area": area, "at": overview(party)["now"]}
    act(party, "statements", {"peers": [peer], "type": "STP", "slots": slots, **(more or {})})


def put_away(*pages: Page) -> None:
    for page in pages:
        press(page, "Put away")
        expect(page.locator("#rings")).to_be_hidden()


def read_back(page: Page, position: str, time: str) -> None:
    page.fill("#ring [name=position]", position)
    page.fill("#ring [name=start]", time)
    page.locator("#ring .read-back button").click()


def press(page: Page, text: str) -> None:
    page.locator("#ring button", has_text=re.compile(f"^{text}$")).click()


def time_said(page: Page) -> str:
    """The time of the stop request as it stands on the card, to the second."""
    said = page.locator("#ring .ring-facts div", has_text=re.compile("^at")).locator("dd").inner_text()
    return said.split(" ")[-1]


def test_a_stop_request_is_rung_read_back_and_carried_through_on_every_page(
    desks: tuple[Page, Page], parties: tuple[Party, Party]
) -> None:
    one, two = desks
    one.mouse.click(5, 5)  # A browser lets a page sound once somebody has touched it.
    expect(one.locator("#rings-sound")).to_be_hidden()
    stop(parties[0])
    for page in desks:
        expect(page.locator("#ring .ring-class")).to_have_text("LIFE")
        expect(page.locator("body")).to_have_attribute("data-tone", "LIFE")
        expect(page.locator("#ring-told")).to_have_text("LIFE. Stop request from A. RECEIVED.")
        expect(page.locator("#ring .sentence.large")).to_contain_text("STOP NOW")
        # Nothing can be acknowledged before it was read back, and no button promises it.
        assert page.locator("#ring button", has_text="RECEIVED AND UNDERSTOOD").count() == 0
        expect(page.locator("#ring .step", has_text="This is not agreement")).to_be_visible()
    one.wait_for_function("window.tones.length >= 4")
    assert two.evaluate("window.tones") == [], "no touch, no sound: and the page says so"
    expect(two.locator("#rings-sound")).to_have_text("Sound is off: click once")
    read_back(one, "36.00, 37.35", time_said(one))
    for page in desks:
        expect(page.locator("#ring .mismatch .as-said")).to_have_text("said: 35.9200, 37.3500")
        expect(page.locator("#ring .mismatch .as-back")).to_have_text("read back: 36.0000, 37.3500")
        expect(page.locator(".pin-back")).to_have_count(1)
        expect(page.locator("body")).to_have_attribute("data-tone", "")
    assert colour(one, ".as-said") != colour(one, ".as-back")
    assert one.locator("#ring button", has_text="RECEIVED AND UNDERSTOOD").count() == 0
    read_back(one, "3555.2N 03721E", time_said(one))
    expect(one.locator(".pin-back")).to_have_count(0)
    press(one, "RECEIVED AND UNDERSTOOD")
    for page in desks:
        expect(page.locator("#ring .step", has_text="Acknowledge")).to_contain_text(
            re.compile(r"by DESK, \d\d:\d\d:\d\dZ")
        )
    two.select_option("[aria-label='What the controlling unit does']", "STOPPING")
    press(two, "PASSED")
    for page in desks:
        expect(page.locator("#ring .step", has_text="Passed to")).to_contain_text("Z, STOPPING")
    press(two, "DONE")
    for page in desks:
        expect(page.locator("#ring .step", has_text="DONE: STOPPING")).to_be_visible()
        expect(page.locator("#ring .ring-past li")).to_have_count(5)
    put_away(*desks)


def colour(page: Page, selector: str) -> str:
    return str(page.locator(selector).first.evaluate("(node) => getComputedStyle(node).color"))


def test_the_phrase_is_read_in_the_officers_language_and_says_that_it_is_a_draft(
    desks: tuple[Page, Page], parties: tuple[Party, Party]
) -> None:
    one, two = desks
    stop(parties[0], more={"free_text": {"lang": "ru", "text": "Люди на дороге."}})
    one.locator("[data-k=ring-lang]").select_option("ar")
    large = one.locator("#ring .sentence.large")
    expect(large.locator("p").first).to_have_attribute("dir", "rtl")
    expect(large).to_contain_text("\u206635.9200N 037.3500E")
    expect(large.locator(".sentence-mark")).to_contain_text("DRAFT: no native speaker has reviewed this text")
    expect(one.locator("#ring .sentence:not(.large)")).to_contain_text("STOP NOW")
    expect(one.locator("#ring bdi[lang=ru]")).to_have_text("Люди на дороге.")
    expect(two.locator("#ring .sentence.large p").first).to_have_attribute("dir", "ltr")
    # What a person types stays where it is, with the cursor in it, while a colleague acts.
    one.locator("#ring [name=position]").press_sequentially("35.9200, 37")
    read_back(two, "35.92, 37.35", time_said(two))
    press(two, "RECEIVED AND UNDERSTOOD")
    expect(one.locator("#ring .step", has_text="Acknowledge")).to_contain_text("by DESK")
    press(two, "NOT DONE")
    for page in desks:
        expect(page.locator("#ring .step", has_text="NOT DONE: NOT STATED")).to_be_visible()
    put_away(*desks)


def test_what_is_typed_survives_what_a_colleague_does(desks: tuple[Page, Page], parties: tuple[Party, Party]) -> None:
    one, two = desks
    stop(parties[0])
    field = one.locator("#ring [name=position]")
    field.press_sequentially("35.92")
    read_back(two, "30, 30", time_said(two))
    expect(one.locator("#ring .mismatch")).to_be_visible()
    expect(field).to_have_value("35.92")
    expect(field).to_be_focused()
    field.press_sequentially("00, 37.35")
    one.fill("#ring [name=start]", time_said(one))
    one.locator("#ring [name=start]").press("Enter")
    expect(one.locator("#ring button", has_text="RECEIVED AND UNDERSTOOD")).to_be_visible()
    press(one, "RECEIVED AND UNDERSTOOD")
    press(one, "NOT DONE")
    put_away(*desks)


def test_safety_is_amber_and_not_ours_clears_nothing(desks: tuple[Page, Page], parties: tuple[Party, Party]) -> None:
    one, two = desks
    slots = {
        "position": PLACE,
        "level": {"ref": "FL", "ft": 24_000},
        "at": overview(parties[0])["now"],
        "error_m": 2000,
    }
    act(parties[0], "statements", {"peers": ["B"], "type": "IDQ", "slots": slots})
    for page in desks:
        expect(page.locator("#ring .ring-class")).to_have_text("SAFETY")
        expect(page.locator("body")).to_have_attribute("data-tone", "SAFETY")
    assert one.locator("#ring .ring-card.safety").count() == 1
    # One about lives comes before it at once; the other waits as a tab.
    stop(parties[0])
    for page in desks:
        expect(page.locator("#ring .ring-class")).to_have_text("LIFE")
        expect(page.locator("#ring-tabs button")).to_have_count(2)
    read_back(two, "35.92, 37.35", time_said(two))
    press(two, "RECEIVED AND UNDERSTOOD")
    press(two, "NOT DONE")
    expect(two.locator("#ring .step", has_text="NOT DONE: NOT STATED")).to_be_visible()
    press(two, "Put away")
    two.locator("#ring button", has_text="NOT OURS").click()
    expect(two.locator("#ring .step", has_text="Answer")).to_contain_text("NOT OURS")
    assert not greenish(colour(two, "#ring .step-done"))
    assert greenish("rgb(40, 180, 60)")
    assert not greenish("rgb(255, 241, 214)")


def test_what_rings_is_told_apart_gravest_first_and_what_the_list_hides_is_counted(
    desks: tuple[Page, Page], parties: tuple[Party, Party]
) -> None:
    for _ in range(4):
        stop(parties[0])
    now = overview(parties[0])["now"]
    inner = {"aircraft": "UAS", "position": PLACE, "precision": "EXACT", "at": now}
    relay = {"source": "SHIP", "heard_at": now, "distress": inner}
    act(parties[0], "statements", {"peers": ["B"], "type": "RLY", "slots": relay})
    stop(parties[0])
    page = desks[0]
    page.set_viewport_size({"width": 1440, "height": 900})
    tabs = page.locator("#ring-tabs button")
    expect(tabs.first).to_contain_text("Relayed for another")
    stops = [one["short_id"] for one in overview(parties[1])["matters"] if one["type"] == "STP" and one["due"]]
    expect(tabs.filter(has_text="Stop request")).to_contain_text(stops[::-1])  # The newest first.
    expect(tabs.first.locator("[data-since]")).to_have_text(re.compile(r"^\d+:\d\d$"))
    more = page.locator("#matters-more")
    expect(more).to_have_text(re.compile(r"^\d more below"))
    shown = int(more.inner_text().split()[0])
    more.click()
    expect(more).not_to_have_text(f"{shown} more below ↓", use_inner_text=False)
    page.locator("#matters").evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(more).to_be_hidden()
    # A hint that does not fit its field tells the wrong half of it.
    field = page.locator("#ring [name=position]").first
    if field.count():
        assert field.evaluate("(box) => { box.value = box.placeholder; return box.scrollWidth <= box.clientWidth; }")


def greenish(said: str) -> bool:
    red, green, blue = (int(part) for part in re.findall(r"\d+", said)[:3])
    return green > red + 20 and green > blue + 20
