// While an upgrade is under way, or after one that was taken back, Redis has records of sessions that a node cannot read.
// Nobody is signed out by that: the ledger knows these sessions, and ends them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack({ authNodes: 2, authFlags: ['--session-rotation-grace', '2s'] }); });
after(() => stack?.stop());

const story = (name, body) => test(name, (t) => stack.telling(body)(t));
const keyOf = (person) => stack.redisCommand('KEYS', `stagedoor:{${person.id}}:session:*`);
const recordOf = (person) => stack.redisCommand('GET', keyOf(person));

/** The record as a version writes it that is still to come. */
function rewritten(person) {
  const record = recordOf(person);
  const later = record.replace(/^r\d/, 'r9');
  assert.notEqual(later, record);
  stack.redisCommand('SET', keyOf(person), later, 'KEEPTTL');
  return { record, later };
}

/** The same browser at both nodes. */
async function signedIn(person) {
  const first = stack.device(0);
  await first.signIn(person);
  const second = stack.device(1);
  for (const part of first.cookie.split('; ')) second.setCookie(...part.split('='));
  return [first, second];
}

function closeCodeOf(device) {
  const socket = new WebSocket(stack.socketUrl, [], { headers: { cookie: device.cookie, origin: stack.origin } });
  return new Promise((resolve, reject) => socket.on('close', resolve).on('error', reject));
}

story('a session whose record a node cannot read is served from the ledger, without a new cookie, by every node', async () => {
  const person = await stack.person();
  const nodes = await signedIn(person);
  const { record, later } = rewritten(person);
  for (const device of nodes) {
    assert.equal((await device.get('/api/auth/me')).body.user?.status, 'pending');
    assert.equal((await device.get('/api/auth/verify')).status, 200);
    assert.equal((await device.get('/api/auth/sessions')).body.items?.length, 1);
  }
  await stack.decide(person, 'approve');
  for (const device of nodes) {
    const refreshed = await device.post('/api/auth/refresh-session');
    assert.deepEqual([refreshed.status, refreshed.body.statusChanged, refreshed.body.user?.status], [200, true, 'active']);
    assert.equal(refreshed.headers.get('set-cookie'), null);
  }
  assert.equal(await closeCodeOf(nodes[0]), 4404, 'refresh, and come back');
  assert.equal(recordOf(person), later, 'it is left to those who can read it');

  stack.redisCommand('SET', keyOf(person), record, 'KEEPTTL');
  const [first, second] = nodes;
  assert.notEqual((await first.post('/api/auth/refresh-session')).headers.get('set-cookie'), null, 'rotated');
  assert.equal((await second.get('/api/auth/me')).status, 200, 'the token of before');
});

story('it can be ended all the same, for every node and for good', async () => {
  const person = await stack.person();
  const [first, second] = await signedIn(person);
  rewritten(person);
  const { cookie } = second;
  assert.equal((await first.post('/api/auth/logout')).status, 200);
  assert.equal((await second.get('/api/auth/me')).body.code, 'session_signed_out');
  for (const part of cookie.split('; ')) first.setCookie(...part.split('='));
  assert.equal((await first.get('/api/auth/me')).body.code, 'session_signed_out');
});
