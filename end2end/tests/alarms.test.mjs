// The page Alarms: the life of an alarm from raised to reset, what is off and why, without scripts, and what every page says.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { DESKTOP, fits, launch, PHONE, region, shot, until, violations, withLivePage, withPage } from '../lib/browser.mjs';
import { as, ask, labAs, signIn, startWithPeople } from '../lib/people.mjs';

let server, browser;
before(async () => {
  server = await startWithPeople();
  browser = await launch();
});
after(() => Promise.all([server?.stop(), browser?.close()]));

const alarms = async () => (await server.api('alarms?system=hv')).alarms;
const alarm = async (rule, subject) => (await alarms()).find((of) => of.rule === rule && of.subject === subject);

/** Every alarm is over, seen and reset, and nothing is shelved. */
async function quiet() {
  await labAs(server, { action: 'clear-all' });
  await until('nothing is active', async () => (await alarms()).every((of) => !of.active));
  const { timestamp, alarms: left } = await server.api('alarms?system=hv');
  await ask(server, 'timo', 'alarms/acknowledge-all', { system: 'hv', seen: timestamp });
  const named = (which) => which.map(({ rule, subject }) => ({ rule, subject }));
  const shelved = named(left.filter((of) => of.shelved));
  if (shelved.length) await ask(server, 'timo', 'alarms/unshelve', { system: 'hv', alarms: shelved });
  const { timestamp: again, alarms: rest } = await server.api('alarms?system=hv');
  await ask(server, 'timo', 'alarms/acknowledge-all', { system: 'hv', seen: again });
  const latched = named(rest.filter((of) => of.state === 'latched'));
  if (latched.length) await ask(server, 'timo', 'alarms/reset', { system: 'hv', alarms: latched });
  await until('all is normal', async () => (await alarms()).length === 0);
}

beforeEach(quiet);

/** A cell above its limit: a critical alarm that latches. */
async function highCell(cell = '7.12') {
  await labAs(server, { action: 'inject', fault: 'high-cell', cell });
  await until('it is raised', () => alarm('cell.voltage.high', `cell ${cell}`));
}

const open = async (who, use, options = {}) =>
  withLivePage(browser, `${server.url}/alarms`, who ? await as(server, who, options) : options, use);
const row = (page, words) => page.getByRole('list', { name: 'Alarms that are not normal' }).getByRole('listitem').filter({ hasText: words }).first();

test('an alarm is acknowledged, over, reset, and told in every page and in the title until somebody has seen it', async () => {
  await highCell();
  await open('timo', async (page) => {
    const high = row(page, 'Cell 7.12');
    await high.getByText('Unacknowledged').waitFor();
    await high.getByText('Stop charging', { exact: false }).waitFor();
    await high.getByText('If nothing is done').waitFor();
    await until('the title tells', async () => /^\d+ critical/.test(await page.title()));
    await page.getByRole('alert').getByText(/critical alarms? (is|are) not acknowledged/).waitFor();
    await shot(page, 'alarms');
    await high.getByRole('button', { name: /^Acknowledge( all \d+)?: / }).first().click();
    await high.getByText('Acknowledged by timo').waitFor();
    // The controller has stopped because of it: that is another one.
    await region(page, 'Alarms').getByRole('button', { name: /^Acknowledge (all \d+|1 alarm)$/ }).first().click();
    await page.getByText(/alarms? acknowledged\.$/).waitFor();
    await until('the title is quiet', async () => /^Alarms/.test(await page.title()));
    await labAs(server, { action: 'clear-all' });
    await high.getByText('Latched until it is reset').waitFor();
    await high.getByRole('button', { name: /^Reset( all \d+)?: / }).click();
    await region(page, 'Alarms').getByText('No alarm', { exact: true }).waitFor();
    await region(page, 'Ended').getByText('Cell 7.12', { exact: false }).first().waitFor();
    await region(page, 'Ended').getByRole('button', { name: /^Curve of the moments around: / }).first().click();
    await page.getByText('in the moments around it', { exact: false }).first().waitFor({ state: 'attached' });
    await region(page, 'Figures').getByText('Alarms a day').waitFor();
    await shot(page, 'alarms-ended');
  });
});

test('what is shelved is off the overview, told there, and comes back', async () => {
  await highCell();
  await until('the warning before it stands, too', () => alarm('cell.voltage.high.warning', 'cell 7.12'));
  await open('timo', async (page) => {
    const high = row(page, 'Cell 7.12');
    await high.getByText('What follows from it').first().waitFor();
    await high.getByText(/^Shelve\u2026/).click();
    await high.getByLabel('Why').fill('the sensor is replaced on Monday');
    await high.getByRole('button', { name: /^Shelve( all \d+)?: / }).click();
    await high.getByText('Shelved by timo', { exact: false }).waitFor();
    await high.getByText('the sensor is replaced on Monday', { exact: false }).waitFor();
    await page.goto(`${server.url}/`);
    const problems = region(page, 'Problems');
    await problems.getByRole('link', { name: /shelved/ }).waitFor();
    assert.equal(await problems.getByRole('list', { name: 'Active problems' }).getByRole('link', { name: /Cell 7\.12/ }).count(), 0);
    await problems.getByRole('link', { name: /shelved/ }).click();
    // The link shows only what is shelved: the alarm, and what it explained, each on its own now.
    const shelf = region(page, 'Alarms').getByRole('button', { name: /^Take off the shelf( all \d+)?: / });
    await shelf.first().waitFor();
    for (let left = await shelf.count(); left > 0; left = await shelf.count()) {
      await shelf.first().click();
      await until('one is taken off', async () => (await shelf.count()) < left);
    }
    await page.goto(`${server.url}/alarms?system=hv`);
    await row(page, 'Cell 7.12').getByText('Unacknowledged').waitFor();
  });
});

test('one click acknowledges all that were shown, and the filter shows less', async () => {
  await highCell();
  await labAs(server, { action: 'inject', fault: 'dead-node', node: '3' });
  await until('a node is lost', () => alarm('afe.node.lost', 'node 3'));
  await open('timo', async (page) => {
    await row(page, 'AFE node 3').waitFor();
    await page.getByText('Filter', { exact: true }).click();
    await page.getByLabel('With these words').fill('node 3');
    await page.getByRole('button', { name: 'Show' }).click();
    await row(page, 'Cell 7.12').waitFor({ state: 'detached' });
    assert.match(page.url(), /text=node/);
    await region(page, 'Alarms').getByRole('button', { name: /^Acknowledge all \d+$/ }).first().click();
    await until('all are seen', async () => (await alarms()).every((of) => of.acknowledged));
  });
});

test('viewers, the past and who is not signed in only look, and are told why', async () => {
  await highCell();
  for (const [who, words] of [['vera', /only an operator|operator or an admin|viewer/i], [null, /sign in/i]]) {
    await open(who, async (page) => {
      await page.getByText(words).first().waitFor();
      assert.ok(await row(page, 'Cell 7.12').getByRole('button', { name: /^Acknowledge( all \d+)?: / }).first().isDisabled());
    });
  }
});

test('without scripts the forms are posted by the browser', async () => {
  await highCell();
  await withPage(browser, `${server.url}/alarms`, { ...(await as(server, 'timo')), javaScriptEnabled: false }, async (page) => {
    await row(page, 'Cell 7.12').getByRole('button', { name: /^Acknowledge( all \d+)?: / }).first().click();
    await page.waitForURL(/\/alarms/);
    await row(page, 'Cell 7.12').getByText('Acknowledged by timo', { exact: false }).waitFor();
  });
});

test('it fits from a small phone to a wide screen, light and dark, and has nothing that cannot be reached', async () => {
  await highCell();
  for (const [name, viewport, colorScheme] of [
    ['small', { width: 320, height: 640 }, 'light'],
    ['phone', PHONE, 'dark'],
    ['desktop', DESKTOP, 'dark'],
    ['wide', { width: 1920, height: 1080 }, 'light'],
  ]) {
    await open('timo', async (page) => {
      await row(page, 'Cell 7.12').waitFor();
      await region(page, 'Figures').getByText('Alarms a day').waitFor();
      await fits(page);
      await shot(page, `alarms-${name}`);
      assert.deepEqual(await violations(page), []);
    }, { viewport, colorScheme });
  }
});
