// From page to page without loading the document again; every page also by its address.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, launch, live, PAGES, PHONE, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  test(`every page is one step away, and the way back works (${size})`, () =>
    withPage(browser, server.url, { viewport }, async (page) => {
      await live(page);
      await page.evaluate(() => (window.sameDocument = true));
      const list = page.getByRole('navigation', { name: 'Pages' });
      for (const [path, name] of [...PAGES.slice(1), PAGES[0]]) {
        await list.getByRole('link', { name, exact: true }).click();
        await page.waitForURL(server.url + path);
        await page.getByRole('heading', { level: 1, name, exact: true }).waitFor({ state: 'attached' });
      }
      await page.goBack();
      await page.getByRole('heading', { level: 1, name: 'Lab', exact: true }).waitFor({ state: 'attached' });
      assert.equal(await page.evaluate(() => window.sameDocument), true, 'the document was not loaded again');
    }));
}

test('the pages can be reached by keyboard alone', () =>
  withPage(browser, server.url, {}, async (page) => {
    await live(page);
    const cells = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Cells' });
    for (let steps = 0; steps < 20 && !(await cells.evaluate((link) => link === document.activeElement)); steps++) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.waitForURL(`${server.url}/cells`);
  }));

test('what a page asked is given up when it is left', () =>
  withPage(browser, server.url, {}, async (page) => {
    await live(page);
    const questions = '**/api/v1/analysis/questions/energy?*';
    // Never answered.
    await page.route(questions, () => {});
    const asked = page.waitForRequest(questions);
    const list = page.getByRole('navigation', { name: 'Pages' });
    await list.getByRole('link', { name: 'Analysis', exact: true }).click();
    const request = await asked;
    assert.equal(request.failure(), null);
    const given = page.waitForEvent('requestfailed', (failed) => failed === request);
    await list.getByRole('link', { name: 'Links', exact: true }).click();
    await given;
    assert.match(request.failure().errorText, /ABORTED/);
  }));
