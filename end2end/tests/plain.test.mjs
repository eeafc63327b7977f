// The page without any of the tricks that make it small: as `cargo xtask build --plain` and `dev` make it.
// `cargo xtask test plain` runs this against that page.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { changed, launch, live, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

/** Opens a page of it. Leptos explains more in a build for developers: its hints about signals are no faults. */
const open = (path, use) =>
  withPage(browser, server.url + path, {}, async (page, messages) => {
    await live(page);
    await use(page);
    messages.splice(0, Infinity, ...messages.filter((message) => !/outside a reactive tracking context/.test(message)));
  });

test('a plain page comes to life, follows the readings, and opens another page', () =>
  open('/', async (page) => {
    await changed(page.getByRole('region', { name: 'Current', exact: true }));
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Lab', exact: true }).click();
    await page.getByText('nothing here touches a real battery').waitFor();
    await page.getByRole('slider', { name: 'Instant shown' }).waitFor();
    const files = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname));
    assert.equal(files.filter((file) => file.endsWith('.wasm')).length, 1, 'the code is one module');
  }));

test('a page that is opened by its address comes to life too', () =>
  open('/trends', (page) => page.getByRole('heading', { level: 1, name: 'Trends' }).waitFor({ state: 'attached' })));
