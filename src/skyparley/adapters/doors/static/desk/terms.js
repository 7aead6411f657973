// Terms in words, and the editor of terms: levels and times of both notices' volumes, typed as people write them.

import { showFailure } from "./acting.js";
import { el, fill, reasonList } from "./el.js";
import { Unusable, bandText, levelText, readLevel, readTime, stampText, timeText, windowText } from "./units.js";

const same = (one, two) => JSON.stringify(one) === JSON.stringify(two);

/** What new volumes change about a notice: one sentence a volume. */
export function changeTexts(id, before, after) {
  const lines = [];
  if (before.length !== after.length) lines.push(`${id}: ${after.length} volumes instead of ${before.length}`);
  after.forEach((volume, place) => {
    const old = before[place];
    if (!old || same(old, volume)) return;
    const parts = [];
    if (!same([old.lower, old.upper], [volume.lower, volume.upper])) parts.push(`${bandText(volume)} instead of ${bandText(old)}`);
    if (old.start !== volume.start || old.end !== volume.end) parts.push(`${windowText(volume.start, volume.end)} instead of ${timeText(old.start).slice(0, -1)}–${timeText(old.end)}`);
    if (!same(old.shape, volume.shape)) parts.push("another area");
    lines.push(`${id}${after.length > 1 ? ` volume ${place + 1}` : ""}: ${parts.join(", ")}`);
  });
  return lines;
}

/** The terms of an offer or agreement in words. `volumesOf(party, id)` gives the volumes they are compared with. */
export function termLines(terms, volumesOf) {
  return terms.flatMap((term) => {
    const name = `${term.id} v${term.version}`;
    const before = volumesOf(term.party, term.id, term.version);
    if (!term.volumes) return [`${name} stays as it is`];
    if (!before) return term.volumes.map((volume, place) =>
      `${term.id}${term.volumes.length > 1 ? ` volume ${place + 1}` : ""}: ${bandText(volume)}, ${windowText(volume.start, volume.end)}`);
    return changeTexts(name, before, term.volumes);
  });
}

/**
 * An editor for new terms. `notices` are both sides' notices; `start` may hold changes to begin with. `send(changes)`
 * gets what differs and gives a promise that fails with the node's answer.
 */
export function termEditor({ key, notices, start, action, send, close }) {
  const box = el("div", { class: "answer" });
  const rows = notices.flatMap((notice) => {
    const wanted = start?.find((change) => change.party === notice.party && change.id === notice.id)?.volumes ?? notice.volumes;
    return wanted.map((volume, place) => volumeRow(key, notice, volume, place));
  });
  const go = el("button", { class: "act", type: "submit", "data-k": `${key}-send` }, action);
  const form = el("form", { class: "editor", novalidate: true, on: { submit: async (event) => {
    event.preventDefault();
    const { changes, wrong } = collected(notices, rows);
    if (wrong.length) return void fill(box, reasonList(wrong, "This cannot be sent as it is."));
    if (!changes.length) return void fill(box, reasonList([{ code: "NOTHING_CHANGED", text: "Change a level or a time first." }]));
    go.disabled = true;
    try {
      await send(changes);
    } catch (error) {
      showFailure(box, error);
    } finally {
      go.disabled = false;
    }
    return undefined;
  } } },
  el("p", { class: "dim" }, "Change levels or times of either notice. Times are UTC; 09:30 means the same day."),
  el("div", { class: "editor-rows" }, rows.map((row) => row.node)), box,
  el("div", { class: "acts" }, go, el("button", { type: "button", class: "quiet", "data-k": `${key}-close`, on: { click: close } }, "Close")));
  return form;
}

function volumeRow(key, notice, volume, place) {
  const field = (name, label, text) => {
    const input = el("input", { value: text, size: name === "start" || name === "end" ? 18 : 12, spellcheck: "false", autocomplete: "off", "data-k": `${key}-${notice.id}-${place}-${name}` });
    return { input, node: el("label", {}, el("span", {}, label), input) };
  };
  const fields = {
    lower: field("lower", "from", levelText(volume.lower)), upper: field("upper", "to", levelText(volume.upper)),
    start: field("start", "start", stampText(volume.start)), end: field("end", "end", stampText(volume.end)),
  };
  const name = `${notice.id}${notice.volumes.length > 1 ? ` volume ${place + 1}` : ""}`;
  return {
    notice, name, volume, fields,
    node: el("fieldset", { class: notice.own ? "own" : "other" }, el("legend", {}, name), Object.values(fields).map((one) => one.node)),
  };
}

function collected(notices, rows) {
  const wrong = [];
  const read = (row, field, reader) => {
    try {
      return reader(row.fields[field].input.value, `${row.name}, ${field}`, row.volume[field]);
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      wrong.push({ code: "UNREADABLE", text: error.message });
      return row.volume[field];
    }
  };
  const changes = [];
  for (const notice of notices) {
    const volumes = rows.filter((row) => row.notice === notice).map((row) => ({
      ...row.volume, lower: read(row, "lower", readLevel), upper: read(row, "upper", readLevel),
      start: read(row, "start", readTime), end: read(row, "end", readTime),
    }));
    if (!same(volumes, notice.volumes)) changes.push({ party: notice.party, id: notice.id, volumes });
  }
  return { changes, wrong };
}
