"""Which of many volumes are near one by their areas and windows: a quick and generous look, before anything is built on the sphere."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from skyparley.geometry.outline import outline
from skyparley.geometry.rings import EARTH_RADIUS_M
from skyparley.geometry.shapes import Circle, Corridor, Point, Polygon, Shape
from skyparley.geometry.volumes import Separation, Volume, reach_m

Array = npt.NDArray[np.float64]
GENEROUS: Final = 1.02  # edges follow the ellipsoid's geodesics, which leave the cap's great circles by far less
SLACK_RAD: Final = 1e-6
HALF: Final = 1.5  # radians; a cap under a hemisphere is convex, a larger one is taken as the whole Earth


class Caps:
    """A cap around each volume of a row: its first vertex, and the angle that holds all others and its radius.

    Beside it the window, UTC milliseconds.
    """

    def __init__(self, volumes: Sequence[Volume]) -> None:
        self.centres, self.angles = _caps([volume.shape for volume in volumes])
        self.starts_ms = np.array([volume.start_ms for volume in volumes], dtype=np.int64)
        self.ends_ms = np.array([volume.end_ms for volume in volumes], dtype=np.int64)

    def near(self, volume: Volume, separation: Separation) -> list[int]:
        """Places of all that may be closer to the volume than required by area and window: none that is, is missing."""
        if not len(self.angles):
            return []
        centre, angle = _caps([volume.shape])
        at_the_time = (self.starts_ms < volume.end_ms + separation.time_ms) & (
            self.ends_ms > volume.start_ms - separation.time_ms
        )
        places = np.flatnonzero(at_the_time)
        reach = self.angles[places] + angle[0] + GENEROUS * reach_m(0.0, separation) / EARTH_RADIUS_M
        # A rounded cosine may tell two that touch as apart by 1e-8; the slack is in every angle.
        near = self.centres[places] @ centre[0] >= np.cos(np.minimum(np.pi, reach)) - 1e-12
        return places[near].tolist()  # type: ignore[no-any-return]


def _caps(shapes: Sequence[Shape]) -> tuple[Array, Array]:
    """Centres (n, 3) as unit vectors and angles (n) in radians."""
    counts: list[int] = []
    points: list[Point] = []
    radii_m: list[float] = []
    for shape in shapes:
        own, radius_m = _points(shape)
        counts.append(len(own))
        points.extend(own)
        radii_m.append(radius_m)
    if not shapes:
        return np.empty((0, 3)), np.empty(0)
    vectors = _vectors(np.array(points, dtype=np.float64))
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    centres = vectors[starts]
    cosines = np.einsum("ij,ij->i", vectors, np.repeat(centres, counts, axis=0))
    angles = np.arccos(np.clip(np.minimum.reduceat(cosines, starts), -1.0, 1.0))
    angles = GENEROUS * (angles + np.array(radii_m) / EARTH_RADIUS_M) + SLACK_RAD
    return centres, np.where(angles > HALF, np.pi, angles)


def _points(shape: Shape) -> tuple[Sequence[Point], float]:
    """The vertices of a shape before anything is made of them, and the radius around them."""
    match shape:
        case Circle(lat, lon, radius_m):
            return ((lat, lon),), radius_m
        case Polygon(outer):
            return outer, 0.0
        case Corridor(line, half_width_m):
            return line, half_width_m
        case _:
            own = outline(shape)
            return own.rings[0], own.radius_m


def _vectors(lat_lon: Array) -> Array:
    radians = np.radians(lat_lon)
    across = np.cos(radians[:, 0])
    return np.column_stack((across * np.cos(radians[:, 1]), across * np.sin(radians[:, 1]), np.sin(radians[:, 0])))
