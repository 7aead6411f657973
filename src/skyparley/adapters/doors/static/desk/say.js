// Saying something of its own: stop, distress, relay, whose aircraft, laser, interference. Nothing leaves before a person has
// looked at exactly what the other side will read, and by which ways it goes.

import { showFailure } from "./acting.js";
import { act, releasePreview } from "./api.js";
import { AreaFields, select } from "./areas.js";
import { at, el, fill, reasonList } from "./el.js";
import { LANGUAGES, ownLanguage, sentenceNode } from "./phrases.js";
import { TYPE_WORDS, facts } from "./statements.js";
import { Unusable, clockText, readLevel, readNm, readPositions, readTime } from "./units.js";

const TYPES = ["STP", "DIS", "RLY", "IDQ", "LAS", "GNI", "SAR"];
const AIRCRAFT = ["FIXED WING", "ROTARY WING", "UAS", "GLIDER", "BALLOON", "OTHER"];
const SOURCES = ["CIVIL ATS", "SHIP", "UN", "RESCUE CENTRE", "NEIGHBOUR", "OTHER"];
const PLACES = [["EXACT", "the exact point"], ["ROUNDED", "a point rounded to a minute"], ["AREA", "an area"]];
const COVERS = {
  CLEAR: "IN THE CLEAR: whoever carries it can read it", TLS: "covered by TLS up to their door", SEALED: "SEALED: only they can open it",
};
const MINUTE_E7 = 1e7 / 60;
const FREE_TEXT_MOST = 200;

/** Opens the form. `sar`: opens the form of a notice, for a box for search and rescue. */
export function openSaying(desk, { sar }) {
  const form = new Saying(desk, sar);
  const place = at("say");
  fill(place, el("h2", { id: "say-title" }, "Say", el("button", { class: "quiet close", type: "button", "aria-label": "Close the form", on: { click: () => form.close() } }, "×")), form.node);
  place.hidden = false;
  place.scrollIntoView({ block: "start" });
  form.type.focus();
}

class Saying {
  constructor(desk, sar) {
    this.desk = desk;
    this.sar = sar;
    this.box = el("div", { class: "answer", id: "say-answer" });
    this.type = select(TYPES.map((type) => [type, TYPE_WORDS[type].toLowerCase()]), "STP", () => this.typed());
    const voice = (desk.view.voice_peers ?? []).map((one) => one.peer);
    const all = [...desk.view.lines.map((line) => line.peer), ...voice];
    this.peers = all.map((peer) => el("input", { type: "checkbox", value: peer, checked: all.length === 1 }));
    this.voice = new Set(voice);
    this.relayed = select([["stop", "a stop request"], ["distress", "a distress"]], "distress", () => this.typed());
    this.place = select(PLACES, "EXACT", () => this.typed());
    this.onMap = el("button", { type: "button", "aria-pressed": "false", on: { click: () => this.collect(this.onMap.getAttribute("aria-pressed") !== "true") } }, "Click on the map");
    this.area = new AreaFields(null, null);
    this.make();
    this.node = this.build();
    this.typed();
  }

  make() {
    const input = (name, placeholder = "") => el("input", { name, placeholder, spellcheck: "false", autocomplete: "off" });
    this.fields = {
      source: labelled("told to us by", select(SOURCES.map((one) => [one, one.toLowerCase()]), "CIVIL ATS")),
      heard: labelled("heard at (UTC)", input("heard", "now")), relayed: labelled("what was told", this.relayed),
      aircraft: labelled("aircraft", select(AIRCRAFT.map((one) => [one, one.toLowerCase()]), "FIXED WING")),
      place: labelled("we give", this.place), position: labelled("position", input("position", "12.34, 65.43")),
      level: labelled("level", input("level", "FL240, 4500 ft AMSL")), error: labelled("may be off by (NM)", input("error", "1")),
      at: labelled("at (UTC)", input("at", "now")), pob: labelled("persons on board", input("pob", "not known")), id: labelled("name on the line", input("id", "none")),
      reopens: labelled("again", select([["", "no, a new one"], ...this.before()], "")),
    };
    this.lang = select(Object.entries(LANGUAGES), ownLanguage(this.desk));
    this.words = el("input", { name: "words", maxlength: FREE_TEXT_MOST, placeholder: "own words, only where the code does not say it" });
    this.exercise = el("input", { type: "checkbox", name: "exercise" });
    this.look = el("button", { class: "act", type: "submit" }, "Look before sending…");
    this.person = el("p", { class: "warn-note" }, "A distress is sent by a person only: log on with your own account.");
  }

  /** Stop requests of ours that were done: what begins again keeps their history. */
  before() {
    return (this.desk.view.matters ?? []).filter((matter) => matter.ours && matter.type === "STP" && matter.state === "DONE")
      .map((matter) => [matter.statement, `as ${matter.short_id}, ${clockText(matter.created_utc)}, to ${matter.peer}`]);
  }

  build() {
    const row = (...names) => el("div", { class: "pair-fields" }, names.map((name) => this.fields[name]));
    this.areaBox = el("div", { class: "editor" }, this.area.nodes);
    return el("form", { class: "editor", novalidate: true, on: { submit: (event) => { event.preventDefault(); this.preview(); }, input: () => this.touched() } },
      el("div", { class: "pair-fields" }, labelled("what", this.type), el("fieldset", { class: "checks" }, el("legend", {}, "to"), this.peers.map((box) => el("label", { class: "check" }, box, this.voice.has(box.value) ? `${box.value} (by voice)` : box.value)))),
      this.person, row("source", "heard", "relayed"), row("aircraft", "pob", "id"), row("place", "at"), row("position", "level", "error"), this.onMap, this.areaBox, row("reopens"),
      el("div", { class: "pair-fields" }, labelled("in", this.lang), labelled("own words (optional)", this.words)),
      el("label", { class: "check" }, this.exercise, "this is an EXERCISE"),
      this.box, el("div", { class: "acts" }, this.look, el("button", { type: "button", class: "quiet", on: { click: () => this.close() } }, "Close")));
  }

  /** Which of stop, distress and interference the fields are about; a relay holds one of the first two. */
  get kind() {
    return this.type.value === "RLY" ? { stop: "STP", distress: "DIS" }[this.relayed.value] : this.type.value;
  }

  typed() {
    if (this.type.value === "SAR") return void this.rescue();
    const { kind } = this;
    const relay = this.type.value === "RLY";
    const byArea = kind === "STP" || (kind !== "IDQ" && this.place.value === "AREA");
    const shown = {
      source: relay, heard: relay, relayed: relay, aircraft: kind === "DIS", pob: kind === "DIS", id: kind === "DIS" && !relay,
      place: kind !== "STP" && kind !== "IDQ", at: true, position: !byArea, level: ["IDQ", "LAS", "GNI"].includes(kind), error: kind === "IDQ",
      reopens: kind === "STP" && !relay && this.before().length > 0,
    };
    Object.entries(this.fields).forEach(([name, node]) => { node.hidden = !shown[name]; });
    this.fields.at.firstChild.textContent = kind === "LAS" || kind === "GNI" ? "since (UTC)" : "at (UTC)";
    this.fields.place.querySelector("[value=ROUNDED]").hidden = kind !== "DIS";
    this.areaBox.hidden = !byArea;
    this.person.hidden = this.type.value !== "DIS" || !this.desk.session.account.startsWith("token:");
    this.touched();
    return undefined;
  }

  /** A box for search and rescue is a notice: it has volumes, and is compared with the others. */
  rescue() {
    this.close();
    this.sar();
  }

  /** What was looked at is no more what would be sent. */
  touched() {
    fill(this.box);
    this.looked = null;
    this.desk.chart.draft([]);
    if (!this.areaBox.hidden) {
      try {
        this.desk.chart.draft([this.area.read("area")]);
      } catch (error) {
        if (!(error instanceof Unusable)) throw error;
      }
    }
  }

  collect(on) {
    this.onMap.setAttribute("aria-pressed", String(on));
    this.onMap.textContent = on ? "Done clicking" : "Click on the map";
    this.desk.chart.collect(on ? (position) => {
      if (this.areaBox.hidden) this.value("position", position.map((part) => (part / 1e7).toFixed(4)).join(", "));
      else this.area.append(position);
      this.touched();
    } : null);
  }

  value(name, text) {
    const node = this.fields[name].lastChild;
    if (text !== undefined) node.value = text;
    return node.value.trim();
  }

  /** The body as the door takes it. Throws Unusable for the first that cannot be read. */
  body() {
    const now = this.desk.now();
    const time = (name, what) => (this.value(name) ? readTime(this.value(name), what, now) : Math.floor(now));
    const inner = this.slots(time);
    const slots = this.type.value === "RLY"
      ? { source: this.value("source"), heard_at: time("heard", "heard at"), [this.relayed.value]: inner } : inner;
    const words = this.words.value.trim();
    const peers = this.peers.filter((box) => box.checked).map((box) => box.value);
    if (!peers.length) throw new Unusable("to: nobody is chosen yet.");
    return { peers, type: this.type.value, slots, ...(words ? { free_text: { lang: this.lang.value, text: words } } : {}), ...(this.exercise.checked ? { exercise: true } : {}) };
  }

  slots(time) {
    const { kind } = this;
    if (kind === "STP") return { area: this.area.read("area"), at: time("at", "at"), ...(this.value("reopens") && this.type.value === "STP" ? { reopens: this.value("reopens") } : {}) };
    const level = this.fields.level.hidden || !this.value("level") ? {} : { level: readLevel(this.value("level"), "level") };
    if (kind === "IDQ") {
      if (!this.value("level")) throw new Unusable("level: an aircraft is asked for at a level. Write FL240 or 4500 ft AMSL.");
      return { position: this.position(), ...level, at: time("at", "at"), error_m: readNm(this.value("error") || "1", "may be off by") };
    }
    const where = this.place.value === "AREA" ? { area: this.area.read("area") } : { position: this.position() };
    if (kind !== "DIS") return { ...where, ...level, since: time("at", "since") };
    const pob = this.value("pob");
    if (pob && !/^\d{1,4}$/.test(pob)) throw new Unusable(`persons on board: “${pob}” is not a number.`);
    return {
      aircraft: this.value("aircraft"), ...where, ...(where.position ? { precision: this.place.value } : {}), at: time("at", "at"),
      ...(pob ? { pob: Number(pob) } : {}), ...(this.value("id") && this.type.value === "DIS" ? { id: this.value("id") } : {}),
    };
  }

  /** A point, rounded where a person chose to give no more than that. */
  position() {
    const [position] = readPositions(this.value("position"), "position");
    return this.place.value === "ROUNDED" && this.kind === "DIS" ? position.map((part) => Math.round(Math.round(part / MINUTE_E7) * MINUTE_E7)) : position;
  }

  async preview() {
    fill(this.box);
    try {
      const body = this.body();
      this.look.disabled = true;
      this.show(body, await releasePreview("/statements", body, this.languages(body.peers)));
    } catch (error) {
      if (error instanceof Unusable) fill(this.box, reasonList([{ code: "UNREADABLE", text: error.message }], "This cannot be sent as it is."));
      else showFailure(this.box, error);
    } finally {
      this.look.disabled = false;
    }
  }

  /** Those of the people on duty there, then our own, then English. */
  languages(peers) {
    const theirs = this.desk.view.lines.filter((line) => peers.includes(line.peer)).flatMap((line) => line.peer_shift?.on ?? []).flatMap((one) => one.languages);
    return [...new Set([...theirs, ownLanguage(this.desk), "en"])].filter((lang) => LANGUAGES[lang]);
  }

  show(body, all) {
    const go = el("button", { type: "button", class: "act", on: { click: () => this.send(body, go) } }, `Send exactly this to ${body.peers.join(" and ")}`);
    fill(this.box, el("div", { class: "told release", role: "group", "aria-label": "What the other side will see" },
      body.exercise ? el("p", {}, el("b", { class: "exercise-word" }, "EXERCISE EXERCISE EXERCISE")) : null,
      body.peers.filter((peer) => this.voice.has(peer)).map((peer) => el("p", {}, el("b", {}, `${peer} has only a telephone.`), " Nothing is sent by machine: it becomes a call that a person makes.")),
      all.map((one) => el("section", {}, el("h3", {}, `${one.peer} will see this, class ${one.cls}, ${one.signed_bytes} bytes with its signature`),
        (one.sentences ?? []).map((said) => sentenceNode(said)),
        el("dl", { class: "times" }, facts(JSON.parse(one.payload).slots).map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text)))),
        el("ul", { class: "ways" }, one.ways.map((way) => el("li", { class: way.cover === "CLEAR" ? "bad" : "" }, el("b", {}, way.bearer), ` to ${way.to}: `, COVERS[way.cover]))),
        one.waits ? el("p", { class: "warn-note" }, "It would wait here until the line allows it.") : null,
        el("details", { class: "more", open: true }, el("summary", {}, "every character of it"), el("pre", { class: "payload" }, one.payload)))),
      // Beside the button, which takes the focus: above the text they would be scrolled out of sight.
      [...new Set(all.flatMap((one) => one.doubts ?? []))].map((doubt) => el("p", { class: "warn-note doubt", role: "alert" }, el("b", {}, "LOOK AGAIN: "), doubt)),
      el("div", { class: "acts" }, go)));
    go.focus();
    go.scrollIntoView?.({ block: "nearest" });
  }

  async send(body, go) {
    go.disabled = true;
    try {
      await act(["statements"], body);
      this.desk.say(`${TYPE_WORDS[body.type]} is said to ${body.peers.join(" and ")}.`);
      this.close();
      this.desk.want();
    } catch (error) {
      showFailure(this.box, error);
    }
  }

  close() {
    this.desk.chart.collect(null);
    this.desk.chart.draft([]);
    fill(at("say"));
    at("say").hidden = true;
    at("say-open").focus();
  }
}

const labelled = (text, node) => el("label", {}, el("span", {}, text), node);
