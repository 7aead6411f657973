"""What the tests of timelines share: where they are, the one of the guide, and how one is played."""

import re
from pathlib import Path

from skyparley.scenario.play import play
from skyparley.scenario.reading import read_timeline
from skyparley.scenario.report import Result

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "scenarios").glob("*.toml"))


def guide() -> str:
    return (ROOT / "docs" / "guide" / "scenarios.md").read_text()


def example() -> str:
    """The whole file that the guide shows."""
    found = re.search(r"```toml\n(.*?)```", guide(), re.DOTALL)
    assert found is not None
    return found[1]


def played(text: str) -> list[Result]:
    return play(read_timeline(text, "here"))


HEAD = """
scenario = 1
title = "t"
[parties.A]
[parties.B]
[areas]
spot = "circle 35.2N 36.2E 8NM"
"""

FILED = """
[[step]]
at = "D1 08:00Z"
id = "filed"
by = "A"
act = "file_notice"
[step.body]
kind = "TRANSIT"
id = "A-0001"
volumes = [{ area = "spot", lower = "FL200", upper = "FL240", start = "D1 12:00Z", end = "D1 13:00Z" }]
due_regard = { stated = true }
audience = ["B"]
"""


def step(*, at: str = "D1 08:00Z", **members: str) -> str:
    """One more step; values as TOML."""
    return "\n".join(["", "[[step]]", f'at = "{at}"', *(f"{name} = {value}" for name, value in members.items())]) + "\n"
