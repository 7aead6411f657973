// What a person does on the page, and what the node answered: shown beside the thing that was acted on, until dismissed.

import { Unreached, act } from "./api.js";
import { el, fill, reasonList } from "./el.js";

const answers = new Map();

/** The place for answers about one thing. It outlives the element around it, which is rebuilt when the thing changes. */
export function answerBox(key) {
  if (!answers.has(key)) answers.set(key, el("div", { class: "answer" }));
  return answers.get(key);
}

export const clearAnswer = (key) => fill(answerBox(key));

/** Shows why the node did not do it: every reason, or that it is not known whether it was done. */
export function showFailure(box, error, lead) {
  const close = el("button", { class: "quiet close", type: "button", "aria-label": "Dismiss", on: { click: () => fill(box) } }, "×");
  if (error.all) {
    const said = error.status === 409 || error.status === 422 ? "Refused. Nothing was changed." : "The node could not do it.";
    fill(box, el("div", { class: "told" }, reasonList(error.all, lead ?? said), close));
  } else if (error instanceof Unreached) {
    fill(box, el("div", { class: "told" }, reasonList([{ code: "NO_ANSWER", text:
      `${error.message}. It is not known whether this was done: look again when the node answers.` }]), close));
  } else throw error;
  box.scrollIntoView?.({ block: "nearest" });
}

/** Sends a command; says in `box` if it was refused. Gives the outcome, or null. `button` is held down meanwhile. */
export async function perform(box, parts, body, button) {
  fill(box);
  if (button) button.disabled = true;
  try {
    return await act(parts, body);
  } catch (error) {
    showFailure(box, error);
    return null;
  } finally {
    if (button) button.disabled = false;
  }
}

const opened = new Map(); // What stands chosen in each choice that is open, by its key.

/**
 * A button that opens a choice (a reason, a time) and acts only when it is confirmed. An open choice outlives the
 * element around it, which is rebuilt when the thing changes: what a person is about to do is not closed under the hand.
 */
export function choice({ key, text, title, options, confirm, chosen }) {
  const select = el("select", { "aria-label": title, "data-k": `${key}-select` },
    options.map(([value, label]) => el("option", { value }, label ?? value)));
  const go = el("button", { class: "act", type: "button", "data-k": `${key}-go`, on: { click: () => { opened.delete(key); chosen(select.value, go); } } }, confirm);
  const held = opened.get(key);
  if (options.some(([value]) => value === held)) select.value = held;
  select.addEventListener("change", () => opened.set(key, select.value));
  const more = el("span", { class: "choice", hidden: held === undefined }, select, go);
  const open = el("button", { type: "button", "aria-expanded": String(!more.hidden), "data-k": key, on: { click: () => {
    more.hidden = !more.hidden;
    open.setAttribute("aria-expanded", String(!more.hidden));
    if (more.hidden) opened.delete(key);
    else {
      opened.set(key, select.value);
      select.focus();
    }
  } } }, text);
  return el("span", { class: "choices" }, open, more);
}
