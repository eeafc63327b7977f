// The page Trends: quantities, times, zoom and pan by wheel, pointer and keyboard, the view in the address.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, launch, live, PHONE, shot, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

const open = (path, use, options = {}) =>
  withPage(browser, server.url + path, options, async (page, messages) => {
    await live(page);
    await use(page, messages);
  });

const chart = (page, name) => page.getByRole('application', { name: new RegExp(`^${name} in `) });
/** The statistics of a quantity, once there are some. */
async function statistics(page, quantity) {
  const seen = page.getByRole('region', { name: 'What is seen', exact: true });
  const row = seen.getByRole('row', { name: new RegExp(`^${quantity} .*\\d`) });
  await row.waitFor();
  return row.innerText();
}
const fields = (page) => new URL(page.url()).searchParams;
const window_s = (page) => Number(fields(page).get('to')) - Number(fields(page).get('from'));

test('the last hour is there with its statistics, and another length is in the address', () =>
  open('/trends', async (page, messages) => {
    for (const name of ['Power', 'Voltage', 'Charge', 'Temperature']) await chart(page, name).waitFor();
    assert.match(await statistics(page, 'Voltage'), /\d{3}\.\d\sV/);
    assert.match(await page.getByRole('region', { name: 'What is seen', exact: true }).innerText(), /\d rows, every row/);
    await page.getByRole('radio', { name: '30 d' }).check({ force: true });
    await page.waitForURL(/last=2592000/);
    await page.reload();
    await live(page);
    assert.ok(await page.getByRole('radio', { name: '30 d' }).isChecked());
    assert.deepEqual(messages, []);
  }));

test('a time is laid over the one before it, by the address too', () =>
  open('/trends?points=soc', async (page) => {
    await statistics(page, 'State of charge');
    await page.getByRole('radio', { name: 'A week before' }).check({ force: true });
    await page.waitForURL(/against=week/);
    const seen = page.getByRole('region', { name: 'What is seen', exact: true });
    const row = seen.getByRole('row', { name: /^State of charge, a week before/ });
    await row.waitFor();
    assert.match(await row.innerText(), /—.*—/s, 'nothing was recorded a week ago');
    await page.getByText(/^Dashed: a week before, \d/).waitFor();
    await page.reload();
    await live(page);
    assert.ok(await page.getByRole('radio', { name: 'A week before' }).isChecked());
    await page.getByRole('radio', { name: 'Nothing' }).check({ force: true });
    await row.waitFor({ state: 'detached' });
    await page.waitForURL((url) => !url.searchParams.has('against'));
  }));

test('what is seen can be had as a file', () =>
  open('/trends?points=soc', async (page) => {
    await statistics(page, 'State of charge');
    await page.getByText('Another time').click();
    for (const [name, begins] of [['CSV', 'timestamp,soc,'], ['Parquet', 'PAR1']]) {
      const link = page.getByRole('link', { name: `Download as ${name}` });
      const answer = await fetch(new URL(await link.getAttribute('href'), server.url));
      assert.equal(answer.status, 200);
      assert.ok((await answer.text()).startsWith(begins), name);
    }
  }));

test('a quantity is switched on and off, and the last one stays', () =>
  open('/trends?points=soc', async (page) => {
    await chart(page, 'Charge').waitFor();
    const current = page.getByRole('checkbox', { name: 'Current', exact: true });
    await current.check({ force: true });
    await chart(page, 'Current').waitFor();
    await page.waitForURL(/points=soc,pack_current/);
    await current.uncheck({ force: true });
    await chart(page, 'Current').waitFor({ state: 'detached' });
    await page.waitForURL(/points=soc$/);
  }));

test('wheel, drag, keys and buttons zoom and move', () =>
  open('/trends?points=pack_voltage&last=600', async (page) => {
    await statistics(page, 'Voltage');
    const box = await chart(page, 'Voltage').boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.wheel(0, -100);
    await page.waitForURL(/from=/);
    assert.ok(Math.abs(window_s(page) - 480) < 1, page.url());
    const before = Number(fields(page).get('from'));
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 100, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    await page.waitForFunction((before) => Number(new URL(location).searchParams.get('from')) < before - 10, before);
    assert.ok(Math.abs(window_s(page) - 480) < 1, page.url());
    await chart(page, 'Voltage').focus();
    await page.keyboard.press('+');
    await page.waitForFunction(() => {
      const fields = new URL(location).searchParams;
      return Math.abs(fields.get('to') - fields.get('from') - 240) < 1;
    });
    await page.getByRole('button', { name: 'Zoom out' }).click();
    await page.getByRole('button', { name: 'Earlier' }).click();
    await page.waitForFunction((before) => Number(new URL(location).searchParams.get('from')) < before - 200, before);
    assert.ok(Math.abs(window_s(page) - 480) < 1, page.url());
  }));

test('a time without a row says so', () =>
  open('/trends?from=1000000000&to=1000003600', async (page, messages) => {
    await page.getByText('Nothing was recorded in this time').waitFor();
    assert.deepEqual(messages, []);
  }));

for (const [name, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`looks, ${name}, ${colorScheme}`, () =>
      open(
        '/trends?last=600',
        async (page) => {
          await statistics(page, 'Voltage');
          await shot(page, `trends-${name}-${colorScheme}`);
        },
        { viewport, colorScheme },
      ));
  }
}
