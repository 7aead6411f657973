// The list of statements that ask people for something, of both sides: how far each got, what is due, and its history.

import { answerBox, perform } from "./acting.js";
import { at, el, fill, keep } from "./el.js";
import { phraseOf, sentenceNode } from "./phrases.js";
import { facts, stepText, typeWords } from "./statements.js";
import { clockText, dayTime } from "./units.js";

const ASKS = { ACK: "acknowledgment", PAS: "passing on", DON: "doing it", ANSWER: "answer" };
const SHOWN_OVER = 20;

/** The one word for how far it got; what only their machine holds is never called more than received. */
export function stateWord(matter, line) {
  if (matter.state !== "SENT") return matter.state;
  if (line?.receipts === "NOT POSSIBLE") return "SENT, RECEIPT NOT POSSIBLE";
  return matter.cls === "LIFE" ? "SENT, NOT RECEIVED" : "SENT";
}

/** An aircraft that somebody was asked about. Only OURS makes it known; NOT OURS leaves it as unknown as it was. */
export const isUnknown = (matter) => matter.type === "IDQ" && matter.outcome !== "OURS" && (matter.outcome || Object.keys(matter.due).length > 0);

export function showMatters(view, desk) {
  const all = view.matters ?? [];
  const open = all.filter((matter) => Object.keys(matter.due).length > 0);
  const over = all.filter((matter) => !Object.keys(matter.due).length).slice(0, SHOWN_OVER);
  const ours = open.filter((matter) => !matter.ours).length;
  at("matters-count").textContent = open.length ? `${open.length} open${ours ? `, ${ours} for us` : ""}` : "";
  const list = (box, some, empty) => keep(at(box), some, {
    key: (matter) => matter.statement,
    sign: (matter) => JSON.stringify([matter, lineOf(view, matter)?.receipts, desk.mayAct]),
    build: (matter) => row(matter, view, desk), empty,
  });
  list("matters", open, "Nothing is asked of anybody.");
  at("matters").onscroll = moreBelow;
  at("matters-more").onclick = () => at("matters").scrollBy({ top: at("matters").clientHeight - 40 });
  moreBelow();
  at("matters-over-box").hidden = !over.length;
  at("matters-over-count").textContent = `${over.length} settled`;
  list("matters-over", over, "");
}

/** What the list hides below its edge is counted there: a statement that nobody scrolls to is not seen. */
function moreBelow() {
  const box = at("matters");
  const edge = box.getBoundingClientRect().bottom;
  // A card of which less than half is in sight counts as hidden.
  const hidden = [...box.children].filter((row) => row.getBoundingClientRect().top + row.offsetHeight / 2 > edge).length;
  at("matters-more").hidden = !hidden;
  at("matters-more").textContent = `${hidden} more below ↓`;
}

const lineOf = (view, matter) => view.lines.find((line) => line.peer === matter.peer);

function row(matter, view, desk) {
  const side = matter.ours ? "own" : "other";
  const word = stateWord(matter, lineOf(view, matter));
  const can = new Set(desk.mayAct ? matter.can ?? [] : []);
  return el("article", { class: `row matter ${side} is-${matter.cls.toLowerCase()}${matter.exercise ? " exercise" : ""}`, "aria-label": `${typeWords(matter)} ${matter.ours ? "to" : "from"} ${matter.peer}` },
    el("div", { class: "row-head" },
      el("span", { class: `class-tag ${matter.cls.toLowerCase()}` }, matter.cls), el("b", {}, typeWords(matter)),
      el("span", {}, matter.ours ? "to " : "from ", el("b", { class: "other" }, matter.peer)),
      matter.slots.id ? el("span", { class: "whole" }, matter.slots.id) : null,
      matter.type === "IDQ" ? identity(matter) : null,
      matter.heard ? el("span", { class: "class-tag" }, "HEARD") : null,
      matter.exercise ? el("b", { class: "exercise-word" }, "EXERCISE") : null,
      el("span", { class: `state${matter.late || word === "SENT, NOT RECEIVED" ? " late" : ""}` }, word)),
    el("p", { class: "row-due" }, Object.entries(matter.due).map(([ask, due]) => el("span", { class: "due" }, `${ASKS[ask]} `, el("span", { "data-due": due })))),
    el("div", { class: "acts" },
      can.has("acknowledge") && matter.cls !== "LIFE" ? button(matter, "acknowledge", "Received and understood", desk) : null,
      !matter.ours && can.size ? el("button", { type: "button", "data-k": `${matter.statement}-open`, on: { click: () => desk.rings.open(matter) } }, "Open…") : null),
    answerBox(`list ${matter.statement}`), history(matter, desk));
}

/** Who it is, in grey: an answer that it is not theirs clears nothing. */
function identity(matter) {
  const answerer = matter.ours ? matter.peer : "us";
  const said = matter.outcome && matter.outcome !== "OURS" ? ` (${answerer}: ${matter.outcome})` : "";
  return el("b", { class: "identity" }, matter.outcome === "OURS" ? `IDENTITY: of ${matter.ours ? matter.peer : "ours"}` : `IDENTITY UNKNOWN${said}`);
}

function button(matter, name, text, desk) {
  const node = el("button", { type: "button", title: "This is not agreement", "data-k": `${matter.statement}-list-${name}`, on: { click: async () => {
    await perform(answerBox(`list ${matter.statement}`), ["statements", matter.statement, name], {}, node);
    desk.want();
  } } }, text);
  return node;
}

/** All the times of a statement: said, received by a machine, understood by a person, passed on, closed (REC-03). */
function times(matter) {
  const closed = (matter.history ?? []).find((step) => step.what === "DON" || step.what === "RFS");
  const received = matter.ours ? matter.received_utc : matter.taken_at;
  return [
    ["said, by its sender's clock", matter.created_utc], ["received by the machine", received], ["understood by a person", matter.acked_at],
    ["passed to the controlling unit", matter.passed?.at], ["closed", closed?.at],
  ].map(([name, time]) => [name, time ? clockText(time) : "not yet known"]);
}

function history(matter, desk) {
  const words = el("div", {});
  const details = el("details", { class: "more", on: { toggle: () => { if (details.open) speak(words, matter, desk); } } },
    el("summary", { "data-k": `${matter.statement}-history` }, `History · ${matter.short_id} · ${dayTime(matter.created_utc)}`),
    words,
    el("dl", { class: "times" }, [...facts(matter.slots), ...times(matter)].map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text)))),
    el("ol", { class: "turns" }, (matter.history ?? []).map((step) => el("li", {}, stepText(step)))));
  return details;
}

function speak(box, matter, desk) {
  const all = phraseOf(matter.statement, "en", () => speak(box, matter, desk));
  if (all) fill(box, all.map((one) => sentenceNode(one)));
}
