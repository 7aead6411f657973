"""Which entities or subscriptions a bound of space and time meets, on the same tables as the index of the line's volumes.

Cells of one level only, as deployed systems have it: two meet when they share a cell, and their heights and times touch.
"""

from collections.abc import Set
from typing import Final

from skyparley.geometry.cell_table import CellTable, Scales, listed, time_keys
from skyparley.utm.records import Extent

_MS: Final = 1000  # microseconds


class ExtentIndex:
    """Extents under numbers of the caller's choice."""

    def __init__(self) -> None:
        self._table = CellTable()
        self._scales = Scales()
        self._extents: dict[int, Extent] = {}

    def __len__(self) -> int:
        return len(self._extents)

    def add(self, number: int, extent: Extent) -> None:
        """Files an extent whose times are given under a number that is not taken."""
        assert number not in self._extents, "a number is given once"
        keys = _time_keys(extent)
        self._extents[number] = extent
        self._table.add(number, extent.cells, keys)
        self._scales.add(keys)

    def remove(self, number: int) -> None:
        """Takes an extent out.  Raises KeyError if the number is not there."""
        extent = self._extents.pop(number)
        keys = _time_keys(extent)
        self._table.remove(number, extent.cells, keys)
        self._scales.remove(keys)

    def meeting(
        self, extent: Extent, *, from_us: int, by_height: bool = True, but: Set[int] = frozenset()
    ) -> list[int]:
        """The numbers of all extents that meet this one and do not end before `from_us`; ascending.

        `by_height`: whether extents that are surely above or below one another do not meet.  `but`: numbers that are not
        asked about; in a busy place nearly all, and they cost next to nothing.
        """
        start_us, end_us = max(extent.start_us, from_us), extent.end_us
        # What meets an extent that has ended, and has not ended itself, is under the last moment of that extent.
        spans = self._scales.spans(min(start_us, end_us) // _MS, end_us // _MS)
        found: set[int] = set()
        found.update(*self._table.under(extent.cells, spans, listed(spans)))
        found -= but
        extents = self._extents
        if not by_height:
            return sorted(
                [number for number in found if (one := extents[number]).end_us >= start_us and one.start_us <= end_us]
            )
        lower_mm, upper_mm = extent.lower_mm, extent.upper_mm
        return sorted(
            [
                number
                for number in found
                if (one := extents[number]).end_us >= start_us
                and one.start_us <= end_us
                and one.lower_mm <= upper_mm
                and one.upper_mm >= lower_mm
            ]
        )


def _time_keys(extent: Extent) -> tuple[int, ...]:
    """The last moment belongs to an extent, so it has a bucket too."""
    return time_keys(extent.start_us // _MS, extent.end_us // _MS + 1)
