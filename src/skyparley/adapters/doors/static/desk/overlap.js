// Where two drawn areas overlap, and where they come closest: for the highlight on the map only.

const EAR_CORNERS_MOST = 700; // Ear clipping is quadratic; beyond this the outlines alone are shown.

/** The overlap of two rings of [x, y] as convex pieces, or null where it is not worked out. */
export function overlap(one, two) {
  if (one.length > EAR_CORNERS_MOST || two.length > EAR_CORNERS_MOST) return null;
  const pieces = [];
  const others = triangles(two).map((corners) => ({ corners, box: boxOf(corners) }));
  for (const corners of triangles(one)) {
    const box = boxOf(corners);
    for (const other of others) {
      if (!meet(box, other.box)) continue;
      const piece = clip(corners, other.corners);
      if (piece.length >= 3 && area(piece) > 1e-9) pieces.push(piece);
    }
  }
  return pieces;
}

/** The middle of pieces, weighed by area. */
export function centre(pieces) {
  let [x, y, all] = [0, 0, 0];
  for (const piece of pieces) {
    const weight = area(piece);
    x += (weight * piece.reduce((sum, corner) => sum + corner[0], 0)) / piece.length;
    y += (weight * piece.reduce((sum, corner) => sum + corner[1], 0)) / piece.length;
    all += weight;
  }
  return [x / all, y / all];
}

/** The pair of corners, one of each ring, that lie closest by the given distance. */
export function closest(one, two, distance) {
  let best = null;
  for (const a of one) for (const b of two) {
    const apart = distance(a, b);
    if (!best || apart < best.apart) best = { a, b, apart };
  }
  return best;
}

const cross = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
const signed = (ring) => ring.reduce((sum, at, place) => {
  const next = ring[(place + 1) % ring.length];
  return sum + at[0] * next[1] - next[0] * at[1];
}, 0) / 2;
const area = (ring) => Math.abs(signed(ring));
const boxOf = (ring) => {
  const xs = ring.map((at) => at[0]);
  const ys = ring.map((at) => at[1]);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
};
const meet = (a, b) => a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];

/** A simple ring as anticlockwise triangles, by cutting ears. */
export function triangles(ring) {
  const left = signed(ring) < 0 ? [...ring].reverse() : [...ring];
  const out = [];
  let misses = 0;
  let at = 0;
  while (left.length > 3 && misses < left.length) {
    const [a, b, c] = [0, 1, 2].map((step) => left[(at + step) % left.length]);
    const turn = cross(a, b, c);
    if (turn <= 0 && turn > -1e-12) left.splice((at + 1) % left.length, 1); // A corner on a straight edge: nothing to cut.
    else if (turn > 0 && !left.some((p) => p !== a && p !== b && p !== c && inside(p, a, b, c))) {
      out.push([a, b, c]);
      left.splice((at + 1) % left.length, 1);
      misses = 0;
      continue;
    } else misses += 1;
    at = (at + 1) % left.length;
  }
  if (left.length === 3 && signed(left) > 0) out.push(left);
  return out;
}

const inside = (p, a, b, c) => cross(a, b, p) >= 0 && cross(b, c, p) >= 0 && cross(c, a, p) >= 0;

/** A convex ring cut down to another convex, anticlockwise one. Source: Sutherland and Hodgman 1974. */
function clip(subject, frame) {
  let left = subject;
  frame.forEach((from, place) => {
    const to = frame[(place + 1) % frame.length];
    const input = left;
    left = [];
    input.forEach((here, index) => {
      const before = input[(index + input.length - 1) % input.length];
      const [sideBefore, sideHere] = [cross(from, to, before), cross(from, to, here)];
      if (sideBefore >= 0 !== sideHere >= 0) {
        const part = sideBefore / (sideBefore - sideHere);
        left.push([before[0] + part * (here[0] - before[0]), before[1] + part * (here[1] - before[1])]);
      }
      if (sideHere >= 0) left.push(here);
    });
  });
  return left;
}
