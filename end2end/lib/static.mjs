// A static host, as it is found anywhere: files of a folder below a path, and `404.html` with status 404 for the rest.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = { '.css': 'text/css', '.html': 'text/html', '.js': 'text/javascript', '.png': 'image/png', '.wasm': 'application/wasm' };

/** Serves `folder` below `base` (`/packtwin`). Gives the address of the site, and how to end it. */
export async function serveFolder(folder, base) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://host').pathname));
    const within = path.startsWith(`${base}/`) ? path.slice(base.length) : null;
    const send = (status, name, content) =>
      response.writeHead(status, { 'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream' }).end(content);
    try {
      const name = within?.endsWith('/') ? `${within}index.html` : within;
      send(200, name, await readFile(join(folder, name)));
    } catch {
      if (within === null) response.writeHead(404).end();
      else send(404, '404.html', await readFile(join(folder, '404.html')));
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
  return { url: `http://127.0.0.1:${server.address().port}${base}`, stop };
}
