"""The index in plain Python: some thousands of volumes, and nothing to be loaded or compiled.

Broad phase: tables from cell to time bucket to entries.  Every entry has a home level, with cells about as large as
the entry, and lies under its home cells; it also lies under the parents of those at the coarser levels where a query
may look.  A query takes the level that suits its own size: there it reads the entries of its own size and smaller,
and along its cells' parents those that are larger.  Time is the same in one dimension (cell_table.py): a zone of a
country for a week is in a handful of buckets and makes no other query slower.

Narrow phase: time and levels, then the distance of bounding caps, then the exact verdict.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Final, NamedTuple

from skyparley.geometry.cell_table import CellTable, Scales, listed, time_keys
from skyparley.geometry.cells import covering, grown, level_for, parent
from skyparley.geometry.sphere import Core, core
from skyparley.geometry.volumes import (
    Separation,
    Verdict,
    Volume,
    reach_m,
    separated,
    verdict_of_cores,
)

COARSEST_QUERY: Final = 4  # cells of about 620 km; half the Earth is about 800 of them
QUERY_STEP: Final = 2  # queries look at every second level only, which halves what an entry must be filed under
HOME_EDGES: Final = 2.0  # home cells are at least as wide as the entry, so it has about four
QUERY_EDGES: Final = 0.7  # smaller cells for a query: about a dozen, which hug it more closely
_TOUCHING: Final = Separation(0, 0, 0, 0, 0)


class _Entry(NamedTuple):
    key: Hashable
    volume: Volume
    core: Core
    home: int
    cells: tuple[int, ...]
    times: tuple[int, ...]
    reach_rad: float  # from the middle of its bounding cap: its own part of what the two caps must span to conflict


class CellIndex:
    """What VolumeIndex says, by S2 cells and time buckets in dictionaries."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._place_of: dict[Hashable, int] = {}
        self._next_place = 0
        self._own = CellTable()
        self._below = CellTable()
        self._homes: Counter[int] = Counter()
        self._scales = Scales()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._place_of

    def volumes(self) -> Iterator[tuple[Hashable, Volume]]:
        """All that is filed, in the order in which it was added."""
        return ((entry.key, entry.volume) for entry in self._entries.values())

    def add(self, key: Hashable, volume: Volume) -> None:
        """Files a volume without problems under a key that is not taken."""
        place, entry = self._next_place, _entry(key, volume)
        self._next_place += 1
        self._entries[place], self._place_of[key] = entry, place
        for table, cells in self._tables_of(entry):
            table.add(place, cells, entry.times)
        self._homes[entry.home] += 1
        self._scales.add(entry.times)

    def remove(self, key: Hashable) -> None:
        """Takes a volume out.  Raises KeyError if the key is not there."""
        place = self._place_of.pop(key)
        entry = self._entries.pop(place)
        for table, cells in self._tables_of(entry):
            table.remove(place, cells, entry.times)
        self._homes[entry.home] -= 1
        self._scales.remove(entry.times)

    def candidates(self, volume: Volume, sep: Separation) -> list[Hashable]:
        """The keys of all volumes that may conflict, in the order they were added: none that does is missing."""
        return [self._entries[place].key for place in self._near(volume, core(volume.shape), sep)]

    def conflicts(
        self, volume: Volume, sep: Separation, *, skip: Callable[[Hashable], bool] | None = None
    ) -> list[tuple[Hashable, Verdict]]:
        """The keys and verdicts of all volumes that conflict with this one, in the order they were added.

        `skip` names keys that are not to be judged (the volume's own notice, say).  The volume itself need not be
        filed; if it is and is not skipped, it conflicts with itself.
        """
        own = core(volume.shape)
        found = []
        for place in self._near(volume, own, sep):
            entry = self._entries[place]
            if skip is not None and skip(entry.key):
                continue
            verdict = verdict_of_cores(volume, entry.volume, sep, (own, entry.core))
            if verdict.conflict:
                found.append((entry.key, verdict))
        return found

    def _near(self, volume: Volume, own: Core, sep: Separation) -> list[int]:
        """Places that are neither far in time, nor in height, nor by their bounding caps; in order."""
        x, y, z, _ = own.bound
        own_rad = grown(own.bound, reach_m(own.radius_m, sep))
        start_ms, end_ms = volume.start_ms - sep.time_ms, volume.end_ms + sep.time_ms
        entries, near = self._entries, []
        for place in set().union(*self._buckets(volume, own, sep)):
            entry = entries[place]
            other = entry.volume
            if other.start_ms >= end_ms or other.end_ms <= start_ms:
                continue
            # A chord is never longer than its arc: what fails by the chord is surely too far.
            other_x, other_y, other_z, _ = entry.core.bound
            reach_rad = own_rad + entry.reach_rad
            if (x - other_x) ** 2 + (y - other_y) ** 2 + (z - other_z) ** 2 > reach_rad * reach_rad:
                continue
            if not separated(volume, other, sep):
                near.append(place)
        near.sort()
        return near

    def _buckets(self, volume: Volume, own: Core, sep: Separation) -> Iterator[set[int]]:
        """The sets of places filed under the volume's cells, their parents, and its time."""
        grow_m = reach_m(own.radius_m, sep)
        level = level_for(own, grow_m, QUERY_EDGES)
        level = max(COARSEST_QUERY, level - level % QUERY_STEP)
        cells = covering(own, grow_m, level)
        spans = self._scales.spans(volume.start_ms - sep.time_ms, volume.end_ms + sep.time_ms)
        keys = listed(spans)
        yield from self._own.under(cells, spans, keys)
        yield from self._below.under(cells, spans, keys)
        for coarser, count in self._homes.items():
            if count and coarser < level:
                yield from self._own.under({parent(cell, coarser) for cell in cells}, spans, keys)

    def _tables_of(self, entry: _Entry) -> Iterator[tuple[CellTable, Iterable[int]]]:
        """Every table that an entry is filed in, with the cells there."""
        yield self._own, entry.cells
        for level in range(COARSEST_QUERY, entry.home, QUERY_STEP):
            yield self._below, {parent(cell, level) for cell in entry.cells}


def _entry(key: Hashable, volume: Volume) -> _Entry:
    own = core(volume.shape)
    grow_m = reach_m(own.radius_m, _TOUCHING)
    home = level_for(own, grow_m, HOME_EDGES)
    cells = tuple(covering(own, grow_m, home))
    return _Entry(key, volume, own, home, cells, time_keys(volume.start_ms, volume.end_ms), grown(own.bound, grow_m))
