// Jobs by month, stacked by their result; the same as a table for who listens.

import { drawn, element } from "./elements.js";
import { monthName } from "./words.js";

const KINDS = [["finished", "Finished"], ["failed", "Failed"], ["cancelled", "Cancelled"], ["ended", "Other"]];
const HEIGHT = 214, BASE = 176, SPACE = 57, MOST = 12, GAP = 14;

// Those that neither finished, failed nor were cancelled are "Other", whatever they are called.
const counted = (month) => ({ ...month, ended: Math.max(0, month.jobs - month.finished - month.failed - month.cancelled) });

// The twelve months up to that one, each of which has its place whether any job ended in it or not.
function year(newest) {
  const [years, month] = newest.split("-").map(Number), last = years * 12 + month - 1;
  return Array.from({ length: MOST }, (_, index) => {
    const at = last - MOST + 1 + index;
    return String(Math.floor(at / 12)).padStart(4, "0") + "-" + String((at % 12) + 1).padStart(2, "0");
  });
}

export function monthBars(all) {
  if (!all.length) return null;
  const newest = all.map(({ month }) => month).reduce((one, other) => (one > other ? one : other)), names = year(newest);
  const months = all.filter(({ month }) => names.includes(month)).sort((one, other) => (one.month < other.month ? -1 : 1)).map(counted);
  const most = Math.max(...months.map((month) => month.jobs), 1), width = MOST * SPACE;
  const columns = months.map((month) => {
    let y = BASE;
    const x = names.indexOf(month.month) * SPACE + GAP / 2;
    const stack = KINDS.filter(([kind]) => month[kind]).map(([kind]) => {
      const height = (month[kind] / most) * (BASE - 24);
      y -= height;
      return drawn("rect", { class: "month", data: { kind }, x, y, width: SPACE - GAP, height: Math.max(1, height - 1), rx: 3 });
    });
    return drawn("g", {}, drawn("title", {}, monthName(month.month) + ": " + KINDS.filter(([kind]) => month[kind]).map(([kind, word]) => month[kind] + " " + word.toLowerCase()).join(", ")),
      stack, drawn("text", { x: x + (SPACE - GAP) / 2, y: y - 6, "text-anchor": "middle", class: "total" }, String(month.jobs)));
  });
  const labels = names.flatMap((name, index) => [{ month: "short" }, { year: "numeric" }].map((part, line) =>
    drawn("text", { x: (index + 0.5) * SPACE, y: HEIGHT - 20 + line * 15, "text-anchor": "middle" }, monthName(name, part))));
  const used = KINDS.filter(([kind]) => months.some((month) => month[kind]));
  const scroll = element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Jobs by month, drawn" }, drawn("svg", { viewBox: "0 0 " + width + " " + HEIGHT, width, height: HEIGHT, "aria-hidden": "true" },
    drawn("line", { class: "base", x1: 0, x2: width, y1: BASE + 0.5, y2: BASE + 0.5 }), columns, labels));
  requestAnimationFrame(() => { scroll.scrollLeft = scroll.scrollWidth; });  // the newest first
  return element("figure", { class: "months" },
    element("figcaption", {}, "Jobs by month"),
    scroll,
    element("p", { class: "legend" }, used.map(([kind, word]) => element("span", { data: { kind } }, word))),
    element("div", { class: "unseen" }, element("table", {}, element("caption", {}, "Jobs by month"),
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Month"), used.map(([, word]) => element("th", { scope: "col" }, word)))),
      element("tbody", {}, months.map((month) => element("tr", {}, element("th", { scope: "row" }, monthName(month.month)), used.map(([kind]) => element("td", {}, String(month[kind])))))))));
}
