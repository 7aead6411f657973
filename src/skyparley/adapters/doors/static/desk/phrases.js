// Phrases as the node reads them aloud, in the language of whoever sits here. What was not reviewed says so beside it.

import { sentences } from "./api.js";
import { el } from "./el.js";

export const LANGUAGES = { en: "English", ru: "русский", fr: "français", ar: "العربية", tr: "Türkçe", he: "עברית", zh: "中文" };
const KEPT = "phrase-language";
const held = new Map();

/** The language of this page: what was chosen here, else that of the officer on duty, else that of the browser. */
export function ownLanguage(desk) {
  const duty = desk.view.duty?.find((post) => post.account === desk.session.account)?.languages?.[0];
  const browser = navigator.language?.slice(0, 2);
  return [chosen(), duty, browser].find((lang) => LANGUAGES[lang]) ?? "en";
}

function chosen() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

export function chooseLanguage(lang) {
  try {
    localStorage.setItem(KEPT, lang);
  } catch {
    // A browser that keeps nothing asks again the next time.
  }
}

/** The sentences of a statement in a language; null while they are asked for, after which `came` is called. */
export function phraseOf(statement, lang, came) {
  const key = `${lang} ${statement}`;
  if (held.has(key)) return held.get(key);
  held.set(key, null);
  sentences(statement, lang).then((all) => {
    held.set(key, all);
    came();
  }, () => {
    held.delete(key); // Asked again when the page is drawn the next time.
  });
  return null;
}

/** A sentence in its own direction; the mark of its review stands beside it wherever it is shown. */
export function sentenceNode(sentence, { large = false } = {}) {
  return el("div", { class: `sentence${large ? " large" : ""}` },
    el("p", { class: "sentence-text", lang: sentence.lang, dir: sentence.direction }, sentence.text),
    sentence.mark ? el("p", { class: "sentence-mark" }, el("code", {}, sentence.code), ` ${LANGUAGES[sentence.lang]} · ${sentence.mark}`)
      : el("p", { class: "sentence-mark" }, el("code", {}, sentence.code), ` ${LANGUAGES[sentence.lang]}`));
}
