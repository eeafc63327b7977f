// Points that only a device has (those of the demo's grid meter): Links lists them, Trends finds and draws them by name.

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
const points = (page) => page.getByRole('region', { name: 'Points of devices' });

for (const [name, options] of [
  ['320', { viewport: { width: 320, height: 700 } }],
  ['phone', { viewport: PHONE }],
  ['desktop', { viewport: DESKTOP }],
  ['wide', { viewport: { width: 1920, height: 1080 }, colorScheme: 'dark' }],
]) {
  test(`Links lists each point with value, unit and age, and searches them: ${name}`, () =>
    open('/links?system=hv', async (page) => {
      const voltage = points(page).getByRole('row').filter({ hasText: 'grid-meter/voltage' });
      await voltage.waitFor();
      assert.match(await voltage.innerText(), /\d\s?V/);
      assert.equal(await voltage.getAttribute('data-stale'), 'false');
      await changed(voltage.locator('.device-point-value'));
      await points(page).getByRole('searchbox').fill('frequency');
      await voltage.waitFor({ state: 'detached' });
      await points(page).getByRole('row').filter({ hasText: 'grid-meter/frequency_hz' }).waitFor();
      await points(page).getByRole('searchbox').fill('nothing like it');
      await points(page).getByText('No point has such a name.').waitFor();
      await fits(page);
      await points(page).getByRole('searchbox').fill('');
      await voltage.waitFor();
      await shot(page, `device-points-links-${name}`);
    }, options));

  test(`Trends finds a point by a part of its name and draws it; the address holds it: ${name}`, () =>
    open('/trends?system=hv', async (page) => {
      const fold = page.getByRole('button', { name: 'Time and quantities' });
      if (await fold.isVisible()) await fold.click();
      await page.getByRole('combobox', { name: 'Device point' }).fill('freq');
      await page.getByRole('option', { name: /grid-meter\/frequency_hz/ }).click();
      await page.waitForURL(/devices=grid-meter\/frequency_hz/);
      await page.getByRole('region', { name: 'Devices: frequency_hz' }).waitFor();
      const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'grid-meter/frequency_hz' }) });
      await row.waitFor();
      await fits(page);
      await shot(page, `device-points-trends-${name}`);
      // The same from the address alone, and gone when it is switched off.
      await page.reload();
      await live(page);
      await page.getByRole('region', { name: 'Devices: frequency_hz' }).waitFor();
      if (await fold.isVisible()) await fold.click();
      await page.getByRole('checkbox', { name: 'grid-meter/frequency_hz' }).click({ force: true });
      await page.getByRole('region', { name: 'Devices: frequency_hz' }).waitFor({ state: 'detached' });
    }, options));
}

test('a point is found and chosen by keys alone', () =>
  open('/trends?system=hv', async (page) => {
    const field = page.getByRole('combobox', { name: 'Device point' });
    const options = page.getByRole('listbox', { name: 'Found device points' }).getByRole('option');
    assert.equal(await field.getAttribute('aria-expanded'), 'false');
    await field.pressSequentially('grid');
    await options.nth(1).waitFor();
    assert.equal(await field.getAttribute('aria-expanded'), 'true');
    await field.press('ArrowDown');
    await field.press('ArrowDown');
    const name = await options.nth(1).locator('span').first().innerText();
    assert.equal(await options.nth(1).getAttribute('aria-selected'), 'true');
    assert.equal(await options.nth(0).getAttribute('aria-selected'), 'false');
    assert.equal(await field.getAttribute('aria-activedescendant'), await options.nth(1).getAttribute('id'));
    await field.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('devices') === name);
    assert.equal(await options.count(), 0);
    await field.pressSequentially('grid');
    await options.first().waitFor();
    await field.press('Escape');
    assert.equal(await options.count(), 0);
    assert.equal(await field.inputValue(), '');
  }));

test('a point is drawn on an axis of its own, not on that of the battery', () =>
  open('/trends?system=hv&points=pack_voltage&devices=grid-meter/voltage', async (page) => {
    await page.getByRole('region', { name: 'Voltage', exact: true }).waitFor();
    await page.getByRole('region', { name: 'Devices: voltage', exact: true }).waitFor();
    await shot(page, 'device-points-axes');
  }));

test('a point that is not there is told, and the others are drawn', () =>
  withPage(browser, server.url + '/trends?system=hv&devices=foo/bar', {}, async (page, messages) => {
    await live(page);
    await page.getByRole('alert').getByText('there is no "foo/bar"').waitFor();
    const voltage = page.getByRole('region', { name: 'Table of statistics' }).getByRole('row').filter({ hasText: 'State of charge' });
    await voltage.waitFor();
    // The browser's console has the refused request.
    assert.ok(messages.splice(0).every((message) => message.includes('422')), messages.join());
  }));
