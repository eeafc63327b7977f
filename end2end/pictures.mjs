// Takes the pictures of README: the demo with a past of thirty days, a burst of the load, and a minute of live readings.
// `node end2end/pictures.mjs` writes docs/pictures; look at each before it is committed.

import { join, resolve } from 'node:path';
import { DESKTOP, PHONE, launch, live } from './lib/browser.mjs';
import { as, labAs, startWithPeople } from './lib/people.mjs';
import { generate, startDemo } from './lib/server.mjs';

const OUT = process.env.PACKTWIN_PICTURES ?? resolve(import.meta.dirname, '../docs/pictures');
/** So long the demo runs before the first picture: the load profile has something to show. */
const WARM_MS = Number(process.env.PACKTWIN_PICTURES_WARM_S ?? 240) * 1000;
const DAY_MS = 86_400_000;

const past = new Date(Date.now() - 12 * DAY_MS);
past.setUTCHours(14, 20, 0, 0);
const at = past.toISOString();

/** File, address, size, and whether the page follows the readings. */
const PICTURES = [
  ['overview', '/', DESKTOP, true],
  ['cells', '/cells', DESKTOP, true],
  ['playback', `/?at=${at}`, DESKTOP, false],
  ['trends', '/trends?last=432000&points=soc&cells=7.12', DESKTOP, true],
  ['phone', '/', PHONE, true],
];

/** How far the flight check is to look at another reserve, in steps of 1 %. */
const STEPS = 10;

const people = await startWithPeople();
const server = await startDemo({ data: await generate(30, 'hv', ['--cells']) });
const browser = await launch();
try {
  await new Promise((resolve) => setTimeout(resolve, WARM_MS));
  for (const [name, path, viewport, follows] of PICTURES) {
    const context = await browser.newContext({ viewport, colorScheme: 'dark', isMobile: viewport === PHONE, hasTouch: viewport === PHONE });
    const page = await context.newPage();
    await page.goto(server.url + path);
    if (follows) await live(page);
    await page.waitForLoadState('networkidle').catch(() => {});
    await page.waitForTimeout(2_000);
    await page.screenshot({ path: join(OUT, `${name}.png`) });
    await context.close();
  }
  const context = await browser.newContext(await as(people, 'timo', { viewport: DESKTOP, colorScheme: 'dark' }));
  const page = await context.newPage();
  await page.goto(`${people.url}/control`);
  await live(page);
  const slider = page.getByRole('slider', { name: 'Backup reserve, slider' });
  await page.getByRole('radio', { name: 'Mean of 5 min' }).check();
  for (let step = 0; step < STEPS; step++) await slider.press('ArrowLeft');
  // The answer stands at the top of the card, which was scrolled to the load.
  await page.getByRole('region', { name: 'Flight check' }).evaluate((card) => (card.scrollTop = 0));
  await page.waitForTimeout(2_000);
  await page.screenshot({ path: join(OUT, 'control.png') });
  await labAs(people, { action: 'inject', fault: 'high-cell', cell: '7.12' });
  await labAs(people, { action: 'inject', fault: 'slow-node', node: '4' });
  await page.goto(`${people.url}/alarms`);
  await page.getByRole('list', { name: 'Alarms that are not normal' }).getByText('AFE node 4').first().waitFor();
  await page.waitForTimeout(5_000);
  await page.screenshot({ path: join(OUT, 'alarms.png') });
} finally {
  await browser.close();
  await Promise.all([server.stop(), people.stop()]);
}
