// The page as an app on a device: it can be installed, opens while the server is away with the last values and their age,
// and follows a server that was replaced.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ASSETS, startDemo } from '../lib/server.mjs';
import { DESKTOP, PHONE, launch, live, recorded, shot, until, visit, withPage } from '../lib/browser.mjs';

const AWAY = 'No connection to the server';
const NARROW = { width: 320, height: 640 };
const NEWER = 'The server has a newer version of this page.';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A page with a worker, on a server of its own. */
const installed = async (path, use, { viewport = DESKTOP, ...options } = {}) => {
  const server = { now: await startDemo() };
  try {
    const with_ = { serviceWorkers: 'allow', viewport, ...options };
    await withPage(browser, server.now.url + path, with_, async (page, messages) => {
      await live(page);
      await use(page, server, messages);
      messages.length = 0;
    });
  } finally {
    await server.now.stop();
  }
};

/** Waits until the worker has all files and the page has kept values. */
const ready = async (page) => {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.waitForFunction(() => Object.keys(localStorage).some((name) => name.startsWith('last/')));
};

const kept = (page) =>
  page.evaluate(async () => {
    const all = [];
    for (const name of await caches.keys()) {
      for (const { url } of await (await caches.open(name)).keys()) all.push(new URL(url).pathname);
    }
    return all.sort();
  });

test('Chromium finds nothing that keeps the page from being installed', () =>
  installed('/', async (page) => {
    await ready(page);
    const cdp = await page.context().newCDPSession(page);
    const { url, data, errors } = await cdp.send('Page.getAppManifest');
    assert.deepEqual(errors, []);
    assert.match(url, /\/manifest\.webmanifest$/);
    const manifest = JSON.parse(data);
    for (const { src } of [...manifest.icons, ...manifest.screenshots]) {
      const answer = await fetch(new URL(src, url));
      assert.equal(answer.status, 200, src);
    }
    for (const shortcut of manifest.shortcuts) assert.equal((await fetch(new URL(shortcut.url, url))).status, 200);
    const { installabilityErrors } = await cdp.send('Page.getInstallabilityErrors');
    // A context of a test is one of a private window, which installs nothing.
    assert.deepEqual(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'), []);
  }));

test('the worker keeps the files of the page, and never the API or a document with values', () =>
  installed('/', async (page, server) => {
    await ready(page);
    await visit(page, 'Analysis');
    await page.getByRole('heading', { level: 1, name: 'Analysis' }).waitFor({ state: 'attached' });
    await page.reload();
    await live(page);
    const paths = await kept(page);
    assert.ok(paths.some((path) => path.startsWith('/pkg/') && path.endsWith('.wasm')), paths.join());
    assert.deepEqual(paths.filter((path) => !/^\/(pkg\/|offline(\.js)?$|manifest\.webmanifest$|[a-z0-9-]+\.png$)/.test(path)), []);
    const offline = await page.evaluate(async () => (await (await caches.match('/offline')).text()));
    assert.doesNotMatch(offline, /nonce|id="boot"/);
    assert.equal((await fetch(`${server.now.url}/offline`)).headers.get('cache-control'), 'no-cache');
  }));

for (const [name, viewport, colorScheme] of [['wide', DESKTOP, 'dark'], ['narrow', NARROW, 'light']]) {
  test(`opened while the server is away it shows the last values and their age, and goes on when it is back: ${name}`, () =>
    installed('/', async (page, server) => {
      await ready(page);
      const { url, data } = server.now;
      await server.now.kill();
      await page.reload();
      const alert = page.getByRole('alert');
      await alert.getByText(AWAY).waitFor();
      await alert.getByText(/Last values of\s+\d\d:\d\d:\d\d/).waitFor();
      await page.getByRole('region', { name: 'Current', exact: true }).getByText(/stale, \d/).waitFor();
      assert.doesNotMatch(await page.getByRole('main').innerText(), /healthy|No problems/);
      await shot(page, `offline-${name}`);
      // Another page opens, from the files that are kept.
      await page.goto(`${url}/cells`);
      await page.getByRole('heading', { level: 1, name: 'Cells' }).waitFor({ state: 'attached' });
      await alert.getByText(/Last values of/).waitFor();
      await shot(page, `offline-cells-${name}`);
      server.now = await startDemo({ data, listen: new URL(url).host });
      await live(page);
      await page.getByText('260 of 260 fresh').waitFor();
      // What only a document of the server has, such as who is signed in, comes with the next one.
      await page.getByRole('status').filter({ hasText: 'opened without the server, which is back' }).waitFor();
    }, { viewport, colorScheme }));
}

test('to sign in needs the server: that is said, and the page goes on when it is back', () =>
  installed('/', async (page, server) => {
    await ready(page);
    const { url, data } = server.now;
    await server.now.kill();
    await page.goto(`${url}/sign-in`);
    await page.getByText('Signing in needs the server').waitFor();
    await page.getByRole('link', { name: 'Last values' }).waitFor();
    server.now = await startDemo({ data, listen: new URL(url).host });
    await page.getByRole('heading', { level: 1, name: /^(Sign in|Set up)$/ }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/sign-in');
  }));

test('an address of the past is kept while the server is away, and shown when it is back', () =>
  installed('/', async (page, server) => {
    await ready(page);
    await recorded(server.now, 4);
    const { url, data } = server.now;
    const instant = new Date(Date.now() - 4_000).toISOString();
    await server.now.kill();
    await page.goto(`${url}/cells?at=${instant}`);
    const alert = page.getByRole('alert');
    await alert.getByText(/The past needs the server: .* is shown when it is back/).waitFor();
    await alert.getByText(/Last values of/).waitFor();
    // The time bar has looked at the address by then, and written what it shows.
    await page.getByRole('region', { name: 'Time' }).getByRole('status').getByText(AWAY).waitFor();
    await page.waitForTimeout(1_000);
    const at = () => new URL(page.url()).searchParams.get('at');
    assert.equal(at(), instant);
    await visit(page, 'Links');
    await page.getByRole('heading', { level: 1, name: 'Links' }).waitFor({ state: 'attached' });
    assert.equal(at(), instant, 'it goes along to other pages');
    await shot(page, 'offline-past');
    server.now = await startDemo({ data, listen: new URL(url).host });
    await page.getByRole('status').filter({ hasText: /^The past/ }).waitFor();
    assert.equal(at(), instant);
    assert.equal(await alert.getByText(/The past needs the server/).count(), 0);
  }));

test('each page that is opened while the server is away says what it does not know, and offers nothing that needs it', () =>
  installed('/', async (page, server) => {
    await ready(page);
    const { url } = server.now;
    await server.now.kill();
    const main = page.getByRole('main');
    const open = async (path) => {
      await page.goto(url + path);
      await page.getByRole('alert').getByText(/Last values of/).waitFor();
      await shot(page, `offline${path.replaceAll('/', '-')}`);
    };
    await open('/trends');
    await main.getByText('Nothing is known of this time').waitFor();
    assert.equal(await main.getByRole('application').count(), 0, 'no axis of nothing');
    await open('/lab');
    await main.getByText(/what the simulation does is not known, and nothing can be commanded/).waitFor();
    for (const command of await main.getByRole('button').all()) {
      assert.ok(await command.isDisabled());
      assert.equal(await command.getAttribute('title'), AWAY);
    }
    await open('/links');
    await main.getByText('faults not known').first().waitFor();
    assert.equal(await main.getByText('no faults').count(), 0);
    assert.ok(await main.getByRole('button', { name: 'Record' }).isDisabled());
    await open('/analysis');
    assert.ok(await main.getByRole('button', { name: 'Run' }).isDisabled());
    const bar = page.getByRole('region', { name: 'Time' });
    assert.ok(await bar.getByRole('button', { name: 'Previous alarm' }).isDisabled());
  }));

test('without a network it is the same', () =>
  installed('/', async (page) => {
    await ready(page);
    await page.context().setOffline(true);
    await page.reload();
    await page.getByRole('alert').getByText(/Last values of/).waitFor();
    await page.context().setOffline(false);
    await live(page);
  }));

test('a browser that keeps no values says so', () =>
  installed('/', async (page, server) => {
    await ready(page);
    await page.goto('about:blank');
    await page.goto(`${server.now.url}/offline`);
    await server.now.kill();
    // From here on nothing comes that could be kept again.
    await page.getByRole('alert').getByText(/Last values of/).waitFor();
    await page.evaluate(() => localStorage.clear());
    await page.reload();
    await page.getByText('This browser keeps no values of it').waitFor();
  }));

/** The site with another build number: what an update of the server brings. */
const otherBuild = async () => {
  const assets = await mkdtemp(join(tmpdir(), 'packtwin-assets-'));
  await cp(ASSETS, assets, { recursive: true });
  const manifest = join(assets, 'pkg/manifest.txt');
  await writeFile(manifest, (await readFile(manifest, 'utf8')).replace(/^build .*$/m, 'build another'));
  return assets;
};
const build = (page) => page.evaluate(() => document.documentElement.dataset.build);
const restarted = async (server, assets) => {
  const { url, data } = server.now;
  await server.now.kill();
  server.now = await startDemo({ data, listen: new URL(url).host, assets });
};
const hide = (page, hidden) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);

test('a page over an update says so, is not loaded in the middle of something, and then by itself, once', async () => {
  const assets = await otherBuild();
  try {
    await installed('/lab', async (page, server) => {
      const before = await build(page);
      await page.getByRole('region', { name: 'Ambient temperature', exact: true }).getByRole('spinbutton').fill('31');
      await restarted(server, assets);
      const notice = page.getByRole('status').filter({ hasText: NEWER });
      await notice.waitFor();
      await shot(page, 'update');
      // A number is typed and not sent: not even a hidden page is loaded.
      await hide(page, true);
      await page.waitForTimeout(5_000);
      assert.equal(await build(page), before);
      await page.getByRole('region', { name: 'Ambient temperature', exact: true }).getByRole('button').click();
      await until('the page is loaded', async () => (await build(page).catch(() => before)) !== before);
      await live(page);
      assert.equal(await build(page), 'another');
      assert.equal(await notice.count(), 0);
    });
  } finally {
    await rm(assets, { recursive: true });
  }
});

test('the button loads the new version, and its files take the place of the old ones', async () => {
  const assets = await otherBuild();
  try {
    await installed('/', async (page, server) => {
      await ready(page);
      await restarted(server, assets);
      await page.getByRole('button', { name: 'Load the new version' }).click();
      await until('the page is the new one', async () => (await build(page).catch(() => '')) === 'another');
      await live(page);
      const names = () => page.evaluate(() => caches.keys());
      await until('its files are kept', async () => (await names()).some((name) => name === 'shell-another'));
    });
  } finally {
    await rm(assets, { recursive: true });
  }
});

test('a frame of an unknown format is told, and the page is loaded once for it', () =>
  installed('/', async (page) => {
    await page.routeWebSocket(/\/live\//, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((message) => {
        if (typeof message !== 'string') message[0] = 99;
        socket.send(message);
      });
    });
    let loads = 0;
    page.on('load', () => loads++);
    await page.reload();
    await page.getByRole('status').filter({ hasText: 'This page cannot read what the server sends' }).waitFor();
    await until('it is loaded again', () => loads === 2);
    await page.getByRole('status').filter({ hasText: 'This page cannot read what the server sends' }).waitFor();
    await page.waitForTimeout(5_000);
    assert.equal(loads, 2);
  }));

test('the offer to install opens, installs, and is not made again to who does not want it', () =>
  installed('/', async (page) => {
    const offer = () =>
      page.evaluate(() => {
        window.installOffer = { prompt: () => (window.asked = true) };
        dispatchEvent(new Event('installOffer'));
      });
    const button = page.getByRole('button', { name: 'Install Packtwin' });
    await offer();
    await button.click();
    await shot(page, 'install');
    await page.getByRole('button', { name: 'Install', exact: true }).click();
    assert.equal(await page.evaluate(() => window.asked), true);
    await button.waitFor({ state: 'detached' });
    await offer();
    await button.click();
    await page.getByRole('button', { name: 'Do not offer it again' }).click();
    await offer();
    assert.equal(await button.count(), 0);
  }, { viewport: PHONE }));
