// How much of notify-service one person, one network and everybody together may have; and that a message which Redis
// never published is found.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import WebSocket from 'ws';

import { EventStream } from '../support/event_stream.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
const open = [];
before(async () => {
  stack = await startStack({ notifyFlags: ['--max-sockets', '6', '--sockets-per-user', '2', '--sockets-per-network', '3',
                                           '--trusted-proxy', '127.0.0.1', '--heartbeat-interval', '1s'] });
});
after(() => stack?.stop());
afterEach(async () => {
  for (const leave of open.splice(0)) leave();
  await until(async () => (await sockets()) === 0, { what: 'the sockets being gone' });
});

const story = (name, body) => test(name, (t) => stack.telling(body)(t));

async function metric(pattern) {
  const text = await (await fetch(`${stack.notify.opsUrl}/metrics`)).text();
  return [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
}
const sockets = () => metric(/^stagedoor_(?:ws|sse)_sockets (\d+)/gm);

async function signedIn() {
  const device = stack.device();
  const person = await stack.person();
  await device.signIn(person);
  await device.post('/api/auth/refresh-session');  // before the relay has told of a person, a node cannot judge (4404)
  return { person, cookie: device.cookie };
}

/** One after the other: a crowd at the door is not what is tested. */
async function several(count) {
  const people = [];
  while (people.length < count) people.push(await signedIn());
  return people;
}

const fields = (cookie, from) => ({ cookie, origin: stack.origin, 'x-forwarded-for': from });

/** What came of a WebSocket: `welcome`, the close code, or the status of the refusal. */
async function socket({ cookie, from = '192.0.2.1' }) {
  const client = new WebSocket(stack.socketUrl, { headers: fields(cookie, from) });
  open.push(() => client.terminate());
  return new Promise((settled) => {
    client.on('error', () => {});
    client.once('message', (data) => { if (JSON.parse(data).type.endsWith('.welcome')) settled('welcome'); });
    client.once('close', (code) => settled(code));
    client.once('unexpected-response', (request, { statusCode, headers }) => {
      request.destroy();
      settled({ status: statusCode, retryAfter: Number(headers['retry-after']) });
    });
  });
}

/** The same of an event stream. */
async function stream({ cookie, from = '192.0.2.1' }) {
  const client = new EventStream({ port: stack.notify.port, headers: fields(cookie, from) });
  open.push(() => client.leave());
  const { statusCode, headers } = await client.answered();
  if (statusCode !== 200) return { status: statusCode, retryAfter: Number(headers['retry-after']) };
  await client.heard('connection.welcome');
  return 'welcome';
}

story('one person has so many sockets, of both kinds together', async () => {
  const ada = await signedIn();
  assert.equal(await socket(ada), 'welcome');
  assert.equal(await stream(ada), 'welcome');
  assert.equal(await socket(ada), 4409);
  const refused = await stream(ada);
  assert.equal(refused.status, 429);
  assert.ok(refused.retryAfter >= 5);
});

story('one network has so many, an IPv6 /64 being one; who it is the trusted proxy says', async () => {
  const people = await several(4);
  const addresses = ['2001:db8:0:1::1', '2001:db8:0:1::2', '2001:db8:0:1:ffff::'];
  for (const [i, from] of addresses.entries()) assert.equal(await (i % 2 ? stream : socket)({ ...people[i], from }), 'welcome');
  for (const kind of [socket, stream]) {
    const refused = await kind({ ...people[3], from: '2001:db8:0:1::4' });
    assert.equal(refused.status, 429);
    assert.ok(refused.retryAfter >= 5);
  }
  assert.equal(await socket({ ...people[3], from: '2001:db8:0:2::1' }), 'welcome');
});

story('the process has so many; strangers are counted while they are told that they are none', async () => {
  const people = await several(4);
  for (let i = 0; i < 6; ++i) {
    assert.equal(await (i % 2 ? stream : socket)({ ...people[i >> 1], from: `198.51.100.${i}` }), 'welcome');
  }
  for (const kind of [socket, stream]) {
    const refused = await kind({ ...people[3], from: '203.0.113.1' });
    assert.equal(refused.status, 503);
    assert.ok(refused.retryAfter >= 1);
  }
});

story('an event that came into the stream without a word is found and told within a heartbeat interval', async () => {
  const { person, cookie } = await signedIn();
  const listener = new EventStream({ port: stack.notify.port, headers: fields(cookie, '192.0.2.1') });
  open.push(() => listener.leave());
  await listener.heard('connection.welcome');
  const losses = () => metric(/^stagedoor_push_silent_losses_total (\d+)/gm);
  const before = await losses();
  // As the relay would have written it, were it not for the PUBLISH.
  const key = `stagedoor:{${person.id}}:events`;
  const letter = stack.redisCommand('--raw', 'XREVRANGE', key, '+', '-', 'COUNT', '1').split('\n').at(-1);
  const next = letter.replace(/^e 1 /, 'e 2 ').replaceAll('"version":1', '"version":2').replace(/("cursor":"[0-9a-f]{8})-1"/, '$1-2"')
    .replace('stagedoor.stage_manager.registered', 'stagedoor.user.updated');
  stack.redisCommand('XADD', key, '2-0', 'e', next);
  const event = await listener.heard('user.updated');
  assert.equal(event.data.version, 2);
  assert.equal(await losses(), before + 1);
});
