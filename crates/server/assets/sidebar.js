// The list of conversations, and on a phone the drawer it lives in.

import * as api from "./api.js";
import { byId, dayName, el, icon } from "./dom.js";

/** A search begins when nothing was typed for so long. */
const TYPING_MS = 200;

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
    this.search = byId("search");
    this.search.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.load(), TYPING_MS);
    });
    this.search.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.search.value) return;
      // Not the turn is to be stopped.
      event.preventDefault();
      this.search.value = "";
      this.load();
    });
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
    const query = this.search.value.trim();
    const page = await api.conversations(cursor, query);
    if (query !== this.search.value.trim()) return;
    this.query = query;
    this.items = cursor ? [...this.items, ...page.items] : page.items;
    this.next = page.next;
    this.show();
  }

  /** Goes to the search box, which on a phone is in the drawer. */
  find() {
    if (getComputedStyle(this.menu).display !== "none") this.toggle(true);
    this.search.focus();
    this.search.select();
  }

  /** What a conversation is called, if it is listed. */
  title(id) {
    return this.items.find((item) => item.id === id)?.title;
  }

  rename(id, title) {
    this.items = this.items.map((item) => (item.id === id ? { ...item, title } : item));
    this.show();
  }

  /** The conversation so many places below the one that is open. */
  beside(places) {
    const at = this.items.findIndex((item) => item.id === this.selected);
    return this.items[at + places]?.id;
  }

  /** A conversation was written to: it is the newest now. */
  touch(id, title) {
    if (this.query) return;
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
      }, item.title || "Untitled", item.found ? el("span", { class: "place" }, item.found) : null)));
    }
    if (!rows.length) rows.push(el("li", { class: "none" }, this.query ? "Nothing found." : "No conversations yet."));
    byId("found").textContent = this.query ? `${this.items.length}${this.next ? " and more" : ""} found` : "";
    this.list.replaceChildren(...rows);
    this.older.hidden = !this.next;
  }
}
