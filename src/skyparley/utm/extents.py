"""From the volumes of a request to an extent: cells, heights, times.  What is not sound is told by place.

Source: ASTM F3548-21, Volume4D and what is in it.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from skyparley.base import limits
from skyparley.geometry.cells import LatLng
from skyparley.utm.commands import Problem
from skyparley.utm.outlines import Oversize, Unsound, covering
from skyparley.utm.records import OPEN, Extent
from skyparley.utm.wire import Altitude, Circle, LatLngPoint, Polygon, Time, Volume3D, Volume4D, shown

LOWEST_M: Final = -8_000.0  # Source: ASTM F3548-21, Altitude
HIGHEST_M: Final = 100_000.0
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:Z|\+00:00)", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_volumes(volumes: list[Volume4D] | None, place: str, problems: list[Problem]) -> Extent | None:
    """The union of several volumes, or None with the problems added.  Raises Oversize.

    A bound that a volume does not give is open (-OPEN, OPEN), and so is then that of the union.
    """
    if not volumes:
        problems.append(Problem(place, "is empty" if volumes == [] else "is missing", "a list of at least one volume"))
        return None
    _count_vertices(volumes, place)
    found: list[Extent] = []
    cells = 0
    for number, volume in enumerate(volumes):
        extent = read_volume(volume, f"{place}[{number}]", problems)
        if len(problems) >= limits.DSS_PROBLEMS_SHOWN:
            break
        if extent is not None:
            found.append(extent)
            cells += len(extent.cells)
        if cells > limits.DSS_CELLS:
            raise Oversize(
                Problem(place, "all volumes together are too large", f"at most {limits.DSS_CELLS} km2 or so")
            )
    return union(found) if found and not problems else None


def read_volume(
    volume: Volume4D | None, place: str, problems: list[Problem], *, far_is_open: bool = False
) -> Extent | None:
    """The extent of one volume, or None with the problems added.  Bounds not given are open.  Raises Oversize.

    `far_is_open`: a time that is too far off to be kept is taken as open, which is enough for a question.
    """
    if volume is None:
        problems.append(Problem(place, "is missing", "a volume"))
        return None
    before = len(problems)
    start_us, end_us = _times(volume, place, problems, far_is_open=far_is_open)
    body = volume.volume
    if body is None:
        problems.append(Problem(f"{place}.volume", "is missing", "an outline, and altitudes"))
        return None
    lower_mm, upper_mm = _heights(body, f"{place}.volume", problems)
    cells = _cells(body, f"{place}.volume", problems)
    if len(problems) > before:
        return None
    return Extent(cells, lower_mm, upper_mm, start_us, end_us)


def union(extents: list[Extent]) -> Extent:
    """What bounds at least one extent: all cells, from the lowest to the highest, from the first to the last moment."""
    if len(extents) == 1:
        return extents[0]
    cells = sorted({cell for extent in extents for cell in extent.cells})
    return Extent(
        tuple(cells),
        min(extent.lower_mm for extent in extents),
        max(extent.upper_mm for extent in extents),
        min(extent.start_us for extent in extents),
        max(extent.end_us for extent in extents),
    )


# --- times and heights ---------------------------------------------------------------------------------------------


def parse_time_us(text: str, *, up: bool) -> int:
    """RFC 3339 text in UTC (Z, or +00:00 as some libraries write it) to microseconds since 1970; what is finer is cut, or with `up` rounded up.

    Raises ValueError with what is wrong.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError("is not a time in UTC")
    since = datetime.fromisoformat(f"{text[:19]}+00:00") - _EPOCH
    nanos = int((match[1] or "").ljust(9, "0"))
    return (since.days * 86_400 + since.seconds) * 1_000_000 + (-(-nanos // 1000) if up else nanos // 1000)


def read_time(
    time: Time | None, place: str, problems: list[Problem], *, up: bool, far_is_open: bool = False
) -> int | None:
    """Microseconds, or None where there is no time or it is not sound."""
    if time is None:
        return None
    if time.format != "RFC3339":
        problems.append(Problem(f"{place}.format", _not_given(time.format), "RFC3339"))
    if time.value is None:
        problems.append(Problem(f"{place}.value", "is missing", "a time such as 2026-11-23T01:00:00Z"))
        return None
    try:
        moment = parse_time_us(time.value, up=up)
    except ValueError as error:
        wrong = f"{shown(time.value)} {error if str(error).startswith('is') else f'is no time: {error}'}"
        problems.append(Problem(f"{place}.value", wrong, "RFC 3339 with Z, such as 2026-11-23T01:00:00Z"))
        return None
    if not -OPEN < moment < OPEN and not far_is_open:
        problems.append(Problem(f"{place}.value", f"{shown(time.value)} is too far off", "from 1685 to 2255"))
        return None
    return min(OPEN, max(-OPEN, moment))


def _times(volume: Volume4D, place: str, problems: list[Problem], *, far_is_open: bool) -> tuple[int, int]:
    start_us = read_time(volume.time_start, f"{place}.time_start", problems, up=False, far_is_open=far_is_open)
    end_us = read_time(volume.time_end, f"{place}.time_end", problems, up=True, far_is_open=far_is_open)
    if start_us is not None and end_us is not None and end_us < start_us:
        problems.append(Problem(f"{place}.time_end", "is before time_start", "a time at or after time_start"))
    return -OPEN if start_us is None else start_us, OPEN if end_us is None else end_us


def _heights(body: Volume3D, place: str, problems: list[Problem]) -> tuple[int, int]:
    lower_mm = _height(body.altitude_lower, f"{place}.altitude_lower", problems, math.floor)
    upper_mm = _height(body.altitude_upper, f"{place}.altitude_upper", problems, math.ceil)
    if lower_mm is not None and upper_mm is not None and lower_mm > upper_mm:
        problems.append(Problem(f"{place}.altitude_upper", "is below altitude_lower", "at or above altitude_lower"))
    return -OPEN if lower_mm is None else lower_mm, OPEN if upper_mm is None else upper_mm


def _height(
    altitude: Altitude | None, place: str, problems: list[Problem], rounded: Callable[[float], int]
) -> int | None:
    if altitude is None:
        return None
    if altitude.reference != "W84":
        problems.append(Problem(f"{place}.reference", _not_given(altitude.reference), "W84"))
    if altitude.units != "M":
        problems.append(Problem(f"{place}.units", _not_given(altitude.units), "M"))
    value = altitude.value
    if value is None:
        problems.append(Problem(f"{place}.value", "is missing", "metres above the WGS 84 ellipsoid"))
        return None
    if not LOWEST_M <= value <= HIGHEST_M:
        wanted = f"from {LOWEST_M:.0f} to {HIGHEST_M:.0f} metres"
        problems.append(Problem(f"{place}.value", f"{value:g} is out of range", wanted))
        return None
    return rounded(value * 1000)


def _not_given(value: str | None) -> str:
    return "is missing" if value is None else f"{shown(value)} is not known here"


# --- outlines ------------------------------------------------------------------------------------------------------


def _count_vertices(volumes: list[Volume4D], place: str) -> None:
    count = 0
    for volume in volumes:
        polygon = volume.volume.outline_polygon if volume.volume else None
        count += len(polygon.vertices or ()) if polygon else 0
    if count > limits.DSS_VERTICES:
        raise Oversize(Problem(place, f"{count} vertices in all volumes", f"at most {limits.DSS_VERTICES}"))


def _cells(body: Volume3D, place: str, problems: list[Problem]) -> tuple[int, ...]:
    """The cells of an outline; none where it is not sound.  Raises Oversize."""
    polygon, circle = body.outline_polygon, body.outline_circle
    if polygon is None and circle is None:
        problems.append(Problem(place, "has no outline", "outline_polygon or outline_circle"))
    elif polygon is not None and circle is not None:
        problems.append(Problem(place, "has two outlines", "outline_polygon or outline_circle, not both"))
    elif polygon is not None:
        return _polygon(polygon, f"{place}.outline_polygon", problems)
    elif circle is not None:
        return _circle(circle, f"{place}.outline_circle", problems)
    return ()


def _polygon(polygon: Polygon, place: str, problems: list[Problem]) -> tuple[int, ...]:
    vertices = polygon.vertices or []
    if len(vertices) > limits.DSS_VERTICES:
        raise Oversize(Problem(f"{place}.vertices", f"{len(vertices)} vertices", f"at most {limits.DSS_VERTICES}"))
    if len(vertices) < 3:
        problems.append(Problem(f"{place}.vertices", f"{len(vertices)} vertices", "at least 3"))
        return ()
    points: list[LatLng] = []
    for number, vertex in enumerate(vertices):
        point = _place(vertex)
        if point is None:
            _say_point(vertex, f"{place}.vertices[{number}]", problems)
        else:
            points.append(point)
    return _covered(tuple(points), 0.0, place, problems) if len(points) == len(vertices) else ()


def _circle(circle: Circle, place: str, problems: list[Problem]) -> tuple[int, ...]:
    before = len(problems)
    radius, centre = circle.radius, _place(circle.center) if circle.center else None
    if circle.center is None:
        problems.append(Problem(f"{place}.center", "is missing", "a point"))
    elif centre is None:
        _say_point(circle.center, f"{place}.center", problems)
    if radius is None or radius.value is None:
        missing = f"{place}.radius" if radius is None else f"{place}.radius.value"
        problems.append(Problem(missing, "is missing", "a number of metres above 0"))
    elif not 0 < radius.value < math.inf:
        problems.append(Problem(f"{place}.radius.value", f"{radius.value:g} is no radius", "a number above 0"))
    if radius is not None and radius.units != "M":
        problems.append(Problem(f"{place}.radius.units", _not_given(radius.units), "M"))
    if len(problems) > before or centre is None or radius is None or radius.value is None:
        return ()
    return _covered((centre,), radius.value, place, problems)


def _place(point: LatLngPoint) -> LatLng | None:
    """Latitude and longitude, or None where there is no such place on Earth."""
    lat, lng = point.lat, point.lng
    if lat is None or lng is None or not -90 <= lat <= 90 or not -180 <= lng <= 180:
        return None
    return lat, lng


def _say_point(point: LatLngPoint, place: str, problems: list[Problem]) -> None:
    for name, value, most, word in (("lat", point.lat, 90, "latitude"), ("lng", point.lng, 180, "longitude")):
        if value is None:
            problems.append(Problem(f"{place}.{name}", "is missing", f"from -{most} to {most}"))
        elif not -most <= value <= most:
            problems.append(Problem(f"{place}.{name}", f"{value:g} is no {word}", f"from -{most} to {most}"))


def _covered(points: tuple[LatLng, ...], radius_m: float, place: str, problems: list[Problem]) -> tuple[int, ...]:
    """The cells of an outline; none, and its problems added, where it is not sound.  Raises Oversize."""
    try:
        return covering(points, radius_m)
    except Unsound as unsound:
        for each in unsound.problems:
            problems.append(Problem(f"{place}.{each.field}" if each.field else place, each.problem, each.expected))
        return ()
    except Oversize as oversize:
        found = oversize.problem
        raise Oversize(Problem(place, found.problem, found.expected)) from None
