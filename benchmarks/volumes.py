"""Conflicts among many volumes, and one volume among 100,000, beside the best that others have, in the same run.

The scene: half circles, half polygons of 4 to 12 vertices, radius 1 to 20 km; bands of 500 to 5,000 ft below 40,000 ft; windows of 10 to 120
minutes that begin within one day; 1000 x 1000 km around 46 N 8 E. One seed. With nothing required, and with the military table.

All pairs, against what a careful user of shapely 2 writes: a Lambert projection of the area, circles as 64-gons, an STRtree for each hour, asked
for all of the hour at once, then levels and times in numpy, then the exact distance of what is left. Both sides start from volumes that are ready
(polygons there, arrays here); making them is timed apart. Pairs are compared one by one, and differences counted by their cause.

One volume: file it and say who conflicts, among 100,000; against rtree and SQLite's R*Tree in four dimensions (latitude, longitude, height, time),
each with the same exact test behind it.

    python benchmarks/volumes.py [--most 1000000] [--rounds 5]
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import apsw
import numpy as np
import pyproj
import rtree
import shapely

from skyparley import (
    Bands,
    Circle,
    Separation,
    Volume,
    VolumeIndex,
    Volumes,
    Windows,
    all_conflicts,
    load_kernels,
    profile,
)
from skyparley.geometry.sphere import core
from skyparley.geometry.volumes import separated, verdict_of_cores

HOUR_MS = 3_600_000
NOTHING = Separation(0, 0, 0, 0, 0)
KM_PER_DEGREE = 111.2
LAMBERT = "+proj=lcc +lat_0=46 +lon_0=8 +lat_1=43 +lat_2=49 +ellps=WGS84"


class Scene(NamedTuple):
    """Centres and radii [n], vertices of the polygons among them, bands and windows; the first half are circles."""

    lat: Any
    lon: Any
    radius_m: Any
    lat_lon: Any
    first_vertex: Any
    lower_ft: Any
    upper_ft: Any
    start_ms: Any
    end_ms: Any


def scene(count: int, seed: int = 7) -> Scene:
    luck = np.random.default_rng(seed)
    lat = 46 + luck.uniform(-500, 500, count) / KM_PER_DEGREE
    lon = 8 + luck.uniform(-500, 500, count) / KM_PER_DEGREE / np.cos(np.radians(lat))
    radius_m = luck.uniform(1_000, 20_000, count)
    polygons = np.arange(count // 2, count)
    corners = luck.integers(4, 13, len(polygons))
    first_vertex = np.concatenate(([0], np.cumsum(corners)))
    of = np.repeat(np.arange(len(polygons)), corners)
    turn = (np.arange(first_vertex[-1]) - first_vertex[of] + luck.uniform(0, 0.7, first_vertex[-1])) / corners[of]
    reach_km = radius_m[polygons][of] * luck.uniform(0.6, 1, first_vertex[-1]) / 1000
    vertex_lat = lat[polygons][of] + reach_km * np.cos(2 * np.pi * turn) / KM_PER_DEGREE
    across = KM_PER_DEGREE * np.cos(np.radians(lat[polygons][of]))
    vertex_lon = lon[polygons][of] + reach_km * np.sin(2 * np.pi * turn) / across
    lower_ft = luck.integers(0, 350, count) * 100
    start_ms = luck.integers(0, 24 * HOUR_MS, count)
    return Scene(
        *(lat, lon, radius_m, np.column_stack((vertex_lat, vertex_lon)), first_vertex),
        *(lower_ft, lower_ft + luck.integers(5, 51, count) * 100),
        *(start_ms, start_ms + luck.integers(10, 121, count) * 60_000),
    )


def arrays(given: Scene) -> Volumes:
    half = len(given.lat) // 2
    first, second = (
        (Bands.of(given.lower_ft[part], given.upper_ft[part]), Windows(given.start_ms[part], given.end_ms[part]))
        for part in (slice(0, half), slice(half, None))
    )
    circles = Volumes.circles(given.lat[:half], given.lon[:half], given.radius_m[:half], *first)
    return Volumes.joined([circles, Volumes.polygons(given.lat_lon, given.first_vertex, *second)])


def planar(given: Scene) -> Any:
    """The same volumes as planar polygons in metres; circles as 64-gons."""
    half = len(given.lat) // 2
    project = pyproj.Transformer.from_crs("EPSG:4326", pyproj.CRS(LAMBERT), always_xy=True).transform
    x, y = project(given.lon[:half], given.lat[:half])
    circles = shapely.buffer(shapely.points(x, y), given.radius_m[:half], quad_segs=16)
    corners = np.column_stack(project(given.lat_lon[:, 1], given.lat_lon[:, 0]))
    of = np.repeat(np.arange(len(given.lat) - half), np.diff(given.first_vertex))
    return np.concatenate((circles, shapely.polygons(shapely.linearrings(corners, indices=of))))


def by_shapely(given: Scene, areas: Any, sep: Separation) -> Any:
    """Pairs [m, 2], i < j, of all that conflict, by hourly trees."""
    bounds = shapely.bounds(areas)
    half_m = sep.lateral_m / 2
    boxes = shapely.box(*(bounds + np.array([-half_m, -half_m, half_m, half_m])).T)
    start, end = given.start_ms - sep.time_ms / 2, given.end_ms + sep.time_ms / 2
    found = []
    for hour in range(int(start.min() // HOUR_MS), int(end.max() // HOUR_MS) + 1):
        here = np.flatnonzero((start < (hour + 1) * HOUR_MS) & (end > hour * HOUR_MS))
        if len(here) == 0:
            continue
        i, j = here[shapely.STRtree(boxes[here]).query(boxes[here])]
        # Each pair in the hour in which the later of the two begins.
        near = (i < j) & (np.maximum(start[i], start[j]) // HOUR_MS == hour) & (start[i] < end[j]) & (start[j] < end[i])
        i, j = i[near], j[near]
        near = given.lower_ft[i] - given.upper_ft[j] < sep.vertical_ft
        near &= given.lower_ft[j] - given.upper_ft[i] < sep.vertical_ft
        i, j = i[near], j[near]
        exact = (
            shapely.dwithin(areas[i], areas[j], sep.lateral_m)
            if sep.lateral_m
            else shapely.intersects(areas[i], areas[j])
        )
        found.append(np.column_stack((i[exact], j[exact])))
    return np.concatenate(found)


def seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f}"


def all_pairs(count: int, sep: Separation, rounds: int) -> None:
    """One row of times, and the differences between the pairs."""
    given = scene(count)
    volumes, areas = arrays(given), planar(given)
    ours_s, theirs_s, made_s, planar_s = [], [], [], []
    for _ in range(rounds):
        ours_s.append(seconds(lambda: all_conflicts(volumes, sep)))
        theirs_s.append(seconds(lambda: by_shapely(given, areas, sep)))
        made_s.append(seconds(lambda: arrays(given)))
        planar_s.append(seconds(lambda: planar(given)))
    ours, theirs, made, flat = (statistics.median(each) for each in (ours_s, theirs_s, made_s, planar_s))
    print(
        f"{count:>9,}  {'nothing' if sep == NOTHING else 'table':>8}  {ours:8.3f}  {theirs:8.3f}  {theirs / ours:6.1f}  "
        f"{ours + made:8.3f}  {theirs + flat:8.3f}  {(theirs + flat) / (ours + made):6.1f}  {load()}"
    )
    compare(given, (volumes, areas), sep)


def compare(given: Scene, sides: tuple[Volumes, Any], sep: Separation) -> None:
    """How the pairs differ, each difference by its cause."""
    found = all_conflicts(sides[0], sep, with_gaps=True)
    assert found.gaps is not None
    lateral_m = dict(
        zip(zip(found.i.tolist(), found.j.tolist(), strict=True), found.gaps.lateral_m.tolist(), strict=True)
    )
    theirs = set(map(tuple, by_shapely(given, sides[1], sep).tolist()))
    only_ours, only_theirs = lateral_m.keys() - theirs, theirs - lateral_m.keys()
    half, least = len(given.lat) // 2, 1e-6
    by_margin = [pair for pair in only_ours if lateral_m[pair] > sep.lateral_m - least]
    rest = [pair for pair in only_ours if lateral_m[pair] <= sep.lateral_m - least]
    with_circle = [pair for pair in rest if pair[0] < half]
    print(
        f"           pairs: {len(lateral_m):,} ours, {len(theirs):,} theirs, {len(lateral_m.keys() & theirs):,} both; only ours "
        f"{len(only_ours):,}: by the margin for the ellipsoid {len(by_margin):,}, closer on the sphere and not in the plane: with a "
        f"circle {len(with_circle):,}, polygons only {len(rest) - len(with_circle):,}; only theirs {len(only_theirs):,}"
    )


def growth(most: int, sep: Separation) -> None:
    """Times for the same density (the area grows with the number) and for the same area."""
    print("\nGrowth, seconds; the table of the line; same area and day, so pairs grow with the square")
    for count in (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000):
        if count <= most:
            volumes = arrays(scene(count))
            found = all_conflicts(volumes, sep)
            taken = [seconds(partial(all_conflicts, volumes, sep)) for _ in range(3 if count < 300_000 else 1)]
            print(f"{count:>9,}  {statistics.median(taken):8.3f}  {len(found):>12,} pairs  {load()}")


def standing(count: int, rounds: int) -> None:
    """What a zone of a country for a week costs the others."""
    volumes = arrays(scene(count))
    zone = Volumes.circles(
        [46.0], [8.0], [400_000.0], Bands.of(59_000, 60_000), Windows(-3 * 24 * HOUR_MS, 4 * 24 * HOUR_MS)
    )
    both = Volumes.joined([volumes, zone])
    without, with_it = [], []
    for _ in range(rounds):
        without.append(seconds(lambda: all_conflicts(volumes, NOTHING)))
        with_it.append(seconds(lambda: all_conflicts(both, NOTHING)))
    print(
        f"\nA zone of 400 km for a week among {count:,}: {statistics.median(without):.3f} s without, {statistics.median(with_it):.3f} s with it  {load()}"
    )


def objects_of(given: Scene) -> list[Volume]:
    volumes = arrays(given)
    return [volumes.volume(k) for k in range(len(volumes))]


def box_of(volume: Volume, sep: Separation | None = None) -> tuple[float, ...]:
    """Least and greatest latitude, longitude, height and time; with what is required if it is to be asked with."""
    if isinstance(volume.shape, Circle):
        lats, lons, reach_m = [volume.shape.lat], [volume.shape.lon], volume.shape.radius_m
    else:
        lats, lons = zip(*volume.shape.outer, strict=True)  # type: ignore[union-attr]
        reach_m = 0.0
    reach_m = 1.01 * (reach_m + (sep.lateral_m if sep else 0)) + 50.0
    dlat = reach_m / 111_000
    dlon = dlat / np.cos(np.radians(max(map(abs, lats)) + dlat))
    ft, ms = (sep.vertical_ft, sep.time_ms) if sep else (0, 0)
    lows = (min(lats) - dlat, min(lons) - dlon, volume.lower.ft - ft, (volume.start_ms - ms) / 1000)
    return (*lows, max(lats) + dlat, max(lons) + dlon, volume.upper.ft + ft, (volume.end_ms + ms) / 1000)


class ByTree:
    """An index of boxes with the exact test behind it."""

    def __init__(self, volumes: list[Volume]) -> None:
        self.volumes = list(volumes)
        self.cores = [core(volume.shape) for volume in volumes]

    def file_and_ask(self, volume: Volume, sep: Separation) -> int:
        own, found = core(volume.shape), 0
        for place in self.near(box_of(volume, sep)):
            other = self.volumes[place]
            if not separated(volume, other, sep):
                found += verdict_of_cores(volume, other, sep, (own, self.cores[place])).conflict
        self.insert(len(self.volumes), box_of(volume))
        self.volumes.append(volume)
        self.cores.append(own)
        return found

    def near(self, box: tuple[float, ...]) -> Any:
        raise NotImplementedError

    def insert(self, place: int, box: tuple[float, ...]) -> None:
        raise NotImplementedError


class ByRtree(ByTree):
    def __init__(self, volumes: list[Volume]) -> None:
        super().__init__(volumes)
        rows = ((place, box_of(volume), None) for place, volume in enumerate(volumes))
        self.tree = rtree.index.Index(rows, properties=rtree.index.Property(dimension=4))

    def near(self, box: tuple[float, ...]) -> Any:
        return self.tree.intersection(box)

    def insert(self, place: int, box: tuple[float, ...]) -> None:
        self.tree.insert(place, box)


class BySqlite(ByTree):
    QUERY = "SELECT id FROM t WHERE b0>=? AND b1>=? AND b2>=? AND b3>=? AND a0<=? AND a1<=? AND a2<=? AND a3<=?"

    def __init__(self, volumes: list[Volume]) -> None:
        super().__init__(volumes)
        self.db = apsw.Connection(":memory:")
        self.db.execute("CREATE VIRTUAL TABLE t USING rtree(id, a0, b0, a1, b1, a2, b2, a3, b3)")
        with self.db:
            for place, volume in enumerate(volumes):
                self.insert(place, box_of(volume))

    def near(self, box: tuple[float, ...]) -> Any:
        return [row[0] for row in self.db.execute(self.QUERY, box)]

    def insert(self, place: int, box: tuple[float, ...]) -> None:
        sides = [side for low, high in zip(box[:4], box[4:], strict=True) for side in (low, high)]
        self.db.execute("INSERT INTO t VALUES (?,?,?,?,?,?,?,?,?)", (place, *sides))


class Ours:
    def __init__(self, volumes: list[Volume]) -> None:
        self.index = VolumeIndex()
        for place, volume in enumerate(volumes):
            self.index.add(place, volume, known_sound=True)

    def file_and_ask(self, volume: Volume, sep: Separation) -> int:
        found = len(self.index.conflicts(volume, sep))
        self.index.add(len(self.index), volume, known_sound=True)
        return found


def one_among(count: int, asked: int, sep: Separation) -> None:
    """p50 and p99 of filing one volume and saying who conflicts."""
    objects = objects_of(scene(count + asked))
    order = np.random.default_rng(3).permutation(len(objects))
    objects = [objects[k] for k in order]
    print(f"\nFile one and say who conflicts, among {count:,}; {asked:,} times; the table of the line; microseconds")
    sides = {
        "ours": Ours(objects[:count]),
        "rtree": ByRtree(objects[:count]),
        "SQLite R*Tree": BySqlite(objects[:count]),
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for volume in objects[count:]:
        answers = set()
        for name, side in sides.items():
            start = time.perf_counter()
            answers.add(side.file_and_ask(volume, sep))
            taken[name].append((time.perf_counter() - start) * 1e6)
        assert len(answers) == 1, "the sides disagree"
    ours = statistics.median(taken["ours"])
    for name, times in taken.items():
        cuts = statistics.quantiles(times, n=100)
        print(f"{name:>14}  p50 {cuts[49]:8.0f}  p99 {cuts[98]:8.0f}  p50 / ours {cuts[49] / ours:5.1f}  {load()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--most", type=int, default=1_000_000, help="the largest number of volumes in the table of growth"
    )
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    print(f"kernels loaded in {seconds(load_kernels):.2f} s (compiled first, where they were not cached)  {load()}")
    table = profile("military").separation
    print("\nAll pairs, seconds, medians; `made`: with making the arrays or the polygons")
    print("  volumes  required      ours   shapely   ratio  ours made  shapely made   ratio")
    for count in (10_000, 100_000):
        for sep in (NOTHING, table):
            all_pairs(count, sep, chosen.rounds)
    growth(chosen.most, table)
    standing(100_000, chosen.rounds)
    one_among(100_000, 2_000, table)


if __name__ == "__main__":
    main()
