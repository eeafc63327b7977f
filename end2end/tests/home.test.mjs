// The page Home energy: a house now, its battery, its trends, three opinions of its charge, its day.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  changed,
  DESKTOP,
  fits,
  launch,
  live,
  PHONE,
  region,
  shifted,
  shot,
  violations,
  watchShifts,
  withLivePage,
  withPage,
} from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

const SHIFT_MAX = 0.02;

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

const open = (use, options = {}) => withLivePage(browser, `${server.url}/home?system=home`, options, use);
const lab = (fields) => server.lab({ system: 'home', ...fields });
/** Switches something on and waits until the page says so: at some hours of the day a house stands still by itself. */
async function moves(page) {
  const load = region(page, 'Load').locator('.number');
  const before = Number(await load.textContent());
  const sees = changed(load);
  await lab({ action: 'load', kw: before > 3 ? 1.5 : 6.5 });
  try {
    await sees;
  } finally {
    await lab({ action: 'load-auto' });
  }
}
/** Waits until the last hours are there. */
const past = (page) =>
  region(page, 'Voltage trend').getByText(/\d\sV/).first().waitFor();

test('charge, sun, load and grid are on top, with their units', () =>
  open(async (page) => {
    for (const [name, unit] of [['SOC', '%'], ['Solar', 'kW'], ['Load', 'kW'], ['Grid', 'kW']]) {
      const words = await region(page, name).innerText();
      assert.match(words, new RegExp(`\\d\\.\\d+\\s*${unit}`), `${name}: ${words}`);
    }
  }));

test('the battery is told in values and in words, and so is its source', () =>
  open(async (page) => {
    const card = region(page, 'Battery details');
    for (const [name, says] of [
      ['Voltage', /\d\d\.\d\d\s*V\s*(Normal|Check)/],
      ['Current', /\d\s*A\s*(Charging|Discharging|Idle)/],
      ['Power', /\d\s*kW\s*(Charging|Discharging|Idle)/],
      ['Temperature', /\d\s*°C\s*(Cold|Optimal|Warm)\s*\d+\.\d\s*°F, optimal 15–30\s*°C/],
    ]) {
      assert.match((await card.getByRole('region', { name, exact: true }).innerText()).replace(/\s+/g, ' '), says);
    }
    const source = card.getByRole('group', { name: 'Source Cerbo GX' });
    assert.match(await source.innerText(), /(<\s1|\d)\ss ago/);
    await source.getByText('Healthy').waitFor();
  }));

test('values follow by themselves and nothing moves', () =>
  open(async (page) => {
    await past(page);
    const place = () => region(page, 'Trends').boundingBox();
    const before = await place();
    await moves(page);
    assert.deepEqual(await place(), before);
  }));

test('trends go back as far as is chosen, with their statistics', () =>
  open(async (page) => {
    await past(page);
    const hours = page.getByRole('group', { name: 'Hours shown' });
    assert.ok(await hours.getByLabel('24 h').isChecked(), 'a day is where it begins');
    for (const [label, words] of [['6 h', '6'], ['72 h', '72']]) {
      await hours.getByLabel(label, { exact: true }).check({ force: true });
      await page.getByRole('application', { name: `Voltage in volts, last ${words} hours` }).waitFor();
    }
    const facts = async (name) => (await region(page, name).locator('dl').innerText()).replace(/\s+/g, ' ');
    assert.match(await facts('Voltage trend'), /Mean \d\d\.\d\d V Standard deviation \d+\.\d\d V/);
    assert.match(await facts('Current trend'), /Time charging \d+ % of \d+ readings/);
    assert.match(await facts('Temperature trend'), /Lowest to highest \d+\.\d to \d+\.\d °C/);
  }));

test('two opinions of the charge stand side by side', () =>
  open(async (page) => {
    const card = region(page, 'SOC: Victron and Sol-Ark');
    for (const name of ['Victron', 'Sol-Ark']) {
      assert.match(await card.getByRole('group', { name: `SOC of ${name}` }).innerText(), /\d\s*%/);
    }
    const words = (await card.getByText('points apart').innerText()).replace(/\s+/g, ' ');
    const points = Number(words.match(/([\d.]+) points/)[1]);
    await card.getByText(points < 2 ? 'Readings aligned' : 'Check calibration').waitFor();
    await card.getByRole('application', { name: /State of charge in percent/ }).waitFor();
  }));

test('the charge is counted here too, or it is said why not, and what no current explains is told', () =>
  open(async (page) => {
    await past(page);
    const card = region(page, 'SOC: Victron and Sol-Ark');
    // The demo's house has not been full since it began.
    await card.getByRole('group', { name: 'SOC counted by Packtwin' }).getByText(/no full charge in the last 5 days/).waitFor();
    await card.getByText('No reported SOC has moved further than the measured current explains.').waitFor();
  }));

test('the energy of the day and the polling are told', () =>
  open(async (page) => {
    await past(page);
    const card = region(page, 'Historical data');
    for (const name of ['Solar', 'Load', 'From the grid', 'To the grid', 'Into the battery', 'Out of the battery']) {
      await card.getByRole('group', { name }).getByText(/\d\.\d\d\skWh/).waitFor();
    }
    assert.match(await card.innerText(), /no limit, read directly/);
  }));

test('a source that goes quiet is told in words, and what is left is shown', async () => {
  await open(async (page) => {
    await past(page);
    await lab({ action: 'inject', fault: 'silent-link', device: 'gx' });
    try {
      const source = page.getByRole('group', { name: 'Source Cerbo GX' });
      await source.getByText('Check connection').waitFor();
      await source.getByText(/Check power, network and address of Cerbo GX/).waitFor();
      await region(page, 'Battery details').getByText(/^Stale, /).first().waitFor();
      assert.match(await region(page, 'Solar').innerText(), /\d\s*kW/, 'the inverter goes on');
      await page.getByText('Cannot be compared', { exact: true }).waitFor();
      await shot(page, 'home-source-away');
    } finally {
      await lab({ action: 'clear-all' });
    }
    await page.getByRole('group', { name: 'Source Cerbo GX' }).getByText('Healthy').waitFor();
  });
});

test('an answer that does not come is told, and live values go on', () =>
  open(async (page, messages) => {
    await past(page);
    await page.route('**/api/v1/home?*', (route) => route.abort());
    await page.getByRole('group', { name: 'Hours shown' }).getByLabel('12 h', { exact: true }).check({ force: true });
    await page.getByText(/The curves are those of the last answer/).waitFor();
    await moves(page);
    messages.length = 0;
  }));

test('an answer that comes before its part of the page is alive waits for it', () =>
  withPage(browser, 'about:blank', {}, async (page) => {
    await page.addInitScript(() => {
      // Parts come to life one task after the other: as on a slow phone.
      const later = window.setTimeout;
      window.setTimeout = (run, ms, ...rest) => later(run, ms || 40, ...rest);
    });
    const answered = page.waitForResponse(/api\/v1\/home/);
    await page.goto(`${server.url}/home?system=home`);
    await answered;
    assert.equal(await page.getByRole('status').filter({ hasText: /^Live$/ }).count(), 0, 'not all of it is alive yet');
    await live(page);
    await past(page);
    await moves(page);
  }));

test('a system that is no house says so', () =>
  withPage(browser, `${server.url}/home?system=hv`, {}, async (page) => {
    await live(page);
    await page.getByText(/is not a house/).waitFor();
    assert.equal(await page.getByRole('navigation', { name: 'Pages' }).getByText('Home energy').count(), 0);
  }));

for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`${size}, ${colorScheme}: nothing moves, nothing overflows, all is accessible`, () =>
      withPage(browser, 'about:blank', { viewport, colorScheme }, async (page) => {
        await watchShifts(page);
        await page.goto(`${server.url}/home?system=home`);
        await live(page);
        await past(page);
        await fits(page);
        await shot(page, `home-${size}-${colorScheme}`);
        // Before the picture of the whole page, which makes the window higher.
        const shift = await shifted(page);
        assert.ok(shift < SHIFT_MAX, `layout shift of ${shift.toFixed(4)}`);
        await shot(page, `home-${size}-${colorScheme}-whole`, { fullPage: true });
        assert.deepEqual(await violations(page), []);
      }));
  }
}
