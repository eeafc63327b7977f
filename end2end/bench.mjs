// Measures in Chromium what the project promises. Prints `figure`, key and value, separated by tabs; `cargo xtask bench`
// knows the targets. A figure that cannot be measured is left out, and the reason goes to stderr.

import { readFile } from 'node:fs/promises';
import { launch, live, PAGES, percentile, watch } from './lib/browser.mjs';
import { racks } from './lib/racks.mjs';
import { startDemo, startSite } from './lib/server.mjs';

const FRAMES = 200; // 40 s at 5 Hz
const COLD_STARTS = 7;

const figure = (key, value) => console.log(`figure\t${key}\t${value}`);
const attempt = (what, measure) => measure().catch((error) => console.error(`${what}: not available: ${error.message}`));

/** Durations of `count` entries that the page leaves in its performance timeline, ms. */
async function durations(page, name, count) {
  const read = () => page.evaluate((n) => performance.getEntriesByType('measure').filter((e) => e.name === n).map((e) => e.duration), name);
  for (const deadline = Date.now() + count * 200 * 2 + 10_000; Date.now() < deadline; ) {
    const all = await read();
    // The first frames meet code that is not compiled yet.
    if (all.length >= count + 10) return all.slice(10);
    await page.waitForTimeout(500);
  }
  throw new Error(`only ${(await read()).length} entries named ${name} came`);
}

const messages = [];
async function open(browser, url, use) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  try {
    const page = await context.newPage();
    const seen = watch(page);
    const result = await use(page, () => page.goto(url));
    messages.push(...seen);
    return result;
  } finally {
    await context.close();
  }
}

async function heatmap(browser, url, key) {
  await open(browser, `${url}/cells?measure`, async (page, go) => {
    await go();
    await live(page);
    figure(key, percentile(await durations(page, 'heatmap-frame', FRAMES / 2), 95));
  });
}

async function stream(browser, url) {
  await open(browser, `${url}/?measure`, async (page, go) => {
    const sizes = [];
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => sizes.push(payload.length)));
    await go();
    await live(page);
    const delays = await durations(page, 'frame-to-pixel', FRAMES);
    figure('pixel-p50', percentile(delays, 50));
    figure('pixel-p99', percentile(delays, 99));
    // Without the key frame with which a connection begins.
    const frames = sizes.slice(1);
    if (frames.length > 0) figure('live-bytes', frames.reduce((sum, size) => sum + size, 0) / frames.length);
  });
}

/** From the start of the navigation, with nothing cached, to a page that follows the readings. */
async function coldStart(browser, url) {
  const times = [];
  for (let i = 0; i < COLD_STARTS; i++) {
    times.push(
      await open(browser, url, async (page, go) => {
        await page.addInitScript(() => {
          const look = () => {
            if (document.querySelector('.status-bar-live')?.textContent.trim() === 'Live') window.liveAt = performance.now();
            else requestAnimationFrame(look);
          };
          look();
        });
        await go();
        await page.waitForFunction(() => window.liveAt);
        return page.evaluate(() => window.liveAt);
      }),
    );
  }
  figure('interactive', percentile(times, 50));
}

async function residentMemory(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  figure('rss', Number(status.match(/^VmRSS:\s+(\d+) kB/m)[1]) / 1_000);
}

const browser = await launch();
try {
  const demo = await startDemo();
  try {
    await attempt('cold start', () => coldStart(browser, demo.url));
    await attempt('live stream', () => stream(browser, demo.url));
    await attempt('heatmap of 260 cells', () => heatmap(browser, demo.url, 'heatmap-260'));
    for (const [path] of PAGES) {
      await attempt(path, () => open(browser, demo.url + path, async (page, go) => void (await go(), await live(page))));
    }
    await attempt('resident memory', () => residentMemory(demo.pid));
  } finally {
    await demo.stop();
  }
  await attempt('heatmap of 6,400 cells', async () => {
    const controller = await racks();
    try {
      const server = await startSite(controller.site);
      try {
        await heatmap(browser, server.url, 'heatmap-6400');
      } finally {
        await server.stop();
      }
    } finally {
      await controller.stop();
    }
  });
  messages.forEach((message) => console.error(message));
  figure('console', messages.length);
} finally {
  await browser.close();
}
