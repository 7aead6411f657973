// What sending the form would come to: asked when typing rests, shown calmly beside it. It binds nothing.

import { whatIf } from "./api.js";
import { el, fill, words } from "./el.js";
import { distanceText, windowText } from "./units.js";

const REST_MS = 600;
const AGAIN_MS = 5_000; // The record moves on while a form is open; it is not asked anew more often than this.

/** `ask` gives what is to be asked, or null while the form cannot be read; `take` puts other volumes into the form. */
export class Foresight {
  constructor({ ask, take }) {
    this.ask = ask;
    this.take = take;
    this.node = el("div", { class: "would", "aria-live": "polite" });
    this.turn = 0;
    this.timer = 0;
    this.position = null;
    this.askedAt = 0;
    this.shown = "";
  }

  /** The form was touched: what was shown is about something else now. */
  touched() {
    clearTimeout(this.timer);
    this.turn += 1;
    this.node.classList.add("old");
    this.timer = setTimeout(() => this.look(), REST_MS);
  }

  /** The node's record is at this entry: an answer from before it is asked for anew. */
  moved(position) {
    if (this.position === null || this.position === position || Date.now() - this.askedAt < AGAIN_MS) return;
    this.look();
  }

  close() {
    clearTimeout(this.timer);
    this.turn += 1;
    this.position = null;
  }

  async look() {
    const turn = this.turn;
    this.askedAt = Date.now();
    const question = this.ask();
    let answer = null;
    try {
      answer = question && await whatIf(question);
    } catch (error) {
      // Without an answer nothing is foretold; what cannot be sent is refused with its reasons when it is.
      answer = error.status === 422 ? { would: { reasons: error.all } } : null;
    }
    if (turn !== this.turn) return;
    this.show(answer);
  }

  show(answer) {
    const would = answer && (answer.would ?? answer.notices?.[0] ?? answer.changes?.[0]);
    this.position = answer?.position ?? null;
    this.node.classList.remove("old");
    const sign = JSON.stringify(would);
    if (sign !== this.shown) fill(this.node, would ? this.lines(would) : null);
    this.shown = sign;
    if (this.position === null) this.node.removeAttribute("title");
    else this.node.title = `As of entry ${this.position} of this node's journal. Nothing was sent, and nothing is held.`;
  }

  lines(would) {
    const { conflicts = [], ends = [], ways = [] } = would;
    const reasons = (would.reasons ?? []).filter((reason) => reason.code !== "KEY_INCOMPLETE");
    return [
      ends.map((ref) => el("p", {}, words(`The conflict with ${ref} would be over.`))),
      conflicts.length === 0 && !reasons.length && el("p", { class: "dim" }, "Would conflict with nothing that this node knows."),
      conflicts.length > 0 && el("p", { class: "would-lead" }, `Would conflict with ${conflicts.length === 1 ? "" : conflicts.length + " notices:"}`,
        conflicts.length === 1 ? conflictWords(conflicts[0]) : null),
      conflicts.length > 1 && el("ul", {}, conflicts.map((conflict) => el("li", {}, conflictWords(conflict)))),
      ways.length > 0 && el("p", { class: "dim" }, "Each of these would meet nothing known:"),
      ways.length > 0 && el("ul", { class: "ways" }, ways.map((way) => el("li", {}, el("span", {}, words(way.text)),
        el("button", { type: "button", class: "quiet", "aria-label": `Use this: ${way.text}`, on: { click: () => this.take(way.volumes) } }, "Use this")))),
      would.sought && !ways.length && el("p", { class: "dim" }, "No change of it alone keeps apart from everything."),
      reasons.map((reason) => el("p", { class: "would-lead" }, "Would be refused: ", el("code", {}, reason.code), ` ${reason.text}`)),
    ].flat();
  }
}

function conflictWords(conflict) {
  const { gaps } = conflict;
  const apart = [
    gaps.lateral_m > 0 && distanceText(gaps.lateral_m).replace(/ \(.*/, ""),
    gaps.vertical_ft > 0 && `${gaps.vertical_ft} ft`,
    gaps.time_ms > 0 && `${Math.round(gaps.time_ms / 60000)} min`,
  ].filter(Boolean);
  const how = apart.length ? `only ${apart.join(" and ")} apart` : "overlap";
  const when = conflict.start ? `, ${windowText(conflict.start, conflict.end)}` : "";
  return [el("b", { class: "other" }, words(conflict.ref)), `, ${conflict.kind.toLowerCase()}: ${how}`, words(when), conflict.held ? "; so it does now" : "",
    conflict.shared ? "" : `; ${conflict.party} would not be told, so nobody could settle it`].flat();
}
