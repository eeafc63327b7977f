// People: the first admin, signing in and out, Settings, Audit; with a living page and by plain forms.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { DESKTOP, fits, launch, live, PHONE, region, shot, until, violations, withPage } from '../lib/browser.mjs';
import { racks } from '../lib/racks.mjs';
import { startDemo, startSite, withAccount } from '../lib/server.mjs';

const PASSWORD = 'lamp tractor mild seven';
const OTHER = 'nine lamps of the east hall';

let server, browser;
before(async () => {
  [server, browser] = await Promise.all([startDemo(), launch()]);
});
after(() => Promise.all([server?.stop(), browser?.close()]));

/** Fills the form to sign in and sends it. */
async function enter(page, name, password = PASSWORD) {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** A page at `path` of somebody who is signed in, come to life. */
const as = (name, path, use, { password, ...options } = {}) =>
  withPage(browser, `${server.url}/sign-in?to=${encodeURIComponent(path)}`, options, async (page, messages) => {
    await enter(page, name, password);
    await page.waitForURL(`${server.url}${path}`);
    await live(page);
    await use(page, messages);
  });

/** Says what only a person with their password may, where it is asked for. */
async function own(form) {
  const field = form.getByLabel('Your own password', { exact: true });
  if (await field.count()) await field.fill(PASSWORD);
}

/** Opens a part that is folded, and gives the form in it with this button. */
async function unfold(card, summary, button) {
  await card.getByText(summary, { exact: true }).click();
  return card.locator('form').filter({ has: card.page().getByRole('button', { name: button }) });
}

test('the first admin is made with the token on the console, by a plain form', async () => {
  const token = await until('the token', () => server.said.find((line) => /^\s*([a-z0-9]{5}-){3}[a-z0-9]{5}$/.test(line)));
  await withPage(browser, `${server.url}/cells`, { javaScriptEnabled: false, viewport: PHONE }, async (page, messages) => {
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Set up' }).waitFor();
    assert.equal(await page.getByLabel('Password', { exact: true }).getAttribute('autocomplete'), 'new-password');
    await shot(page, 'people-set-up-phone');
    const fill = async (token, password) => {
      await page.getByLabel('Token from the console').fill(token);
      await page.getByLabel('Name').fill('Mara');
      await page.getByLabel('Password', { exact: true }).fill(password);
      await page.getByRole('button', { name: 'Make the account and sign in' }).click();
    };
    await fill('aaaaa-bbbbb-ccccc-ddddd', PASSWORD);
    await page.getByRole('alert').getByText(/not the token on the server’s console|not the token on the server's console/).waitFor();
    assert.equal(await page.getByLabel('Name').inputValue(), 'Mara');
    messages.length = 0;
    await fill(token.trim(), PASSWORD);
    await page.waitForURL(`${server.url}/cells`);
    await page.getByRole('link', { name: 'mara: account and settings' }).waitFor();
  });
});

test('who signs in is where they were, and a wrong password is told', () =>
  withPage(browser, `${server.url}/trends`, {}, async (page, messages) => {
    await live(page);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    const password = page.getByLabel('Password', { exact: true });
    assert.equal(await password.getAttribute('autocomplete'), 'current-password');
    assert.equal(await page.getByLabel('Name').getAttribute('autocomplete'), 'username');
    await page.getByRole('button', { name: 'Show password' }).click();
    assert.equal(await password.getAttribute('type'), 'text');
    assert.deepEqual(await violations(page), []);
    await enter(page, 'mara', 'not it');
    await page.getByRole('alert').getByText('The name or the password is wrong.').waitFor();
    messages.length = 0;
    await enter(page, 'mara');
    await page.waitForURL(`${server.url}/trends`);
    await live(page);
    await page.getByRole('link', { name: 'mara: account and settings' }).click();
    const account = region(page, 'Your account');
    await account.getByText('admin', { exact: true }).waitFor();
    await account.getByRole('button', { name: 'Sign out' }).click();
    await account.getByText('Nobody is signed in on this page').waitFor();
    await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).waitFor();
  }));

test('an account is added, gets another role, and is removed', () =>
  as('mara', '/settings', async (page, messages) => {
    const accounts = region(page, 'Accounts');
    const add = await unfold(accounts, 'Add an account', 'Add the account');
    const fill = async (name, role, password) => {
      await add.getByLabel('Name').fill(name);
      await add.getByLabel('Role').selectOption(role);
      await add.getByLabel('Password', { exact: true }).fill(password);
      await own(add);
      await add.getByRole('button', { name: 'Add the account' }).click();
    };
    await fill('timo', 'operator', 'short');
    await add.getByText(/12 characters/).first().waitFor();
    await until('it is refused', async () => (await add.getAttribute('data-state')) === 'refused');
    messages.length = 0;
    await fill('timo', 'operator', OTHER);
    await add.getByText('The account of timo is made, as operator').waitFor();
    await fill('<b>vera</b>', 'viewer', OTHER);
    await add.getByText('cannot be a name here').waitFor();
    messages.length = 0;
    await fill('vera', 'viewer', OTHER);
    await add.getByText('The account of vera is made, as viewer').waitFor();
    await fill('nora', 'viewer', OTHER);
    await add.getByText('The account of nora is made, as viewer').waitFor();
    await accounts.getByText('nora', { exact: true }).click();
    const role = accounts.locator('form').filter({ has: page.getByRole('button', { name: 'Change the role of nora' }) });
    await role.getByRole('combobox').selectOption('operator');
    await role.getByRole('button').click();
    await accounts.getByRole('listitem').filter({ hasText: 'nora' }).locator('.chip').getByText('operator').waitFor();
    // Their line stays unfolded.
    await accounts.getByText('Remove nora', { exact: true }).click();
    await accounts.getByRole('button', { name: 'Remove the account of nora' }).click();
    await accounts.getByText('nora', { exact: true }).waitFor({ state: 'detached' });
  }));

test('a token is shown once, copied, and ended', () =>
  as(
    'mara',
    '/settings',
    async (page) => {
      const tokens = region(page, 'Tokens of programs');
      await tokens.getByText('No program has a token.').waitFor();
      const make = await unfold(tokens, 'Make a token', 'Make the token');
      await make.getByLabel('Name of the program').fill('planner');
      await make.getByLabel('What it may do').selectOption('control');
      await make.getByLabel('Good for so many days').fill('7');
      await own(make);
      await make.getByRole('button', { name: 'Make the token' }).click();
      const token = await tokens.locator('.token-new code').textContent();
      assert.match(token, /^pt_/);
      await tokens.getByRole('button', { name: 'Copy the token' }).click();
      await tokens.getByText('Copied').waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token);
      await shot(page, 'people-token');
      const state = await fetch(`${server.url}/api/v1/state`, { headers: { Authorization: `Bearer ${token}` } });
      assert.equal(state.status, 200);
      await page.reload();
      await live(page);
      await tokens.getByText('planner', { exact: true }).waitFor();
      assert.equal(await tokens.getByText(token).count(), 0, 'it is shown once');
      const end = await unfold(tokens, 'End', 'End the token planner');
      await own(end);
      await end.getByRole('button').click();
      await tokens.getByText('No program has a token.').waitFor();
      const gone = await fetch(`${server.url}/api/v1/state`, { headers: { Authorization: `Bearer ${token}` } });
      assert.equal(gone.status, 401);
    },
    { permissions: ['clipboard-read', 'clipboard-write'] },
  ));

test('an admin arms with their password, an operator disarms with one click', async () => {
  await as('mara', '/settings', async (page) => {
    const control = region(page, 'Control');
    await control.getByText('Disarmed', { exact: true }).waitFor();
    await own(control);
    await control.getByRole('button', { name: 'Arm control' }).click();
    await control.getByText('Armed', { exact: true }).waitFor();
    await control.getByText(/^By mara, /).waitFor();
  });
  assert.equal((await server.api('arming')).armed, true);
  await as(
    'timo',
    '/settings',
    async (page) => {
      const control = region(page, 'Control');
      await control.getByRole('button', { name: 'Disarm control' }).click();
      await control.getByText('Disarmed', { exact: true }).waitFor();
      await control.getByText(/Only an admin may arm control/).waitFor();
    },
    { password: OTHER },
  );
  assert.equal((await server.api('arming')).armed, false);
});

test('a session elsewhere is seen and ended, and that page notices', () =>
  as(
    'timo',
    '/settings',
    (here) =>
      as(
        'timo',
        '/settings',
        async (there, messages) => {
          const sessions = region(here, 'Sessions');
          await here.reload();
          await live(here);
          await sessions.getByText('This one').waitFor();
          const before = await sessions.getByRole('listitem').count();
          assert.ok(before >= 2, `${before} sessions`);
          await sessions.getByText(/^Chrome on Linux/).first().waitFor();
          await sessions.getByRole('button', { name: /^End the session of timo/ }).first().click();
          await until('one is gone', async () => (await sessions.getByRole('listitem').count()) === before - 1);
          // The newest of the others is the one that was just begun.
          await region(there, 'Your account').getByText('Nobody is signed in on this page').waitFor({ timeout: 60_000 });
          messages.length = 0;
        },
        { password: OTHER },
      ),
    { password: OTHER },
  ));

test('the own password is changed, and the old one is worth nothing', () =>
  as('vera', '/settings', async (page, messages) => {
    const account = region(page, 'Your account');
    await account.getByText('Change your password').click();
    await account.getByLabel('Password until now', { exact: true }).fill(OTHER);
    await account.getByLabel('New password', { exact: true }).fill(PASSWORD);
    await account.getByRole('button', { name: 'Change the password' }).click();
    await account.getByText('Your password is another one now').waitFor();
    await account.getByRole('button', { name: 'Sign out' }).click();
    await account.getByRole('link', { name: 'Sign in' }).click();
    await enter(page, 'vera', OTHER);
    await page.getByRole('alert').waitFor();
    messages.length = 0;
    await enter(page, 'vera');
    await page.waitForURL(`${server.url}/settings`);
  }, { password: OTHER }));

test('a viewer sees their own account and what roles may do, and neither accounts nor the audit', () =>
  as('vera', '/settings', async (page) => {
    await region(page, 'Sessions').getByText('This one').waitFor();
    await region(page, 'What each role may do').getByText('Arm control', { exact: true }).waitFor();
    await region(page, 'Control').getByText(/^Only an? \w+ may/).waitFor();
    for (const name of ['Accounts', 'Tokens of programs']) assert.equal(await region(page, name).count(), 0, name);
    await page.getByRole('link', { name: 'Audit' }).click();
    await page.getByText('The audit is for operators and admins').waitFor();
  }));

test('the audit is read, filtered, checked and given away', () =>
  as('mara', '/audit', async (page, messages) => {
    const chain = region(page, 'Chain');
    await chain.getByText('Holds', { exact: true }).waitFor();
    const end = await chain.locator('.audit-end code').textContent();
    const entries = region(page, 'Entries');
    await entries.getByText('control armed', { exact: true }).waitFor();
    await entries.getByLabel('Who').fill('mara');
    await entries.getByLabel('Action').fill('user-added');
    await entries.getByRole('button', { name: 'Show' }).click();
    await page.waitForURL(/\/audit\?who=mara&action=user-added$/);
    // It is found as it is shown, too.
    await entries.getByLabel('Action').fill('User added');
    await entries.getByRole('button', { name: 'Show' }).click();
    await page.waitForURL(/\/audit\?who=mara&action=User%20added$/);
    await until('only these', async () => {
      const lines = await entries.getByRole('listitem').allTextContents();
      return lines.length >= 3 && lines.every((line) => line.includes('user added'));
    });
    await entries.getByRole('listitem').first().locator('summary').click();
    await entries.getByText('127.0.0.1', { exact: true }).first().waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), entries.getByRole('link', { name: 'Download' }).click()]);
    assert.equal(download.suggestedFilename(), 'audit.jsonl');
    const text = await readFile(await download.path(), 'utf8');
    const lines = text.trim().split('\n').map((line) => JSON.parse(line));
    assert.ok(lines.length >= 3 && lines.every(({ entry, hash }) => entry.action === 'user-added' && hash.length === 64));
    await chain.getByText('Hold it against an end that you noted').click();
    await chain.getByLabel('Noted end').fill(end);
    await chain.getByRole('button', { name: 'Check' }).click();
    await chain.getByText(/what you noted is among them/).waitFor();
    await chain.getByLabel('Noted end').fill(end.replace(/.$/, (last) => (last === '0' ? '1' : '0')));
    await chain.getByRole('button', { name: 'Check' }).click();
    await chain.getByText(/was written anew/).waitFor();
    await page.goBack();
    await page.waitForURL(/action=user-added$/);
    await page.goBack();
    await entries.getByText('control armed', { exact: true }).waitFor();
    messages.length = 0;
  }));

test('where reading is closed every page leads to sign-in, and from there back', async () => {
  const site = await racks();
  await writeFile(site.site, `${await readFile(site.site, 'utf8')}\n[access]\nreading = "closed"\n`);
  const closed = await startSite(site.site, { data: await withAccount('mara', 'admin', PASSWORD) });
  try {
    await withPage(browser, `${closed.url}/cells`, { viewport: PHONE }, async (page) => {
      assert.equal(page.url(), `${closed.url}/sign-in?to=/cells`);
      assert.equal(await page.getByText('20 racks').count(), 0, 'nothing of the site is shown');
      assert.equal(await page.getByRole('link', { name: 'Back without signing in' }).count(), 0);
      await enter(page, 'mara');
      await page.waitForURL(`${closed.url}/cells`);
      await live(page);
      await page.getByRole('link', { name: 'mara: account and settings' }).click();
      await region(page, 'Your account').getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      assert.equal(page.url(), `${closed.url}/sign-in?to=/settings`);
    });
  } finally {
    await Promise.all([closed.stop(), site.stop()]);
  }
});

test('the pages fit, can be read by everybody, and are pictured', async () => {
  for (const [name, path] of [['mara', '/settings'], ['mara', '/audit']]) {
    await as(name, path, async (page) => {
      await page.getByRole('heading', { name: path === '/settings' ? 'Tokens of programs' : 'Entries' }).waitFor();
      await page.getByText('Loading').first().waitFor({ state: 'detached' }).catch(() => {});
      for (const [width, height] of [[320, 700], [390, 844], [1440, 900], [1920, 1080]]) {
        await page.setViewportSize({ width, height });
        await fits(page);
        for (const scheme of ['light', 'dark']) {
          await page.emulateMedia({ colorScheme: scheme });
          await shot(page, `people${path.replace('/', '-')}-${width}-${scheme}`, { fullPage: true });
        }
      }
      assert.deepEqual(await violations(page), []);
      await page.setViewportSize(DESKTOP);
    });
  }
  for (const colorScheme of ['light', 'dark']) {
    for (const [width, height] of [[320, 700], [390, 844], [1440, 900], [1920, 1080]]) {
      await withPage(browser, `${server.url}/sign-in`, { viewport: { width, height }, colorScheme }, async (page) => {
        await fits(page);
        await shot(page, `people-sign-in-${width}-${colorScheme}`);
      });
    }
  }
});
