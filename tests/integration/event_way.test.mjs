// GET /api/admin/events/{id}: the way of one event as admins are told it, with real tabs, nodes and outages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { EventStream } from '../support/event_stream.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
let admin;
before(async () => {
  stack = await startStack();
  admin = await stack.adminDevice();
});
after(() => stack?.stop());

const story = (name, body) => test(name, (t) => stack.telling(body)(t));

async function openTab(device, { acknowledges = false } = {}) {
  const tab = { events: [], welcome: null };
  tab.socket = new WebSocket(stack.socketUrl, { headers: { cookie: device.cookie, origin: stack.origin } });
  tab.socket.on('error', () => {});
  tab.socket.on('message', (data) => {
    const frame = JSON.parse(data);
    if (frame.type === 'stagedoor.connection.welcome') tab.welcome = frame;
    if (frame.type.startsWith('stagedoor.connection.')) return;
    tab.events.push(frame);
    if (acknowledges) tab.socket.send(JSON.stringify({ type: 'ack', cursor: frame.cursor }));
  });
  await until(() => tab.welcome, { what: 'a welcome' });
  return tab;
}

async function signedIn() {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  return { person, device };
}

async function wayOf(id, device = admin) {
  const { status, body } = await device.get(`/api/admin/events/${id}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

/** Waits for the tally `[listeners, written, acknowledged, waiting]`, or whatever else of the answer is named. */
async function wayBecomes(id, expected) {
  let last;
  const matches = async () => {
    last = await wayOf(id);
    const { listeners, written, acknowledged, waiting } = last.sockets ?? {};
    const told = { sockets: last.sockets && [listeners, written, acknowledged, waiting], ended: last.sockets?.ended,
                   whyNot: last.whyNot, state: last.relay.state };
    return Object.entries(expected).every(([name, value]) => JSON.stringify(told[name]) === JSON.stringify(value)) && last;
  };
  try {
    return await until(matches, { what: 'the way' });
  } catch (error) {
    throw new Error(`expected ${JSON.stringify(expected)}, was ${JSON.stringify(last)}`, { cause: error });
  }
}

story('two tabs, one of which acknowledges', async () => {
  const { person, device } = await signedIn();
  await openTab(device, { acknowledges: true });
  const silent = await openTab(device);
  const { event } = await stack.decide(person, 'approve', { reason: 'Welcome to the house' });
  const way = await wayBecomes(event.id, { sockets: [2, 2, 1, 1], whyNot: null, state: 'relayed' });
  assert.deepEqual(way.event, event);
  assert.equal(way.committed.at, event.time);
  assert.equal(way.committed.origin, 'api');
  assert.notEqual(way.committed.actor, person.id);
  assert.equal(way.relay.parkedReason, null);
  await until(async () => (await wayOf(event.id)).relay.at, { what: 'the mark' });

  silent.socket.close();
  await wayBecomes(event.id, { sockets: [2, 2, 1, 0] });
  await openTab(device, { acknowledges: true });
  await wayBecomes(event.id, { sockets: [2, 2, 1, 0] });  // it came after the event
});

story('nobody listens; by SQL, too', async () => {
  const { person } = await signedIn();
  const { event } = await stack.decide(person, 'approve');
  await wayBecomes(event.id, { sockets: [0, 0, 0, 0], whyNot: 'no_open_tab', state: 'relayed' });
  stack.sqlite(`UPDATE users SET status = 'suspended' WHERE id = '${person.id}'`);
  const way = await wayBecomes(`${person.id}.3`, { whyNot: 'no_open_tab', state: 'relayed' });
  assert.deepEqual([way.committed.actor, way.committed.origin], ['sql', 'sql']);
});

story('tabs that the event itself closes have listened, and were given nothing: a suspension is no lack of open tabs', async () => {
  const { person, device } = await signedIn();
  await stack.decide(person, 'approve');
  const tab = await openTab(device);
  let closedWith = null;
  tab.socket.once('close', (code) => { closedWith = code; });
  const stream = new EventStream({ port: stack.notify.port, headers: { cookie: device.cookie, origin: stack.origin } });
  await stream.heard('connection.welcome');
  const { event } = await stack.decide(person, 'suspend');
  await until(() => closedWith === 4403 && stream.closed, { what: 'both being closed' });
  await wayBecomes(event.id, { sockets: [2, 0, 0, 0], ended: 2, whyNot: 'session_ended', state: 'relayed' });
  // What came before was written to nobody: they came after it.
  await wayBecomes(`${person.id}.2`, { sockets: [0, 0, 0, 0], ended: 0, whyNot: 'no_open_tab' });
});

story('a node that is killed takes its tabs with it: they were given the event, and nobody waits for them', async () => {
  const { person, device } = await signedIn();
  await openTab(device);
  const { event: first } = await stack.decide(person, 'approve');
  await wayBecomes(first.id, { sockets: [1, 1, 0, 1] });
  await stack.notify.kill();
  const { event: second } = await stack.decide(person, 'suspend');
  await wayBecomes(first.id, { sockets: [1, 1, 0, 0], whyNot: null });
  await wayBecomes(second.id, { sockets: [0, 0, 0, 0], whyNot: 'no_open_tab' });
  await stack.notify.start();
});

story('what Redis does not take is parked, with the reason, and holds up nobody else', async () => {
  const { person } = await signedIn();
  const stream = `stagedoor:{${person.id}}:events`;
  stack.redisCommand('DEL', stream);
  stack.redisCommand('SET', stream, 'no stream');
  const { event, delivery } = await stack.decide(person, 'approve');
  assert.equal(delivery, 'pending');
  const way = await wayBecomes(event.id, { whyNot: 'parked', state: 'parked' });
  assert.ok(way.relay.parkedReason.length > 0);
  const { body } = await admin.get('/api/admin/events?state=parked&limit=1');
  const row = body.items.find(({ eventId }) => eventId === event.id);
  assert.deepEqual([row.userId, row.sessionId, row.parkedReason], [person.id, null, way.relay.parkedReason]);
  assert.ok(row.attempts > 0);
  const other = await signedIn();
  assert.equal((await stack.decide(other.person, 'approve')).delivery, 'relayed');
  stack.redisCommand('DEL', stream);
});

story('while Redis is away the event is told all the same, and afterwards its way goes on', async () => {
  const { person, device } = await signedIn();
  await stack.redis.kill();
  const { event, delivery } = await stack.decide(person, 'approve');
  assert.equal(delivery, 'pending');
  const way = await wayOf(event.id);
  assert.deepEqual([way.relay.state, way.relay.at, way.sockets, way.whyNot], ['pending', null, null, 'not_relayed']);
  await stack.bringRedisBack();
  await wayBecomes(event.id, { whyNot: 'no_open_tab', state: 'relayed' });
  await device.post('/api/auth/refresh-session');
});

story('receipts that Redis has lost are said to be lost; a purged row is told from the audit log', async () => {
  const { person } = await signedIn();
  const { event } = await stack.decide(person, 'approve');
  await until(async () => (await wayOf(event.id)).relay.at, { what: 'the mark' });
  stack.redisCommand('FLUSHALL');
  await wayBecomes(event.id, { whyNot: 'receipts_aged_out', state: 'relayed' });
  stack.sqlite(`DELETE FROM outbox WHERE user_id = '${person.id}'`);
  const way = await wayBecomes(event.id, { whyNot: 'outbox_purged', state: 'relayed' });
  assert.deepEqual(way.event, event);
});

story('only admins are told, and what is no event is 404', async () => {
  const { person, device } = await signedIn();
  for (const path of [`/api/admin/events/${person.id}.1`, '/api/admin/events?state=parked']) {
    assert.equal((await device.get(path)).status, 403);
    assert.equal((await stack.device().get(path)).status, 401);
  }
  for (const id of [person.id, `${person.id}.2`, `${person.id}.0`, 'x', `${person.id}.1.1`]) {
    assert.equal((await admin.get(`/api/admin/events/${id}`)).status, 404, id);
  }
  for (const query of ['', '?state=relayed', '?state=parked&cursor=x', '?state=parked&limit=201', '?state=parked&who=me']) {
    assert.equal((await admin.get(`/api/admin/events${query}`)).status, 422, query);
  }
});
