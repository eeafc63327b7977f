// The page Lab: every form by itself, with and without a living page, and what it does to the pack.

import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { launch, live, PHONE, region, shot, withLivePage, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

const lab = (fields) => server.lab(fields);
beforeEach(async () => {
  await lab({ action: 'clear-all' });
  await lab({ action: 'load-auto' });
});

const open = (use, options = {}) => withLivePage(browser, `${server.url}/lab`, options, use);

test('the banner says that this is a simulation', () =>
  open((page) => page.getByText('nothing here touches a real battery').waitFor()));

test('a load is held and let go again, and the pack follows', () =>
  open(async (page) => {
    const load = region(page, 'AI load');
    await load.getByLabel('Constant load').fill('120');
    await load.getByRole('button', { name: 'Hold this load' }).click();
    await load.getByText('The load is held at 120').waitFor();
    assert.deepEqual((await server.api('lab')).load, { mode: 'fixed', power_w: 120_000 });
    await load.getByText(/^now: held at 120/).waitFor();
    const effect = region(page, 'AI load now');
    await effect.getByText(/^1(19|20|21)\.\d\d$/).waitFor({ timeout: 30_000 });
    await load.getByRole('button', { name: 'Let it run by itself' }).click();
    await load.getByText(/^now: runs by itself/).waitFor();
  }));

test('a burst is started and counts down', () =>
  open(async (page) => {
    const burst = region(page, 'Burst');
    await burst.getByLabel('Load during the burst').fill('200');
    await burst.getByLabel('Length').fill('20');
    await burst.getByRole('button', { name: 'Start the burst' }).click();
    await burst.getByText('A burst of 200').waitFor();
    await burst.getByText(/^now: 200\skW, \d+\ss left$/).waitFor();
  }));

test('a refused value is explained beside its field and sends nothing', () =>
  open(async (page) => {
    const asked = [];
    page.on('request', (request) => request.method() === 'POST' && asked.push(request.url()));
    const ambient = region(page, 'Ambient temperature');
    await ambient.getByRole('spinbutton').fill('90');
    await ambient.getByRole('button').click();
    await ambient.getByText('“90” is not a number from −20 to 55 °C').waitFor();
    const faults = region(page, 'Inject a fault');
    await faults.getByRole('textbox', { name: /^Cell/ }).fill('14.1');
    await faults.getByRole('button', { name: 'Inject into the cell' }).click();
    await faults.getByText(/“14\.1” is not a cell/).waitFor();
    assert.deepEqual(asked, []);
    await shot(page, 'lab-refused');
  }));

test('faults are injected, listed, and cleared one by one and all together', () =>
  open(async (page) => {
    const inject = region(page, 'Inject a fault');
    const active = region(page, 'Active faults');
    await active.getByText('No fault is injected').waitFor();
    await inject.getByRole('textbox', { name: /^Cell/ }).fill('7.12');
    await inject.getByRole('button', { name: 'Inject into the cell' }).click();
    await active.getByText('Weak cell 7.12').waitFor();
    await inject.getByRole('combobox', { name: /^AFE node/ }).selectOption('12');
    await inject.getByRole('button', { name: 'Inject into the node' }).click();
    await active.getByText('Dead AFE node 12').waitFor();
    await inject.getByRole('combobox', { name: /^Pack fault/ }).selectOption('loose-busbar');
    await inject.getByRole('button', { name: 'Inject into the pack' }).click();
    await active.getByText('Loose busbar, bursts make a sag').waitFor();
    await inject.getByRole('combobox', { name: /^Device/ }).selectOption('load-meter');
    await inject.getByRole('button', { name: 'Silence the device' }).click();
    await active.getByText('Silent link: AI load meter').waitFor();
    assert.equal((await server.api('lab')).faults.length, 4);
    await shot(page, 'lab-faults');
    await active.getByRole('button', { name: 'Clear: weak cell 7.12' }).click();
    await active.getByText('Weak cell 7.12').waitFor({ state: 'detached' });
    assert.equal((await server.api('lab')).faults.length, 3);
    await active.getByRole('button', { name: 'Clear all' }).click();
    await active.getByText('No fault is injected').waitFor();
    assert.deepEqual((await server.api('lab')).faults, []);
  }));

test('without a script the forms are posted and lead back to the page', () =>
  withPage(browser, `${server.url}/lab`, { javaScriptEnabled: false, viewport: PHONE }, async (page) => {
    const ambient = region(page, 'Ambient temperature');
    await ambient.getByRole('spinbutton').fill('31');
    await ambient.getByRole('spinbutton').press('Enter');
    await page.waitForURL(`${server.url}/lab`);
    await ambient.getByText(/^now: 31\.0\s°C/).waitFor();
    await lab({ action: 'ambient', celsius: '25' });
  }));

test('a server that is gone is told in words', async () => {
  const gone = await startDemo();
  await withPage(browser, `${gone.url}/lab`, {}, async (page, messages) => {
    await live(page);
    await gone.stop();
    await page.getByRole('alert').getByText(/what the simulation does is not known, and nothing can be commanded/).waitFor();
    const ambient = region(page, 'Ambient temperature');
    await ambient.getByText('now: not known').waitFor();
    assert.ok(await ambient.getByRole('button').isDisabled());
    messages.length = 0;
  });
});
