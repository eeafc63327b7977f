// The page Analysis: ready questions, SQL with its table, chart and files, cancelling, errors in words.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fits, launch, live, PHONE, recorded, region, shot, violations, withLivePage, withPage } from '../lib/browser.mjs';
import { startDemo } from '../lib/server.mjs';

const BINARY = process.env.PACKTWIN_BIN ?? resolve(import.meta.dirname, '../../target/debug/packtwin');

let server, browser, duckdb;
before(async () => {
  const data = await mkdtemp(join(tmpdir(), 'packtwin-'));
  const made = spawnSync(BINARY, ['generate', '--days', '3', '--rate', '1', '--cells', '--data', data], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  [server, browser] = await Promise.all([startDemo({ data }), launch()]);
  ({ duckdb } = await server.api('analysis/questions'));
  assert.ok(duckdb || !process.env.PACKTWIN_REQUIRE, 'there is no DuckDB program, and PACKTWIN_REQUIRE does not allow to skip');
});
after(() => Promise.all([server?.stop(), browser?.close()]));

const open = (use, options = {}) => withLivePage(browser, `${server.url}/analysis`, options, use);
const query = (page) => page.getByRole('textbox', { name: 'Query' });
const run = (page) => page.getByRole('button', { name: 'Run', exact: true });

test('every ready question has its answer and its SQL', () =>
  open(async (page) => {
    await page.getByRole('radio', { name: '7 days' }).check();
    const energy = region(page, 'Total energy');
    await energy.getByText('Energy out').waitFor();
    assert.match(await energy.getByRole('definition').first().textContent(), /[1-9].*kWh/);
    const hours = region(page, 'Current by hour of the day');
    await hours.getByText('Mean current by hour of the day').first().waitFor();
    assert.equal(await hours.getByRole('row').count(), 24);
    const sags = region(page, 'Sag velocity and the worst sags');
    await sags.getByText('Fastest fall').waitFor();
    assert.ok((await sags.getByRole('row').count()) > 2);
    for (const name of ['Began, local time', 'Duration, ms', 'Depth, V']) {
      await sags.getByRole('columnheader', { name, exact: true }).waitFor();
    }
    await sags.getByText('Data coverage').waitFor();
    await region(page, 'Use of the discharge limit').getByText('Highest use of the limit').waitFor();
    await region(page, 'Ranking of the cells').getByRole('cell', { name: '7.12' }).waitFor();
    await page.getByRole('checkbox', { name: 'Exact: read every row' }).check();
    await energy.getByRole('status').filter({ hasText: /ms$/ }).waitFor();
    await shot(page, 'analysis-questions');
    await page.getByRole('button', { name: 'Open as SQL: Total energy' }).click();
    assert.match(await query(page).inputValue(), /AS out_kwh/);
    assert.equal(await query(page).evaluate((element) => element === document.activeElement), true);
  }));

test('a query gives a table, a chart and files', async (t) => {
  if (!duckdb) return t.skip('no DuckDB');
  await open(async (page) => {
    const sql = region(page, 'SQL');
    await query(page).press('Control+Enter');
    await sql.getByRole('status').filter({ hasText: /rows in/ }).waitFor({ timeout: 30_000 });
    await sql.getByRole('columnheader', { name: 'Lowest voltage, V' }).waitFor();
    await sql.getByRole('application', { name: 'Result over time' }).waitFor();
    await sql.scrollIntoViewIfNeeded();
    await shot(page, 'analysis-sql');
    const download = async (name) => {
      const [file] = await Promise.all([
        // In a tab of its own, which Chromium closes when it sees that it is a file.
        new Promise((found) => {
          page.once('download', found);
          page.context().once('page', (opened) => opened.once('download', found));
        }),
        page.getByRole('button', { name }).click(),
      ]);
      return readFile(await file.path());
    };
    const text = (await download('Download CSV')).toString();
    assert.ok(text.startsWith('began,lowest_voltage_v,highest_voltage_v\n'), text.slice(0, 80));
    assert.equal((await download('Download Parquet')).subarray(0, 4).toString(), 'PAR1');
    await query(page).fill('SELECT hour(timestamp) AS hour, avg(pack_current) AS mean_current_a FROM telemetry GROUP BY hour ORDER BY hour');
    await run(page).click();
    await sql.getByText('Mean current by hour').first().waitFor();
  });
});

test('a mistake is told in the words of DuckDB, and a long query is cancelled', async (t) => {
  if (!duckdb) return t.skip('no DuckDB');
  await open(async (page, messages) => {
    const sql = region(page, 'SQL');
    await query(page).fill('SELECT nope FROM telemetry');
    await run(page).click();
    await sql.getByText(/Binder Error: Referenced column "nope" not found/).waitFor();
    messages.length = 0;
    await query(page).fill('SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range * b.range % 7 = 3');
    await run(page).click();
    await sql.getByText('Asking').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await sql.getByText('Cancelled').waitFor();
    await query(page).fill('SELECT 42 AS answer');
    await run(page).click();
    await sql.getByRole('cell', { name: '42' }).waitFor();
  });
});

test('it is as good on a phone, light and dark, and free of barriers', async () => {
  for (const [name, options] of [
    ['analysis-phone', { viewport: PHONE }],
    ['analysis-dark', { colorScheme: 'dark' }],
    ['analysis-light', { colorScheme: 'light' }],
  ]) {
    await open(async (page) => {
      await region(page, 'Total energy').getByText('Energy out').waitFor();
      await region(page, 'Ranking of the cells').getByRole('status').filter({ hasText: /ms$/ }).waitFor();
      if (duckdb) {
        await run(page).click();
        await region(page, 'SQL').getByRole('status').filter({ hasText: /rows in/ }).waitFor({ timeout: 30_000 });
      }
      await shot(page, name);
      await fits(page);
      await region(page, 'SQL').scrollIntoViewIfNeeded();
      await query(page).scrollIntoViewIfNeeded();
      await shot(page, `${name}-sql`);
      assert.deepEqual(await violations(page), []);
    }, options);
  }
});

test('without the DuckDB program the page says how to get it and the questions work', async () => {
  const without = await startDemo({ args: ['--duckdb', '/nonexistent/duckdb'] });
  try {
    await recorded(without, 2);
    await withPage(browser, `${without.url}/analysis`, {}, async (page) => {
      await live(page);
      await region(page, 'SQL').getByText(/pip install duckdb-cli/).waitFor();
      await region(page, 'Total energy').getByText('Energy out').waitFor();
      await shot(page, 'analysis-without');
    });
  } finally {
    await without.stop();
  }
  assert.equal(existsSync(without.data), false);
});
