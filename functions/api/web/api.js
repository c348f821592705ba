// Asks the bridge, one question at a time, with the key if there is one.

const KEY_PLACE = "printer-bridge-key", TIMEOUT_MS = 10000, LONGEST_WAIT_SECONDS = 60;
const REFUSALS = {
  401: "That key was not accepted.",
  403: "The gateway refused that key (403): it is wrong, is switched off, or belongs to another stack.",
};
let key = sessionStorage.getItem(KEY_PLACE) || "", last = Promise.resolve();

export class KeyNeeded extends Error {}
export class Refused extends Error {}
export class HeldBack extends Error {
  constructor(message, seconds) {
    super(message);
    this.seconds = seconds;
  }
}

export const hasKey = () => key !== "";

export function keepKey(text) {
  key = text;
  if (key) sessionStorage.setItem(KEY_PLACE, key);
  else sessionStorage.removeItem(KEY_PLACE);
}

// A gateway that takes one request in seconds would refuse the second of two at once.
function inTurn(run) {
  const turn = last.then(run);
  last = turn.catch(() => {});
  return turn;
}

async function asked(path, headers, timeout) {
  // A header holds bytes: the key goes as the bytes of its UTF-8.
  if (key) headers["x-api-key"] = String.fromCharCode(...new TextEncoder().encode(key));
  const response = await fetch(path, { headers, cache: "no-store", signal: AbortSignal.timeout(timeout) });
  if (response.ok || response.status === 304 || response.status === 404) return response;
  const { detail } = await response.json().catch(() => ({}));
  // A gateway answers a key that is missing or wrong with 403; any other 403 says what it is about.
  if (response.status === 401 || (response.status === 403 && (!detail || /key/i.test(detail)))) throw new KeyNeeded(REFUSALS[response.status]);
  if (response.status === 429) throw new HeldBack(detail || "too many requests", Number(response.headers.get("Retry-After")) || 2);
  if (response.status < 500) throw new Refused("(" + response.status + ") " + (detail || "no reason was given"));
  throw new Error(detail || "error " + response.status);
}

export const ask = (path, headers = {}, timeout = TIMEOUT_MS) => inTurn(() => asked(path, headers, timeout));

// What somebody has clicked for: held back, it waits as it is told and asks the same again.
export async function patiently(run) {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof HeldBack) || error.seconds > LONGEST_WAIT_SECONDS) throw error;
      await new Promise((done) => setTimeout(done, error.seconds * 1000));
    }
  }
}

// The JSON that lies there, or null: there is none (404).
export async function read(path) {
  const response = await ask(path);
  return response.ok ? response.json() : null;
}
