// Agreements with their two signatures, the lines to other parties, and the alarms.

import { answerBox, perform } from "./acting.js";
import { at, el, fill, keep, words } from "./el.js";
import { termLines } from "./terms.js";
import { clockText, dayTime, timeText } from "./units.js";

const STATUS = {
  PENDING: "not known to be held by the other side yet; nobody relies on it", IN_FORCE: "both signatures are held by both",
  EXPIRED: "its time is over", VOID: "ended before its time",
};
const ALARMS_SHOWN = 6;

/** How an agreement stands now: its time runs out by the clock, whether or not the node could be heard since. */
const standing = (one, now) => (now >= one.until && one.status !== "VOID" ? { ...one, status: "EXPIRED" } : one);

/** How many agreements are over by the clock: when it grows, they have to be shown anew. */
export const overBy = (view, now) => view.agreements.filter((one) => now >= one.until).length;

export function showAgreements(view, desk) {
  const sorted = view.agreements.map((one) => standing(one, desk.now())).sort((one, two) => two.in_force_at - one.in_force_at);
  at("agreements-count").textContent = sorted.filter((one) => one.status === "IN_FORCE").length || "";
  keep(at("agreements"), sorted, {
    key: (one) => one.agreement_id, sign: JSON.stringify, build: (one) => agreement(one, view, desk), empty: "None.",
  });
}

function agreement(one, view, desk) {
  const over = one.status === "EXPIRED" || one.status === "VOID";
  const sides = [one.proposer, one.acceptor];
  return el("article", { class: `card agreement${over ? " over" : ""}`, "aria-label": `Agreement ${one.short_id}` },
    el("div", { class: "card-head" },
      el("span", { class: "id", title: one.agreement_id, "data-agreement-id": one.agreement_id }, one.short_id),
      el("span", { class: "kind" }, one.kind),
      el("span", { class: `state state-${one.status.toLowerCase()}`, title: STATUS[one.status] }, one.status.replace("_", " "))),
    el("ul", { class: "terms" }, termLines(one.notices, desk.volumesOf).map((line) => el("li", {}, words(line)))),
    el("div", { class: "signatures" }, sides.map((party) => signature(party, one.signed_by.includes(party), party === view.own.name))),
    el("p", { class: "dim line" }, one.why_void ? `Void: ${one.why_void}` : `Since ${timeText(one.in_force_at)}, until ${dayTime(one.until)}. Says: no conflict seen under these terms.`));
}

function signature(party, signed, own) {
  return el("span", { class: `signature ${own ? "own" : "other"}${signed ? " signed" : ""}` },
    el("span", { class: "pen", "aria-hidden": "true" }, signed ? "✎" : "·"), signed ? `signed by ${party}` : `not signed by ${party}`);
}

/** Since when the node cannot reach a peer: the node's own word, so that every page and the command line say the same. */
const downSince = (line) => (line.link_down_since ? `since ${clockText(line.link_down_since)}` : "");

/** Says across the top which link is down: what is filed meanwhile has not arrived. */
function showCut(view) {
  const down = view.lines.filter((line) => !line.link_up);
  at("cut").hidden = !down.length;
  const text = down.map((line) => `LINK TO ${line.peer} DOWN ${downSince(line)}. What is sent now waits here; ${line.peer} does not know it yet.${line.link_why ? ` ${line.link_why}.` : ""}`).join(" ");
  if (at("cut").textContent !== text) at("cut").textContent = text;
}

export function showLines(view, desk) {
  showCut(view);
  keep(at("lines"), view.lines, {
    key: (line) => line.fingerprint, sign: (line) => JSON.stringify([line, desk.mayAct]), build: (line) => lineItem(line, desk),
  });
  if (!view.lines.length) fill(at("lines"), el("li", { class: "dim" }, "no peer is pinned"));
}

function lineItem(line, desk) {
  const table = { EQUAL: "same table", MISMATCH: "TABLES DIFFER", UNKNOWN: "table unknown" }[line.table];
  const link = line.link_up ? "link up" : "";
  const down = line.link_up ? null : el("b", { class: "down" }, `LINK DOWN ${downSince(line)}`);
  const owed = line.owed ? `${line.owed} to send` : "";
  const bad = !line.link_up || line.table === "MISMATCH" || line.compared === "DIVERGED" || line.compared === "AHEAD";
  const broken = line.compared === "DIVERGED" || line.compared === "AHEAD";
  const box = answerBox(`line ${line.fingerprint}`);
  return el("li", { class: `line-pill${bad ? " bad" : ""}`, title: line.link_error || `sent ${line.sent}, held by ${line.peer} ${line.delivered}; received ${line.received}` },
    el("b", { class: "other" }, line.peer), down, el("a", { class: "word", href: "#line-panel" }, line.word),
    el("span", { class: "dim" }, [link, table, owed].filter(Boolean).join(" · ")),
    broken ? el("button", { on: { click: (event) => perform(box, ["lines", line.peer, "epoch"], {}, event.target).then((done) => done?.result === "ASKED" && desk.say("Asked. A second person must confirm on their own account.")) } },
      line.epoch_asked_by ? `Confirm new feed (asked by ${line.epoch_asked_by})` : "Ask for a new feed") : null, box);
}

/** What an alarm says; first of all that it is over, where it is. */
const alarmText = (alarm) => `${alarm.over_at ? `OVER since ${timeText(alarm.over_at)}${alarm.code === "NOT_DELIVERED" ? ": it was received there" : ""}. ` : ""}${alarm.text}`;

/** What still holds comes first, the newest first; what is over stays below it, so that whoever heard it finds it. */
export function showAlarms(view) {
  const box = at("alarms");
  const all = [...view.alarms].sort((one, two) => Boolean(one.over_at) - Boolean(two.over_at) || two.at - one.at);
  const over = all.filter((alarm) => alarm.over_at).length;
  box.hidden = !all.length;
  const shown = all.slice(0, ALARMS_SHOWN);
  const sign = JSON.stringify(shown) + all.length;
  if (box.dataset.sign === sign) return;
  box.dataset.sign = sign;
  fill(box, el("details", { class: "more" },
    el("summary", {}, el("b", {}, `${all.length} alarm${all.length === 1 ? "" : "s"}${over ? `, ${over} over` : ""}`), all[0] ? [" · ", timeText(all[0].at), " ", alarmText(all[0])] : null),
    el("ul", {}, shown.map((alarm) => el("li", { class: alarm.over_at ? "dim" : "" }, el("time", {}, timeText(alarm.at)), " ", el("code", {}, alarm.code), " ", alarmText(alarm), alarm.count > 1 ? ` (${alarm.count} times)` : null))),
    all.length > shown.length ? el("p", { class: "dim" }, `and ${all.length - shown.length} earlier; all are in the record`) : null));
}
