// What is said of states, times and figures. Pure: no document, no clock but the ones that are given.

export const STATES = {
  RUNNING: ["Printing", "active"], PRINTING: ["Printing", "active"], RESUME: ["Printing", "active"], BUSY: ["Busy", "active"],
  PREPARE: ["Preparing", "active"], SLICING: ["Slicing", "active"], PAUSE: ["Paused", "held"], IDLE: ["Idle", ""],
  FINISH: ["Finished", "done"], FINISHED: ["Finished", "done"], DONE: ["Finished", "done"], COMPLETED: ["Finished", "done"],
  CALIBRATING: ["Calibrating", "active"],
  FAIL: ["Failed", "bad"], FAILED: ["Failed", "bad"], CANCELED: ["Cancelled", "held"], CANCELLED: ["Cancelled", "held"],
};

export const RESULTS = {
  finished: ["Finished", "done"], failed: ["Failed", "bad"], cancelled: ["Cancelled", "held"],
  ended: ["Ended", ""], never_began: ["Never began", "held"],
};

// The word for a printer's state, and its tone.
export function stateOf(printer) {
  if (!printer.has_status) return [printer.is_online === false ? "Offline" : "No status yet", ""];
  if (printer.state_inferred) return ["No contact", "held"];
  return STATES[printer.state] || [printer.state || "Unknown", ""];
}

export const resultOf = (job) => (job.result ? RESULTS[job.result] || [job.result, ""] : ["Running", "active"]);

export function span(seconds) {
  if (seconds < 120) return Math.floor(seconds) + " s";
  if (seconds < 7200) return Math.floor(seconds / 60) + " min";
  return seconds < 172800 ? Math.floor(seconds / 3600) + " h" : Math.floor(seconds / 86400) + " days";
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 60) return Math.round(seconds) + " s";
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return minutes + " min";
  return Math.floor(minutes / 60) + " h" + (minutes % 60 ? " " + (minutes % 60) + " min" : "");
}

// The same to the second where minutes are few.
export const durationInFull = (seconds) =>
  (seconds >= 60 && seconds < 600 ? Math.floor(Math.round(seconds) / 60) + " min" + (Math.round(seconds) % 60 ? " " + (Math.round(seconds) % 60) + " s" : "") : duration(seconds));

export function clockTime(text, now = Date.now()) {
  const at = new Date(text), days = Math.abs(now - at) / 86400000;
  const time = at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  if (at.toDateString() === new Date(now).toDateString()) return time;
  const year = at.getFullYear() === new Date(now).getFullYear() ? {} : { year: "numeric" };
  return at.toLocaleDateString([], days < 6 ? { weekday: "short" } : { day: "numeric", month: "short", ...year }) + ", " + time;
}

// The same with its day, where there are many.
export const dayTime = (text, now = Date.now()) => (new Date(text).toDateString() === new Date(now).toDateString() ? "today, " : "") + clockTime(text, now);

export const monthName = (text, parts = { month: "short", year: "numeric" }) =>
  new Date(text + "-15T12:00:00Z").toLocaleDateString([], { ...parts, timeZone: "UTC" });

export const megabytes = (bytes) => (bytes < 1e6 ? Math.max(1, Math.round(bytes / 1e3)) + " kB" : (bytes / 1e6).toFixed(1) + " MB");

export const capital = (text) => (text ? text[0].toUpperCase() + text.slice(1) : "");

export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "the browser's zone";

// "layer 89/200", or nothing.
export const layers = (job) => (job.layer === null || job.layer === undefined ? "" : "layer " + job.layer + (job.total_layers ? "/" + job.total_layers : ""));

// What a running job still takes: "ready ~14:52", "1 h 12 min left".
export function readiness(job) {
  if (!job || !job.is_active || job.remaining_minutes === null) return ["", ""];
  return [job.expected_end_at ? clockTime(job.expected_end_at) : "", duration(job.remaining_minutes * 60) + " left"];
}
