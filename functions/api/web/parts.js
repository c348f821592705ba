// What several views show: a state, how far a job is, errors, degrees, an earlier job.

import { element, named, outside } from "./elements.js";
import { addressOf } from "./route.js";
import { capital, clockTime, dayTime, duration, layers, megabytes, readiness, resultOf } from "./words.js";

export const pill = ([word, tone]) => element("span", { class: "pill", data: { tone } }, named(word));

// A bar with its figure; nothing where the percent is not known.
export function progress(job, tone) {
  if (!job || job.percent === null) return null;
  const filled = element("div"), [ready, left] = readiness(job);
  filled.style.width = job.percent + "%";
  const result = !job.is_active && job.ended_at ? resultOf(job)[0] + " " + clockTime(job.ended_at) : "";
  return element("div", { class: "progress", data: { tone } },
    element("div", { class: "numbers" },
      element("span", { class: "percent" }, job.percent + " %"),
      ready && element("span", { class: "ready" }, "ready ~" + ready),
      (left || result) && element("span", { class: "rest" }, left || result),
      layers(job) && element("span", { class: "layers" }, layers(job))),
    element("div", { class: "bar", role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": job.percent }, filled));
}

export function degrees(temperatures) {
  const known = temperatures ? [["Nozzle", temperatures.nozzle, temperatures.nozzle_target], ["Bed", temperatures.bed, temperatures.bed_target],
    ["Chamber", temperatures.chamber, null]].filter(([, now]) => now !== null) : [];
  return known.length ? element("dl", { class: "degrees" }, known.map(([label, now, target]) =>
    element("div", {}, element("dt", {}, label), element("dd", {}, Math.round(now) + " °C", target ? element("small", {}, " of " + Math.round(target)) : null)))) : null;
}

// One sentence is told once, with each code that says it.
export function errorList(errors) {
  if (!errors || !errors.length) return null;
  const lines = new Map();
  for (const error of errors) lines.set(error.text || error.code, [...(lines.get(error.text || error.code) || []), error]);
  return element("ul", { class: "errors" }, [...lines.values()].map((same) => {
    const [{ text, severity }] = same, codes = same.flatMap(({ link, code }, index) => [index ? ", " : "", outside(link, code)]);
    return element("li", { data: { severity } }, text ? [named(text), " (", ...codes, ")"] : ["Error ", ...codes]);
  }));
}

export const problemLine = (printer) => (printer.problem ? element("p", { class: "problem" }, named(capital(printer.problem))) : null);

// A line of the list of earlier jobs.
export function jobLine(job, withPrinter) {
  const picture = job.thumbnail || job.image;
  const facts = [(job.end_is_known ? "ended " : "ended by ") + dayTime(job.ended_at), duration(job.duration_seconds), job.percent !== null && job.result !== "finished" ? job.percent + " %" : "",
    job.film ? "film " + megabytes(job.film.size) : ""].filter(Boolean);
  return element("li", { class: "job-line" },
    picture ? element("img", { src: picture.address, alt: "", loading: "lazy", decoding: "async" }) : element("span", { class: "no-image", "aria-hidden": "true" }),
    element("div", {},
      element("a", { class: "cover", href: addressOf("job", job.id) }, named(job.name || "Unnamed job")),
      withPrinter ? element("span", { class: "of" }, named(job.printer_id)) : null,
      element("span", { class: "facts" }, facts.map((text) => text.replaceAll(" ", "\u00a0")).join(" · ")),
      job.reason ? element("span", { class: "reason" }, named(capital(job.reason))) : null),
    pill(resultOf(job)));
}
