"""The part of a world atlas that lies around some points: coasts, and borders between countries, as lines.

The atlas is TopoJSON: quantised arcs, each stored once and used by the countries on its sides.  An arc of two countries
is a border and an arc of one is coast.  Source: the TopoJSON specification, 2.1.2 to 2.1.4.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from skyparley.geometry.caps import Cap, bounding_cap
from skyparley.geometry.rings import vector
from skyparley.geometry.shapes import Point

Array = npt.NDArray[np.float64]
DECIMALS: Final = 3  # about 100 m, finer than the atlas
LEAST_RAD: Final = 0.05  # about 300 km: enough of a coast to know where one is
GROWN: Final = 2.5  # times the reach of what is shown
COUNTRIES: Final = "countries"


def around(atlas: dict[str, Any], points: Sequence[Point]) -> dict[str, list[list[float]]]:
    """Coasts and borders near the points as flat [lon, lat, ...]; nothing for no points.

    `atlas` is a TopoJSON topology with the object `countries`.
    """
    found: dict[str, list[list[float]]] = {"coasts": [], "borders": []}
    if not points:
        return found
    bound = bounding_cap([vector(point) for point in points])
    users = Counter(_arcs_of(atlas["objects"][COUNTRIES]))
    for number, arc in enumerate(atlas["arcs"]):
        lon_lat = _decoded(arc, atlas["transform"])
        for line in _near(lon_lat, bound):
            found["borders" if users[number] > 1 else "coasts"].append(line)
    return found


def _arcs_of(geometry: Any) -> Iterator[int]:
    """The numbers of all arcs of a geometry, once for each use; ~n means arc n backwards."""
    if isinstance(geometry, int):
        yield geometry if geometry >= 0 else ~geometry
    elif isinstance(geometry, list):
        for part in geometry:
            yield from _arcs_of(part)
    elif isinstance(geometry, dict):
        yield from _arcs_of(geometry.get("arcs", geometry.get("geometries", [])))


def _decoded(arc: Sequence[Sequence[int]], transform: dict[str, list[float]]) -> Array:
    """(n, 2) degrees of longitude and latitude from steps."""
    steps: Array = np.cumsum(np.array(arc, dtype=np.float64), axis=0)
    degrees: Array = steps * np.array(transform["scale"]) + np.array(transform["translate"])
    return degrees


def _near(lon_lat: Array, bound: Cap) -> Iterator[list[float]]:
    """The runs of an arc that lie within reach, each with one point more at both ends so that lines reach the edge."""
    radians = np.radians(lon_lat)
    across = np.cos(radians[:, 1])
    cosines = (
        across * np.cos(radians[:, 0]) * bound.x
        + across * np.sin(radians[:, 0]) * bound.y
        + np.sin(radians[:, 1]) * bound.z
    )
    reach = min(np.pi, max(bound.angle_rad, LEAST_RAD) * GROWN)
    near = cosines > np.cos(reach)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], near.astype(np.int8), [0]))))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        run = lon_lat[max(0, first - 1) : last + 1]
        if len(run) > 1:
            yield [round(float(degrees), DECIMALS) for degrees in run.ravel()]
