// All printers at a glance, those with trouble first.

import { arrange, element, named, put } from "./elements.js";
import { age } from "./overview.js";
import { degrees, errorList, pill, problemLine, progress } from "./parts.js";
import { Picture } from "./picture.js";
import { addressOf } from "./route.js";
import { byUrgency, groupOf } from "./urgency.js";
import { span, stateOf } from "./words.js";

const GROUPS = [["", "All"], ["trouble", "Trouble"], ["printing", "Printing"], ["done", "Done"], ["idle", "Idle"]];

// What grows older by itself, whether anything new was said or not.
export function ageLine(printer) {
  const look = printer.last_look;
  return [
    printer.received_at && !(printer.state_inferred && printer.problem) && "data " + span(age(printer.received_at)) + " old",
    look?.last_look_at && "last check " + span(age(look.last_look_at)) + " ago: " + look.verdict,
    look?.note && "no check" + (look.noted_at ? " " + span(age(look.noted_at)) + " ago" : "") + ": " + look.note,
  ].filter(Boolean).join(" · ");
}

class Card {
  constructor(name) {
    this.picture = new Picture(name);
    this.body = element("div", { class: "card-body" });
    this.foot = element("p", { class: "foot" });
    this.node = element("article", { class: "card" }, this.picture.node, this.body, this.foot);
    this.link = element("a", { class: "name cover", href: addressOf("printer", name) }, named(name));
  }

  show(printer, isCloud) {
    this.picture.want(printer.image, isCloud);
    if (this.printer !== printer) {
      const state = stateOf(printer), hadFocus = document.activeElement === this.link;
      this.printer = printer;
      this.node.dataset.tone = state[1];
      this.node.dataset.group = groupOf(printer);
      this.body.replaceChildren(...[
        element("div", { class: "head" },
          element("h2", {}, this.link, printer.model ? element("span", { class: "model" }, named(printer.model)) : null), pill(state)),
        printer.job?.name ? element("p", { class: "job" }, named(printer.job.name)) : null,
        progress(printer.job, state[1]), problemLine(printer), errorList(printer.errors), degrees(printer.temperatures),
      ].filter(Boolean));
      if (hadFocus) this.link.focus({ preventScroll: true });
    }
  }

  tick() {
    if (!this.picture.isNear()) return;
    this.picture.tick();
    put(this.foot, ageLine(this.printer));
  }

  says(words) {
    const { printer_id: name, model, job } = this.printer;
    return [name, model, job?.name].some((text) => text && text.toLowerCase().includes(words));
  }
}

export function wall({ query, replaceQuery, askNow }) {
  const cards = new Map();
  const list = element("div", { id: "cards" }), summary = element("p", { class: "summary" }), empty = element("div", { class: "blank-state", hidden: true });
  const search = element("input", { type: "search", placeholder: "Name, model or job", "aria-label": "Filter by name, model or job", value: query.get("q") || "", on: { input: apply } });
  const chips = GROUPS.map(([group, word]) => {
    const count = element("span", { class: "count" });
    const button = element("button", { type: "button", class: "chip", data: { group }, on: { click: () => { chosen = group; apply(); } } }, word, count);
    return { group, button, count };
  });
  const filter = element("div", { class: "filter", hidden: true, role: "group", "aria-label": "Filter" }, element("div", { class: "chips" }, chips.map((chip) => chip.button)), search);
  let chosen = query.get("show") || "", printers = [];

  function apply() {
    const words = search.value.trim().toLowerCase();
    replaceQuery({ show: chosen, q: search.value.trim() });
    const shown = printers.map((printer) => cards.get(printer.printer_id)).filter((card) => (!chosen || card.node.dataset.group === chosen) && card.says(words));
    arrange(list, shown.map((card) => card.node));
    for (const { group, button, count } of chips) {
      const number = group ? printers.filter((printer) => groupOf(printer) === group).length : printers.length;
      button.setAttribute("aria-pressed", String(group === chosen));
      button.hidden = group !== "" && group !== chosen && number === 0;
      put(count, String(number));
    }
    if (!printers.length) empty.replaceChildren(element("h2", {}, "No printer has been heard of yet"),
      element("p", {}, "Switch one on that BambUI knows. It appears here by itself, without loading this page again."));
    else if (!shown.length) empty.replaceChildren(element("h2", {}, "No printer matches"),
      element("p", {}, element("button", { type: "button", on: { click: () => { chosen = search.value = ""; apply(); } } }, "Show all")));
    empty.hidden = shown.length > 0;
  }

  return {
    node: element("div", { class: "wall" }, element("div", { class: "wall-head" }, element("h1", { tabindex: -1 }, "Your printers"), summary), filter, empty, list,
      element("div", { class: "skeletons", "aria-hidden": "true" }, [1, 2, 3].map(() => element("div", { class: "skeleton" })))),
    title: () => "",
    update(overview) {
      const isCloud = overview.secondsAPicture !== null;
      this.node.querySelector(".skeletons")?.remove();
      printers = [...overview.printers].sort(byUrgency);
      for (const name of [...cards.keys()]) if (!printers.some((printer) => printer.printer_id === name)) cards.delete(name);
      for (const printer of printers) {
        if (!cards.has(printer.printer_id)) cards.set(printer.printer_id, new Card(printer.printer_id));
        cards.get(printer.printer_id).show(printer, isCloud);
      }
      const active = printers.filter((printer) => printer.job?.is_active).length;
      put(summary, printers.length ? active + " of " + printers.length + (overview.isMore ? " shown" : "") + " with a job" : "");
      filter.hidden = printers.length < 2;
      apply();
      this.tick();
    },
    noAnswer() {
      this.node.querySelector(".skeletons")?.replaceWith(element("div", { class: "blank-state skeletons" }, element("h2", {}, "Nothing can be shown yet"),
        element("p", {}, "The bridge has not answered since this page was opened."), element("p", {}, element("button", { type: "button", on: { click: askNow } }, "Ask now"))));
    },
    pictures: () => [...cards.values()].map((card) => card.picture),
    tick: () => cards.forEach((card) => card.tick()),
  };
}
