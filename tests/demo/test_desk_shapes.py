"""Orbits, lines and arcs on the desk page: entered, drawn where the node says they are, shown, and changed untouched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from demo_support import two_nodes
from playwright.sync_api import Page, expect
from test_desk_drawing import DRAWN_WITHIN_M, OUTLINES, wire
from test_desk_page import fill_volume, on, tomorrow

import browser_support
from skyparley.demo.nodes import Party
from skyparley.domain.messages.slots import ShapeSlot
from skyparley.domain.volumes import shape_of
from skyparley.geometry.areas import area_m2
from skyparley.geometry.shapes import Arc, Circle
from skyparley.geometry.sphere import core, core_distance_m
from skyparley.geometry.validation import problems

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BEARINGS = "bearings (true)"
LEGS = [((36.1, 37.2), (36.3, 37.6)), ((10.0, 179.8), (10.2, -179.7)), ((-60.0, 20.0), (-60.0, 18.0))]
ARCS = [
    ((36.0, 37.0), 18_520, 37_040, 30_000, 90_000),
    ((36.0, 37.0), 0, 37_040, 330_000, 30_000),
    ((0.0, 179.9), 90_000, 100_000, 0, 360_000),
    ((60.0, -20.0), 0, 150_000, 100_000, 80_000),
    ((84.0, 10.0), 20_000, 40_000, 200_000, 199_000),
]


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Party, Party]]:
    with two_nodes(tmp_path_factory.mktemp("shapes")) as both:
        yield both


@pytest.fixture
def page(browser: Any, parties: tuple[Party, Party]) -> Iterator[Page]:
    with browser_support.watched_page(browser) as seen:
        on(seen.page, parties[0])
        seen.page.set_default_timeout(10_000)
        yield seen.page
        assert seen.errors == []


def drawn_and_told(page: Page, told: dict[str, Any]) -> tuple[list[tuple[float, float]], Any]:
    """The points of the outline that the map draws, and the shape as the node judges it."""
    shape = shape_of(msgspec.convert(told, ShapeSlot))  # type: ignore[arg-type]
    assert problems(shape) == ()
    (rings,) = page.evaluate(OUTLINES, [told])[0]
    return [(lat, lon) for ring in rings for lat, lon in ring], shape


@pytest.mark.parametrize("leg", LEGS)
@pytest.mark.parametrize("side", ["CENTRE", "LEFT", "RIGHT"])
def test_a_racetrack_is_drawn_on_its_side_of_the_leg(page: Page, leg: Any, side: str) -> None:
    start, end = wire(list(leg))
    told = {"type": "orbit", "start": start, "end": end, "radius_m": 9_260, "side": side}
    points, shape = drawn_and_told(page, told)
    assert len(points) > 70
    for lat, lon in points:
        distance_m = core_distance_m(core(shape), core(Circle(lat, lon, 1.0)))
        assert distance_m == pytest.approx(9_260, abs=DRAWN_WITHIN_M)


def test_a_line_is_drawn_as_wide_as_its_buffer(page: Page) -> None:
    told = {"type": "line", "line": wire([(35.0, 36.0), (36.0, 36.0), (36.2, 34.5)]), "buffer_m": 5_000}
    points, shape = drawn_and_told(page, told)
    for lat, lon in points:
        distance_m = core_distance_m(core(shape), core(Circle(lat, lon, 1.0)))
        assert distance_m == pytest.approx(5_000, abs=DRAWN_WITHIN_M)


@pytest.mark.parametrize("arc", ARCS)
def test_an_arc_is_drawn_along_the_edge_that_the_node_judges(page: Page, arc: Any) -> None:
    centre, inner_m, outer_m, first, last = arc
    told = {"type": "arc", "centre": wire([centre])[0], "inner_m": inner_m, "outer_m": outer_m}
    points, shape = drawn_and_told(page, {**told, "from_mdeg": first, "to_mdeg": last})
    assert isinstance(shape, Arc)
    # Within or on the true sector: the outline holds it.  Its edge is no further in than a chord of the drawing.
    assert all(core_distance_m(core(shape), core(Circle(lat, lon, 1.0))) < DRAWN_WITHIN_M for lat, lon in points)
    shrunk = Arc(shape.lat, shape.lon, shape.inner_m and shape.inner_m + 100, shape.outer_m - 100, *_turned(shape))
    within = [one for one in points if core_distance_m(core(shrunk), core(Circle(*one, 1.0))) == 0]
    assert all(one == pytest.approx(centre, abs=1e-6) for one in within)
    assert area_m2(shape) > 0


def _turned(shape: Arc) -> tuple[float, float]:
    """The bearings, half a degree in from both sides; those of a full turn as they are."""
    full = shape.to_deg - shape.from_deg in (0.0, 360.0)
    return (shape.from_deg, shape.to_deg) if full else ((shape.from_deg + 0.5) % 360, (shape.to_deg - 0.5) % 360)


def measure(page: Page, label: str, text: str) -> None:
    page.locator("#filing").get_by_label(label, exact=True).fill(text)


def test_each_is_filed_by_the_form_shown_and_sent_again_as_it_was(page: Page) -> None:
    page.click("#file-notice")
    times = (tomorrow(page, "08:00"), tomorrow(page, "11:00"))
    leg = "36.1000, 37.2000\n36.3000, 37.6000"
    fill_volume(page, shape="orbit", positions=leg, levels=("FL200", "FL240"), times=times)
    measure(page, "radius (NM)", "8")
    page.locator("#filing .volume select").nth(1).select_option("LEFT")
    page.click("text=+ another volume")
    second = page.locator("#filing .volume").nth(1)
    second.locator("select").first.select_option("arc")
    second.locator("textarea").fill("36.0, 38.5")
    for label, text in (("outer radius (NM)", "40"), ("inner radius (NM)", "20"), (BEARINGS, "330-040.5")):
        second.get_by_label(label, exact=True).fill(text)
    page.click("text=+ another volume")
    third = page.locator("#filing .volume").nth(2)
    third.locator("select").first.select_option("line")
    third.locator("textarea").fill("35.2, 36.5\n35.0, 38.0\n35.3, 39.5")
    third.get_by_label("buffer each side (NM)", exact=True).fill("5")
    page.click("text=File it")
    expect(page.locator("#filing")).to_be_hidden()
    shapes = overview_shapes(page)
    assert shapes == [
        {"type": "orbit", "start": [361000000, 372000000], "end": [363000000, 376000000], "radius_m": 14816, "side": "LEFT"},
        {"type": "arc", "centre": [360000000, 385000000], "inner_m": 37040, "outer_m": 74080, "from_mdeg": 330000, "to_mdeg": 40500},
        {"type": "line", "line": [[352000000, 365000000], [350000000, 380000000], [353000000, 395000000]], "buffer_m": 9260},
    ]  # fmt: skip
    page.click("#notices .row.own summary")
    said = page.locator("#notices").inner_text()
    assert "orbit, radius 8 NM (14.8 km), left of its leg" in said
    assert "arc 20 NM (37.0 km) to 40 NM (74.1 km), 330°–040.5° round 36.0000, 38.5000" in said
    page.click("text=Change…")
    page.locator("#filing .four input").nth(1).fill("FL230")
    page.click("text=Send the change")
    expect(page.locator("#filing")).to_be_hidden()
    assert overview_shapes(page) == shapes, "what nobody touched is sent as it was"


def overview_shapes(page: Page) -> Any:
    """The shapes of our own notice as the node holds them."""
    expect(page.locator("#notices .row.own")).to_have_count(1)
    return page.evaluate(
        """async () => {
            const { overview } = await import("/desk/api.js");
            const view = await overview();
            return view.notices.find((one) => one.own).volumes.map((volume) => volume.shape);
        }"""
    )


def test_what_an_orbit_or_an_arc_lacks_is_said(page: Page) -> None:
    page.click("#file-notice")
    times = (tomorrow(page, "08:00"), tomorrow(page, "11:00"))
    fill_volume(page, shape="orbit", positions="36.1, 37.2", levels=("FL200", "FL240"), times=times)
    page.click("text=File it")
    reasons = page.locator("#filing-answer li")
    expect(reasons.first).to_contain_text("the two ends of its leg; there is 1")
    fill_volume(page, shape="arc", positions="36.1, 37.2", levels=("FL200", "FL240"), times=times)
    measure(page, BEARINGS, "30 to 400")
    page.click("text=File it")
    expect(reasons.first).to_contain_text("000 to 360")
