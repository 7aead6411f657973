// What statements are called, how they read as facts, and in which order their four acts come.

import { bandText, clockText, dayTime, degrees, distanceText, levelText, shapeText, windowText } from "./units.js";

export const TYPE_WORDS = {
  STP: "Stop request", DIS: "Distress", RLY: "Relayed for another", SAR: "Box for search and rescue", IDQ: "Whose aircraft is this?",
  LAS: "Laser or light", GNI: "Satellite navigation interference", HAZ: "Hazard area", HUM: "Humanitarian or medical flight",
  NTC: "Notice", NCH: "Change of a notice", NCX: "Cancellation of a notice", NQR: "Question about a notice",
  SUSP: "Line suspended", RESM: "Suspension lifted", TERM: "Line terminated", KEY: "Keys changed", LCK: "Line check by people",
  TBL: "A clause of the terms", COV: "For whom they speak", MTG: "A meeting", XNG: "Crossing of a standing line", SHIFT: "Hand-over",
};
export const ACTIONS = [
  "TURNING LEFT", "TURNING RIGHT", "CLIMBING", "DESCENDING", "MAINTAINING", "STOPPING", "HOLDING", "NO ACTION POSSIBLE", "NOT OURS", "REFUSED",
];
export const REFUSALS = ["WX", "EM", "TRAFFIC", "CAPACITY", "SAFETY", "NO ACTION POSSIBLE", "NOT OURS", "OTHER", "NOT STATED"];
export const REJECTIONS = ["NOT STATED", "CAPACITY", "SAFETY", "WEATHER", "OTHER"];
const STEP_WORDS = {
  ACK: "acknowledged", RDB: "read back", PAS: "passed to the controlling unit", DON: "done", RFS: "not done", IDA: "answered",
  ACC: "accepted", REJ: "not accepted", CPR: "countered", SBY: "asked for time", REOPENED: "began again",
};
// What has no colour or word of its own is told by the name of its slot.
const NAMES = {
  at: "at", since: "since", heard_at: "heard at", pob: "persons on board", aircraft: "aircraft", id: "name", precision: "position is",
  source: "told by", error_m: "may be off by", reopens: "again: began before as", effective: "takes effect", reason: "reason", n: "check number",
  bearer: "by bearer", post: "post", field: "about", kind: "kind", start: "from", end: "until", clause: "clause", version: "version",
};
const TIMES = new Set(["at", "since", "heard_at", "effective", "start", "end", "until"]);

export const typeWords = (matter) => TYPE_WORDS[matter.type] ?? matter.type;
export const stepWords = (step) => STEP_WORDS[step.what] ?? step.what;

/** The slots of a statement as [name, text] that a person reads; what is unknown here is shown as it stands. */
export function facts(slots) {
  return Object.entries(slots).flatMap(([name, value]) => fact(name, value));
}

function fact(name, value) {
  if (name === "stop" || name === "distress") return facts(value);
  if (name === "second" || name === "card" || name === "signature") return [];
  if (name === "area") return [["area", areaText(value)]];
  if (name === "position") return [["position", degrees(value)]];
  if (name === "level") return [["level", levelText(value)]];
  if (name === "error_m") return [[NAMES[name], distanceText(value)]];
  if (name === "volumes") return value.map((one) => ["volume", `${areaText(one.shape)}, ${bandText(one)}, ${windowText(one.start, one.end)}`]);
  if (TIMES.has(name) && Number.isInteger(value)) return [[NAMES[name] ?? name, dayTime(value)]];
  const text = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
  return [[NAMES[name] ?? name.replaceAll("_", " "), text]];
}

const areaText = (shape) => {
  const points = shape.line ?? shape.rings?.[0] ?? (shape.start ? [shape.start, shape.end] : null);
  return points ? `${shapeText(shape)}: ${points.slice(0, 8).map(degrees).join("; ")}${points.length > 8 ? "; …" : ""}` : shapeText(shape);
};

/** The areas that a statement is about, to be drawn. */
export function areasOf(slots) {
  const inner = slots.stop ?? slots.distress ?? slots;
  return [inner.area, ...(inner.volumes ?? []).map((one) => one.shape)].filter(Boolean);
}

/** One line of a matter's history: who did what, when by its sender's clock, and when it was heard here. */
export function stepText(step) {
  const heard = step.learned_at !== step.at ? `, heard here ${clockText(step.learned_at)}` : "";
  return `${clockText(step.at)} ${step.by} ${stepWords(step)}${step.text ? `: ${step.text}` : ""}${heard}`;
}

/** 0:42; 12:05; 3 h 02 min */
export function amountText(ms) {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  if (seconds >= 6000) return `${Math.floor(seconds / 3600)} h ${String(Math.floor(seconds / 60) % 60).padStart(2, "0")} min`;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** due in 0:42; LATE by 1:10 */
export const dueText = (due, now) => (due >= now ? `due in ${amountText(due - now)}` : `LATE by ${amountText(now - due)}`);
