// Elements of the page. Whatever a printer says becomes a text node here, and never markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else if (name === "data") Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((it) => it !== null && it !== undefined && it !== false && it !== ""));
  return node;
}

export const element = (tag, properties = {}, ...children) => fill(document.createElement(tag), properties, children);

export const drawn = (tag, properties = {}, ...children) => fill(document.createElementNS(SVG, tag), properties, children);

// A name in any script and direction, which does not disturb what stands beside it.
export const named = (text, properties = {}) => element("bdi", properties, text);

// Shown with that text, or not at all; touched only when it changes.
export function put(node, text) {
  const words = text || "";
  if (node.textContent !== words) node.textContent = words;
  if (node.hidden !== !words) node.hidden = !words;
}

// Only to where the web is: a link that anything else made is shown as text.
export const outside = (link, ...children) =>
  /^https:\/\//.test(link || "") ? element("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, ...children) : element("span", {}, ...children);

// Others in the place of what is there; who has the focus hands it to the one that is the same.
export function redraw(place, nodes) {
  const { activeElement: before } = document, hadFocus = place !== before && place.contains(before);
  place.replaceChildren(...nodes);
  if (!hadFocus) return;
  const isSame = (it) => ["href", "class", "role"].every((name) => it.getAttribute(name) === before.getAttribute(name));
  [...place.querySelectorAll(before.tagName)].find(isSame)?.focus({ preventScroll: true });
}

// In that order, moving as few as possible; who has the focus keeps it.
export function arrange(place, nodes) {
  const focused = document.activeElement;
  for (const node of [...place.children]) if (!nodes.includes(node)) node.remove();
  nodes.forEach((node, index) => { if (place.children[index] !== node) place.insertBefore(node, place.children[index] || null); });
  if (focused !== document.activeElement && place.contains(focused)) focused.focus({ preventScroll: true });
}
