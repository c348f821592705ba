// One job from its beginning to its end: film, photo, curve, pauses, checks, errors.

import { read } from "./api.js";
import { curveOf } from "./curve.js";
import { element, named } from "./elements.js";
import { age } from "./overview.js";
import { errorList, pill } from "./parts.js";
import { addressOf } from "./route.js";
import { Section, refreshSections } from "./section.js";
import { capital, dayTime, duration, layers, megabytes, resultOf } from "./words.js";

const FILM_SECONDS = 1800, AGAIN_MS = 30000;

const row = (label, ...value) => (value.flat().some(Boolean) ? element("div", {}, element("dt", {}, label), element("dd", {}, ...value)) : null);

export function job({ id, retitle }) {
  let name = "Job", isRenewed = false;
  const heading = element("h1", { tabindex: -1 }, "Job");

  function player(found) {
    if (!found.film) return found.image ? element("figure", { class: "photo" }, element("img", { src: found.image.address, alt: "The last picture of this job" }),
      element("figcaption", {}, "The last picture. There is no film of it.")) : element("p", { class: "empty" }, "There is neither film nor photo of it.");
    const video = element("video", { controls: true, playsinline: true, preload: "metadata", src: found.film.address, poster: found.image?.address, "aria-label": "Film of the job" });
    // The address may have ended: another is asked for, once.
    video.addEventListener("error", () => {
      if (isRenewed) video.replaceWith(element("p", { class: "failed" }, "The film cannot be played: it may have been removed."));
      else { isRenewed = true; whole.shown = null; whole.renew(); whole.wake?.(); }
    });
    return element("figure", { class: "player" }, video, element("figcaption", {},
      element("a", { class: "button", href: found.download.address, download: found.download.name }, "Download the film"), element("span", {}, megabytes(found.film.size)),
      found.image ? element("a", { href: found.image.address, target: "_blank", rel: "noopener" }, "The last picture") : null));
  }

  const part = (title, content) => (content ? element("section", { class: "section" }, element("h2", {}, title), content) : null);

  async function load() {
    const found = await read("api/jobs/" + encodeURIComponent(id));
    // A film comes some minutes after the end, or never.
    whole.repeatMs = found && !found.film && found.ended_at && age(found.ended_at) < FILM_SECONDS ? AGAIN_MS : 0;
    return found;
  }

  function draw(found) {
    name = found.name || "Unnamed job";
    heading.replaceChildren(named(name));
    retitle();
    const curve = curveOf(found);
    return [
      element("div", { class: "job-grid" }, player(found),
        element("div", { class: "panel" }, element("div", { class: "state-line" }, pill(resultOf(found))),
          found.reason ? element("p", { class: "problem" }, named(capital(found.reason))) : null,
          element("dl", { class: "rows" },
            row("Printer", element("a", { href: addressOf("printer", found.printer_id) }, named(found.printer_id)), found.model ? [" ", named(found.model)] : null),
            row("Began", (found.start_is_known ? "" : "before ") + dayTime(found.started_at)), row("Ended", found.ended_at ? (found.end_is_known ? "" : "by ") + dayTime(found.ended_at) : ""),
            row("Took", duration(found.duration_seconds)), row("Paused for", found.paused_seconds ? duration(found.paused_seconds) : ""),
            row("Reached", [found.percent !== null ? found.percent + " %" : "", layers(found)].filter(Boolean).join(", "))))),
      part("Curve", curve || element("p", { class: "empty" }, "Too little was seen of it for a curve.")),
      part("Errors", errorList(found.errors)),
      part("Pauses", found.pauses.length ? element("ul", { class: "plain" }, found.pauses.map((pause) => element("li", {},
        element("time", { datetime: pause.began_at }, dayTime(pause.began_at)), element("span", {}, pause.seconds !== null ? duration(pause.seconds) : found.ended_at ? "length not known" : "not ended"),
        pause.reason ? named(capital(pause.reason)) : null))) : null),
      part("AI checks", found.checks.length ? element("ul", { class: "plain" }, found.checks.map((check) => element("li", { data: { verdict: check.verdict } },
        element("time", { datetime: check.at }, dayTime(check.at)), element("strong", {}, named(capital(check.verdict))),
        named([check.category?.replaceAll("_", " "), check.confidence !== null ? Math.round(check.confidence * 100) + " % sure" : "", check.summary].filter(Boolean).join(" · "))))) : null),
    ].filter(Boolean);
  }

  const whole = new Section({ title: "", empty: "This job is not known. It may be older than what is kept.", load, draw });
  return {
    node: element("div", { class: "job-view" }, element("p", { class: "crumbs" }, element("a", { href: addressOf("history") }, "History")), heading, whole.node),
    title: () => name,
    update() {},
    refresh: () => refreshSections([whole]),
    sections: [whole],
  };
}
