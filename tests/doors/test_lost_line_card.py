"""The lost-line card: one printable page with what holds, whom to call and what to say, rendered without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, get_args

import msgspec
import pytest
from playwright.sync_api import Page

import browser_support
from skyparley.adapters.doors.card import HEADERS, PHRASES, page_of
from skyparley.domain.clauses import NAMED
from skyparley.domain.messages.arrangement_slots import LineClause
from skyparley.domain.messages.codes import FrequencyUse, Post
from skyparley.domain.messages.slots import CircleSlot, FlSlot, VolumeSlot
from skyparley.domain.table import parse_table
from skyparley.language.languages import FULL_LANGS
from skyparley.state import views
from skyparley.state.terms_views import CallSignView, ClauseView, FrequencyView, RadioCard, SignedView, TermsView

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NOW = 1_795_400_000_000
HOUR = 3_600_000
EVIL = "</td><script>document.title='taken'</script>"


def volumes(place: int) -> tuple[VolumeSlot, ...]:
    shape = CircleSlot(centre=(360_000_000, 370_000_000), radius_m=20_000)
    start = NOW + place * HOUR
    one = VolumeSlot(shape=shape, lower=FlSlot(ft=20_000), upper=FlSlot(ft=24_000), start=start, end=start + HOUR)
    return (one, one)


def agreement(place: int, *, until: int, status: str = "IN_FORCE") -> views.AgreementView:
    terms = tuple(
        views.TermView(party=party, id=f"{party}-{place:04d}-WITH-A-LONG-NAME", version=2, volumes=volumes(place))
        for party in ("COAST-A", "COAST-B")
    )
    return views.AgreementView(
        agreement_id="A" * 42 + "A",
        short_id=f"AGREED{place:02d}",
        pair_id="p",
        status=status,  # type: ignore[arg-type]
        proposer="COAST-A",
        acceptor="COAST-B",
        kind="MIX",
        notices=terms,  # type: ignore[arg-type]
        until=until,
        in_force_at=NOW,
        signed_by=("COAST-A", "COAST-B"),
    )


def desk(*agreements: views.AgreementView, radio: RadioCard | None = None) -> tuple[views.Overview, views.LineView]:
    own, peer = "A" * 42 + "E", "B" * 42 + "A"
    line = views.LineView(
        peer="COAST-B",
        fingerprint=peer,
        state="IN_FORCE",
        table="EQUAL",
        table_hash=own,
        compared="EQUAL",
        ready=True,
        sent=123_456,
        delivered=123_450,
        owed=6,
        received=99_999,
        sent_epoch=12,
        received_epoch=11,
        word="LOST",
        peer_desk="STAFFED",
        checks=views.ChecksView(ours={}, theirs={}, needed=3, last_good_at=NOW),
        radio=radio or RadioCard(frequencies=(), settled=False),
        unsettled=(*NAMED, "COVERAGE COAST-B"),
    )
    table = parse_table((files("skyparley.domain.tables") / "military.toml").read_text())
    seen = views.Overview(
        position=1,
        now=NOW,
        clock="REAL",
        own=views.PartyView(name="COAST-A", fingerprint=own),
        table_hash=own,
        table=table,
        lines=(line,),
        notices=(),
        conflicts=(),
        agreements=agreements,
        desk="STAFFED",
        roster={},
        terms=(standing(line),),
        alarms=(),
    )
    return seen, line


def standing(line: views.LineView) -> TermsView:
    body = LineClause(
        id="L-1",
        error_m=50,
        line=((360_000_000, 370_000_000), (361_000_000, 371_000_000)),
        buffer_m=5000,
        left="A" * 43,
        right="B" * 43,
    )
    clauses = []
    for place in range(9):
        signed = SignedView(
            version=place + 1,
            effective=NOW,
            signed_at=NOW,
            signed_by=("COAST-A", "COAST-B"),
            digest="d",
            short_id="ALOUD123",
            body=body,
        )
        clauses.append(
            ClauseView(clause=f"LINE L-{place}", title="", state="IN FORCE", in_force=signed, in_force_since=NOW)
        )
    return TermsView(peer=line.peer, clauses=tuple(clauses), radio=line.radio)


def full_radio() -> RadioCard:
    rows = tuple(FrequencyView(hz=121_500_000, use=use, text="121.500 MHz") for use in get_args(FrequencyUse) * 5)
    signs = tuple(
        CallSignView(party=party, post=post, call_sign="SIXTEEN LETTERS1")
        for party in ("COAST-A", "COAST-B")
        for post in get_args(Post) * 2
    )
    return RadioCard(frequencies=rows, call_signs=signs, settled=True)


@pytest.fixture
def sheet(browser: Any) -> Iterator[Page]:
    with browser_support.watched_page(browser) as seen:
        yield seen.page
        assert seen.errors == []


def printed(page: Page, html: str) -> int:
    """How many pages it prints on."""
    page.set_content(html)
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", page.pdf(prefer_css_page_size=True)))


@pytest.mark.parametrize("lang", FULL_LANGS)
def test_the_card_prints_on_one_page_however_much_there_is(sheet: Page, lang: Any) -> None:
    many = [agreement(place, until=NOW + (place + 1) * HOUR) for place in range(40)]
    html = page_of(*desk(*many, radio=full_radio()), lang)
    assert printed(sheet, html) == 1
    assert "and 34 more, in the node" in html, "what does not fit is counted"
    assert printed(sheet, html.replace("<footer>", "<footer>" + "<p>one more line</p>" * 60)) == 2


def test_the_card_is_whole_as_a_file_and_counts_the_clauses_that_nobody_signed(sheet: Page) -> None:
    """As it is kept, where no node answers; and from the door, where a browser takes its style by the header."""
    sheet.set_content(page_of(*desk(), "ru"))
    assert sheet.evaluate("getComputedStyle(document.querySelector('.three')).display") == "grid"
    assert f"{len(NAMED) + 1}: PARTIES, AREA, " in sheet.locator("tr", has_text="Unsettled clauses").inner_text()
    sheet.route("http://card.invalid/", lambda route: route.fulfill(body=page_of(*desk(), "ru"), headers=HEADERS))
    sheet.goto("http://card.invalid/")
    assert sheet.evaluate("getComputedStyle(document.querySelector('.three')).display") == "grid"


def test_what_is_over_is_never_printed_and_what_holds_is(sheet: Page) -> None:
    over = agreement(1, until=NOW)
    void = agreement(2, until=NOW + HOUR, status="VOID")
    holds = agreement(3, until=NOW + HOUR)
    html = page_of(*desk(over, void, holds), "ru")
    assert "AGREED03" in html
    assert "AGREED01" not in html
    assert "AGREED02" not in html
    assert "None is in force" in page_of(*desk(over), "ru")


def test_the_card_says_what_to_do_by_the_numbers_of_the_line_and_marks_drafts(sheet: Page) -> None:
    seen, line = desk()
    html = page_of(seen, line, "ar")
    assert "No new use of shared volumes</b> later than 15 min" in html
    assert "121.5" not in html, "the radio card is the view's own, and here it is empty"
    assert "No frequencies are signed: guard only." in html
    assert "Arabic: DRAFT: no native speaker has reviewed this text." in html
    assert html.count("dir=rtl") == len(PHRASES)
    assert "DRAFT" not in page_of(seen, line, None)
    longer = msgspec.structs.replace(seen.table, lost_no_new_use_ms=20 * 60_000)
    assert "later than 20 min" in page_of(seen, msgspec.structs.replace(line, numbers=longer), None)


def test_nothing_that_a_party_wrote_becomes_markup(sheet: Page) -> None:
    bad = msgspec.structs.replace(agreement(1, until=NOW + HOUR), proposer="COAST-B", kind="MIX")
    term = msgspec.structs.replace(bad.notices[0], id=EVIL, party=EVIL)
    bad = msgspec.structs.replace(bad, notices=(term, term))
    sheet.set_content(page_of(*desk(bad), "ru"))
    assert sheet.title() == "Lost-line card COAST-A - COAST-B"
    assert EVIL in sheet.locator("body").inner_text()
