// Conflict cards: what was found, who is asked to move, the dialogue, and what this desk may do about it now.

import { answerBox, choice, clearAnswer, perform, showFailure } from "./acting.js";
import { act, suggestions } from "./api.js";
import { at, el, fill, keep, words } from "./el.js";
import { changeTexts, termEditor, termLines } from "./terms.js";
import { clockText, distanceText, fromNow, timeText, windowText } from "./units.js";

const REJECT_REASONS = ["NOT STATED", "CAPACITY", "SAFETY", "WEATHER", "OTHER"];
const STATE_WORDS = {
  DETECTED: "found, nothing proposed", PROPOSED: "a proposal is open", STANDBY: "the other side asked for time",
  REJECTED: "the proposal was rejected", AGREED: "settled by agreement", UNRESOLVED: "not settled before the start",
  OVERTAKEN: "gone: a notice changed",
};
const TURN_WORDS = {
  PRO: "proposed", CPR: "countered", ACC: "accepted and signed", REJ: "rejected", SBY: "asked for time",
  WDR: "withdrew", AGR: "signed: agreed",
};
const OFFERS = new Set(["PRO", "CPR"]);
const ANSWER_WORDS = {
  REJ: "rejected your proposal", ACC: "accepted and signed your proposal", AGR: "signed: agreed", CPR: "countered your proposal",
  WDR: "withdrew its proposal", SBY: "asked for time",
};
const NEWS_MOST = 5;
const benches = new Map();
const news = [];
const heard = new Map();
const terms = new Map();
const unfolded = new Map();

/** Shows the conflicts of an overview, those that are open first. */
export function showConflicts(view, desk) {
  view.conflicts.forEach((conflict) => remember(conflict, desk));
  const sorted = [...view.conflicts].sort((one, two) => Number(two.live) - Number(one.live) || two.found_at - one.found_at);
  at("conflicts-count").textContent = sorted.filter((one) => one.live).length || "";
  keep(at("conflicts"), sorted, {
    key: (conflict) => conflict.pair_id,
    sign: (conflict) => JSON.stringify([conflict, desk.isPicked("conflict", conflict.pair_id), desk.mayAct, heard.get(conflict.pair_id)?.length]),
    build: (conflict) => card(conflict, view, desk),
    empty: "None found between notices known here. This is not a clearance.",
  });
}

/** The terms of each turn, which the node shows only while they are open. */
function remember(conflict, desk) {
  const { offer } = conflict;
  if (offer) terms.set(`${conflict.pair_id} ${offer.turn}`, `${offer.kind}: ${termLines(offer.notices, desk.volumesOf).join("; ")}`);
}

/** Takes a change into the dialogue of its conflict, if it is a statement of one. */
export function hearTurn(change, desk) {
  const { type, pair_id: pair, peer, reason } = change.about ?? {};
  if (!pair || !TURN_WORDS[type] || !["StatementSealed", "StatementReceived"].includes(change.kind)) return;
  const turns = heard.get(pair) ?? [];
  heard.set(pair, turns);
  if (turns.some((turn) => turn.position === change.position)) return;
  const said = turns.filter((turn) => OFFERS.has(turn.type)).length;
  turns.push({
    position: change.position, at: change.at, type, reason, turn: OFFERS.has(type) ? said + 1 : 0,
    who: change.kind === "StatementSealed" ? desk.view.own.name : desk.nameOf(peer),
  });
  if (change.position > desk.since) takeNews(pair, change.kind === "StatementReceived", turns.at(-1), desk);
}

/** The last answer of the other side in a conflict is news until it is looked at, or until this desk says more. */
function takeNews(pair, received, turn, desk) {
  if (!received && turn.type === "AGR") return; // The machine signs that by itself: nobody has looked yet.
  const before = news.findIndex((one) => one.pair === pair);
  if (before >= 0) news.splice(before, 1);
  if (received && ANSWER_WORDS[turn.type]) news.push({ pair, ...turn });
  showNews(desk);
}

const reasonText = (turn) => (turn.type === "REJ" ? ` (${turn.reason && turn.reason !== "NOT STATED" ? turn.reason : "not stated"})` : "");

/** Answers of the other side stay at the top of the page until somebody has looked at them. */
function showNews(desk) {
  news.splice(0, Math.max(0, news.length - NEWS_MOST));
  at("news").hidden = !news.length;
  fill(at("news"), news.map((one) => el("p", {}, `${one.who} ${ANSWER_WORDS[one.type]}${reasonText(one)}, ${clockText(one.at)} `,
    el("button", { type: "button", on: { click: () => {
      news.splice(news.indexOf(one), 1);
      showNews(desk);
      if (!desk.isPicked("conflict", one.pair)) desk.pick("conflict", one.pair, true);
      toCard(one.pair);
    } } }, "Show"))));
}

/** Brings a conflict's card into view, the card itself and not what stands above it. */
function toCard(pair) {
  document.querySelector(`#conflicts > [data-key="${CSS.escape(pair)}"]`)?.scrollIntoView({ block: "start" });
}

/** A state in the words of a desk: after a rejection a conflict is as open as before. */
export function stateWords(conflict) {
  if (!conflict.live && conflict.state !== "AGREED") return "OVERTAKEN";
  return conflict.state === "REJECTED" ? "OPEN: proposal rejected" : conflict.state;
}

function card(conflict, view, desk) {
  const key = conflict.pair_id;
  const bench = benchOf(conflict, desk);
  return el("article", { class: `card conflict${conflict.live ? " live" : " over"}${desk.isPicked("conflict", key) ? " picked" : ""}`, "aria-label": `Conflict ${conflict.short_id}` },
    el("div", { class: "card-head" },
      el("button", { class: "flag", title: `${conflict.conflict_id}: show on the map`, "data-k": `${key}-name`, "data-conflict-id": conflict.conflict_id, on: { click: () => desk.pick("conflict", key, true) } }, conflict.short_id),
      el("span", { class: "pair" }, el("b", { class: "own" }, `${conflict.own_notice} v${conflict.own_version}`), " × ", el("b", { class: "other" }, `${conflict.other_notice} v${conflict.other_version}`)),
      el("span", { class: `state state-${conflict.state.toLowerCase()}`, title: STATE_WORDS[conflict.state] ?? "" }, stateWords(conflict))),
    conflict.live ? facts(conflict, view) : null,
    conflict.offer ? offer(conflict, view, desk) : null,
    el("div", { class: "acts" }, desk.mayAct ? acts(conflict, desk) : []),
    bench, answerBox(key), dialogue(conflict));
}

function facts(conflict, view) {
  const { gaps } = conflict;
  const table = view.lines.find((line) => line.peer === conflict.other_party)?.numbers ?? view.table;
  const told = conflict.local ? `${conflict.other_party} was not told of ${conflict.own_notice}: only this desk knows of this conflict`
    : conflict.peer_same_id ? `${conflict.other_party} found it by itself, with the same id` : `${conflict.other_party} has not told its id yet`;
  const gap = (name, value, least) => el("div", { class: "gap" }, el("dt", {}, name), el("dd", {}, value, el("span", { class: "dim" }, ` needs ${least}`)));
  return [
    el("dl", { class: "gaps", title: "The gap between the two volumes, and what the table asks for" },
      gap("lateral", distanceText(gaps.lateral_m).replace(/ \(.*/, ""), distanceText(table.separation_lateral_m)),
      gap("vertical", `${gaps.vertical_ft} ft`, `${table.separation_vertical_ft} ft`),
      gap("time", `${Math.round(gaps.time_ms / 60000)} min`, `${table.separation_time_ms / 60000} min`)),
    el("p", { class: "line" },
      conflict.start ? `Both in use ${windowText(conflict.start, conflict.end)}. ` : null,
      conflict.asked_to_move?.length ? ["Asked to move: ", el("b", {}, conflict.asked_to_move.join(" or ")), "."] : "Neither is asked to move."),
    el("p", { class: `line dim told-id${conflict.peer_same_id ? " same" : ""}` }, told),
  ];
}

function offer(conflict, view, desk) {
  const one = conflict.offer;
  const side = one.ours ? "own" : "other";
  const rest = conflict.accepted_by_us ? `Accepted and signed here; waiting for ${conflict.other_party}'s signature.`
    : one.late ? "Its time is over. Without proof that nothing was sent, it stays pending."
      : one.standby_until ? `Time asked for until ${timeText(one.standby_until)}.`
        : `Answer by ${timeText(one.reply_by)}, ${fromNow(one.reply_by, view.now)}.`;
  return el("div", { class: `offer ${side}` },
    el("p", { class: "offer-head" }, el("b", {}, `${one.ours ? "Our" : `${one.by}'s`} ${one.turn > 1 ? "counter-proposal" : "proposal"}`), ` · ${one.kind} · turn ${one.turn}`),
    el("ul", {}, termLines(one.notices, desk.volumesOf).map((line) => el("li", {}, words(line)))),
    el("p", { class: "dim" }, rest));
}

/** Open while the conflict is, unless a person has said otherwise. */
function dialogue(conflict) {
  const key = conflict.pair_id;
  const turns = heard.get(key) ?? [];
  if (!turns.length) return null;
  const open = unfolded.get(key) ?? conflict.live;
  return el("details", { class: "more", open, on: { toggle: (event) => {
    if (event.target.open !== open || unfolded.has(key)) unfolded.set(key, event.target.open);
  } } }, el("summary", { "data-k": `${key}-turns` }, "Dialogue so far"),
  el("ol", { class: "turns" }, turns.map((turn) => {
    const said = terms.get(`${key} ${turn.turn}`);
    return el("li", {}, el("time", {}, clockText(turn.at)), " ", el("b", {}, turn.who), ` ${TURN_WORDS[turn.type]}${reasonText(turn)}`, said ? el("span", { class: "dim" }, words(` ${said}`)) : null);
  })));
}

function acts(conflict, desk) {
  const may = new Set(conflict.can ?? []);
  const key = conflict.pair_id;
  const send = (name, body, button) => {
    clearAnswer(key);
    return perform(answerBox(key), ["conflicts", key, name], { expected_revision: conflict.revision, proposal: conflict.offer?.proposal, ...body }, button);
  };
  const button = (name, text, strong) => {
    const node = el("button", { type: "button", class: strong ? "act" : "", "data-k": `${key}-${name}`, on: { click: () => send(name, {}, node) } }, text);
    return node;
  };
  const edit = (text) => el("button", { type: "button", class: may.has("propose") ? "act" : "", "data-k": `${key}-edit`, on: { click: () => openBench(conflict, desk) } }, text);
  return [
    may.has("accept") ? button("accept", "Accept and sign", true) : null,
    may.has("propose") ? edit("Propose…") : null,
    may.has("counter") ? edit("Counter…") : null,
    may.has("reject") ? choice({
      key: `${key}-reject`, text: "Reject…", title: "Reason", options: REJECT_REASONS.map((reason) => [reason, reason.toLowerCase()]), confirm: "Reject",
      chosen: (reason, go) => send("reject", { reason }, go),
    }) : null,
    may.has("stand_by") ? choice({
      key: `${key}-standby`, text: "Stand by…", title: "Until", options: standByTimes(conflict, desk), confirm: "Ask for time",
      chosen: (until, go) => send("stand_by", { until: Number(until) }, go),
    }) : null,
    may.has("withdraw") ? button("withdraw", "Withdraw") : null,
  ];
}

/** Times one may stand by until: it cannot be longer than the proposal is valid. */
function standByTimes(conflict, desk) {
  const last = conflict.offer.valid_until;
  const times = [5, 10, 15, 30].map((minutes) => Math.ceil(desk.now() / 60_000) * 60_000 + minutes * 60_000).filter((time) => time < last);
  return [...times, last].map((time) => [time, `until ${timeText(time)}`]);
}

// --- the bench: suggestions and the editor of one conflict -----------------------------------------------------------

function benchOf(conflict, desk) {
  const held = benches.get(conflict.pair_id);
  if (!held) return null;
  const open = (conflict.can ?? []).some((name) => name === "propose" || name === "counter");
  if (!open || !desk.mayAct) {
    benches.delete(conflict.pair_id);
    return null;
  }
  if (held.revision !== conflict.revision) held.note.hidden = false;
  return held.node;
}

function openBench(conflict, desk) {
  const key = conflict.pair_id;
  if (benches.has(key)) return closeBench(key, desk);
  const note = el("p", { class: "warn-note", role: "alert", hidden: true }, "This conflict changed while you were at it. Close, look, and begin again.");
  const offers = el("div", { class: "suggestions" }, el("p", { class: "dim" }, "Looking for what would settle it…"));
  const place = el("div", {});
  const node = el("div", { class: "bench" }, note, el("h3", {}, "Suggestions"), offers, el("h3", {}, "Terms"), place);
  benches.set(key, { node, note, revision: conflict.revision });
  const edit = (start) => fill(place, editorFor(conflict, desk, start));
  edit(conflict.offer?.notices.filter((term) => term.volumes));
  suggest(conflict, desk, offers, edit);
  desk.redraw(key);
  return undefined;
}

function closeBench(key, desk) {
  benches.delete(key);
  desk.redraw(key);
}

const sendTerms = async (conflict, desk, changes, kind) => {
  const name = conflict.offer && !conflict.offer.ours ? "counter" : "propose";
  await act(["conflicts", conflict.pair_id, name], { expected_revision: conflict.revision, changes, ...(kind ? { kind } : {}) });
  closeBench(conflict.pair_id, desk);
  toCard(conflict.pair_id);
};

function editorFor(conflict, desk, start) {
  const notices = [desk.noticeOf(desk.view.own.name, conflict.own_notice), desk.noticeOf(conflict.other_party, conflict.other_notice)];
  return termEditor({
    key: `${conflict.pair_id}-terms`, notices, start, action: conflict.offer ? "Send the counter-proposal" : "Send the proposal",
    send: (changes) => sendTerms(conflict, desk, changes), close: () => closeBench(conflict.pair_id, desk),
  });
}

async function suggest(conflict, desk, box, edit) {
  let answer;
  try {
    answer = await suggestions(conflict.pair_id);
  } catch (error) {
    showFailure(box, error, "No suggestions could be had.");
    return;
  }
  const all = Array.isArray(answer) ? answer : answer?.proposals ?? [];
  if (!all.length) {
    fill(box, el("p", {}, answer?.none || "None was found. Edit the terms below."));
    return;
  }
  fill(box, el("ul", {}, all.map((one, place) => suggestion(conflict, desk, one, place, edit))));
}

function suggestion(conflict, desk, one, place, edit) {
  const box = el("div", { class: "answer" });
  const text = one.text || one.changes.flatMap((change) => changeTexts(change.id, desk.noticeOf(change.party, change.id)?.volumes ?? [], change.volumes)).join("; ");
  const named = one.changes.map((change) => ({ ...change, party: desk.nameOf(change.party) }));
  const go = el("button", { type: "button", "data-k": `${conflict.pair_id}-use-${place}`, on: { click: async () => {
    go.disabled = true;
    try {
      await sendTerms(conflict, desk, one.changes, one.kind);
    } catch (error) {
      showFailure(box, error);
    } finally {
      go.disabled = false;
    }
  } } }, conflict.offer ? "Counter with this" : "Propose this");
  return el("li", {}, el("span", { class: "kind" }, one.kind), el("span", {}, words(text)), el("div", { class: "acts" }, go,
    el("button", { type: "button", class: "quiet", "data-k": `${conflict.pair_id}-edit-${place}`, on: { click: () => edit(named) } }, "Edit first")), box);
}
