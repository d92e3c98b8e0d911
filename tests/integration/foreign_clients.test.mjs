// Clients that know nothing of us, as they come out of the box: the `ws` package, Python's `websockets`, curl on the event stream, and
// the CloudEvents SDK, to which every frame is a CloudEvent.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { CloudEvent, HTTP } from 'cloudevents';
import WebSocket from 'ws';

import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

const script = fileURLToPath(new URL('../support/foreign_websockets.py', import.meta.url));
const eventNames = ['approved', 'rejected', 'reconsidered', 'suspended', 'reinstated'].map((name) => `stagedoor.stage_manager.${name}`);

let stack;
before(async () => { stack = await startStack({ notifyFlags: ['--heartbeat-interval', '1s'] }); });
const children = [];
after(() => {
  for (const child of children) child.kill();
  return stack?.stop();
});
const story = (name, body) => test(name, (t) => stack.telling(body)(t));

/** What any CloudEvents consumer does with a message in structured mode (HTTP and WebSocket share the JSON format). */
function parse(text) {
  const event = HTTP.toEvent({ headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' }, body: text });
  assert.ok(event instanceof CloudEvent);
  event.validate();
  const plain = JSON.parse(text);
  // The SDK writes times with all their digits; everything else comes out as it went in.
  const { time, ...rest } = JSON.parse(HTTP.structured(event).body);
  const { time: sent, ...others } = plain;
  assert.deepEqual(rest, others);
  assert.equal(Date.parse(time), Date.parse(sent));
  return event;
}

async function signedIn() {
  const person = await stack.person('Björn Borg 🎾');
  const device = stack.device();
  await device.signIn(person);
  await device.post('/api/auth/refresh-session');  // before the relay has told of a person, a node cannot judge (4404)
  return { person, device };
}

/** What both kinds of client come to: parsed events, how it ended, and ways to say something and to leave. */
class Heard {
  events = [];
  closed = null;

  take(text) { this.events.push(parse(text)); }
  ofType(type) { return this.events.filter((event) => event.type === type); }
  heard(type, count = 1) {
    return until(() => this.ofType(type).length >= count && this.ofType(type).at(-1), { what: `${type} ×${count}` });
  }
  ended() { return until(() => this.closed, { what: 'the end' }); }
}

/** `ws` with its defaults: it offers permessage-deflate, answers pings, and wants its subprotocol back. */
function withWs(device, { query = '', protocols = ['cloudevents.json'] } = {}) {
  const client = new Heard();
  const socket = new WebSocket(stack.socketUrl + query, protocols, { origin: stack.origin, headers: { cookie: device.cookie } });
  socket.on('message', (data, isBinary) => { assert.equal(isBinary, false); client.take(String(data)); });
  socket.on('close', (code, reason) => { client.closed = { code, reason: String(reason) }; });
  socket.on('error', () => {});
  return Object.assign(client, { socket, say: (text) => socket.send(text), leave: () => socket.close(1000) });
}

function withPython(device, { query = '', protocols = ['cloudevents.json'] } = {}) {
  const client = new Heard();
  // The system's own: what scripts/packages.txt lists is installed for it.
  const child = spawn('/usr/bin/python3', [script, stack.socketUrl + query, stack.origin, device.cookie, ...protocols],
                      { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line);
    if ('text' in said) client.take(said.text);
    else if ('closed' in said) client.closed = { code: said.closed, reason: said.reason };
    else client.opened = said;
  });
  child.on('close', () => { client.closed ??= { code: null }; });
  return Object.assign(client, { say: (text) => child.stdin.write(`${text}\n`), leave: () => child.stdin.end() });
}

/** curl, told nothing but to show what comes as it comes; its output is read as the HTML standard (9.2.6) says. */
function withCurl(device, { lastEventId } = {}) {
  const client = new Heard();
  const fields = [`Cookie: ${device.cookie}`, ...(lastEventId ? [`Last-Event-ID: ${lastEventId}`] : [])];
  const child = spawn('curl', ['--silent', '--show-error', '--no-buffer', '--include', ...fields.flatMap((field) => ['--header', field]),
                               `http://127.0.0.1:${stack.notify.port}/events`], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let head = [];
  let data = [];
  let id = '';
  const block = { data: (value) => data.push(value), id: (value) => { id = value; }, retry: (value) => { client.retry = Number(value); } };
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (head) {
      head.push(line);
      if (line === '') [client.head, head] = [head, null];
    } else if (line === '') {
      if (data.length > 0) client.take(data.join('\n'));
      if (data.length > 0) client.ids.push(id);
      data = [];
    } else if (!line.startsWith(':')) {
      const [, name, value] = /^([^:]*)(?:: ?(.*))?$/.exec(line);
      block[name]?.(value ?? '');
    }
  });
  child.on('close', (code) => { client.closed = { code }; });
  return Object.assign(client, { ids: [], leave: () => child.kill() });
}

for (const [name, open] of [['the ws package', withWs], ["Python's websockets", withPython]]) {
  story(`${name}: welcome, each decision once and in order, an acknowledgement, a heartbeat, and its own leave`, async () => {
    const { person, device } = await signedIn();
    const client = open(device);
    const welcome = await client.heard('stagedoor.connection.welcome');
    assert.equal(welcome.data.user.displayName, 'Björn Borg 🎾');
    await stack.decide(person, 'approve', { reason: 'ünïcode “quoted” 🎭' });
    const approved = await client.heard('stagedoor.stage_manager.approved');
    assert.equal(approved.data.reason, 'ünïcode “quoted” 🎭');
    const before = (await stack.notify.metrics()).stagedoor_ws_acknowledgements_total;
    client.say(JSON.stringify({ type: 'ack', cursor: approved.cursor }));
    await until(async () => (await stack.notify.metrics()).stagedoor_ws_acknowledgements_total === before + 1, { what: 'the acknowledgement' });
    await client.heard('stagedoor.connection.heartbeat', 2);
    client.leave();
    assert.equal((await client.ended()).code, 1000);
    assert.deepEqual(client.events.filter(({ type }) => !type.includes('.connection.')).map(({ data }) => data.version), [2]);
  });

  story(`${name}: with a cursor it goes on where it was, without a subprotocol too`, async () => {
    const { person, device } = await signedIn();
    const first = open(device);
    const { cursor } = await first.heard('stagedoor.connection.welcome');
    first.leave();
    await first.ended();
    for (const action of ['reject', 'reconsider', 'approve']) await stack.decide(person, action);
    const second = open(device, { query: `?cursor=${encodeURIComponent(cursor)}`, protocols: [] });
    await second.heard('stagedoor.stage_manager.approved');
    assert.deepEqual(second.events.slice(0, 4).map(({ type }) => type.split('.').at(-1)), ['welcome', 'rejected', 'reconsidered', 'approved']);
    assert.equal(second.events[0].data.resumed, true);
    second.leave();
    await second.ended();
  });

  story(`${name}: the end of its session is a closing frame, and Close with code and reason`, async () => {
    const { device } = await signedIn();
    const client = open(device);
    await client.heard('stagedoor.connection.welcome');
    await device.post('/api/auth/logout');
    const { code, reason } = await client.ended();
    assert.equal(code, 4401);
    assert.equal(client.events.at(-1).type, 'stagedoor.connection.closing');
    assert.equal(client.events.at(-1).data.reason, reason);
  });
}

story('the ws package is given its subprotocol, and no extension', async () => {
  const { device } = await signedIn();
  const client = withWs(device);
  await client.heard('stagedoor.connection.welcome');
  assert.equal(client.socket.protocol, 'cloudevents.json');
  assert.equal(client.socket.extensions, '');
  client.leave();
  await client.ended();
});

story("Python's websockets is given its subprotocol, no extension, and an answer to each of its pings", async () => {
  const { device } = await signedIn();
  const client = withPython(device);
  // It pings five times a second, and would close with 1011 if an answer was missing.
  await client.heard('stagedoor.connection.heartbeat', 3);
  assert.deepEqual(client.opened, { opened: 'cloudevents.json', extensions: [] });
  client.leave();
  assert.equal((await client.ended()).code, 1000);
});

story('every kind of frame is a CloudEvent to the SDK', async () => {
  const { person, device } = await signedIn();
  const client = withWs(device);
  await client.heard('stagedoor.connection.welcome');
  for (const action of ['reject', 'reconsider', 'approve']) await stack.decide(person, action);
  stack.sqlite(`UPDATE users SET display_name = 'Zoë' WHERE id = '${person.id}'`);
  await client.heard('stagedoor.user.updated');
  await stack.decide(person, 'suspend');
  assert.equal((await client.ended()).code, 4403);
  const seen = new Set(client.events.map(({ type }) => type));

  await stack.decide(person, 'reinstate');
  await device.signIn(person);
  const { cursor } = client.events.filter((event) => event.cursor).at(-1);
  const later = withWs(device, { query: `?cursor=${encodeURIComponent(cursor)}` });
  await later.heard('stagedoor.stage_manager.reinstated');
  await later.heard('stagedoor.connection.heartbeat');
  await stack.redis.stop();
  await later.heard('stagedoor.connection.degraded');
  await stack.bringRedisBack();
  later.leave();
  await later.ended();
  for (const { type } of later.events) seen.add(type);

  const connection = ['welcome', 'heartbeat', 'degraded', 'closing'].map((name) => `stagedoor.connection.${name}`);
  assert.deepEqual([...seen].sort(), [...connection, ...eventNames, 'stagedoor.user.updated'].sort());
  const events = [...client.events, ...later.events].filter(({ type }) => !type.includes('.connection.'));
  assert.equal(new Set(events.map(({ id, source }) => `${source} ${id}`)).size, events.length, 'source and id name one event');
  assert.deepEqual(events.map(({ data }) => data.version), [2, 3, 4, 5, 6, 7]);
});

story('curl: the same events, and with the last id it goes on where it was', async () => {
  const { person, device } = await signedIn();
  const first = withCurl(device);
  const welcome = await first.heard('stagedoor.connection.welcome');
  assert.match(first.head[0], /^HTTP\/1\.1 200 /);
  const fields = first.head.map((line) => line.toLowerCase());
  for (const field of ['content-type: text/event-stream', 'x-accel-buffering: no', 'cache-control: no-store']) {
    assert.ok(fields.some((line) => line.startsWith(field)), `${field} in ${fields}`);
  }
  assert.equal(welcome.data.user.displayName, 'Björn Borg 🎾');
  await stack.decide(person, 'reject', { reason: 'a line\nand another' });
  const rejected = await first.heard('stagedoor.stage_manager.rejected');
  assert.equal(rejected.data.reason, 'a line\nand another');
  await first.heard('stagedoor.connection.heartbeat', 2);
  assert.ok(first.retry > 0);
  const lastEventId = first.ids.at(-1);
  assert.equal(lastEventId, rejected.cursor);
  first.leave();
  await first.ended();

  for (const action of ['reconsider', 'approve']) await stack.decide(person, action);
  const second = withCurl(device, { lastEventId });
  await second.heard('stagedoor.stage_manager.approved');
  assert.deepEqual(second.events.slice(0, 3).map(({ type }) => type.split('.').at(-1)), ['welcome', 'reconsidered', 'approved']);
  assert.equal(second.events[0].data.resumed, true);
  await device.post('/api/auth/logout');
  assert.equal((await second.ended()).code, 0, 'the body ends as HTTP says');
  assert.equal(second.events.at(-1).type, 'stagedoor.connection.closing');
  const late = withCurl(device);
  await late.ended();
  assert.match(late.head[0], /^HTTP\/1\.1 401 /);
});
