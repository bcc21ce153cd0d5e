// SPDX-License-Identifier: Apache-2.0
// Keeps the page's files, so that it works without a network. Where there is one, it is asked
// first: an update of page or model arrives with the next visit.

const CACHE = "lightsernet-edge";
const FILES = [
  "./", "engine.wasm", "icon.svg", "listener.js", "microphone-worklet.js", "microphone.js", "model.json",
  "model.lsn", "page.css", "page.js", "page.webmanifest", "recording.js", "ribbon.js", "sample-rate.js",
  "samples.js", "view.js", "wav.js",
];
const ADDRESSES = new Set(FILES.map((name) => new URL(name, self.registration.scope).href));

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES.map((name) => new Request(name, { cache: "no-cache" }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  address.search = address.hash = "";
  if (address.pathname.endsWith("/index.html")) address.href = address.href.slice(0, -"index.html".length);
  if (ADDRESSES.has(address.href)) event.respondWith(answer(address.href));
});

async function answer(address) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(address, { cache: "no-cache" });
    if (response.ok) await cache.put(address, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(address);
    if (kept === undefined) throw error;
    return kept;
  }
}
