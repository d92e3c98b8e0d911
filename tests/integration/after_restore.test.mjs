// The database comes back from a backup, Redis and browsers know later versions (R7). Nodes are not ready until an operator
// has run `after-restore`; then nobody's session lives, nothing looks old to anybody, and Redis was not wiped.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { ChildProcess, until } from '../support/process.mjs';
import { programOf, startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack({ authNodes: 2 }); });
after(() => stack?.stop());

const story = (name, body) => test(name, (t) => stack.telling(body)(t));

function afterRestore() {
  const { status, stdout, stderr } =
    spawnSync(programOf('auth-service'), ['after-restore', '--database-url', `sqlite:${stack.databasePath}`], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** As an operator does it, and resolves with the file. */
function backUp() {
  const copy = join(stack.folder, `backup-${process.hrtime.bigint()}.db`);
  const made = spawnSync('sqlite3', [stack.databasePath, `.backup ${copy}`], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  return copy;
}

async function putBack(copy) {
  for (const ending of ['', '-wal', '-shm']) await rm(stack.databasePath + ending, { force: true });
  await copyFile(copy, stack.databasePath);
}

/** More changes than were lost: at the cursor that Redis has is another event now. */
function writeAnotherHistory() {
  const names = Array.from({ length: 20 }, (_, i) => `Stage Door ${i}`);
  stack.sqlite(names.map((name) => `UPDATE users SET display_name = '${name}' WHERE role = 'admin'`).join(';'));
}

const stopNodes = () => Promise.all(stack.auths.map((node) => node.stop()));
const startNodes = () => Promise.all(stack.auths.map((node) => node.start()));

const readiness = async (node) => (await fetch(`${node.opsUrl}/readyz`)).text();

/** Starts a node that cannot get ready, and resolves with what it says of that. */
async function startUnready(node) {
  const said = async () => (await readiness(node)).includes('restored from a backup') && readiness(node);
  await ChildProcess.prototype.start.call(node, said);
  return said();
}

async function signedIn(person, node = 0) {
  const device = stack.device(node);
  await device.signIn(person);
  return device;
}

const me = async (device) => {
  const { status, body } = await device.get('/api/auth/me');
  return { status, ...body.user };
};

/** A socket that keeps what it is told. */
async function listening(device) {
  return until(async () => {
    const frames = [];
    const socket = new WebSocket(stack.socketUrl, [], { headers: { cookie: device.cookie, origin: stack.origin } });
    socket.on('message', (text) => frames.push(JSON.parse(text))).on('error', () => {});
    socket.on('close', () => { socket.isOver = true; });
    const welcome = () => frames.some((frame) => frame.type === 'stagedoor.connection.welcome');
    return until(() => welcome() && { socket, frames }, { withinMs: 500 }).catch(() => socket.terminate());
  }, { what: 'a socket' });
}

const snapshot = (person) => JSON.parse(stack.redisCommand('GET', `stagedoor:{${person.id}}:user`));

/**
 * Before the backup a person is approved, signs in twice and signs out once. After it the other one ends too, the person is
 * suspended and reinstated and signs in again, and somebody registers. Resolves with what was seen.
 */
async function whatHappens() {
  const person = await stack.person();
  await stack.decide(person, 'approve');
  const [kept, leaving] = [await signedIn(person, 0), await signedIn(person, 1)];
  const pending = await stack.person();
  const waiting = await signedIn(pending);
  const copy = backUp();

  assert.equal((await leaving.post('/api/auth/logout')).status, 200);
  await stack.decide(person, 'suspend');
  await stack.decide(person, 'reinstate');
  const again = await signedIn(person);
  const late = await signedIn(await stack.person());
  await until(() => stack.sqlite('SELECT count(*) FROM outbox WHERE published_at_ms IS NULL').output.trim() === '0');
  const seen = await me(again);
  return { copy, person, pending, devices: [kept, leaving, waiting, again, late], seen };
}

/** Everything is as it has to be when the command was run and the nodes have started. */
async function isTrueAgain({ person, pending, devices, seen }) {
  for (const device of devices) assert.equal((await me(device)).status, 401);

  const device = await signedIn(person, 1);
  const now = await me(device);
  assert.deepEqual([now.status, now.email], ['active', person.email]);
  assert.ok(now.version > seen.version, `${now.version} is not above ${seen.version}`);
  await until(() => snapshot(person).version === now.version, { what: 'the snapshot' });

  // What is decided now reaches sockets, as the version that follows.
  const waiting = await signedIn(pending);
  const { version } = await me(waiting);
  const { socket, frames } = await listening(waiting);
  await stack.decide(pending, 'approve');
  const approved = await until(() => frames.find((frame) => frame.type === 'stagedoor.stage_manager.approved'),
                               { what: 'the approval' });
  assert.equal(approved.data.version, version + 1);
  socket.terminate();
  for (const old of devices) assert.equal((await me(old)).status, 401);
}

story('a database from a backup is not served as the truth until after-restore was run, which needs every node stopped',
      async () => {
  const past = await whatHappens();
  const open = await listening(past.devices[3]);
  await stopNodes();
  await putBack(past.copy);
  assert.match(await startUnready(stack.auths[0]), /auth-service after-restore/);

  const refused = afterRestore();
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /the database is in use: stop every auth-service/);

  await stopNodes();
  const done = afterRestore();
  assert.deepEqual([done.status, done.stderr], [0, '']);
  // The admin and two people; their sessions, and the admin's of the decisions before the backup.
  const lived = stack.sqlite('SELECT count(*) FROM sessions').output.trim();
  assert.match(done.stdout, new RegExp(`above all that was seen of them: 3\\. .* over now: ${lived}\\. Everybody signs in again`));
  await startNodes();
  await isTrueAgain(past);
  await until(() => open.socket.isOver, { what: 'the end of a socket whose session is over' });
});

story('the same backup is put back once more, written to before anybody noticed, and Redis is as it was left', async () => {
  const past = await whatHappens();
  for (let round = 0; round < 2; ++round) {
    await stopNodes();
    await putBack(past.copy);
    writeAnotherHistory();
    assert.equal(afterRestore().status, 0);
    await startNodes();
    const device = await signedIn(past.person);
    const { version } = await me(device);
    assert.ok(version > past.seen.version, `${version} is not above ${past.seen.version}`);
    await stack.decide(past.person, 'suspend');
    await until(() => snapshot(past.person).version === version + 1, { what: 'the suspension in Redis' });
    past.devices.push(device);
    past.seen.version = version + 1;
  }
  await stopNodes();
  await putBack(past.copy);
  assert.equal(afterRestore().status, 0);
  await startNodes();
  await isTrueAgain(past);
});

story('a Redis that was wiped as well does not mind', async () => {
  const past = await whatHappens();
  await stopNodes();
  await putBack(past.copy);
  stack.redisCommand('FLUSHALL');
  assert.equal(afterRestore().status, 0);
  await startNodes();
  await isTrueAgain(past);
});
