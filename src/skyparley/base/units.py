"""Units: what crosses the wire is whole; what is computed is in metres, feet and milliseconds.

Axes: latitude north, longitude east, degrees, WGS-84. Positions on the wire are integers of 1e-7 degrees
(about 1.1 cm of latitude), bearings integers of thousandths of a degree.  Source: DESIGN, "The line protocol".
"""

from typing import Final

METRES_PER_NM: Final = 1852
METRES_PER_FOOT: Final = 0.3048
E7_PER_DEGREE: Final = 10_000_000
MDEG_PER_DEGREE: Final = 1_000  # bearings on the wire: 1.7 m aside at 100 km


def nm_to_m(nm: float) -> float:
    """Nautical miles to metres."""
    return nm * METRES_PER_NM


def m_to_nm(metres: float) -> float:
    """Metres to nautical miles."""
    return metres / METRES_PER_NM


def ft_to_m(feet: float) -> float:
    """Feet to metres."""
    return feet * METRES_PER_FOOT


def m_to_ft(metres: float) -> float:
    """Metres to feet."""
    return metres / METRES_PER_FOOT


def degrees_to_e7(degrees: float) -> int:
    """Degrees to the nearest 1e-7 degree, as it stands on the wire."""
    return round(degrees * E7_PER_DEGREE)


def e7_to_degrees(e7: int) -> float:
    """1e-7 degrees to degrees."""
    return e7 / E7_PER_DEGREE
