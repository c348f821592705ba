// Who needs somebody, and in which order printers are looked at. Pure.

import { STATES, stateOf } from "./words.js";

const GROUPS = ["trouble", "printing", "done", "idle"];
const RANKS = { critical: 0, held: 1, away: 2, printing: 3, done: 4, idle: 5, off: 6 };

function rankOf(printer) {
  const tone = printer.has_status && !printer.state_inferred ? (STATES[printer.state] || ["", ""])[1] : "";
  const severities = (printer.errors || []).map((error) => error.severity), isActive = printer.job?.is_active;
  if (severities.includes("critical")) return RANKS.critical;
  if (tone === "bad" || (tone === "held" && isActive) || severities.includes("attention")) return RANKS.held;
  if (printer.problem && (isActive || printer.is_online !== false)) return RANKS.away;
  if (tone === "active") return RANKS.printing;
  if (tone === "done" || tone === "held") return RANKS.done;
  return printer.is_online === false ? RANKS.off : RANKS.idle;
}

export const isTrouble = (printer) => rankOf(printer) <= RANKS.away;

export function groupOf(printer) {
  const rank = rankOf(printer);
  return GROUPS[rank <= RANKS.away ? 0 : rank - RANKS.printing + 1] || "idle";
}

// What is wrong with it in one line, as is said to who listens.
export function troubleWords(printer) {
  const [error] = printer.errors || [];
  return printer.printer_id + ": " + (error ? error.text || "error " + error.code : printer.problem || stateOf(printer)[0].toLowerCase());
}

const readyAt = (printer) => (printer.job?.expected_end_at ? Date.parse(printer.job.expected_end_at) : Infinity);

// Problems first, then who is ready soonest.
export const byUrgency = (one, other) =>
  rankOf(one) - rankOf(other) || (readyAt(one) > readyAt(other)) - (readyAt(one) < readyAt(other)) || one.printer_id.localeCompare(other.printer_id);
