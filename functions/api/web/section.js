// A part of a view with data of its own: loading, empty, what cannot be had and why, and when it is asked again.

import { HeldBack, KeyNeeded, Refused } from "./api.js";
import { element, redraw } from "./elements.js";
import { span } from "./words.js";

const AGAIN_MS = 15000, SHORT_SECONDS = 10;

export class Section {
  // `load`: promises what is shown (undefined: there is more to ask for first); `draw`: makes nodes of it, or
  // null where there is nothing; `drawn`: what of it is drawn, so that the rest may change without a redraw;
  // `repeatMs`: it is asked for again after so long (0: once).
  constructor({ title, empty, load, draw, drawn = (value) => ({ ...value, at: null }), level = 2, extra = null }) {
    this.load = load;
    this.draw = draw;
    this.drawn = drawn;
    this.empty = empty;
    this.repeatMs = 0;
    this.loadedAt = -Infinity;
    this.retryAt = 0;
    this.generation = 0;
    this.shown = null;
    this.isLoading = false;
    this.body = element("div", { class: "body" }, element("p", { class: "loading" }, "Loading"));
    this.node = element("section", { class: "section", "aria-busy": "true" },
      title ? element("div", { class: "section-head" }, element("h" + level, {}, title), extra) : null, this.body);
  }

  get dueAt() {
    return this.loadedAt === -Infinity ? this.retryAt : this.repeatMs ? this.loadedAt + this.repeatMs : Infinity;
  }

  isDue() {
    return !this.isLoading && performance.now() >= this.dueAt;
  }

  // What it shows is wanted anew, now.
  renew() {
    this.loadedAt = -Infinity;
    this.retryAt = 0;
    this.generation += 1;
  }

  // Somebody looks again after a while.
  renewAfter(milliseconds) {
    if (!this.isLoading && performance.now() - this.loadedAt > milliseconds) this.renew();
  }

  async refresh() {
    const generation = this.generation;
    this.isLoading = true;
    try {
      const value = await this.load();
      if (generation !== this.generation || value === undefined) return;
      this.loadedAt = performance.now();
      const said = JSON.stringify(value === null ? null : this.drawn(value));
      if (said !== this.shown) this.show(value);
      this.shown = said;
      this.node.classList.remove("is-old");
    } catch (error) {
      if (error instanceof KeyNeeded) throw error;
      if (generation === this.generation) this.fail(error);
    } finally {
      this.isLoading = false;
      this.node.setAttribute("aria-busy", String(this.dueAt <= performance.now()));
    }
  }

  show(value) {
    const drawn = value === null ? null : this.draw(value);
    redraw(this.body, drawn === null ? [element("p", { class: "empty" }, this.empty)] : [drawn].flat());
  }

  fail(error) {
    const isHeldBack = error instanceof HeldBack;
    this.loadedAt = -Infinity;
    this.retryAt = isHeldBack ? performance.now() + error.seconds * 1000 : Infinity;
    if (this.shown !== null) {
      if (!isHeldBack) this.retryAt = performance.now() + Math.max(this.repeatMs, AGAIN_MS);
      this.node.classList.add("is-old");
      return;
    }
    if (isHeldBack && error.seconds <= SHORT_SECONDS) {  // a gateway takes one question in seconds: it is no trouble
      this.body.replaceChildren(element("p", { class: "loading" }, "Loading, as soon as the bridge takes another question"));
      return;
    }
    const words = isHeldBack ? "Held back: " + error.message + ". Asked again in " + span(error.seconds) + "."
      : error instanceof Refused ? "Refused " + error.message + "." : "This could not be read: no answer from the bridge.";
    this.body.replaceChildren(element("p", { class: isHeldBack ? "held" : "failed" }, words),
      isHeldBack ? "" : element("button", { type: "button", on: { click: () => { this.renew(); this.body.replaceChildren(element("p", { class: "loading" }, "Loading")); this.wake?.(); } } }, "Try again"));
  }
}

// Those that are due, one after another; in how many milliseconds the next is.
export async function refreshSections(sections) {
  for (const section of sections) if (section.isDue()) await section.refresh();
  return Math.max(0, Math.min(...sections.map((section) => section.dueAt)) - performance.now());
}
