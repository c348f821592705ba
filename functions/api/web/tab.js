// What a tab in the background tells: progress and trouble, in its title and its icon.

import { isTrouble } from "./urgency.js";

const NAME = "Printers";
let shown = "";

export function titleOf(printers, ofView) {
  const trouble = printers.filter(isTrouble).length, active = printers.filter((printer) => printer.job?.is_active && printer.job.percent !== null);
  const percent = !ofView && active.length === 1 ? active[0].job.percent + " %" : "";
  return [trouble ? "⚠ " + trouble : "", ofView || percent, NAME].filter(Boolean).join(" · ");
}

// A ring as far as the job is that is nearest to its end; red where somebody is needed.
export function iconOf(printers) {
  const percents = printers.filter((printer) => printer.job?.is_active).map((printer) => printer.job.percent || 0);
  const trouble = printers.some(isTrouble), far = percents.length ? (Math.max(...percents) / 100) * 75.4 : 0;
  const ground = trouble ? "#b3261e" : "#c2480c";
  const sign = trouble ? "<path d='M14 7h4v12h-4zM14 21h4v4h-4z' fill='#fff6ea'/>" : "<path d='M10 8h12v8l-4 5h-4l-4-5zM14 23h4v2h-4z' fill='#fff6ea'/>";
  const ring = percents.length ? "<circle cx='16' cy='16' r='12' fill='none' stroke='#fff6ea' stroke-opacity='.35' stroke-width='4'/><circle cx='16' cy='16' r='12' fill='none' stroke='#fff6ea' stroke-width='4' stroke-dasharray='"
    + far.toFixed(1) + " 76' transform='rotate(-90 16 16)'/>" : "";
  return "data:image/svg+xml," + encodeURIComponent("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect width='32' height='32' rx='8' fill='" + ground + "'/>" + (trouble || !ring ? sign : ring) + "</svg>");
}

export function showTab(printers, ofView) {
  const title = titleOf(printers, ofView), icon = iconOf(printers);
  if (document.title !== title) document.title = title;
  if (icon !== shown) document.querySelector("link[rel=icon]").href = icon;
  shown = icon;
}
