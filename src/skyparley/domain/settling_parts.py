"""What settling works on: who may move, what stands near, and a volume at its place among what is near it.

Everything is a geometry Volume, so a node and a check of files settle by the same code.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from skyparley.geometry.problem import Unusable
from skyparley.geometry.shapes import Shape
from skyparley.geometry.sphere import core
from skyparley.geometry.volumes import Separation, Volume, separated, too_close


class Mover(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may change its volumes, and what it must keep.

    No volume is made smaller than a circle of `least_radius_m` or thinner than `least_band_ft`, the windows together
    not shorter than `least_duration_ms`, and no start is moved before `not_before` (UTC, ms).  What is under a least
    size already is left as it is.
    """

    name: str
    volumes: tuple[Volume, ...]
    least_radius_m: int = 0
    least_band_ft: int = 0
    least_duration_ms: int = 0
    not_before: int = 0


class Near(NamedTuple):
    """A volume of somebody else that is too close to `volumes[given]`, by the separation of that pair's own line."""

    given: int
    volume: Volume
    separation: Separation

    @property
    def apart(self) -> "Apart":
        """What is asked of areas alone."""
        return Apart(self.volume.shape, self.separation.lateral_m)


class Apart(NamedTuple):
    """An area, and how far others must stand off it."""

    shape: Shape
    lateral_m: int


class Surroundings(Protocol):
    """All that one mover must not meet."""

    def near(self, volumes: Sequence[Volume]) -> Sequence[Near]:
        """Everything that is too close to these volumes of the mover, third plans included.

        Left out is what the mover conflicts with anyhow and is not to be settled here: that is another dialogue.
        """
        ...


class Place:
    """One volume of a mover and all that is too close to it by its area during its window, at any level.

    Asked what a changed volume meets.  A change that keeps the area or makes it smaller meets nothing else, so no
    further question to the surroundings is needed.
    """

    def __init__(self, volume: Volume, near: Sequence[Near]) -> None:
        self.volume = volume
        self.near = tuple(near)
        self._close: dict[Shape, frozenset[int]] = {volume.shape: frozenset(range(len(self.near)))}

    def met(self, volume: Volume) -> list[Near]:
        """What the volume, changed or not, is too close to."""
        close = self._close_to(volume.shape)
        return [
            one
            for place, one in enumerate(self.near)
            if place in close and not separated(volume, one.volume, one.separation)
        ]

    def _close_to(self, shape: Shape) -> frozenset[int]:
        """Which of what is near a shape is too close to; kept, since many levels and windows are tried with it."""
        close = self._close.get(shape)
        if close is None:
            close = frozenset(place for place, one in enumerate(self.near) if lateral_conflict(shape, one.apart))
            self._close[shape] = close
        return close


def lateral_conflict(shape: Shape, apart: Apart) -> bool:
    """Whether a shape is too close to another by area alone.  Raises Unusable if a shape has no core."""
    return too_close((core(shape), core(apart.shape)), apart.lateral_m)


def is_clear(shape: Shape, apart: Iterable[Apart]) -> bool:
    """Whether a shape is clear of all these; False for one that is no shape at all."""
    try:
        return not any(lateral_conflict(shape, one) for one in apart)
    except Unusable:
        return False  # Made so small that it has no area any more.
