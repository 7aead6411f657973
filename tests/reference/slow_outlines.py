"""The slow twin of geometry/outline.py for orbits and arcs: their vertices as line-v1 5.2 tells them, by PROJ's geodesics.

It shares nothing with the fast code but the specification: other formulas where there are others, and another library.
"""

import math

from pyproj import Geod

SPHERE_M = 6_371_008.8
WGS84 = Geod(ellps="WGS84")


def moved_by_proj(place, bearing, metres):
    """The place at a bearing and distance from a place (lat, lon)."""
    lon, lat, _ = WGS84.fwd(place[1], place[0], bearing, metres)
    return (lat, lon)


def racetrack_line(orbit):
    """The middle line of a racetrack: its leg, or the leg a radius to the left or right."""
    if orbit.side == "CENTRE":
        return (orbit.start, orbit.end)
    turn = {"LEFT": -90, "RIGHT": 90}[orbit.side]
    at_start, back_from_end, _ = WGS84.inv(orbit.start[1], orbit.start[0], orbit.end[1], orbit.end[0])
    return (
        moved_by_proj(orbit.start, at_start + turn, orbit.radius_m),
        moved_by_proj(orbit.end, back_from_end + 180 + turn, orbit.radius_m),
    )


def arc_rings(arc):
    """The rings of an arc: one around a sector or a slice, two of a full turn."""
    sweep = arc.to_deg - arc.from_deg
    sweep += 360 * (sweep < 0)
    full = min(sweep, abs(360 - sweep)) < 1e-9
    outer_turn, outer_chords, outer_sweep = _rim(arc.outer_m, 360 if full else sweep, full)
    # A chord between two points at this distance, half its angle to either side, touches the rim (Napier).
    half = math.radians(outer_sweep / outer_chords / 2)
    touching_m = SPHERE_M * (math.pi / 2 - math.atan(math.cos(half) / math.tan(arc.outer_m / SPHERE_M)))
    outer_m = arc.outer_m + 1.03 * (touching_m - arc.outer_m) + 0.2
    outer = _points(arc, arc.from_deg - outer_turn, outer_sweep, outer_chords, outer_m)
    inner, inner_m = [(arc.lat, arc.lon)], 0.0
    if arc.inner_m > 0:
        turn, chords, inner_sweep = _rim(arc.inner_m, 360 if full else sweep, full)
        inner_m = arc.inner_m - 0.1
        inner = _points(arc, arc.from_deg - turn, inner_sweep, chords, inner_m)
    if full:
        return (outer[:-1], inner[:-1])
    return (
        [*outer, *_side(arc, outer_m, inner_m, last=True), *reversed(inner), *reversed(_side(arc, outer_m, inner_m))],
    )


def _rim(radius_m, sweep, full):
    """The turn at either end and the whole sweep in degrees, and how many chords."""
    turn = 0.0 if full else math.degrees(_turn(radius_m))
    # sin x cos x = sin 2x / 2
    step = min(10.0, math.degrees(2 * math.sqrt(2 * 9 / (SPHERE_M * math.sin(2 * radius_m / SPHERE_M) / 2))))
    return turn, max(1, math.ceil((sweep + 2 * turn) / step)), sweep + 2 * turn


def _turn(metres):
    return 1.0 * min(1.0, metres / 50_000) / (SPHERE_M * math.sin(metres / SPHERE_M))


def _points(arc, first, sweep, chords, metres):
    centre = (arc.lat, arc.lon)
    return [moved_by_proj(centre, first + sweep * place / chords, metres) for place in range(chords + 1)]


def _side(arc, outer_m, inner_m, last=False):
    """The vertices of one side between the rims, from the outer one inward."""
    pieces = math.ceil((outer_m - inner_m) / 50_000)
    found = []
    for piece in range(pieces - 1, 0, -1):
        metres = inner_m + (outer_m - inner_m) * piece / pieces
        turn = math.degrees(_turn(metres))
        found.append(moved_by_proj((arc.lat, arc.lon), arc.to_deg + turn if last else arc.from_deg - turn, metres))
    return found
