// The console: wires list, messages, events and composer together.

import { Activity } from "./activity.js";
import * as api from "./api.js";
import { Composer } from "./composer.js";
import { byId, el, icon, uuid } from "./dom.js";
import { inline } from "./inline.js";
import { Messages } from "./messages.js";
import { Shortcuts } from "./shortcuts.js";
import { Sidebar } from "./sidebar.js";
import { Standing } from "./standing.js";
import { Stream } from "./stream.js";

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const scroller = byId("scroll");
const jump = byId("jump");
const trouble = byId("trouble");

let id;
let stream;
let earlier;
/** Whether the reader is at the end, and so follows what comes. */
let follows = true;

const messages = new Messages(byId("log"), {
  press: (token) => attempt(() => api.press(id, token, uuid())),
  retry: (message, text, files) => deliver(message, text, files),
  changed,
});
const activity = new Activity({ changed: (isWorking) => composer.setWorking(isWorking) });
const composer = new Composer({
  send: (text, files) => say(text, files),
  stop: () => say("/stop"),
  trouble: tell,
});
const sidebar = new Sidebar({ create });
const standing = new Standing({
  turn: (turn) => activity.setTurn(turn),
  press: (token) => attempt(() => api.press(id, token, uuid())),
  say: (text) => say(text),
  renamed: (title) => {
    sidebar.rename(id, title);
    changed();
  },
});
new Shortcuts({
  create,
  write: () => byId("text").focus(),
  above: () => go(-1),
  below: () => go(1),
  search: () => sidebar.find(),
  about: () => standing.open(),
  allowOnce: () => messages.answer(/^allow once/i),
  allowSession: () => messages.answer(/^allow for this session/i),
  deny: () => messages.answer(/^deny$/i),
});

function create() {
  location.hash = uuid();
}

function go(places) {
  const beside = sidebar.beside(places);
  if (beside) location.hash = beside;
}

/** The name it was given, else how it begins. */
function title() {
  return sidebar.title(id) || messages.title;
}

function say(text, files = []) {
  const message = uuid();
  follows = true;
  messages.addPending(message, text, files);
  sidebar.touch(id, messages.title);
  deliver(message, text, files);
}

async function deliver(message, text, files) {
  messages.setState(message, "sending");
  const sent = await attempt(() => api.send(id, text, message, files));
  messages.setState(message, sent ? undefined : "failed");
}

/** Whether it worked; if not, the person is told why. */
async function attempt(work) {
  try {
    await work();
    trouble.hidden = true;
    return true;
  } catch (error) {
    tell(error.message);
    return false;
  }
}

function tell(sentence) {
  trouble.textContent = sentence;
  trouble.hidden = false;
}

async function open(wanted) {
  if (wanted !== id) {
    activity.reset();
    composer.open(wanted);
    messages.clear();
    follows = true;
  }
  stream?.close();
  id = wanted;
  sidebar.select(id);
  standing.select(id, title);
  const loaded = await attempt(async () => {
    const page = await api.transcript(wanted);
    if (wanted !== id) return;
    earlier = page.earlier;
    messages.reset(page.items);
    // Others may wait in line behind the one that is worked on.
    const seen = page.items.findLast((item) => item.sign === "seen");
    if (!seen) activity.reset();
    else activity.sign(seen.id, seen.sign);
    changed();
    stream = new Stream(wanted, page.cursor, { event: apply, reload: () => open(wanted), state: connection });
  });
  if (!loaded && wanted === id) {
    connection("lost");
    setTimeout(() => wanted === id && open(wanted), 2000);
  }
}

function apply(event) {
  messages.apply(event);
  activity.apply(event);
  if (event.type !== "append" && event.type !== "status") standing.soon();
  activity.setAsking(messages.isAsking, messages.doing);
}

function changed() {
  const isEmpty = messages.count === 0;
  byId("welcome").hidden = !isEmpty;
  byId("banner").classList.toggle("brief", !isEmpty);
  byId("earlier").hidden = !earlier;
  byId("title").textContent = title() || "New conversation";
  document.title = title() ? `${title()} · Adjutant` : "Adjutant";
  activity.setAsking(messages.isAsking, messages.doing);
  if (follows) scroller.scrollTop = scroller.scrollHeight;
  else jump.hidden = false;
}

function connection(state) {
  const isLost = state === "lost";
  byId("connection").textContent = isLost ? "Reconnecting" : "";
  byId("connection").classList.toggle("lost", isLost);
  if (isLost) return;
  trouble.hidden = true;
  standing.soon();
}

function watchScrolling() {
  scroller.addEventListener("scroll", () => {
    follows = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
    if (follows) jump.hidden = true;
  }, { passive: true });
  // The end moves when the box below grows or a keyboard opens.
  new ResizeObserver(() => follows && (scroller.scrollTop = scroller.scrollHeight)).observe(scroller);
  jump.prepend(icon("down"));
  jump.addEventListener("click", () => {
    follows = true;
    jump.hidden = true;
    scroller.scrollTop = scroller.scrollHeight;
  });
  byId("earlier").addEventListener("click", () => attempt(async () => {
    const page = await api.transcript(id, earlier);
    const bottom = scroller.scrollHeight - scroller.scrollTop;
    earlier = page.earlier;
    follows = false;
    messages.prepend(page.items);
    byId("earlier").hidden = !earlier;
    scroller.scrollTop = scroller.scrollHeight - bottom;
    jump.hidden = true;
  }));
}

async function describe() {
  const overview = await api.overview();
  byId("about").replaceChildren(
    el("span", { class: overview.assistant ? "dot on" : "dot" }),
    `${overview.assistant ?? "No assistant"} · ${overview.version}`);
  showBanner(overview);
  const starters = overview.demo ? ["Hello", "Improve the greeting", "How does this work?"] : ["/repos", "/status", "/help"];
  byId("starters").replaceChildren(...starters.map((text) =>
    el("button", { type: "button", class: "starter", onclick: () => say(text) }, text)));
  composer.offer(overview.commands);
  const commands = new Map(overview.commands.map((command) => [command.name, command]));
  const { items } = await api.codebases();
  for (const codebase of items) {
    for (const [name, { description }] of Object.entries(codebase.commands)) {
      if (!commands.has(name)) commands.set(name, { name, arguments: "", summary: description || codebase.name });
    }
  }
  composer.offer([...commands.values()]);
}

/** Nobody may take scripted answers for real ones, or wait for an answer that nobody gives. */
function showBanner({ demo, assistant, assistants }) {
  const off = assistants.find((other) => !other.on)?.detail ?? "";
  const banner = byId("banner");
  banner.hidden = !demo && Boolean(assistant);
  banner.replaceChildren(
    el("strong", {}, demo ? "Demo assistant." : "No assistant is on."),
    demo ? " Its answers are scripted on this machine, no model is asked. " : " Commands work, other messages are not answered. ",
    el("span", {}, ...inline(off)));
}

function route() {
  const wanted = location.hash.slice(1);
  if (!ID.test(wanted)) {
    location.replace(`#${uuid()}`);
    return;
  }
  if (wanted !== id) open(wanted);
}

async function start() {
  watchScrolling();
  addEventListener("hashchange", () => {
    route();
    composer.focus();
  });
  await attempt(() => sidebar.load());
  if (!location.hash && sidebar.items.length) location.replace(`#${sidebar.items[0].id}`);
  route();
  composer.focus();
  await attempt(describe);
}

start();
