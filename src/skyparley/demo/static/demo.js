// The split page: opens both desks, then follows the story.

const at = (id) => document.getElementById(id);
const SETTLE_MS = 1200; // A desk logs on and draws its map after its page has loaded.

function el(tag, classes, ...children) {
  const node = document.createElement(tag);
  if (classes) node.className = classes;
  node.append(...children.filter(Boolean));
  return node;
}

/** Names such as B-0001 are not broken at the end of a line. */
const words = (text) => text.split(/(\S*[-–]\S*)/).map((part) => (/\S[-–]\S/.test(part) ? el("span", "whole", part) : part));

async function openDesks() {
  const desks = await (await fetch("desks.json")).json();
  await Promise.all(desks.map((desk) => new Promise((done) => {
    const frame = at(`desk-${desk.name}`);
    frame.addEventListener("load", done, { once: true });
    frame.src = desk.url;
    idle(desk.name);
  })));
  await new Promise((done) => setTimeout(done, SETTLE_MS));
}

const label = (side) => el("span", "who", el("b", `party ${side}`, side), el("span", "role", "scripted officer"));

const idle = (side) => at(`act-${side}`).replaceChildren(label(side), el("span", "said dim", "at the desk"));

let scene = 0;

const show = {
  caption(frame) {
    scene += 1;
    at("caption").replaceChildren(...(frame.clock ? [el("time", "", frame.clock)] : []), ...words(frame.text));
    at("caption").classList.remove("fresh");
    requestAnimationFrame(() => at("caption").classList.add("fresh"));
    at("scenes").replaceChildren(...Array.from({ length: frame.scenes }, (_, place) => el("li", place < scene ? "done" : "")));
    for (const side of ["A", "B"]) at(`act-${side}`).classList.remove("busy");
  },
  act(frame) {
    const box = at(`act-${frame.side}`);
    box.classList.add("busy");
    box.replaceChildren(label(frame.side), el("span", "said", ...words(frame.text)));
  },
  answer(frame) {
    const box = at(`act-${frame.side}`);
    box.querySelector(".answer")?.remove();
    box.append(el("span", frame.refused ? "answer no" : "answer", el("b", "", frame.text), ...(frame.more ?? []).map((line) => el("span", "more", line))));
  },
  proof(frame) {
    const box = at("proof");
    box.hidden = false;
    const more = (frame.more ?? []).map((line) => el("span", "more", line));
    box.append(el("div", `line${frame.holds === false ? " fails" : ""}`, el("b", "verdict", frame.holds === false ? "FAILS" : "HOLDS"), el("div", "", ...words(frame.text), ...more)));
  },
  end(frame) {
    for (const side of ["A", "B"]) {
      at(`act-${side}`).classList.remove("busy");
      at(`act-${side}`).replaceChildren(label(side), el("span", "said dim", "has left the desk: it is yours"));
    }
    at("caption").replaceChildren(frame.text);
    document.body.dataset.ended = frame.holds === false ? "fails" : "holds";
  },
};

function begin() {
  scene = 0;
  at("proof").replaceChildren();
  at("proof").hidden = true;
}

await openDesks();
begin();
const frames = new EventSource("frames");
frames.addEventListener("message", (event) => {
  const frame = JSON.parse(event.data);
  show[frame.kind]?.(frame);
});
frames.addEventListener("error", () => {
  if (frames.readyState === EventSource.CLOSED || document.body.dataset.ended) at("caption").append(el("span", "dim", " (the demonstration has ended)"));
  if (document.body.dataset.ended) frames.close();
});
