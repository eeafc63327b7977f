// The time bar: any instant of the past on every page, played, stepped, jumped to, and back to the present.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { changed, DESKTOP, launch, live, PHONE, recorded, shot, until, violations, visit, withPage } from '../lib/browser.mjs';
import { generate, startDemo } from '../lib/server.mjs';

const DAY_MS = 86_400_000;
let server, browser;
before(async () => {
  const data = await generate(2);
  [server, browser] = await Promise.all([startDemo({ data }), launch()]);
  // What is stepped through near the present must have been recorded.
  await recorded(server, 6);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

const bar = (page) => page.getByRole('region', { name: 'Time', exact: true });
const button = (page, name) => bar(page).getByRole('button', { name, exact: true });
const track = (page) => bar(page).getByRole('slider', { name: 'Instant shown' });
/** Waits until the page says that it shows the past. */
const past = (page) => page.getByRole('status').filter({ hasText: /^The past/ }).waitFor();
const at = (page) => Date.parse(new URL(page.url()).searchParams.get('at'));
// What was made up ends where today begins (UTC): some hours of it follow in any case.
const midnight = () => Math.floor(Date.now() / DAY_MS) * DAY_MS;
const dayAgo = () => new Date(Math.min(Date.now() - DAY_MS, midnight() - DAY_MS / 6)).toISOString();

const open = (path, use, options = {}) =>
  withPage(browser, server.url + path, options, async (page, messages) => {
    await button(page, /live/i).waitFor();
    await use(page, messages);
    assert.deepEqual(messages, []);
  });

test('an instant of the past is rendered by the server, and kept from page to page', async () => {
  const instant = dayAgo();
  const document = await (await fetch(`${server.url}/?at=${instant}`)).text();
  assert.match(document, /The past/);
  await open(`/?at=${instant}`, async (page) => {
    await past(page);
    const voltage = page.getByRole('region', { name: 'Voltage', exact: true });
    assert.match(await voltage.innerText(), /\d{3}\.\d/);
    const state = await server.api(`state?system=hv&at=${instant}`);
    assert.ok(Math.abs(Date.parse(state.timestamp) - Date.parse(instant)) < 2_000, state.timestamp);
    await shot(page, 'playback-overview');
    for (const name of ['Cells', 'Links', 'Trends', 'Lab']) {
      await visit(page, name);
      await page.waitForURL(new RegExp(`/${name.toLowerCase()}\\?.*at=`));
      assert.equal(at(page), Date.parse(instant), name);
      await past(page);
    }
    await page.getByText('What the simulation is told to do is known of the present only').waitFor();
    for (const command of await page.getByRole('main').getByRole('button', { includeHidden: true }).all()) {
      assert.ok(await command.isDisabled(), 'nothing is commanded in the past');
    }
    await button(page, 'Go live').click();
    await live(page);
    await page.waitForURL((url) => !url.searchParams.has('at'));
  });
});

test('from the present one pauses, steps, plays, and comes back', () =>
  open('/', async (page) => {
    await live(page);
    await button(page, 'Pause').click();
    await past(page);
    await page.waitForURL(/at=/);
    const first = at(page);
    const text = await page.getByRole('region', { name: 'Current', exact: true }).innerText();
    await button(page, 'One reading back').click();
    await page.waitForFunction((before) => !location.search.includes(before), new Date(first).toISOString());
    assert.ok(at(page) < first && at(page) > first - 1_000, `${first} ${at(page)}`);
    await button(page, 'Play').click();
    await changed(bar(page).locator('time'));
    await button(page, 'Pause').click();
    await button(page, 'Go live').click();
    await live(page);
    assert.ok(text.length > 0);
  }));

test('at a thousand times the pace an hour passes in seconds, and every panel goes along', () =>
  open(`/?at=${dayAgo()}`, async (page) => {
    await past(page);
    await bar(page).getByRole('combobox', { name: 'Speed' }).selectOption('1000');
    await button(page, 'Play').click();
    const soc = page.getByRole('region', { name: 'State of charge', exact: true });
    await changed(soc);
    const before = at(page);
    const instant = async () => Number(await track(page).getAttribute('aria-valuenow')) * 1e3;
    const began = Date.now();
    await until('ten minutes pass', async () => (await instant()) - before > 600_000);
    assert.ok(Date.now() - began < 20_000, 'ten minutes take seconds');
    await button(page, 'Pause').click();
    await until('the address follows', async () => at(page) - before > 600_000);
  }));

test('the next sag and the last alarm are a click away, with their words', async () => {
  const lab = (fields) => server.lab({ system: 'hv', ...fields });
  await lab({ action: 'inject', fault: 'silent-link', device: 'grid-meter' });
  await until('the alarm stands', async () =>
    JSON.stringify((await server.api('state?system=hv')).alarms).includes('Grid meter is silent'));
  await lab({ action: 'clear-all' });
  // What happened is in the history a second or two later.
  const alarm = `${server.url}/api/v1/playback/jump?to=alarm&back=true&from=`;
  await until('the alarm is in the history', async () =>
    (await (await fetch(alarm + Date.now())).text()).includes('Grid meter is silent'));
  await open(`/?at=${new Date(midnight() - 1.5 * DAY_MS).toISOString()}`, async (page) => {
    await past(page);
    const before = at(page);
    await button(page, 'Next sag').click();
    await bar(page).getByText(/Bus falls by \d+\.\d V/).waitFor();
    await page.waitForFunction((was) => !location.search.includes(was), new Date(before).toISOString());
    assert.ok(at(page) > before);
    const sag = new Date(at(page)).toISOString();
    await button(page, 'Widest spread').click();
    await bar(page).getByText(/Cells \d+ mV apart/).waitFor();
    await page.waitForFunction((was) => !location.search.includes(was), sag);
    // On a busy machine another device may have been late at the start, which is an alarm too.
    for (let alarms = 0; alarms < 8; alarms++) {
      const was = new Date(at(page)).toISOString();
      await button(page, 'Next alarm').click();
      await page.waitForFunction((instant) => !location.search.includes(instant), was);
      if ((await bar(page).getByRole('status').innerText()).includes('Grid meter is silent')) break;
    }
    await bar(page).getByText('Grid meter is silent').waitFor();
    await page.getByRole('region', { name: /Problems/ }).getByText('Grid meter is silent').waitFor();
    await shot(page, 'playback-alarm');
    // Behind the last one there is none, which is said and is no error on the console.
    const said = bar(page).getByRole('status');
    const seen = async () => `${page.url()} ${await said.innerText()}`;
    for (let alarms = 0; alarms < 8 && !(await said.innerText()).includes('No further'); alarms++) {
      const was = await seen();
      await button(page, 'Next alarm').click();
      await until('the next alarm, or none', async () => (await seen()) !== was);
    }
    await bar(page).getByText('No further alarm').waitFor();
  });
});

test('the track is dragged and walked by keys, and its end is the present', () =>
  open('/cells', async (page) => {
    await live(page);
    const box = await track(page).boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    await past(page);
    await page.waitForURL(/at=/);
    const share = (Date.now() - at(page)) / DAY_MS;
    assert.ok(share > 0.57 && share < 0.63, `dragged to ${share} of the last day`);
    const before = at(page);
    await track(page).focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction((was) => !location.search.includes(was), new Date(before).toISOString());
    assert.equal(Math.round((at(page) - before) / 1e3), 432);
    await page.keyboard.press('End');
    await live(page);
  }));

test('where nothing was recorded the page says so and shows nothing as a value', () =>
  open('/?at=2020-01-01T00:00:00Z', async (page) => {
    await past(page);
    await bar(page).getByText('Nothing was recorded at this instant').waitFor();
    assert.doesNotMatch(await page.getByRole('region', { name: 'Voltage', exact: true }).innerText(), /\d{3}\.\d/);
  }));

test('the status bar and the time bar show the same instant, on every page', () =>
  open(`/?at=${dayAgo()}`, async (page) => {
    await past(page);
    const status = page.getByRole('banner').getByTitle('Time of the newest frame, here').locator('time');
    const same = async () => {
      const [above, below] = await Promise.all([status.textContent(), bar(page).locator('time').textContent()]);
      return /\d\d:\d\d:\d\d/.test(above) && above === below;
    };
    for (const path of ['Overview', 'Cells', 'Lab']) {
      await visit(page, path);
      await until(`the same instant on ${path}`, same);
    }
    // Not on a second: the recorded reading before it is what is shown.
    await page.goto(`${server.url}/?at=${new Date(Date.now() - DAY_MS / 2).toISOString()}`);
    await past(page);
    await until('the same instant', same);
  }));

test('an instant that is none, or has not come, is told in words and the present is shown', async () => {
  for (const [instant, words] of [
    ['yesterday', /\u201cyesterday\u201d in the address is no instant, so the present is shown/],
    [new Date(Date.now() + DAY_MS).toISOString(), /has not come yet, so the present is shown/],
  ]) {
    await open(`/cells?at=${instant}`, async (page) => {
      await bar(page).getByText(words).waitFor();
      await live(page);
    });
  }
});

test('what was a moment ago is the past, not the future', async () => {
  await open('/', async (page) => {
    await live(page);
    const instant = await page.evaluate(() => {
      const link = document.createElement('a');
      const instant = new Date(Date.now() - 300).toISOString();
      link.href = `/?at=${instant}`;
      link.textContent = 'a moment ago';
      document.querySelector('main').prepend(link);
      link.click();
      return instant;
    });
    await past(page);
    assert.equal(at(page), Date.parse(instant));
    // It is written within seconds, and shown then.
    await bar(page).getByText('Nothing was recorded at this instant').waitFor({ state: 'hidden' });
    assert.match(await page.getByRole('region', { name: 'Voltage', exact: true }).innerText(), /\d{3}\.\d/);
  });
});

test('an instant that the server shows stays, whatever the clock of the browser says', () => {
  const instant = new Date(Date.now() - 60_000).toISOString();
  return withPage(browser, 'about:blank', {}, async (page) => {
    await page.clock.install({ time: Date.now() - DAY_MS });
    await page.clock.resume();
    await page.goto(`${server.url}/?at=${instant}`);
    await button(page, 'Go live').waitFor();
    await past(page);
    assert.equal(at(page), Date.parse(instant));
  });
});

test('the track is as wide as the page and begins with the first reading', async () => {
  const young = await startDemo();
  try {
    await withPage(browser, `${young.url}/`, {}, async (page) => {
      await live(page);
      const [box, whole] = await Promise.all([track(page).boundingBox(), bar(page).boundingBox()]);
      assert.ok(box.width > whole.width - 60, `${box.width} of ${whole.width} px`);
      const begins = async () => Number(await track(page).getAttribute('aria-valuemin')) * 1e3;
      await until('the track fits what is recorded', async () => Date.now() - (await begins()) < 600_000);
      // It is shorter than the 24 hours that are chosen, and says why.
      await bar(page).getByText(/the record begins .+ ago/).waitFor();
    });
  } finally {
    await young.stop();
  }
});

test('bad requests are refused in words', async () => {
  for (const [path, status, words] of [
    ['playback/frames?from=yesterday', 422, /no instant/],
    ['playback/frames?from=0&step_ms=0', 422, /step_ms/],
    ['playback/frames?from=0&count=9999', 422, /count/],
    ['playback/jump?to=moon&from=0', 422, /moon/],
    ['playback/jump?to=alarm&from=0&back=true', 404, /No earlier alarm/],
    ['state?at=1999-01-01', 404, /nothing was recorded/],
    ['cells?system=nope&at=1999-01-01', 404, /no system/],
  ]) {
    const answer = await fetch(`${server.url}/api/v1/${path}`);
    assert.equal(answer.status, status, path);
    assert.match(await answer.text(), words, path);
  }
});

for (const [size, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`looks, ${size}, ${colorScheme}`, () =>
      open(
        `/?at=${dayAgo()}`,
        async (page) => {
          await past(page);
          // On a phone the bar leaves the page its room until it is opened.
          if (viewport === PHONE) {
            assert.equal(await track(page).isVisible(), false);
            await page.getByRole('button', { name: 'More of the time bar' }).click();
          }
          await track(page).waitFor();
          await page.waitForFunction(() => document.querySelector('.time-picture path')?.getAttribute('d'));
          await shot(page, `playback-${size}-${colorScheme}`);
          assert.deepEqual(await violations(page), []);
        },
        { viewport, colorScheme },
      ));
  }
}
