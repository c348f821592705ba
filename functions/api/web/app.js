// The page: which view is shown, when the bridge is asked, and what is said when it does not answer.

import { HeldBack, KeyNeeded, Refused, hasKey, keepKey } from "./api.js";
import { element, put } from "./elements.js";
import { history as historyView } from "./history.js";
import { job } from "./job.js";
import { askAnew, forgetAll, readOverview } from "./overview.js";
import { FIRST_MS, afterAnswer, afterRefusal, isOld } from "./pace.js";
import { loadDue } from "./picture.js";
import { printer } from "./printer.js";
import { addressOf, routeOf } from "./route.js";
import { complete } from "./shell.js";
import { showTab } from "./tab.js";
import { isTrouble, troubleWords } from "./urgency.js";
import { wall } from "./wall.js";
import { span, zone } from "./words.js";

const TICK_MS = 1000, SOONEST_MS = 250;
const byId = (id) => document.getElementById(id);
const WITHIN = { printer: "wall", job: "history" };
const VIEWS = { wall, printer, history: historyView, job, nowhere };
let view = null, overview = null, lastAnswer = null, pause = FIRST_MS, timer = 0, sectionTimer = 0, scrollTimer = 0, ticker = 0;
let isRunning = false, isSilent = false, toldTrouble = new Set();

function nowhere() {
  return {
    node: element("div", { class: "blank-state" }, element("h1", { tabindex: -1 }, "There is nothing here"), element("p", {}, element("a", { href: addressOf("wall") }, "To the wall"))),
    title: () => "Nothing here",
    update() {},
  };
}

const isAskingForKey = () => !byId("key-form").hidden;

// A tab that hears nothing tells nothing of progress and trouble.
function retitle() {
  const isTold = !isSilent && !document.hidden;
  showTab(isTold && overview ? overview.printers : [], view?.title(isTold) || "");
}

// Shows what the address names. `isMoved`: somebody went there, so the focus goes along.
function show(isMoved) {
  const route = routeOf(location.hash);
  const replaceQuery = (query) => {
    const address = addressOf(route.view, route.id, query);
    if (location.hash !== address && (location.hash || address !== "#/")) window.history.replaceState(null, "", address);
  };
  clearTimeout(sectionTimer);
  view = VIEWS[route.view]({ id: route.id, query: route.query, replaceQuery, retitle, goneTo: noteFailure, askNow: refresh });
  view.wakeBy?.(refreshSections);
  for (const section of view.sections || []) section.wake = refreshSections;
  byId("view").replaceChildren(view.node);
  for (const link of document.querySelectorAll("nav a")) {
    const isHere = link.dataset.view === route.view;
    if (isHere || link.dataset.view === WITHIN[route.view]) link.setAttribute("aria-current", isHere ? "page" : "true");
    else link.removeAttribute("aria-current");
  }
  if (overview) view.update(overview);
  retitle();
  if (isMoved) {
    scrollTo(0, 0);
    view.node.querySelector("h1")?.focus({ preventScroll: true });
  }
  if (isAskingForKey()) return;
  refreshSections();
  if (overview) showPictures().catch(noteFailure);
}

async function showPictures() {
  if (!await loadDue(view.pictures?.() || [], overview.secondsAPicture)) askAnew();
}

// What a view reads beside the overview, and only while somebody looks.
async function refreshSections() {
  clearTimeout(sectionTimer);
  if (!view.refresh || document.hidden || isAskingForKey()) return;
  const shown = view;
  try {
    const wait = await shown.refresh();
    if (shown === view && wait < Infinity && !document.hidden) sectionTimer = setTimeout(refreshSections, Math.max(wait, SOONEST_MS));
  } catch (error) {
    noteFailure(error);
  }
}

function noteFailure(error) {
  if (error instanceof KeyNeeded) askForKey(error.message);
}

function sayTrouble() {
  const trouble = new Set(overview.printers.filter(isTrouble).map(troubleWords));
  const fresh = [...trouble].filter((words) => !toldTrouble.has(words));
  if (fresh.length) byId("trouble").textContent = fresh.join(". ");
  else if (!trouble.size) byId("trouble").textContent = "";
  toldTrouble = trouble;
}

async function refreshAll() {
  overview = await readOverview();
  isSilent = false;
  byId("key-form").hidden = true;
  byId("view").hidden = false;
  byId("open").hidden = !overview.health.is_open;
  view.update(overview);
  retitle();
  sayTrouble();
  await showPictures();
}

function sayNoAnswer(error) {
  if (!overview) view.noAnswer?.();
  const since = lastAnswer ? " since " + new Date(lastAnswer).toLocaleTimeString() + ". What is shown is old" : "";
  if (error instanceof HeldBack) {
    pause = afterRefusal(pause, error.seconds);
    put(byId("notice"), "Held back (429): " + error.message + ". This page asks again in " + span(pause / 1000) + (since && " (nothing new" + since + ")") + ".");
  } else if (error instanceof Refused) put(byId("notice"), "No answer" + since + ": the bridge refuses this page " + error.message + ".");
  else put(byId("notice"), "No answer from the bridge" + since + ". This page goes on asking.");
  isSilent = !(error instanceof HeldBack) || isOld(lastAnswer, Date.now());
  document.body.classList.toggle("is-old", isSilent);
  retitle();
}

async function refresh() {
  clearTimeout(timer);
  if (isRunning || document.hidden) return;  // shown again, it begins anew
  isRunning = true;
  try {
    await refreshAll();
    pause = afterAnswer(pause, overview.refreshMs);
    lastAnswer = Date.now();
    put(byId("notice"), "");
    document.body.classList.remove("is-old");
  } catch (error) {
    if (error instanceof KeyNeeded) return askForKey(error.message);
    sayNoAnswer(error);
  } finally {
    isRunning = false;
  }
  if (!document.hidden) timer = setTimeout(refresh, pause);
}

function askForKey(refused) {
  clearTimeout(timer);
  put(byId("key-refused"), hasKey() ? refused : "");
  byId("key-form").hidden = false;
  byId("view").hidden = true;
  byId("open").hidden = true;
  put(byId("notice"), "");
  forgetAll();
  overview = null;
  keepKey("");
  show(false);
  byId("key").value = "";
  byId("key").focus();
}

// Ages grow while somebody looks.
function tick() {
  clearInterval(ticker);
  if (!document.hidden) ticker = setInterval(() => view.tick?.(), TICK_MS);
}

byId("key-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  keepKey(byId("key").value.trim());
  await refresh();
  if (isAskingForKey()) return;
  refreshSections();
  view.node.querySelector("h1")?.focus({ preventScroll: true });
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
addEventListener("hashchange", () => show(true));
addEventListener("scroll", () => {
  if (scrollTimer) return;
  scrollTimer = setTimeout(() => {
    scrollTimer = 0;
    if (overview) showPictures().catch(noteFailure);
  }, SOONEST_MS);
}, { passive: true });
document.addEventListener("visibilitychange", () => {
  tick();
  if (document.hidden) {
    isSilent = true;
    retitle();
  }
  if (document.hidden || isAskingForKey()) return;
  view.returned?.();
  refresh();
  refreshSections();
});
byId("zone").textContent = "Times are in the zone of this browser: " + zone();
show(false);
tick();
refresh();
complete();
