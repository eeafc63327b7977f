// The page Trends: quantities, cells, times, zoom and pan by wheel, pointer and keyboard, the view in the address.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, launch, live, PHONE, shot, withLivePage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, past, browser;
before(async () => {
  [server, past, browser] = await Promise.all([startDemo(), startDemo({ args: ['--history-days', '2'] }), launch()]);
});
after(() => Promise.all([server?.stop(), past?.stop(), browser?.close()]));

const openAt = (server, path, use, options = {}) => withLivePage(browser, server.url + path, options, use);
const open = (path, use, options) => openAt(server, path, use, options);
/** On a site that has a past of two days with its cells. */
const openPast = (path, use, options) => openAt(past, path, use, options);

const chart = (page, name) => page.getByRole('application', { name: new RegExp(`^${name} in `) });
/** The statistics of a quantity, once there are some. */
async function statistics(page, quantity) {
  const seen = page.getByRole('region', { name: 'Statistics of the visible range', exact: true });
  const row = seen.getByRole('row', { name: new RegExp(`^${quantity} .*\\d`) });
  await row.waitFor();
  return row.innerText();
}
const fields = (page) => new URL(page.url()).searchParams;
const window_s = (page) => Number(fields(page).get('to')) - Number(fields(page).get('from'));

test('a single cell is told reading by reading where it is kept at full rate, else by minutes', async () => {
  const tier = async (from, to) => {
    const range = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
    return (await server.api(`history?points=cells/7.12/voltage&${range}`)).cells[0];
  };
  const now = Date.now();
  const told = () => tier(now, now + 1_000);
  for (const deadline = now + 10_000; ((await told()).timestamps?.length ?? 0) < 4; ) {
    assert.ok(Date.now() < deadline, JSON.stringify(await told()));
  }
  const { tier: words, timestamps, values } = await told();
  assert.deepEqual([words, values.length], ['every reading', timestamps.length]);
  assert.ok(values.every((volts) => volts > 2.5 && volts < 3.8), `${values}`);
  assert.equal((await tier(now - 3_600_000, now)).tier, 'from minutes');
});

test('the last hour is there with its statistics, and another length is in the address', () =>
  open('/trends', async (page, messages) => {
    for (const name of ['Power', 'Voltage', 'Charge', 'Temperature']) await chart(page, name).waitFor();
    assert.match(await statistics(page, 'Voltage'), /\d{3}\.\d\sV/);
    assert.match(await page.getByRole('region', { name: 'Statistics of the visible range', exact: true }).innerText(), /\d readings, each one counted/);
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
    await page.getByRole('radio', { name: 'A week earlier' }).check({ force: true });
    await page.waitForURL(/against=week/);
    const seen = page.getByRole('region', { name: 'Statistics of the visible range', exact: true });
    const row = seen.getByRole('row', { name: /^State of charge, a week earlier/ });
    await row.waitFor();
    assert.match(await row.innerText(), /—.*—/s, 'nothing was recorded a week ago');
    await page.getByText(/^Pale lines: a week earlier, \d/).waitFor();
    await page.reload();
    await live(page);
    assert.ok(await page.getByRole('radio', { name: 'A week earlier' }).isChecked());
    await page.getByRole('radio', { name: 'Nothing' }).check({ force: true });
    await row.waitFor({ state: 'detached' });
    await page.waitForURL((url) => !url.searchParams.has('against'));
  }));

test('what is seen can be had as a file', () =>
  open('/trends?points=soc', async (page) => {
    await statistics(page, 'State of charge');
    await page.getByText('Choose dates, download').click();
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

const map = (page) => page.getByRole('application', { name: /^260 cells over time/ });
const words = (page) => page.locator('.trends-map-words');

test('the map shows all cells over the time that is shown, and a click chooses a cell', () =>
  openPast('/trends?points=soc&last=259200', async (page, messages) => {
    await words(page).filter({ hasText: /^Lowest: cell 7\.12 with \u2212\d+\.\d\smV/ }).waitFor();
    // Nothing is known of one of the three days.
    assert.match(await words(page).innerText(), /\d+\.\d\s% of the map has no data/);
    const plot = map(page);
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    // Cell 7.12 is row 131 of 260.
    const [x, y] = [box.x + box.width * 0.55, box.y + (box.height * 131.5) / 260];
    await page.mouse.move(x, y);
    const tip = plot.locator('.heatmap-tip');
    await tip.filter({ hasText: /Cell 7\.12\s*[+\u2212]?\d+\.\d\smV from the mean/ }).waitFor();
    // The past ends where today begins: later today is empty, or else the first of three days.
    await page.mouse.move(box.x + box.width * (new Date().getUTCHours() >= 12 ? 0.9 : 0.02), y);
    await tip.filter({ hasText: /Cell 7\.12\s*nothing known/ }).waitFor();
    await page.mouse.click(x, y);
    await page.waitForURL(/cells=7\.12/);
    await chart(page, 'Cell voltage').waitFor();
    assert.match(await statistics(page, 'Cell 7\\.12 voltage'), /\d\s\d{3}\smV/);
    // The pixels of the map are one a step and cell, and some are coloured.
    const painted = await page.locator('.trends-map-colours').evaluate((canvas) => {
      const { width, height } = canvas;
      const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
      let known = 0;
      for (let i = 3; i < data.length; i += 4) known += data[i] > 0;
      return { width, height, share: known / (width * height) };
    });
    assert.equal(painted.height, 260);
    assert.ok(painted.width > 100 && painted.share > 0.4 && painted.share < 0.8, JSON.stringify(painted));
    assert.deepEqual(messages, []);
  }));

test('the map zooms and moves with the charts, walks by keys, and its quantity is in the address', () =>
  openPast('/trends?points=soc&last=172800', async (page) => {
    await words(page).filter({ hasText: /^Lowest/ }).waitFor();
    const plot = map(page);
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.wheel(0, -100);
    await page.waitForURL(/from=/);
    assert.ok(Math.abs(window_s(page) - 138_240) < 2, page.url());
    const before = Number(fields(page).get('from'));
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 120, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    await page.waitForFunction((before) => Number(new URL(location).searchParams.get('from')) < before - 1_000, before);
    assert.equal(fields(page).get('cells'), null, 'a drag chooses nothing');
    // The keys begin where the pointer is, if it is there.
    await page.mouse.move(0, 0);
    await plot.focus();
    for (const key of ['Home', 'ArrowRight', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
    await plot.locator('.heatmap-tip').filter({ hasText: 'Cell 1.3' }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/cells=1\.3/);
    await page.getByRole('radio', { name: 'Temperature', exact: true }).check({ force: true });
    await words(page).filter({ hasText: /\d+\.\d\s°C/ }).waitFor();
    await page.waitForURL(/map=temperature/);
    await page.reload();
    await live(page);
    assert.ok(await page.getByRole('radio', { name: 'Temperature', exact: true }).isChecked());
    assert.ok(await page.getByRole('checkbox', { name: 'Cell 1.3' }).isChecked());
  }));

test('a cell is chosen by its name, and one that is not there is said', () =>
  openPast('/trends?points=soc&last=86400', async (page) => {
    const field = page.getByRole('textbox', { name: 'Cell' });
    await field.fill('14.1');
    await field.press('Enter');
    await page.getByText('There is no cell 14.1').waitFor();
    await field.fill('9.4');
    await page.getByRole('button', { name: 'Add' }).click();
    await page.waitForURL(/cells=9\.4/);
    await chart(page, 'Cell voltage').waitFor();
    await page.getByRole('checkbox', { name: 'Cell 9.4' }).click({ force: true });
    await chart(page, 'Cell voltage').waitFor({ state: 'detached' });
  }));

test('a system without cells has no map', () =>
  openPast('/trends?system=home', async (page, messages) => {
    await chart(page, 'Charge').waitFor();
    assert.equal(await map(page).count(), 0);
    assert.deepEqual(messages, []);
  }));

for (const [name, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`cells look, ${name}, ${colorScheme}`, () =>
      openPast(
        '/trends?points=soc&cells=7.12,5.9&last=172800',
        async (page) => {
          await words(page).filter({ hasText: /^Lowest/ }).waitFor();
          await map(page).scrollIntoViewIfNeeded();
          const box = await map(page).boundingBox();
          await page.mouse.move(box.x + box.width * 0.6, box.y + (box.height * 131.5) / 260);
          await map(page).locator('.heatmap-tip').waitFor();
          await shot(page, `trends-map-${name}-${colorScheme}`, { fullPage: true });
        },
        { viewport, colorScheme },
      ));
  }
}

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
