"""The arrays of an index: volumes one after the other, with room for more."""

from typing import Any, Final

import numpy as np

from skyparley.geometry.kernels_live import CLASSES, END, START, link, stage
from skyparley.geometry.levels import Ref
from skyparley.geometry.outline import outline
from skyparley.geometry.rings import EARTH_RADIUS_M
from skyparley.geometry.volumes import ELLIPSOID_BOUND, Volume

RAD_PER_M: Final = 1.0 / (1 - ELLIPSOID_BOUND) / EARTH_RADIUS_M
"""Radians of a metre of radius or requirement, the bound of the ellipsoid taken on it: volumes.reach_m."""

_KIND: Final = {"POINT": 0, "LINE": 1, "AREA": 2}
_CLASS_OF_REF: Final = {Ref.AGL: 0, Ref.SFC: 0, Ref.AMSL: 1, Ref.FL: 2, Ref.W84: 3, Ref.UNL: -1}
_ROOM: Final = 1_024
_PAD_RAD: Final = 1.0 / EARTH_RADIUS_M  # 1 m: far above any rounding here
_EMPTY: Final = -1


class Store:
    """`shapes` and `live` are what the kernels take; the rest are parts of them, or belong to the same places."""

    def __init__(self) -> None:
        self.kinds: Any = np.zeros(_ROOM, np.int8)
        self.first_ring: Any = np.zeros(_ROOM + 1, np.int64)
        self.first_vertex: Any = np.zeros(_ROOM + 1, np.int64)
        self.vectors: Any = np.zeros((8 * _ROOM, 3))
        self.caps: Any = np.zeros((_ROOM, 4))
        self.radius_m: Any = np.zeros(_ROOM)
        self.radius_rad: Any = np.zeros(_ROOM)
        self.reach: Any = np.zeros(_ROOM)
        self.figures: Any = np.zeros((_ROOM, 5), np.int64)
        self.rows: Any = np.zeros((_ROOM, 8), np.int64)
        self._bind(0)

    def stage(self, place: int, volume: Volume) -> None:
        """Writes a volume without problems into a place, which is the one after the last that is filed."""
        kind, rings, radius_m = outline(volume.shape)
        points = np.array([point for ring in rings for point in ring], np.float64)
        ring = int(self.first_ring[place])
        end = int(self.first_vertex[ring])
        self._make_room(place, ring + len(rings), end + len(points))
        for number, each in enumerate(rings, ring + 1):
            end += len(each)
            self.first_vertex[number] = end
        self.first_ring[place + 1] = ring + len(rings)
        self.kinds[place] = _KIND[kind]
        stage(self.shapes, points, place)
        self.radius_m[place], self.radius_rad[place] = radius_m, radius_m * RAD_PER_M
        self.reach[place] = min(float(self.caps[place, 3]) + radius_m * RAD_PER_M + _PAD_RAD, np.pi)
        lower, upper, of_ref = volume.lower, volume.upper, _CLASS_OF_REF
        self.figures[place] = (_EMPTY, of_ref[lower.ref], lower.ft, of_ref[upper.ref], upper.ft)
        self.rows[place, START], self.rows[place, END] = volume.start_ms, volume.end_ms

    def keep(self, places: Any) -> None:
        """Only the places [n] given, which rise: they become 0 to n - 1, and all of them are filed."""
        rings = _runs(self.first_ring[places], self.first_ring[places + 1])
        starts, ends = self.first_vertex[rings], self.first_vertex[rings + 1]
        vertices = _runs(starts, ends)
        ring_counts = self.first_ring[places + 1] - self.first_ring[places]
        self.first_ring = _room_for(np.concatenate(([0], np.cumsum(ring_counts))))
        self.first_vertex = _room_for(np.concatenate(([0], np.cumsum(ends - starts))))
        self.vectors = _room_for(self.vectors[vertices])
        for name in ("kinds", "caps", "radius_m", "radius_rad", "reach", "figures", "rows"):
            setattr(self, name, _room_for(getattr(self, name)[places], len(self.first_ring) - 1))
        self._bind(len(places))

    def _make_room(self, place: int, rings: int, vertices: int) -> None:
        """Room for a place, for so many rings, and for so many vertices, at least twice as much where there is none."""
        if rings + 1 > len(self.first_vertex):
            self.first_vertex = _room_for(self.first_vertex, 2 * rings)
            self._pack()
        if vertices > len(self.vectors):
            self.vectors = _room_for(self.vectors, 2 * vertices)
            self._pack()
        if place >= len(self.kinds):
            for name in ("kinds", "caps", "radius_m", "radius_rad", "reach", "figures", "rows"):
                setattr(self, name, _room_for(getattr(self, name), 2 * place))
            self.first_ring = _room_for(self.first_ring, 2 * place + 1)
            self._bind(place)

    def _bind(self, filed: int) -> None:
        """Chains anew for the first places, with room for as many as there are."""
        self.heads = np.full(1 << (len(self.kinds) - 1).bit_length(), _EMPTY, np.int64)
        self.counts = np.zeros(CLASSES, np.int64)
        self._pack()
        link(self.shapes, self.live, 0, filed)

    def _pack(self) -> None:
        self.shapes = (self.kinds, self.first_ring, self.first_vertex, self.vectors, self.caps)
        self.live = (self.reach, self.figures, self.rows, self.heads, self.counts)


def _room_for(rows: Any, room: int = _ROOM) -> Any:
    """The rows in an array of `room` rows, or of as many as there are if that is more."""
    more = np.zeros((max(room, len(rows)), *rows.shape[1:]), rows.dtype)
    more[: len(rows)] = rows
    return more


def _runs(starts: Any, ends: Any) -> Any:
    """All whole numbers of the runs starts..ends, one run after the other."""
    lengths = ends - starts
    before = np.concatenate(([0], np.cumsum(lengths)[:-1])) if len(lengths) else lengths
    return np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)
