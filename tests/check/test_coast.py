"""The coast of the map: the arcs near the plans, borders told from coasts, whole lines up to the edge of what is near."""

from __future__ import annotations

from importlib.resources import files
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from skyparley.check.coast import around

# Two countries: the middle meridian is between them, the rest is coast.  Steps of 0.1 degrees from (0, 0).
ATLAS = {
    "transform": {"scale": [0.1, 0.1], "translate": [0.0, 0.0]},
    "arcs": [[[10, 0], [0, 10]], [[10, 10], [-10, 0], [0, -10], [10, 0]], [[10, 0], [10, 0], [0, 10], [-10, 0]]],
    "objects": {
        "countries": {
            "type": "GeometryCollection",
            "geometries": [{"type": "Polygon", "arcs": [[0, 1]]}, {"type": "MultiPolygon", "arcs": [[[2, -1]]]}],
        }
    },
}


def test_an_arc_of_two_countries_is_a_border() -> None:
    found = around(ATLAS, [(0.5, 0.5), (0.5, 1.5)])
    assert found["borders"] == [[1.0, 0.0, 1.0, 1.0]]
    assert found["coasts"] == [[1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 2.0, 0.0, 2.0, 1.0, 1.0, 1.0]]


def test_what_is_far_is_left_out_and_nothing_is_near_nothing() -> None:
    assert around(ATLAS, [(50.0, 50.0)]) == {"coasts": [], "borders": []}
    assert around(ATLAS, []) == {"coasts": [], "borders": []}


def atlas() -> dict[str, Any]:
    data = (files("skyparley.adapters.doors") / "static/vendor/countries-50m.json").read_bytes()
    return msgspec.json.decode(data)  # type: ignore[no-any-return]


@pytest.mark.parametrize("place", [(35.2, 33.0), (54.0, 7.0), (-18.0, 179.9), (-78.0, 0.0)])
def test_the_vendored_atlas_around_a_place(place: tuple[float, float]) -> None:
    found = around(atlas(), [place])
    points = [(line[at], line[at + 1]) for line in found["coasts"] for at in range(0, len(line), 2)]
    assert points
    assert any(abs(lat - place[0]) < 6 for _, lat in points)
    assert all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in points)
    # A cut line goes one point beyond what is near and no further: no chord across the sea.
    steps = [abs(b - a) for line in found["coasts"] for a, b in pairwise(line[1::2])]
    assert max(steps) < 5


def test_a_coast_is_a_part_of_the_atlas() -> None:
    near = around(atlas(), [(35.2, 33.0)])
    assert 100 < sum(map(len, near["coasts"])) < 20_000
