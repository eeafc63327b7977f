// Nothing moves under the reader while the pages on which something is changed load: opened directly, and by a click.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, launch, live, PHONE, shifted, until, visit, watchShifts, withPage } from '../lib/browser.mjs';
import { as, startWithPeople } from '../lib/people.mjs';

/** The most that may move, cumulated (a good page keeps below 0.1). */
const MOST = 0.05;
const SIZES = { desktop: DESKTOP, phone: PHONE };

/** The pages, by path; how one comes there by a click; and what is there when all of it is. */
const OPENED = [
  ['/settings', (page) => page.getByRole('link', { name: 'mara: account and settings' }), '.users .people-row, .security .facts'],
  ['/audit', (page) => page.getByRole('navigation', { name: 'People' }).getByRole('link', { name: 'Audit' }), '.audit-list, .audit-verdict'],
  ['/control', null, '.control-card .control-value, .control-check, .control-history .card-head'],
];

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startWithPeople(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

/** Waits until each of the parts is there, and the page has asked for everything. */
async function whole(page, parts) {
  for (const part of parts.split(', ')) await page.locator(part).first().waitFor();
  await page.waitForLoadState('networkidle').catch(() => {});
  await page.evaluate(() => new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next))));
}

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const [path, way, parts] of OPENED) {
    test(`${path} opens without a jump, ${size}`, async () => {
      const options = { viewport, ...(await as(server, 'mara')) };
      await withPage(browser, `${server.url}/api`, options, async (page) => {
        await watchShifts(page);
        await page.goto(server.url + path);
        await live(page);
        await whole(page, parts);
        const moved = await shifted(page);
        assert.ok(moved < MOST, `${path} moved by ${moved.toFixed(3)}`);
      });
    });

    test(`${path} opens by a click without a jump, ${size}`, async () => {
      const options = { viewport, ...(await as(server, 'mara')) };
      await withPage(browser, `${server.url}/api`, options, async (page) => {
        await watchShifts(page);
        await page.goto(server.url + (path === '/audit' ? '/settings' : '/'));
        await live(page);
        await whole(page, path === '/audit' ? OPENED[0][2] : '.tile');
        const before = await shifted(page);
        await (way ? way(page).click() : visit(page, 'Control'));
        await until('the page is open', () => new URL(page.url()).pathname === path);
        await whole(page, parts);
        const moved = (await shifted(page)) - before;
        assert.ok(moved < MOST, `${path} moved by ${moved.toFixed(3)}`);
      });
    });
  }
}
