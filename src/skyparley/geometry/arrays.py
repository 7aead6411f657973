"""Many volumes as arrays: what the bulk functions work on, built from Volume objects or straight from numbers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from skyparley.geometry.arrays_outlines import (
    AREA,
    AS_GIVEN,
    LINE,
    POINT,
    Flags,
    Floats,
    Ints,
    Outlines,
    joined,
    packed,
    places_ok,
    raw,
    tidied,
    unit_vectors,
)
from skyparley.geometry.levels import HIGHEST_FT, LOWEST_FT, Level, Ref
from skyparley.geometry.problem import Problem, Unusable
from skyparley.geometry.rings import EARTH_RADIUS_M
from skyparley.geometry.validation import LEAST_AREA_M2
from skyparley.geometry.volumes import Volume, volume_problems

REFS: Final = (Ref.AGL, Ref.AMSL, Ref.FL, Ref.W84, Ref.SFC, Ref.UNL)
"""The references by their numbers in arrays."""
_NUMBER: Final = {ref: number for number, ref in enumerate(REFS)}
_AGL, _FL, _SFC, _UNL = _NUMBER[Ref.AGL], _NUMBER[Ref.FL], _NUMBER[Ref.SFC], _NUMBER[Ref.UNL]
_QUARTER_TURN_M: Final = np.pi / 2 * EARTH_RADIUS_M
_SOUND_ABOVE: Final = 4 * LEAST_AREA_M2 / EARTH_RADIUS_M**2  # flat triangles are at least half of the true area
_LATEST_MS: Final = 2**62
_SHOWN: Final = 20  # problems named in one exception


class Bands(NamedTuple):
    """Lower and upper levels: their references as places in REFS and whole feet, each [n] or one for all."""

    lower_ref: npt.ArrayLike
    lower_ft: npt.ArrayLike
    upper_ref: npt.ArrayLike
    upper_ft: npt.ArrayLike

    @classmethod
    def of(cls, lower_ft: npt.ArrayLike, upper_ft: npt.ArrayLike, ref: Ref = Ref.AMSL) -> "Bands":
        """Bands whose levels all have one reference; feet, [n] or one for all."""
        return cls(_NUMBER[ref], lower_ft, _NUMBER[ref], upper_ft)


class Windows(NamedTuple):
    """Half-open windows: UTC milliseconds or datetime64, each [n] or one for all."""

    start_ms: npt.ArrayLike
    end_ms: npt.ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class Volumes:
    """n volumes as arrays, all of them sound.  Made by `of`, `circles`, `polygons`, `corridors` or `joined`.

    levels [n, 4]: lower reference (a place in REFS), lower ft, upper reference, upper ft.  times [n, 2]: start and end,
    UTC milliseconds.  vectors [v, 3]: unit vectors of the vertices.  caps [n, 4]: bounding caps.  Not to be changed.
    """

    outlines: Outlines
    levels: Ints
    times: Ints
    vectors: Floats
    caps: Floats

    @classmethod
    def of(cls, volumes: Iterable[Volume]) -> "Volumes":
        """From objects.  Raises Unusable, naming the places (from 0) and all that is wrong there."""
        given = list(volumes)
        number = _NUMBER
        levels = [(number[v.lower.ref], v.lower.ft, number[v.upper.ref], v.upper.ft) for v in given]
        times = [(v.start_ms, v.end_ms) for v in given]
        # What outline() computes for these is not what was given, so only validation can say whether it is sound.
        computed = np.array([not isinstance(v.shape, AS_GIVEN) for v in given], np.bool_)
        for k in np.flatnonzero(computed).tolist():
            _refuse([(k, volume_problems(given[k]))])
        outlines = packed([raw(v.shape) for v in given])
        return _sound(outlines, (_whole(levels, 4), _whole(times, 2)), computed, given.__getitem__)

    @classmethod
    def circles(
        cls, lat: npt.ArrayLike, lon: npt.ArrayLike, radius_m: npt.ArrayLike, bands: Bands, windows: Windows
    ) -> "Volumes":
        """n circles, in degrees and metres.  Raises Unusable, naming the places and all that is wrong there."""
        points = _points(np.stack(np.broadcast_arrays(np.atleast_1d(lat), np.atleast_1d(lon)), axis=-1))
        starts = np.arange(len(points) + 1, dtype=np.int64)
        return _of_arrays(POINT, (starts, points), radius_m, bands, windows)

    @classmethod
    def polygons(cls, lat_lon: npt.ArrayLike, first_vertex: npt.ArrayLike, bands: Bands, windows: Windows) -> "Volumes":
        """n polygons without holes: vertices [v, 2] in degrees, the k-th from first_vertex[k] to first_vertex[k + 1].

        Raises Unusable as circles does, and ValueError if first_vertex [n + 1] does not rise from 0 to v.
        """
        return _of_arrays(AREA, (_starts(first_vertex), _points(lat_lon)), 0.0, bands, windows)

    @classmethod
    def corridors(
        cls, lines: tuple[npt.ArrayLike, npt.ArrayLike], half_width_m: npt.ArrayLike, bands: Bands, windows: Windows
    ) -> "Volumes":
        """n corridors: `lines` is (vertices, first_vertex) as polygons takes them, and raises as it does."""
        return _of_arrays(LINE, (_starts(lines[1]), _points(lines[0])), half_width_m, bands, windows)

    @classmethod
    def points(cls, lat: npt.ArrayLike, lon: npt.ArrayLike, bands: Bands, windows: Windows) -> "Volumes":
        """n points at one level (the lower) at one time (the start).  Unlike volumes they have no extent.

        Raises Unusable, naming the places and all that is wrong there.
        """
        lower_ref, lower_ft, _, _ = bands
        circles = cls.circles(lat, lon, 1.0, Bands(lower_ref, lower_ft, _UNL, 0), Windows(windows.start_ms, _LATEST_MS))
        levels = np.concatenate((circles.levels[:, :2], circles.levels[:, :2]), axis=1)
        times = np.stack((circles.times[:, 0], circles.times[:, 0] + 1), axis=1)
        outlines = circles.outlines._replace(radius_m=np.zeros(len(circles)))
        return cls(outlines, levels, times, circles.vectors, circles.caps)

    @classmethod
    def joined(cls, parts: Sequence["Volumes"]) -> "Volumes":
        """The volumes of all parts, one after the other.  Needs at least one part."""
        return cls(
            joined([part.outlines for part in parts]),
            np.concatenate([part.levels for part in parts]),
            np.concatenate([part.times for part in parts]),
            np.concatenate([part.vectors for part in parts]),
            np.concatenate([part.caps for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.outlines.kinds)

    def volume(self, k: int) -> Volume:
        """The k-th volume as an object; its shape is named by its outline (an orbit comes back as a corridor)."""
        return _volume(self.outlines, self.levels, self.times, k)

    @property
    def shapes(self) -> Any:
        """What the kernels take as shapes."""
        kinds, first_ring, first_vertex, _, _ = self.outlines
        return kinds, first_ring, first_vertex, self.vectors, self.caps


def _of_arrays(
    kind: int, rings: tuple[Ints, Floats], radius_m: npt.ArrayLike, bands: Bands, windows: Windows
) -> Volumes:
    starts, points = rings
    count = len(starts) - 1
    if count < 0 or starts[0] != 0 or starts[-1] != len(points) or bool(np.any(np.diff(starts) < 0)):
        raise ValueError(f"the first vertices must rise from 0 to {len(points)}, the number of vertices")
    radius = np.broadcast_to(np.asarray(radius_m, np.float64), count).copy()
    levels = _columns([np.asarray(each) for each in bands], count)
    times = _columns([_millis(each) for each in windows], count)
    outlines = Outlines(np.full(count, kind, np.int8), np.arange(count + 1, dtype=np.int64), starts, points, radius)
    none = np.zeros(count, np.bool_)
    return _sound(outlines, (levels, times), none, lambda k: _volume(outlines, levels, times, k))


def _sound(given: Outlines, figures: tuple[Ints, Ints], known: Flags, volume: Callable[[int], Volume]) -> Volumes:
    """The volumes with tidy outlines.  What the quick tests cannot pass for sure, validation judges, one by one.

    `known` are those whose shape has been judged.  Raises Unusable.
    """
    from skyparley.geometry.kernels_near import bounding_caps, surely_sound

    levels, times = figures
    ok = places_ok(given)
    _refuse((k, volume_problems(volume(k))) for k in np.flatnonzero(~ok).tolist())
    outlines = tidied(given)
    vectors = unit_vectors(outlines.lat_lon)
    caps = bounding_caps(outlines.first_ring, outlines.first_vertex, vectors)
    found = Volumes(outlines, levels, times, vectors, caps)
    with np.errstate(invalid="ignore"):
        widths = np.where(
            given.kinds == AREA, given.radius_m == 0.0, (given.radius_m > 0.0) & (given.radius_m < _QUARTER_TURN_M)
        )
    sure = (surely_sound(found.shapes, _SOUND_ABOVE) & widths) | known
    sure &= _bands_sound(levels) & (times[:, 1] > times[:, 0])
    _refuse((k, volume_problems(volume(k))) for k in np.flatnonzero(~sure).tolist())
    return found


def _bands_sound(levels: Ints) -> Flags:
    """levels.band_problems for all: whether there are none."""
    lower_ref, lower_ft, upper_ref, upper_ft = levels.T
    known: Flags = (lower_ref >= 0) & (lower_ref < _UNL) & (upper_ref >= 0) & (upper_ref <= _UNL)
    comparable = ~_ground(upper_ref) | _ground(lower_ref)
    rising: Flags = (upper_ref == _UNL) | ~comparable | (lower_ft < upper_ft)
    known &= rising & _levels_sound(lower_ref, lower_ft) & _levels_sound(upper_ref, upper_ft)
    return known


def _ground(ref: Ints) -> Flags:
    ground: Flags = (ref == _AGL) | (ref == _SFC)
    return ground


def _levels_sound(ref: Ints, ft: Ints) -> Flags:
    plain: Flags = (ft >= LOWEST_FT) & (ft <= HIGHEST_FT)
    plain &= ((ref != _AGL) & (ref != _FL)) | (ft >= 0)
    plain &= (ref != _FL) | (ft % 100 == 0)
    plain &= ((ref != _SFC) & (ref != _UNL)) | (ft == 0)
    return plain


def _refuse(problems: Iterable[tuple[int, tuple[Problem, ...]]]) -> None:
    """Raises Unusable if there are any problems, each with the place of its volume."""
    found: list[Problem] = []
    for k, of_one in problems:
        found += [Problem(each.code, f"volume {k}: {each.text}") for each in of_one]
        if len(found) >= _SHOWN:
            break
    if found:
        raise Unusable(tuple(found))


def _volume(outlines: Outlines, levels: Ints, times: Ints, k: int) -> Volume:
    lower_ref, lower_ft, upper_ref, upper_ft = levels[k].tolist()
    if not (0 <= lower_ref < len(REFS) and 0 <= upper_ref < len(REFS)):
        raise ValueError(f"volume {k}: a reference is a place in REFS, 0 to {len(REFS) - 1}")
    start_ms, end_ms = times[k].tolist()
    lower, upper = Level(REFS[lower_ref], lower_ft), Level(REFS[upper_ref], upper_ft)
    return Volume(outlines.shape(k), lower, upper, start_ms, end_ms)


def _whole(rows: Sequence[tuple[int, ...]], width: int) -> Ints:
    if not rows:
        return np.empty((0, width), np.int64)
    return _columns(list(np.array(rows).T), len(rows))


def _columns(columns: list[npt.NDArray[Any]], count: int) -> Ints:
    """Whole numbers, side by side [count, columns].  Raises TypeError for fractions, which would be cut off."""
    for column in columns:
        if column.dtype.kind not in "iu" and column.size:
            raise TypeError(f"feet, references and milliseconds are whole numbers, not {column.dtype}")
    return np.stack([np.broadcast_to(column, count) for column in columns], axis=1).astype(np.int64)


def _millis(times: npt.ArrayLike) -> npt.NDArray[Any]:
    found = np.asarray(times)
    if found.dtype.kind != "M":
        return found
    if bool(np.any(np.isnat(found))):
        raise ValueError("a time is missing (NaT); every window has a start and an end")
    return found.astype("datetime64[ms]").astype(np.int64)


def _points(lat_lon: npt.ArrayLike) -> Floats:
    found = np.array(lat_lon, np.float64)
    if found.ndim != 2 or found.shape[1] != 2:
        raise ValueError(f"vertices are rows of (lat, lon), not an array of shape {found.shape}")
    return found


def _starts(first_vertex: npt.ArrayLike) -> Ints:
    found = np.asarray(first_vertex)
    if found.ndim != 1 or found.dtype.kind not in "iu":
        raise ValueError("the first vertices are whole numbers in one row, one more than there are shapes")
    return found.astype(np.int64)
