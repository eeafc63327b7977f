// A part of the page that fails while it is hydrated takes nothing else with it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { changed, launch, live, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

/** Opens the overview with a document in which something was changed on its way, as an extension of a browser does. */
const bent = (change, use) =>
  withPage(browser, 'about:blank', {}, async (page, messages) => {
    let changes = 0;
    await page.route(server.url + '/', async (route) => {
      const answer = await route.fetch();
      const text = await answer.text();
      const other = changes++ === 0 ? change(text) : text;
      if (changes === 1) assert.notEqual(other, text, 'something is changed');
      await route.fulfill({ response: answer, body: other });
    });
    await page.goto(server.url + '/');
    await use(page);
    assert.ok(messages.length > 0, 'the browser tells of it');
    messages.length = 0;
  });

const FAILED = 'This part of the page failed.';

test('without a part of the page its values go on, other pages open, and to load it again heals it', () =>
  bent(
    // The list of pages loses what it is made of.
    (html) => html.replace(/<nav class="[^"]*" aria-label="Pages">.*?<\/nav>/s, '<p>nothing</p>'),
    async (page) => {
      await page.getByRole('alert').getByText(FAILED).waitFor();
      await live(page);
      await changed(page.getByRole('region', { name: 'Current', exact: true }));
      await page.getByRole('slider', { name: 'Instant shown' }).waitFor();
      await page.evaluate(() => (window.sameDocument = true));
      await page.getByRole('link', { name: 'Reload' }).click();
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Links', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: 'Links', exact: true }).waitFor({ state: 'attached' });
      assert.equal(await page.evaluate(() => window.sameDocument), undefined, 'it was loaded again');
    },
  ));

test('with the page itself failed the frame goes on, and another page is a document of its own', () =>
  bent(
    (html) => html.replace(/<h1 class="visually-hidden">Overview<\/h1>/, ''),
    async (page) => {
      await page.getByRole('main').getByRole('alert').getByText(FAILED).waitFor();
      await live(page);
      await changed(page.getByTitle('Time of the newest frame, here'));
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Links', exact: true }).click();
      await page.getByRole('heading', { level: 1, name: 'Links', exact: true }).waitFor({ state: 'attached' });
      await page.getByRole('heading', { level: 2 }).first().waitFor();
    },
  ));
