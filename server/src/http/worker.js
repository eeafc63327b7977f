// The service worker: keeps the page's own files, so that an installed page opens while the server is away.
//
// Files under /pkg carry a hash of their content in their names and come from the cache. A document always comes from the
// server, for it carries values and a nonce; if the server is away, the offline document takes its place. The API, the
// live stream and all else never pass through here.

const BUILD = '%BUILD%';
const SHELL = %SHELL%;
const CACHE = `shell-${BUILD}`;
const OFFLINE = '/offline';
const PROGRAMS = /^\/(api|live|victron|healthz|readyz)(\/|$)/;

addEventListener('install', (event) => event.waitUntil(install()));
addEventListener('activate', (event) => event.waitUntil(activate()));
addEventListener('fetch', (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== 'GET' || origin !== location.origin || PROGRAMS.test(pathname)) return;
  if (event.request.mode === 'navigate') event.respondWith(page(event));
  else if (SHELL.includes(pathname)) event.respondWith(shell(event.request));
});

async function install() {
  const cache = await caches.open(CACHE);
  // Hashed files may come from the browser's own cache; the others are asked for anew.
  await cache.addAll(SHELL.map((path) => new Request(path, path.startsWith('/pkg/') ? {} : { cache: 'reload' })));
  // No document is kept, so the new worker changes nothing of a page that is open.
  await skipWaiting();
}

async function activate() {
  const others = (await caches.keys()).filter((name) => name.startsWith('shell-') && name !== CACHE);
  // A page of the build before may be open, and need a chunk.
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
  await registration.navigationPreload?.enable();
  await clients.claim();
}

async function page(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match(OFFLINE, { cacheName: CACHE })) ?? Response.error();
  }
}

async function shell(request) {
  return (await caches.match(request)) ?? fetch(request);
}
