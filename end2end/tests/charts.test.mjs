// Charts on a phone and at every size: what a tap tells, and that nothing leaves the screen, with alarms standing.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, PHONE, shot, until, withLivePage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
  await trouble();
});
after(() => Promise.all([server?.stop(), browser?.close()]));

/** Brings about many alarms and a dead source. */
async function trouble() {
  const lab = (fields) => server.lab({ system: 'hv', action: 'inject', ...fields });
  for (const cell of ['1.1', '2.2', '3.3', '4.4', '5.5']) {
    await lab({ fault: 'weak-cell', cell }).catch(() => {});
    await lab({ fault: 'hot-cell', cell }).catch(() => {});
  }
  await lab({ fault: 'silent-link', device: 'grid-meter' });
  await until('an alarm stands', async () => (await server.api('state?system=hv')).alarms.length > 0);
}

const open = (path, use, options = {}) => withLivePage(browser, server.url + path, options, use);
const tip = (chart) => chart.locator('.line-chart-tip');

test('a tap shows the instant and its values, which stay until something else is tapped', () =>
  open(
    '/cells?cell=7.12',
    async (page) => {
      const voltage = page.getByRole('application', { name: /^Voltage of cell/ });
      const temperature = page.getByRole('application', { name: /^Temperature of cell/ });
      await voltage.scrollIntoViewIfNeeded();
      await until('there is a curve', async () => (await page.locator('#cell-voltage canvas').count()) === 2);
      // A tap of the locator waits until nothing moves any more: what is above the charts comes later.
      const tapAt = async (chart, share, y) => {
        const { width } = await chart.boundingBox();
        await chart.tap({ position: { x: width * share, y } });
      };
      await tapAt(voltage, 0.8, 60);
      // Both charts share the instant.
      for (const chart of [voltage, temperature]) await tip(chart).waitFor();
      const said = await tip(voltage).locator('em').innerText();
      assert.match(said, /min|s/);
      const told = await tip(voltage).boundingBox();
      assert.ok(told.x >= 0 && told.x + told.width <= PHONE.width, JSON.stringify(told));
      await shot(page, 'charts-tap');
      // Another instant of the other chart: it moves there.
      await tapAt(temperature, 0.3, 60);
      await tip(voltage).locator('em').filter({ hasNotText: said }).waitFor();
      await page.getByRole('heading', { name: /^Cell 7.12/ }).tap();
      await tip(voltage).waitFor({ state: 'detached' });
    },
    { viewport: PHONE },
  ));

test('on the page Trends a tap shows the values, and dragging a finger still moves the time', () =>
  open(
    '/trends?last=600',
    async (page) => {
      const chart = page.getByRole('application', { name: /^Power in / });
      const box = await chart.boundingBox();
      assert.ok(box.y < 400, `the chart comes first: at ${box.y} px`);
      await chart.tap();
      await tip(chart).waitFor();
      assert.match(await tip(chart).innerText(), /kW|no data/);
      await shot(page, 'trends-tap');
      const touch = await page.context().newCDPSession(page);
      const at = (type, x) =>
        touch.send('Input.dispatchTouchEvent', {
          type,
          touchPoints: type === 'touchEnd' ? [] : [{ x, y: box.y + box.height / 2 }],
        });
      await at('touchStart', box.x + 150);
      for (let x = 160; x <= 260; x += 20) await at('touchMove', box.x + x);
      await at('touchEnd');
      await page.waitForURL(/from=/);
    },
    { viewport: PHONE },
  ));

const WIDTHS = [320, 390, 768, 1440, 1920];
const PATHS = ['/cells', '/cells?cell=1.1', '/trends', '/links', '/analysis'];

for (const colorScheme of ['light', 'dark']) {
  test(`nothing leaves the screen at any width, ${colorScheme}, with alarms and a dead source`, async () => {
    // The last one is 1440 px at 200 %.
    for (const [width, deviceScaleFactor] of [...WIDTHS.map((width) => [width, 1]), [720, 2]]) {
      const viewport = { width, height: width < 700 ? 844 : 900 };
      for (const path of PATHS) {
        await open(
          path,
          async (page) => {
            const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            const out = await page.evaluate(() =>
              [...document.querySelectorAll('main *')]
                .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
                .filter((element) => !element.closest('.scroll-x, .answer, .segmented, .trends-quantities, .hidden, .visually-hidden, .trends-map-clip'))
                .map((element) => element.className || element.tagName),
            );
            assert.deepEqual([wide, out.slice(0, 3)], [0, []], `${path} at ${width} px`);
            await shot(page, `charts${path.replace(/\W/g, '-')}-${width}-${colorScheme}`);
          },
          { viewport, colorScheme, deviceScaleFactor },
        );
      }
    }
  });
}
