// The log-on page, and the change of a password that came from somebody else.

import { showFailure } from "./acting.js";
import { changePassword, logOn, logOnByToken } from "./api.js";
import { at, el, fill } from "./el.js";

const PASSWORD_CHARS_LEAST = 12;

/** Takes #token=... from the address and from the history, so that neither a glance nor a bookmark has it. */
export function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (location.hash.includes("token=")) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

/** Shows the form until somebody is logged on; gives the session. */
export function askLogOn(note) {
  return new Promise((done) => {
    const box = el("div", { class: "answer" });
    const account = field("account", "Name", { autocomplete: "username", autocapitalize: "none", spellcheck: "false" });
    const password = field("password", "Password", { type: "password", autocomplete: "current-password" });
    show("Log on to this desk", note, [account.node, password.node], "Log on", box, async () => {
      const session = await logOn(account.input.value.trim(), password.input.value);
      done(session.must_change ? await askChange(password.input.value) : session);
    });
    // In a frame of somebody's page, the page decides where the keyboard is.
    if (window.top === window) account.input.focus();
  });
}

/** Asks for a new password before anything else may be done. */
export function askChange(old) {
  return new Promise((done) => {
    const box = el("div", { class: "answer" });
    const before = field("old", "The password you were given", { type: "password", autocomplete: "current-password", value: old ?? "" });
    const fresh = field("new", `A new one, at least ${PASSWORD_CHARS_LEAST} characters`, { type: "password", autocomplete: "new-password" });
    const again = field("again", "The new one again", { type: "password", autocomplete: "new-password" });
    show("Choose your own password", "The one you were given is good only for this.", [before.node, fresh.node, again.node], "Change it", box, async () => {
      if (fresh.input.value.length < PASSWORD_CHARS_LEAST) return void plain(box, `It needs at least ${PASSWORD_CHARS_LEAST} characters. A sentence is easier to keep in mind than a puzzle.`);
      if (fresh.input.value !== again.input.value) return void plain(box, "The two are not the same.");
      await changePassword(before.input.value, fresh.input.value);
      done(null);
      return undefined;
    });
    fresh.input.focus();
  });
}

export const byToken = logOnByToken;

const plain = (box, text) => fill(box, el("p", { class: "refusal", role: "alert" }, text));

function field(name, label, attributes) {
  const input = el("input", { name, required: true, maxlength: 256, ...attributes });
  return { input, node: el("label", {}, el("span", {}, label), input) };
}

function show(title, note, fields, action, box, send) {
  const button = el("button", { class: "act", type: "submit" }, action);
  const form = el("form", { class: "logon-card", on: { submit: async (event) => {
    event.preventDefault();
    fill(box);
    button.disabled = true;
    try {
      await send();
    } catch (error) {
      showFailure(box, error, "That did not work.");
    } finally {
      button.disabled = false;
    }
  } } },
  el("div", { class: "logon-mark" }, el("img", { src: "desk/icon.svg", alt: "", width: 40, height: 40 }), el("span", { class: "brand" }, "Skyparley", el("br"), el("small", {}, `desk at ${location.host}`))),
  el("h1", { id: "logon-title" }, title), note ? el("p", { class: "dim" }, note) : null, fields, box, button,
  el("p", { class: "dim small" }, "Not a certified separation service: crews' own duty to avoid remains."));
  const place = at("logon");
  fill(place, form);
  place.hidden = false;
  at("desk").hidden = true;
  document.body.dataset.stage = "logon";
}
