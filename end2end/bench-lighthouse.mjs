// What Lighthouse says of the pages on its phone: points of 100 that they miss. Prints `figure`, key and value, separated by
// tabs; `cargo xtask bench` knows the targets. LIGHTHOUSE is how to call Lighthouse.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { percentile } from './lib/browser.mjs';
import { startDemo } from './lib/server.mjs';

const PAGES = { overview: '/', cells: '/cells', home: '/home?system=home' };
const RUNS = 5;

const [program, ...before] = process.env.LIGHTHOUSE.split(' ');
const flags = [
  '--quiet',
  '--output=json',
  '--only-categories=performance,accessibility,best-practices',
  '--chrome-flags=--headless=new --no-sandbox',
];
const env = { ...process.env, CHROME_PATH: process.env.PACKTWIN_CHROMIUM ?? '/usr/bin/chromium' };

/** The points that a page misses, by category. */
async function missed(url) {
  const { stdout } = await promisify(execFile)(program, [...before, url, ...flags], { env, maxBuffer: 64 << 20 });
  const { categories } = JSON.parse(stdout);
  return Object.fromEntries(Object.entries(categories).map(([name, { score }]) => [name, score === null ? null : 100 - Math.round(100 * score)]));
}

const server = await startDemo();
try {
  const others = { accessibility: [], 'best-practices': [] };
  for (const [page, path] of Object.entries(PAGES)) {
    const performance = [];
    for (let i = 0; i < RUNS; i++) {
      const points = await missed(server.url + path);
      // A run without a first paint has no score.
      if (points.performance !== null) performance.push(points.performance);
      for (const [name, of] of Object.entries(others)) of.push(points[name] ?? 100);
    }
    console.log(`figure\tlighthouse-${page}\t${percentile(performance, 50)}`);
    console.error(`${page}: missed ${performance.join(' ')}`);
  }
  console.log(`figure\tlighthouse-accessible\t${percentile(others.accessibility, 100)}`);
  console.log(`figure\tlighthouse-practices\t${percentile(others['best-practices'], 100)}`);
} finally {
  await server.stop();
}
