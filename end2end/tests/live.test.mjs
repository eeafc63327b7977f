// The page comes to life without a message in the console, and follows the readings.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { changed, live, launch, PAGES, recorded, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
  // Until the first reading is recorded the time bar asks for it.
  await recorded(server, 3);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

for (const [path, name] of PAGES) {
  test(`${name} comes to life`, () => withPage(browser, server.url + path, {}, live));
}

test('values follow the readings', () =>
  withPage(browser, server.url, {}, async (page) => {
    await live(page);
    for (const name of ['Current', 'Cell spread']) {
      await changed(page.getByRole('region', { name, exact: true }));
    }
  }));

test('values come with the live frames: the page asks the server for none of them', () =>
  withPage(browser, server.url, {}, async (page) => {
    await live(page);
    // The time bar comes last. Its picture of the past moves on in steps, each second on a server that has just begun.
    await page.getByRole('slider', { name: 'Instant shown' }).waitFor();
    await page.waitForLoadState('networkidle');
    const picture = (url) => url.pathname === '/api/v1/history' && url.searchParams.get('points') === 'load/power';
    const asked = [];
    page.on('request', (request) => picture(new URL(request.url())) || asked.push(request.url()));
    await changed(page.getByRole('region', { name: 'Current', exact: true }));
    assert.deepEqual(asked, []);
  }));
