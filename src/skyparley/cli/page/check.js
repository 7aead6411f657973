// The map of a check: a stereographic picture of the sphere around its middle, so that poles and the antimeridian are no
// special case.  Everything is in the page; nothing is asked of anybody.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const canvas = document.getElementById("map");
const pen = canvas.getContext("2d");
const DEGREE = Math.PI / 180;
const EARTH_NM = 3440.07;
const ALERT = "#f0b45a";
const PARTY_COLOURS = ["#6fb1e0", "#8fcf9b", "#c9a3e0", "#e39a8c", "#7fd0cf", "#d3c877"];
const AIRSPACE_COLOUR = "#6a7c8b";
const FARTHEST = -0.3; // cosine: what lies further from the middle than about 107 degrees is not drawn
const NEAREST_SCALE = 4e6;
const FARTHEST_SCALE = 120;

// --- vectors -------------------------------------------------------------------------------------------------------

function vector(lon, lat) {
  const across = Math.cos(lat * DEGREE);
  return [across * Math.cos(lon * DEGREE), across * Math.sin(lon * DEGREE), Math.sin(lat * DEGREE)];
}

function vectors(flat) {
  const made = [];
  for (let at = 0; at < flat.length; at += 2) made.push(vector(flat[at], flat[at + 1]));
  return made;
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const sum = (parts) => parts.reduce((a, b) => [a[0] + b[0], a[1] + b[1], a[2] + b[2]], [0, 0, 0]);

function unit(v) {
  const length = Math.hypot(...v);
  return length > 1e-9 ? v.map((part) => part / length) : [1, 0, 0];
}

// --- what is drawn -------------------------------------------------------------------------------------------------

const prepared = (pieces) => pieces.map((rings) => rings.map(vectors));
const plans = data.plans.map((plan) => ({
  ...plan,
  volumes: plan.volumes.map((volume) => ({ ...volume, pieces: prepared(volume.rings) })),
}));
const conflicts = data.conflicts.map((conflict) => ({
  ...conflict,
  at: vector(...conflict.at),
  facing: conflict.facing.map((position) => vector(...position)),
  pieces: prepared(conflict.overlap),
}));
const coasts = data.coast.coasts.map(vectors);
const borders = data.coast.borders.map(vectors);
const colours = new Map();
for (const plan of plans) {
  if (!plan.airspace && !colours.has(plan.party)) {
    colours.set(plan.party, PARTY_COLOURS[colours.size % PARTY_COLOURS.length]);
  }
}

const view = { middle: [1, 0, 0], scale: 2000 };
let chosen = null;
let shapes = []; // what was drawn last: {plan, volume, path}

function axes() {
  const [x, y, z] = view.middle;
  const across = Math.hypot(x, y);
  const east = across > 1e-9 ? [-y / across, x / across, 0] : [0, 1, 0];
  const north = [y * 0 - z * east[1], z * east[0] - x * 0, x * east[1] - y * east[0]];
  return { east, north, width: canvas.clientWidth, height: canvas.clientHeight };
}

function projected(v, frame) {
  const d = dot(v, view.middle);
  if (d < FARTHEST) return null;
  const f = (2 * view.scale) / (1 + d);
  return [frame.width / 2 + f * dot(v, frame.east), frame.height / 2 - f * dot(v, frame.north)];
}

function unprojected(x, y, frame) {
  const east = (x - frame.width / 2) / (2 * view.scale);
  const north = (frame.height / 2 - y) / (2 * view.scale);
  const square = east * east + north * north;
  const d = (1 - square) / (1 + square);
  const f = 2 / (1 + square);
  return unit([0, 1, 2].map((at) => d * view.middle[at] + f * (east * frame.east[at] + north * frame.north[at])));
}

function trace(path, points, frame, closed) {
  let drawing = false;
  for (const point of points) {
    const place = projected(point, frame);
    if (place === null) {
      if (closed) return; // A ring that goes behind the picture would be filled on its wrong side.
      drawing = false;
      continue;
    }
    if (drawing) path.lineTo(...place);
    else path.moveTo(...place);
    drawing = true;
  }
  if (closed && drawing) path.closePath();
}

function pathOf(pieces, frame) {
  const path = new Path2D();
  for (const rings of pieces) for (const ring of rings) trace(path, ring, frame, true);
  return path;
}

function lines(many, colour, frame, dash) {
  const path = new Path2D();
  for (const line of many) trace(path, line, frame, false);
  pen.setLineDash(dash);
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.stroke(path);
  pen.setLineDash([]);
}

function graticule(frame) {
  const degrees = view.scale > 20000 ? 0.5 : view.scale > 4000 ? 2 : view.scale > 800 ? 10 : 30;
  const reach = Math.min(90, (Math.hypot(frame.width, frame.height) / view.scale / DEGREE) * 0.6 + degrees);
  const lat = Math.asin(Math.max(-1, Math.min(1, view.middle[2]))) / DEGREE;
  const lon = Math.atan2(view.middle[1], view.middle[0]) / DEGREE;
  const south = Math.max(-90, Math.floor((lat - reach) / degrees) * degrees);
  const north = Math.min(90, lat + reach);
  const wide = Math.abs(lat) + reach >= 80 ? 180 : Math.min(180, reach / Math.cos((Math.abs(lat) + reach) * DEGREE));
  // Around a pole all meridians are in the picture: a few of them are enough.
  const apart = Math.max(degrees, wide / 12 > degrees * 4 ? 15 : degrees);
  const west = Math.floor((lon - wide) / apart) * apart;
  const found = [];
  for (let at = south; at <= north; at += degrees) {
    const line = [];
    for (let step = 0; step <= 60; step++) line.push(vector(lon - wide + (2 * wide * step) / 60, at));
    found.push(line);
  }
  for (let at = west; at <= lon + wide; at += apart) {
    const line = [];
    for (let step = 0; step <= 60; step++) line.push(vector(at, south + ((north - south) * step) / 60));
    found.push(line);
  }
  lines(found, "#172430", frame, []);
}

function draw() {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  const frame = axes();
  graticule(frame);
  lines(coasts, "#4b6072", frame, []);
  lines(borders, "#33434f", frame, [4, 4]);
  drawPlans(frame);
  drawConflicts(frame);
  drawScale();
}

function drawPlans(frame) {
  shapes = [];
  const inChosen = new Set(chosen === null ? [] : chosen.plans);
  const order = [...plans.keys()].sort((a, b) => rank(a, inChosen) - rank(b, inChosen));
  for (const place of order) {
    const plan = plans[place];
    const colour = plan.airspace ? AIRSPACE_COLOUR : colours.get(plan.party);
    const strong = inChosen.has(place);
    const faint = plan.conflicts.length === 0 || (chosen !== null && !strong);
    for (const volume of plan.volumes) {
      const path = pathOf(volume.pieces, frame);
      shapes.push({ plan, volume, path });
      const aside = plan.airspace && faint;
      pen.globalAlpha = aside ? 0.02 : faint ? 0.05 : 0.14;
      pen.fillStyle = colour;
      pen.fill(path, "evenodd");
      pen.globalAlpha = aside ? 0.28 : faint ? 0.5 : 1;
      pen.strokeStyle = colour;
      pen.lineWidth = strong ? 2.5 : 1.25;
      pen.setLineDash(plan.airspace ? [6, 3] : []);
      pen.stroke(path);
    }
  }
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}

function rank(place, inChosen) {
  return (inChosen.has(place) ? 4 : 0) + (plans[place].conflicts.length > 0 ? 2 : 0) + (plans[place].airspace ? 0 : 1);
}

function drawConflicts(frame) {
  for (const conflict of conflicts) {
    if (chosen !== null && chosen !== conflict) continue;
    const path = pathOf(conflict.pieces, frame);
    pen.globalAlpha = 0.35;
    pen.fillStyle = ALERT;
    pen.fill(path, "evenodd");
    pen.globalAlpha = 1;
    pen.strokeStyle = ALERT;
    pen.lineWidth = 1.5;
    pen.stroke(path);
    if (conflict.facing.length === 2) lines([conflict.facing], ALERT, frame, [3, 3]);
  }
  const taken = [];
  for (const conflict of chosen === null ? conflicts : [chosen]) label(conflict, frame, taken);
  for (const place of chosen === null ? plans.keys() : chosen.plans) name(plans[place], frame, taken);
}

// A plan's name above its area; of airspace only that of the chosen conflict, and none where another stands already.
function name(plan, frame, taken) {
  if (plan.airspace && chosen === null) return;
  const corners = plan.volumes[0].pieces.flatMap((rings) => rings[0]).map((point) => projected(point, frame));
  const seen = corners.filter((place) => place !== null);
  if (seen.length === 0) return;
  const left = Math.min(...seen.map((place) => place[0]));
  const right = Math.max(...seen.map((place) => place[0]));
  const x = (left + right) / 2;
  const y = Math.min(...seen.map((place) => place[1])) - 9;
  pen.font = "12px system-ui, sans-serif";
  const half = pen.measureText(plan.called).width / 2;
  if (right - left < 14 || taken.some((other) => Math.abs(other[0] - x) < half + other[2] && Math.abs(other[1] - y) < 16)) {
    return;
  }
  taken.push([x, y, half]);
  pen.fillStyle = plan.airspace ? "#a9b7c3" : colours.get(plan.party);
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.strokeStyle = "#0d151c";
  pen.lineWidth = 3;
  pen.strokeText(plan.called, x, y);
  pen.fillText(plan.called, x, y);
}

function label(conflict, frame, taken) {
  const place = projected(conflict.at, frame);
  if (place === null) return;
  const text = String(conflict.number);
  pen.font = "600 12px system-ui, sans-serif";
  const half = pen.measureText(text).width / 2 + 6;
  const [x, y] = place;
  // Where numbers would lie on each other the first is shown; the others appear when one zooms in.
  if (taken.some((other) => Math.abs(other[0] - x) < half + other[2] && Math.abs(other[1] - y) < 20)) return;
  taken.push([x, y, half]);
  pen.fillStyle = ALERT;
  pen.beginPath();
  pen.roundRect(x - half, y - 9, 2 * half, 18, 9);
  pen.fill();
  pen.fillStyle = "#1b1203";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(text, x, y + 0.5);
}

function drawScale() {
  const pixels = view.scale / EARTH_NM;
  const wanted = 140 / pixels;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const nm = [5, 2, 1].map((step) => step * power).find((length) => length <= wanted) ?? power;
  document.getElementById("bar").style.width = `${nm * pixels}px`;
  document.getElementById("length").textContent = `${nm >= 1 ? nm : nm.toPrecision(1)} NM`;
}

// --- looking around ------------------------------------------------------------------------------------------------

let waiting = false;
function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    draw();
  });
}

function fit(points) {
  if (points.length === 0) {
    view.scale = FARTHEST_SCALE * 2;
    return redraw();
  }
  view.middle = unit(sum(points));
  const least = Math.min(...points.map((point) => dot(point, view.middle)));
  const radians = Math.max(Math.acos(Math.max(-1, Math.min(1, least))), 0.0006);
  const room = Math.min(canvas.clientWidth, canvas.clientHeight) * 0.42;
  zoomTo(room / (2 * Math.tan(Math.min(radians, 2) / 2)));
}

function zoomTo(scale) {
  view.scale = Math.max(FARTHEST_SCALE, Math.min(NEAREST_SCALE, scale));
  redraw();
}

function zoomAt(x, y, factor) {
  const before = unprojected(x, y, axes());
  zoomTo(view.scale * factor);
  const after = unprojected(x, y, axes());
  move(after, before);
}

function move(from, to) {
  view.middle = unit(view.middle.map((part, at) => part + to[at] - from[at]));
  redraw();
}

function pointsOf(many) {
  const found = [];
  for (const plan of many) for (const volume of plan.volumes) for (const rings of volume.pieces) found.push(...rings[0]);
  return found;
}

// Many points as arguments would overflow the stack: a sample shows the same extent.
function whole() {
  const inConflict = plans.filter((plan) => plan.conflicts.length > 0 && !plan.airspace);
  const moving = plans.filter((plan) => !plan.airspace);
  const points = pointsOf(inConflict.length ? inConflict : moving.length ? moving : plans);
  const step = Math.ceil(points.length / 20000);
  fit(points.filter((_, at) => at % step === 0));
}

let held = null;
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  held = { x: event.offsetX, y: event.offsetY, moved: false };
});
canvas.addEventListener("pointermove", (event) => {
  if (held === null) return;
  if (Math.hypot(event.offsetX - held.x, event.offsetY - held.y) < 3 && !held.moved) return;
  const frame = axes();
  move(unprojected(event.offsetX, event.offsetY, frame), unprojected(held.x, held.y, frame));
  held = { x: event.offsetX, y: event.offsetY, moved: true };
});
canvas.addEventListener("pointerup", (event) => {
  if (held !== null && !held.moved) showUnder(event.offsetX, event.offsetY);
  held = null;
});
canvas.addEventListener("pointercancel", () => {
  held = null;
});
canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    zoomAt(event.offsetX, event.offsetY, Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0015)));
  },
  { passive: false },
);
canvas.addEventListener("keydown", (event) => {
  const step = 60;
  const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
  const { width, height } = axes();
  if (event.key in moves) {
    const [x, y] = moves[event.key];
    const frame = axes();
    move(unprojected(width / 2, height / 2, frame), unprojected(width / 2 + x, height / 2 + y, frame));
  } else if (event.key === "+" || event.key === "=") zoomTo(view.scale * 1.5);
  else if (event.key === "-") zoomTo(view.scale / 1.5);
  else if (event.key === "0") whole();
  else if (event.key === "Escape") choose(null);
  else return;
  event.preventDefault();
});
document.getElementById("nearer").addEventListener("click", () => zoomTo(view.scale * 1.5));
document.getElementById("farther").addEventListener("click", () => zoomTo(view.scale / 1.5));
document.getElementById("whole").addEventListener("click", () => {
  choose(null);
  whole();
});
new ResizeObserver(redraw).observe(canvas);

// --- words ---------------------------------------------------------------------------------------------------------

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function showUnder(x, y) {
  const ratio = window.devicePixelRatio || 1;
  const found = shapes.filter(({ path }) => pen.isPointInPath(path, x * ratio, y * ratio, "evenodd")).reverse();
  const box = document.getElementById("under");
  box.hidden = found.length === 0;
  box.replaceChildren(
    ...found.slice(0, 30).map(({ plan, volume }) => {
      const line = element("p", plan.called);
      line.append(element("span", volume.says, "says"));
      const numbers = plan.conflicts.length ? `conflict ${plan.conflicts.slice(0, 12).join(", ")}; ` : "";
      line.append(element("span", numbers + plan.where, "says"));
      return line;
    }),
  );
  if (found.length > 30) box.append(element("p", `and ${found.length - 30} more here`, "says"));
}

function choose(conflict) {
  chosen = conflict;
  for (const item of document.querySelectorAll("#conflicts li")) {
    const own = conflict !== null && Number(item.dataset.number) === conflict.number;
    item.firstElementChild.setAttribute("aria-expanded", String(own));
    item.querySelector("dl")?.remove();
    if (own) item.append(details(conflict));
  }
  redraw();
}

function details(conflict) {
  const list = element("dl");
  const [a, b] = conflict.plans.map((place, side) => plans[place].volumes[conflict.volumes[side]].says);
  const ways = conflict.ways.map((text, at) => [at === 0 ? "settle" : "or", text]);
  const together = data.clearing.filter((one) => one.conflicts.includes(conflict.number));
  const all = together.flatMap((one) => one.texts.map((text, at) => [at === 0 ? `all ${one.conflicts.length}` : "or", text]));
  const rows = [["first", a], ["second", b], ...conflict.facts, ...ways, ...all];
  for (const [name, text] of rows) list.append(element("dt", name), element("dd", text));
  return list;
}

function listed(conflict) {
  const item = element("li");
  item.dataset.number = conflict.number;
  const button = element("button");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.append(element("span", String(conflict.number), "number"));
  const text = element("span");
  text.append(element("span", conflict.plans.map((place) => plans[place].called).join("  and  "), "pair"));
  text.append(element("span", conflict.facts.find(([name]) => name === "time")[1], "says"));
  button.append(text);
  button.addEventListener("click", () => {
    if (chosen === conflict) return choose(null);
    choose(conflict);
    const volumes = conflict.plans.map((place, side) => ({ volumes: [plans[place].volumes[conflict.volumes[side]]] }));
    const own = conflict.plans.findIndex((place) => !plans[place].airspace);
    // A country of airspace would hide a small plan: the view is that of the plan then.
    const points = pointsOf(own >= 0 && conflict.plans.some((place) => plans[place].airspace) ? [volumes[own]] : volumes);
    fit([...points, conflict.at]);
  });
  item.append(button);
  return item;
}

document.getElementById("verdict").textContent = data.verdict;
document.getElementById("remarks").append(...data.remarks.map((text) => element("p", text)));
if (data.flaws.length) {
  const flaws = document.getElementById("flaws");
  flaws.hidden = false;
  flaws.firstElementChild.textContent = `${data.flaws.length} could not be used`;
  flaws.lastElementChild.append(...data.flaws.slice(0, 500).map((text) => element("li", text)));
}
document.getElementById("conflicts").append(...conflicts.map(listed));
const find = document.getElementById("find");
find.hidden = conflicts.length < 10;
find.addEventListener("input", () => {
  const wanted = find.value.trim().toLowerCase();
  for (const item of document.querySelectorAll("#conflicts li")) {
    item.hidden = !item.firstElementChild.textContent.toLowerCase().includes(wanted);
  }
});
whole();
