// Talks to this desk's node: the session, the commands, and the stream of changes. To nobody else.

const BASE = "desk/v1";
const HEADERS = { "Content-Type": "application/json", "X-Skyparley-Desk": "1" };
const TRIES = 3;
const AGAIN_MS = 700;

/** An answer that is not 2xx. `reasons` is what the node refused for; it is empty for faults. */
export class Said extends Error {
  constructor(status, error) {
    super(error?.text ?? `the node answered ${status}`);
    this.status = status;
    this.code = error?.code ?? "";
    this.reasons = error?.reasons ?? [];
  }

  /** Every reason, also where there is only one sentence. */
  get all() {
    return this.reasons.length ? this.reasons : [{ code: this.code || String(this.status), text: this.message }];
  }
}

/** The node could not be reached, so it is not known what became of the request. */
export class Unreached extends Error {}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function call(method, path, body, extra = {}) {
  let answer;
  try {
    answer = await fetch(`${BASE}/${path}`, {
      method, headers: { ...HEADERS, ...extra }, credentials: "same-origin", cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Unreached("this desk's node does not answer");
  }
  const text = await answer.text();
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    throw new Said(answer.status, { code: "NOT_JSON", text: `the node answered ${answer.status} with something that is not JSON` });
  }
  if (!answer.ok) throw new Said(answer.status, data?.error);
  return data;
}

export const whoAmI = () => call("GET", "session");
export const logOn = (account, password) => call("POST", "session", { account, password });
export const logOnByToken = (token) => call("POST", "session", { token });
/** What an act would let out, as the other side will read it; nothing is written. */
export const releasePreview = (path, body, langs) => call("POST", "release-preview", { act: path, body, langs });
/** What is read aloud of a statement, in a language. */
export const sentences = (statement, lang) => call("GET", `statements/${encodeURIComponent(statement)}/sentences?lang=${encodeURIComponent(lang)}`);
export const logOff = () => call("DELETE", "session");
export const changePassword = (old, fresh) => call("POST", "session/password", { old, new: fresh });
export const overview = () => call("GET", "overview");
export const suggestions = (pair) => call("GET", `conflicts/${encodeURIComponent(pair)}/suggestions`);

/** What acts would come to: `{notices: [...]}` or `{changes: [...]}` as they would be sent. Nothing is written. */
export const whatIf = (question) => call("POST", "what-if", question);

/** Sixteen random bytes: one act of one person, however often it has to be sent. */
function actKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * A command. It is sent again, under the same key, when no answer came or the node said to wait: the node does it once.
 * `parts` are the segments of the path.
 */
export async function act(parts, body) {
  const path = parts.map(encodeURIComponent).join("/");
  const key = actKey();
  for (let tried = 1; ; tried += 1) {
    try {
      return await call("POST", path, body, { "Idempotency-Key": key });
    } catch (error) {
      const passing = error instanceof Unreached || error.status === 503;
      if (!passing || tried === TRIES) throw error;
      await pause(AGAIN_MS * tried);
    }
  }
}

/**
 * Follows what becomes durable. `heard(change)` for each change, `linked()` when a link goes up or down, `state(up)`
 * when the stream opens or breaks. The browser resumes after the last change it saw; a refused stream is asked for
 * again here, since browsers do not. Returns a function that ends it.
 */
export function follow(after, { heard, linked, state }) {
  let last = after;
  let stream = null;
  let timer = 0;
  let ended = false;
  const open = () => {
    stream = new EventSource(`${BASE}/events?after=${last}`, { withCredentials: true });
    stream.addEventListener("open", () => state(true));
    stream.addEventListener("change", (event) => {
      last = Number(event.lastEventId) || last;
      try {
        heard(JSON.parse(event.data));
      } catch {
        heard({});
      }
    });
    stream.addEventListener("link", () => linked());
    stream.addEventListener("error", () => {
      state(false);
      if (stream.readyState === EventSource.CLOSED && !ended) timer = setTimeout(open, 2000);
    });
  };
  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    stream.close();
  };
}
