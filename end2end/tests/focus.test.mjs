// Walking through every page with Tab, and back: what has the focus is seen, with its mark, and no bar lies over it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, launch, PAGES, PHONE, withLivePage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

/** More than any page has. */
const STEPS_MAX = 600;

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
  // Alarms have their own targets on the overview.
  for (const device of ['grid-meter', 'load-meter']) {
    await server.lab({ system: 'hv', action: 'inject', fault: 'silent-link', device });
  }
});
after(() => Promise.all([server?.stop(), browser?.close()]));

/** What has the focus, and what is wrong with how it is seen; `null` at the end of the page. */
const focused = (page) =>
  page.evaluate(() => {
    const here = document.activeElement;
    if (!here || here === document.body) return null;
    const wrong = [];
    const box = here.getBoundingClientRect();
    // A chart or a text may be higher than the room between the bars: half of it is enough.
    const most = box.height > 120 ? box.height / 2 : 1;
    const hides = (top, bottom, what) => {
      const hidden = Math.min(box.bottom, bottom) - Math.max(box.top, top);
      if (hidden > most) wrong.push(`has ${Math.round(hidden)} of ${Math.round(box.height)} px under ${what}`);
    };
    for (const bar of document.querySelectorAll('.status-bar, .time-bar, .nav, .control-night')) {
      const { left, right, top, bottom } = bar.getBoundingClientRect();
      const over = here.matches('.skip-link') || bar.contains(here) || here.contains(bar);
      if (!over && box.right > left && box.left < right) hides(top, bottom, bar.className);
    }
    hides(-Infinity, 0, 'the upper edge');
    hides(innerHeight, Infinity, 'the lower edge');
    // A choice is drawn by the words beside it.
    const marked = [here, here.nextElementSibling].some((part) => part && getComputedStyle(part).outlineStyle !== 'none');
    if (!marked) wrong.push('is not marked');
    const name = here.getAttribute('aria-label') ?? (here.innerText?.trim() || here.closest('label')?.innerText || here.name);
    return { name: `${here.tagName.toLowerCase()} “${(name ?? '').replace(/\s+/g, ' ').slice(0, 60)}”`, wrong };
  });

/** Walks to the end of the page, and gives every step that is not as it should be. */
async function walk(page, key) {
  const faults = [];
  let steps = 0;
  for (; steps < STEPS_MAX; steps++) {
    await page.keyboard.press(key);
    const at = await focused(page);
    if (!at) break;
    if (at.wrong.length > 0) faults.push(`${at.name} ${at.wrong.join(', ')}`);
  }
  assert.ok(steps > 5 && steps < STEPS_MAX, `${steps} steps with ${key}`);
  return faults;
}

for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  for (const [path, name] of [...PAGES, ['/home?system=home', 'Home energy'], ['/links?link=bms', 'Frames of Links']]) {
    test(`${name}, ${size}`, () =>
      withLivePage(browser, server.url + path, { viewport }, async (page) => {
        // The time bar comes last, and stands over the page.
        await page.getByRole('button', { name: 'Live', exact: true }).waitFor();
        assert.deepEqual({ forth: await walk(page, 'Tab'), back: await walk(page, 'Shift+Tab') }, { forth: [], back: [] });
      }));
  }
}

test('when what had the focus is gone, the part of the page that it was in has it', () =>
  withLivePage(browser, `${server.url}/lab`, {}, async (page) => {
    const clear = page.getByRole('button', { name: /^Clear: / });
    await clear.first().focus();
    const before = await clear.count();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.matches('.lab-faults'));
    assert.equal(await clear.count(), before - 1);
  }));
