// People for a test: accounts in a data folder, sessions for requests and for browsers.

import { execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startDemo } from './server.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const BINARY = process.env.PACKTWIN_BIN ?? join(ROOT, 'target/debug/packtwin');

/** An admin, an operator and a viewer, and the one password of all three. */
export const PEOPLE = { mara: 'admin', timo: 'operator', vera: 'viewer' };
export const PASSWORD = 'lamp tractor mild seven';

/** The demo with those three; control is armed unless `armed` is false. */
export async function startWithPeople({ armed = true } = {}) {
  const data = await mkdtemp(join(tmpdir(), 'packtwin-'));
  for (const [name, role] of Object.entries(PEOPLE)) await addUser(data, name, role);
  const server = await startDemo({ data });
  if (armed) await arm(server, true);
  return server;
}

async function addUser(data, name, role) {
  const child = spawn(BINARY, ['user', 'add', name, '--role', role, '--data', data], { stdio: ['pipe', 'ignore', 'inherit'] });
  child.stdin.end(`${PASSWORD}\n`);
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`packtwin user add ${name}: ${code}`);
}

/** Signs in: the name and value of the cookie. `stepUp` gives the password once more, for what needs it. */
export async function signIn(server, name, { stepUp = false } = {}) {
  const first = await given(server, 'session', { name, password: PASSWORD });
  return stepUp ? given(server, 'session/step-up', { password: PASSWORD }, { Cookie: first.header }) : first;
}

/** A session whose password was given a quarter of an hour ago: what needs it asks for it. */
export async function signedInBefore(server, name) {
  const value = randomUUID();
  const secret = createHash('sha256').update(value).digest('hex');
  const since = (Date.now() - 15 * 60_000) * 1_000;
  const add = `INSERT INTO session (secret, user_id, begun_us, seen_us, address, agent)
    SELECT x'${secret}', id, ${since}, ${since}, '127.0.0.1', 'test' FROM user WHERE name = '${name}'`;
  const python = "import sqlite3, sys; file = sqlite3.connect(sys.argv[1], timeout=9); file.execute(sys.argv[2]); file.commit()";
  await promisify(execFile)('python3', ['-c', python, join(server.data, 'control.db'), add]);
  const cookie = `packtwin-${new URL(server.url).port}`;
  return { cookie, value, header: `${cookie}=${value}` };
}

async function given(server, path, body, headers) {
  const answer = await fetch(`${server.url}/api/v1/${path}`, json(body, headers));
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  const [pair] = answer.headers.getSetCookie()[0].split(';');
  const [cookie, value] = pair.split('=');
  return { cookie, value, header: pair };
}

const json = (body, headers = {}) => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json', ...headers },
});

/** The options of a page on which somebody is signed in; `signs` says how. */
export async function as(server, name, { signs = signIn, ...options } = {}) {
  const { cookie, value } = await signs(server, name);
  const domain = new URL(server.url).hostname;
  const kept = { name: cookie, value, domain, path: '/', expires: -1, httpOnly: true, secure: false, sameSite: 'Strict' };
  return { ...options, storageState: { cookies: [kept], origins: [] } };
}

/** Asks the API as somebody who has just given their password: `body` as JSON. */
export async function ask(server, name, path, body) {
  const { header } = await signIn(server, name, { stepUp: true });
  return server.api(path, json(body, { Cookie: header }));
}

/** Lets operators command, or not. */
export const arm = (server, armed) => ask(server, 'mara', 'arming', { armed });

/** Tells the simulation something, as an operator: where there are accounts nobody else may. */
export async function labAs(server, fields) {
  const { header } = await signIn(server, 'timo');
  return server.api('lab', { method: 'POST', body: new URLSearchParams(fields), headers: { Cookie: header } });
}
