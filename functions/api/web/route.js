// Addresses of views: all after the "#", so that they work under any path of a gateway or proxy.

const VIEWS = ["wall", "printer", "history", "job"];

export function routeOf(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [first = "", ...rest] = path.split("/");
  const view = first || "wall";
  try {
    const id = decodeURIComponent(rest.join("/"));
    const isKnown = VIEWS.includes(view) && (view === "printer" || view === "job" ? id !== "" : rest.join("") === "");
    return { view: isKnown ? view : "nowhere", id, query: new URLSearchParams(query) };
  } catch {
    return { view: "nowhere", id: "", query: new URLSearchParams() };
  }
}

export function addressOf(view, id = "", query = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return "#/" + (view === "wall" ? "" : view) + (id ? "/" + encodeURIComponent(id) : "") + (asked ? "?" + asked : "");
}

// At the API: browsers drop the path segments "." and "..", it takes them with a "~" before.
export const printerPath = (name) => "api/printer/" + (name === "." || name === ".." ? "~" + name : encodeURIComponent(name));
