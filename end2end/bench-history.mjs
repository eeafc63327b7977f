// Measures what a past of thirty days costs in a browser: a chart over HTTP, a zoom from click to pixels, playback at a
// thousand times the pace. Prints `figure`, key and value, separated by tabs; `cargo xtask bench` knows the targets.

import { launch, live, marksDrawn, percentile } from './lib/browser.mjs';
import { generate, startDemo } from './lib/server.mjs';

const DAY_MS = 86_400_000;
const REQUESTS = 200;
const PLAYED_MS = 10_000;
/** Zooms by two: 30 days to a minute. */
const STEPS = 15;

const figure = (key, value) => console.log(`figure\t${key}\t${value}`);
const attempt = (what, measure) => measure().catch((error) => console.error(`${what}: not available: ${error.message}`));

/** A chart of 1,000 pixels over thirty days, five quantities, from the question to the last byte. */
async function http(url) {
  const to = Date.now();
  const path = `/api/v1/history?from=${to - 30 * DAY_MS}&to=${to}&width=1000`;
  const times = [];
  for (let i = 0; i < REQUESTS; i++) {
    const began = performance.now();
    const answer = await fetch(url + path, { headers: { accept: 'application/octet-stream' } });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${answer.status}`);
    times.push(performance.now() - began);
  }
  figure('history-http', percentile(times, 95));
}

/** Zooms in and out by the keyboard, each step from the key to the frame that shows it; once before, to be warm. */
async function zoom(page, url) {
  await marksDrawn(page, '/api/v1/history?');
  await page.goto(`${url}/trends?last=2592000`);
  await live(page);
  const chart = page.getByRole('application').first();
  await chart.focus();
  const times = [];
  const round = [...Array(STEPS).fill('+'), ...Array(STEPS).fill('-')];
  for (const key of [...round, ...round]) {
    await page.waitForTimeout(250);
    await page.evaluate(() => {
      window.drawnAt = 0;
      addEventListener('keydown', () => (window.pressedAt = performance.now()), { once: true, capture: true });
    });
    await chart.press(key);
    await page.waitForFunction(() => window.drawnAt > 0);
    times.push(await page.evaluate(() => window.drawnAt - window.pressedAt));
  }
  const warm = times.slice(round.length);
  figure('history-zoom', percentile(warm, 50));
  figure('history-zoom-p95', percentile(warm, 95));
}

/** How long each frame of the overview stays, in the mean, while it plays. */
async function play(page, url) {
  await page.goto(`${url}/?at=${new Date(Date.now() - 20 * DAY_MS).toISOString()}`);
  const bar = page.getByRole('region', { name: 'Time', exact: true });
  await bar.getByRole('combobox', { name: 'Speed' }).selectOption('1000');
  await bar.getByRole('button', { name: 'Play', exact: true }).click();
  await page.waitForTimeout(2_000);
  const frames = await page.evaluate(
    (length) =>
      new Promise((done) => {
        const clock = document.querySelector('.status-bar-clock');
        const [began, seen] = [performance.now(), { text: '', frames: 0 }];
        const look = () => {
          if (clock.textContent !== seen.text) seen.frames += 1;
          seen.text = clock.textContent;
          if (performance.now() - began < length) requestAnimationFrame(look);
          else done(seen.frames);
        };
        requestAnimationFrame(look);
      }),
    PLAYED_MS,
  );
  figure('playback-frame', PLAYED_MS / Math.max(frames, 1e-3));
}

const data = await generate(30);
const [server, browser] = await Promise.all([startDemo({ data }), launch()]);
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await attempt('chart over HTTP', () => http(server.url));
  await attempt('zoom', async () => zoom(await context.newPage(), server.url));
  await attempt('playback', async () => play(await context.newPage(), server.url));
} finally {
  await Promise.all([browser.close(), server.stop()]);
}
