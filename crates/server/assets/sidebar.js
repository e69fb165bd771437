// The list of conversations, and on a phone the drawer it lives in.

import * as api from "./api.js";
import { byId, dayName, el, icon } from "./dom.js";

export class Sidebar {
  constructor(on) {
    this.on = on;
    this.list = byId("conversations");
    this.older = byId("older");
    this.shell = byId("shell");
    this.menu = byId("menu");
    this.items = [];
    byId("new").prepend(icon("plus"));
    this.menu.append(icon("menu"));
    byId("close").append(icon("close"));
    byId("new").addEventListener("click", () => {
      this.toggle(false);
      on.create();
    });
    this.menu.addEventListener("click", () => this.toggle(true));
    byId("close").addEventListener("click", () => this.toggle(false));
    byId("scrim").addEventListener("click", () => this.toggle(false));
    this.older.addEventListener("click", () => this.load(this.next));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.shell.classList.contains("drawer")) return;
      event.preventDefault();
      this.toggle(false);
    }, true);
  }

  toggle(isOpen) {
    const was = this.shell.classList.contains("drawer");
    this.shell.classList.toggle("drawer", isOpen);
    this.menu.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) byId("new").focus();
    else if (was) this.menu.focus();
  }

  /** Fetches the newest page, or the one after a cursor. */
  async load(cursor) {
    const page = await api.conversations(cursor);
    this.items = cursor ? [...this.items, ...page.items] : page.items;
    this.next = page.next;
    this.show();
  }

  /** A conversation was written to: it is the newest now. */
  touch(id, title) {
    const known = this.items.find((item) => item.id === id);
    const item = { id, title: known?.title || title, updated_at: new Date().toISOString() };
    this.items = [item, ...this.items.filter((other) => other.id !== id)];
    this.show();
  }

  select(id) {
    this.selected = id;
    this.show();
  }

  show() {
    let day = "";
    const rows = [];
    for (const item of this.items) {
      const name = dayName(new Date(item.updated_at));
      if (name !== day) rows.push(el("li", { class: "when" }, name));
      day = name;
      rows.push(el("li", {}, el("a", {
        href: `#${item.id}`,
        "aria-current": item.id === this.selected ? "page" : undefined,
        title: item.title,
        onclick: () => this.toggle(false),
      }, item.title || "Untitled")));
    }
    if (!rows.length) rows.push(el("li", { class: "none" }, "No conversations yet."));
    this.list.replaceChildren(...rows);
    this.older.hidden = !this.next;
  }
}
