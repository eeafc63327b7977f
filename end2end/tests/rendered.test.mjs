// Every page is complete before any script runs: real values from the server, in words and numbers.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, PAGES, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
  // The first sweep of the simulated controller comes within its period of 200 ms.
  for (let tries = 0; !(await fetch(server.url).then((page) => page.text())).includes('260 cells healthy'); tries++) {
    assert.ok(tries < 50, 'the demo site reports 260 healthy cells within 5 s');
    await new Promise((next) => setTimeout(next, 100));
  }
});
after(() => Promise.all([server?.stop(), browser?.close()]));

const open = (path, use) => withPage(browser, server.url + path, { javaScriptEnabled: false }, use);

test('the overview tells state, charge and power with units', () =>
  open('/', async (page) => {
    const text = await page.getByRole('main').innerText();
    assert.match(text, /260 cells healthy/);
    const tile = (name) => page.getByRole('region', { name, exact: true }).innerText();
    for (const [name, value] of [
      ['Voltage', /8\d\d\.\d\s?V/],
      ['Current', /\d\s?A/],
      ['Battery power', /\d\s?kW/],
      ['Hottest cell', /\d\s?°C/],
      ['Cell spread', /\d\s?mV/],
    ]) {
      assert.match(await tile(name), value, name);
    }
  }));

test('each page has its heading, its title and its place in the list', async () => {
  for (const [path, name] of PAGES) {
    await open(path, async (page) => {
      assert.equal(await page.getByRole('heading', { level: 1 }).textContent(), name);
      assert.equal(await page.title(), `${name} · Packtwin`);
      const current = page.getByRole('navigation', { name: 'Pages' }).locator('[aria-current="page"]');
      assert.equal((await current.innerText()).trim(), name);
    });
  }
});

test('the cells have their extremes and say that all are fresh', () =>
  open('/cells', async (page) => {
    assert.match(await page.getByRole('main').innerText(), /260 of 260 fresh/);
    for (const name of ['Lowest', 'Highest', 'Mean', 'Spread']) {
      assert.match(await page.getByRole('region', { name, exact: true }).first().innerText(), /\d\s?mV/, name);
    }
  }));

test('links say that they deliver', () =>
  open('/links', async (page) => {
    assert.match(await page.getByRole('main').innerText(), /7 of 7 links deliver/);
  }));

test('a page that does not exist says so', async () => {
  const answer = await fetch(`${server.url}/nowhere`, { headers: { accept: 'text/html' } });
  assert.equal(answer.status, 404);
  assert.match(await answer.text(), /There is no such page/);
});
