// What makes the page quick and installable, after it is there: its typeface, its manifest, its service worker.
// None of it is needed to look at a printer, so it waits, and may fail.

const AGAIN_MS = 6000, TRIES = 3;

async function patiently(run) {
  for (let tries = TRIES; tries; tries -= 1) {
    try {
      return await run();
    } catch {
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }
  return null;
}

async function loadTypeface() {
  const face = await new FontFace("Figtree", "url(web/figtree.woff2)", { weight: "300 900" }).load();
  document.fonts.add(face);
}

async function register() {
  if (!isSecureContext || !navigator.serviceWorker) return;
  const address = "web/service_worker.js";
  const policy = window.trustedTypes?.createPolicy("shell", { createScriptURL: () => address });
  await navigator.serviceWorker.register(policy ? policy.createScriptURL("") : address, { scope: "./" });
}

// One after another, as a gateway may give one file in seconds.
export async function complete() {
  await patiently(loadTypeface);
  const manifest = document.createElement("link");
  manifest.rel = "manifest";
  manifest.href = "web/manifest.webmanifest";
  document.head.append(manifest);
  await register().catch(() => {});
}
