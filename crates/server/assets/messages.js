// The messages of one conversation: what is on the page, and how events change it.

import { clockTime, dayName, el } from "./dom.js";
import { renderMarkdown } from "./markdown.js";

/** A part counts as being written for so long after its last change. */
const WRITING_MS = 1500;

/** A press that changes nothing for so long may be repeated. */
const PRESS_MS = 8000;

/** What stands below a text that is still being written: what the assistant does, and for how long. */
const STATUS = /(?:^|\n\n)⏳ ([^\n]*)$/;

/** Where it is being written, with what closes its open marks. */
const CURSOR = /\n{0,2}▍([\s`~*_]*)$/;

/** Takes a text that is still being written apart; `doing` is undefined for all others. */
function apart(text) {
  if (!/[▍⏳]/.test(text.slice(-400))) return { body: text };
  const [tail, status] = STATUS.exec(text) ?? ["", ""];
  const body = text.slice(0, text.length - tail.length);
  if (!CURSOR.test(body) && (body || !status)) return { body: text };
  return { body: body.replace(CURSOR, "$1"), doing: / · /.test(status) ? status.replace(/ · [^·]*$/, "") : "" };
}

const SIGNS = { seen: "Seen", done: "✓ Done", failed: "✗ Failed" };

export class Messages {
  /** `on.press(token)` returns a promise; `on.retry(id, text, files)`; `on.changed()` after every change on the page. */
  constructor(log, on) {
    this.log = log;
    this.on = on;
    this.items = new Map();
    this.dirty = new Set();
  }

  get count() {
    return this.items.size;
  }

  /** The first thing the person wrote that is no command: what the conversation is called. */
  get title() {
    const texts = [...this.items.values()].filter((item) => item.from === "user").map((item) => item.text || (item.files ?? []).join(", "));
    return (texts.find((text) => text && !text.startsWith("/")) ?? texts[0] ?? "").replace(/\s+/g, " ").slice(0, 80);
  }

  /** Whether the last message asks for a permission. */
  get isAsking() {
    const last = [...this.items.values()].at(-1);
    return Boolean(last?.buttons?.flat().some((button) => /^allow/i.test(button.label)));
  }

  /** What the assistant does now, as far as a text that it writes says so. */
  get doing() {
    return [...this.items.values()].map((item) => item.from === "gateway" && apart(item.text).doing).findLast(Boolean) ?? "";
  }

  /** Presses the button of the last question that is called so. */
  answer(label) {
    const buttons = [...this.log.querySelectorAll(".asks .answer:not(:disabled)")];
    buttons.findLast((button) => label.test(button.textContent))?.click();
  }

  reset(items) {
    // What is not confirmed yet stays at the end.
    const unsent = [...this.items.values()].filter((item) => item.state && !items.some(({ id }) => id === item.id));
    for (const item of this.items.values()) clearTimeout(item.timer);
    this.items.clear();
    this.log.replaceChildren();
    // A screen reader announces what comes, not what was.
    this.log.setAttribute("aria-live", "off");
    for (const item of [...items, ...unsent]) this.add(item);
    this.flush();
    requestAnimationFrame(() => this.log.setAttribute("aria-live", "polite"));
  }

  clear() {
    this.items.clear();
    this.reset([]);
  }

  prepend(items) {
    this.reset([...items, ...this.items.values()].map(({ id, n, at, from, text, files, sent, form, buttons, sign, state }) =>
      ({ id, n, at, from, text, files, sent, form, buttons, sign, state })));
  }

  /** `files` as they are sent: ids and names. */
  addPending(id, text, sent) {
    const files = sent.map(({ name }) => name);
    this.add({ id, at: new Date().toISOString(), from: "user", text, files, sent, state: "sending" });
    this.on.changed();
  }

  setState(id, state) {
    const item = this.items.get(id);
    if (!item || item.state === state) return;
    item.state = state;
    this.showMeta(item);
  }

  apply(event) {
    const item = this.items.get(event.id);
    switch (event.type) {
      case "user":
        if (item) this.setState(event.id, undefined);
        else this.add({ id: event.id, at: event.at, from: "user", text: event.text, files: event.files });
        break;
      case "part":
        if (item) this.change(item, event.part);
        else this.add({ id: event.id, at: event.at, from: "gateway", ...event.part });
        break;
      case "append":
        if (item) this.change(item, { text: item.text.slice(0, item.text.length - event.cut) + event.add });
        break;
      case "delete":
        clearTimeout(item?.timer);
        item?.node.remove();
        this.items.delete(event.id);
        break;
      case "reaction":
        if (item) {
          item.sign = event.sign;
          this.showMeta(item);
        }
        break;
      default:
        return;
    }
    this.on.changed();
  }

  add(item) {
    this.items.set(item.id, item);
    const at = new Date(item.at);
    const day = at.toDateString();
    if (this.log.dataset.day !== day || !this.log.hasChildNodes()) {
      this.log.append(el("div", { class: "day", role: "separator" }, dayName(at)));
      this.log.dataset.day = day;
    }
    item.body = el("div", { class: "body" });
    item.meta = el("p", { class: "meta" });
    const who = item.from === "user" ? "You" : "Adjutant";
    item.node = el("article", { class: `message ${item.from}`, "aria-label": `${who}, ${clockTime(at)}`, "data-id": item.id }, item.body);
    if (item.from === "user") {
      item.body.textContent = item.text;
      item.body.classList.toggle("command", /^[/!]\w/.test(item.text));
      item.body.hidden = !item.text;
      if (item.files?.length) {
        item.node.append(el("ul", { class: "files", "aria-label": "Files" }, ...item.files.map((name) => el("li", {}, name))));
      }
      item.node.append(item.meta);
      this.showMeta(item);
    } else {
      item.answers = el("div", { class: "answers", role: "group", "aria-label": "Answers" });
      item.node.append(item.answers);
      this.show(item);
      this.showButtons(item);
    }
    this.log.append(item.node);
  }

  change(item, part) {
    const buttons = part.buttons ?? (part.form ? [] : item.buttons ?? []);
    const before = { text: item.text, buttons: JSON.stringify(item.buttons ?? []) };
    Object.assign(item, part, { buttons });
    if (JSON.stringify(buttons) !== before.buttons) this.showButtons(item);
    this.show(item);
    // A question that was settled or a line that moved on is no text that grows.
    const [was, is] = [apart(before.text), apart(item.text)];
    if (was.doing !== undefined && is.doing === undefined) this.endWriting(item);
    else if (is.body.startsWith(was.body)) this.showWriting(item);
  }

  endWriting(item) {
    clearTimeout(item.timer);
    item.node.classList.remove("writing");
    item.node.removeAttribute("aria-busy");
  }

  showWriting(item) {
    item.node.classList.add("writing");
    item.node.setAttribute("aria-busy", "true");
    clearTimeout(item.timer);
    item.timer = setTimeout(() => this.endWriting(item), WRITING_MS);
  }

  /** At most one rendering a frame, however fast the text grows. */
  show(item) {
    if (!this.dirty.size) requestAnimationFrame(() => this.flush());
    this.dirty.add(item);
  }

  flush() {
    for (const item of this.dirty) {
      if (item.form === "plain") {
        item.body.blocks = undefined;
        item.body.classList.add("plain");
        item.body.textContent = item.text;
      } else {
        item.body.classList.remove("plain");
        const { body } = apart(item.text);
        // A text that has not begun is told by the line below all messages.
        item.node.hidden = item.from === "gateway" && !body;
        renderMarkdown(item.body, body);
      }
    }
    if (this.dirty.size) {
      this.dirty.clear();
      this.on.changed();
    }
  }

  showMeta(item) {
    const time = el("time", { datetime: item.at }, clockTime(new Date(item.at)));
    if (item.state === "failed") {
      const retry = el("button", { type: "button", class: "link", onclick: () => this.on.retry(item.id, item.text, item.sent) }, "Try again");
      item.meta.replaceChildren(el("span", { class: "failed" }, "Not sent."), " ", retry);
    } else if (item.state === "sending") {
      item.meta.replaceChildren("Sending");
    } else {
      item.meta.replaceChildren(time, ...(SIGNS[item.sign] ? [" · ", el("span", { class: `sign ${item.sign}` }, SIGNS[item.sign])] : []));
    }
    item.node.classList.toggle("unsent", Boolean(item.state));
  }

  showButtons(item) {
    const rows = item.buttons ?? [];
    clearTimeout(item.pressing);
    item.node.classList.toggle("asks", rows.flat().some((button) => /^(allow|deny)/i.test(button.label)));
    item.answers.replaceChildren(...rows.map((row) => el("div", { class: "row" }, ...row.map((button) => this.button(item, button)))));
    item.answers.hidden = !rows.length;
  }

  button(item, { label, token }) {
    const kind = /^(allow once|start|yes|try again)/i.test(label) ? "primary" : /^(deny|drop|delete|remove|no\b)/i.test(label) ? "refuse" : "";
    const node = el("button", { type: "button", class: `answer ${kind}` }, label);
    node.addEventListener("click", async () => {
      const all = [...item.answers.querySelectorAll("button")];
      const enable = () => all.forEach((other) => {
        other.disabled = false;
        other.classList.remove("pressed");
      });
      all.forEach((other) => (other.disabled = true));
      node.classList.add("pressed");
      item.pressing = setTimeout(enable, PRESS_MS);
      if (!(await this.on.press(token))) enable();
    });
    return node;
  }
}
