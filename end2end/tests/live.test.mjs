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

test('the page asks the server for nothing between frames', () =>
  withPage(browser, server.url, {}, async (page) => {
    await live(page);
    // The time bar comes last, and asks for what it shows.
    await page.getByRole('slider', { name: 'Instant shown' }).waitFor();
    await page.waitForLoadState('networkidle');
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await changed(page.getByRole('region', { name: 'Current', exact: true }));
    assert.deepEqual(asked, []);
  }));
