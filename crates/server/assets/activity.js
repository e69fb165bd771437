// Whether the assistant works, as far as the conversation tells: a status says so for ten seconds, "seen" until the
// next sign.

import { byId, duration } from "./dom.js";
import { inline } from "./inline.js";

const FADES_MS = 10_000;
const SEEN_MS = 15_000;

export class Activity {
  /** `on.changed(working)` */
  constructor(on) {
    this.on = on;
    this.node = byId("working");
    this.text = byId("working-text");
    this.elapsed = byId("elapsed");
    this.until = 0;
    /** Messages that were seen and have no other sign yet. */
    this.seen = new Set();
  }

  get isWorking() {
    return this.until > 0;
  }

  apply(event) {
    switch (event.type) {
      case "status":
        this.extend(FADES_MS);
        break;
      case "reaction":
        this.sign(event.id, event.sign);
        break;
      case "part":
        // A command's status ends with its answer; a turn goes on until its sign is taken away.
        if (this.seen.size) this.extend(FADES_MS);
        else this.end();
        break;
      case "append":
        if (this.isWorking) this.extend(FADES_MS);
        break;
      default:
    }
  }

  /** Another message's sign says nothing about the one that is worked on. */
  sign(id, sign) {
    if (sign === "seen") {
      this.seen.add(id);
      this.extend(SEEN_MS);
    } else if (this.seen.delete(id) && !this.seen.size) {
      this.end();
    }
  }

  /** What the gateway says about the turn: it works until the gateway says otherwise, however long nothing is heard. */
  setTurn(turn) {
    const ended = this.turn && !turn;
    this.turn = turn ?? undefined;
    if (turn) {
      this.extend(FADES_MS);
      this.since = Math.min(this.since, Date.parse(turn.started_at) || this.since);
    } else if (ended) {
      this.seen.clear();
      this.end();
    }
  }

  /** Another conversation, or this one anew. */
  reset() {
    this.turn = undefined;
    this.seen.clear();
    this.end();
  }

  /** The last message asks for a permission: not the assistant is waited for, but the person. Else what it does. */
  setAsking(isAsking, doing) {
    this.node.classList.toggle("asking", isAsking);
    this.text.replaceChildren(...inline(isAsking ? "Waiting for your answer" : doing || "Working"));
  }

  end() {
    if (!this.isWorking || this.turn) return;
    clearInterval(this.ticking);
    this.until = 0;
    this.node.hidden = true;
    this.on.changed(false);
  }

  extend(ms) {
    this.until = Math.max(this.until, Date.now() + ms);
    if (!this.node.hidden) return;
    this.since = Date.now();
    this.elapsed.textContent = "";
    this.node.hidden = false;
    this.ticking = setInterval(() => this.tick(), 1000);
    this.on.changed(true);
  }

  tick() {
    // A question may stay open for hours without a sign.
    if (Date.now() > this.until && !this.turn && !this.node.classList.contains("asking")) {
      this.end();
      return;
    }
    const seconds = Math.round((Date.now() - this.since) / 1000);
    this.elapsed.textContent = seconds >= 3 ? `· ${duration(seconds)}` : "";
  }
}
