// Chromium for a test. Every page is watched: an error or a warning in its console fails the test.

import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

const SHOTS = resolve(import.meta.dirname, '../../target/shots');

/** The two sizes that every page is made for. */
export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** The pages, by path, and the heading of each. */
export const PAGES = [
  ['/', 'Overview'],
  ['/cells', 'Cells'],
  ['/trends', 'Trends'],
  ['/control', 'Control'],
  ['/alarms', 'Alarms'],
  ['/links', 'Links'],
  ['/analysis', 'Analysis'],
  ['/lab', 'Lab'],
];

export const launch = () =>
  chromium.launch({
    executablePath: process.env.PACKTWIN_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/**
 * Opens a page in a context of its own, gives it to `use` and closes it. Afterwards its console must be empty; a test
 * that provokes messages, by stopping the server for one, calls `messages.length = 0` on the array that it is given.
 * Pages have no service worker, as over a network without encryption, unless `serviceWorkers` is `allow`.
 */
export async function withPage(browser, url, options, use) {
  const { viewport = DESKTOP, ...others } = options;
  const phone = viewport === PHONE ? { isMobile: true, hasTouch: true } : {};
  const context = await browser.newContext({ viewport, serviceWorkers: 'block', ...phone, ...others });
  try {
    const page = await context.newPage();
    const messages = watch(page);
    await page.goto(url);
    await use(page, messages);
    assert.deepEqual(messages, [], 'the console and the network are free of errors and warnings');
  } finally {
    await context.close();
  }
}

/** The same of a page that has come to life. */
export const withLivePage = (browser, url, options, use) =>
  withPage(browser, url, options, async (page, messages) => {
    await live(page);
    await use(page, messages);
  });

/** Goes to a page by the list of pages. On a phone the last ones are behind "More". */
export async function visit(page, name) {
  const list = page.getByRole('navigation', { name: 'Pages' });
  const more = list.getByRole('button', { name: 'More', exact: true });
  const link = list.getByRole('link', { name, exact: true });
  await list.getByRole('link').first().waitFor();
  if ((await more.isVisible()) && !(await link.isVisible())) await more.click();
  await link.click();
}

/** A titled piece of a page: most are cards. */
export const region = (page, name) => page.getByRole('region', { name, exact: true });

/** Nothing of the page is wider than the window: there is no sideways scroll. */
export async function fits(page) {
  const [wide, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= width, `${page.url()}: ${wide} px of content on ${width} px`);
}

/** From the next document on everything that moves under the reader is added up: see `shifted`. */
export const watchShifts = (page) =>
  page.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shift += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  });

/** The cumulative layout shift since the document began. */
export const shifted = (page) => page.evaluate(() => window.shift);

/** What a page reports as wrong, as it comes. */
export function watch(page) {
  const messages = [];
  page.on('console', (message) => {
    // The context blocks the service worker, and the browser's driver says so in the page's console.
    if (message.text().startsWith('Service Worker registration blocked by Playwright')) return;
    if (['error', 'warning', 'assert'].includes(message.type())) messages.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => messages.push(`uncaught: ${error.stack ?? error.message}`));
  page.on('response', (answer) => {
    if (answer.status() >= 400) messages.push(`${answer.status()}: ${answer.url()}`);
  });
  return messages;
}

/** Waits until the page has come to life: hydrated, and following the live stream. */
export const live = (page) => page.getByRole('status').filter({ hasText: /^Live$/ }).waitFor();

/** Waits until a text is no longer what it was, and gives the new one. */
export async function changed(locator, { within = 10_000 } = {}) {
  const before = await locator.textContent();
  const deadline = Date.now() + within;
  for (;;) {
    const now = await locator.textContent();
    if (now !== before) return now;
    assert.ok(Date.now() < deadline, `${locator} still says ${JSON.stringify(before)} after ${within} ms`);
    await new Promise((next) => setTimeout(next, 50));
  }
}

/** Waits until so many further readings have reached the page: time as the page itself lives it, at 5 Hz in the demo. */
export async function readings(page, count) {
  const clock = page.getByRole('banner').getByTitle('Time of the newest frame, here');
  for (let seconds = 0; seconds < Math.ceil(count / 5); seconds++) await changed(clock);
}

/** Calls `ask` until it gives something true, and gives that; `what` is said if that takes too long. */
export async function until(what, ask, { within = 30_000 } = {}) {
  const deadline = Date.now() + within;
  for (;;) {
    const found = await ask();
    if (found) return found;
    assert.ok(Date.now() < deadline, `${what}: not within ${within} ms`);
    await new Promise((next) => setTimeout(next, 50));
  }
}

/** Waits until what a server of the demo has read is written so many seconds back: there is a past to look at. */
export const recorded = (server, seconds) =>
  until(`${seconds} s are recorded`, async () => {
    const wanted = Date.now() - seconds * 1_000;
    const answer = await fetch(`${server.url}/api/v1/state?system=hv&at=${new Date(wanted).toISOString()}`);
    return answer.ok && Math.abs(Date.parse((await answer.json()).timestamp) - wanted) < 1_000;
  });

/** A picture in target/shots, to be looked at. */
export async function shot(page, name, options = {}) {
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), ...options });
}

/** Of some values, the one that a share of them keeps to (nearest rank). */
export function percentile(values, percent) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
}

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** What axe finds against WCAG 2.2 AA: rule, what is wrong, where. */
export async function violations(page) {
  // Targets are judged where they are in the page, not where the bars happen to cover them at this scroll position.
  await page.evaluate(() => {
    const still = new CSSStyleSheet();
    still.replaceSync('.status-bar, .time-bar, .nav { position: static !important; }');
    document.adoptedStyleSheets.push((window.still = still));
  });
  // The page allows only its own scripts; the checker comes in through the debugger, not through the document.
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate((runOnly) => window.axe.run({ runOnly }), WCAG);
  // Those of the page stay.
  await page.evaluate(() => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== window.still);
  });
  return found.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${rule.help}: ${node.target.join(' ')}`));
}

/**
 * From now on `window.drawnAt` says when the answer of an address that contains `path` was on the page. Charts are drawn
 * before or in the frame after their data came; the task after that frame comes when it is done.
 */
export const marksDrawn = (page, path) =>
  page.addInitScript((path) => {
    const ask = window.fetch;
    window.fetch = async (...request) => {
      const answer = await ask(...request);
      const read = answer.arrayBuffer.bind(answer);
      answer.arrayBuffer = async () => {
        const bytes = await read();
        if (answer.url.includes(path)) {
          setTimeout(() => requestAnimationFrame(() => setTimeout(() => (window.drawnAt = performance.now()), 0)), 0);
        }
        return bytes;
      };
      return answer;
    };
  }, path);
