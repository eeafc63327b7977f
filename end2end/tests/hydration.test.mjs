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

/** Opens the overview, of which an element is replaced before the code is there, as an extension of a browser does. */
const bent = (selector, use) =>
  withPage(browser, 'about:blank', {}, async (page, messages) => {
    await page.addInitScript((selector) => {
      if (sessionStorage.getItem('bent')) return;
      addEventListener('DOMContentLoaded', () => {
        document.querySelector(selector).outerHTML = '<p>nothing</p>';
        sessionStorage.setItem('bent', 'once');
      });
    }, selector);
    await page.goto(server.url);
    await use(page);
    assert.match(messages.join('\n'), /unreachable|RuntimeError/, 'a part did fail');
    messages.length = 0;
  });

const FAILED = 'This part of the page failed.';

const links = (page) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Links', exact: true });

test('without a part of the page its values go on, and to load it again heals it', () =>
  bent('nav[aria-label="Pages"]', async (page) => {
    await page.getByRole('alert').getByText(FAILED).waitFor();
    await live(page);
    await changed(page.getByRole('region', { name: 'Current', exact: true }));
    await page.getByRole('slider', { name: 'Instant shown' }).waitFor();
    await page.getByRole('link', { name: 'Reload' }).click();
    await links(page).waitFor();
    await live(page);
    assert.equal(await page.getByText(FAILED).count(), 0);
  }));

test('without the page itself the frame goes on, and another page opens, by its document', () =>
  bent('main h1', async (page) => {
    await page.getByRole('main').getByRole('alert').getByText(FAILED).waitFor();
    await live(page);
    await changed(page.getByTitle('Time of the newest frame, here'));
    await page.evaluate(() => (window.sameDocument = true));
    await links(page).click();
    await page.getByRole('heading', { level: 1, name: 'Links', exact: true }).waitFor({ state: 'attached' });
    await live(page);
    assert.equal(await page.evaluate(() => window.sameDocument), undefined, 'the document was loaded');
  }));
