// Outlines of areas on the sphere, for drawing: circles and corridors by true distance, edges as great circles.
// Arcs and the legs of orbits are placed on the ellipsoid, as the node places them.
// The node judges conflicts by its own exact geometry; nothing drawn here is ever measured.

const EARTH_RADIUS_M = 6_371_008.8;
const RAD = Math.PI / 180;
const STEP_M = 20_000; // A great circle bends by less than a pixel between points this far apart, at any zoom in use.
const LEG_POINTS_MOST = 400;
const ARC_STEP_DEG = 5;
const RIM_STEP_DEG = 1.5; // of an arc's rims: 9 m inside the true rim at 100 km

/** [lat, lon] in 1e-7 degrees to {lat, lon} in degrees. */
export const point = ([lat, lon]) => ({ lat: lat / 1e7, lon: lon / 1e7 });

/** Where one arrives after `metres` on the great circle that leaves `from` at `bearing` degrees. */
export function arrive(from, bearing, metres) {
  const arc = metres / EARTH_RADIUS_M;
  const lat = from.lat * RAD;
  const to = Math.asin(Math.sin(lat) * Math.cos(arc) + Math.cos(lat) * Math.sin(arc) * Math.cos(bearing * RAD));
  const turn = Math.atan2(
    Math.sin(bearing * RAD) * Math.sin(arc) * Math.cos(lat), Math.cos(arc) - Math.sin(lat) * Math.sin(to));
  return { lat: to / RAD, lon: wrap(from.lon + turn / RAD) };
}

/** Degrees, clockwise from north, in which `to` is seen from `from`. */
export function bearing(from, to) {
  const turn = (to.lon - from.lon) * RAD;
  const [one, two] = [from.lat * RAD, to.lat * RAD];
  const east = Math.sin(turn) * Math.cos(two);
  const north = Math.cos(one) * Math.sin(two) - Math.sin(one) * Math.cos(two) * Math.cos(turn);
  return (Math.atan2(east, north) / RAD + 360) % 360;
}

export function distance(from, to) {
  const half = (a) => Math.sin(a / 2) ** 2;
  const h = half((to.lat - from.lat) * RAD)
    + Math.cos(from.lat * RAD) * Math.cos(to.lat * RAD) * half((to.lon - from.lon) * RAD);
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

const wrap = (lon) => ((lon + 540) % 360 + 360) % 360 - 180;

/** Points along a great circle, both ends included, with the bearing of the way at each. */
function along(from, to) {
  const length = distance(from, to);
  const count = Math.min(LEG_POINTS_MOST, Math.max(1, Math.ceil(length / STEP_M)));
  const first = bearing(from, to);
  return Array.from({ length: count + 1 }, (_, place) => {
    const here = place === 0 ? from : place === count ? to : arrive(from, first, (length * place) / count);
    // The course changes along a great circle; at the far end it is the way back, turned round.
    const course = place === count ? (bearing(to, from) + 180) % 360 : bearing(here, to);
    return { ...here, course };
  });
}

function circle(centre, metres) {
  return Array.from({ length: 120 }, (_, place) => arrive(centre, place * 3, metres));
}

/** Part of a circle from one bearing to another, clockwise when `by` is positive. */
function arc(centre, metres, start, by) {
  const steps = Math.max(1, Math.ceil(Math.abs(by) / ARC_STEP_DEG));
  return Array.from({ length: steps + 1 }, (_, place) => arrive(centre, start + (by * place) / steps, metres));
}

/** The signed turn from one course to the next, -180 to 180. */
const turning = (one, two) => ((two - one + 540) % 360) - 180;

/** Rings round a line: one where the bends allow it, one a leg where a bend is too sharp for its legs. */
function corridor(line, metres) {
  const points = line.filter((here, place) => place === 0 || distance(line[place - 1], here) > 1);
  if (points.length === 1) return [circle(points[0], metres)];
  const legs = points.slice(1).map((to, place) => along(points[place], to));
  if (legs.some((leg, place) => place > 0 && tooSharp(legs[place - 1], leg, metres))) {
    return legs.map((leg) => round([leg], metres));
  }
  return [round(legs, metres)];
}

function tooSharp(before, after, metres) {
  const turn = Math.abs(turning(before.at(-1).course, after[0].course));
  const needs = metres * Math.tan((turn / 2) * RAD);
  const shortest = Math.min(distance(before[0], before.at(-1)), distance(after[0], after.at(-1)));
  return turn > 150 || needs > shortest * 0.9;
}

/** One ring: out along the left side, round the far end, back along the right, round the near end. */
function round(legs, metres) {
  const back = legs.map((leg) => [...leg].reverse().map((here) => ({ ...here, course: here.course + 180 }))).reverse();
  const last = legs.at(-1).at(-1);
  const first = legs[0][0];
  return [
    ...side(legs, metres), ...arc(last, metres, last.course - 90, 180),
    ...side(back, metres), ...arc(first, metres, first.course + 90, 180),
  ];
}

/** The left side of legs that follow one another. */
function side(legs, metres) {
  const outline = [];
  legs.forEach((leg, place) => {
    const before = legs[place - 1];
    const after = legs[place + 1];
    if (before) {
      const turn = turning(before.at(-1).course, leg[0].course);
      const corner = leg[0];
      if (turn > 0) outline.push(...arc(corner, metres, before.at(-1).course - 90, turn));
      else outline.push(arrive(corner, before.at(-1).course - 90 + turn / 2, metres / Math.cos((turn / 2) * RAD)));
    }
    const from = distance(leg[0], leg.at(-1));
    const cut = (turn) => (turn < 0 ? metres * Math.tan((-turn / 2) * RAD) : 0);
    const skipStart = before ? cut(turning(before.at(-1).course, leg[0].course)) : 0;
    const skipEnd = after ? cut(turning(leg.at(-1).course, after[0].course)) : 0;
    for (const here of leg) {
      const done = distance(leg[0], here);
      if (done < skipStart || from - done < skipEnd) continue;
      outline.push(arrive(here, here.course - 90, metres));
    }
  });
  return outline;
}

function polygonRing(corners) {
  return corners.flatMap((from, place) => along(from, corners[(place + 1) % corners.length]).slice(0, -1));
}

/** Where one arrives after `metres` on the WGS-84 geodesic that leaves `from` at `bearing` degrees (Vincenty, direct). */
function arriveOnEllipsoid(from, bearing, metres) {
  const [a, f] = [6_378_137, 1 / 298.257223563];
  const b = a * (1 - f);
  const [sinCourse, cosCourse] = [Math.sin(bearing * RAD), Math.cos(bearing * RAD)];
  const tanU = (1 - f) * Math.tan(from.lat * RAD);
  const cosU = 1 / Math.sqrt(1 + tanU * tanU);
  const sinU = tanU * cosU;
  const sigma1 = Math.atan2(tanU, cosCourse);
  const sinAlpha = cosU * sinCourse;
  const cosSqAlpha = 1 - sinAlpha * sinAlpha;
  const u2 = (cosSqAlpha * (a * a - b * b)) / (b * b);
  const A = 1 + (u2 / 16384) * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)));
  const B = (u2 / 1024) * (256 + u2 * (-128 + u2 * (74 - 47 * u2)));
  let sigma = metres / (b * A);
  for (let round = 0; round < 8; round += 1) {
    const middle = Math.cos(2 * sigma1 + sigma);
    const [sinS, cosS] = [Math.sin(sigma), Math.cos(sigma)];
    const by = B * sinS * (middle + (B / 4) * (cosS * (2 * middle ** 2 - 1) - (B / 6) * middle * (4 * sinS ** 2 - 3) * (4 * middle ** 2 - 3)));
    sigma = metres / (b * A) + by;
  }
  const middle = Math.cos(2 * sigma1 + sigma);
  const [sinS, cosS] = [Math.sin(sigma), Math.cos(sigma)];
  const lat = Math.atan2(sinU * cosS + cosU * sinS * cosCourse, (1 - f) * Math.hypot(sinAlpha, sinU * sinS - cosU * cosS * cosCourse));
  const lambda = Math.atan2(sinS * sinCourse, cosU * cosS - sinU * sinS * cosCourse);
  const C = (f / 16) * cosSqAlpha * (4 + f * (4 - 3 * cosSqAlpha));
  const turn = lambda - (1 - C) * f * sinAlpha * (sigma + C * sinS * (middle + C * cosS * (2 * middle ** 2 - 1)));
  return { lat: lat / RAD, lon: wrap(from.lon + turn / RAD) };
}

/** The middle line of a racetrack: its leg, or the leg moved by the radius to the left or right. */
export function racetrackLine({ start, end, radius_m, side }) {
  const [from, to] = [point(start), point(end)];
  if (side === "CENTRE") return [from, to];
  const turn = side === "LEFT" ? -90 : 90;
  return [arriveOnEllipsoid(from, bearing(from, to) + turn, radius_m), arriveOnEllipsoid(to, bearing(to, from) + 180 + turn, radius_m)];
}

/** Degrees from the first bearing of an arc clockwise to the last. */
const sweepOf = ({ from_mdeg, to_mdeg }) => ((to_mdeg - from_mdeg + 360_000) % 360_000 || 360_000) / 1000;

/** The rings of an arc: one round a sector or a slice, two of a full turn. */
function sectorRings(shape) {
  const centre = point(shape.centre);
  const sweep = sweepOf(shape);
  const steps = Math.max(1, Math.ceil(sweep / RIM_STEP_DEG));
  const rim = (metres) => Array.from({ length: steps + 1 }, (_, place) => arriveOnEllipsoid(centre, shape.from_mdeg / 1000 + (sweep * place) / steps, metres));
  const outer = rim(shape.outer_m);
  const inner = shape.inner_m ? rim(shape.inner_m) : [centre];
  if (sweep === 360) return [outer.slice(0, -1), ...(shape.inner_m ? [inner.slice(0, -1)] : [])];
  const ring = [...outer, ...inner.reverse()];
  return [polygonRing(ring)];
}

/** The middle of an arc: half the way round, half the way out. */
export function middleOfArc(shape) {
  return arriveOnEllipsoid(point(shape.centre), shape.from_mdeg / 1000 + sweepOf(shape) / 2, (shape.inner_m + shape.outer_m) / 2);
}

/** The outline of a shape: a list of polygons, each a list of rings of {lat, lon}, not closed. */
export function outline(shape) {
  if (shape.type === "circle") return [[circle(point(shape.centre), shape.radius_m)]];
  if (shape.type === "corridor") return corridor(shape.line.map(point), shape.half_width_m).map((ring) => [ring]);
  if (shape.type === "line") return corridor(shape.line.map(point), shape.buffer_m).map((ring) => [ring]);
  if (shape.type === "orbit") return corridor(racetrackLine(shape), shape.radius_m).map((ring) => [ring]);
  if (shape.type === "arc") return [sectorRings(shape)];
  return [shape.rings.map((ring) => polygonRing(ring.map(point)))];
}

/** Rings as map coordinates: closed, and without a jump where they cross the antimeridian. */
export function coordinates(ring) {
  const line = unwrapped(ring);
  const turned = line.at(-1)[0] + turning(line.at(-1)[0], line[0][0]) - line[0][0];
  if (Math.abs(turned) > 180) {
    // The ring goes round a pole: close it along the edge of the map on that side.
    const edge = line.reduce((sum, [, lat]) => sum + lat, 0) > 0 ? 85.05 : -85.05;
    line.push([line[0][0] + turned, line[0][1]], [line[0][0] + turned, edge], [line[0][0], edge]);
  }
  return [...line, line[0]];
}

/** [lon, lat] pairs in which each follows the one before by the shorter way round. */
export function unwrapped(points) {
  let at = points[0].lon;
  return points.map(({ lat, lon }) => {
    at += turning(at, lon);
    return [at, lat];
  });
}
