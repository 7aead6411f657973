// The desk page: logs on, keeps what the node says in view, and hands it to the parts of the page.

import { Unreached, follow, logOff, overview, whoAmI } from "./desk/api.js";
import { showCalls } from "./desk/calls.js";
import { keyOf, makeChart } from "./desk/chart.js";
import { overBy, showAgreements, showAlarms, showLines } from "./desk/agreements.js";
import { hearTurn, showConflicts } from "./desk/conflicts.js";
import { at, el, fill } from "./desk/el.js";
import { openFiling } from "./desk/filing.js";
import { showLinePanel } from "./desk/lines.js";
import { askChange, askLogOn, byToken, takeToken } from "./desk/logon.js";
import { showMatters } from "./desk/matters.js";
import { Rings } from "./desk/rings.js";
import { showNotices } from "./desk/notices.js";
import { openSaying } from "./desk/say.js";
import { clockText, dayText, setYear } from "./desk/units.js";

const COALESCE_MS = 60; // Changes come in bursts: one filing is several events. One look at the whole serves them all.
const CLOCK_MS = 200;
const REFRESH_MS = 30_000; // Some things change by the clock alone: an agreement runs out, a notice is past.
const RETRY_MS = 2_000;
const HISTORY = 2_000; // Entries of the journal heard again at the start: the dialogues that are open are among them.
const SAID_MS = 6_000;
const MARK = "logged-on-before"; // Holds no secret: it only spares a fresh browser the question who is logged on.

/** Remembers, or forgets, or tells whether somebody logged on here before; a browser may refuse to keep anything. */
function mark(held) {
  try {
    if (held === undefined) return Boolean(localStorage.getItem(MARK));
    if (held) localStorage.setItem(MARK, "yes");
    else localStorage.removeItem(MARK);
    return held;
  } catch {
    return true;
  }
}

const ROLES_THAT_ACT = new Set(["desk", "supervisor"]);

class Desk {
  constructor(session, token) {
    this.session = session;
    this.token = token;
    this.view = null;
    this.seenAt = 0;
    this.choice = null;
    this.form = null;
    this.since = Infinity; // Answers heard before this position were there when the page was opened.
    this.versions = new Map();
    this.wanted = 0;
    this.loading = false;
    this.again = false;
    this.brokenAt = 0;
    this.streaming = true;
    this.over = 0;
    this.chart = makeChart(at("chart"), { picked: (kind, key) => this.pick(kind, key) });
    this.rings = new Rings(this);
  }

  get mayAct() {
    return ROLES_THAT_ACT.has(this.session.role);
  }

  /** The time on the line, between two looks at the node. */
  now() {
    return this.view.now + ((performance.now() - this.seenAt) * (this.view.rate_permille ?? 1000)) / 1000;
  }

  nameOf(party) {
    if (party === this.view.own.fingerprint) return this.view.own.name;
    return this.view.lines.find((line) => line.fingerprint === party)?.peer ?? party;
  }

  noticeOf(party, id) {
    return this.view.notices.find((notice) => notice.party === party && notice.id === id);
  }

  /** The volumes of one version of a notice, if this page has seen it. */
  volumesOf = (party, id, version) => this.versions.get(`${party}/${id} v${version}`);

  isPicked(kind, key) {
    return this.choice?.kind === kind && this.choice.key === key;
  }

  pick(kind, key, fly = false) {
    const same = !key || this.isPicked(kind, key);
    this.choice = same ? null : { kind, key };
    this.chart.pick(kind, same ? null : key, { fly });
    this.show();
    if (!same && !fly) document.querySelector(".picked")?.scrollIntoView({ block: "nearest" });
  }

  say(text) {
    fill(at("said"), el("p", {}, text));
    clearTimeout(this.saidTimer);
    this.saidTimer = setTimeout(() => fill(at("said")), SAID_MS);
  }

  change = (notice) => openFiling(this, notice);

  /** Builds one conflict's card anew although the node said nothing new about it. */
  redraw(pair) {
    const card = document.querySelector(`#conflicts > [data-key="${CSS.escape(pair)}"]`);
    if (card) card.dataset.sign = "";
    this.show();
  }

  /** Asks for the whole overview soon; however often it is wanted, one request is under way. */
  want = () => {
    if (this.wanted) return;
    this.wanted = setTimeout(() => {
      this.wanted = 0;
      this.load();
    }, COALESCE_MS);
  };

  async load() {
    if (this.loading) {
      this.again = true;
      return;
    }
    this.loading = true;
    try {
      const view = await overview();
      this.seenAt = performance.now();
      this.view = view;
      this.brokenAt = 0;
      view.notices.forEach((notice) => this.versions.set(`${keyOf(notice)} v${notice.version}`, notice.volumes));
      this.show();
    } catch (error) {
      await this.failed(error);
    } finally {
      this.loading = false;
    }
    if (this.again) {
      this.again = false;
      this.want();
    }
  }

  async failed(error) {
    if (error.status === 401) return this.renew();
    this.brokenAt ||= Date.now();
    this.showStale(error instanceof Unreached ? "This desk's node does not answer." : error.message);
    // One retry at a time: the broken stream asks too, and the retries must not add up.
    clearTimeout(this.retry);
    this.retry = setTimeout(this.want, RETRY_MS);
    return undefined;
  }

  /** The node was started again and knows no session: log on with the token this page came with, or ask. */
  async renew() {
    if (this.token) {
      try {
        this.session = await byToken(this.token);
        this.want();
        return;
      } catch (error) {
        if (error instanceof Unreached) {
          setTimeout(() => this.renew(), RETRY_MS);
          return;
        }
      }
    }
    location.reload();
  }

  show() {
    if (!this.view) return;
    const { view } = this;
    // In another year every day is written otherwise, also where nothing else changed.
    if (setYear(view.now)) document.querySelectorAll("[data-sign]").forEach((node) => { node.dataset.sign = ""; });
    document.title = `${view.own.name} · Skyparley desk`;
    at("party").textContent = view.own.name;
    at("statement").textContent = view.statement ?? "Not a certified separation service: crews' own duty to avoid remains.";
    at("account").textContent = `${this.session.account}${this.mayAct ? "" : " (may only look)"}`;
    at("file-notice").hidden = !this.mayAct;
    at("say-open").hidden = !this.mayAct;
    fill(at("legend"), el("span", { class: "own" }, el("i", { class: "mark own" }), `${view.own.name}, own`), el("span", { class: "other" }, el("i", { class: "mark other" }), "others"), el("span", {}, el("i", { class: "mark hatch" }), "conflict"));
    this.chart.show(view);
    this.rings.show(view);
    showLines(view, this);
    showAlarms(view);
    showMatters(view, this);
    showCalls(view, this);
    showLinePanel(view, this);
    showConflicts(view, this);
    showAgreements(view, this);
    showNotices(view, this);
    this.showStale("");
    this.tick();
    document.body.dataset.position = view.position;
  }

  showStale(why) {
    const box = at("stale");
    const broken = this.brokenAt || !this.streaming;
    box.hidden = !broken;
    document.body.classList.toggle("old", Boolean(broken));
    if (!broken) return;
    const since = this.view ? ` What you see is as of ${clockText(this.view.now)}.` : "";
    box.textContent = `${why || "The stream of changes from this desk's node is cut; asking again."}${since}`;
  }

  tick = () => {
    if (!this.view) return;
    const now = this.now();
    const rate = (this.view.rate_permille ?? 1000) / 1000;
    at("clock-time").textContent = clockText(now);
    at("clock-day").textContent = dayText(now);
    const over = overBy(this.view, now);
    if (over !== this.over) {
      this.over = over;
      showAgreements(this.view, this);
    }
    const scaled = at("clock-scaled");
    scaled.hidden = this.view.clock !== "SCALED";
    scaled.textContent = rate === 1 ? "demo clock" : `SCALED ×${rate}`;
    this.form?.echo();
    this.rings.tick();
  };

  async start() {
    mark(true);
    at("desk").hidden = false;
    at("logon").hidden = true;
    document.body.dataset.stage = "desk";
    await this.load();
    if (!this.view) await new Promise((done) => { const wait = setInterval(() => this.view && (clearInterval(wait), done()), 200); });
    this.since = this.view.position;
    follow(Math.max(0, this.view.position - HISTORY), {
      heard: (change) => {
        hearTurn(change, this);
        this.want();
      },
      linked: this.want,
      state: (up) => {
        this.streaming = up;
        this.want();
      },
    });
    setInterval(this.tick, CLOCK_MS);
    setInterval(this.want, REFRESH_MS);
    at("say-open").addEventListener("click", () => openSaying(this, { sar: () => openFiling(this, null, "SAR") }));
    at("file-notice").addEventListener("click", () => openFiling(this, null));
    at("log-off").addEventListener("click", async () => {
      this.token = null;
      mark(false);
      await logOff();
      location.reload();
    });
  }
}

/** Who is logged on: by the token in the address, by a session that is still good, or by asking. */
async function session(token) {
  let note = "";
  if (token) {
    try {
      return await byToken(token);
    } catch (error) {
      note = error instanceof Unreached ? "The node did not answer." : "The token in the address is not good here.";
    }
  } else if (mark()) {
    try {
      const held = await whoAmI();
      return held.must_change ? await askChange() : held;
    } catch (error) {
      if (error.status !== 401) note = error.message;
      mark(false);
    }
  }
  return askLogOn(note);
}

const token = takeToken();
const held = (await session(token)) ?? (await whoAmI());
await new Desk(held, token).start();
