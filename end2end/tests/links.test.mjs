// The page Links: how well every source delivers, and what it sends, byte by byte.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { changed, DESKTOP, fits, launch, PHONE, readings, shot, withLivePage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

const open = (path, use, options = {}) => withLivePage(browser, server.url + path, options, use);
/** Frames that are seen; the groups of a multiplexed message are folded. */
const rows = (page) => page.getByRole('table', { name: 'Frames' }).getByRole('row').filter({ has: page.locator('code') });
/** Unfolds the groups of a multiplexed message. */
const unfold = (page, id) =>
  page.getByRole('row').filter({ hasText: id }).getByRole('button', { name: /^Show \d+ groups$/ }).first().click();
const lab = (fields) => server.lab(fields);

test('every link says its state, rates, latency, address and faults', async () => {
  const { links } = await server.api('links');
  await open('/links', async (page) => {
    for (const link of links) {
      const card = page.getByRole('link').filter({ has: page.getByRole('heading', { name: link.name, exact: true }) });
      const words = await card.innerText();
      for (const part of [link.protocol, link.address, 'Latency', 'Reconnects', 'no faults']) {
        assert.ok(words.includes(part), `${link.name}: no ${JSON.stringify(part)} in ${JSON.stringify(words)}`);
      }
      assert.match(words, /\d\s?\/s/);
    }
  });
});

test('the frames of the controller stand beside what they mean, and follow', () =>
  open('/links?link=bms', async (page) => {
    await rows(page).first().waitFor();
    assert.ok((await rows(page).count()) < 20, 'the groups of cells are folded');
    const message = page.getByRole('row').filter({ has: page.getByRole('button', { name: /^Show \d+ groups$/ }) }).first();
    assert.match(await message.innerText(), /0x250[^]*every group is there, oldest[^]*\/s/);
    await unfold(page, '0x250');
    const voltages = rows(page).filter({ hasText: 'CellVoltage_000' });
    await voltages.waitFor();
    assert.ok((await rows(page).count()) > 50, 'one row for each group of cells');
    assert.match(await voltages.innerText(), /0x250/);
    await changed(rows(page).first().locator('.frame-stats'));
    await page.locator('.frame-bytes mark').first().waitFor();
    await shot(page, 'links-frames');
  }));

test('the filter finds by id and by signal, and says when nothing is found', () =>
  open('/links?link=bms', async (page) => {
    await rows(page).first().waitFor();
    const all = (await page.getByText(/^\d+ kinds of frames$/).innerText()).match(/\d+/)[0];
    const filter = page.getByRole('searchbox', { name: 'Filter frames' });
    await filter.fill('CellVoltage_131');
    await page.getByText(`1 of ${all} kinds of frames`).waitFor();
    assert.equal(await rows(page).count(), 1);
    await filter.fill('nothing like it');
    await page.getByText('No frame matches the filter').waitFor();
    await filter.fill('');
    await page.getByText(`${all} kinds of frames`).waitFor();
  }));

test('the frames can be held still', () =>
  open('/links?link=bms', async (page) => {
    await rows(page).first().waitFor();
    await page.getByRole('main').getByRole('button', { name: 'Pause the frames' }).click();
    // An answer that was on its way may still come; after it nothing is asked and nothing changes.
    await page.waitForLoadState('networkidle');
    const before = await rows(page).first().innerText();
    const asked = [];
    page.on('request', (request) => request.url().includes('/frames') && asked.push(request.url()));
    await readings(page, 15);
    assert.deepEqual([await rows(page).first().innerText(), asked], [before, []]);
    await page.getByRole('button', { name: 'Continue' }).click();
    await changed(rows(page).first());
  }));

test('another link is chosen by its card and shared by its address', () =>
  open('/links', async (page) => {
    const card = page.getByRole('link').filter({ has: page.getByRole('heading', { name: /grid/i }) });
    await card.click();
    await page.waitForURL('**/links?link=grid-meter');
    assert.equal(await card.getAttribute('aria-current'), 'true');
    await rows(page).filter({ hasText: /reg/ }).first().waitFor();
  }));

test('a CAN link is recorded, and the log is downloaded', async () => {
  await open('/links?link=grid-meter', async (page) => {
    await rows(page).first().waitFor();
    assert.equal(await page.getByRole('button', { name: 'Record' }).count(), 0, 'only CAN is recorded');
  });
  await open('/links?link=bms', async (page) => {
    await page.getByRole('button', { name: 'Record', exact: true }).click();
    const stop = page.getByRole('button', { name: 'Stop and download' });
    await stop.waitFor();
    await page.getByRole('status').filter({ hasText: /^bms-.*\.log$/ }).waitFor();
    await changed(rows(page).first().locator('.frame-stats'));
    const [download] = await Promise.all([page.waitForEvent('download'), stop.click()]);
    const log = await readFile(await download.path(), 'utf8');
    assert.match(log.split('\n')[0], /^\(\d{10}\.\d{6}\) bms [0-9A-F]{3}#[0-9A-F]+$/);
    await page.getByRole('button', { name: 'Record', exact: true }).waitFor();
  });
});

test('the page says how long a reading takes to its pixel', () =>
  open('/links', async (page) => {
    await page.getByTestId('latency-p99').filter({ hasText: /\d\sms/ }).waitFor();
  }));

test('a device that goes silent is told, and that it is back', async () => {
  await open('/links', async (page) => {
    await lab({ action: 'inject', fault: 'silent-link', device: 'grid-meter' });
    await page.getByText('6 of 7 links deliver').waitFor({ timeout: 15_000 });
    await shot(page, 'links-silent');
    await lab({ action: 'clear-all' });
    await page.getByText('7 of 7 links deliver').waitFor({ timeout: 15_000 });
  });
});

for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  test(`the frames fit the ${size}`, () =>
    open(
      '/links?link=bms',
      async (page) => {
        await rows(page).first().waitFor();
        await fits(page);
        const high = await page.evaluate(() => document.documentElement.scrollHeight);
        assert.ok(high < 6_000, `${high} px high with 260 cells of CAN`);
        await shot(page, `links-${size}`);
      },
      { viewport },
    ));
}
