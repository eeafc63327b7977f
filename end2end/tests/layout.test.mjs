// Every page, on desktop and phone, dark and light: it fits, nothing moves under the reader, everyone can use it.
// Leaves a picture of each in target/shots.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { changed, DESKTOP, launch, live, PAGES, PHONE, shot, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

/** Cumulative layout shift that nobody notices; 0.1 is what browsers call good. */
const SHIFT_MAX = 0.02;

let server, browser, axe;
before(async () => {
  const source = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  [server, browser, axe] = await Promise.all([startDemo(), launch(), readFile(source, 'utf8')]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

/** What axe finds against WCAG 2.2 AA: rule, what is wrong, where. */
async function violations(page) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() =>
    window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }),
  );
  return found.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${rule.help}: ${node.target.join(' ')}`));
}

for (const [path, name] of PAGES) {
  for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    for (const colorScheme of ['dark', 'light']) {
      test(`${name}, ${size}, ${colorScheme}`, () =>
        withPage(browser, server.url + path, { viewport, colorScheme }, async (page) => {
          await page.evaluate(() => {
            window.shift = 0;
            new PerformanceObserver((entries) => {
              for (const entry of entries.getEntries()) window.shift += entry.value;
            }).observe({ type: 'layout-shift', buffered: true });
          });
          await live(page);
          await changed(page.getByRole('banner').getByTitle('Time of the newest frame, here'));
          const [width, wide] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
          assert.ok(wide <= width, `${wide} px of content on ${width} px: no sideways scroll`);
          await shot(page, `${name.toLowerCase()}-${size}-${colorScheme}`);
          assert.deepEqual(await violations(page), []);
          const shift = await page.evaluate(() => window.shift);
          assert.ok(shift < SHIFT_MAX, `layout shift of ${shift.toFixed(4)}`);
        }));
    }
  }
}
