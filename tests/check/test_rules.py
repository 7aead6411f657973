"""What --edge takes, and what a pair of plans must keep."""

from __future__ import annotations

import pytest
from plans_at_random import plan, rules

from skyparley.check.rules import BadEdge, Edge, read_edge


@pytest.mark.parametrize(
    ("text", "edge"),
    [
        ("2NM,500ft", Edge(3_704, 500)),
        ("2 nm, 500 ft", Edge(3_704, 500)),
        ("500ft,2NM", Edge(3_704, 500)),
        ("3 km", Edge(3_000, 0)),
        ("500 ft", Edge(0, 500)),
        ("1500m", Edge(1_500, 0)),
        ("1500m,150m", Edge(1_500, 493)),  # 492.1 ft: an edge is never less than was said
        ("0.1NM", Edge(186, 0)),
        ("0NM", Edge(0, 0)),
    ],
)
def test_edges_as_people_write_them(text: str, edge: Edge) -> None:
    assert read_edge(text) == edge


@pytest.mark.parametrize(
    "text", ["", "2", "NM", "2NM 500ft", "2NM,3NM", "500ft,600ft", "2NM,500ft,1", "-2NM", "2 miles", "9999km", "2NM,"]
)
def test_what_is_no_edge_says_what_would_be(text: str) -> None:
    with pytest.raises(BadEdge, match=r"2NM,500ft"):
        read_edge(text)


def test_an_airspace_on_either_side_goes_by_the_edge() -> None:
    by, zone = rules(edge=Edge(1_000, 500)), plan("Z", origin="AIRSPACE", party="zones")
    assert by.between(plan("1"), zone) == by.between(zone, plan("1")) == by.edge_separation
    assert by.between(plan("1"), plan("2")) == by.separation
    assert by.edge_separation.reference_margin_ft == by.separation.reference_margin_ft > 0
    assert by.edge_separation.highest_ground_ft == by.separation.highest_ground_ft > 0
