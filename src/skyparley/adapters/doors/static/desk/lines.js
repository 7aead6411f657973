// The state of each line: its one word, its bearers, both desks, the radio card; and what people do about the line itself.

import { answerBox, choice, perform } from "./acting.js";
import { at, el, fill, keep } from "./el.js";
import { clockText, dayTime, timeText } from "./units.js";

const REASONS = ["NOT STATED", "POLITICAL", "SAFETY", "TECHNICAL", "REVIEW", "OTHER"];
const WORDS = {
  OPEN: "in force, all bearers up, both desks staffed", DEGRADED: "in force; something of it does not work",
  SUSPENDED: "LIFE, SAFETY, checks and one-way notices pass; nothing new is agreed", TERMINATED: "only what saves lives passes",
  LOST: "no bearer reaches them: keep to what was agreed, call by voice", "HUMAN-SILENT": "nobody answers at the other desk: call by voice",
  TESTING: "being checked; not in force yet", "NOT ESTABLISHED": "not opened yet",
};
const LOUD = new Set(["SUSPENDED", "TERMINATED", "LOST", "HUMAN-SILENT"]);
const ARROWS = { OUT: "→ to them", IN: "← from them" };
const DESKS = ["STAFFED", "UNSTAFFED", "DECLINED"];
const ASKED = { SUSP: ["suspend", "suspension"], RESM: ["resume", "resumption"], TERM: ["terminate", "termination"] };

export function showLinePanel(view, desk) {
  banners(view);
  keep(at("line-cards"), view.lines, {
    key: (line) => line.fingerprint, sign: (line) => JSON.stringify([line, view.desk, view.table_hash, desk.mayAct]),
    build: (line) => card(line, view, desk), empty: "No peer is pinned.",
  });
  ownDesk(view, desk);
  unauthenticated(view);
}

// --- across the top ----------------------------------------------------------------------------------------------------

function banners(view) {
  const said = view.lines.filter((line) => LOUD.has(line.word)).map((line) => {
    const by = line.word === "SUSPENDED" && line.suspended_by?.length ? ` by ${line.suspended_by.join(" and ")}` : "";
    return el("p", { class: "line-banner" }, el("b", {}, `LINE TO ${line.peer}: ${line.word}${by}.`), ` ${capital(WORDS[line.word])}. `, radioText(line));
  });
  const drill = (view.matters ?? []).some((matter) => matter.exercise && Object.keys(matter.due).length)
    ? el("p", { class: "exercise-banner" }, el("b", {}, "EXERCISE"), el("span", {}, "Statements marked EXERCISE are not real and change no live picture.")) : null;
  const hooks = (view.hooks ?? []).filter((hook) => hook.failing).map((hook) => el("p", { class: "line-banner" },
    el("b", {}, `“${hook.name}” DOES NOT RING`), ` since ${clockText(hook.since)}: ${hook.text}. ${hook.waiting ? `${hook.waiting} rings wait.` : ""}`));
  const box = at("line-banners");
  const fresh = [drill, ...said, ...outOfBand(view), ...hooks].filter(Boolean);
  const sign = fresh.map((node) => node.textContent).join("|");
  if (box.dataset.sign === sign) return;
  box.dataset.sign = sign;
  fill(box, fresh);
}

/** What was said elsewhere, on the telephone or on television, stands beside the word of the line and does not change it. */
const outOfBand = (view) => [...view.lines, ...(view.voice_peers ?? [])].flatMap((line) => (line.banners ?? []).map((said) => el("p", { class: "line-banner heard" },
  el("b", {}, `${said.kind} outside the line`), ` about ${line.peer}: ${said.how}, ${said.who}, ${dayTime(said.at)}. “`, el("bdi", { lang: said.gist.lang, dir: "auto" }, said.gist.text),
  `” The line is ${line.word} as before.`)));

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function radioText(line) {
  const card = line.radio;
  if (!card) return "";
  const signs = (card.call_signs ?? []).map((one) => `${one.party} ${one.post} “${one.call_sign}”`);
  return `${card.frequencies.map((one) => `${one.use} ${one.text}`).join(" · ")}${signs.length ? ` · ${signs.join(" · ")}` : ""}${card.settled ? "" : " (guard only: no frequencies are signed)"}`;
}

/** The radio card, as it stands beside every warning. */
export function radioCard(line) {
  return line?.radio ? el("p", { class: "radio" }, el("b", {}, "RADIO "), radioText(line)) : null;
}

// --- the panel ---------------------------------------------------------------------------------------------------------

function card(line, view, desk) {
  const shift = line.peer_shift?.on?.map((one) => `${one.post} (${one.languages.join(", ") || "language not said"})`).join(", ");
  const checks = line.checks ?? {};
  const rows = [
    ["desks", `${view.own.name} ${view.desk} · ${line.peer} ${line.peer_desk}${shift ? ` · on duty there: ${shift}` : ""}`],
    ["agreement", line.state.replace("_", " ") + (line.suspended_by?.length ? ` by ${line.suspended_by.join(" and ")}` : "")],
    ["table", { EQUAL: "equal at both", MISMATCH: "TABLES DIFFER: nothing can be agreed", UNKNOWN: "theirs is not known yet" }[line.table] + (line.table_clause ? ` (by clause ${line.table_clause})` : "")],
    ["last good check", checks.last_good_at ? `${dayTime(checks.last_good_at)}${checks.missed ? `, then ${checks.missed} missed` : ""}` : `none yet${line.word === "TESTING" ? `; ${checks.needed} needed each way` : ""}`],
    ["receipts", line.receipts === "NOT POSSIBLE" ? "RECEIPT NOT POSSIBLE: nothing can come back" : `${line.delivered} of ${line.sent} held by ${line.peer}${line.owed ? `; ${line.owed} wait` : ""}`],
    // How many and not which: a name such as FILES CLEAR, large on a screen, might be read as a word about the airspace.
    line.unsettled?.length ? ["unsettled", `${line.unsettled.length} of the clauses`] : null,
  ].filter(Boolean);
  return el("article", { class: "card line-card", "aria-label": `Line to ${line.peer}`, "data-peer": line.peer },
    el("div", { class: "card-head" }, el("b", { class: "other" }, line.peer), el("span", { class: `line-word${LOUD.has(line.word) ? " loud" : ""}` }, line.word)),
    el("p", { class: "dim" }, whyText(line, view)),
    el("ul", { class: "bearers" }, (line.links ?? []).map((link) => el("li", { class: link.state === "UP" ? "" : "bad" }, el("b", {}, link.bearer), ` ${ARROWS[link.direction]} `, el("b", {}, link.state), link.since ? el("span", { class: "dim" }, ` since ${timeText(link.since)}`) : null))),
    el("dl", { class: "times" }, rows.map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text)))),
    radioCard(line),
    (line.changes ?? []).map((one) => el("p", { class: "warn-note" }, `${one.by}: ${one.what}, takes effect ${dayTime(one.effective)} (${one.reason})`)),
    desk.mayAct ? acts(line, view, desk) : null, answerBox(`line panel ${line.fingerprint}`));
}

/** What the word means; of a degraded line, what of it does not work. */
function whyText(line, view) {
  const broken = line.word !== "DEGRADED" ? [] : [
    ...[[view.own.name, view.desk], [line.peer, line.peer_desk]].filter(([, desk]) => desk !== "STAFFED").map(([name, desk]) => `the desk of ${name} is ${desk}`),
    ...(line.links ?? []).filter((link) => link.state !== "UP").map((link) => `${link.bearer} ${ARROWS[link.direction]} is ${link.state}`),
    line.checks?.missed ? `${line.checks.missed} checks missed` : null,
    line.table === "MISMATCH" ? "the tables differ" : null,
  ].filter(Boolean);
  return broken.length ? `In force, but ${broken.join("; ")}.` : `${capital(WORDS[line.word] ?? "")}.`;
}

function acts(line, view, desk) {
  const box = answerBox(`line panel ${line.fingerprint}`);
  const send = async (name, body, button) => {
    const done = await perform(box, ["lines", line.peer, name], body, button);
    if (done?.result === "ASKED") fill(box, el("p", { class: "told" }, "Asked. A second person, a supervisor, confirms on their own account."));
    desk.want();
  };
  const two = (name, text) => choice({
    key: `${line.peer}-${name}`, text: `${text}…`, title: `Why ${text.toLowerCase()}`, options: REASONS.map((code) => [code, code.toLowerCase()]), confirm: `Ask to ${text.toLowerCase()}`,
    chosen: (reason, go) => send(name, { reason, effective: 0 }, go),
  });
  const asked = line.change_asked;
  const [name, noun] = asked ? ASKED[asked.what] ?? [asked.what.toLowerCase(), asked.what] : [];
  const check = el("button", { type: "button", "data-k": `${line.peer}-check`, on: { click: () => send("check", {}, check) } }, "Check now");
  const confirm = asked ? el("button", { type: "button", class: "act", "data-k": `${line.peer}-confirm`, on: { click: () => send(name, { reason: asked.reason, effective: asked.effective }, confirm) } }, `Confirm the ${noun}`) : null;
  const ours = line.suspended_by?.includes(view.own.name);
  return [
    asked ? el("p", { class: "asked", role: "status" }, el("b", {}, `${capital(noun)} asked by ${asked.by}`), ` at ${clockText(asked.at)}, reason ${asked.reason}. Another person confirms.`, confirm) : null,
    el("div", { class: "acts" }, check, ours ? two("resume", "Resume") : two("suspend", "Suspend"), line.word === "TERMINATED" ? null : two("terminate", "Terminate")),
    el("p", { class: "dim small" }, el("a", { href: `desk/v1/lines/${encodeURIComponent(line.peer)}/card`, target: "_blank", rel: "noopener" }, "Lost-line card"), ", one page to print and keep beside the telephone."),
  ];
}

function ownDesk(view, desk) {
  const box = at("own-desk");
  const duty = (view.duty ?? []).filter((post) => post.account);
  const sign = JSON.stringify([view.desk, duty, desk.mayAct]);
  if (box.dataset.sign === sign) return;
  box.dataset.sign = sign;
  const answer = answerBox("own desk");
  const select = el("select", { "aria-label": "How our desk is", "data-k": "own-desk", disabled: !desk.mayAct, on: { change: () => perform(answer, ["desk"], { desk: select.value }, select).then(desk.want) } },
    (DESKS.includes(view.desk) ? DESKS : [view.desk, ...DESKS]).map((one) => el("option", { value: one }, one.toLowerCase())));
  select.value = view.desk;
  fill(box, el("label", { class: "desk-state" }, `Our desk, ${view.own.name}, is `, select),
    el("span", { class: "dim" }, duty.length ? ` On duty: ${duty.map((one) => `${one.post} ${one.account}${one.offered_to ? `, handing over to ${one.offered_to}` : ""}`).join(" · ")}` : " Nobody has taken a post."), answer);
}

/** What came without a signature that holds: kept, shown apart, and it changed nothing. */
function unauthenticated(view) {
  const all = view.unauthenticated ?? [];
  at("unauthenticated").hidden = !all.length;
  const box = at("unauthenticated-list");
  const sign = JSON.stringify(all);
  if (box.dataset.sign === sign) return;
  box.dataset.sign = sign;
  fill(box, el("details", { class: "more" }, el("summary", {}, `${all.length} unauthenticated: they changed nothing`),
    el("ul", {}, all.map((one) => el("li", {}, el("time", {}, clockText(one.at)), ` by ${one.source}; claims to be ${one.claimed || "nobody"}; ${one.why} `, el("code", {}, one.text))))));
}
