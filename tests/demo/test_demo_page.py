"""The split page: two desks, each of its own node, show the same ids; and the newcomer may act on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from demo_support import demo
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DRAWN_MS = 60_000  # two maps, drawn by software


def test_both_desks_show_the_same_conflict_and_both_signatures(watched: Any, tmp_path: Path) -> None:
    """No error on any of the three pages and no request beyond loopback: the fixture looks at that."""
    page = watched.page
    page.set_viewport_size({"width": 1600, "height": 900})
    with demo(tmp_path / "kept", stay=True, pace=0.15) as run:
        page.goto(run.until(r"(http://\S+/)$")[1])
        page.wait_for_selector("body[data-ended]", timeout=DRAWN_MS)
        assert page.get_attribute("body", "data-ended") == "holds"
        desks = [page.frame_locator(f"#desk-{name}") for name in ("A", "B")]
        conflict = [desk.locator("[data-conflict-id]").get_attribute("data-conflict-id") for desk in desks]
        agreement = [desk.locator("[data-agreement-id]").get_attribute("data-agreement-id") for desk in desks]
        assert conflict[0] == conflict[1] != ""
        assert agreement[0] == agreement[1] != ""
        for desk in desks:
            expect(desk.locator(".signature.signed")).to_have_text(["✎signed by B", "✎signed by A"])
            expect(desk.locator("#agreements .state")).to_have_text("IN FORCE")
            expect(desk.locator("#chart[data-drawn]")).to_be_visible(timeout=DRAWN_MS)
            expect(desk.locator("#clock-scaled")).to_have_text("demo clock")
        # What the terminal proved is what the page shows.
        run.until("Both nodes stay up")
        assert conflict[0] in run.said
        assert page.locator("#proof .verdict").all_inner_texts() == ["HOLDS"] * 5


def test_the_page_tells_nobody_a_desk_token_without_its_secret(watched: Any, tmp_path: Path) -> None:
    with demo(tmp_path / "kept", stay=True, pace=0.02) as run:
        url = run.until(r"(http://\S+/)$")[1]
        origin = url.rsplit("/", 2)[0]
        request = watched.page.request
        assert request.get(f"{url}desks.json").ok
        for guess in ("desks.json", "x/desks.json", "", "frames"):
            assert request.get(f"{origin}/{guess}").status == 404
