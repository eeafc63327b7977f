// From system to system in one document: values, socket, time bar and address are those of the other one.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { changed, DESKTOP, launch, live, PHONE, recorded, until, visit, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
  await recorded(server, 3);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

/** The live streams of a page, by the system of each, and which of them are closed. */
const streams = (page) => {
  const seen = [];
  page.on('websocket', (socket) => {
    const stream = { system: new URL(socket.url()).pathname.split('/').pop(), closed: false };
    socket.on('close', () => (stream.closed = true));
    seen.push(stream);
  });
  return seen;
};

const openStreams = (seen) => (id) => seen.filter(({ system, closed }) => system === id && !closed).length;

const choose = async (page, viewport, name) => {
  if (viewport === PHONE) await page.getByRole('button', { name: /choose a system/ }).click();
  await page.getByRole('navigation', { name: 'Systems' }).getByRole('link', { name }).click();
};

const heading = (page, name) => page.getByRole('heading', { level: 1, name, exact: true });

for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  test(`another system is followed in the same document, and the way back works (${size})`, () =>
    withPage(browser, 'about:blank', { viewport }, async (page) => {
      const seen = streams(page);
      const open = openStreams(seen);
      await page.goto(server.url);
      await live(page);
      await page.evaluate(() => (window.sameDocument = true));
      const cells = page.getByRole('region', { name: 'Cell spread', exact: true });
      await cells.waitFor();
      await choose(page, viewport, /House|Home/);
      await page.waitForURL(`${server.url}/?system=home`);
      await live(page);
      // A house has no cells, and a page of its own.
      await cells.waitFor({ state: 'detached' });
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Home energy' }).waitFor();
      await page.getByRole('region', { name: 'Time' }).getByRole('button', { name: 'Live', exact: true }).waitFor();
      await changed(page.getByRole('main'));
      // The first system's own stream is closed; it is followed beside the other one, as any other system.
      await until('each system has one stream', () => open('hv') === 1 && open('home') === 1);
      assert.ok(seen.some(({ system, closed }) => system === 'hv' && closed), JSON.stringify(seen));
      assert.equal(await heading(page, 'Overview').evaluate((h1) => h1 === document.activeElement), true, 'the focus');
      await page.goBack();
      await page.waitForURL(`${server.url}/`);
      await cells.waitFor();
      await live(page);
      await changed(page.getByRole('region', { name: 'Current', exact: true }));
      assert.equal(await page.evaluate(() => window.sameDocument), true, 'the document was not loaded again');
      assert.equal(await page.evaluate(() => performance.getEntriesByType('navigation').length), 1);
      await until('each system has one stream again', () => open('hv') === 1 && open('home') === 1);
    }));
}

test('a page that the other system does not have becomes its overview', () =>
  withPage(browser, `${server.url}/cells`, {}, async (page) => {
    await live(page);
    await choose(page, DESKTOP, /House|Home/);
    await page.waitForURL(`${server.url}/?system=home`);
    await heading(page, 'Overview').waitFor({ state: 'attached' });
    // The list of pages is that of a house.
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Home energy' }).waitFor();
  }));

test('what was chosen on a page goes along to the other system', () =>
  withPage(browser, `${server.url}/trends?last=600&cells=7.12`, {}, async (page) => {
    await live(page);
    await choose(page, DESKTOP, /House|Home/);
    await page.waitForURL(`${server.url}/trends?system=home&last=600`);
    await page.getByRole('checkbox', { name: /Solar/ }).first().waitFor();
  }));

test('the other system is shown at the same instant of the past', () =>
  withPage(browser, server.url, {}, async (page) => {
    await live(page);
    const bar = page.getByRole('region', { name: 'Time' });
    await bar.getByRole('button', { name: 'Pause' }).click();
    await page.waitForURL(/\?at=/);
    const at = new URL(page.url()).searchParams.get('at');
    await choose(page, DESKTOP, /House|Home/);
    await page.waitForURL((url) => url.searchParams.get('system') === 'home' && url.searchParams.get('at') === at);
    await page.getByRole('status').filter({ hasText: /^The past/ }).waitFor();
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Home energy' }).waitFor();
    await bar.getByRole('button', { name: 'Go live', exact: true }).click();
    await live(page);
  }));

test('the way back leads to the place where the reader was, with the focus on the heading', () =>
  withPage(browser, server.url, { viewport: PHONE }, async (page) => {
    await live(page);
    await page.evaluate(() => window.scrollTo(0, 600));
    await visit(page, 'Links');
    await heading(page, 'Links').waitFor({ state: 'attached' });
    await page.waitForFunction(() => window.scrollY === 0 && document.activeElement?.tagName === 'H1');
    await page.goBack();
    await heading(page, 'Overview').waitFor({ state: 'attached' });
    await page.waitForFunction(() => Math.abs(window.scrollY - 600) < 2);
    await page.goForward();
    await page.waitForFunction(() => window.scrollY === 0 && document.title.startsWith('Links'));
  }));

for (const [size, viewport, kw] of [['desktop', DESKTOP, '4'], ['phone', PHONE, '1']]) {
  test(`the overview shows the other systems live, each with a stream of its own that ends with the page (${size})`, () =>
    withPage(browser, 'about:blank', { viewport }, async (page) => {
      const seen = streams(page);
      const open = openStreams(seen);
      await page.goto(server.url);
      await live(page);
      const others = page.getByRole('region', { name: 'Other systems' });
      const house = others.getByRole('listitem').filter({ has: page.getByRole('link', { name: /House|Home/ }) });
      const power = house.locator('.reading').filter({ hasText: 'Battery power' }).locator('.number');
      await until('the house has a state of charge and a power', async () =>
        /^\d/.test(await power.innerText()) && /%/.test(await house.innerText()));
      // Two snapshots at once: each side changes by its own stream. A house at night may stand still, so it gets a load.
      const before = await power.innerText();
      await server.lab({ system: 'home', action: 'load', kw });
      await until('the power of the house changes', async () => (await power.innerText()) !== before);
      await changed(page.getByRole('region', { name: 'Current', exact: true }));
      await until('one stream of each system is open', () => open('hv') === 1 && open('home') === 1);
      // In playback the others are not shown, for they are of the present. Streams end with their document.
      await page.goto(`${server.url}/?at=${new Date(Date.now() - 2_000).toISOString()}`);
      await others.getByText('Other systems are shown in the present only.').waitFor();
      seen.length = 0;
      await page.goto(server.url);
      await live(page);
      await until('the house is followed again', () => open('home') === 1);
      await visit(page, 'Links');
      await others.waitFor({ state: 'detached' });
      await until('the stream of the house is closed', () => open('home') === 0);
      assert.equal(open('hv'), 1, JSON.stringify(seen));
    }));
}
