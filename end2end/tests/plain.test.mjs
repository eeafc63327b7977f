// The page without any of the tricks that make it small: as `cargo xtask build --plain` and `dev` make it.
// `cargo xtask test plain` runs this against that page.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { changed, launch, PAGES, visit, withLivePage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

/** Opens a page of it. Leptos explains more in a build for developers: nothing of that is in the console. */
const open = (path, use) => withLivePage(browser, server.url + path, {}, use);

test('a plain page comes to life, follows the readings, and opens another page', () =>
  open('/', async (page) => {
    await changed(page.getByRole('region', { name: 'Current', exact: true }));
    await visit(page, 'Lab');
    await page.getByText('nothing here touches a real battery').waitFor();
    await page.getByRole('slider', { name: 'Instant shown' }).waitFor();
    const files = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname));
    assert.equal(files.filter((file) => file.endsWith('.wasm')).length, 1, 'the code is one module');
  }));

for (const [path, name] of [...PAGES.slice(1), ['/home?system=home', 'Home energy'], ['/cells?cell=7.12', 'Cells']]) {
  test(`opened by its address it comes to life too: ${path}`, () =>
    open(path, async (page) => {
      await page.getByRole('heading', { level: 1, name }).waitFor({ state: 'attached' });
      // With its code all of it is there, the time bar too.
      await page.getByRole('button', { name: 'Live', exact: true }).waitFor();
    }));
}
