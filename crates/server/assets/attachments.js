// Files that go with the next message: chosen, dropped or pasted, sent to the gateway at once, shown until they are sent.

import * as api from "./api.js";
import { byId, el, icon } from "./dom.js";

/** As the gateway has it. */
const LIMIT = 20 * 1024 * 1024;
const MOST = 10;

function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} kB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

export class Attachments {
  /** `on.changed()`, `on.trouble(sentence)` */
  constructor(on) {
    this.on = on;
    this.items = [];
    this.list = byId("attachments");
    this.input = byId("file");
    this.button = byId("attach");
    this.button.append(icon("clip"));
    this.button.addEventListener("click", () => this.input.click());
    this.input.addEventListener("change", () => {
      this.add(this.input.files);
      this.input.value = "";
    });
    byId("text").addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files];
      if (!files.length) return;
      event.preventDefault();
      this.add(files);
    });
    this.listenToDrops();
  }

  listenToDrops() {
    const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
    const shell = byId("shell");
    // Leaving one element for another inside the page is no end.
    let depth = 0;
    const mark = () => shell.classList.toggle("dropping", depth > 0);
    addEventListener("dragenter", (event) => {
      if (!holdsFiles(event)) return;
      depth += 1;
      mark();
    });
    addEventListener("dragleave", (event) => {
      if (!holdsFiles(event)) return;
      depth = Math.max(0, depth - 1);
      mark();
    });
    addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
    addEventListener("drop", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      depth = 0;
      mark();
      this.add(event.dataTransfer.files);
    });
  }

  get isEmpty() {
    return !this.items.length;
  }

  get isUploading() {
    return this.items.some((item) => !item.id);
  }

  /** Another conversation: what was added stays with the one it was added to. */
  open(conversation) {
    if (conversation === this.conversation) return;
    this.conversation = conversation;
    this.clear();
  }

  /** Takes the files for a message, once all are there. */
  take() {
    const files = this.items.map(({ id, name }) => ({ id, name }));
    this.clear();
    return files;
  }

  clear() {
    this.items.forEach((item) => item.abort.abort());
    this.items = [];
    this.show();
  }

  add(files) {
    for (const file of files) {
      const name = file.name || "pasted";
      if (this.items.length >= MOST) this.on.trouble(`A message takes up to ${MOST} files.`);
      else if (file.size > LIMIT) this.on.trouble(`${name} is larger than 20 MB. Put it into the codebase another way.`);
      else if (!file.size) this.on.trouble(`${name} is empty.`);
      else this.upload(file, name);
    }
    byId("text").focus();
  }

  async upload(file, name) {
    const item = { name, size: file.size, abort: new AbortController() };
    this.items.push(item);
    this.show();
    try {
      item.id = (await api.addFile(this.conversation, file, item.abort.signal)).id;
    } catch (error) {
      if (item.abort.signal.aborted) return;
      this.items = this.items.filter((other) => other !== item);
      this.on.trouble(`${name} was not taken. ${error.message}`);
    }
    this.show();
  }

  remove(item) {
    item.abort.abort();
    this.items = this.items.filter((other) => other !== item);
    this.show();
    byId("text").focus();
  }

  show() {
    this.list.hidden = this.isEmpty;
    this.list.replaceChildren(...this.items.map((item) =>
      el("li", { class: item.id ? "" : "coming" },
        el("span", { class: "name", title: item.name }, item.name),
        el("span", { class: "size" }, item.id ? sizeOf(item.size) : "coming"),
        el("button", { type: "button", "aria-label": `Remove ${item.name}`, onclick: () => this.remove(item) }, icon("close")))));
    this.on.changed();
  }
}
