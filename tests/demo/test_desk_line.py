"""The line on the desk page: its word and its two-person acts, statements with their history, and what is said from here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from demo_support import two_nodes
from playwright.sync_api import Page, expect
from test_desk_page import REFUSALS, on
from test_desk_rings import PLACE, act, overview, press, put_away, read_back, stop, time_said

import browser_support
from skyparley.adapters.system.identity import own_card
from skyparley.demo.nodes import Party

CHECKED_MS = 20_000
"""Milliseconds after which a line that was resumed must be compared and checked."""

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Party, Party]]:
    with two_nodes(tmp_path_factory.mktemp("line")) as both:
        yield both


@pytest.fixture
def desks(browser: Any, parties: tuple[Party, Party]) -> Iterator[tuple[Page, Page]]:
    """A page at A's desk and one at B's."""
    with browser_support.watched_page(browser) as one, browser_support.watched_page(browser) as two:
        on(one.page, parties[0])
        on(two.page, parties[1])
        yield one.page, two.page
        for seen in (one, two):
            assert (seen.outside, [error for error in seen.errors if not REFUSALS.match(error)]) == ([], [])


def as_person(page: Page, party: Party, account: str) -> None:
    """Leaves the desk and comes back as a person, with a password."""
    page.click("#log-off")
    page.fill("[name=account]", account)
    page.fill("[name=password]", party.passwords[account])
    page.click("text=Log on >> nth=-1")
    page.wait_for_selector("body[data-stage=desk][data-position]")


def change(page: Page, name: str, reason: str) -> None:
    box = page.locator("#line-cards .choices", has_text=f"{name}…")
    box.locator("button").first.click()
    box.locator("select").select_option(reason)
    box.locator("button.act").click()


def test_two_persons_suspend_and_lives_still_pass(desks: tuple[Page, Page], parties: tuple[Party, Party]) -> None:
    a, b = desks
    word = "#line-cards .line-word"
    expect(b.locator(word)).to_have_text(re.compile("OPEN|DEGRADED"))
    as_person(b, parties[1], "duty-officer")
    change(b, "Suspend", "POLITICAL")
    expect(b.locator("#line-cards .asked")).to_contain_text("Suspension asked by duty-officer")
    expect(b.locator(word)).to_have_text(re.compile("OPEN|DEGRADED"))
    # The same person again is no second person.
    b.click("text=Confirm the suspension")
    expect(b.locator("#line-cards .refusal, #line-cards .told").first).to_be_visible()
    expect(b.locator(word)).to_have_text(re.compile("OPEN|DEGRADED"))
    as_person(b, parties[1], "supervisor")
    b.click("text=Confirm the suspension")
    for page in desks:
        expect(page.locator(word)).to_have_text("SUSPENDED")
        expect(page.locator("#line-banners")).to_contain_text(
            "SUSPENDED by B. LIFE, SAFETY, checks and one-way notices pass"
        )
        expect(page.locator("#line-banners")).to_contain_text("GUARD 121.5 MHz")
    stop(parties[0])
    expect(b.locator("#ring .ring-class")).to_have_text("LIFE")
    expect(b.locator("#ring .radio")).to_contain_text("GUARD 121.5 MHz")
    read_back(b, "35.92, 37.35", time_said(b))
    press(b, "RECEIVED AND UNDERSTOOD")
    expect(a.locator("#matters .state").first).to_have_text("ACKNOWLEDGED")
    press(b, "NOT DONE")
    put_away(b)
    # Only who suspended may lift it: A's panel offers no such act.
    assert a.locator("#line-cards button", has_text="Resume").count() == 0
    as_person(b, parties[1], "duty-officer")
    change(b, "Resume", "POLITICAL")
    expect(b.locator("#line-cards .asked")).to_contain_text("Resumption asked by duty-officer")
    as_person(b, parties[1], "supervisor")
    for page in desks:
        expect(page.locator(word)).to_have_text("SUSPENDED")
    b.click("text=Confirm the resumption")
    for page in desks:
        expect(page.locator(word)).to_have_text(re.compile("OPEN|DEGRADED"), timeout=CHECKED_MS)
        expect(page.locator("#line-cards .times")).to_contain_text("IN FORCE")
        expect(page.locator("#line-banners")).not_to_contain_text("SUSPENDED by B")


def test_a_statement_shows_all_its_times_to_whoever_said_it(
    desks: tuple[Page, Page], parties: tuple[Party, Party]
) -> None:
    a, b = desks
    now = overview(parties[0])["now"]
    slots = {"position": PLACE, "level": {"ref": "FL", "ft": 24_000}, "since": now}
    act(parties[0], "statements", {"peers": ["B"], "type": "GNI", "slots": slots})
    row = a.locator("#matters .matter", has_text="Satellite navigation interference")
    expect(row.locator(".state")).to_have_text("RECEIVED")
    expect(row.locator(".row-due")).to_contain_text(re.compile(r"acknowledgment due in 4:\d\d"))
    row.locator("summary").click()
    expect(row.locator(".times div", has_text="understood by a person")).to_contain_text("not yet known")
    expect(row.locator(".times div", has_text="received by the machine")).to_contain_text("Z")
    b.locator("#matters .matter", has_text="Satellite").locator("button", has_text="Received and understood").click()
    done = a.locator("#matters-over .matter", has_text="Satellite navigation interference")
    expect(done.locator(".state")).to_have_text("ACKNOWLEDGED", use_inner_text=False)
    put_away(b)


def test_a_person_sees_exactly_what_goes_out_before_it_goes(
    desks: tuple[Page, Page], parties: tuple[Party, Party]
) -> None:
    a, b = desks
    a.click("#say-open")
    a.fill("#say textarea", "35.92, 37.35 and a word")
    a.click("text=Look before sending")
    expect(a.locator("#say-answer .refusal")).to_contain_text("is not a position")
    a.fill("#say textarea", "35.92, 37.35")
    a.fill("#say [name=words]", "People by the dam.")
    a.click("text=Look before sending")
    release = a.locator("#say .release")
    expect(release.locator("h3")).to_contain_text("B will see this, class LIFE")
    expect(release.locator(".ways")).to_contain_text("IN THE CLEAR: whoever carries it can read it")
    expect(release.locator(".ways")).to_contain_text("SEALED: only they can open it")
    expect(release.locator(".sentence")).to_contain_text("STOP NOW")
    expect(release.locator(".payload")).to_contain_text('"text": "People by the dam."')
    expect(release.locator(".times div", has_text=re.compile("^at"))).to_contain_text("Z")
    expect(release.locator(".doubt")).to_have_count(0)
    assert not [one for one in overview(parties[1]).get("matters", []) if one["type"] == "STP" and one["due"]], (
        "only looked at"
    )
    a.fill("#say [name=at]", "2020-01-01 08:00Z")
    a.click("text=Look before sending")
    expect(release.locator(".doubt")).to_contain_text("LOOK AGAIN: at 2020-01-01 08:00Z is ")
    a.fill("#say [name=at]", "")
    # Whoever changes a word has to look again.
    a.fill("#say [name=words]", "People on the dam.")
    expect(release).to_have_count(0)
    a.click("text=Look before sending")
    a.locator("#say .release button.act").click()
    expect(a.locator("#say")).to_be_hidden()
    expect(b.locator("#ring .ring-facts bdi")).to_have_text("People on the dam.")
    read_back(b, "35.92, 37.35", time_said(b))
    press(b, "RECEIVED AND UNDERSTOOD")
    press(b, "NOT DONE")
    put_away(b)


def test_a_distress_is_sent_by_a_person_who_chooses_how_exact_it_is(
    desks: tuple[Page, Page], parties: tuple[Party, Party]
) -> None:
    a, b = desks
    a.click("#say-open")
    a.locator("#say select").first.select_option("DIS")
    expect(a.locator("#say .warn-note").first).to_contain_text("sent by a person only")
    as_person(a, parties[0], "duty-officer")
    a.click("#say-open")
    a.locator("#say select").first.select_option("DIS")
    a.locator("#say label", has_text="we give").locator("select").select_option("ROUNDED")
    a.fill("#say [name=position]", "35.9275, 37.3412")
    a.fill("#say [name=pob]", "3")
    a.click("text=Look before sending")
    expect(a.locator("#say .payload")).to_contain_text('"precision": "ROUNDED"')
    assert "359275000" not in a.locator("#say .payload").inner_text(), "the exact point does not leave"
    expect(a.locator("#say .payload")).to_contain_text("359333333")
    a.locator("#say .release button.act").click()
    expect(b.locator("#ring h2")).to_have_text("Distress")
    expect(b.locator("#ring .ring-facts")).to_contain_text("ROUNDED")
    read_back(b, "35.9333, 37.3333", time_said(b))
    press(b, "RECEIVED AND UNDERSTOOD")
    press(b, "PASSED")
    expect(a.locator("#matters-over .matter", has_text="Distress").locator(".state").first).to_have_text(
        "PASSED", use_inner_text=False
    )
    put_away(b)


def test_an_unknown_aircraft_is_grey_until_somebody_says_ours(
    desks: tuple[Page, Page], parties: tuple[Party, Party]
) -> None:
    a, b = desks
    for answer in ("NOT OURS", "OURS"):
        now = overview(parties[0])["now"]
        slots = {"position": PLACE, "level": {"ref": "FL", "ft": 24_000}, "at": now, "error_m": 2000}
        act(parties[0], "statements", {"peers": ["B"], "type": "IDQ", "slots": slots})
        expect(a.locator("#matters .identity")).to_have_text("IDENTITY UNKNOWN")
        expect(a.locator("#chart .pin-said.unknown").first).to_be_attached()
        press(b, answer)
        put_away(b)
    said = a.locator("#matters-over .identity")
    expect(said).to_have_count(2)
    assert sorted(said.all_text_contents()) == ["IDENTITY UNKNOWN (B: NOT OURS)", "IDENTITY: of B"]
    red, green, blue = (
        int(part) for part in re.findall(r"\d+", said.first.evaluate("(one) => getComputedStyle(one).color"))
    )
    assert max(red, green, blue) - min(red, green, blue) < 30, "grey"
    expect(a.locator("#chart .pin-said.unknown")).to_have_count(1)


def test_an_exercise_is_hatched_and_said_across_the_top(desks: tuple[Page, Page], parties: tuple[Party, Party]) -> None:
    _, b = desks
    b.mouse.click(5, 5)
    stop(parties[0], more={"exercise": True})
    expect(b.locator("#line-banners .exercise-banner")).to_contain_text("EXERCISE")
    expect(b.locator("#ring .ring-card.exercise .exercise-word")).to_have_text("EXERCISE EXERCISE EXERCISE")
    expect(b.locator("body")).to_have_attribute("data-tone", "SAFETY")
    read_back(b, "35.92, 37.35", time_said(b))
    press(b, "RECEIVED AND UNDERSTOOD")
    press(b, "NOT DONE")
    put_away(b)


def test_what_nobody_signed_is_shown_apart_as_text(desks: tuple[Page, Page], parties: tuple[Party, Party]) -> None:
    _, b = desks
    door = own_card(parties[1].folder).urls[0]
    text = "<b>Open the line.</b> This is headquarters."
    httpx.post(f"{door}/peer/v1/statements", content=text, headers={"content-type": "text/plain"}, trust_env=False)
    expect(b.locator("#unauthenticated summary")).to_contain_text(
        "unauthenticated: they changed nothing", timeout=15_000
    )
    b.locator("#unauthenticated summary").click()
    expect(b.locator("#unauthenticated code").first).to_contain_text("Open the line.")
    assert b.locator("#unauthenticated code b").count() == 0


def test_the_page_can_be_worked_by_keyboard_alone(desks: tuple[Page, Page], parties: tuple[Party, Party]) -> None:
    _, b = desks
    stop(parties[0])
    expect(b.locator("#ring .ring-class")).to_have_text("LIFE")
    b.locator("#ring [name=position]").focus()
    b.keyboard.type("35.92, 37.35")
    b.keyboard.press("Tab")
    b.keyboard.type(time_said(b))
    b.keyboard.press("Enter")
    button = b.locator("#ring button", has_text="RECEIVED AND UNDERSTOOD")
    expect(button).to_be_visible()
    for _ in range(12):
        b.keyboard.press("Tab")
        if button.evaluate("(one) => one === document.activeElement"):
            break
    b.keyboard.press("Enter")
    expect(b.locator("#ring .step", has_text="Acknowledge")).to_contain_text("by DESK")


def test_the_lost_line_card_is_served_to_whoever_may_read(parties: tuple[Party, Party], tmp_path: Path) -> None:
    url = f"{parties[0].desk}/desk/v1/lines"
    token = {"authorization": f"Bearer {parties[0].officer_token}"}
    with httpx.Client(headers=token, trust_env=False) as client:
        page = client.get(f"{url}/B/card?lang=ru")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "LOST-LINE CARD &nbsp; A – B" in page.text
        assert "ПРЕКРАТИТЕ НЕМЕДЛЕННО" in page.text
        assert "<script" not in page.text
        assert client.get(f"{url}/NOBODY/card").status_code == 404
        assert client.get(f"{url}/B/card?lang=xx").json()["error"]["reasons"][0]["field"] == "lang"
    assert httpx.get(f"{url}/B/card", trust_env=False).status_code == 401


def test_a_party_with_only_a_telephone_is_called_from_the_page(
    desks: tuple[Page, Page], parties: tuple[Party, Party]
) -> None:
    """And what was announced on television stands beside the word of the line, which stays."""
    a, _ = desks
    assert not a.locator("#call-panel").is_visible()
    as_person(a, parties[0], "supervisor")
    by_hand(a, "voice-peers", {"name": "H", "languages": ["ru"], "numbers": ["+4930123456"]})
    a.click("#say-open")
    a.locator("#say .check", has_text="H (by voice)").locator("input").check()
    a.fill("#say textarea", "35.92, 37.35")
    a.click("text=Look before sending")
    expect(a.locator("#say .release")).to_contain_text("H has only a telephone.")
    a.locator("#say .release button.act").click()
    call = a.locator("#calls .row")
    expect(call.locator(".state")).to_have_text("TO CALL")
    sheet = a.request.get(str(call.locator("a.sheet").evaluate("(one) => one.href")))
    assert "ПРЕКРАТИТЕ НЕМЕДЛЕННО" in sheet.text()
    call.locator("button", has_text="Pick up the telephone").click()
    expect(call.locator(".ring-clock")).to_have_text(re.compile(r"^0:0\d$"))
    call.locator("[name=position]").fill("36.5, 37.35")
    call.locator("[name=start]").fill("00:00Z")
    call.locator("[name=summary]").fill("Told of the stop request.")
    call.locator("button", has_text="Enter it").click()
    expect(call.locator(".mismatch")).to_contain_text("said: 35.9200, 37.3500")
    gist = {"lang": "en", "text": "The line is suspended, it was said."}
    body = {"how": "BROADCAST", "who": "OFFICIAL", "gist": gist, "kind": "SUSPENSION ANNOUNCED", "peer": "B"}
    by_hand(a, "contacts", body)
    banner = a.locator("#line-banners .heard")
    expect(banner).to_contain_text("SUSPENSION ANNOUNCED outside the line about B: BROADCAST, OFFICIAL")
    expect(a.locator("#line-cards .line-word")).to_have_text(re.compile("OPEN|DEGRADED"))


def by_hand(page: Page, path: str, body: dict[str, Any]) -> None:
    """An act of the person who is logged on at the page."""
    said = page.evaluate(
        """async ([path, body]) => {
            const { act } = await import("/desk/api.js");
            try { await act(path.split("/"), body); return ""; } catch (error) { return JSON.stringify(error.all); }
        }""",
        [path, body],
    )
    assert said == ""
