// Every page, on desktop and phone, dark and light: it fits, nothing moves under the reader, everyone can use it.
// Leaves a picture of each in target/shots.

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
  shifted,
  shot,
  violations,
  watchShifts,
  withPage,
} from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

/** Cumulative layout shift that nobody notices; 0.1 is what browsers call good. */
const SHIFT_MAX = 0.02;

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

for (const [path, name] of PAGES) {
  for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    for (const colorScheme of ['dark', 'light']) {
      test(`${name}, ${size}, ${colorScheme}`, () =>
        withPage(browser, 'about:blank', { viewport, colorScheme }, async (page) => {
          await watchShifts(page);
          await page.goto(server.url + path);
          await live(page);
          await changed(page.getByRole('banner').getByTitle('Time of the newest frame, here'));
          await fits(page);
          await shot(page, `${name.toLowerCase()}-${size}-${colorScheme}`);
          const shift = await shifted(page);
          assert.ok(shift < SHIFT_MAX, `layout shift of ${shift.toFixed(4)}`);
          assert.deepEqual(await violations(page), []);
        }));
    }
  }
}
