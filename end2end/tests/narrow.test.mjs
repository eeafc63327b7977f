// Narrow screens: words are whole, none runs into another, and what is wide scrolls by itself.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fits, launch, PAGES, shot, until, withLivePage, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

const WIDTHS = [320, 390];
const HOME = ['/home?system=home', 'Home energy'];

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo({ args: ['--history-days', '2'] }), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

/** Words that are cut, or that lie over one another, in words; nothing if all can be read. */
const unreadable = (page) =>
  page.evaluate(() => {
    const found = [];
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const boxes = [];
    for (let text = words.nextNode(); text; text = words.nextNode()) {
      const of = text.parentElement;
      // What is shortened on purpose can be read elsewhere: a problem unfolds, a name is that of the page.
      if (!text.data.trim() || !of.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      if (of.closest('.hidden, .visually-hidden, script, style, option, textarea, .problem-words, .system-name, .system-choice-name, .source-name')) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      for (const box of range.getClientRects()) {
        if (box.width < 2 || box.height < 2) continue;
        const says = `“${text.data.trim().slice(0, 40)}” of ${of.className?.baseVal ?? of.className}`;
        let scrolls = false;
        for (let up = of; up && up !== document.body; up = up.parentElement) {
          const { overflowX, overflowClipMargin, clipPath } = getComputedStyle(up);
          if (clipPath.startsWith('inset')) scrolls = true;
          if (['auto', 'scroll'].includes(overflowX)) scrolls = true;
          const { left, right } = up.getBoundingClientRect();
          // What is clipped further out is seen there: a time near an end stands half beside its map.
          const beside = 1 + (overflowX === 'clip' ? Number.parseFloat(overflowClipMargin) || 0 : 0);
          if (!scrolls && ['hidden', 'clip'].includes(overflowX) && (box.left < left - beside || box.right > right + beside)) {
            found.push(`${says} is cut by ${up.className}`);
          }
        }
        if (!scrolls) boxes.push({ box, says, of });
      }
    }
    // Bars that stay lie over the page, and that is not meant.
    const bar = (of) => of.closest('.nav, .time-bar, .status-bar, .control-night, .heatmap-tip, .line-chart-tip');
    for (const [i, one] of boxes.entries()) {
      for (const other of boxes.slice(i + 1)) {
        if (bar(one.of) !== bar(other.of)) continue;
        const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
        const down = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
        if (across > 1 && down > Math.min(one.box.height, other.box.height) / 2) found.push(`${one.says} lies over ${other.says}`);
      }
    }
    // Labels of one scale are apart.
    for (const scale of document.querySelectorAll('.time-labels, .trends-map-times, .heatmap-columns, .bars-labels')) {
      const labels = boxes.filter(({ of }) => scale.contains(of)).toSorted((a, b) => a.box.left - b.box.left);
      labels.slice(1).forEach((label, i) => {
        if (label.box.left - labels[i].box.right < 2) found.push(`${labels[i].says} touches ${label.says}`);
      });
    }
    return [...new Set(found)];
  });

for (const width of WIDTHS) {
  for (const [path, name] of [...PAGES, HOME, ['/trends?last=86400&map=voltage', 'Trends of a day'], ['/cells?cell=7.12', 'a cell'], ['/links?link=bms', 'frames']]) {
    test(`${name}, ${width} px`, () =>
      withLivePage(browser, server.url + path, { viewport: { width, height: 844 } }, async (page) => {
        await page.getByRole('button', { name: 'More of the time bar' }).click();
        await until('the scale of the time bar is drawn', () => page.locator('.time-labels span').first().isVisible());
        await page.waitForLoadState('networkidle').catch(() => {});
        await shot(page, `narrow-${name.toLowerCase().replaceAll(' ', '-')}-${width}`, { fullPage: true });
        await fits(page);
        assert.deepEqual(await unreadable(page), []);
      }));
  }
}

test('the page about the API fits a phone: a row of a table is a block of lines', async () => {
  for (const width of WIDTHS) {
    await withPage(browser, `${server.url}/api`, { viewport: { width, height: 844 } }, async (page) => {
      await shot(page, `api-${width}`);
      await fits(page);
      const wide = await page.evaluate(() =>
        [...document.querySelectorAll('article, table')].filter((part) => part.scrollWidth > part.clientWidth).map((part) => part.id || part.tagName),
      );
      assert.deepEqual(wide, []);
    });
  }
});
