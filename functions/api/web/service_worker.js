// Keeps the shell of the page, so that it opens at once and where the bridge cannot be reached. Never data: whatever
// is not the page itself or one of its files passes by untouched.

const SHELL = "printer-bridge-shell-1";
const scope = new URL(self.registration.scope);
const isPage = (url) => url.pathname === scope.pathname && !url.search;
const isFile = (url) => url.pathname.startsWith(scope.pathname + "web/") && url.searchParams.has("v");

async function keep() {
  const shell = await caches.open(SHELL), page = await fetch(scope, { cache: "no-cache" });
  if (!page.ok) throw new Error("no page");
  const text = await page.clone().text();
  const files = [...text.matchAll(/"(web\/[\w.]+\?v=\w+)"/g)].map((found) => new URL(found[1], scope).href);
  await shell.addAll(files);
  await shell.put(scope, page);
}

// A file with its version in its address never changes; those of an older page go when a newer one is kept.
async function file(request) {
  const shell = await caches.open(SHELL), kept = await shell.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) {
    const path = new URL(request.url).pathname;
    for (const old of await shell.keys()) if (new URL(old.url).pathname === path) await shell.delete(old);
    await shell.put(request, answer.clone());
  }
  return answer;
}

async function page(request) {
  const shell = await caches.open(SHELL);
  try {
    const answer = await fetch(request);
    if (answer.ok) await shell.put(scope, answer.clone());
    return answer.ok || answer.status === 304 ? answer : (await shell.match(scope)) || answer;
  } catch (error) {
    const kept = await shell.match(scope);
    if (kept) return kept;
    throw error;
  }
}

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== scope.origin) return;
  if (event.request.mode === "navigate" && isPage(url)) event.respondWith(page(event.request));
  else if (isFile(url)) event.respondWith(file(event.request));
});
