"""What is odd about a statement is said before it goes, of every way to be wrong about a time or an area, and refuses nothing."""

from typing import Any

import pytest
from harness import T0, World
from matter_world import AREA, newest

from skyparley.base.times import DAY, HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.doubts import doubts_of, times_of
from skyparley.domain.view import Moment
from skyparley.engine.preview import would_release

NM = 1852
WIDE = {"type": "circle", "centre": [0, 300_000_000], "radius_m": 5_000 * NM}
CORNERS = [[0, 300_000_000], [0, 400_000_000], [100_000_000, 350_000_000]]
POLYGON = {"type": "polygon", "rings": [CORNERS]}
LINE = {"type": "line", "line": [[0, 300_000_000], [0, 400_000_000]], "buffer_m": 1000}


def said(kind: str, **slots: Any) -> tuple[str, ...]:
    """Said for good, since nothing that is odd is refused; and what was doubted about it beforehand."""
    world = World("A", "B")
    a, b = world.nodes
    command = c.Say(peers=("B",), type=kind, slots=slots)  # type: ignore[arg-type]
    by = c.ByDesk(command=command, account="officer", key="", request="")
    (would,) = would_release(a.state, by, Moment(world.now, world.new_id, "GOOD"), a.signer)  # type: ignore[misc]
    a.done(command)
    world.settle()
    envelope = newest(b, kind).envelope
    assert doubts_of(envelope, world.now) == would.doubts
    assert dict(times_of(envelope))["at"] == slots.get("at", slots.get("stop", {}).get("at"))
    return would.doubts


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (0, ""),
        (-DAY, ""),
        (2 * HOUR, ""),
        (-DAY - MINUTE, "24 hours ago"),
        (-2 * 365 * DAY, "2 years ago"),
        (2 * HOUR + MINUTE, "2 hours ahead"),
        (21 * HOUR, "21 hours ahead"),
        (5 * DAY, "5 days ahead"),
    ],
)
def test_a_time_long_ago_or_far_ahead_is_asked_about(away: int, words: str) -> None:
    for slots in (
        {"area": AREA, "at": T0 + away},
        {"source": "SHIP", "heard_at": T0, "stop": {"area": AREA, "at": T0 + away}},
    ):
        found = said("RLY" if "source" in slots else "STP", **slots)
        assert (len(found), words in "".join(found)) == (bool(words), True), found


@pytest.mark.parametrize(
    ("area", "words"),
    [
        (AREA, ""),
        ({**AREA, "radius_m": 200 * NM}, ""),
        ({**AREA, "radius_m": 201 * NM}, "201 NM"),
        (WIDE, "5000 NM"),
        (POLYGON, "reaches 3"),
        (LINE, "reaches 301 NM"),
    ],
)
def test_an_area_beyond_what_is_likely_is_asked_about(area: Any, words: str) -> None:
    found = said("STP", area=area, at=T0)
    assert (len(found), words in "".join(found)) == (bool(words), True), found
