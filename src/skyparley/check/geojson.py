"""Conflicting plans and where they meet as GeoJSON (RFC 7946), for any map program.

Areas are drawn: circles and round ends have 64 edges a turn.  An area across the antimeridian or over a pole is cut into
pieces that a flat map can show (RFC 7946 3.1.9); outer rings run anticlockwise and holes clockwise (3.1.6).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from skyparley.check.detection import Met
from skyparley.check.report import Conflict, Position, Side, told, volumes_of
from skyparley.formats.records import Plan
from skyparley.geometry.overlay import Piece, drawn, meeting, shared
from skyparley.geometry.shapes import Point
from skyparley.geometry.volumes import Volume

_WESTS: Final = (-180.0, -90.0, 0.0, 90.0)
_POLE: Final = 90.0 - 1e-9
DECIMALS: Final = 7  # 1e-7 degrees, as on the wire


def collection(plans: Sequence[Plan], mets: Sequence[Met], conflicts: Sequence[Conflict]) -> dict[str, Any]:
    """A FeatureCollection: every volume of the conflicting plans, then every conflict where it is.

    `mets` and `conflicts` tell the same conflicts in one order.
    """
    numbers: dict[int, list[int]] = {}
    for met, conflict in zip(mets, conflicts, strict=True):
        for place in (met.one, met.other):
            numbers.setdefault(place, []).append(conflict.number)
    features = [
        _feature(area_geometry(drawn(volume.shape)), _of_volume(plans[place], at, volume, numbers[place]))
        for place in sorted(numbers)
        for at, volume in enumerate(plans[place].volumes)
    ]
    for met, conflict in zip(mets, conflicts, strict=True):
        a, b = volumes_of(plans, met)
        geometry = meeting_geometry(conflict, meeting(a.shape, b.shape).overlap)
        features.append(_feature(geometry, _of_conflict(conflict)))
    return {"type": "FeatureCollection", "features": features}


def area_geometry(pieces: Iterable[Piece]) -> dict[str, Any]:
    """A Polygon, or a MultiPolygon where there are several pieces or it must be cut."""
    polygons = [rings for piece in pieces for rings in flat(piece)]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def meeting_geometry(conflict: Conflict, overlap: Sequence[Piece]) -> dict[str, Any]:
    """The area that both share; where they are apart the line between the facing edges; else the point."""
    if overlap:
        return area_geometry(overlap)
    if len(conflict.facing) == 2 and conflict.facing[0] != conflict.facing[1]:
        return _line(conflict.facing)
    assert conflict.position is not None, "a conflict that is drawn was located"
    return {"type": "Point", "coordinates": _lon_lat(conflict.position)}


def flat(piece: Piece) -> Iterator[list[list[list[float]]]]:
    """The polygons of a piece with rings of [lon, lat] that no edge of jumps over the antimeridian; closed."""
    if not _wraps(piece):
        yield _rings(piece)
        return
    for west in _WESTS:
        lune = Piece("AREA", (((-90.0, 0.0), (0.0, west + 90.0), (90.0, 0.0), (0.0, west)),))
        for part in shared((piece,), (lune,)):
            yield _rings(Piece("AREA", tuple(tuple(_within(ring, west)) for ring in part.rings)))


def _wraps(piece: Piece) -> bool:
    """Whether an edge of a ring passes the antimeridian or ends at a pole; a ring around a pole passes it too."""
    return any(
        abs(a[1] - b[1]) > 180 or abs(a[0]) > _POLE for ring in piece.rings for a, b in pairwise((*ring, ring[0]))
    )


def _within(ring: Sequence[Point], west: float) -> Iterator[Point]:
    """The ring of a part between two meridians 90 degrees apart, spelt between them; a pole becomes an edge."""
    for place, (lat, lon) in enumerate(ring):
        if abs(lat) > _POLE:
            for beside in (ring[place - 1], ring[(place + 1) % len(ring)]):
                yield lat, _near(beside[1], west)
        else:
            yield lat, _near(lon, west)


def _near(lon: float, west: float) -> float:
    """The same meridian, spelt from `west` to 90 degrees east of it."""
    return lon + 360.0 if lon < west - 45 else lon - 360.0 if lon > west + 135 else lon


def _rings(piece: Piece) -> list[list[list[float]]]:
    return [_closed(ring, anticlockwise=place == 0) for place, ring in enumerate(piece.rings)]


def _closed(ring: Sequence[Point], *, anticlockwise: bool) -> list[list[float]]:
    area = sum(a[1] * b[0] - b[1] * a[0] for a, b in pairwise((*ring, ring[0])))
    ordered = ring if (area > 0) == anticlockwise else ring[::-1]
    return [[round(lon, DECIMALS), round(lat, DECIMALS)] for lat, lon in (*ordered, ordered[0])]


def _line(facing: Sequence[Position]) -> dict[str, Any]:
    first, last = map(_lon_lat, facing)
    if abs(first[0] - last[0]) > 180:  # A short line over the antimeridian: told by its two ends.
        return {"type": "MultiPoint", "coordinates": [first, last]}
    return {"type": "LineString", "coordinates": [first, last]}


def _lon_lat(position: Position) -> list[float]:
    return [position.lon, position.lat]


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _of_volume(plan: Plan, place: int, volume: Volume, conflicts: Sequence[int]) -> dict[str, Any]:
    said = told(volume)
    return {
        "role": "plan" if plan.origin == "PLAN" else "airspace",
        "party": plan.party,
        "id": plan.id,
        "name": plan.name,
        "volume": place + 1,
        "lower": said.lower,
        "upper": said.upper,
        "start": said.start,
        "end": said.end,
        "file": plan.file,
        "place": plan.place,
        "conflicts": list(conflicts),
    }


def _of_conflict(conflict: Conflict) -> dict[str, Any]:
    gap, required, window = conflict.gap, conflict.required, conflict.window
    return {
        "role": "conflict",
        "number": conflict.number,
        "between": [_called(side) for side in conflict.plans],
        "start": window.start if window else None,
        "end": window.end if window else None,
        "lateral_m": gap.lateral_m,
        "vertical_ft": gap.vertical_ft,
        "time_ms": gap.time_ms,
        "lateral_required_m": required.lateral_m,
        "vertical_required_ft": required.vertical_ft,
        "time_required_ms": required.time_ms,
    }


def _called(side: Side) -> str:
    return f"{side.party} {side.id}"
