// Builds elements. Text only ever goes in as text: what a peer wrote can never become markup.

/** An element. `props`: class, data-*, aria-*, other attributes, `on` with handlers, `value` and `checked` as properties. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else if (name === "value" || name === "checked") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** What is in the page under this id. */
export const at = (id) => document.getElementById(id);

/** Puts children in the place of what was there. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/**
 * Keeps a list of elements equal to a list of items. An item whose signature is the same keeps its element untouched,
 * so that what a person is reading, typing in or has focused is not pulled away by something else that changed.
 */
export function keep(parent, items, { key, sign, build, empty }) {
  // Before anything is built: an element that a new card takes over loses the focus as it moves.
  const focused = document.activeElement?.dataset?.k;
  const inside = parent.contains(document.activeElement);
  const held = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const wanted = items.map((item) => {
    const name = key(item);
    const signature = sign(item);
    const old = held.get(name);
    if (old && old.dataset.sign === signature) return old;
    const fresh = build(item);
    fresh.dataset.key = name;
    fresh.dataset.sign = signature;
    if (old) carryFocus(old, fresh);
    return fresh;
  });
  if (!wanted.length && empty) {
    const note = held.get("empty") ?? el("p", { class: "empty", "data-key": "empty" });
    if (note.textContent !== empty) note.textContent = empty;
    wanted.push(note);
  }
  if (wanted.length !== parent.children.length || wanted.some((node, place) => parent.children[place] !== node)) {
    parent.replaceChildren(...wanted);
    if (inside && focused) parent.querySelector(`[data-k="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
}

/** The element that replaces another gets the focus that was in it, by data-k. */
function carryFocus(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.k : undefined;
  if (focused) queueMicrotask(() => fresh.querySelector(`[data-k="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true }));
}

/** A sentence whose names and ranges (B-0001, FL150–FL180) are not broken at the end of a line. */
export function words(text) {
  return text.split(/(\S*[-–]\S*)/).filter(Boolean).map((part) => (/\S[-–]\S/.test(part) ? el("span", { class: "whole" }, part) : part));
}

/** A list of reasons, as the node gave them: code, sentence, field, ids. */
export function reasonList(reasons, lead) {
  return el("div", { class: "refusal", role: "alert" },
    lead && el("p", { class: "refusal-lead" }, lead),
    el("ul", {}, reasons.map((reason) => el("li", {},
      el("code", {}, reason.code), " ", reason.text,
      reason.field && el("span", { class: "dim" }, ` (${reason.field})`)))));
}
