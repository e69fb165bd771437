// Where the person writes: growing text box, command suggestions, send and stop.

import { Attachments } from "./attachments.js";
import { byId, el, icon } from "./dom.js";

const MOST = 8;

export class Composer {
  /** `on.send(text, files)`, `on.stop()`, `on.trouble(sentence)` */
  constructor(on) {
    this.on = on;
    this.form = byId("composer");
    this.text = byId("text");
    this.list = byId("suggestions");
    this.send = byId("send");
    this.stop = byId("stop");
    this.commands = [];
    this.chosen = -1;
    this.files = new Attachments({ changed: () => this.allow(), trouble: on.trouble });
    this.send.append(icon("send"));
    this.stop.prepend(icon("stop"));
    // On a touch screen, Enter is the only way to a new line.
    this.touch = matchMedia("(hover: none) and (pointer: coarse)");
    this.listen();
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.stop.addEventListener("click", () => this.on.stop());
    this.text.addEventListener("input", () => this.changed());
    this.text.addEventListener("keydown", (event) => this.key(event));
    this.text.addEventListener("blur", () => this.close());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && !this.stop.hidden && !document.querySelector("dialog[open]")) this.on.stop();
    });
  }

  focus() {
    if (!this.touch.matches) this.text.focus();
  }

  setWorking(isWorking) {
    this.stop.hidden = !isWorking;
  }

  /** What to suggest. May come when the person has begun to type already. */
  offer(commands) {
    this.commands = commands;
    if (document.activeElement === this.text) this.suggest();
  }

  /** Takes up what was being written in a conversation. */
  open(id) {
    this.id = id;
    this.files.open(id);
    this.text.value = sessionStorage.getItem(`draft:${id}`) ?? "";
    this.changed();
    this.close();
  }

  submit() {
    const text = this.text.value.trim();
    if (this.send.disabled) return;
    this.text.value = "";
    const files = this.files.take();
    this.changed();
    this.on.send(text, files);
  }

  /** A message says something or brings something, and everything it brings is there. */
  allow() {
    this.send.disabled = (!this.text.value.trim() && this.files.isEmpty) || this.files.isUploading;
  }

  changed() {
    const { text } = this;
    this.allow();
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight}px`;
    if (this.id) {
      if (text.value) sessionStorage.setItem(`draft:${this.id}`, text.value);
      else sessionStorage.removeItem(`draft:${this.id}`);
    }
    this.suggest();
  }

  key(event) {
    if (event.isComposing) return;
    if (!this.list.hidden && this.listKey(event)) {
      event.preventDefault();
      return;
    }
    if (event.key === "Enter" && !event.shiftKey && !event.altKey && (!this.touch.matches || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.submit();
    }
  }

  listKey(event) {
    const { length } = this.matches;
    switch (event.key) {
      case "ArrowDown": this.choose((this.chosen + 1) % length); return true;
      case "ArrowUp": this.choose((this.chosen + length - 1) % length); return true;
      case "Tab":
        if (event.shiftKey) return false;
        this.take(this.matches[Math.max(this.chosen, 0)]);
        return true;
      case "Enter": {
        const command = this.matches[this.chosen];
        // A command that is typed out is sent, not completed.
        if (!command || `/${command.name}` === this.text.value.trim()) return false;
        this.take(command);
        return true;
      }
      case "Escape": this.close(); return true;
      default: return false;
    }
  }

  suggest() {
    const typed = /^\/([\w-]*)$/.exec(this.text.value)?.[1]?.toLowerCase().replaceAll("_", "-");
    if (typed === undefined) {
      this.close();
      return;
    }
    const starts = this.commands.filter(({ name }) => name.startsWith(typed));
    const holds = this.commands.filter(({ name }) => typed && !name.startsWith(typed) && name.includes(typed));
    this.matches = [...starts, ...holds].slice(0, MOST);
    if (!this.matches.length) {
      this.close();
      return;
    }
    this.list.replaceChildren(...this.matches.map((command, at) =>
      el("li", { role: "option", id: `suggestion-${at}`, "aria-selected": "false", onmousedown: (event) => {
        // Before the text box loses the focus.
        event.preventDefault();
        this.take(command);
      } }, el("span", { class: "name" }, `/${command.name}`, command.arguments ? el("span", { class: "arguments" }, ` ${command.arguments}`) : null),
      el("span", { class: "summary" }, command.summary))));
    this.list.hidden = false;
    this.choose(typed ? 0 : -1);
  }

  choose(at) {
    this.chosen = at;
    [...this.list.children].forEach((option, index) => {
      option.setAttribute("aria-selected", String(index === at));
      if (index === at) option.scrollIntoView({ block: "nearest" });
    });
    if (at >= 0) this.text.setAttribute("aria-activedescendant", `suggestion-${at}`);
    else this.text.removeAttribute("aria-activedescendant");
  }

  take(command) {
    this.text.value = `/${command.name}${command.arguments ? " " : ""}`;
    this.changed();
    this.close();
    this.text.focus();
  }

  close() {
    this.list.hidden = true;
    this.chosen = -1;
    this.text.removeAttribute("aria-activedescendant");
  }
}
