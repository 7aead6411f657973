// Calls to parties with only a telephone: what is due, the sheet to read from, and what each call came to.

import { answerBox, perform } from "./acting.js";
import { at, el, fill, keep, reasonList } from "./el.js";
import { mismatch, readBackFields } from "./readback.js";
import { TYPE_WORDS } from "./statements.js";
import { clockText } from "./units.js";

const OUTCOMES = [["REACHED", "reached"], ["NO ANSWER", "no answer"], ["REFUSED", "refused"]];
const POSTS = ["DESK", "CREW", "CONTROL UNIT", "SUPERVISOR", "LEVEL2", "LEVEL3", "OFFICIAL", "UNKNOWN"];
const STATES = { DUE: "TO CALL", CALLED: "ON THE TELEPHONE", SUMMARY: "SUMMARY MISSING", DONE: "DONE", DROPPED: "DROPPED" };
const OVER_SHOWN = 5;
const forms = new Map(); // What is typed while somebody is on the telephone outlives every change around it.

/** Shows the calls of an overview; the panel is there only where somebody has but a telephone. */
export function showCalls(view, desk) {
  const calls = view.calls ?? [];
  const open = calls.filter((call) => call.can?.length);
  at("call-panel").hidden = !(view.voice_peers ?? []).length;
  at("calls-count").textContent = open.length ? `${open.length} to make or finish` : "";
  keep(at("calls"), [...open, ...calls.filter((call) => !call.can?.length).slice(0, OVER_SHOWN)], {
    key: (call) => call.call, sign: (call) => JSON.stringify([call, desk.mayAct]), build: (call) => row(call, desk),
    empty: "Nobody is to be called.",
  });
}

function row(call, desk) {
  const box = answerBox(`call ${call.call}`);
  const send = async (name, body, button) => {
    await perform(box, ["calls", call.call, name], body, button);
    desk.want();
  };
  const start = el("button", { type: "button", class: "act", "data-k": `${call.call}-start`, on: { click: () => send("start", {}, start) } }, "Pick up the telephone");
  const can = new Set(desk.mayAct ? call.can ?? [] : []);
  return el("article", { class: `row matter other is-${call.cls.toLowerCase()}`, "aria-label": `Call to ${call.peer}` },
    el("div", { class: "row-head" }, el("span", { class: `class-tag ${call.cls.toLowerCase()}` }, call.cls), el("b", {}, TYPE_WORDS[call.type] ?? call.type),
      el("span", {}, "to ", el("b", { class: "other" }, call.peer)), el("span", { class: `state${call.late ? " late" : ""}` }, STATES[call.state] ?? call.state)),
    el("p", { class: "row-due" },
      call.state === "DUE" ? el("span", {}, "call ", el("span", { "data-due": call.due })) : null,
      call.started_at && call.can?.length ? el("span", {}, "on the telephone ", el("b", { class: "ring-clock", "data-since": call.started_at })) : null,
      call.summary_due && call.can?.length ? el("span", {}, "summary ", el("span", { "data-due": call.summary_due })) : null,
      call.tries ? el("span", {}, `tried ${call.tries} times`) : null,
      call.outcome ? el("span", {}, [call.outcome, call.post, call.closed_at && clockText(call.closed_at)].filter(Boolean).join(", ")) : null),
    el("p", {}, el("a", { href: `desk/v1/calls/${encodeURIComponent(call.call)}/sheet.html`, target: "_blank", rel: "noopener", class: "sheet" }, "The sheet to read from")),
    mismatch(call), can.has("start") ? el("div", { class: "acts" }, start) : null, can.has("record") ? record(call, send, box) : null, box);
}

/** What the call came to, entered while or after somebody speaks. */
function record(call, send, box) {
  if (!forms.has(call.call)) forms.set(call.call, fields(call));
  const form = forms.get(call.call);
  const go = el("button", { type: "submit", class: "act", "data-k": `${call.call}-record` }, "Enter it");
  return el("form", { class: "read-back", novalidate: true, on: { submit: (event) => {
    event.preventDefault();
    const wrong = [];
    const reached = form.outcome.value === "REACHED";
    const values = reached && call.read_back !== "MATCH" && form.back.nodes.length ? form.back.read(wrong) : null;
    if (wrong.length) return void fill(box, reasonList(wrong, "Nothing is entered yet."));
    const summary = form.summary.value.trim();
    return void send("record", {
      outcome: form.outcome.value, ...(reached ? { post: form.post.value } : {}), ...(values ? { values } : {}), ...(summary ? { summary: { lang: "en", text: summary } } : {}),
    }, go);
  } } }, el("div", { class: "step-fields" }, form.outcome, form.post), form.back.nodes, form.summary, go);
}

function fields(call) {
  const list = (options, label, key) => el("select", { "aria-label": label, "data-k": `${call.call}-${key}` }, options.map(([value, text]) => el("option", { value }, text ?? value.toLowerCase())));
  return {
    outcome: list(OUTCOMES, "What the call came to", "outcome"), post: list(POSTS.map((one) => [one]), "Who took it, as a post", "post"),
    back: readBackFields(call.to_read_back, call.call),
    summary: el("input", { name: "summary", maxlength: 200, placeholder: "summary in English, without a name", "aria-label": "Summary", "data-k": `${call.call}-summary` }),
  };
}
