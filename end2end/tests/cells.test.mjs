// The page Cells: the map by pointer and by keyboard, one cell close by, the choice in the address.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { changed, DESKTOP, fits, launch, live, PHONE, shot, withLivePage, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

const open = (path, use, options = {}) => withLivePage(browser, server.url + path, options, use);

/** The map, and the middle of one of its cells (module and cell from 1). */
const map = (page) => page.getByRole('application', { name: /^Cell / });
async function middle(page, module, cell) {
  const box = await map(page).boundingBox();
  return { x: ((cell - 0.5) / 20) * box.width, y: ((module - 0.5) / 13) * box.height };
}
const panel = (page, name) => page.getByRole('region', { name: `Cell ${name}`, exact: true });
const lab = (fields) => server.lab(fields);

test('a click opens a cell with its values and its last ten minutes, Escape closes it', () =>
  open('/cells', async (page) => {
    await map(page).click({ position: await middle(page, 7, 12) });
    await page.waitForURL(`${server.url}/cells?cell=7.12`);
    const text = await panel(page, '7.12').innerText();
    assert.match(text, /[23]\s\d{3}\smV/);
    assert.match(text, /\d\s?°C/);
    assert.match(text, /(lowest|highest) of 260/);
    await page.getByRole('application', { name: 'Voltage of cell 7.12, last 10 minutes' }).waitFor();
    await changed(page.getByRole('table', { name: 'Voltage of cell 7.12, last 10 minutes', includeHidden: true }));
    await page.keyboard.press('Escape');
    await page.waitForURL(`${server.url}/cells`);
    assert.equal(await panel(page, '7.12').count(), 0);
  }));

test('the keyboard walks over the map and opens a cell', () =>
  open('/cells', async (page) => {
    await map(page).focus();
    for (const key of ['Home', 'ArrowDown', 'ArrowRight', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
    await page.waitForURL(`${server.url}/cells?cell=2.3`);
    await page.keyboard.press('PageDown');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${server.url}/cells?cell=13.20`);
    await panel(page, '13.20').waitFor();
    await page.keyboard.press('Escape');
    await page.waitForURL(`${server.url}/cells`);
  }));

test('the pointer tells name, voltage, deviation, temperature and age', () =>
  open('/cells', async (page) => {
    await map(page).hover({ position: await middle(page, 3, 5) });
    const tip = page.locator('.heatmap-tip');
    await tip.waitFor();
    const words = await tip.innerText();
    for (const part of [/Cell 3\.5/, /\d{3}\smV/, /from the mean/, /°C/, /old/]) assert.match(words, part);
  }));

test('quantity, scale and colours are chosen, shown and kept in the address', () =>
  open('/cells', async (page) => {
    const scale = page.locator('.cells-map .heatmap-scale');
    // At first the scale spans the cells as they are, with the limits beyond its ends in words.
    const [low, high] = (await scale.innerText()).match(/\d\s\d{3}(?=\smV)/g).slice(1, 3).map((mv) => Number(mv.replace(/\D/g, '')));
    assert.ok(high > low && high - low < 300, await scale.innerText());
    assert.match(await scale.innerText(), /warning 3\s000\smV[^]*warning 3\s625\smV/);
    await page.getByRole('radio', { name: 'Fixed' }).check();
    await page.waitForURL('**/cells?scale=fixed');
    assert.match(await scale.innerText(), /2\s800\smV[^]*3\s400\smV/);
    await page.getByRole('radio', { name: 'Temperature' }).check();
    await page.waitForURL('**/cells?by=temperature&scale=fixed');
    assert.match(await scale.innerText(), /10\.0\s°C[^]*50\.0\s°C/);
    await page.getByRole('radio', { name: 'Red to green' }).check();
    await page.waitForURL('**/cells?by=temperature&scale=fixed&palette=red-yellow-green');
    await page.getByRole('radio', { name: 'Deviation' }).check();
    assert.match(await scale.innerText(), /−\d+\smV[^]*\+\d+\smV/);
    await page.reload();
    await live(page);
    assert.equal(await page.getByRole('radio', { name: 'Deviation' }).isChecked(), true);
    assert.equal(await page.getByRole('radio', { name: 'Fixed' }).isChecked(), true);
  }));

for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  test(`the map and its scale are on the first screen of the ${size}`, () =>
    open(
      '/cells',
      async (page) => {
        const bar = await page.getByRole('region', { name: 'Time', exact: true }).boundingBox();
        for (const part of [map(page), page.locator('.cells-map .heatmap-scale')]) {
          const box = await part.boundingBox();
          assert.ok(box.y >= 48 && box.y + box.height <= bar.y + 1, `${JSON.stringify(box)} above ${bar.y}`);
        }
      },
      { viewport },
    ));
}

test('a shared address opens the same cell before any script runs', () =>
  withPage(browser, `${server.url}/cells?cell=7.12&by=temperature`, { javaScriptEnabled: false }, async (page) => {
    assert.match(await panel(page, '7.12').innerText(), /\d\s?°C/);
    assert.equal(await page.getByRole('radio', { name: 'Temperature' }).isChecked(), true);
  }));

test('a cell that stands out opens by its link', () =>
  open('/cells', async (page) => {
    const first = page.getByRole('region', { name: 'Lowest: cells' }).getByRole('link').first();
    const name = (await first.innerText()).match(/^\d+\.\d+/)[0];
    await first.click();
    await page.getByRole('region', { name: /^Cell \d+\.\d+$/ }).waitFor();
    assert.match(page.url(), /cell=\d+\.\d+$/, `opened from ${name}`);
  }));

test('a hot cell is marked and counted as soon as it is over its limit', async () => {
  await lab({ action: 'ambient', celsius: '40' });
  await lab({ action: 'inject', fault: 'hot-cell', cell: '4.4' });
  try {
    await open('/cells', async (page) => {
      await page.getByText(/^\d+ beyond a warning limit$/).waitFor({ timeout: 60_000 });
      const hottest = page.getByRole('region', { name: 'Hottest: cells' }).getByRole('link').first();
      // The list is renewed once a second.
      await hottest.and(page.locator('[data-severity]')).waitFor();
      assert.equal(await hottest.getAttribute('data-severity'), 'warning', 'a warning is not drawn as critical');
      await shot(page, 'cells-hot');
    });
  } finally {
    await lab({ action: 'clear-all' });
    await lab({ action: 'ambient', celsius: '25' });
  }
});

for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  test(`an open cell fits the ${size}`, () =>
    open(
      '/cells?cell=7.12',
      async (page) => {
        await panel(page, '7.12').waitFor();
        await fits(page);
        await shot(page, `cells-open-${size}`);
      },
      { viewport },
    ));
}
