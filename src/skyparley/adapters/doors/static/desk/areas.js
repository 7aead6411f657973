// The fields of one area in the form: which shape, its positions and measures, and the shape that they say.

import { el } from "./el.js";
import { NM_M, Unusable, bearingText, pointsText, readBearings, readNm, readPositions } from "./units.js";

// For each shape: its name for people, what its positions are, and the labels of the measures that it has.
const SHAPES = {
  circle: { hint: "centre: 35.4011, 35.9487", width: "radius (NM)", one: "a circle has one centre" },
  polygon: { hint: "corners, one a line: 35.80, 36.50" },
  corridor: { hint: "centreline, one point a line: 37.0021, 35.4259", width: "half width (NM)" },
  orbit: { hint: "the two ends of its leg: 36.10, 37.20", width: "radius (NM)", side: true },
  line: { hint: "the line, one point a line: 36.80, 38.10", width: "buffer each side (NM)" },
  arc: { hint: "centre: 36.10, 37.20", width: "outer radius (NM)", inner: true, bearings: true, one: "an arc has one centre" },
};
const SIDES = [["CENTRE", "around"], ["LEFT", "left of"], ["RIGHT", "right of"]];

const inNm = (metres) => String(Number((metres / NM_M).toFixed(3)));
const input = (value) => el("input", { value, spellcheck: "false", autocomplete: "off" });
const widthOf = (shape) => shape?.radius_m ?? shape?.half_width_m ?? shape?.buffer_m ?? shape?.outer_m;

export class AreaFields {
  /** `shape`: as the node holds it, or null for a new one. `beside`: what stands in the row of the measures. */
  constructor(shape, beside) {
    this.was = shape;
    this.type = select(Object.keys(SHAPES).map((type) => [type]), shape?.type ?? "circle", () => this.typed());
    this.points = el("textarea", { rows: 2, spellcheck: "false", autocomplete: "off", value: shape ? pointsText(shape) : "" });
    this.width = input(widthOf(shape) === undefined ? "10" : inNm(widthOf(shape)));
    this.inner = input(shape?.inner_m === undefined ? "0" : inNm(shape.inner_m));
    this.bearings = input(shape?.type === "arc" ? `${bearingText(shape.from_mdeg)}-${bearingText(shape.to_mdeg)}` : "000-090");
    this.side = select(SIDES, shape?.side ?? "CENTRE");
    this.labels = {
      width: labelled("", this.width), inner: labelled("inner radius (NM)", this.inner),
      bearings: labelled("bearings (true)", this.bearings), side: labelled("lies … its leg", this.side),
    };
    this.nodes = [
      el("div", { class: "pair-fields" }, labelled("area", this.type), this.labels.width, this.labels.inner, this.labels.side, this.labels.bearings, beside),
      labelled("positions", this.points),
    ];
    this.typed();
    this.before = this.texts();
  }

  /** Shows the measures that the shape has. */
  typed() {
    const shape = SHAPES[this.type.value];
    this.labels.width.firstChild.textContent = shape.width ?? "";
    for (const [name, label] of Object.entries(this.labels)) label.hidden = !shape[name];
    this.points.placeholder = shape.hint;
    this.points.rows = shape.one ? 1 : shape.side ? 2 : 4;
  }

  texts() {
    return [this.type, this.points, this.width, this.inner, this.bearings, this.side].map((field) => field.value.trim()).join("|");
  }

  /** A click gives the centre, or one more point; a third end of a leg begins the leg anew. */
  append(position) {
    const text = position.map((value) => (value / 1e7).toFixed(4)).join(", ");
    const before = this.points.value.trim();
    const shape = SHAPES[this.type.value];
    const full = shape.one || (shape.side && before.split("\n").length >= 2);
    this.points.value = full || !before ? text : `${before}\n${text}`;
  }

  /** The shape as the node takes it. Throws Unusable, which says what would be right. */
  read(what) {
    const type = this.type.value;
    // A shape that nobody touched is sent as it was: its text has fewer digits than the original, and no holes.
    if (this.was && this.texts() === this.before) return this.was;
    const positions = readPositions(this.points.value, what);
    counted(type, positions.length, what);
    const width = (name) => readNm(this.width.value, `${what}, ${name}`);
    if (type === "circle") return { type, centre: positions[0], radius_m: width("radius") };
    if (type === "polygon") return { type, rings: [positions] };
    if (type === "corridor") return { type, line: positions, half_width_m: width("half width") };
    if (type === "line") return { type, line: positions, buffer_m: width("buffer") };
    if (type === "orbit") return { type, start: positions[0], end: positions[1], radius_m: width("radius"), side: this.side.value };
    const [from_mdeg, to_mdeg] = readBearings(this.bearings.value, `${what}, bearings`);
    const inner_m = readNm(this.inner.value, `${what}, inner radius`);
    return { type, centre: positions[0], inner_m, outer_m: width("outer radius"), from_mdeg, to_mdeg };
  }
}

/** Whether there are as many positions as the shape has. */
function counted(type, count, what) {
  const there = count === 1 ? "there is 1" : `there are ${count}`;
  if (SHAPES[type].one && count !== 1) throw new Unusable(`${what}: ${SHAPES[type].one}; ${there} positions.`);
  if (type === "polygon" && count < 3) throw new Unusable(`${what}: a polygon needs three corners; ${there}.`);
  if (type === "orbit" && count !== 2) throw new Unusable(`${what}: an orbit has the two ends of its leg; ${there}.`);
  if (type === "corridor" && count < 2) throw new Unusable(`${what}: a corridor needs two points of its centreline; ${there}.`);
  if (type === "line" && count < 2) throw new Unusable(`${what}: a line needs two points; ${there}.`);
}

const labelled = (text, node) => el("label", {}, el("span", {}, text), node);

/** A list to choose from: [value, label] each. */
export function select(options, value, changed) {
  const node = el("select", { on: changed ? { change: changed } : {} }, options.map(([key, label]) => el("option", { value: key }, label ?? key)));
  node.value = value;
  return node;
}
