// The demo without a server: a folder on a static host, below a path of it, and all else in the browser.
// `cargo xtask test demo` builds that folder and runs this.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  changed,
  DESKTOP,
  fits,
  launch,
  live,
  PAGES,
  PHONE,
  readings,
  region,
  shot,
  violations,
  visit,
  withPage,
} from '../lib/browser.mjs';
import { serveFolder } from '../lib/static.mjs';

let host, browser;
before(async () => {
  [host, browser] = await Promise.all([serveFolder(process.env.PACKTWIN_DEMO_PAGE ?? '../target/demo-page', '/packtwin'), launch()]);
});
after(() => Promise.all([host?.stop(), browser?.close()]));

/** Opens it, and gives every address that was asked for. What Leptos explains in a plain build is no fault. */
const open = (path, use, options = {}) =>
  withPage(browser, 'about:blank', options, async (page, messages) => {
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(host.url + path);
    await live(page);
    await use(page, asked);
    // A static host answers /links with 404.html and says so.
    const fault = (message) => !/client-side rendering mode|status of 404|^404: .*\/packtwin\/\w+$/.test(message);
    messages.splice(0, Infinity, ...messages.filter(fault));
  });

for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  test(`every page is there on a ${size}, says that it is a simulation, and asks nobody`, () =>
    open('/', async (page, asked) => {
      await page.getByText('Demo: a simulation in this browser.').waitFor();
      await changed(region(page, 'Current'));
      await shot(page, `demo-page-overview-${size}`);
      for (const [path, name] of PAGES.slice(1)) {
        await visit(page, name);
        await page.getByRole('heading', { level: 1, name }).waitFor({ state: 'attached' });
        assert.equal(new URL(page.url()).pathname, `/packtwin${path}`);
        await page.getByText(/^SIM/).first().waitFor();
        await shot(page, `demo-page${path.replace('/', '-')}-${size}`);
      }
      await fits(page);
      const hosts = new Set(asked.filter((url) => url.startsWith('http')).map((url) => new URL(url).origin));
      assert.deepEqual([...hosts], [new URL(host.url).origin], 'no request leaves the host');
      // The document, its style, its code in two files, its icon.
      const files = [...new Set(asked.map((url) => new URL(url).pathname))];
      assert.ok(files.length <= 5 && files.every((file) => file.startsWith('/packtwin/')), files.join(' '));
    }, { viewport }));
}

test('the house has its page, reached by its address as any other', () =>
  open('/home', async (page) => {
    await page.getByRole('heading', { level: 1, name: 'Home energy' }).waitFor({ state: 'attached' });
    await region(page, 'Battery details').getByText(/^5\d\.\d\d$/).first().waitFor();
    await page.getByText('Cerbo GX').first().waitFor();
    await shot(page, 'demo-page-home');
    assert.deepEqual(await violations(page), []);
  }));

test('a fault of the lab raises its alarm, and the last minute is played back', () =>
  open('/lab', async (page) => {
    const faults = region(page, 'Inject a fault');
    const active = region(page, 'Active faults');
    await active.getByText('No fault is injected').waitFor();
    await faults.getByRole('combobox', { name: /^Cell fault/ }).selectOption('high-cell');
    await faults.getByRole('textbox', { name: /^Cell/ }).fill('7.12');
    await faults.getByRole('button', { name: 'Inject into the cell' }).click();
    await active.getByText('Over-voltage cell 7.12').waitFor();
    await visit(page, 'Overview');
    await region(page, 'Problems').getByText(/7\.12/).first().waitFor({ timeout: 60_000 });

    // A jump to what has just been leads to the present.
    await readings(page, 30);
    const bar = region(page, 'Time');
    await bar.getByRole('button', { name: 'Previous alarm', exact: true }).click();
    await page.getByRole('status').filter({ hasText: /^The past/ }).waitFor();
    const clock = page.getByRole('banner').getByTitle('Time of the newest frame, here');
    await bar.getByRole('button', { name: 'Play', exact: true }).click();
    await changed(clock);
    await shot(page, 'demo-page-playback');
    await bar.getByRole('button', { name: 'Go live', exact: true }).click();
    await live(page);
  }));

test('links show raw frames, and what needs a server says so', () =>
  open('/links', async (page) => {
    const row = page.getByRole('table', { name: 'Frames' }).getByRole('row').nth(1);
    await changed(row);
    assert.equal(await page.getByRole('button', { name: 'Record' }).count(), 0);
    await visit(page, 'Analysis');
    await page.getByText('Analysis needs a server').waitFor();
  }));

test('the page answers while the site runs in it', () =>
  open('/', async (page) => {
    await page.evaluate(() => {
      window.held = [];
      new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => window.held.push(duration))).observe({ type: 'longtask' });
    });
    const clock = page.getByRole('banner').getByTitle('Time of the newest frame, here');
    for (let seconds = 0; seconds < 5; seconds++) await changed(clock);
    const held = await page.evaluate(() => window.held);
    console.log(`tasks of more than 50 ms in 5 s: ${held.map(Math.round).join(', ') || 'none'}`);
    assert.ok(held.reduce((sum, ms) => sum + ms, 0) < 2_000, `${held}`);
  }));
