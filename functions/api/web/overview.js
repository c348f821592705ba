// All printers in one answer, a hundred a part; of each part only what has changed is sent.

import { ask } from "./api.js";

const MOST_PARTS = 3, AHEAD_SECONDS = 10;
const parts = new Map();  // what was said, by the cursor that it began after
let serverAhead = 0;

// By the server's clock: seconds since then.
const since = (time) => (Date.now() + serverAhead - Date.parse(time)) / 1000;
export const age = (time) => Math.max(0, since(time));

// Whoever took that time had a wrong clock.
export const isAhead = (time) => since(time) < -AHEAD_SECONDS;

export const forgetAll = () => parts.clear();

// An address of a picture may have ended early: the same answer would have the same one.
export function askAnew() {
  for (const part of parts.values()) part.tag = "";
}

export async function readOverview() {
  let after = null;
  const found = [];
  do {
    const known = parts.get(after) || { tag: "", said: null };
    const response = await ask("api/overview" + (after === null ? "" : "?cursor=" + encodeURIComponent(after)), known.tag ? { "If-None-Match": known.tag } : {});
    if (response.status !== 304) {
      if (!response.ok) throw new Error("error " + response.status);
      known.said = await response.json();
      known.tag = response.headers.get("ETag") || "";
      serverAhead = Date.parse(known.said.at) - Date.now();
      parts.set(after, known);
    }
    found.push(known.said);
    after = known.said.next_cursor;
  } while (after !== null && found.length < MOST_PARTS);
  return {
    printers: found.flatMap((part) => part.printers),
    health: found[0].health,
    isMore: after !== null,
    secondsAPicture: found[0].seconds_a_picture,
    refreshMs: found[0].refresh_seconds * 1000 * found.length,
  };
}
