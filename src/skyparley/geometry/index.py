"""Many volumes that come and go, and quickly which of them one volume conflicts with."""

import sys
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Final

from skyparley.geometry.index_cells import CellIndex
from skyparley.geometry.problem import Unusable
from skyparley.geometry.volumes import Separation, Verdict, Volume, volume_problems

if TYPE_CHECKING:
    from skyparley.geometry.index_arrays import ArrayIndex

MANY: Final = 1_000
"""From here on an index goes over to the kernels, if they are loaded: below, plain Python is quick enough."""


class VolumeIndex:
    """Volumes under keys of the caller's choice.  Not for two threads at once.

    A small index is plain Python.  One of `MANY` goes over to the compiled kernels, ten times as fast, if they are loaded
    by then: load_kernels() does it, and takes about a second, or ten when they have to be compiled first; so an index
    never does it by itself.  The answers are the same.
    """

    def __init__(self) -> None:
        self._index: CellIndex | ArrayIndex = CellIndex()

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._index

    def add(self, key: Hashable, volume: Volume, *, known_sound: bool = False) -> None:
        """Files a volume.  `known_sound` says that volume_problems has been asked about this one and found none.

        Raises Unusable if it has problems and KeyError if the key is taken; nothing is filed then.
        """
        found = () if known_sound else volume_problems(volume)
        if found:
            raise Unusable(found)
        if key in self._index:
            raise KeyError(f"the key {key!r} is taken")
        if isinstance(self._index, CellIndex) and len(self._index) >= MANY and kernels_loaded():
            self._go_over(self._index)
        self._index.add(key, volume)

    def remove(self, key: Hashable) -> None:
        """Takes a volume out.  Raises KeyError if the key is not there."""
        self._index.remove(key)

    def candidates(self, volume: Volume, sep: Separation) -> list[Hashable]:
        """The keys of all volumes that may conflict, in the order they were added: none that does is missing."""
        return self._index.candidates(volume, sep)

    def conflicts(
        self, volume: Volume, sep: Separation, *, skip: Callable[[Hashable], bool] | None = None
    ) -> list[tuple[Hashable, Verdict]]:
        """The keys and verdicts of all volumes that conflict with this one, in the order they were added.

        `skip` names keys that are not to be judged (the volume's own notice, say).  The volume itself need not be
        filed; if it is and is not skipped, it conflicts with itself.
        """
        return self._index.conflicts(volume, sep, skip=skip)

    def _go_over(self, cells: CellIndex) -> None:
        from skyparley.geometry.index_arrays import ArrayIndex

        arrays = ArrayIndex()
        for key, volume in cells.volumes():
            arrays.add(key, volume)
        self._index = arrays


def kernels_loaded() -> bool:
    """Whether this process has loaded the compiled kernels."""
    return "skyparley.geometry.index_arrays" in sys.modules


def load_kernels() -> None:
    """Loads the compiled kernels, compiling them first where that has not been done.  A large index is fast from then on."""
    from skyparley.geometry import index_arrays, judging, kernels_join

    assert index_arrays
    assert judging
    assert kernels_join
