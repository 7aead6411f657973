// The form that files a notice or changes one. What cannot be read is said field by field before anything is sent.

import { showFailure } from "./acting.js";
import { act } from "./api.js";
import { AreaFields, select } from "./areas.js";
import { at, el, fill, reasonList } from "./el.js";
import { Unusable, levelText, readLevel, readTime, stampText, windowText, bandText, dayText, echoText, spanText, timeText } from "./units.js";
import { Foresight } from "./whatif.js";

const KINDS = ["TRANSIT", "AREA WORK", "AERODROME", "REFUEL TRACK", "UAS AREA", "HAZARD", "HUM", "MEDEVAC", "SAR", "CIVIL", "TEST"];
const NO_DUE_REGARD = ["NOT STATED", "WX", "EM", "MED", "SAR", "HUM", "HUM-ESCORT", "NAV", "LOST LINK", "TRAFFIC", "CAPACITY"];
const HALF_HOUR = 1_800_000;
const HOUR = 3_600_000;
const FAR_MS = 30 * 24 * HOUR; // A start farther off than this is more often a slip of the year than a plan.
const VOLUMES_MOST = 64;

/** Opens the form: empty, or with a notice to change, or of a kind that was chosen already. `desk` gives the overview, the map and what to say. */
export function openFiling(desk, notice, kind) {
  const form = new Filing(desk, notice);
  if (kind) form.kind.value = kind;
  const place = at("filing");
  fill(place, el("h2", { id: "filing-title" }, notice ? `Change ${notice.id} v${notice.version}` : "File a notice",
    el("button", { class: "quiet close", type: "button", "aria-label": "Close the form", on: { click: () => form.close() } }, "×")), form.node);
  place.hidden = false;
  place.scrollIntoView({ block: "start" });
  form.volumes[0].points.focus();
  form.echo();
  desk.form = form;
}

class Filing {
  constructor(desk, notice) {
    this.desk = desk;
    this.notice = notice;
    this.box = el("div", { class: "answer", id: "filing-answer" });
    this.kind = select(KINDS.map((kind) => [kind, kind.toLowerCase()]), notice?.kind ?? "AREA WORK");
    this.stated = el("input", { type: "checkbox", checked: notice?.due_regard.stated ?? true, on: { change: () => { this.reasonLabel.hidden = this.stated.checked; } } });
    this.reason = select(NO_DUE_REGARD.map((code) => [code]), notice?.due_regard.reason ?? "NOT STATED");
    this.reasonLabel = el("label", { hidden: this.stated.checked }, el("span", {}, "why not"), this.reason);
    const told = new Set(notice?.audience?.map((one) => one.peer));
    this.audience = desk.view.lines.map((line) => el("input", { type: "checkbox", value: line.peer, checked: notice ? told.has(line.peer) : true, disabled: told.has(line.peer) }));
    this.audience.push(...(desk.view.voice_peers ?? []).map((one) => el("input", { type: "checkbox", value: one.peer, checked: told.has(one.peer), disabled: told.has(one.peer) })));
    this.list = el("div", { class: "volume-list" });
    this.volumes = [];
    if (notice) notice.volumes.forEach((volume) => this.add(volume));
    else this.add(this.proposed());
    this.foresight = new Foresight({ ask: () => this.question(), take: (volumes) => this.take(volumes) });
    this.send = el("button", { class: "act", type: "submit" }, notice ? "Send the change" : "File it");
    this.node = this.build();
  }

  /** A first volume to start from: an hour, beginning at least an hour from now. */
  proposed() {
    const start = Math.ceil((this.desk.now() + HOUR) / HALF_HOUR) * HALF_HOUR;
    return { shape: null, lower: { ref: "FL", ft: 10_000 }, upper: { ref: "FL", ft: 15_000 }, start, end: start + HOUR };
  }

  build() {
    return el("form", { class: "editor", novalidate: true, on: { submit: (event) => { event.preventDefault(); this.submit({}); }, input: () => this.preview() } },
      el("div", { class: "pair-fields" }, el("label", {}, el("span", {}, "kind"), this.kind),
        el("fieldset", { class: "checks" }, el("legend", {}, "tell"), this.audience.length
          ? this.audience.map((box) => el("label", { class: "check" }, box, box.value)) : el("span", { class: "dim" }, "no peer"))),
      this.list,
      el("button", { type: "button", class: "quiet", on: { click: () => this.more() } }, "+ another volume"),
      el("div", { class: "pair-fields" }, el("label", { class: "check" }, this.stated, "due regard is stated"), this.reasonLabel),
      this.foresight.node, this.box, el("div", { class: "acts" }, this.send, el("button", { type: "button", class: "quiet", on: { click: () => this.close() } }, "Close")));
  }

  more() {
    if (this.volumes.length >= VOLUMES_MOST) return;
    let last = this.proposed();
    try {
      last = { ...this.volumes.at(-1).read([]), shape: null };
    } catch {
      // The one before cannot be read yet; the new one starts from the usual proposal.
    }
    this.add(last);
    this.volumes.at(-1).points.focus();
  }

  add(volume) {
    const one = new VolumeFields(volume, this);
    this.volumes.push(one);
    this.list.append(one.node);
    this.number();
  }

  remove(one) {
    this.volumes = this.volumes.filter((other) => other !== one);
    one.node.remove();
    this.number();
    this.preview();
  }

  number() {
    this.volumes.forEach((one, place) => one.rename(this.volumes.length > 1 ? `volume ${place + 1}` : "", this.volumes.length > 1));
  }

  /** Says in full which times were written, and how far off they are. */
  echo() {
    this.volumes.forEach((one) => one.echo(this.desk.now()));
    this.foresight.moved(this.desk.view.position);
  }

  /** Draws on the map what can be read so far. */
  preview() {
    this.foresight.touched();
    this.echo();
    this.desk.chart.draft(this.volumes.flatMap((one) => {
      try {
        return [one.readShape()];
      } catch {
        return [];
      }
    }));
  }

  collect(one, on) {
    this.volumes.forEach((other) => other.pressed(other === one && on));
    this.desk.chart.collect(on ? (position) => { one.append(position); this.preview(); } : null);
  }

  close() {
    this.foresight.close();
    this.desk.form = null;
    this.desk.chart.collect(null);
    this.desk.chart.draft([]);
    fill(at("filing"));
    at("filing").hidden = true;
    at("file-notice").focus();
  }

  /** Other volumes in the place of those in the form. */
  take(volumes) {
    this.volumes = [];
    fill(this.list);
    volumes.forEach((volume) => this.add(volume));
    this.preview();
  }

  /** What the form says, as it is sent; what cannot be read is added to `wrong`. */
  said(wrong) {
    return {
      kind: this.kind.value, volumes: this.volumes.map((one) => one.read(wrong)),
      audience: this.audience.filter((box) => box.checked).map((box) => box.value),
      due_regard: this.stated.checked ? { stated: true } : { stated: false, reason: this.reason.value },
    };
  }

  /** What is asked while a person still writes; null while it cannot be read. */
  question() {
    const wrong = [];
    const said = this.said(wrong);
    if (wrong.length) return null;
    return this.notice ? { changes: [{ ...said, id: this.notice.id, expected_version: this.notice.version }] } : { notices: [said] };
  }

  /** Sends it. `key`: versions named with it. `far`: a person has confirmed that it starts that far ahead. */
  async submit({ key = [], far = false }) {
    fill(this.box);
    const wrong = [];
    const body = { ...this.said(wrong), key };
    if (wrong.length) return void fill(this.box, reasonList(wrong, "This cannot be sent as it is."));
    const { audience } = body;
    const latest = Math.max(...body.volumes.map((volume) => volume.start));
    if (!far && latest - this.desk.now() > FAR_MS) return void this.askFar(latest, key);
    this.send.disabled = true;
    try {
      const parts = this.notice ? ["notices", this.notice.id, "change"] : ["notices"];
      const outcome = await act(parts, this.notice ? { ...body, expected_version: this.notice.version } : body);
      const id = outcome.refs?.id ?? this.notice?.id ?? "";
      const down = this.desk.view.lines.filter((line) => audience.includes(line.peer) && !line.link_up).map((line) => line.peer);
      const waits = down.length ? `; ${down.join(" and ")} ${down.length > 1 ? "have" : "has"} NOT received it yet (link down)` : "";
      this.desk.say(`${id} is ${this.notice ? "changed" : "filed"}${waits}.${outcome.conflicts?.length ? ` It conflicts with ${outcome.conflicts.length} other.` : ""}`);
      this.close();
    } catch (error) {
      const missing = error.reasons?.find((reason) => reason.code === "KEY_INCOMPLETE");
      if (missing) this.askKey(missing.ids ?? [], key, far);
      else showFailure(this.box, error);
    } finally {
      this.send.disabled = false;
    }
    return undefined;
  }

  /** A start far ahead is asked about before anything is sent. */
  askFar(start, key) {
    const when = `${dayText(start)} ${timeText(start)}`;
    const go = el("button", { type: "button", class: "act", on: { click: () => this.submit({ key, far: true }) } }, `Yes, it starts ${when}`);
    fill(this.box, el("div", { class: "told far-asked", role: "alert" },
      el("p", { class: "refusal-lead" }, `Not sent yet: this starts in ${spanText(start - this.desk.now())}, on ${when}.`), el("div", { class: "acts" }, go)));
    go.focus();
  }

  /** The node knows notices that this one conflicts with. Filing it all the same needs them named: nobody can say later that it was not seen. */
  askKey(ids, before, far) {
    const known = ids.map((ref) => {
      const notice = this.desk.view.notices.find((one) => !one.own && [`${one.party} ${one.id} v${one.version}`, `${one.id} v${one.version}`].includes(ref));
      return el("li", {}, el("b", { class: "other" }, ref), notice ? `: ${notice.kind.toLowerCase()}, ${[...new Set(notice.volumes.map(bandText))].join(", ")}, ${windowText(notice.start, notice.end)}` : "");
    });
    const go = el("button", { type: "button", class: "act", on: { click: () => this.submit({ key: [...before, ...ids], far }) } }, `File it all the same, naming ${ids.join(", ")}`);
    fill(this.box, el("div", { class: "told key-asked", role: "alert" },
      el("p", { class: "refusal-lead" }, el("code", {}, "KEY_INCOMPLETE"), " Not filed: it conflicts with what you were told."),
      el("ul", {}, known), el("p", { class: "dim" }, "Move it, or file it naming what it conflicts with. Both desks then get the same conflict to settle."), el("div", { class: "acts" }, go)));
    go.focus();
  }
}

class VolumeFields {
  constructor(volume, filing) {
    this.filing = filing;
    this.name = "";
    this.onMap = el("button", { type: "button", "aria-pressed": "false", on: { click: () => this.filing.collect(this, this.onMap.getAttribute("aria-pressed") !== "true") } }, "Click on the map");
    this.area = new AreaFields(volume.shape, this.onMap);
    this.points = this.area.points;
    this.lower = input(levelText(volume.lower));
    this.upper = input(levelText(volume.upper));
    this.start = input(stampText(volume.start));
    this.end = input(stampText(volume.end));
    this.near = volume.start;
    this.echoed = el("p", { class: "echo" });
    this.build();
  }

  build() {
    const labelled = (text, node) => el("label", {}, el("span", {}, text), node);
    this.legend = el("legend", {});
    this.drop = el("button", { type: "button", class: "quiet close", "aria-label": "Take this volume away", on: { click: () => this.filing.remove(this) } }, "×");
    this.node = el("fieldset", { class: "volume" }, this.legend, this.drop,
      ...this.area.nodes,
      el("div", { class: "pair-fields four" }, labelled("from", this.lower), labelled("to", this.upper), labelled("start (UTC)", this.start), labelled("end (UTC)", this.end)), this.echoed);
  }

  echo(now) {
    let text = "";
    try {
      const start = readTime(this.start.value, "start", this.near);
      text = echoText(start, readTime(this.end.value, "end", start), now);
    } catch {
      // What cannot be read is said when it is to be sent.
    }
    if (this.echoed.textContent !== text) this.echoed.textContent = text;
  }

  rename(name, removable) {
    this.name = name;
    this.legend.textContent = name;
    this.drop.hidden = !removable;
  }

  pressed(on) {
    this.onMap.setAttribute("aria-pressed", String(on));
    this.onMap.textContent = on ? "Done clicking" : "Click on the map";
  }

  append(position) {
    this.area.append(position);
  }

  readShape() {
    return this.area.read(this.name ? `${this.name}, area` : "area");
  }

  /** The volume as the node takes it; what cannot be read is added to `wrong`. */
  read(wrong) {
    const attempt = (reader) => {
      try {
        return reader();
      } catch (error) {
        if (!(error instanceof Unusable)) throw error;
        wrong.push({ code: "UNREADABLE", text: error.message });
        return null;
      }
    };
    const name = (field) => (this.name ? `${this.name}, ${field}` : field);
    const shape = attempt(() => this.readShape());
    const lower = attempt(() => readLevel(this.lower.value, name("from level")));
    const upper = attempt(() => readLevel(this.upper.value, name("to level")));
    const start = attempt(() => readTime(this.start.value, name("start"), this.near));
    // An end without a day is on the day of the start.
    const end = attempt(() => readTime(this.end.value, name("end"), start ?? this.near));
    return { shape, lower, upper, start, end };
  }
}

const input = (value) => el("input", { value, spellcheck: "false", autocomplete: "off" });
