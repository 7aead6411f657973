"""The map of a check in a browser, from a disk: it draws, it tells, and it asks nobody for anything."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import run
from playwright.sync_api import Page

ALERT = (240, 180, 90)


def feature(plan_id: str, party: str, lon: float, lat: float = 36.0, **more: Any) -> dict[str, Any]:
    said = {"id": plan_id, "party": party, "radius_nm": 10, "lower": "FL200", "upper": "FL240"}
    said |= {"start": "2027-03-01T09:00Z", "end": "2027-03-01T10:00Z"} | more
    return {"type": "Feature", "properties": said, "geometry": {"type": "Point", "coordinates": [lon, lat]}}


def written(folder: Path, *features: dict[str, Any]) -> Path:
    """The page of a check of some features."""
    (folder / "plans.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert run("check", folder / "plans.geojson", "--map", folder / "map.html").code in (0, 1, 2)
    return folder / "map.html"


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    """Opens a page from its file; at the end it must have asked for nothing else and met no error."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page: Page = context.new_page()
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)

    def open_file(path: Path) -> Page:
        page.goto(path.as_uri())
        drawn(page)
        return page

    yield open_file
    context.close()
    assert [url for url in asked if not url.startswith("file:///")] == []
    assert len(asked) == 1, asked
    assert errors == []


def drawn(page: Page) -> None:
    """Waits until what was asked for is on the canvas: two frames on."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def alert_pixels(page: Page) -> int:
    """How much of the canvas has the colour of conflicts."""
    count = page.evaluate(
        """([red, green, blue]) => {
          const canvas = document.getElementById("map");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let found = 0;
          for (let at = 0; at < data.length; at += 4) {
            if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) found++;
          }
          return found;
        }""",
        list(ALERT),
    )
    return int(count)


@pytest.mark.browser
def test_it_draws_and_lists_the_conflicts(opened: Any, tmp_path: Path) -> None:
    page = opened(written(tmp_path, feature("1", "A", 37.0), feature("2", "B", 37.1), feature("3", "C", 40.0)))
    assert page.inner_text("h1") == "1 conflict between plans."
    assert page.locator("#conflicts li").count() == 1
    assert "A 1" in page.inner_text("#conflicts")
    assert alert_pixels(page) > 100


@pytest.mark.browser
def test_without_conflicts_nothing_is_marked(opened: Any, tmp_path: Path) -> None:
    page = opened(written(tmp_path, feature("1", "A", 37.0), feature("2", "B", 40.0)))
    assert page.inner_text("h1") == "No conflict found."
    assert alert_pixels(page) == 0


@pytest.mark.browser
def test_a_click_on_a_conflict_tells_it_and_goes_there(opened: Any, tmp_path: Path) -> None:
    near = [feature("1", "A", 37.0), feature("2", "B", 37.1)]
    far = [feature("3", "A", 45.0, lat=60.0), feature("4", "B", 45.1, lat=60.0)]
    page = opened(written(tmp_path, *near, *far))
    before = alert_pixels(page)
    page.click("#conflicts li:nth-child(2) button")
    drawn(page)
    said = page.inner_text("#conflicts li:nth-child(2) dl")
    assert "FL200 to FL240, 2027-03-01 09:00Z to 10:00Z" in said
    assert "overlap, 10 NM required" in said
    assert "settle" in said
    assert page.locator("#conflicts dl").count() == 1
    assert alert_pixels(page) > 2 * before, "the chosen conflict fills the picture"
    page.click("#whole")
    drawn(page)
    assert page.locator("#conflicts dl").count() == 0


@pytest.mark.browser
def test_a_click_on_the_map_tells_what_lies_there(opened: Any, tmp_path: Path) -> None:
    page = opened(written(tmp_path, feature("1", "A", 37.0, name="Mapping"), feature("2", "B", 37.01)))
    box = page.locator("#map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - 40)
    said = page.inner_text("#under")
    assert "Mapping" in said
    assert "B 2" in said
    assert "FL200 to FL240" in said
    assert "feature 1 of plans.geojson" in said
    assert str(tmp_path) not in page.content(), "the page goes to others; the folders of this machine stay here"


@pytest.mark.browser
@pytest.mark.parametrize(("lon", "lat"), [(180.0, 10.0), (20.0, 90.0), (0.0, -89.9)])
def test_poles_and_the_antimeridian_are_no_special_case(lon: float, lat: float, opened: Any, tmp_path: Path) -> None:
    page = opened(
        written(tmp_path, feature("1", "A", lon, lat), feature("2", "B", lon, lat - 0.05 if lat > 0 else lat + 0.05))
    )
    assert alert_pixels(page) > 100
    for key in ("+", "ArrowLeft", "-", "0"):
        page.press("#map", key)
        drawn(page)
    assert alert_pixels(page) > 100


@pytest.mark.browser
def test_names_of_others_are_text_and_nothing_else(opened: Any, tmp_path: Path) -> None:
    nasty = '</script><img src=x onerror="document.title=1"><!--\u2028${style}$script'
    page = opened(written(tmp_path, feature("1", "A", 37.0, name=nasty), feature("2", nasty, 37.1)))
    assert page.title() == "Skyparley check"
    assert page.locator("img").count() == 0
    assert "<img src=x" in page.inner_text("#conflicts")


@pytest.mark.browser
def test_a_plan_with_several_conflicts_is_told_what_clears_it_of_all(opened: Any, tmp_path: Path) -> None:
    page = opened(written(tmp_path, feature("1", "A", 37.0), feature("2", "B", 37.1), feature("3", "C", 36.9)))
    page.click("#conflicts li:nth-child(1) button")
    assert "all 2" in page.inner_text("#conflicts dl")


@pytest.mark.browser
def test_flaws_and_the_search_are_there(opened: Any, tmp_path: Path) -> None:
    many = [feature(str(number), "AB"[number % 2], 37.0 + number / 100) for number in range(8)]
    page = opened(written(tmp_path, *many, feature("9", "C", 37.0, start="soon")))
    assert "1 could not be used" in page.inner_text("#flaws summary")
    page.fill("#find", "A 6")
    shown = page.locator("#conflicts li:visible")
    assert 0 < shown.count() < 16
    assert all("A 6" in text for text in shown.all_inner_texts())


def test_the_policy_names_the_hashes_of_what_runs(tmp_path: Path) -> None:
    import base64
    import hashlib

    text = written(tmp_path, feature("1", "A", 37.0)).read_text(encoding="utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        assert base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() in policy
    assert not re.search(
        r"(?:src|href)\s*=|url\(|@import|fetch\(|XMLHttpRequest|https?://", text.split('<script id="data"')[0]
    )
