"""Notices that the tests file: circles far from anybody, a few hours ahead."""

from collections.abc import Sequence
from typing import Any, Final

HOUR: Final = 3_600_000
MINUTE: Final = 60_000
RADIUS_M: Final = 37_040  # larger than any table's least area
NOWHERE: Final = (-450_000_000, -1_300_000_000)  # the South Pacific, where nobody else files

Volume = dict[str, Any]


def circle(
    start: int, *, centre: tuple[int, int] = NOWHERE, low_ft: int = 15_000, high_ft: int = 20_000, hours: int = 2
) -> Volume:
    """A circle of 20 NM between two flight levels, from `start` on."""
    return {
        "shape": {"type": "circle", "centre": list(centre), "radius_m": RADIUS_M},
        "lower": {"ref": "FL", "ft": low_ft},
        "upper": {"ref": "FL", "ft": high_ft},
        "start": start,
        "end": start + hours * HOUR,
    }


def notice(id_: str, now_ms: int, *, volumes: Sequence[Volume] = (), key: Sequence[Any] = ()) -> dict[str, Any]:
    """The slots of an NTC, three hours ahead where no volumes are given."""
    start = now_ms // MINUTE * MINUTE + 3 * HOUR
    return {
        "id": id_,
        "kind": "AREA WORK",
        "volumes": list(volumes) or [circle(start)],
        "due_regard": {"stated": True},
        "key": list(key),
    }
