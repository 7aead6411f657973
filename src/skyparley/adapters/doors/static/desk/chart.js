// The map: land, notices, conflicts. Own notices are drawn with a solid line, others with dashes, each in its colour.

import { Map as Chart, Marker, NavigationControl, ScaleControl } from "../vendor/maplibre-gl.mjs";
import "../vendor/topojson-client.min.js";
import { el } from "./el.js";
import { centre, closest, overlap } from "./overlap.js";
import { coordinates, distance, middleOfArc, outline, point, racetrackLine, unwrapped } from "./sphere.js";

const COLOURS = { own: "#eda63a", other: "#62b3ee", conflict: "#f0a3c8", draft: "#e8edf2", LIFE: "#ff8f8f", SAFETY: "#ffc46b" };
const SHOWN = new Set(["NOTIFIED", "COORDINATED", "ACTIVE"]);
const NOTHING = { type: "FeatureCollection", features: [] };
const ROOM_PX = 40; // Below this a map shows nothing that a person could read.
const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches;

const style = {
  version: 8,
  sources: {
    land: { type: "geojson", data: NOTHING }, borders: { type: "geojson", data: NOTHING },
    grid: { type: "geojson", data: grid() },
    // No simplification: a circle stays a circle when the whole route is in view.
    ...Object.fromEntries(["notices", "overlaps", "gaps", "draft", "matters"].map((name) => [name, { type: "geojson", data: NOTHING, tolerance: 0 }])),
  },
  layers: [
    { id: "sea", type: "background", paint: { "background-color": "#0b1219" } },
    { id: "land", type: "fill", source: "land", paint: { "fill-color": "#1a242e" } },
    { id: "grid", type: "line", source: "grid", minzoom: 4, paint: { "line-color": "#8fa3b5", "line-opacity": 0.09 } },
    { id: "coast", type: "line", source: "land", paint: { "line-color": "#425468", "line-width": 1 } },
    { id: "borders", type: "line", source: "borders",
      paint: { "line-color": "#4a5a6b", "line-width": 1, "line-dasharray": [2, 2] } },
    ...["own", "other"].flatMap((side) => [
      { id: `${side}-fill`, type: "fill", source: "notices", filter: ["==", ["get", "side"], side],
        paint: { "fill-color": COLOURS[side], "fill-opacity": ["case", ["get", "picked"], 0.3, 0.15], "fill-antialias": false } },
      { id: `${side}-line`, type: "line", source: "notices", filter: ["==", ["get", "side"], side],
        layout: { "line-join": "round" },
        paint: { "line-color": COLOURS[side], "line-width": ["case", ["get", "picked"], 3.4, 1.9],
          ...(side === "other" ? { "line-dasharray": [3, 1.8] } : {}) } },
    ]),
    { id: "overlap", type: "fill", source: "overlaps", paint: { "fill-pattern": "hatch", "fill-antialias": false } },
    { id: "gap", type: "line", source: "gaps", paint: { "line-color": COLOURS.conflict, "line-width": 2.5, "line-dasharray": [1, 1] } },
    ...["LIFE", "SAFETY"].flatMap((cls) => [
      { id: `${cls}-fill`, type: "fill", source: "matters", filter: ["==", ["get", "cls"], cls], paint: { "fill-color": COLOURS[cls], "fill-opacity": 0.16 } },
      { id: `${cls}-line`, type: "line", source: "matters", filter: ["==", ["get", "cls"], cls], paint: { "line-color": COLOURS[cls], "line-width": 2.6 } },
    ]),
    { id: "draft-fill", type: "fill", source: "draft", paint: { "fill-color": COLOURS.draft, "fill-opacity": 0.12 } },
    { id: "draft-line", type: "line", source: "draft", paint: { "line-color": COLOURS.draft, "line-width": 1.6, "line-dasharray": [1, 1.6] } },
  ],
};

/** Makes the map in `box`. `picked(kind, key)` is called when a person picks a notice or a conflict on it. */
export function makeChart(box, { picked }) {
  let map;
  try {
    map = new Chart({
      container: box, style, center: [37, 36], zoom: 5, attributionControl: false, dragRotate: false,
      pitchWithRotate: false, touchPitch: false, maxPitch: 0, renderWorldCopies: true, fadeDuration: 0,
    });
  } catch {
    box.append(el("p", { class: "plain-note" }, "This machine cannot draw the map (no WebGL). Everything else on this page works."));
    return { show() {}, pick() {}, draft() {}, collect() {}, matters() {} };
  }
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-left");
  map.addControl(new ScaleControl({ unit: "nautical", maxWidth: 90 }), "bottom-left");
  const chart = new Drawn(map, picked);
  map.on("load", () => chart.loaded());
  return chart;
}

class Drawn {
  constructor(map, picked) {
    this.map = map;
    this.picked = picked;
    this.ready = false;
    this.view = null;
    this.choice = null;
    this.markers = [];
    this.fitted = "";
    this.moved = false;
    this.collector = null;
    this.drafted = [];
    this.asked = [];
    this.pins = [];
    this.flownTo = "";
    // Programmed moves carry no original event; once a person has moved the map it is theirs.
    map.on("movestart", (event) => { this.moved ||= Boolean(event.originalEvent); });
    map.on("click", (event) => this.clicked(event));
    map.on("resize", () => {
      this.fitted = "";
      if (this.ready && this.view) this.fitOnce();
    });
  }

  async loaded() {
    const answer = await fetch("vendor/countries-50m.json");
    const atlas = await answer.json();
    const { feature, mesh } = self.topojson;
    this.map.addImage("hatch", hatch(), { pixelRatio: 2 });
    this.map.getSource("land").setData(feature(atlas, atlas.objects.land));
    this.map.getSource("borders").setData(mesh(atlas, atlas.objects.countries, (one, two) => one !== two));
    this.ready = true;
    this.draw();
    this.map.once("idle", () => this.map.getContainer().setAttribute("data-drawn", ""));
  }

  /** Shows an overview: every live notice and every live conflict. */
  show(view) {
    this.view = view;
    this.draw();
  }

  /** Brings out one notice or conflict. `key` is party/id, or a pair id. */
  pick(kind, key, { fly = false } = {}) {
    this.choice = key ? { kind, key } : null;
    this.draw();
    if (!fly || !key) return;
    const bounds = kind === "notice" ? this.areas.get(key)?.bounds : this.found.get(key)?.bounds;
    if (bounds) this.fit(bounds, { padding: 60, maxZoom: 9, duration: CALM ? 0 : 500 });
  }

  /** Volumes that somebody is about to file. */
  draft(shapes) {
    this.drafted = shapes;
    if (!this.ready) return;
    this.map.getSource("draft").setData(collection(shapes.flatMap((shape) => features(shape, {}))));
  }

  /** What people are asked about: its areas, the point that was said and the one that was read back otherwise. */
  matters(asked) {
    const same = JSON.stringify(asked) === JSON.stringify(this.asked);
    this.asked = asked;
    if (!this.ready || (same && this.pins.length)) return;
    this.map.getSource("matters").setData(collection(asked.flatMap((one) => one.areas.flatMap((shape) => features(shape, { cls: one.cls })))));
    this.pins.forEach((pin) => pin.remove());
    this.pins = asked.flatMap((one) => [pinOf(one.said, `pin-said ${one.cls.toLowerCase()}`, one.label), pinOf(one.back, "pin-back", "read back")])
      .filter(Boolean).map(({ at, element }) => new Marker({ element, anchor: "bottom-left", offset: [-7, 7] }).setLngLat(at).addTo(this.map));
    this.flyTo(asked[0]);
  }

  /** Once for each statement, and again when what was read back lies elsewhere: both points are to be in view. */
  flyTo(one) {
    if (one?.quiet) return;
    const points = [one?.said, one?.back].filter(Boolean).map((position) => lngLat(point(position)));
    const name = one ? `${one.key} ${one.back ?? ""}` : "";
    if (!points.length || name === this.flownTo) return;
    const corners = [...points, ...one.areas.flatMap((shape) => features(shape, {})).flatMap((drawn) => drawn.geometry.coordinates[0])];
    const [xs, ys] = [corners.map((at) => at[0]), corners.map((at) => at[1])];
    const bounds = [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]];
    if (this.fit(bounds, { padding: 70, maxZoom: 8, duration: CALM ? 0 : 500 })) this.flownTo = name;
  }

  /** While `taken` is given, clicks on the map give positions in 1e-7 degrees instead of picking. */
  collect(taken) {
    this.collector = taken;
    this.map.getCanvas().classList.toggle("collecting", Boolean(taken));
  }

  clicked(event) {
    if (this.collector) {
      const { lat, lng } = event.lngLat.wrap();
      this.collector([Math.round(lat * 1e7), Math.round(lng * 1e7)]);
      return;
    }
    const [hit] = this.map.queryRenderedFeatures(event.point, { layers: ["own-fill", "other-fill"] });
    this.picked("notice", hit ? hit.properties.key : null);
  }

  draw() {
    if (!this.ready || !this.view) return;
    const notices = this.view.notices.filter((notice) => SHOWN.has(notice.state) && !notice.past);
    this.areas = new Map(notices.map((notice) => [keyOf(notice), areaOf(notice)]));
    this.found = new Map(this.view.conflicts.filter((conflict) => conflict.live)
      .map((conflict) => [conflict.pair_id, where(conflict, this.view, this.areas)]));
    this.map.getSource("notices").setData(collection([...this.areas].flatMap(([key, area]) => area.features.map((one) => ({
      ...one, properties: { key, side: area.own ? "own" : "other", picked: this.isPicked(key) },
    })))));
    this.map.getSource("overlaps").setData(collection([...this.found.values()].flatMap((place) => place?.pieces ?? [])));
    this.map.getSource("gaps").setData(collection([...this.found.values()].flatMap((place) => place?.line ?? [])));
    this.draft(this.drafted);
    this.matters(this.asked);
    this.mark(notices);
    this.fitOnce();
  }

  isPicked(key) {
    if (!this.choice) return false;
    if (this.choice.kind === "notice") return this.choice.key === key;
    const conflict = this.view.conflicts.find((one) => one.pair_id === this.choice.key);
    return Boolean(conflict) && [`${this.view.own.name}/${conflict.own_notice}`, `${conflict.other_party}/${conflict.other_notice}`].includes(key);
  }

  mark(notices) {
    this.markers.forEach((marker) => marker.remove());
    this.markers = notices.map((notice) => {
      const area = this.areas.get(keyOf(notice));
      const label = el("span", { class: `tag ${notice.own ? "own" : "other"}` }, notice.id);
      return new Marker({ element: label, anchor: area.anchor, offset: area.offset }).setLngLat(area.label).addTo(this.map);
    });
    for (const [pair, place] of this.found) {
      if (!place) continue;
      const conflict = this.view.conflicts.find((one) => one.pair_id === pair);
      const flag = el("button", {
        class: "flag", "aria-label": `Conflict ${conflict.short_id}, ${conflict.own_notice} and ${conflict.other_notice}`,
        on: { click: (event) => { event.stopPropagation(); this.picked("conflict", pair); } },
      }, conflict.short_id);
      this.markers.push(new Marker({ element: flag }).setLngLat(place.at).addTo(this.map));
    }
  }

  /** All notices come into view when there are new ones, until a person moves the map. */
  fitOnce() {
    const known = [...this.areas.keys()].sort().join(" ");
    if (!known || known === this.fitted || this.moved) return;
    const all = [...this.areas.values()].map((area) => area.bounds);
    const bounds = all.reduce((sum, box) => [
      [Math.min(sum[0][0], box[0][0]), Math.min(sum[0][1], box[0][1])],
      [Math.max(sum[1][0], box[1][0]), Math.max(sum[1][1], box[1][1])]]);
    if (this.fit(bounds, { padding: 28, maxZoom: 7, duration: CALM || !this.fitted ? 0 : 600 })) this.fitted = known;
  }

  /**
   * Brings bounds into view, with a margin that leaves room for them: where the margins of a small map take up all of
   * it, there is no such view but only NaN. Gives false on a map without room; when it is given some, it is drawn again.
   */
  fit(bounds, { padding, ...how }) {
    const { clientWidth, clientHeight } = this.map.getCanvas(); // As large as the map thinks that it is, unlike its box.
    const least = Math.min(clientWidth, clientHeight);
    if (least < ROOM_PX) return false;
    this.map.fitBounds(bounds, { padding: Math.min(padding, least / 4), ...how });
    return true;
  }
}

export const keyOf = (notice) => `${notice.party}/${notice.id}`;

const collection = (all) => ({ type: "FeatureCollection", features: all });

function features(shape, properties) {
  return outline(shape).map((rings) => ({
    type: "Feature", properties, geometry: { type: "Polygon", coordinates: together(rings.map(coordinates)) },
  }));
}

/** Holes on the same turn of the map as their outer ring: over the antimeridian each is drawn from its own first corner. */
function together([outer, ...holes]) {
  const middle = outer.reduce((sum, at) => sum + at[0], 0) / outer.length;
  return [outer, ...holes.map((hole) => {
    const turns = 360 * Math.round((middle - hole.reduce((sum, at) => sum + at[0], 0) / hole.length) / 360);
    return hole.map(([x, y]) => [x + turns, y]);
  })];
}

function areaOf(notice) {
  const drawn = notice.volumes.flatMap((volume) => features(volume.shape, {}));
  const corners = drawn.flatMap((one) => one.geometry.coordinates[0]);
  const [xs, ys] = [corners.map((at) => at[0]), corners.map((at) => at[1])];
  return {
    own: notice.own, features: drawn, ...labelOf(notice.volumes[0].shape),
    bounds: [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]],
  };
}

/** Where the name of a notice stands: in a circle or an arc, on the middle of a first leg, inside a low corner of a polygon. */
function labelOf(shape) {
  if (shape.type === "circle") return { label: lngLat(point(shape.centre)), anchor: "center", offset: [0, 0] };
  if (shape.type === "arc") return { label: lngLat(middleOfArc(shape)), anchor: "center", offset: [0, 0] };
  if (shape.type === "orbit" || shape.line) {
    const [one, two] = shape.line ? [point(shape.line[0]), point(shape.line[1] ?? shape.line[0])] : racetrackLine(shape);
    const [a, b] = unwrapped([one, two]);
    return { label: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], anchor: "center", offset: [0, 0] };
  }
  const corners = unwrapped(shape.rings[0].map(point));
  const low = corners.reduce((best, at) => (at[1] * 2 + at[0] < best[1] * 2 + best[0] ? at : best));
  return { label: low, anchor: "bottom-left", offset: [5, -5] };
}

/** A point with its name, standing on the map. */
function pinOf(position, name, label) {
  return position ? { at: lngLat(point(position)), element: el("div", { class: `pin ${name}` }, el("i", {}), label) } : null;
}

const lngLat = ({ lat, lon }) => [lon, lat];

/** Where a conflict is on the map: the overlap of its two volumes, or a line between where they come closest. */
function where(conflict, view, areas) {
  const pair = [
    view.notices.find((one) => one.own && one.id === conflict.own_notice),
    view.notices.find((one) => !one.own && one.party === conflict.other_party && one.id === conflict.other_notice)];
  if (pair.some((notice) => !notice || !areas.has(keyOf(notice)))) return null;
  const shapes = pair.map((notice, side) => (notice.volumes[conflict.volumes[side]] ?? notice.volumes[0]).shape);
  const drawn = shapes.map((shape) => features(shape, {}).map((one) => one.geometry.coordinates));
  const rings = drawn.map((polygons) => polygons.map(([outer]) => outer.slice(0, -1)));
  const plain = drawn.flat().every((polygon) => polygon.length === 1);
  const pieces = plain ? rings[0].flatMap((one) => rings[1].flatMap((two) => overlap(one, two) ?? [])) : [];
  if (pieces.length) {
    const xs = pieces.flat().map((at) => at[0]);
    const ys = pieces.flat().map((at) => at[1]);
    return {
      at: centre(pieces), bounds: [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]],
      pieces: pieces.map((ring) => ({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [[...ring, ring[0]]] } })),
    };
  }
  const near = closest(rings[0].flat(), rings[1].flat(), (a, b) => distance({ lon: a[0], lat: a[1] }, { lon: b[0], lat: b[1] }));
  const line = [near.a, near.b];
  return {
    at: [(near.a[0] + near.b[0]) / 2, (near.a[1] + near.b[1]) / 2],
    bounds: [[Math.min(near.a[0], near.b[0]) - 0.5, Math.min(near.a[1], near.b[1]) - 0.5],
      [Math.max(near.a[0], near.b[0]) + 0.5, Math.max(near.a[1], near.b[1]) + 0.5]],
    line: conflict.gaps.lateral_m > 0
      ? [{ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: line } }] : [],
  };
}

/** A hatch that shows where two areas overlap without hiding either. */
function hatch() {
  const size = 16;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "rgba(240, 163, 200, 0.20)";
  pen.fillRect(0, 0, size, size);
  pen.strokeStyle = "rgba(240, 163, 200, 0.85)";
  pen.lineWidth = 2.6;
  for (const shift of [-size, 0, size]) {
    pen.beginPath();
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
    pen.stroke();
  }
  return pen.getImageData(0, 0, size, size);
}

/** Meridians and parallels, one a degree. */
function grid() {
  const lines = [];
  for (let lon = -180; lon < 180; lon += 1) lines.push([[lon, -85], [lon, 85]]);
  for (let lat = -85; lat <= 85; lat += 1) lines.push([[-180, lat], [180, lat]]);
  return { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines } };
}
