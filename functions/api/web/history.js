// All jobs that have ended: found, counted, drawn, taken along as CSV.

import { ask, read } from "./api.js";
import { monthBars } from "./bars.js";
import { element, named, put } from "./elements.js";
import { jobLine } from "./parts.js";
import { Section, refreshSections } from "./section.js";
import { RESULTS, capital, duration } from "./words.js";

const PAGE = 30, DOWNLOAD_MS = 120000, MOST_EMPTY_PAGES = 8;

// A day of this browser's zone as the times where it begins and ends.
function dayTimes(since, until) {
  const begin = since ? new Date(since + "T00:00:00") : null, end = until ? new Date(until + "T00:00:00") : null;
  if (end) end.setDate(end.getDate() + 1);
  return { since: begin && !isNaN(begin) ? begin.toISOString() : "", until: end && !isNaN(end) ? end.toISOString() : "" };
}

const asked = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();

export function history({ query, replaceQuery, goneTo }) {
  let filter = Object.fromEntries(["printer", "result", "since", "until"].map((name) => [name, query.get(name) || ""]));
  let cursor = null;
  const question = (...names) => {
    const times = dayTimes(filter.since, filter.until);
    return Object.fromEntries(names.map((name) => [name, times[name] ?? filter[name]]));
  };
  const printers = element("select", { on: { change: changed } }, element("option", { value: "" }, "All printers"));
  const results = element("select", { on: { change: changed } }, element("option", { value: "" }, "Any result"),
    Object.entries(RESULTS).map(([result, [word]]) => element("option", { value: result }, word)));
  const since = element("input", { type: "date", value: filter.since, on: { change: changed } }), until = element("input", { type: "date", value: filter.until, on: { change: changed } });
  if (filter.printer) printers.append(element("option", { value: filter.printer }, filter.printer));
  printers.value = filter.printer;
  results.value = filter.result;
  const download = element("button", { type: "button", class: "download", on: { click: takeAlong } }, "Download CSV");
  const said = element("p", { class: "failed", role: "status", hidden: true });
  const labelled = (text, control) => element("label", {}, element("span", {}, text), control);

  function changed() {
    filter = { printer: printers.value, result: results.value, since: since.value, until: until.value };
    replaceQuery(filter);
    for (const section of sections) { section.renew(); section.node.classList.add("is-old"); }
    wake();
  }

  const figures = new Section({
    title: "Figures", empty: "No job like that has ended: there is nothing to count.",
    load: () => read("api/stats?" + asked(question("printer", "since", "until"))),
    draw: ({ all, months }) => (all.jobs ? [
      element("dl", { class: "figures" }, [["Jobs", String(all.jobs)], ["Success rate", all.success_rate === null ? "–" : Math.round(all.success_rate * 100) + " %"],
        ["Printing", duration(Math.round(all.hours * 3600))], ["On average", duration(all.mean_seconds) || "–"], ["Longest", duration(all.longest_seconds) || "–"]]
        .map(([label, value]) => element("div", {}, element("dt", {}, label), element("dd", {}, value)))),
      element("div", { class: "pair" }, monthBars(months), all.reasons?.length ? element("div", { class: "reasons" }, element("h3", {}, "Why jobs failed"),
        element("ol", {}, all.reasons.map(({ reason, jobs }) => element("li", {}, named(capital(reason)), element("span", { class: "count" }, String(jobs)))))) : null),
    ] : null),
  });

  const list = element("ul", { class: "job-lines" });
  const more = element("button", { type: "button", class: "more", hidden: true, on: { click: loadMore } }, "Show more");
  // A page may be empty and others follow all the same.
  async function page(after) {
    let answer, from = after;
    for (let tries = 0; tries < MOST_EMPTY_PAGES; tries += 1) {
      answer = await read("api/jobs?" + asked({ ...question("printer", "result", "since", "until"), cursor: from, limit: PAGE }));
      from = answer.next_cursor;
      if (answer.jobs.length || from === null) break;
    }
    return answer;
  }
  const jobs = new Section({
    title: "Jobs", empty: "No job like that has ended yet.", extra: download,
    load: () => page(""),
    draw(answer) {
      cursor = answer.next_cursor;
      more.hidden = cursor === null;
      list.replaceChildren(...answer.jobs.map((job) => jobLine(job, true)));
      return answer.jobs.length || cursor !== null ? [list, more] : null;
    },
  });
  const sections = [jobs, figures];
  let wake = () => {};

  async function loadMore() {
    const before = list.children.length;
    more.disabled = true;
    try {
      const answer = await page(cursor);
      cursor = answer.next_cursor;
      list.append(...answer.jobs.map((job) => jobLine(job, true)));
      list.children[before]?.querySelector("a").focus();
      more.hidden = cursor === null;
      more.textContent = "Show more";
    } catch (error) {
      more.textContent = "That did not work. Try again";
      goneTo(error);
    } finally {
      more.disabled = false;
    }
  }

  // In the cloud it comes in parts, each of which says where the next one is.
  async function tables(first) {
    const parts = [];
    for (let query = first; query;) {
      const response = await ask("api/jobs.csv" + query, {}, DOWNLOAD_MS);
      if (!response.ok) throw new Error("error " + response.status);
      // Each part begins with the names of its columns.
      parts.push(parts.length ? (await response.text()).replace(/^[^\n]*\n/, "") : await response.blob());
      query = /<(\?[^>]*)>; rel="next"/.exec(response.headers.get("Link") || "")?.[1];
    }
    return parts;
  }

  // A link could not send the key.
  async function takeAlong() {
    download.disabled = true;
    put(said, "");
    try {
      const address = URL.createObjectURL(new Blob(await tables("?" + asked(question("printer", "result", "since", "until"))), { type: "text/csv" }));
      element("a", { href: address, download: "jobs.csv" }).click();
      setTimeout(() => URL.revokeObjectURL(address), DOWNLOAD_MS);
    } catch (error) {
      put(said, "The CSV could not be had: " + error.message + ".");
      goneTo(error);
    } finally {
      download.disabled = false;
    }
  }

  return {
    node: element("div", { class: "history" }, element("h1", { tabindex: -1 }, "History"),
      element("div", { class: "filter", role: "group", "aria-label": "Filter" }, labelled("Printer", printers), labelled("Result", results), labelled("From", since), labelled("To", until)),
      said, figures.node, jobs.node),
    title: () => "History",
    update(overview) {
      const known = new Set([...printers.options].map((option) => option.value));
      for (const { printer_id: name } of overview.printers) if (!known.has(name)) printers.append(element("option", { value: name }, name));
    },
    refresh: () => refreshSections(sections),
    sections,
    wakeBy(run) { wake = run; },
  };
}
