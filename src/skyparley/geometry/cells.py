"""The only user of s2geometry: the cells that cover a core grown by a distance.

Cells serve the broad phase.  A covering may hold more than the area but never less: what is closer than the growth to
the core lies in one of its cells.  A cell is a 64-bit number; its level runs from 0 (a sixth of the Earth) to 30.
"""

import math
from typing import Final

import s2geometry as s2

from skyparley.geometry.caps import Cap
from skyparley.geometry.rings import EARTH_RADIUS_M
from skyparley.geometry.sphere import Core

FINEST_LEVEL: Final = 16  # cells of about 150 m
_EDGE_AT_0_RAD: Final = 1.459213746386106  # average cell edge at level 0.  Source: S2 metrics, kAvgEdge
_PAD_RAD: Final = 1.0 / EARTH_RADIUS_M  # 1 m: far above any rounding here and in the library


def grown(cap: Cap, by_m: float) -> float:
    """Radians from the cap's centre that hold every point within `by_m` of the cap."""
    return min(math.pi, cap.angle_rad + by_m / EARTH_RADIUS_M + _PAD_RAD)


def level_for(core: Core, grow_m: float, edges_per_radius: float) -> int:
    """The finest level whose average cell edge is at least `edges_per_radius` times the largest radius to cover."""
    radius_rad = max(grown(cap, grow_m) for cap in core.caps)
    level = math.floor(math.log2(_EDGE_AT_0_RAD / (edges_per_radius * radius_rad)))
    return min(FINEST_LEVEL, max(0, level))


def covering(core: Core, grow_m: float, level: int) -> set[int]:
    """The cells of one level that together hold every point within `grow_m` of the core (metres on the sphere)."""
    coverer = s2.S2RegionCoverer()
    coverer.set_fixed_level(level)
    found: set[int] = set()
    for cap in core.caps:
        radius = s2.S1Angle.Radians(grown(cap, grow_m))
        region = s2.S2Cap(s2.S2Point_FromRaw(cap.x, cap.y, cap.z), radius)
        found.update([cell.id() for cell in coverer.GetCovering(region)])
    return found


def parent(cell: int, level: int) -> int:
    """The cell of a coarser level that holds this one.  Source: S2CellId::parent, on the plain number."""
    lowest = 1 << (2 * (30 - level))
    return (cell & -lowest) | lowest
