// A job's curve: progress above, degrees below, one axis of time. To be read by mouse, finger, keys and ear.

import { drawn, element } from "./elements.js";
import { clockTime, duration } from "./words.js";

const STEPS = [60, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800];
const DEGREES = [["nozzle", "Nozzle"], ["bed", "Bed"], ["chamber", "Chamber"]];
const LEFT = 44, RIGHT = 12, TOP = 14, UPPER = 120, GAP = 26, LOWER = 110, BOTTOM = 26;
const HEIGHT = TOP + UPPER + GAP + LOWER + BOTTOM;

const isKnown = (value) => value !== null && value !== undefined;

// A line with a gap wherever a value is missing.
export function pathOf(xs, ys) {
  let path = "", isOpen = false;
  xs.forEach((x, index) => {
    if (isKnown(ys[index])) path += (isOpen ? "L" : "M") + x.toFixed(1) + " " + ys[index].toFixed(1);
    isOpen = isKnown(ys[index]);
  });
  return path;
}

export const stepOf = (seconds, most) => STEPS.find((step) => seconds / step <= most) || Math.ceil(seconds / most / 86400) * 86400;

const valueText = (name, value, unit) => (isKnown(value) ? name + " " + Math.round(value) + " " + unit : null);

// `place`: where somebody reads it, carried from one drawing to the next.
export function curveOf(job, place = {}) {
  const { seconds, percent } = job.curve, lines = DEGREES.filter(([key]) => job.curve[key].some(isKnown));
  if (seconds.length < 2) return null;
  const total = Math.max(seconds.at(-1), 1), started = Date.parse(job.started_at);
  const top = Math.ceil(Math.max(50, ...lines.flatMap(([key]) => job.curve[key].filter(isKnown))) / 50) * 50;
  const tooltip = element("div", { class: "tooltip", hidden: true, "aria-hidden": "true" });
  const plot = element("div", { class: "plot", role: "slider", tabindex: 0, "aria-label": "Curve of the job over time", "aria-valuemin": 0, "aria-valuemax": seconds.length - 1 });
  const nearestTo = (second) => seconds.reduce((best, value, index) => (Math.abs(value - second) < Math.abs(seconds[best] - second) ? index : best), 0);
  let at = place.second === undefined ? seconds.length - 1 : nearestTo(place.second), width = 0, isShown = place.isShown || false;

  const textAt = (index) => [duration(seconds[index]) + " in", clockTime(new Date(started + seconds[index] * 1000)),
    isKnown(percent[index]) ? "progress " + percent[index] + " %" : null, ...lines.map(([key, name]) => valueText(name.toLowerCase(), job.curve[key][index], "°C"))].filter(Boolean);

  function point(index, isNowShown) {
    isShown = isNowShown;
    at = Math.max(0, Math.min(seconds.length - 1, index));
    plot.setAttribute("aria-valuenow", at);
    plot.setAttribute("aria-valuetext", textAt(at).join(", "));
    place.second = at === seconds.length - 1 ? undefined : seconds[at];
    place.isShown = isShown;
    const cursor = plot.querySelector(".cursor");
    tooltip.hidden = !isShown || !cursor;
    if (!cursor) return;
    cursor.toggleAttribute("hidden", !isShown);
    const x = xOf(seconds[at]);
    cursor.setAttribute("transform", "translate(" + x.toFixed(1) + " 0)");
    const [since, time, ...values] = textAt(at);
    tooltip.replaceChildren(element("strong", {}, time), element("span", {}, since), ...values.map((text) => element("span", {}, text)));
    tooltip.style.left = Math.max(4, Math.min(x + 12, width - tooltip.offsetWidth - 4)) + "px";
  }

  const xOf = (second) => LEFT + (second / total) * (width - LEFT - RIGHT);
  const yPercent = (value) => TOP + UPPER * (1 - value / 100);
  const yDegree = (value) => TOP + UPPER + GAP + LOWER * (1 - value / top);

  function draw() {
    const xs = seconds.map(xOf), step = stepOf(total, width < 480 ? 4 : 8), end = width - RIGHT;
    const grid = [], pauses = (job.pauses || []).map((pause) => {
      const begun = Math.max(0, (Date.parse(pause.began_at) - started) / 1000);
      const ended = Math.min(total, pause.ended_at ? (Date.parse(pause.ended_at) - started) / 1000 : total);
      return drawn("rect", { class: "pause", x: xOf(begun), width: Math.max(1, xOf(ended) - xOf(begun)), y: TOP, height: UPPER + GAP + LOWER });
    });
    for (const value of [0, 50, 100]) grid.push(drawn("line", { x1: LEFT, x2: end, y1: yPercent(value), y2: yPercent(value) }),
      drawn("text", { x: LEFT - 7, y: yPercent(value) + 4, "text-anchor": "end" }, value + " %"));
    if (lines.length) for (const value of [0, top / 2, top]) grid.push(drawn("line", { x1: LEFT, x2: end, y1: yDegree(value), y2: yDegree(value) }),
      drawn("text", { x: LEFT - 7, y: yDegree(value) + 4, "text-anchor": "end" }, value + "°"));
    for (let second = 0; second <= total; second += step) grid.push(drawn("text", { x: xOf(second), y: HEIGHT - 6, "text-anchor": !second ? "start" : xOf(second) > end - 24 ? "end" : "middle" }, second ? duration(second) : "start"));
    const known = percent.map((value) => (isKnown(value) ? yPercent(value) : null));
    const area = pathOf(xs, known), firstAt = known.findIndex(isKnown), lastAt = known.findLastIndex(isKnown);
    const svg = drawn("svg", { viewBox: "0 0 " + width + " " + HEIGHT, width, height: HEIGHT, "aria-hidden": "true" },
      pauses, drawn("g", { class: "grid" }, grid),
      area && !known.slice(firstAt, lastAt).includes(null) ? drawn("path", { class: "area", d: area + "L" + xs[lastAt].toFixed(1) + " " + yPercent(0) + "L" + xs[firstAt].toFixed(1) + " " + yPercent(0) + "Z" }) : null,
      drawn("path", { class: "line", data: { of: "percent" }, d: area }),
      lines.map(([key]) => drawn("path", { class: "line", data: { of: key }, d: pathOf(xs, job.curve[key].map((value) => (isKnown(value) ? yDegree(value) : null))) })),
      drawn("g", { class: "cursor", hidden: true }, drawn("line", { y1: TOP, y2: TOP + UPPER + GAP + LOWER })));
    plot.replaceChildren(svg, tooltip);
    point(at, isShown);
  }

  const nearest = (event) => nearestTo(((event.clientX - plot.getBoundingClientRect().left - LEFT) / (width - LEFT - RIGHT)) * total);
  plot.addEventListener("pointermove", (event) => point(nearest(event), true));
  plot.addEventListener("pointerdown", (event) => point(nearest(event), true));
  plot.addEventListener("pointerleave", () => point(at, document.activeElement === plot));
  plot.addEventListener("blur", () => point(at, false));
  plot.addEventListener("keydown", (event) => {
    const far = Math.max(1, Math.round(seconds.length / 20));
    const next = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - far, PageUp: at + far, Home: 0, End: seconds.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    point(next, true);
  });
  new ResizeObserver(([entry]) => {
    const wide = Math.floor(entry.contentRect.width);
    if (wide > 60 && wide !== width) { width = wide; draw(); }
  }).observe(plot);
  point(at, isShown);
  return element("div", { class: "curve" },
    element("p", { class: "legend" }, element("span", { data: { of: "percent" } }, "Progress"), lines.map(([key, name]) => element("span", { data: { of: key } }, name)),
      job.pauses?.length ? element("span", { data: { of: "pause" } }, "Paused") : null), plot);
}
