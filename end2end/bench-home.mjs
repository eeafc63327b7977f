// Measures the page Home energy: first paint and interactive from nothing cached, and three days of curves from the click.
// Prints `figure`, key and value, separated by tabs; `cargo xtask bench` knows the targets.

import { launch, live, marksDrawn, percentile } from './lib/browser.mjs';
import { generate, startDemo } from './lib/server.mjs';

const PATH = '/home?system=home';
const COLD_STARTS = 7;
const CLICKS = 10;

const figure = (key, value) => console.log(`figure\t${key}\t${value}`);
const attempt = (what, measure) => measure().catch((error) => console.error(`${what}: not available: ${error.message}`));

/** First paint, which has the values, and the page following the readings, with nothing cached. */
async function coldStart(browser, url) {
  const [paints, lives] = [[], []];
  for (let i = 0; i < COLD_STARTS; i++) {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    const page = await context.newPage();
    await page.addInitScript(() => {
      const look = () => {
        if (document.querySelector('.status-bar-live')?.textContent.trim() === 'Live') window.liveAt = performance.now();
        else requestAnimationFrame(look);
      };
      look();
    });
    await page.goto(url + PATH);
    await page.waitForFunction(() => window.liveAt);
    lives.push(await page.evaluate(() => window.liveAt));
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime));
    await context.close();
  }
  figure('home-paint', percentile(paints, 50));
  figure('home-interactive', percentile(lives, 50));
}

/** From the choice of other hours to the frame that shows their curves. */
async function range(browser, url) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await marksDrawn(page, '/api/v1/home?');
  await page.goto(url + PATH);
  await live(page);
  const hours = page.getByRole('group', { name: 'Hours shown' });
  const times = [];
  for (let i = 0; i < CLICKS; i++) {
    for (const name of ['72 h', '6 h']) {
      // A page rests after an answer before it asks again.
      await page.waitForTimeout(600);
      await page.evaluate(() => {
        window.drawnAt = 0;
        addEventListener('click', () => (window.pressedAt ||= performance.now()), { capture: true });
        window.pressedAt = 0;
      });
      await hours.getByLabel(name, { exact: true }).check({ force: true });
      await page.waitForFunction(() => window.drawnAt > 0);
      if (name === '72 h') times.push(await page.evaluate(() => window.drawnAt - window.pressedAt));
    }
  }
  figure('home-72h', percentile(times, 95));
  await context.close();
}

// The values are those of a pack; what they are does not matter to the time that they take.
const data = await generate(4, 'home');
const server = await startDemo({ data });
try {
  const browser = await launch();
  try {
    await attempt('cold start', () => coldStart(browser, server.url));
    await attempt('72 hours', () => range(browser, server.url));
  } finally {
    await browser.close();
  }
} finally {
  await server.stop();
}
