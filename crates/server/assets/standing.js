// Where the conversation stands: the line below its name, what waits, and the dialog with everything else.

import * as api from "./api.js";
import { byId, clockTime, dayName, duration, el, icon } from "./dom.js";

/** At most one question a second, however much happens. */
const PAUSE_MS = 1000;

export class Standing {
  /** `on.turn(turn)`, `on.press(token)`, `on.say(text)`, `on.renamed(title)` */
  constructor(on) {
    this.on = on;
    this.dialog = byId("about-conversation");
    this.name = byId("name");
    byId("details").append(icon("info"));
    byId("details").addEventListener("click", () => this.open());
    byId("rename").addEventListener("submit", (event) => {
      event.preventDefault();
      this.rename();
    });
  }

  /** Another conversation; `title()` says what it is called. */
  select(id, title) {
    this.id = id;
    this.title = title;
    this.show({ queue: [] });
    this.soon();
  }

  /** Something happened: asks at once, or when the pause since the last time is over. */
  soon() {
    if (this.timer) return;
    const wait = Math.max(0, (this.asked ?? 0) + PAUSE_MS - Date.now());
    this.timer = setTimeout(() => this.load(), wait);
  }

  async load() {
    this.timer = undefined;
    this.asked = Date.now();
    const { id } = this;
    try {
      const standing = await api.standing(id);
      if (id === this.id) this.show(standing);
    } catch {
      // The messages say already when the gateway does not answer; what was known stays.
    }
  }

  show(standing) {
    this.standing = standing;
    const { codebase, branch, assistant } = standing;
    byId("standing").textContent = [codebase, branch, assistant].filter(Boolean).join(" · ");
    this.showQueue(standing.queue);
    if (this.dialog.open) this.showFacts();
    if ("turn" in standing) this.on.turn(standing.turn);
  }

  showQueue(queue) {
    const list = byId("queue");
    list.hidden = !queue.length;
    list.replaceChildren(...queue.map(({ text, drop, steer }, at) =>
      el("li", {},
        el("span", { class: "place" }, `${at + 1}.`),
        el("span", { class: "text", title: text }, text),
        steer ? el("button", { type: "button", class: "link", "aria-label": `Send into the turn: ${text}`, onclick: () => this.on.press(steer) }, "Send now") : null,
        el("button", { type: "button", class: "link drop", "aria-label": `Drop: ${text}`, onclick: () => this.on.press(drop) }, "Drop"))));
  }

  open() {
    this.name.value = this.title();
    byId("rename-trouble").hidden = true;
    this.showFacts();
    this.dialog.showModal();
    this.name.select();
  }

  showFacts() {
    const { codebase, directory, branch, assistant, session, turn, queue, today } = this.standing;
    const ago = (at) => `${duration(Math.max(0, Math.round((Date.now() - new Date(at)) / 1000)))} ago`;
    const facts = {
      Codebase: codebase ?? "none; /clone or /codebase-switch chooses one",
      Directory: directory,
      Branch: branch,
      Assistant: assistant ?? "none",
      Session: session ? `${session.id}, since ${moment(session.started_at)}, ${count(session.turns, "turn")}` : "none; the next message starts one",
      Running: turn ? `${turn.title}, begun ${ago(turn.started_at)}${turn.waits_for_approval ? ", waits for your answer" : ""}` : undefined,
      Waiting: queue?.length ? count(queue.length, "message") : undefined,
      Today: today?.turns ? used(today) : undefined,
    };
    byId("facts").replaceChildren(...Object.entries(facts).filter(([, value]) => value)
      .flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
    this.showSessions(this.standing.sessions);
  }

  showSessions(sessions = []) {
    byId("past").hidden = !sessions.length;
    byId("sessions").replaceChildren(...sessions.map((session) => {
      const name = [session.assistant, session.command, count(session.turns, "turn"), moment(session.started_at)].filter(Boolean).join(" · ");
      const resume = () => {
        this.dialog.close();
        this.on.say(`/sessions resume ${session.number}`);
      };
      return el("li", {},
        el("span", { class: "place" }, `#${session.number}`),
        el("span", { class: "text" }, name),
        session.active ? el("span", { class: "active" }, "active") : null,
        session.resumable ? el("button", { type: "button", class: "link", "aria-label": `Resume session ${session.number}`, onclick: resume }, "Resume") : null);
    }));
  }

  async rename() {
    const trouble = byId("rename-trouble");
    try {
      const { title } = await api.rename(this.id, this.name.value.trim() || null);
      this.on.renamed(title);
      this.dialog.close();
    } catch (error) {
      trouble.textContent = error.status === 404 ? "Nothing was said here yet. Write a message first." : error.message;
      trouble.hidden = false;
    }
  }
}

function moment(at) {
  const date = new Date(at);
  return `${dayName(date)} ${clockTime(date)}`;
}

function count(n, noun) {
  return n === 1 ? `1 ${noun}` : `${n} ${noun}s`;
}

function used({ turns, tokens, cost_usd: cost, unknown_cost: unknown }) {
  const words = [count(turns, "turn")];
  if (tokens) words.push(`${tokens} tokens`);
  if (unknown < turns) words.push(`$${cost.toFixed(2)}${unknown ? ` and ${unknown} of unknown cost` : ""}`);
  return words.join(", ");
}
