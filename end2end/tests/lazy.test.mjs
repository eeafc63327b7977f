// A page whose code is loaded when it is first opened: by its address, from another page, and when the code is not there.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, live, shifted, watchShifts, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

/** Live numbers change their width a little; a page that is drawn anew moves far more. */
const SHIFT_MAX = 0.005;
const CHUNK = /\/pkg\/lab\.[0-9a-f]{16}\.wasm$/;
const link = (page, name) =>
  page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true });
const heading = (page, name) =>
  page.getByRole('heading', { level: 1, name, exact: true }).waitFor({ state: 'attached' });
const isAt = async (page, path) => assert.equal(new URL(page.url()).pathname, path);
/** The form answers by itself: the page is alive and not only rendered. */
const answers = async (page) => {
  const ambient = page.getByRole('region', { name: 'Ambient temperature', exact: true });
  await ambient.getByRole('spinbutton').fill('90');
  await ambient.getByRole('button').click();
  await ambient.getByText('“90” is not a number from −20 to 55').waitFor();
};

test('opened by its address, it is seen before its code is there, comes to life with it, and nothing moves', () =>
  withPage(browser, 'about:blank', {}, async (page) => {
    await watchShifts(page);
    let release;
    const held = new Promise((resolve) => (release = resolve));
    const asked = [];
    await page.route(CHUNK, async (route) => {
      asked.push(route.request().url());
      await held;
      await route.continue();
    });
    await page.goto(`${server.url}/lab`, { waitUntil: 'commit' });
    await page.getByText('nothing here touches a real battery').waitFor();
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
    await page.evaluate(() => (window.rendered = document.querySelector('.lab-banner')));
    release();
    await live(page);
    await answers(page);
    assert.ok(asked.length >= 1, 'the code was asked for');
    assert.equal(
      await page.evaluate(() => window.rendered === document.querySelector('.lab-banner')),
      true,
      'the page is the one that the server rendered',
    );
    const shift = await shifted(page);
    assert.ok(shift < SHIFT_MAX, `layout shift of ${shift.toFixed(4)}`);
  }));

test('other pages do not load its code; it comes with the first visit, once', () =>
  withPage(browser, 'about:blank', {}, async (page) => {
    const asked = [];
    page.on('request', (request) => CHUNK.test(request.url()) && asked.push(request.url()));
    await page.goto(server.url);
    await live(page);
    await page.evaluate(() => (window.sameDocument = true));
    await link(page, 'Cells').click();
    await heading(page, 'Cells');
    assert.deepEqual(asked, []);
    await link(page, 'Lab').click();
    await heading(page, 'Lab');
    await isAt(page, '/lab');
    await answers(page);
    await page.goBack();
    await heading(page, 'Cells');
    await page.goForward();
    await heading(page, 'Lab');
    await answers(page);
    assert.equal(asked.length, 1);
    assert.equal(await page.evaluate(() => window.sameDocument), true, 'the document was not loaded again');
  }));

test('its code is stored for ever, compressed', async () => {
  const document = await (await fetch(`${server.url}/lab`)).text();
  const [path] = document.match(/\/pkg\/lab\.[0-9a-f]{16}\.wasm/);
  const answer = await fetch(server.url + path, { headers: { 'accept-encoding': 'br' } });
  assert.equal(answer.headers.get('content-type'), 'application/wasm');
  assert.equal(answer.headers.get('content-encoding'), 'br');
  assert.match(answer.headers.get('cache-control'), /immutable/);
  await answer.arrayBuffer();
});

test('who goes elsewhere while the code is on its way gets there and stays there', () =>
  withPage(browser, server.url, {}, async (page) => {
    await live(page);
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route(CHUNK, async (route) => {
      await held;
      await route.continue();
    });
    const asked = page.waitForRequest(CHUNK);
    await link(page, 'Lab').click();
    await asked;
    await link(page, 'Links').click();
    await heading(page, 'Links');
    const came = page.waitForResponse(CHUNK);
    release();
    await (await came).finished();
    await link(page, 'Lab').click();
    await heading(page, 'Lab');
    await page.goBack();
    await heading(page, 'Links');
    await isAt(page, '/links');
  }));

test('code that cannot be loaded is replaced by loading the whole page', () =>
  withPage(browser, server.url, {}, async (page, messages) => {
    await live(page);
    await page.evaluate(() => (window.sameDocument = true));
    await page.route(CHUNK, (route) => route.abort(), { times: 1 });
    await link(page, 'Lab').click();
    await page.waitForURL(`${server.url}/lab`);
    await live(page);
    await answers(page);
    assert.equal(await page.evaluate(() => window.sameDocument), undefined, 'the document was loaded again');
    assert.ok(messages.length > 0, 'the console says why');
    messages.length = 0;
  }));
