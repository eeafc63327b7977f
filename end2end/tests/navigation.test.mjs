// From page to page without loading the document again; every page also by its address.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, launch, live, PAGES, PHONE, shot, until, violations, visit, withPage } from '../lib/browser.mjs';
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
      for (const [path, name] of [...PAGES.slice(1), PAGES[0]]) {
        await visit(page, name);
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

/** What stands behind "More" on a phone, in this order. */
const OTHERS = ['Alarms', 'Links', 'Analysis', 'Lab'];

for (const width of [320, 390]) {
  test(`what a phone's bar has no room for is behind "More", by keyboard too, ${width} px`, () =>
    withPage(browser, server.url, { viewport: { width, height: 844 } }, async (page) => {
      await live(page);
      const list = page.getByRole('navigation', { name: 'Pages' });
      const more = list.getByRole('button', { name: 'More', exact: true });
      const links = list.getByRole('link', { name: 'Links', exact: true });
      await more.focus();
      await page.keyboard.press('Enter');
      await links.waitFor();
      // One below the other, in lines that a finger hits, begun at the same place.
      const boxes = await Promise.all(OTHERS.map((name) => list.getByRole('link', { name, exact: true }).locator('.nav-label').boundingBox()));
      assert.equal(new Set(boxes.map(({ x }) => x)).size, 1, JSON.stringify(boxes));
      for (const name of OTHERS) {
        assert.ok((await list.getByRole('link', { name, exact: true }).boundingBox()).height >= 44);
      }
      await shot(page, `more-${width}`);
      assert.deepEqual(await violations(page), []);
      await page.keyboard.press('Escape');
      await links.waitFor({ state: 'hidden' });
      assert.equal(await more.evaluate((button) => button === document.activeElement), true, 'the focus is where it was');
      await page.keyboard.press('Enter');
      await links.waitFor();
      // Who goes on past its last entry has left it.
      const inside = () => page.evaluate(() => document.activeElement.closest('.nav-others') !== null);
      for (let steps = 0; steps < 12 && (await inside()); steps++) await page.keyboard.press('Tab');
      assert.equal(await inside(), false);
      await links.waitFor({ state: 'hidden' });
      await more.focus();
      await page.keyboard.press('Enter');
      for (const name of OTHERS.slice(0, 2)) {
        await page.keyboard.press('Tab');
        assert.equal(await list.getByRole('link', { name, exact: true }).evaluate((link) => link === document.activeElement), true, name);
      }
      await page.keyboard.press('Enter');
      await page.waitForURL(`${server.url}/links`);
      await links.waitFor({ state: 'hidden' });
    }));
}

test('what a page asked is given up when it is left', () =>
  withPage(browser, server.url, {}, async (page) => {
    await live(page);
    const questions = '**/api/v1/analysis/questions/energy?*';
    // Never answered.
    await page.route(questions, () => {});
    const asked = page.waitForRequest(questions);
    await visit(page, 'Analysis');
    const request = await asked;
    assert.equal(request.failure(), null);
    const given = page.waitForEvent('requestfailed', (failed) => failed === request);
    await visit(page, 'Links');
    await given;
    assert.match(request.failure().errorText, /ABORTED/);
  }));

test('the way back leads to the same lines, also where what is above comes later', async () => {
  const lab = (fields) => server.api('lab', { method: 'POST', body: new URLSearchParams({ system: 'hv', ...fields }) });
  const fault = { fault: 'silent-link', device: 'grid-meter' };
  const silent = async () => (await server.api('state?system=hv')).alarms.length > 0;
  await lab({ action: 'inject', ...fault });
  await until('an alarm stands', silent);
  await lab({ action: 'clear', ...fault });
  await until('it has ended', async () => !(await silent()));
  await withPage(browser, server.url, { viewport: { width: 390, height: 844 } }, async (page) => {
    await live(page);
    const ended = page.getByRole('heading', { level: 3, name: 'Ended in the last 24 hours' });
    await ended.waitFor();
    const top = () => page.locator('#load-profile').evaluate((chart) => chart.getBoundingClientRect().top);
    await page.evaluate(() => window.scrollTo(0, document.querySelector('#load-profile').getBoundingClientRect().top - 200));
    const before = await top();
    await visit(page, 'Links');
    await page.getByRole('heading', { level: 1, name: 'Links' }).waitFor({ state: 'attached' });
    let answer;
    const asked = new Promise((asked) => (answer = asked));
    await page.route(/api\/v1\/history\?.*width=16/, async (route) => {
      await asked;
      await route.continue();
    });
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor({ state: 'attached' });
    await page.getByText('Asking what ended in the last 24 hours').waitFor();
    answer();
    await ended.waitFor();
    await until('the same line is in its place', async () => Math.abs((await top()) - before) < 2);
    // From here on the reader scrolls, and nothing else does.
    await page.mouse.wheel(0, -200);
    await until('it is scrolled', async () => (await top()) > before + 50);
  });
});
