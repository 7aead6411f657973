// The list of notices: own and peers', with who was told, who received it, and what may be done with it.

import { answerBox, choice, perform } from "./acting.js";
import { keyOf } from "./chart.js";
import { at, el, keep } from "./el.js";
import { bandText, pointsText, shapeText, timeText, windowText } from "./units.js";

const CANCEL_REASONS = ["NOT STATED", "WX", "EM", "MED", "SAR", "HUM", "HUM-ESCORT", "NAV", "LOST LINK", "TRAFFIC", "CAPACITY"];
const QUERY_FIELDS = ["AREA", "LEVELS", "PERIOD", "KIND", "DUE REGARD"];
const OVER = new Set(["ENDED", "CANCELLED"]);
const MEANING = {
  TOLD: "Received by all who are told", "NOT RECEIVED": "Not everyone who is to be told has received this version",
  "LOCAL ONLY": "Nobody is told", ACTIVE: "In use", ENDED: "Ended", CANCELLED: "Void",
  "TOLD, NO CONFLICT": "Received by all who were told, no conflict open. Not a permission.",
};
const VOLUMES_SHOWN = 6;
const opened = new Set();

const isOver = (notice) => OVER.has(notice.state) || notice.past;

/** Shows the notices of an overview. `desk` gives pick, change and the choice on the map. */
export function showNotices(view, desk) {
  const sorted = [...view.notices].sort((one, two) =>
    Number(isOver(one)) - Number(isOver(two)) || Number(two.own) - Number(one.own) || one.start - two.start || (one.id < two.id ? -1 : 1));
  at("notices-count").textContent = sorted.filter((one) => !isOver(one)).length || "";
  keep(at("notices"), sorted, {
    key: keyOf,
    sign: (notice) => JSON.stringify([notice, toldVersion(notice, view.agreements), desk.isPicked("notice", keyOf(notice)), desk.mayAct]),
    build: (notice) => row(notice, desk),
    empty: "No notice is filed or was told.",
  });
}

/** The state in the words of a desk: what has not arrived everywhere is never shown as told. */
export function stateWords(notice) {
  if (notice.past && !OVER.has(notice.state)) return "PAST";
  if (notice.state === "COORDINATED") return "TOLD, NO CONFLICT";
  if (notice.state !== "NOTIFIED") return notice.state;
  if (notice.own && !notice.audience?.length) return "LOCAL ONLY";
  return notice.audience?.every((one) => one.delivered) ?? true ? "TOLD" : "NOT RECEIVED";
}

function row(notice, desk) {
  const key = keyOf(notice);
  const over = isOver(notice);
  const state = stateWords(notice);
  const picked = desk.isPicked("notice", key);
  const more = el("details", { class: "more", on: { toggle: (event) => {
    if (event.target.open) opened.add(key);
    else opened.delete(key);
  } } }, el("summary", { "data-k": `${key}-more` }, "Details"), details(notice), el("div", { class: "acts" }, acts(notice, desk)));
  more.open = opened.has(key);
  return el("article", { class: `row ${notice.own ? "own" : "other"}${over ? " over" : ""}${picked ? " picked" : ""}` },
    el("div", { class: "row-head" },
      el("button", { class: "name", "data-k": `${key}-name`, title: "Show on the map", on: { click: () => desk.pick("notice", key, true) } },
        el("span", { class: `mark ${notice.own ? "own" : "other"}`, "aria-hidden": "true" }), notice.id, el("span", { class: "version" }, ` v${notice.version}`)),
      el("span", { class: "kind" }, notice.kind.toLowerCase()),
      el("span", { class: `state state-${state.toLowerCase().replace(/\W+/g, "_")}`, title: MEANING[state] ?? "Its period is over" }, state)),
    when(notice),
    el("div", { class: "row-told" }, delivery(notice, desk)),
    notice.conflicts?.length ? el("div", { class: "row-conflict" }, notice.conflicts.map((pair) => conflictLink(pair, desk))) : null,
    more, answerBox(key));
}

function conflictLink(pair, desk) {
  const conflict = desk.view.conflicts.find((one) => one.pair_id === pair);
  return el("button", { class: "flag small", "data-k": `${pair}-from`, on: { click: () => desk.pick("conflict", pair, true) } },
    `conflict ${conflict?.short_id ?? ""}`);
}

/** Times and levels in one line; one line a volume where the volumes differ in them, so that no leg is hidden in the whole. */
function when(notice) {
  const { volumes } = notice;
  const lines = volumes.map((volume) => `${windowText(volume.start, volume.end)} · ${bandText(volume)}`);
  if (new Set(lines).size === 1) return el("div", { class: "row-when" }, lines[0]);
  const shown = lines.slice(0, VOLUMES_SHOWN).map((line, place) => el("li", {}, el("span", { class: "dim" }, `${place + 1}  `), line));
  const rest = lines.length - shown.length;
  return el("ol", { class: "row-when each" }, shown, rest ? el("li", { class: "dim" }, `and ${rest} more: Details`) : null);
}

/** Which version of a peer's notice came as a notice, and the agreement that made the current one, if one did. */
function toldVersion(notice, agreements) {
  const madeBy = (version) => agreements.find((one) => one.notices.some((term) =>
    term.party === notice.party && term.id === notice.id && term.volumes && term.version + 1 === version));
  let told = notice.version;
  while (madeBy(told)) told -= 1;
  return [told, madeBy(notice.version)?.short_id];
}

function delivery(notice, desk) {
  if (!notice.own) {
    const parts = [`from ${notice.party}`];
    const [told, by] = toldVersion(notice, desk.view.agreements);
    if (by) parts.push(`v${notice.version} by agreement ${by}`);
    if (notice.received_utc) parts.push(`v${told} received ${timeText(notice.received_utc)}`);
    if (notice.lead_class) parts.push(`lead ${notice.lead_class}`);
    return parts.join(" · ");
  }
  if (!notice.audience?.length) return "kept local: nobody is told";
  return notice.audience.map((one) => {
    if (one.received_utc && one.delivered) return `v${one.told_version} received by ${one.peer} ${timeText(one.received_utc)}${one.lead_class ? ` · lead ${one.lead_class}` : ""}`;
    if (one.delivered) return `v${one.told_version} held by ${one.peer}`;
    if (one.told_version && one.told_version < notice.version) return `${one.peer} was told v${one.told_version}; v${notice.version} is on its way`;
    return `v${notice.version} NOT received by ${one.peer} yet`;
  }).join("; ");
}

function details(notice) {
  return [
    el("ol", { class: "volumes" }, notice.volumes.map((volume) => el("li", {},
      el("span", {}, `${bandText(volume)}, ${windowText(volume.start, volume.end)}`), el("br"),
      el("span", { class: "dim" }, shapeText(volume.shape)),
      volume.shape.centre ? null : el("span", { class: "points dim" }, pointsText(volume.shape).split("\n").slice(0, 12).join("  ·  "))))),
    el("p", { class: "dim" }, notice.due_regard.stated ? "Due regard is stated." : `Due regard is not stated: ${notice.due_regard.reason}.`),
    notice.missing_key?.length ? el("p", {}, `Filed without naming ${notice.missing_key.join(", ")}, which ${notice.party} had received.`) : null,
    notice.small ? el("p", {}, "Smaller than the table's least sizes.") : null,
  ];
}

function acts(notice, desk) {
  if (!desk.mayAct || isOver(notice)) return [];
  const key = keyOf(notice);
  const box = answerBox(key);
  const send = (name, more) => (button) =>
    perform(box, ["notices", notice.id, name], { expected_version: notice.version, ...more }, button);
  if (!notice.own) {
    return [choice({
      key: `${key}-query`, text: "Ask to clarify…", title: "What is unclear", options: QUERY_FIELDS.map((field) => [field, field.toLowerCase()]), confirm: "Ask",
      chosen: async (field, button) => {
        const done = await perform(box, ["peers", notice.party, "notices", notice.id, "query"], { expected_version: notice.version, field }, button);
        if (done) desk.say(`Asked ${notice.party} to clarify ${field.toLowerCase()} of ${notice.id}.`);
      },
    })];
  }
  const plain = (name, text) => {
    const button = el("button", { type: "button", "data-k": `${key}-${name}`, on: { click: () => send(name)(button) } }, text);
    return button;
  };
  return [
    notice.state === "ACTIVE" ? null : plain("activate", "Activate"),
    plain("end", "End"),
    el("button", { type: "button", "data-k": `${key}-change`, on: { click: () => desk.change(notice) } }, "Change…"),
    choice({
      key: `${key}-cancel`, text: "Cancel…", title: "Reason", options: CANCEL_REASONS.map((reason) => [reason]), confirm: `Cancel ${notice.id}`,
      chosen: (reason, button) => send("cancel", { reason })(button),
    }),
  ];
}
