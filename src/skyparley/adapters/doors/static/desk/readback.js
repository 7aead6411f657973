// Reading back: what was understood of a statement is typed anew, and the node compares it with what was said.

import { answerBox, perform } from "./acting.js";
import { el, fill, reasonList } from "./el.js";
import { Unusable, dayTime, degrees, levelText, readLevel, readPositions, readTime } from "./units.js";

const FIELDS = [
  { name: "position", code: "POSITION", label: "position", hint: "12.34, 65.43", also: "12.3456, 65.4321 or 1234N 06543E", show: degrees,
    read: (text) => readPositions(text, "position")[0] },
  { name: "lower", code: "LOWER", label: "level, or from", hint: "FL123", also: "FL123, 1234 ft AMSL or 1234 ft AGL", show: levelText, read: (text) => readLevel(text, "level") },
  { name: "upper", code: "UPPER", label: "up to", hint: "FL321", show: levelText, read: (text) => readLevel(text, "up to") },
  { name: "start", code: "START", label: "time, or from", hint: "12:34Z", show: dayTime, read: (text, near) => readTime(text, "time", near) },
  { name: "end", code: "END", label: "until", hint: "13:45Z", show: dayTime, read: (text, near) => readTime(text, "until", near) },
];
const forms = new Map();

/** The form of one matter. It outlives the card around it, so that nobody's typing is lost to a change. */
export function readBackForm(matter, desk, touched) {
  const key = matter.statement;
  if (!forms.has(key)) forms.set(key, build(matter, desk, touched));
  return forms.get(key);
}

/** An empty field for each value that is read back, and what reads them: bad ones are added to `wrong`. */
export function readBackFields(said, key) {
  const asked = FIELDS.filter((field) => said?.[field.name] !== undefined);
  const inputs = asked.map((field) => el("input", {
    placeholder: field.hint, title: field.also ?? field.hint, spellcheck: "false", autocomplete: "off", "data-k": `${key}-rb-${field.name}`, name: field.name,
  }));
  const read = (wrong) => Object.fromEntries(asked.flatMap((field, place) => {
    try {
      return [[field.name, field.read(inputs[place].value, said[field.name])]];
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      wrong.push({ code: "UNREADABLE", text: error.message });
      return [];
    }
  }));
  return { nodes: asked.map((field, place) => el("label", {}, el("span", {}, field.label), inputs[place])), read };
}

function build(matter, desk, touched) {
  const fields = readBackFields(matter.to_read_back, matter.statement);
  const box = answerBox(`read back ${matter.statement}`);
  const send = el("button", { class: "act", type: "submit", "data-k": `${matter.statement}-rb-send` }, "Read back");
  return el("form", { class: "read-back", novalidate: true, on: {
    input: touched,
    submit: async (event) => {
      event.preventDefault();
      touched();
      const wrong = [];
      const values = fields.read(wrong);
      if (wrong.length) return void fill(box, reasonList(wrong, "Nothing was read back yet."));
      await perform(box, ["statements", matter.statement, "read_back"], { values }, send);
      desk.want();
      return undefined;
    },
  } }, fields.nodes, send, box);
}

/** What was said and what was read back, side by side, where the two differ. */
export function mismatch(matter) {
  if (matter.read_back !== "MISMATCH") return null;
  const back = matter.read_back_values ?? {};
  const rows = FIELDS.filter((field) => (matter.differs ?? []).includes(field.code));
  return el("div", { class: "mismatch", role: "alert" }, el("p", {}, el("b", {}, "READ-BACK DIFFERS."), " It blocks the acknowledgment: ask, and read it back again."),
    el("dl", {}, rows.map((field) => el("div", {}, el("dt", {}, field.label),
      el("dd", { class: "as-said" }, `said: ${field.show(matter.to_read_back[field.name])}`),
      el("dd", { class: "as-back" }, `read back: ${back[field.name] === undefined ? "nothing" : field.show(back[field.name])}`)))));
}
