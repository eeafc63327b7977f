// Starts the real binary for a test, on free ports, with a data folder of its own.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../..');
const BINARY = process.env.PACKTWIN_BIN ?? join(ROOT, 'target/debug/packtwin');
export const ASSETS = process.env.PACKTWIN_ASSETS ?? join(ROOT, 'target/site');
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 5_000;

/** A running server. Start one with `startDemo` or `startSite`. */
export class Server {
  constructor(child, url, data, log, said) {
    this.child = child;
    this.pid = child.pid;
    /** Where its pages are, without a slash at the end. */
    this.url = url;
    /** Its data folder. */
    this.data = data;
    /** What it wrote to stderr, line by line. */
    this.log = log;
    /** What it wrote to stdout, line by line. */
    this.said = said;
  }

  /** The JSON that the API answers. */
  async api(path, request) {
    const answer = await fetch(`${this.url}/api/v1/${path}`, request);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** Tells the simulation what to do, as the forms of the page Lab do. */
  lab(fields) {
    return this.api('lab', { method: 'POST', body: new URLSearchParams(fields) });
  }

  /** Ends it at once, as a power cut does, and keeps its data. */
  async kill() {
    this.child.kill('SIGKILL');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }

  /** Ends it as Ctrl-C does and removes its data. */
  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_LIMIT_MS);
      this.child.kill('SIGTERM');
      await once(this.child, 'exit');
      clearTimeout(late);
    }
    await rm(this.data, { recursive: true, force: true });
  }
}

/** A data folder with a past of so many days, up to now, of a system of the demo. */
export async function generate(days, system = 'hv', more = []) {
  const data = await mkdtemp(join(tmpdir(), 'packtwin-'));
  const args = ['generate', '--days', String(days), '--system', system, '--data', data, ...more];
  await promisify(execFile)(BINARY, args, { cwd: ROOT });
  return data;
}

/** A data folder in which somebody has an account, as the command line makes it. */
export async function withAccount(name, role, password) {
  const data = await mkdtemp(join(tmpdir(), 'packtwin-'));
  const added = promisify(execFile)(BINARY, ['user', 'add', name, '--role', role, '--data', data]);
  added.child.stdin.end(`${password}\n`);
  await added;
  return data;
}

/**
 * The demo site. `data` continues in the folder of a server that was killed, `listen` at its address; `assets` is another
 * folder with the built page.
 */
export const startDemo = ({ data, listen, assets, args = [] } = {}) =>
  start(['demo', '--sim-ports', 'free', ...args], data, listen, assets);

/** A site of its own: `site` is the path of a site file. */
export const startSite = (site, { data, args = [] } = {}) => start(['serve', '--site', site, ...args], data);

async function start(args, data, listen = '127.0.0.1:0', assets = ASSETS) {
  data ??= await mkdtemp(join(tmpdir(), 'packtwin-'));
  const common = ['--listen', listen, '--data', data, '--assets', assets];
  const child = spawn(BINARY, [...args, ...common], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const [log, said] = [[], []];
  createInterface(child.stderr).on('line', (line) => log.push(line));
  const url = await new Promise((found, failed) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      giveUp(`no address within ${START_LIMIT_MS} ms`);
    }, START_LIMIT_MS);
    const giveUp = (why) => {
      clearTimeout(late);
      failed(new Error(`packtwin ${args.join(' ')}: ${why}\n${log.join('\n')}`));
    };
    child.once('error', (error) => giveUp(error.message));
    child.once('exit', (code, signal) => giveUp(`ended with ${signal ?? code}`));
    createInterface(child.stdout).on('line', (line) => {
      said.push(line);
      const address = line.match(/^Packtwin is at (http:\S+)/)?.[1];
      if (!address) return;
      clearTimeout(late);
      found(address);
    });
  });
  return new Server(child, url, data, log, said);
}
