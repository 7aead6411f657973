"""Volumes as clients write them, for tests of the DSS."""

from typing import Any

NOW_US = 1_795_395_600_000_000
"""2026-11-23T01:00:00Z"""


def time(value: str) -> dict[str, Any]:
    return {"value": value, "format": "RFC3339"}


def altitude(value: float) -> dict[str, Any]:
    return {"value": value, "reference": "W84", "units": "M"}


def polygon(*points: tuple[float, float]) -> dict[str, Any]:
    return {"outline_polygon": {"vertices": [{"lat": lat, "lng": lng} for lat, lng in points]}}


def circle(lat: float, lng: float, radius_m: float) -> dict[str, Any]:
    return {"outline_circle": {"center": {"lat": lat, "lng": lng}, "radius": {"value": radius_m, "units": "M"}}}


def square(lat: float = 46.0, lng: float = 7.0, *, side_deg: float = 0.005) -> dict[str, Any]:
    return polygon((lat, lng), (lat, lng + side_deg), (lat + side_deg, lng + side_deg), (lat + side_deg, lng))


def volume(outline: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """A sound volume; members given by name replace those of the volume (altitude_*) or of the whole (time_*)."""
    inner = {"altitude_lower": altitude(100), "altitude_upper": altitude(200), **(outline or square())}
    inner.update({name: value for name, value in changed.items() if name.startswith("altitude")})
    whole = {"time_start": time("2026-11-23T02:00:00Z"), "time_end": time("2026-11-23T03:00:00Z")}
    whole.update({name: value for name, value in changed.items() if name.startswith("time")})
    return {"volume": inner, **whole}
