// Dark and light: as the system says, or as the person chose, kept over a reload and set before the first paint.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, live, recorded, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

/** How bright the page's ground is: 0 black, 255 white. */
const brightness = (page) =>
  page.evaluate(() => {
    const dot = new OffscreenCanvas(1, 1).getContext('2d');
    dot.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
    dot.fillRect(0, 0, 1, 1);
    const [red, green, blue] = dot.getImageData(0, 0, 1, 1).data;
    return (red + green + blue) / 3;
  });

/** The colour that the browser gives to what is around the page. */
const around = (page) =>
  page.evaluate(() => [...document.querySelectorAll('meta[name=theme-color]')].find((m) => matchMedia(m.media).matches).content);

test('without a choice the page follows the system', async () => {
  await withPage(browser, server.url, { colorScheme: 'dark' }, async (page) => assert.ok((await brightness(page)) < 60));
  await withPage(browser, server.url, { colorScheme: 'light' }, async (page) => assert.ok((await brightness(page)) > 200));
});

test('a choice holds against the system and over a reload', () =>
  withPage(browser, server.url, { colorScheme: 'dark' }, async (page) => {
    await live(page);
    const button = page.getByRole('button', { name: /^Theme/ });
    assert.equal(await around(page), '#0d0f13');
    await button.click();
    assert.match(await button.getAttribute('aria-label'), /^Theme: light/);
    assert.equal(await around(page), '#f2f3f5', 'the colour around the page follows at once');
    assert.ok((await brightness(page)) > 200);
    await page.reload();
    assert.ok((await brightness(page)) > 200);
    await live(page);
    await button.click();
    assert.match(await button.getAttribute('aria-label'), /^Theme: dark/);
    assert.equal(await around(page), '#0d0f13');
    assert.ok((await brightness(page)) < 60);
  }));

test('while the page shows the past, what is around it has the colour of the past', () =>
  withPage(browser, server.url, { colorScheme: 'dark' }, async (page) => {
    await live(page);
    const bar = page.getByRole('region', { name: 'Time', exact: true });
    await recorded(server, 4);
    await bar.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('status').filter({ hasText: /^The past/ }).waitFor();
    assert.equal(await around(page), '#33270f');
    await page.getByRole('button', { name: /^Theme/ }).click();
    assert.equal(await around(page), '#fdf3e3');
    // The server knows it, too.
    await page.waitForURL(/at=/);
    await page.reload();
    assert.equal(await around(page), '#fdf3e3');
    await bar.getByRole('button', { name: 'Go live' }).click();
    await live(page);
    assert.equal(await around(page), '#f2f3f5');
  }));
