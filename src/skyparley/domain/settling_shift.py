"""A whole notice moved over the ground as it is, by the least distance along one of eight bearings.

Along one bearing the first place that is clear is looked for from the nearest: moving by a distance changes no gap by more,
so each step is as long as the largest gap that is still missing.  Where areas lie over one another, which says nothing of how
deep, steps are an eighth of the area's size, and the last one is then halved: a clear place narrower than that may be
passed over.  Source: DOMAIN RES-02.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from skyparley.base.units import METRES_PER_NM
from skyparley.domain.settling_lines import across_m
from skyparley.domain.settling_parts import Mover, Near, Surroundings
from skyparley.domain.settling_steps import step_m
from skyparley.domain.settling_words import BEARINGS, length_words
from skyparley.geometry.caps import bounding_cap
from skyparley.geometry.outline import outline
from skyparley.geometry.rings import EARTH_RADIUS_M, angle, vector
from skyparley.geometry.shapes import Arc, Circle, Point, Polygon, Shape
from skyparley.geometry.sphere import core, core_distance_m, interiors_meet
from skyparley.geometry.turning import Turn, bearing_deg, place_of, turn_along, turned
from skyparley.geometry.volumes import Volume

FURTHEST_M: Final = 100 * METRES_PER_NM
"""No notice is moved further than this: it would be another activity."""
LARGEST_RAD: Final = 1_000_000 / EARTH_RADIUS_M
"""A notice that reaches further than this from its middle is not moved: its length alone could change by kilometres."""
AROUND: Final = 2.0
"""Places are looked for as far as this many times the way straight off what is met."""
OTHERWISE_DEG: Final = 90.0
"""The second place that is told lies at least so far off the first one's bearing."""


class Shift(NamedTuple):
    """A notice moved, and the words for it."""

    volumes: tuple[Volume, ...]
    words: str


class _Missing(NamedTuple):
    """By how much more a notice must be moved at the very least; and whether areas lie over one another, so that it may
    be much more.
    """

    metres: float
    deep: bool


CLEAR: Final = _Missing(0.0, False)


class _Obstacle(NamedTuple):
    given: int
    near: Near
    needed_m: float  # between the cores


class _Ground:
    """A notice over the ground and all that it could meet within reach."""

    def __init__(self, mover: Mover, surroundings: Surroundings, met: Sequence[Near]) -> None:
        self.volumes = mover.volumes
        cap = bounding_cap([vector(point) for one in mover.volumes for point in outline(one.shape).rings[0]])
        self.middle: Point = place_of(cap.centre)
        self.reach_rad = cap.angle_rad
        self.size_m = 2 * (cap.angle_rad * EARTH_RADIUS_M + max(core(one.shape).radius_m for one in mover.volumes))
        self.step_m = step_m(self.size_m / 2)
        self.most_m = min(FURTHEST_M, AROUND * max(map(self._way_out_m, met)))
        self.draft = {shape: drawn(shape) for shape in {one.shape for one in mover.volumes}}
        self._known: dict[tuple[float, int], _Missing] = {}
        self.obstacles = [self._obstacle(one) for one in surroundings.near([self._wide(one) for one in mover.volumes])]
        self.missing_here = self.missing(0.0, 0)

    def _way_out_m(self, near: Near) -> float:
        """The distance straight away from one obstacle that surely clears it."""
        own, other = core(self.volumes[near.given].shape), core(near.volume.shape)
        between_rad = own.bound.angle_rad + other.bound.angle_rad - angle(own.bound.centre, other.bound.centre)
        return between_rad * EARTH_RADIUS_M + across_m(own.radius_m + other.radius_m + near.separation.lateral_m)

    def _wide(self, volume: Volume) -> Volume:
        """The same levels and window over all the ground that the volume may be moved to."""
        own = core(volume.shape)
        radius_m = own.bound.angle_rad * EARTH_RADIUS_M + own.radius_m + self.most_m
        return replace(volume, shape=Circle(*place_of(own.bound.centre), math.ceil(across_m(radius_m)) + 1))

    def _obstacle(self, near: Near) -> _Obstacle:
        radii_m = core(self.volumes[near.given].shape).radius_m + core(near.volume.shape).radius_m
        return _Obstacle(near.given, near, across_m(radii_m + near.separation.lateral_m))

    def missing(self, bearing: float, steps: int) -> _Missing:
        """What is missing after so many steps along a bearing; CLEAR where nothing is.  What was asked before is kept."""
        known = self._known.get((bearing, steps))
        if known is None:
            turn = turn_along(self.middle, bearing, steps * self.step_m)
            made = {shape: turned(draft, turn) for shape, draft in self.draft.items()}
            found = [_missing(made[self.volumes[one.given].shape], one) for one in self.obstacles]
            known = _Missing(max((one.metres for one in found), default=0.0), any(one.deep for one in found))
            self._known[bearing, steps] = known
        return known

    def moved(self, turn: Turn) -> tuple[Volume, ...]:
        """The volumes after a turn.  Each distinct shape is turned once: a notice often has one area at several levels."""
        made = {shape: turned(shape, turn) for shape in self.draft}
        return tuple(replace(one, shape=made[one.shape]) for one in self.volumes)


def drawn(shape: Shape) -> Shape:
    """What stands for a shape while places are sought: an arc as it is drawn, since to draw it anew takes long."""
    if not isinstance(shape, Arc):
        return shape
    rings = outline(shape).rings
    return Polygon(rings[0], rings[1:])


def _missing(shape: Shape, obstacle: _Obstacle) -> _Missing:
    own, other = core(shape), core(obstacle.near.volume.shape)
    apart_rad = angle(own.bound.centre, other.bound.centre) - own.bound.angle_rad - other.bound.angle_rad
    if apart_rad * EARTH_RADIUS_M > obstacle.needed_m:
        return CLEAR
    distance_m = core_distance_m(own, other)
    if distance_m > 0:
        return _Missing(max(0.0, obstacle.needed_m - distance_m), False)
    deep = obstacle.needed_m > 0 or interiors_meet(own, other)
    return _Missing(obstacle.needed_m, deep)


def shifted_over_ground(mover: Mover, surroundings: Surroundings, met: Sequence[Near]) -> Iterator[Shift]:
    """The nearest clear place for a whole notice, then the nearest in another direction; none for one too large to be moved.

    `met`: what it is too close to as it stands.
    """
    ground = _Ground(mover, surroundings, met)
    if ground.reach_rad > LARGEST_RAD:
        return
    away = bearing_deg(place_of(core(met[0].volume.shape).bound.centre), vector(ground.middle))
    words = sorted(BEARINGS, key=lambda word: _turn_deg(BEARINGS[word], away))
    found = _nearest(ground, words)
    if found is not None:
        yield _shift(ground, *found)
        others = [word for word in words if _turn_deg(BEARINGS[word], BEARINGS[found[1]]) >= OTHERWISE_DEG]
        found = _nearest(ground, others)
        if found is not None:
            yield _shift(ground, *found)


def _shift(ground: _Ground, distance_m: float, word: str) -> Shift:
    volumes = ground.moved(turn_along(ground.middle, BEARINGS[word], distance_m))
    return Shift(volumes, f"{length_words(distance_m)} further {word}")


def _nearest(ground: _Ground, words: Sequence[str]) -> tuple[float, str] | None:
    """The least distance to a clear place on one of these bearings; of equal ones the first."""
    best, most = "", int(ground.most_m / ground.step_m)
    for word in words:
        steps = _first_clear(ground, BEARINGS[word], most)
        if steps is not None:
            best, most = word, steps - 1
    return ((most + 1) * ground.step_m, best) if best else None


def _turn_deg(one: float, other: float) -> float:
    """Degrees between two bearings, 0 to 180."""
    return abs((one - other + 180) % 360 - 180)


def _first_clear(ground: _Ground, bearing: float, most: int) -> int | None:
    """The least number of steps along a bearing after which the notice is clear, or None up to `most`.

    Steps are counted, since lengths in floats could call one a little more than itself.
    """
    leap = max(1, int(ground.size_m / 8 / ground.step_m))
    steps, blocked, found = 0, -1, ground.missing_here
    while found != CLEAR:
        needed = max(1, math.ceil(found.metres / ground.step_m))
        blocked = steps + needed - 1
        steps += max(needed, leap) if found.deep else needed
        if steps > most:
            return None
        found = ground.missing(bearing, steps)
    while steps - blocked > 1:
        middle = (steps + blocked) // 2
        if ground.missing(bearing, middle) == CLEAR:
            steps = middle
        else:
            blocked = middle
    return steps
