// One conversation's events, without gaps: every connection says the last number seen, and when the gateway remembers
// less than that, it asks for the transcript to be fetched again.

import { eventsPath } from "./api.js";

const PAUSES = [500, 1000, 2000, 5000, 10_000];

export class Stream {
  /** `on.event(event)`, `on.reload()`, `on.state("open" | "lost")` */
  constructor(id, cursor, on) {
    this.id = id;
    this.cursor = cursor;
    this.on = on;
    this.failures = 0;
    this.visibility = () => (document.hidden ? this.pauseSoon() : this.resume());
    document.addEventListener("visibilitychange", this.visibility);
    this.open();
  }

  close() {
    document.removeEventListener("visibilitychange", this.visibility);
    clearTimeout(this.retry);
    clearTimeout(this.pausing);
    this.source?.close();
    this.source = null;
  }

  open() {
    const source = new EventSource(eventsPath(this.id, this.cursor));
    this.source = source;
    source.onopen = () => {
      this.failures = 0;
      this.on.state("open");
    };
    source.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === "reload") {
        this.close();
        this.on.reload();
        return;
      }
      this.cursor = event.n;
      this.on.event(event);
    };
    source.onerror = () => {
      // A browser gives up for good on some failures; this does not.
      source.close();
      if (this.source !== source) return;
      this.on.state("lost");
      this.retry = setTimeout(() => this.open(), PAUSES[Math.min(this.failures++, PAUSES.length - 1)]);
    };
  }

  /** A browser has six connections for all its tabs: hidden ones give theirs back. */
  pauseSoon() {
    this.pausing = setTimeout(() => {
      clearTimeout(this.retry);
      this.source?.close();
      this.source = null;
    }, 30_000);
  }

  resume() {
    clearTimeout(this.pausing);
    if (this.source && this.source.readyState !== EventSource.CLOSED) return;
    clearTimeout(this.retry);
    this.open();
  }
}
