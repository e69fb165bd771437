// The inline half of the Markdown renderer: text in, nodes out. Raw HTML stays text; images become links, so that a
// message cannot make the browser load anything.

import { el } from "./dom.js";

const ESCAPABLE = /[!-/:-@[-`{-~]/;
const URL_START = /^https?:\/\/[^\s<>"'`]+/;
const DEEPEST = 8;

// Characters that are not seen but change what is seen: they turn up by name.
const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text inside code, with invisible characters made visible. */
export function codeText(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(INVISIBLE)) {
    nodes.push(text.slice(from, match.index));
    const name = `U+${match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    nodes.push(el("span", { class: "invisible", title: "An invisible character" }, name));
    from = match.index + match[0].length;
  }
  nodes.push(text.slice(from));
  return nodes.filter((node) => node !== "");
}

export function inline(text, depth = 0) {
  if (depth > DEEPEST) return [text];
  const nodes = [];
  let plain = "";
  // Closers that were searched for and not found from some place on are not searched for again: linear time.
  const missing = new Set();
  const flush = () => {
    if (plain) nodes.push(plain);
    plain = "";
  };
  let at = 0;
  while (at < text.length) {
    const found = span(text, at, depth, missing);
    if (found) {
      flush();
      nodes.push(...found.nodes);
      at = found.end;
    } else if (text[at] === "\\" && ESCAPABLE.test(text[at + 1] ?? "")) {
      plain += text[at + 1];
      at += 2;
    } else {
      // A word is taken whole, so that an underscore or an address inside it is not taken for markup.
      const word = /^[\p{L}\p{N}]+/u.exec(text.slice(at, at + 200))?.[0] ?? text[at];
      plain += word;
      at += word.length;
    }
  }
  flush();
  return nodes;
}

function span(text, at, depth, missing) {
  switch (text[at]) {
    case "`": return codeSpan(text, at, missing);
    case "*": return emphasis(text, at, depth, missing);
    case "_": return /[\p{L}\p{N}]/u.test(text[at - 1] ?? "") ? null : emphasis(text, at, depth, missing);
    case "~": return paired(text, at, "~~", "del", depth, missing);
    case "[": return link(text, at, depth);
    case "!": return text[at + 1] === "[" ? link(text, at + 1, depth) : null;
    case "<": return autolink(text, at);
    case "h": return bareUrl(text, at);
    case "\n": return { nodes: [el("br")], end: at + 1 };
    default: return null;
  }
}

function codeSpan(text, at, missing) {
  const ticks = /^`+/.exec(text.slice(at, at + 64))[0];
  if (missing.has(ticks)) return null;
  let close = at + ticks.length;
  for (;;) {
    close = text.indexOf(ticks, close);
    if (close < 0) {
      missing.add(ticks);
      return null;
    }
    if (text[close + ticks.length] !== "`" && text[close - 1] !== "`") break;
    while (text[close] === "`") close += 1;
  }
  const code = text.slice(at + ticks.length, close).replace(/\n/g, " ").replace(/^ (.*\S.*) $/, "$1");
  return { nodes: [el("code", {}, ...codeText(code))], end: close + ticks.length };
}

function emphasis(text, at, depth, missing) {
  const mark = text[at];
  return paired(text, at, mark + mark + mark, "strong", depth, missing, "em")
    ?? paired(text, at, mark + mark, "strong", depth, missing)
    ?? paired(text, at, mark, "em", depth, missing);
}

function paired(text, at, mark, tag, depth, missing, within) {
  if (!text.startsWith(mark, at) || /\s/.test(text[at + mark.length] ?? " ") || missing.has(mark)) return null;
  let close = at + mark.length;
  for (;;) {
    close = text.indexOf(mark, close + 1);
    if (close < 0) {
      missing.add(mark);
      return null;
    }
    const inWord = mark[0] === "_" && /[\p{L}\p{N}]/u.test(text[close + mark.length] ?? "");
    const longer = mark.length < 2 && (text[close + 1] === mark[0] || text[close - 1] === mark[0]);
    if (!/\s/.test(text[close - 1]) && text[close - 1] !== "\\" && !inWord && !longer) break;
    if (longer) while (text[close + 1] === mark[0]) close += 1;
  }
  let node = el(within ?? tag, {}, ...inline(text.slice(at + mark.length, close), depth + 1));
  if (within) node = el(tag, {}, node);
  return { nodes: [node], end: close + mark.length };
}

function link(text, at, depth) {
  const match = /^\[((?:[^[\]\\]|\\.|\[[^[\]]*\]){0,1000})\]\(\s*<?((?:[^\s<>()]|\([^\s<>()]{0,500}\)){1,2000})>?(?:\s+"[^"]{0,300}")?\s*\)/.exec(text.slice(at, at + 3500));
  if (!match) return null;
  const label = inline(match[1] || match[2], depth + 1);
  return { nodes: anchor(match[2], label), end: at + match[0].length };
}

function autolink(text, at) {
  const match = /^<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/.exec(text.slice(at, at + 2100));
  return match && { nodes: anchor(match[1], [match[1]]), end: at + match[0].length };
}

function bareUrl(text, at) {
  if (/[\p{L}\p{N}]/u.test(text[at - 1] ?? "")) return null;
  let url = URL_START.exec(text.slice(at, at + 2000))?.[0];
  if (!url) return null;
  url = url.replace(/[.,:;!?*_~]+$/, "");
  if (url.endsWith(")") && !url.includes("(")) url = url.slice(0, -1);
  return { nodes: anchor(url, [url]), end: at + url.length };
}

/** A link if its address is one a browser may open from here; else its text with the address beside it. */
function anchor(address, label) {
  if (/^(https?:\/\/|mailto:)/i.test(address)) {
    return [el("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, ...label)];
  }
  const same = label.length === 1 && label[0] === address;
  return same ? label : [...label, " (", el("code", {}, ...codeText(address)), ")"];
}
