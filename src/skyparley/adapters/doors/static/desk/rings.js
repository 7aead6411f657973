// What rings: a statement about lives pre-empts the page, in words and sound, until people have done their four acts.

import { answerBox, perform } from "./acting.js";
import { at, el, fill, keep } from "./el.js";
import { isUnknown } from "./matters.js";
import { radioCard } from "./lines.js";
import { LANGUAGES, chooseLanguage, ownLanguage, phraseOf, sentenceNode } from "./phrases.js";
import { mismatch, readBackForm } from "./readback.js";
import { Sound } from "./sound.js";
import { ACTIONS, REFUSALS, REJECTIONS, amountText, areasOf, dueText, facts, stepText, typeWords } from "./statements.js";
import { Unusable, clockText, readTime } from "./units.js";

const QUIET_MS = 30_000; // An act, or a hand on the form, rests the sound this long; it comes back while nobody has acknowledged.
const HUSH_MS = 60_000;
const ORDER = ["LIFE", "SAFETY"];

/** What rings: of the other side, asked of us, and not done. */
export const rings = (matter) => !matter.ours && ORDER.includes(matter.cls) && Object.keys(matter.due).length > 0 && !matter.reopened;

export class Rings {
  constructor(desk) {
    this.desk = desk;
    this.sound = new Sound(() => this.showSound());
    this.chosen = "";
    this.folded = new Set();
    this.touchedAt = -Infinity;
    this.hushedUntil = -Infinity;
    this.seen = new Map(); // Rung here, by statement: what is over stays in sight until somebody has looked at it.
    this.opened = new Set();
    this.told = "";
    this.forms = new Map();
    at("rings-sound").addEventListener("click", () => this.sound.wake());
  }

  touched = () => {
    this.touchedAt = performance.now();
    this.tick();
  };

  /** Shows what rings in an overview. */
  show(view) {
    const all = view.matters ?? [];
    const open = all.filter(rings);
    open.forEach((matter) => this.seen.set(matter.statement, false));
    // What was rung here and is over now is shown once more with how it ended.
    const over = all.filter((matter) => this.seen.get(matter.statement) === false && !rings(matter));
    const byHand = all.filter((matter) => this.opened.has(matter.statement) && !open.includes(matter) && !over.includes(matter));
    this.all = [...ORDER.flatMap((cls) => open.filter((matter) => matter.cls === cls).sort(gravestFirst)), ...byHand, ...over];
    this.current = this.pick();
    const box = at("rings");
    box.hidden = !this.all.length;
    document.body.dataset.ringing = this.current && !this.isFolded(this.current) && rings(this.current) ? this.current.cls : "";
    this.tabs();
    keep(at("ring"), this.current ? [this.current] : [], {
      key: (matter) => matter.statement, sign: (matter) => this.sign(matter), build: (matter) => this.card(matter),
    });
    const unknown = all.filter((matter) => isUnknown(matter) && matter !== this.current);
    this.desk.chart.matters([...(this.current ? [marks(this.current)] : []), ...unknown.map((matter) => ({ ...marks(matter), cls: "UNKNOWN", label: "UNKNOWN", quiet: true }))]);
    this.tell();
    this.showSound();
    this.tick();
  }

  /** A person wants to see one whole, whether or not it rings. */
  open(matter) {
    this.opened.add(matter.statement);
    this.folded.delete(matter.statement);
    this.chosen = matter.statement;
    this.show(this.desk.view);
    at("ring").querySelector("input, button.act, button")?.focus();
  }

  isFolded = (matter) => this.folded.has(matter.statement);

  /** What a person chose, else the first that nobody has acknowledged. */
  pick() {
    const byHand = this.all.find((matter) => matter.statement === this.chosen);
    const news = this.all.find((matter) => rings(matter) && unanswered(matter));
    // A new one about lives comes before what a person looks at, unless that is about lives as well.
    if (byHand && !(news?.cls === "LIFE" && (byHand.cls !== "LIFE" || !rings(byHand)))) return byHand;
    this.chosen = (news ?? this.all.find(rings) ?? this.all[0])?.statement ?? "";
    return this.all.find((matter) => matter.statement === this.chosen);
  }

  sign(matter) {
    const lang = ownLanguage(this.desk);
    const line = this.desk.view.lines.find((one) => one.peer === matter.peer);
    return JSON.stringify([matter, lang, this.texts(matter, lang), this.isFolded(matter), this.desk.mayAct, line?.radio, rings(matter)]);
  }

  texts(matter, lang) {
    const came = () => this.show(this.desk.view);
    return [phraseOf(matter.statement, lang, came), lang === "en" ? [] : phraseOf(matter.statement, "en", came)];
  }

  tabs() {
    const box = at("ring-tabs");
    box.hidden = this.all.length < 2;
    keep(box, this.all, {
      key: (matter) => matter.statement, sign: (matter) => JSON.stringify([matter.state, matter === this.current]),
      build: (matter) => el("button", {
        type: "button", class: `ring-tab ${matter.cls.toLowerCase()}`, "aria-pressed": String(matter === this.current), "data-k": `tab-${matter.statement}`,
        on: { click: () => { this.chosen = matter.statement; this.folded.delete(matter.statement); this.show(this.desk.view); } },
      }, `${typeWords(matter)} · ${matter.peer} · ${matter.state} · `, el("code", {}, matter.short_id), " · ", el("span", { "data-since": matter.taken_at })),
    });
  }

  /** Says once, to those who hear the page, what began to ring and what somebody did about it. */
  tell() {
    const one = this.current;
    const text = one && rings(one) ? `${one.cls}. ${typeWords(one)} from ${one.peer}. ${one.state}.` : "";
    if (text === this.told) return;
    this.told = text;
    at("ring-told").textContent = text;
  }

  showSound() {
    const off = !this.sound.on;
    at("rings-sound").hidden = !off;
    at("rings-sound").textContent = this.sound.context ? "Sound is off: click once" : "This machine cannot sound";
  }

  /** The clocks, and whether it sounds. */
  tick() {
    if (!this.desk.view) return;
    const now = this.desk.now();
    for (const node of document.querySelectorAll("[data-since], [data-due]")) {
      const { since, due } = node.dataset;
      const text = since ? amountText(now - Number(since)) : dueText(Number(due), now);
      if (node.textContent !== text) node.textContent = text;
      if (due) node.classList.toggle("late", Number(due) < now);
    }
    const asked = (this.all ?? []).filter((matter) => rings(matter) && sounds(matter, now));
    const rested = performance.now() < Math.max(this.hushedUntil, this.touchedAt + QUIET_MS) || this.actedLately(asked, now);
    const life = asked.some((matter) => matter.cls === "LIFE" && !matter.exercise);
    this.sound.want(!asked.length || rested ? "" : life ? "LIFE" : "SAFETY");
  }

  /** A colleague's act on each of what sounds rests it here as well. */
  actedLately(asked, now) {
    return asked.length > 0 && asked.every((matter) => (matter.history ?? []).some((step) => step.by === this.desk.view.own.name && now - step.learned_at < QUIET_MS));
  }

  // --- the card ------------------------------------------------------------------------------------------------------

  card(matter) {
    const over = !rings(matter);
    const folded = this.isFolded(matter);
    const lang = ownLanguage(this.desk);
    const [own, english] = this.texts(matter, lang);
    return el("article", { class: `ring-card ${matter.cls.toLowerCase()}${matter.exercise ? " exercise" : ""}${over ? " done" : ""}${folded ? " folded" : ""}`, "aria-label": `${typeWords(matter)} from ${matter.peer}` },
      this.head(matter, over, folded, lang),
      folded ? null : el("div", { class: "ring-body" },
        el("div", { class: "ring-words" }, matter.exercise ? el("p", { class: "exercise-word" }, "EXERCISE EXERCISE EXERCISE") : null,
          (own ?? []).map((one) => sentenceNode(one, { large: true })), (english ?? []).map((one) => sentenceNode(one)),
          own && !own.length ? el("p", { class: "sentence large" }, typeWords(matter)) : null, this.facts(matter),
          radioCard(this.desk.view.lines.find((line) => line.peer === matter.peer))),
        el("div", { class: "ring-acts" }, mismatch(matter), this.steps(matter), answerBox(matter.statement), this.past(matter))));
  }

  head(matter, over, folded, lang) {
    const select = el("select", { "aria-label": "Language of the phrase", "data-k": "ring-lang", on: { change: () => { chooseLanguage(select.value); this.show(this.desk.view); } } },
      Object.entries(LANGUAGES).map(([code, name]) => el("option", { value: code }, name)));
    select.value = lang;
    const button = (text, act, key) => el("button", { type: "button", "data-k": `ring-${key}`, on: { click: act } }, text);
    return el("header", { class: "ring-head" },
      el("b", { class: "ring-class" }, matter.cls), el("h2", {}, typeWords(matter)), el("span", {}, matter.ours ? "to " : "from ", el("b", {}, matter.peer)),
      el("code", { title: matter.statement }, matter.short_id), matter.code ? el("code", {}, matter.code) : null,
      matter.early ? el("span", { class: "small" }, "heard before its turn") : null,
      matter.heard ? el("span", { class: "small" }, "HEARD BY VOICE: what we do is recorded here and sent to nobody") : null,
      el("span", { class: "ring-age" }, "received ", el("b", { "data-since": matter.taken_at, class: "ring-clock" }), " ago"),
      el("span", { class: "ring-tools" }, select,
        over ? null : button("Quiet 1 min", () => { this.hushedUntil = performance.now() + HUSH_MS; this.tick(); }, "hush"),
        over ? button("Put away", () => { this.seen.set(matter.statement, true); this.opened.delete(matter.statement); this.show(this.desk.view); }, "away")
          : button(folded ? "Open" : "Fold", () => { this.fold(matter); }, "fold")));
  }

  fold(matter) {
    if (!this.folded.delete(matter.statement)) this.folded.add(matter.statement);
    this.show(this.desk.view);
  }

  facts(matter) {
    const said = matter.free_text;
    return el("dl", { class: "ring-facts" },
      facts(matter.slots).map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))),
      said ? el("div", {}, el("dt", {}, `their own words (${LANGUAGES[said.lang] ?? said.lang})`), el("dd", {}, el("bdi", { lang: said.lang, dir: "auto" }, said.text))) : null,
      el("div", {}, el("dt", {}, "said"), el("dd", {}, `${clockText(matter.created_utc)}, here ${clockText(matter.taken_at)}`)));
  }

  /** The four acts, in order: each with its clock, then with who did it and when. */
  steps(matter) {
    const can = new Set(this.desk.mayAct ? matter.can ?? [] : []);
    const steps = [];
    if (matter.read_back) steps.push(step("Read back", matter.read_back === "MATCH" ? "as it was said" : null, {
      act: can.has("read_back") ? readBackForm(matter, this.desk, this.touched) : null, now: can.has("read_back"),
    }));
    if (matter.due.ACK || matter.acked_at) steps.push(step("Acknowledge", matter.acked_at ? `by ${matter.acked_by ?? "desk"}, ${clockText(matter.acked_at)}` : null, {
      due: matter.due.ACK, now: can.has("acknowledge"),
      act: can.has("acknowledge") ? this.go(matter, "acknowledge", "RECEIVED AND UNDERSTOOD", () => ({})) : null,
      note: matter.acked_at ? null : "This is not agreement.",
    }));
    if (matter.due.PAS || matter.passed) steps.push(step("Passed to the controlling unit", matter.passed ? [clockText(matter.passed.at), matter.passed.action].filter(Boolean).join(", ") : null, {
      due: matter.due.PAS, now: can.has("pass_on"), act: can.has("pass_on") ? this.passForm(matter) : null,
    }));
    if (matter.due.DON || ["DONE", "REFUSED"].includes(matter.state)) steps.push(step("Done", ["DONE", "REFUSED"].includes(matter.state) ? `${matter.state === "DONE" ? "DONE" : "NOT DONE"}: ${matter.outcome}` : null, {
      due: matter.due.DON, now: can.has("done"), act: can.has("done") ? this.doneForm(matter) : null,
    }));
    if (can.has("identity") || can.has("answer") || matter.state === "ANSWERED") steps.push(step("Answer", matter.state === "ANSWERED" ? matter.outcome : null, {
      due: matter.due.ANSWER, now: can.has("identity") || can.has("answer"),
      act: can.has("identity") ? this.identityForm(matter) : can.has("answer") ? this.answerForm(matter) : null,
    }));
    return el("ol", { class: "steps" }, steps);
  }

  past(matter) {
    const rung = (matter.rung ?? []).map((one) => `${one.post} ${clockText(one.at)}`).join(" · ");
    return el("div", { class: "ring-past" }, rung ? el("p", {}, `Rung: ${rung}`) : null,
      el("ul", {}, (matter.history ?? []).map((one) => el("li", {}, stepText(one)))));
  }

  /** A button that acts at once. */
  go(matter, name, text, body, strong = true) {
    const button = el("button", { type: "button", class: strong ? "act" : "", "data-k": `${matter.statement}-${name}-${text}`, on: { click: async () => {
      this.touched();
      const said = body();
      if (said) await perform(answerBox(matter.statement), ["statements", matter.statement, name], said, button);
      this.desk.want();
    } } }, text);
    return button;
  }

  /** Fields that outlive the card around them. */
  held(matter, name, make) {
    const key = `${matter.statement} ${name}`;
    if (!this.forms.has(key)) this.forms.set(key, make());
    return this.forms.get(key);
  }

  passForm(matter) {
    const form = this.held(matter, "pass", () => ({
      time: el("input", { class: "short", placeholder: "now", "aria-label": "When the controlling unit was told (UTC)", "data-k": `${matter.statement}-pas-at`, on: { input: this.touched } }),
      action: chooser([["", "not known"], ...ACTIONS.map((code) => [code])], "What the controlling unit does", `${matter.statement}-pas-action`),
    }));
    return [el("div", { class: "step-fields" }, form.time, form.action), this.go(matter, "pass_on", "PASSED", () => {
      const when = this.time(matter, form.time.value);
      return when === undefined ? null : { ...(when === null ? {} : { at: when }), ...(form.action.value ? { action: form.action.value } : {}) };
    })];
  }

  doneForm(matter) {
    const form = this.held(matter, "done", () => ({
      action: chooser(ACTIONS.map((code) => [code]), "What was done", `${matter.statement}-don-action`, "STOPPING"),
      reason: chooser(REFUSALS.map((code) => [code]), "Why it is not done", `${matter.statement}-rfs-reason`, "NOT STATED"),
    }));
    return [el("div", { class: "step-fields" }, form.action, this.go(matter, "done", "DONE", () => ({ action: form.action.value }))),
      el("div", { class: "step-fields" }, form.reason, this.go(matter, "refuse", "NOT DONE", () => ({ reason: form.reason.value }), false))];
  }

  identityForm(matter) {
    const until = this.held(matter, "until", () => el("input", { class: "short", placeholder: "answer by, 07:40Z", "aria-label": "When we will answer (UTC)", "data-k": `${matter.statement}-ida-until`, on: { input: this.touched } }));
    const answer = (said) => this.go(matter, "identity", said, () => ({ answer: said }), false);
    return [el("div", { class: "step-fields" }, answer("OURS"), answer("NOT OURS")),
      el("div", { class: "step-fields" }, until, this.go(matter, "identity", "CHECKING", () => {
        const by = this.time(matter, until.value);
        return by === undefined ? null : { answer: "CHECKING", until: by ?? Math.round(this.desk.now()) + 300_000 };
      }, false)), el("p", { class: "small" }, "Not ours leaves it UNKNOWN, and clears nothing.")];
  }

  answerForm(matter) {
    const form = this.held(matter, "answer", () => ({
      reason: chooser(REJECTIONS.map((code) => [code]), "Why it is not accepted", `${matter.statement}-rej`),
      until: el("input", { class: "short", placeholder: "answer by, 07:40Z", "aria-label": "When we will answer (UTC)", "data-k": `${matter.statement}-sby`, on: { input: this.touched } }),
    }));
    return [this.go(matter, "answer", "ACCEPT", () => ({ answer: "ACC" })),
      el("div", { class: "step-fields" }, form.reason, this.go(matter, "answer", "NOT ACCEPTED", () => ({ answer: "REJ", reason: form.reason.value }), false)),
      el("div", { class: "step-fields" }, form.until, this.go(matter, "answer", "STAND BY", () => {
        const until = this.time(matter, form.until.value);
        return until === undefined ? null : { answer: "SBY", until: until ?? Math.round(this.desk.now()) + 300_000 };
      }, false))];
  }

  /** A time as it was typed; null for an empty field, undefined for what cannot be read, which is said. */
  time(matter, text) {
    if (!text.trim()) return null;
    try {
      return readTime(text, "time", this.desk.now());
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      fill(answerBox(matter.statement), el("p", { class: "refusal", role: "alert" }, error.message));
      return undefined;
    }
  }
}

function step(name, done, { due, act, now = false, note = null }) {
  return el("li", { class: `step${done ? " is-done" : ""}${now && !done ? " is-now" : ""}` },
    el("div", { class: "step-name" }, el("b", {}, name), done ? el("span", { class: "step-done" }, done) : due ? el("span", { class: "step-due", "data-due": due }) : null),
    note ? el("p", { class: "step-note" }, note) : null, done && !act ? null : act);
}

function chooser(options, label, key, value = "") {
  const node = el("select", { "aria-label": label, "data-k": key }, options.map(([code, text]) => el("option", { value: code }, text ?? code)));
  node.value = value || options[0][0];
  return node;
}

const isDistress = (matter) => matter.type === "DIS" || Boolean(matter.slots.distress);

/** Of one class: what nobody has acknowledged, then a distress, then the newest. */
const gravestFirst = (one, two) => Boolean(unanswered(two)) - Boolean(unanswered(one)) || isDistress(two) - isDistress(one) || two.taken_at - one.taken_at;

const unanswered = (matter) => Boolean(matter.due.ACK ?? matter.due.ANSWER);

/** It sounds until somebody has acknowledged or answered, and again when something that was asked is late. */
const sounds = (matter, now) => unanswered(matter) || Object.values(matter.due).some((due) => due < now);

/** What is drawn of a matter: its areas, the point that was said, and the one that was read back where it differs. */
function marks(matter) {
  const wrong = matter.read_back === "MISMATCH" && (matter.differs ?? []).includes("POSITION");
  return {
    key: matter.statement, label: `${typeWords(matter)} ${matter.short_id}`, cls: matter.cls, areas: areasOf(matter.slots),
    said: matter.to_read_back?.position, back: wrong ? matter.read_back_values?.position : undefined,
  };
}
