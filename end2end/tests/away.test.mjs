// The server goes away under an open page, and the battery away from its server: the page says so in the same words
// everywhere, shows nothing old as new, and loses nobody.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, live, PAGES, recorded, shot, visit, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

const AWAY = 'No connection to the server';

let server, browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A page of a server of its own, alive; then the server is killed. */
const abandoned = async (path, use, first = async () => {}) => {
  server = await startDemo();
  try {
    await withPage(browser, server.url + path, {}, async (page, messages) => {
      await live(page);
      // The time bar comes last.
      await page.getByRole('slider', { name: 'Instant shown' }).waitFor();
      await first(page);
      await server.kill();
      await page.getByRole('alert').getByText(AWAY).waitFor();
      await use(page);
      messages.length = 0;
    });
  } finally {
    await server.stop();
  }
};

test('it is said in the same words everywhere, nothing is green, and ages go on', () =>
  abandoned('/', async (page) => {
    await page.getByRole('status').filter({ hasText: new RegExp(`^${AWAY}$`) }).waitFor();
    const problems = page.getByRole('region', { name: 'Problems', exact: true });
    assert.match(await problems.getByRole('status').innerText(), new RegExp(AWAY));
    // Of the other system, what was last known is called that.
    assert.doesNotMatch(await page.getByRole('main').innerText(), /healthy|(?<!Last known: )No problems/);
    const button = page.getByRole('region', { name: 'Time' }).getByRole('button', { name: 'Not live' });
    assert.equal(await button.getAttribute('aria-pressed'), 'false');
    await page.getByRole('region', { name: 'Current', exact: true }).getByText(/stale, \d/).waitFor();
    await shot(page, 'away-overview');
  }));

for (const [path, green] of [
  ['/cells', /260 of 260 fresh|none out of limits/],
  ['/links', /7 of 7 links deliver/],
  ['/home', /Healthy/],
]) {
  test(`nothing on ${path} is called well once the server is away`, () =>
    abandoned(path, async (page) => {
      await page.getByRole('main').filter({ hasNotText: green }).waitFor();
      await page.getByRole('button', { name: 'Not live' }).waitFor();
      // The devices are not blamed for it, however old their values are.
      await page.getByRole('banner').getByText('Links not known').waitFor();
      const words = await page.getByRole('main').innerText();
      assert.doesNotMatch(words, /has gone quiet|check its power|Check connection|Check power/i);
      if (path !== '/cells') assert.match(words, /No connection to the server: what .+ is not known/);
      await shot(page, `away-${path.slice(1)}`);
    }));
}

test('an instant that cannot be asked is not called empty', () =>
  abandoned('/cells', async (page) => {
    const bar = page.getByRole('region', { name: 'Time' });
    await bar.getByRole('button', { name: 'Pause' }).click();
    await bar.getByRole('status').getByText(AWAY).waitFor();
    assert.doesNotMatch(await page.locator('body').innerText(), /Nothing was recorded|not received|No cell has reported/);
    await bar.getByRole('button', { name: 'Not live' }).waitFor();
  }));

test('back from the past, nothing is called live while the server is away', () =>
  abandoned(
    '/',
    async (page) => {
      await page.getByRole('alert').getByText(/This instant was loaded before/).waitFor();
      assert.equal(await page.getByText(/Last values of|What is wrong now is not known/).count(), 0);
      await page.evaluate(() => {
        const status = document.querySelector('.status-bar-live');
        window.said = [];
        const look = new MutationObserver(() => window.said.push(status.textContent.trim()));
        look.observe(status, { subtree: true, childList: true, characterData: true });
      });
      const bar = page.getByRole('region', { name: 'Time' });
      await bar.getByRole('button', { name: 'Go live' }).click();
      await bar.getByRole('button', { name: 'Not live' }).waitFor();
      await page.getByRole('banner').getByText('Links not known').waitFor();
      const said = await page.evaluate(() => window.said);
      assert.deepEqual(said.filter((words) => /^Live/.test(words)), []);
    },
    async (page) => {
      await page.getByRole('region', { name: 'Time' }).getByRole('button', { name: 'Pause' }).click();
      await page.getByRole('status').filter({ hasText: /^The past/ }).waitFor();
    },
  ));

test('what failed while the server was away is asked again when it is back', async () => {
  let server = await startDemo();
  const { data, url } = server;
  try {
    await recorded(server, 2);
    await withPage(browser, `${url}/analysis`, {}, async (page, messages) => {
      await live(page);
      await page.getByRole('slider', { name: 'Instant shown' }).waitFor();
      await server.kill();
      await page.getByRole('radio', { name: '7 days' }).check();
      const failed = page.getByRole('main').getByText(AWAY);
      await failed.first().waitFor();
      const bar = page.getByRole('region', { name: 'Time' });
      assert.ok(await bar.getByRole('button', { name: 'Previous alarm' }).isDisabled());
      await bar.getByRole('button', { name: 'Pause' }).click();
      await bar.getByRole('status').getByText(AWAY).waitFor();
      server = await startDemo({ data, listen: new URL(url).host });
      await live(page);
      await page.getByRole('group', { name: 'Answer: Total energy' }).getByText('Recorded time').waitFor();
      await page.waitForFunction((words) => !document.body.innerText.includes(words), AWAY);
      messages.length = 0;
    });
  } finally {
    await server.stop();
  }
});

test('a page whose code is not there is not opened, and why is said, with a way to try again', () =>
  abandoned('/cells', async (page) => {
    await page.evaluate(() => (window.sameDocument = true));
    await visit(page, 'Lab');
    await page.getByText('Lab was not opened: no connection to the server.').waitFor();
    await page.getByRole('navigation', { name: 'Systems' }).getByRole('link', { name: /House|Home/ }).click();
    await page.getByText('Overview was not opened: no connection to the server.').waitFor();
    assert.equal(await page.evaluate(() => window.sameDocument), true, 'the document is the one that was there');
    assert.equal(new URL(page.url()).pathname, '/cells');
    await shot(page, 'away-not-opened');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('Overview was not opened: no connection to the server.').waitFor();
  }));

test('with the server back the page that was not opened opens', async () => {
  const server = await startDemo();
  try {
    await withPage(browser, server.url, {}, async (page, messages) => {
      await live(page);
      await page.getByRole('slider', { name: 'Instant shown' }).waitFor();
      await page.context().setOffline(true);
      await visit(page, 'Lab');
      await page.getByText('Lab was not opened: no connection to the server.').waitFor();
      await page.context().setOffline(false);
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('heading', { level: 1, name: 'Lab', exact: true }).waitFor({ state: 'attached' });
      messages.length = 0;
    });
  } finally {
    await server.stop();
  }
});

test('a page whose code never comes says that it stands still', async () => {
  const server = await startDemo();
  try {
    await withPage(browser, 'about:blank', {}, async (page, messages) => {
      for (const [path, code] of [['/', /\/pkg\/frontend_bg\..*\.wasm$/], ['/lab', /\/pkg\/lab\..*\.wasm$/]]) {
        await page.route(code, (route) => route.abort());
        await page.goto(server.url + path);
        await page.getByRole('alert').getByText('This page did not load to its end').waitFor();
      }
      messages.length = 0;
    });
  } finally {
    await server.stop();
  }
});

test('with every device silent nothing is called well on any page', async () => {
  const server = await startDemo();
  const lab = (system, fields) => server.lab({ system, ...fields });
  try {
    const { devices } = { devices: { hv: ['controller', 'grid-meter', 'load-meter'], home: ['gx', 'inverter'] } };
    for (const [system, names] of Object.entries(devices)) {
      for (const device of names) await lab(system, { action: 'inject', fault: 'silent-link', device });
    }
    const pages = [...PAGES, ['/home', 'Home energy'], ['/?system=home', 'Overview']];
    await withPage(browser, server.url, {}, async (page) => {
      await live(page);
      await page.getByRole('banner').getByText(/problems?, critical|problems?, warning/).waitFor();
      for (const [path, name] of pages) {
        await page.goto(server.url + path);
        await live(page);
        if (path === '/') await page.getByText('What is shown of the cells is old').or(page.getByText(/0 of 260 cells/)).first().waitFor();
        // The house's links are silent some seconds later than those of the pack.
        if (path === '/') await page.getByText(/\d problems?: .+ (is|are) silent/).first().waitFor();
        const words = await page.getByRole('main').innerText();
        assert.doesNotMatch(words, /\d+ cells healthy|No problems|Healthy|none out of limits|No AI load|No sensor|All links deliver/, name);
        await shot(page, `silent-${name.toLowerCase().replaceAll(' ', '-')}${path.includes('system') ? '-home' : ''}`);
      }
    });
  } finally {
    await server.stop();
  }
});
