// A printer's picture: the one before stays until the next is there, and none is ever shown as live that is not.

import { HeldBack, KeyNeeded, ask, hasKey } from "./api.js";
import { element, put } from "./elements.js";
import { age, isAhead } from "./overview.js";
import { FIRST_MS } from "./pace.js";
import { printerPath } from "./route.js";
import { span } from "./words.js";

const LIVE_SECONDS = 10, LONGEST_RETRY_MS = 3600000, MOST_CREDIT = 3;
// A frame older than that is grey. In the cloud one of an idle printer comes each five minutes.
const OLD_SECONDS = { embedded: 30, cloud: 330 };
let credit = 0, creditAt = Date.now();

export class Picture {
  constructor(name) {
    this.name = name;
    this.wanted = null;
    this.shown = "";
    this.since = this.failures = this.retryAt = 0;
    this.oldAfter = OLD_SECONDS.embedded;
    this.image = element("img", { alt: "Picture of " + name, hidden: true, decoding: "async" });
    this.blank = element("span", { class: "blank" }, "No picture");
    this.caption = element("figcaption", { hidden: true });
    this.node = element("figure", { class: "picture" }, this.blank, this.image, this.caption);
  }

  want(image, isCloud) {
    this.wanted = image;
    this.oldAfter = isCloud ? OLD_SECONDS.cloud : OLD_SECONDS.embedded;
    if (!image) this.image.hidden = true;
    this.tick();
  }

  // What is on the screen is what ages, and it may be older than what is wanted.
  tick() {
    const takenAt = this.takenAt || this.wanted?.taken_at, isWrong = isAhead(takenAt);
    const seconds = this.shown && this.wanted ? age(takenAt) : null;
    const freshness = seconds === null ? "none" : isWrong ? "old" : seconds <= LIVE_SECONDS ? "live" : seconds <= this.oldAfter ? "recent" : "old";
    if (this.node.dataset.freshness !== freshness) this.node.dataset.freshness = freshness;
    put(this.caption, seconds === null ? "" : isWrong ? "time unknown" : freshness === "live" ? "live" : span(seconds) + " old");
  }

  // Another address of the same picture is no news.
  isDue() {
    return this.wanted && !this.isLoading && (!this.shown || this.wanted.taken_at !== this.takenAt) && performance.now() >= this.retryAt && this.isNear();
  }

  isNear() {
    const box = this.node.getBoundingClientRect();
    return this.node.isConnected && box.height > 0 && box.bottom > -200 && box.top < innerHeight + 200;
  }

  // Whether it could be shown. After a failure it is asked of the bridge itself, which also finds what has no
  // address of its own any more.
  async load() {
    const { address, taken_at: takenAt } = this.wanted, next = new Image(), before = this.image.src;
    this.since = performance.now();
    this.isLoading = true;
    try {
      next.src = await source(this.failures ? printerPath(this.name) + "/image" : address);
      await next.decode();
    } catch (error) {
      if (error instanceof KeyNeeded || error instanceof HeldBack) throw error;
      this.failures += 1;
      this.retryAt = performance.now() + Math.min(FIRST_MS * 2 ** this.failures, LONGEST_RETRY_MS);
      if (!this.shown) put(this.blank, "The picture cannot be loaded");
      return false;
    } finally {
      this.isLoading = false;
    }
    this.shown = address;
    this.takenAt = takenAt;
    this.failures = this.retryAt = 0;
    next.alt = this.image.alt;
    next.hidden = !this.wanted;
    this.image.replaceWith(next);  // itself: its address, set at another, might be loaded again
    this.image = next;
    put(this.blank, this.wanted ? "" : "No picture");
    if (before.startsWith("blob:")) URL.revokeObjectURL(before);
    this.tick();
    return true;
  }
}

// An address that opens its picture by itself is one for an <img>; any other is asked for with the key.
async function source(address) {
  if (!hasKey() || /^https?:/.test(address) || /[?&]signature=/.test(address)) return address;
  const response = await ask(address);
  if (!response.ok) throw new Error("error " + response.status);
  return URL.createObjectURL(await response.blob());
}

// First pictures at once; of newer ones as many as are worth their price, who has waited longest first.
// Whether all could be shown.
export async function loadDue(pictures, secondsEach) {
  const now = Date.now();
  credit = secondsEach ? Math.min(MOST_CREDIT, credit + Math.max(0, now - creditAt) / 1000 / secondsEach) : Infinity;
  creditAt = now;
  const due = pictures.filter((picture) => picture.isDue());
  const first = due.filter((picture) => !picture.shown);
  const newer = due.filter((picture) => picture.shown).sort((one, other) => one.since - other.since);
  newer.splice(Math.floor(credit));
  credit -= newer.length;
  const shown = await Promise.all([...first, ...newer].map((picture) => picture.load()));
  return !shown.includes(false);
}
