// What Lighthouse says of the pages on its phone: points of 100 that they miss. Prints `figure`, key and value, separated by
// tabs; `cargo xtask bench` knows the targets. npm fetches Lighthouse, for measuring only.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { percentile } from './lib/browser.mjs';
import { startDemo } from './lib/server.mjs';

const LIGHTHOUSE = ['--yes', 'lighthouse@12.8.2'];
const PAGES = { overview: '/', cells: '/cells', home: '/home?system=home' };
const RUNS = Number(process.env.PACKTWIN_LIGHTHOUSE_RUNS ?? 5);
/** Those that do not depend on the machine, and the keys of their figures. */
const STEADY = { accessibility: 'accessible', 'best-practices': 'practices', seo: 'findable' };

const flags = [
  '--quiet',
  '--output=json',
  `--only-categories=${['performance', ...Object.keys(STEADY)].join()}`,
  '--chrome-flags=--headless=new --no-sandbox',
];
const env = { ...process.env, CHROME_PATH: process.env.PACKTWIN_CHROMIUM ?? '/usr/bin/chromium' };

/** The points that a page misses, by category, and for what. */
async function missed(url) {
  const { stdout } = await promisify(execFile)('npx', [...LIGHTHOUSE, url, ...flags], { env, maxBuffer: 64 << 20 });
  const { categories, audits } = JSON.parse(stdout);
  const points = {};
  const reasons = [];
  for (const [name, { score, auditRefs }] of Object.entries(categories)) {
    points[name] = score === null ? null : 100 - Math.round(100 * score);
    const failed = auditRefs.filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 0.9);
    for (const { id } of failed) {
      const where = (audits[id].details?.items ?? []).map(({ node }) => node?.selector).filter(Boolean);
      reasons.push([name, id, audits[id].displayValue, ...where].filter(Boolean).join(' '));
    }
  }
  return { points, reasons };
}

const server = await startDemo();
try {
  const steady = Object.fromEntries(Object.keys(STEADY).map((name) => [name, []]));
  for (const [page, path] of Object.entries(PAGES)) {
    const performance = [];
    const reasons = new Set();
    for (let i = 0; i < RUNS; i++) {
      const { points, reasons: why } = await missed(server.url + path);
      // A run without a first paint has no score.
      if (points.performance !== null) performance.push(points.performance);
      for (const [name, of] of Object.entries(steady)) of.push(points[name] ?? 100);
      why.forEach((reason) => reasons.add(reason));
    }
    if (performance.length === 0) throw new Error(`${page}: no run has a first paint`);
    console.log(`figure\tlighthouse-${page}\t${percentile(performance, 50)}`);
    console.error(`${page}: missed ${performance.join(' ')}${[...reasons].map((reason) => `\n  ${reason}`).join('')}`);
  }
  for (const [name, key] of Object.entries(STEADY)) {
    console.log(`figure\tlighthouse-${key}\t${percentile(steady[name], 100)}`);
  }
} finally {
  await server.stop();
}
