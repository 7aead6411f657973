"""What the map draws is where the node says it is: outlines against the node's own geometry, forms there and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from demo_support import two_nodes
from playwright.sync_api import Page

import browser_support
from skyparley.domain.messages.slots import CircleSlot, CorridorSlot
from skyparley.domain.volumes import shape_of
from skyparley.geometry.shapes import Circle
from skyparley.geometry.sphere import core, core_distance_m

pytestmark = [pytest.mark.browser, pytest.mark.slow]
E7 = 10_000_000
DRAWN_WITHIN_M = 60  # a pixel at the closest useful zoom; outlines are drawn from points, the node measures exactly
OUTLINES = """async (shapes) => {
    const sphere = await import("/desk/sphere.js");
    return shapes.map((shape) => sphere.outline(shape).map((rings) => rings.map((ring) => ring.map((at) => [at.lat, at.lon]))));
}"""
LONG = [(60.0, -20.0), (65.0, 15.0)]  # and northern: the great circle is far from the straight line of the map
LINES = [
    [(37.0021, 35.4259), (36.70, 36.90)],
    [(37.0021, 35.4259), (36.70, 36.90), (35.60, 38.60)],  # a bend to the right
    [(35.0, 36.0), (36.0, 36.0), (36.2, 34.5), (37.5, 34.0)],  # to the left, and back
    LONG,
    [(10.0, 179.5), (11.0, -179.0)],  # across the antimeridian
    [(35.0, 36.0), (36.0, 36.0), (35.05, 36.1)],  # a bend too sharp for one outline
]


@pytest.fixture(scope="module")
def page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with two_nodes(tmp_path_factory.mktemp("drawing")) as (one, _), browser_support.watched_page(browser) as seen:
        seen.page.goto(one.desk)
        yield seen.page
        assert seen.errors == []


def wire(points: list[tuple[float, float]]) -> list[list[int]]:
    return [[round(lat * E7), round(lon * E7)] for lat, lon in points]


def from_core(shape: CircleSlot | CorridorSlot, lat: float, lon: float) -> float:
    """Metres from the centre or centreline, by the node's own geometry."""
    return core_distance_m(core(shape_of(shape)), core(Circle(lat, lon, 1.0)))


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("half_width_m", [1_852, 9_260, 37_040])
def test_every_point_of_a_corridors_outline_is_its_half_width_from_the_line(
    page: Page, line: list[tuple[float, float]], half_width_m: int
) -> None:
    """On the outline, or inside it where two legs meet: never farther out, and the far ends are reached."""
    shape = {"type": "corridor", "line": wire(line), "half_width_m": half_width_m}
    slot = CorridorSlot(line=tuple((lat, lon) for lat, lon in shape["line"]), half_width_m=half_width_m)
    polygons = page.evaluate(OUTLINES, [shape])[0]
    # The node's long edges are geodesics of the ellipsoid; the map draws great circles, which leave them by this much.
    within_m = DRAWN_WITHIN_M if line is not LONG else 250
    found = [from_core(slot, lat, lon) for rings in polygons for lat, lon in rings[0]]
    assert max(found) <= half_width_m + within_m
    if len(polygons) == 1:
        assert min(found) >= half_width_m - within_m
    else:
        assert sum(abs(one - half_width_m) <= within_m for one in found) > len(found) / 2


@pytest.mark.parametrize("centre", [(35.4011, 35.9487), (0.0, 180.0), (84.0, 10.0), (-70.0, -179.9)])
@pytest.mark.parametrize("radius_m", [1_000, 27_780, 500_000])
def test_every_point_of_a_circles_outline_is_its_radius_from_the_centre(
    page: Page, centre: tuple[float, float], radius_m: int
) -> None:
    shape = {"type": "circle", "centre": wire([centre])[0], "radius_m": radius_m}
    slot = CircleSlot(centre=(shape["centre"][0], shape["centre"][1]), radius_m=radius_m)
    ((ring,),) = page.evaluate(OUTLINES, [shape])[0]
    assert len(ring) >= 100
    assert all(abs(from_core(slot, lat, lon) - radius_m) < DRAWN_WITHIN_M for lat, lon in ring)


def test_the_overlap_of_two_areas_is_the_same_whichever_is_named_first_and_never_more_than_either(page: Page) -> None:
    """An L and a square: a shape that is not convex, its overlap worked out by hand."""
    areas = page.evaluate(
        """async () => {
            const { overlap } = await import("/desk/overlap.js");
            const area = (ring) => Math.abs(ring.reduce((sum, at, place) => {
                const next = ring[(place + 1) % ring.length];
                return sum + at[0] * next[1] - next[0] * at[1];
            }, 0)) / 2;
            const total = (one, two) => overlap(one, two).reduce((sum, piece) => sum + area(piece), 0);
            const ell = [[0, 0], [4, 0], [4, 1], [1, 1], [1, 4], [0, 4]];
            const square = [[0.5, 0.5], [2.5, 0.5], [2.5, 2.5], [0.5, 2.5]];
            const away = [[9, 9], [10, 9], [10, 10]];
            return [total(ell, square), total(square, ell), total([...ell].reverse(), square), total(ell, ell), total(ell, away)];
        }"""
    )
    # The square covers 2.0 x 0.5 of the foot and 0.5 x 1.5 more of the stem.
    assert areas == pytest.approx([1.75, 1.75, 1.75, 7.0, 0.0])


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("FL200", {"ref": "FL", "ft": 20_000}),
        ("fl 85", {"ref": "FL", "ft": 8_500}),
        ("4,500 ft AMSL", {"ref": "AMSL", "ft": 4_500}),
        ("1000 m agl", {"ref": "AGL", "ft": 3_281}),
        ("sfc", {"ref": "SFC"}),
        ("UNL", {"ref": "UNL"}),
        ("4500", None),
        ("FL", None),
        ("FL9999", None),
        ("", None),
    ],
)
def test_levels_are_read_as_people_write_them_and_read_again_as_they_are_shown(
    page: Page, text: str, level: dict[str, Any] | None
) -> None:
    read = """async (text) => {
        const { readLevel, levelText } = await import("/desk/units.js");
        try { const level = readLevel(text, "level"); return [level, readLevel(levelText(level), "level")]; }
        catch (error) { return error.message.startsWith("level: ") ? null : String(error); }
    }"""
    assert page.evaluate(read, text) == (None if level is None else [level, level])


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        ("37.0021, 35.4259", [(37.0021, 35.4259)]),
        ("37.0021N 035.4259E", [(37.0021, 35.4259)]),
        ("3730N 03515E", [(37.5, 35.25)]),
        ("373030N 0351530E", [(37.508333333, 35.258333333)]),
        ("3300.5S 07130.0W", [(-33.008333333, -71.5)]),
        ("-33.5 -71.25\n0, 180", [(-33.5, -71.25), (0, 180)]),
        ("35.8,36.5; 36.4,36.5", [(35.8, 36.5), (36.4, 36.5)]),
        ("91, 0", None),
        ("3760N 03500E", None),
        ("0, 181", None),
        ("37.0 N", None),
        ("here, there", None),
        ("", None),
    ],
)
def test_positions_are_read_as_people_write_them(
    page: Page, text: str, positions: list[tuple[float, float]] | None
) -> None:
    read = """async (text) => {
        const { readPositions } = await import("/desk/units.js");
        try { return readPositions(text, "area"); }
        catch (error) { return error.message.startsWith("area: ") ? null : String(error); }
    }"""
    assert page.evaluate(read, text) == (None if positions is None else wire(positions))


def test_times_are_read_with_a_day_or_on_the_day_that_is_near_and_no_day_is_made_up(page: Page) -> None:
    read = """async (texts) => {
        const { readTime, stampText } = await import("/desk/units.js");
        const near = Date.UTC(2026, 10, 23, 7, 20);
        return texts.map((text) => { try { return stampText(readTime(text, "start", near)); } catch (error) { return null; } });
    }"""
    texts = ["2026-11-24T08:00Z", "08:00", "0940Z", "2026-02-30T08:00Z", "24:00", "2026-11-24T08:00", "noon"]
    assert page.evaluate(read, texts) == [
        "2026-11-24T08:00Z",
        "2026-11-23T08:00Z",
        "2026-11-23T09:40Z",
        None,
        None,
        None,
        None,
    ]


FIT = """async ([height, notices]) => {
    const { makeChart } = await import("/desk/chart.js");
    const box = document.createElement("div");
    box.style.cssText = `position: fixed; inset: 0 auto auto 0; width: 600px; height: ${height}px`;
    document.body.append(box);
    const chart = makeChart(box, { picked() {} });
    const until = async (holds) => { while (!holds()) await new Promise((done) => setTimeout(done, 20)); };
    await until(() => chart.ready && chart.map.getCanvas().clientHeight === height);
    chart.show({ own: { name: "A" }, notices, conflicts: [] });
    chart.pick("notice", "A/A-0001", { fly: true });
    chart.matters([{ key: "one", said: [352000000, 362000000], areas: [], cls: "LIFE", label: "one" }]);
    const before = chart.fitted;
    box.style.height = "400px";
    await until(() => chart.fitted);
    box.remove();
    return before;
}"""


@pytest.mark.parametrize(("height_px", "fits"), [(10, ""), (40, "A/A-0001"), (56, "A/A-0001"), (120, "A/A-0001")])
def test_a_map_whose_margins_would_take_up_all_of_it_shows_its_notices_all_the_same(
    page: Page, height_px: int, fits: str
) -> None:
    """Found as 'Invalid LngLat object: (NaN, NaN)', of a map that was exactly twice its margin high as the page was laid out."""
    shape = {"type": "circle", "centre": [352_000_000, 362_000_000], "radius_m": 20_000}
    notice = {
        "party": "A",
        "id": "A-0001",
        "own": True,
        "state": "NOTIFIED",
        "past": False,
        "volumes": [{"shape": shape}],
    }
    assert page.evaluate(FIT, [height_px, [notice]]) == fits


def test_an_open_choice_stays_open_with_what_was_chosen_when_the_thing_around_it_is_rebuilt(page: Page) -> None:
    """Found in a test of the line's panel: as a statement was delivered, the card closed what a person was about to do."""
    seen = page.evaluate(
        """async () => {
            const { choice } = await import("/desk/acting.js");
            const chosen = [];
            const parts = { key: "A-act", text: "Act", title: "Why", options: [["ONE"], ["TWO"]], confirm: "Do it", chosen: (value) => chosen.push(value) };
            const shown = (box) => [box.querySelector(".choice").hidden, box.querySelector("[data-k=A-act]").getAttribute("aria-expanded")];
            const first = choice(parts);
            const states = [shown(first)];
            first.querySelector("[data-k=A-act]").click();
            const select = first.querySelector("select");
            select.value = "TWO";
            select.dispatchEvent(new Event("change"));
            const second = choice(parts);
            states.push(shown(second), second.querySelector("select").value);
            second.querySelector(".act").click();
            states.push(shown(choice(parts)));
            return [states, chosen];
        }"""
    )
    assert seen == [[[True, "false"], [False, "true"], "TWO", [True, "false"]], ["TWO"]]
