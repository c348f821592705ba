// Jobs by month, stacked by their result; the same as a table for who listens.

import { drawn, element } from "./elements.js";
import { monthName } from "./words.js";

const KINDS = [["finished", "Finished"], ["failed", "Failed"], ["cancelled", "Cancelled"], ["ended", "Other"]];
const HEIGHT = 200, BASE = 176, SPACE = 66, MOST = 12;

// Those that neither finished, failed nor were cancelled are "Other", whatever they are called.
const counted = (month) => ({ ...month, ended: Math.max(0, month.jobs - month.finished - month.failed - month.cancelled) });

export function monthBars(all) {
  const months = [...all].sort((one, other) => (one.month < other.month ? -1 : 1)).slice(-MOST).map(counted);
  if (!months.length) return null;
  const most = Math.max(...months.map((month) => month.jobs), 1), width = Math.max(3, months.length) * SPACE;
  const columns = months.map((month, index) => {
    let y = BASE;
    const x = index * SPACE + 10;
    const stack = KINDS.filter(([kind]) => month[kind]).map(([kind]) => {
      const height = (month[kind] / most) * (BASE - 24);
      y -= height;
      return drawn("rect", { class: "month", data: { kind }, x, y, width: SPACE - 20, height: Math.max(1, height - 1), rx: 3 });
    });
    return drawn("g", {}, drawn("title", {}, monthName(month.month) + ": " + KINDS.filter(([kind]) => month[kind]).map(([kind, word]) => month[kind] + " " + word.toLowerCase()).join(", ")),
      stack, drawn("text", { x: x + (SPACE - 20) / 2, y: y - 6, "text-anchor": "middle", class: "total" }, String(month.jobs)),
      drawn("text", { x: x + (SPACE - 20) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, monthName(month.month)));
  });
  const used = KINDS.filter(([kind]) => months.some((month) => month[kind]));
  const scroll = element("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "Jobs by month, drawn" }, drawn("svg", { viewBox: "0 0 " + width + " " + HEIGHT, width, height: HEIGHT, "aria-hidden": "true" },
    drawn("line", { class: "base", x1: 0, x2: width, y1: BASE + 0.5, y2: BASE + 0.5 }), columns));
  requestAnimationFrame(() => { scroll.scrollLeft = scroll.scrollWidth; });  // the newest first
  return element("figure", { class: "months" },
    element("figcaption", {}, "Jobs by month"),
    scroll,
    element("p", { class: "legend" }, used.map(([kind, word]) => element("span", { data: { kind } }, word))),
    element("div", { class: "unseen" }, element("table", {}, element("caption", {}, "Jobs by month"),
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Month"), used.map(([, word]) => element("th", { scope: "col" }, word)))),
      element("tbody", {}, months.map((month) => element("tr", {}, element("th", { scope: "row" }, monthName(month.month)), used.map(([kind]) => element("td", {}, String(month[kind])))))))));
}
