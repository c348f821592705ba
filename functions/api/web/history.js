// All jobs that have ended: found, counted, drawn, taken along as CSV.

import { ask, patiently, read } from "./api.js";
import { monthBars } from "./bars.js";
import { element, named, put } from "./elements.js";
import { jobLine } from "./parts.js";
import { Section, refreshSections } from "./section.js";
import { RESULTS, capital, durationInFull } from "./words.js";

const PAGE = 30, DOWNLOAD_MS = 120000, MOST_EMPTY_PAGES = 8, OLD_MS = 60000;

// A day of this browser's zone as the times where it begins and ends.
function dayTimes(since, until) {
  const begin = since ? new Date(since + "T00:00:00") : null, end = until ? new Date(until + "T00:00:00") : null;
  if (end) end.setDate(end.getDate() + 1);
  return { since: begin && !isNaN(begin) ? begin.toISOString() : "", until: end && !isNaN(end) ? end.toISOString() : "" };
}

const asked = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();

export function history({ query, replaceQuery, goneTo }) {
  let filter = Object.fromEntries(["printer", "result", "since", "until"].map((name) => [name, query.get(name) || ""]));
  let cursor = null, reached = "", emptyPages = 0;
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
    reached = "";
    emptyPages = 0;
    for (const section of sections) { section.renew(); section.node.classList.add("is-old"); }
    wake();
  }

  const counted = element("p", { class: "hint" });
  const isFiltered = () => Object.values(filter).some(Boolean);
  const figures = new Section({
    title: "Figures", empty: "",
    async load() {
      figures.empty = isFiltered() ? "No job matches: there is nothing to count." : "There is nothing to count yet.";
      const found = await read("api/stats?" + asked({ printer: filter.printer, since: filter.since, until: filter.until }));
      put(counted, "Counted by days in UTC" + (filter.result ? ", whatever the result" : "") + "." + (found.is_partial ? " There is more than can be counted at once: the oldest months are missing." : ""));
      return found;
    },
    drawn: (found) => ({ ...found, isFiltered: isFiltered() }),
    draw: ({ all, months }) => (all.jobs ? [
      element("dl", { class: "figures" }, [["Jobs", String(all.jobs)], ["Success rate", all.success_rate === null ? "–" : Math.round(all.success_rate * 100) + " %"],
        ["Printing", durationInFull(Math.round(all.hours * 3600))], ["On average", durationInFull(all.mean_seconds) || "–"], ["Longest", durationInFull(all.longest_seconds) || "–"]]
        .map(([label, value]) => element("div", {}, element("dt", {}, label), element("dd", {}, value)))),
      element("div", { class: "pair" }, monthBars(months), all.reasons?.length ? element("div", { class: "reasons" }, element("h3", {}, "Why jobs failed"),
        element("ol", {}, all.reasons.map(({ reason, jobs }) => element("li", {}, named(capital(reason)), element("span", { class: "count" }, String(jobs)))))) : null),
      counted,
    ] : null),
  });

  const list = element("ul", { class: "job-lines" });
  const more = element("button", { type: "button", class: "more", hidden: true, on: { click: loadMore } }, "Show more");
  const page = (after) => read("api/jobs?" + asked({ ...question("printer", "result", "since", "until"), cursor: after, limit: PAGE }));
  const jobs = new Section({
    title: "Jobs", empty: "", extra: download,
    // A page may be empty and others follow all the same. It is one question each time, and what is reached stays.
    async load() {
      const before = filter, answer = await page(reached);
      jobs.empty = isFiltered() ? "No job matches." : "No job has ended yet. Each is kept here from its end on.";
      if (before !== filter) return undefined;
      emptyPages += 1;
      const isSearching = !answer.jobs.length && answer.next_cursor !== null && emptyPages < MOST_EMPTY_PAGES;
      reached = isSearching ? answer.next_cursor : "";
      if (!isSearching) emptyPages = 0;
      return isSearching ? undefined : answer;
    },
    drawn: ({ jobs: lines, next_cursor }) => ({ lines, next_cursor, isFiltered: isFiltered() }),
    draw(answer) {
      cursor = answer.next_cursor;
      offer(answer);
      list.replaceChildren(...answer.jobs.map((job) => jobLine(job, true)));
      return answer.jobs.length || cursor !== null ? [list, more] : null;
    },
  });
  // From above to below, so that nothing moves under a finger once the list stands.
  const sections = [figures, jobs];
  let wake = () => {};

  function offer(answer) {
    more.hidden = answer.next_cursor === null;
    more.textContent = answer.jobs.length ? "Show more" : "Nothing so far. Look further back";
  }

  async function loadMore() {
    const before = list.children.length;
    more.disabled = true;
    try {
      const answer = await patiently(() => page(cursor));
      cursor = answer.next_cursor;
      list.append(...answer.jobs.map((job) => jobLine(job, true)));
      list.children[before]?.querySelector("a").focus();
      offer(answer);
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
      const response = await patiently(() => ask("api/jobs.csv" + query, {}, DOWNLOAD_MS));
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
      put(said, "The CSV could not be downloaded: " + error.message + ".");
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
    // The list as far as somebody has gone through it stays.
    returned() {
      for (const section of sections) if (section !== jobs || list.children.length <= PAGE) section.renewAfter(OLD_MS);
    },
    wakeBy(run) { wake = run; },
  };
}
