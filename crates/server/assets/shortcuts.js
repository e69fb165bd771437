// Keys that work anywhere on the page, and the list of them.

import { byId, el } from "./dom.js";

/** Alt with a letter is a sign on some keyboards, so letters are told by their place. */
const KEYS = [
  { shown: "Enter", what: "Send" },
  { shown: "Shift Enter", what: "New line" },
  { shown: "/", what: "Commands; from anywhere, the message box", code: "Slash", plain: true, does: "write" },
  { shown: "Esc", what: "Stop the running turn" },
  { shown: "Alt N", what: "New conversation", code: "KeyN", does: "create" },
  { shown: "Alt ↑", what: "The conversation above", code: "ArrowUp", does: "above" },
  { shown: "Alt ↓", what: "The conversation below", code: "ArrowDown", does: "below" },
  { shown: "Alt F", what: "Search conversations", code: "KeyF", does: "search" },
  { shown: "Alt I", what: "About this conversation, and its name", code: "KeyI", does: "about" },
  { shown: "Alt O", what: "Allow once", code: "KeyO", does: "allowOnce" },
  { shown: "Alt S", what: "Allow for this session", code: "KeyS", does: "allowSession" },
  { shown: "Alt X", what: "Deny", code: "KeyX", does: "deny" },
  { shown: "?", what: "This list; while writing Alt K", code: "KeyK", does: "list" },
];

export class Shortcuts {
  /** `on.<does>()` for every key but `list`. */
  constructor(on) {
    this.on = on;
    this.dialog = byId("shortcuts");
    byId("shortcut-list").replaceChildren(...KEYS.flatMap(({ shown, what }) =>
      [el("dt", {}, ...shown.split(" ").flatMap((key) => [el("kbd", {}, key), " "])), el("dd", {}, what)]));
    byId("all-keys").addEventListener("click", () => this.list());
    for (const button of document.querySelectorAll("[data-close]")) {
      button.addEventListener("click", () => button.closest("dialog").close());
    }
    document.addEventListener("keydown", (event) => this.key(event));
  }

  list() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.isComposing || document.querySelector("dialog[open]")) return;
    const isWriting = event.target.matches("input, textarea");
    if (event.key === "?" && !isWriting) {
      event.preventDefault();
      this.list();
      return;
    }
    const wanted = KEYS.find(({ code, plain, does }) =>
      does && (plain ? !event.altKey && !isWriting && event.key === "/" : event.altKey && code === event.code));
    if (!wanted) return;
    event.preventDefault();
    if (wanted.does === "list") this.list();
    else this.on[wanted.does]();
  }
}
