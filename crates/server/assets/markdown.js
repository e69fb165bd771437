// The block half of the Markdown renderer. It never parses HTML: every node is made by hand and every text set as text.

import { copyText, el, icon } from "./dom.js";
import { codeText, inline } from "./inline.js";

const FENCE = /^( {0,3})(`{3,}|~{3,})\s*([^\s`{]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])(\s+|$)/;
const QUOTE = /^ {0,3}> ?/;
const DELIMITER = /^ {0,3}\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const DEEPEST = 6;

/** Shows a text in `target`. Blocks that have not changed keep their nodes, so that a growing text keeps selections
 *  and costs only its last block. */
export function renderMarkdown(target, text) {
  const blocks = split(text.replace(/\r\n?/g, "\n").split("\n"));
  const before = target.blocks ?? [];
  let same = 0;
  while (same < before.length && same < blocks.length && before[same] === blocks[same].key) same += 1;
  while (target.childNodes.length > same) target.lastChild.remove();
  target.append(...blocks.slice(same).map((block) => build(block, 0)));
  target.blocks = blocks.map((block) => block.key);
}

/** Cuts lines into blocks. A block's key is its source: equal keys give equal nodes. */
function split(lines) {
  const blocks = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) {
      at += 1;
      continue;
    }
    const [kind, end] = blockAt(lines, at);
    const source = lines.slice(at, end);
    blocks.push({ kind, lines: source, key: `${kind}\n${source.join("\n")}` });
    at = end;
  }
  return blocks;
}

function blockAt(lines, at) {
  const line = lines[at];
  const fence = FENCE.exec(line);
  if (fence) return ["code", fenceEnd(lines, at, fence[2])];
  if (HEADING.test(line)) return ["heading", at + 1];
  if (RULE.test(line)) return ["rule", at + 1];
  if (QUOTE.test(line)) return ["quote", runEnd(lines, at, (next) => QUOTE.test(next))];
  if (ITEM.test(line)) return ["list", listEnd(lines, at)];
  if (isTable(lines, at)) return ["table", runEnd(lines, at, (next) => next.includes("|"))];
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !interrupts(lines, end)) end += 1;
  return ["paragraph", end];
}

function interrupts(lines, at) {
  const line = lines[at];
  const item = ITEM.exec(line);
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || isTable(lines, at)
    || (item && item[3] && (/[-*+]/.test(item[2]) || /^1[.)]/.test(item[2])));
}

function isTable(lines, at) {
  return lines[at].includes("|") && at + 1 < lines.length && lines[at + 1].includes("-") && DELIMITER.test(lines[at + 1])
    && cells(lines[at]).length === cells(lines[at + 1]).length;
}

/** An unclosed fence takes the rest: a streamed block looks like code from its first line on. */
function fenceEnd(lines, at, mark) {
  const close = new RegExp(`^ {0,3}${mark[0]}{${mark.length},}\\s*$`);
  let end = at + 1;
  while (end < lines.length && !close.test(lines[end])) end += 1;
  return Math.min(end + 1, lines.length);
}

function runEnd(lines, at, goesOn) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && goesOn(lines[end])) end += 1;
  return end;
}

function listEnd(lines, at) {
  const base = indent(lines[at]);
  const kind = listKind(lines[at]);
  const goesOn = (line) => ITEM.test(line) && listKind(line) === kind && !RULE.test(line);
  let end = at + 1;
  for (; end < lines.length; end += 1) {
    const line = lines[end];
    if (!line.trim()) {
      const next = lines[end + 1];
      if (next === undefined || !next.trim() || (indent(next) <= base && !goesOn(next))) return end;
    } else if (indent(line) <= base && !goesOn(line) && (interrupts(lines, end) || !lines[end - 1].trim())) {
      return end;
    }
  }
  return end;
}

const listKind = (line) => (/^\s*\d/.test(line) ? "ordered" : "bullets");

const indent = (line) => line.length - line.trimStart().length;

function build(block, depth) {
  switch (block.kind) {
    case "code": return code(block.lines);
    case "heading": return heading(block.lines[0]);
    case "rule": return el("hr");
    case "quote": return el("blockquote", {}, ...nested(block.lines.map((line) => line.replace(QUOTE, "")), depth));
    case "list": return list(block.lines, depth);
    case "table": return table(block.lines);
    default: return el("p", {}, ...inline(block.lines.map((line) => line.trim()).join("\n")));
  }
}

function nested(lines, depth) {
  if (depth >= DEEPEST) return [lines.join("\n")];
  return split(lines).map((block) => build(block, depth + 1));
}

function heading(line) {
  const [, marks, text] = HEADING.exec(line);
  // The page has an h1 and messages begin below it.
  return el(`h${Math.min(marks.length + 2, 6)}`, { class: `heading-${marks.length}` }, ...inline(text));
}

function code(lines) {
  const [, pad, mark, language] = FENCE.exec(lines[0]);
  const closed = lines.length > 1 && new RegExp(`^ {0,3}${mark[0]}{${mark.length},}\\s*$`).test(lines.at(-1));
  const body = lines.slice(1, closed ? -1 : undefined).map((line) => (line.startsWith(pad) ? line.slice(pad.length) : line));
  const text = body.join("\n");
  const isDiff = /^(diff|patch)$/i.test(language);
  const content = el("code", {}, ...(isDiff ? diff(body) : codeText(text)));
  const label = el("span", {}, language || "text");
  return el("figure", { class: isDiff ? "code diff" : "code" },
    el("figcaption", {}, label, copyButton(text)),
    el("pre", { tabindex: "0", "aria-label": `Code, ${language || "text"}` }, content));
}

function diff(lines) {
  return lines.map((line) => {
    const kind = /^(\+\+\+|---|diff |index )/.test(line) ? "file"
      : line.startsWith("@@") ? "hunk" : line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "same";
    return el("span", { class: `line ${kind}` }, ...codeText(line || " "), "\n");
  });
}

function copyButton(text) {
  const button = el("button", { type: "button", class: "copy", "aria-label": "Copy this code" }, icon("copy"), "Copy");
  button.addEventListener("click", async () => {
    const copied = await copyText(text);
    button.replaceChildren(icon(copied ? "check" : "close"), copied ? "Copied" : "Not allowed");
    setTimeout(() => button.replaceChildren(icon("copy"), "Copy"), 1600);
  });
  return button;
}

function list(lines, depth) {
  const ordered = listKind(lines[0]) === "ordered";
  const base = indent(lines[0]);
  const items = [];
  for (const line of lines) {
    const match = indent(line) <= base + 1 ? ITEM.exec(line) : null;
    if (match) items.push({ width: match[0].length, lines: [line.slice(match[0].length)] });
    else items.at(-1).lines.push(line.slice(Math.min(indent(line), items.at(-1).width)));
  }
  const start = ordered ? Number.parseInt(lines[0], 10) : undefined;
  return el(ordered ? "ol" : "ul", { start: start > 1 ? start : undefined }, ...items.map((item) => listItem(item.lines, depth)));
}

function listItem(lines, depth) {
  const task = /^\[([ xX])\]\s+/.exec(lines[0]);
  if (task) lines[0] = lines[0].slice(task[0].length);
  const content = nested(lines, depth);
  // One paragraph in an item stands without its margins.
  if (content[0] instanceof Element && content[0].tagName === "P") content.splice(0, 1, ...content[0].childNodes);
  if (!task) return el("li", {}, ...content);
  const box = el("input", { type: "checkbox", disabled: true, checked: task[1] !== " ", "aria-label": task[1] !== " " ? "done" : "open" });
  return el("li", { class: "task" }, box, ...content);
}

function table(lines) {
  const aligns = cells(lines[1]).map((cell) => (cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : "left"));
  const row = (line, tag) => {
    const given = cells(line);
    return el("tr", {}, ...aligns.map((align, column) =>
      el(tag, { class: align === "left" ? undefined : align, scope: tag === "th" ? "col" : undefined }, ...inline(given[column] ?? ""))));
  };
  return el("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Table" },
    el("table", {}, el("thead", {}, row(lines[0], "th")), el("tbody", {}, ...lines.slice(2).map((line) => row(line, "td")))));
}

/** The cells of a row. A `\|` and a bar inside backticks belong to their cell. */
function cells(line) {
  const parts = [];
  let cell = "";
  let inCode = false;
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === "\\" && line[at + 1] === "|") {
      cell += "|";
      at += 1;
    } else if (line[at] === "|" && !inCode) {
      parts.push(cell);
      cell = "";
    } else {
      if (line[at] === "`") inCode = !inCode;
      cell += line[at];
    }
  }
  parts.push(cell);
  if (!parts[0].trim()) parts.shift();
  if (parts.length && !parts.at(-1).trim()) parts.pop();
  return parts.map((part) => part.trim());
}
