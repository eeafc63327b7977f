// Every page while nothing, one thing and much is wrong: at every width and at 200 % zoom it fits, the list of pages is on
// the screen, and everyone can use it. Leaves a picture of each in target/shots.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launch, live, PAGES, PHONE, shot, violations, visit, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

/** Widths and heights in CSS px. At 200 % a desktop of 1440 x 900 has 720 x 450 of them. */
const SIZES = [
  [320, 640],
  [390, 844],
  [720, 450],
  [768, 1024],
  [1440, 900],
  [1920, 1080],
];
/** Where accessibility is judged too: it takes seconds. */
const JUDGED = new Set([390, 1440]);
const ALL = [...PAGES, ['/home', 'Home energy']];

/** What is injected into which system, and how many alarms stand then at least. */
const STATES = {
  'nothing is wrong': { faults: [], standing: 0 },
  'one alarm stands': { faults: [['hv', { fault: 'silent-link', device: 'grid-meter' }]], standing: 1 },
  'ten alarms stand': {
    faults: [
      ...[1, 3, 4, 6, 7, 9, 10, 12].map((node) => ['hv', { fault: 'dead-node', node }]),
      ['hv', { fault: 'silent-link', device: 'grid-meter' }],
      ['hv', { fault: 'silent-link', device: 'load-meter' }],
      ['home', { fault: 'silent-link', device: 'gx' }],
    ],
    standing: 10,
  },
};

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

const lab = (system, fields) => server.lab({ system, ...fields });

/** Waits until so many alarms stand, in all systems together. */
async function standing(wanted) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const states = await Promise.all(['hv', 'home'].map((system) => server.api(`state?system=${system}`)));
    const alarms = states.reduce((sum, { alarms }) => sum + alarms.length, 0);
    if (wanted === 0 ? alarms === 0 : alarms >= wanted) return;
    assert.ok(Date.now() < deadline, `${alarms} alarms stand, not ${wanted}`);
    await new Promise((next) => setTimeout(next, 200));
  }
}

/** What does not fit, in words; nothing if all does. */
const misfits = (page) =>
  page.evaluate(() => {
    const found = [];
    const { scrollWidth } = document.documentElement;
    if (scrollWidth > innerWidth) {
      const wide = [...document.querySelectorAll('body *')].filter(
        (part) => part.getBoundingClientRect().right > innerWidth + 1 && !part.closest('.scroll-x, .hidden, .visually-hidden'),
      );
      const names = wide.slice(0, 5).map((part) => `${part.tagName.toLowerCase()}.${part.getAttribute('class')}`);
      found.push(`${scrollWidth} px of content on ${innerWidth} px: ${names.join(', ')}`);
    }
    const bar = document.querySelector('.status-bar');
    if (bar.scrollWidth > bar.clientWidth) found.push(`the status bar needs ${bar.scrollWidth} px and has ${bar.clientWidth}`);
    for (const link of document.querySelectorAll('nav[aria-label="Pages"] :is(a, button)')) {
      // On a phone the last pages are behind "More".
      if (!link.checkVisibility()) continue;
      const { left, right, top, bottom } = link.getBoundingClientRect();
      if (left < 0 || top < 0 || right > innerWidth + 0.5 || bottom > innerHeight + 0.5) {
        found.push(`${link.textContent} of the list of pages is off the screen`);
      }
    }
    return found;
  });

for (const [state, { faults, standing: wanted }] of Object.entries(STATES)) {
  describe(state, () => {
    before(async () => {
      await Promise.all(['hv', 'home'].map((system) => lab(system, { action: 'clear-all' })));
      await standing(0);
      await Promise.all(faults.map(([system, fields]) => lab(system, { action: 'inject', ...fields })));
      await standing(wanted);
    });

    // How a page fits does not depend on its colours; who can use it does.
    for (const colorScheme of wanted === 10 ? ['light', 'dark'] : ['light']) {
      for (const [path, name] of ALL) {
        test(`${name}, ${colorScheme}`, () =>
          withPage(browser, server.url + path, { colorScheme }, async (page) => {
            await live(page);
            for (const [width, height] of SIZES) {
              await page.setViewportSize({ width, height });
              // Drawings take their new size with the next frames.
              await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
              if (wanted === 10) await shot(page, `standing-${name.toLowerCase().replaceAll(' ', '-')}-${width}-${colorScheme}`);
              assert.deepEqual(await misfits(page), [], `${width} px`);
              if (wanted === 10 && JUDGED.has(width)) assert.deepEqual(await violations(page), [], `${width} px`);
            }
          }));
      }
    }

    test('on a phone that is touched the list of pages stays on the screen', () =>
      withPage(browser, server.url, { viewport: PHONE }, async (page) => {
        await live(page);
        for (const [path, name] of PAGES) {
          await visit(page, name);
          await page.waitForURL(server.url + path);
          assert.deepEqual(await misfits(page), [], path);
        }
      }));
  });
}

test('the switch says which system is how bad, and Problems what stands, why, and where it is seen', () =>
  withPage(browser, server.url, {}, async (page) => {
    await live(page);
    const systems = page.getByRole('navigation', { name: 'Systems' });
    await systems.getByRole('link', { name: /832 V pack critical/ }).waitFor();
    await systems.getByRole('link', { name: /(House|Home).* (warning|critical)/ }).waitFor();
    const problems = page.getByRole('region', { name: 'Problems', exact: true });
    const lost = problems.getByRole('listitem').filter({ hasText: /AFE node \d+ does not answer, also nodes \d+, \d+ and 5 more/ });
    await lost.getByRole('button', { name: /^More about: AFE node/ }).click();
    await lost.getByRole('list', { name: 'What follows from it' }).getByText(/of 260 cells without a fresh voltage/).waitFor();
    await lost.getByRole('link').click();
    await page.waitForURL(/\/cells\?cell=\d+\.1$/);
    await page.goBack();
    await problems.getByText('See its problems.').waitFor();
    await problems.getByRole('list', { name: 'Active problems' }).getByRole('link', { name: /meter is silent/ }).click();
    await page.waitForURL(/\/links\?link=/);
  }));

test('a problem is one line, and all that are critical are seen at once', () =>
  withPage(browser, server.url, {}, async (page) => {
    await live(page);
    const problems = page.getByRole('region', { name: 'Problems', exact: true });
    const list = problems.getByRole('list', { name: 'Active problems' });
    await list.getByRole('link').first().waitFor();
    const unseen = await problems.evaluate((card) => {
      const box = card.querySelector('.problem-lists').getBoundingClientRect();
      const lines = [...card.querySelectorAll('.problem-line')].filter((line) => line.querySelector('[data-severity="critical"]'));
      const seen = (line) => line.getBoundingClientRect().bottom <= box.bottom + 1 && line.getBoundingClientRect().height < 32;
      return { lines: lines.length, unseen: lines.filter((line) => !seen(line)).map((line) => line.textContent) };
    });
    assert.ok(unseen.lines > 0);
    assert.deepEqual(unseen.unseen, []);
  }));

test("the phone's switch tells this system from the others", () =>
  withPage(browser, server.url, { viewport: PHONE }, async (page) => {
    await live(page);
    await page.getByRole('button', { name: /^832 V pack\s*other\s*(warning|critical)\s*choose a system$/ }).waitFor();
    await page.goto(`${server.url}/?system=home`);
    await live(page);
    await page.getByRole('button', { name: /^(House|Home).*other\s*critical\s*choose a system$/ }).waitFor();
  }));

test('what ended is listed, and leads to its instant', async () => {
  await Promise.all(['hv', 'home'].map((system) => lab(system, { action: 'clear-all' })));
  await standing(0);
  await withPage(browser, server.url, {}, async (page) => {
    await live(page);
    const problems = page.getByRole('region', { name: 'Problems', exact: true });
    await problems.getByRole('heading', { name: 'Ended in the last 24 hours' }).waitFor();
    await problems.getByRole('link', { name: /meter is silent/ }).first().click();
    await page.waitForURL(/\/\?at=/);
    await page.getByRole('status').filter({ hasText: /^The past/ }).waitFor();
  });
});

test('an alarm that ends while the page is open is listed as ended, and not where it still stands', async () => {
  const own = await startDemo();
  try {
    await withPage(browser, own.url, {}, async (page) => {
      await live(page);
      const problems = page.getByRole('region', { name: 'Problems', exact: true });
      const link = { name: /meter is silent/ };
      const active = problems.getByRole('list', { name: 'Active problems' }).getByRole('link', link);
      const over = problems.locator('.problem-over').getByRole('link', link);
      // What was asked when the page came to life has its answer.
      await problems.getByText(/Nothing ended|Ended in the last 24 hours/).waitFor();
      const fault = { system: 'hv', fault: 'silent-link', device: 'grid-meter' };
      await own.lab({ action: 'inject', ...fault });
      await active.waitFor();
      assert.equal(await over.count(), 0);
      await own.lab({ action: 'clear', ...fault });
      await over.waitFor();
      assert.equal(await active.count(), 0);
      // Where it began, it had not ended.
      await page.getByRole('region', { name: 'Time' }).getByRole('button', { name: 'Previous alarm' }).click();
      await page.getByRole('status').filter({ hasText: /^The past/ }).waitFor();
      await over.waitFor({ state: 'detached' });
    });
  } finally {
    await own.stop();
  }
});
