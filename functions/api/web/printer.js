// One printer: large, with the curve of its job, what it says and what was said of it.

import { read } from "./api.js";
import { curveOf } from "./curve.js";
import { drawn, element, named, put } from "./elements.js";
import { degrees, errorList, jobLine, pill, problemLine, progress } from "./parts.js";
import { Picture } from "./picture.js";
import { addressOf, printerPath } from "./route.js";
import { Section, refreshSections } from "./section.js";
import { capital, clockTime, stateOf } from "./words.js";
import { ageLine } from "./wall.js";

// Four refreshes of what is shown live: a curve and a list change slowly, and in the cloud each question costs.
const REFRESHES = 4, PAST_JOBS = 6, OLD_MS = 60000, FILM = "Film of the last job";

// Not what the state or an error says already.
const isStageNews = ({ stage, state, errors }) => stage && state !== "RUNNING" && !errors.some((error) => capital(error.text) === capital(stage));

export function printer({ id: name, goneTo }) {
  const picture = new Picture(name), path = printerPath(name);
  let printerData = null, isKnown = null, video = null, filmOf = null, wake = () => {};
  const state = element("div", { class: "state-line" }), facts = element("div", { class: "facts-panel" }), foot = element("p", { class: "foot" });
  const heading = element("h1", { tabindex: -1 }, named(name));
  const unknown = element("div", { class: "blank-state", hidden: true }, element("h2", {}, "No printer of that name is known"),
    element("p", {}, element("a", { href: addressOf("wall") }, "To the wall")));
  const full = element("button", { type: "button", class: "whole", title: "Full screen", "aria-label": "Full screen", hidden: !document.fullscreenEnabled, on: { click: () => picture.node.requestFullscreen() } },
    drawn("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, drawn("path", { d: "M1 6V1h5M10 1h5v5M15 10v5h-5M6 15H1v-5" })));
  picture.node.append(full);

  const film = element("button", { type: "button", class: "film", hidden: true, on: { click: showFilm } }, FILM);
  async function showFilm() {
    filmOf = printerData.job?.id;
    try {
      const found = await read(path + "/film");
      if (!found) { film.textContent = "No film yet"; return; }
      video = element("video", { controls: true, autoplay: true, playsinline: true, src: found.address });
      video.muted = true;
      film.replaceWith(video);
      video.focus();
    } catch (error) {
      film.textContent = "The film could not be loaded. Try again";
      goneTo(error);
    }
  }

  // Of another job; who watches one is not disturbed.
  function offerFilm(job) {
    film.hidden = !job?.ended_at;
    if (filmOf === null || filmOf === job?.id || (video && !video.paused && !video.ended)) return;
    video?.replaceWith(film);
    film.textContent = FILM;
    video = filmOf = null;
  }

  const place = {};
  const curve = new Section({
    title: "Curve of the job", empty: "No job has been seen yet.",
    load: () => read(path + "/job"),
    drawn: ({ curve: points, pauses, started_at, ended_at }) => ({ points, pauses, started_at, ended_at }),
    draw: (job) => curveOf(job, place) || element("p", { class: "empty" }, job.ended_at ? "Too little was seen of it for a curve." : "The curve begins after a minute of printing."),
  });
  const messages = new Section({
    title: "Messages of the last 24 hours", empty: "There was no message in the last 24 hours.",
    load: () => read(path + "/messages"),
    draw: ({ messages: list }) => (list.length ? element("ol", { class: "messages" }, list.map((message) => element("li", { data: { severity: message.severity } },
      element("time", { datetime: message.at }, clockTime(message.at)), element("p", {}, named(message.text))))) : null),
  });
  const past = new Section({
    title: "Earlier jobs", empty: "No job has ended yet since the history began.",
    extra: element("a", { href: addressOf("history", "", { printer: name }) }, "All jobs"),
    load: () => read("api/jobs?limit=" + PAST_JOBS + "&printer=" + encodeURIComponent(name)),
    draw: ({ jobs }) => (jobs.length ? element("ul", { class: "job-lines" }, jobs.map((job) => jobLine(job, false))) : null),
  });
  const sections = [curve, messages, past];
  const content = element("div", { class: "printer-grid" },
    element("div", { class: "live" }, picture.node, film),
    element("div", { class: "panel" }, state, facts, foot), curve.node, messages.node, past.node);

  return {
    node: element("div", { class: "printer" }, element("p", { class: "crumbs" }, element("a", { href: addressOf("wall") }, "Wall")), heading, unknown, content),
    title: (isTold) => (isTold && printerData?.job?.is_active && printerData.job.percent !== null ? printerData.job.percent + " % · " + name : name),
    update(overview) {
      const found = overview.printers.find((it) => it.printer_id === name) || null;
      messages.repeatMs = REFRESHES * overview.refreshMs;
      curve.repeatMs = found?.job?.is_active ? messages.repeatMs : 0;
      const wasUnknown = isKnown === false;
      isKnown = found !== null || overview.isMore;
      unknown.hidden = isKnown;
      content.hidden = !isKnown;
      if (wasUnknown && isKnown) {
        for (const section of sections) section.renew();
        wake();
      }
      if (!found) return;
      picture.want(found.image, overview.secondsAPicture !== null);
      if (printerData !== found) {
        // Another job, or an end: the rest is not waited for.
        if (printerData && (printerData.job?.id !== found.job?.id || printerData.job?.is_active !== found.job?.is_active)) for (const section of sections) section.renew();
        printerData = found;
        const look = found.last_look, shown = stateOf(found);
        content.dataset.tone = shown[1];
        state.replaceChildren(pill(shown), isStageNews(found) ? element("span", { class: "stage" }, named(capital(found.stage))) : "",
          found.model ? element("span", { class: "model" }, named(found.model)) : "");
        facts.replaceChildren(...[
          found.job?.name ? element("p", { class: "job" }, named(found.job.name)) : null,
          progress(found.job, shown[1]), problemLine(found), errorList(found.errors), degrees(found.temperatures),
          look?.last_look_at ? element("p", { class: "look" }, "Last check at ", clockTime(look.last_look_at), ": ", named(look.verdict)) : null,
          look?.note ? element("p", { class: "look" }, "No check", look.noted_at ? " at " + clockTime(look.noted_at) : "", ": ", named(look.note)) : null,
        ].filter(Boolean));
      }
      offerFilm(found.job);
      this.tick();
    },
    refresh: () => (isKnown === false ? Infinity : refreshSections(sections)),
    sections,
    returned: () => past.renewAfter(OLD_MS),
    wakeBy(run) { wake = run; },
    pictures: () => [picture],
    tick() {
      picture.tick();
      if (printerData) put(foot, ageLine({ ...printerData, last_look: null }));
    },
  };
}
