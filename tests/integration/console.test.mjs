// What admins hear on their sockets: everybody's registrations and transitions, once and in order, over lost connections,
// dead nodes and wiped streams, and no longer than they are admins (R3, N5).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { allItems } from '../support/admin.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const story = (name, body) => test(name, (t) => stack.telling(body)(t));

/** A client that knows nothing of consoles: it keeps the cursor of the newest frame. */
class Console {
  frames = [];
  cursor = '';
  closed = null;

  constructor(device, cursor = '') {
    this.socket = new WebSocket(stack.socketUrl + (cursor && `?cursor=${cursor}`),
                                { headers: { cookie: device.cookie, origin: stack.origin } });
    this.socket.on('error', () => {});
    this.socket.on('close', (code) => { this.closed = code; });
    this.socket.on('message', (data) => {
      const frame = JSON.parse(data);
      this.frames.push(frame);
      if (frame.cursor) this.cursor = frame.cursor;
    });
  }

  get welcomes() { return this.frames.filter(({ type }) => type === 'stagedoor.connection.welcome'); }
  get events() { return this.frames.filter(({ type }) => !type.startsWith('stagedoor.connection.')); }
  /** `approved 2` … of one person. */
  told(person) {
    return this.events.filter(({ subject }) => subject === person.id).map(({ type, data }) => `${type.split('.').at(-1)} ${data.version}`);
  }
  hears(person, ...expected) {
    return until(() => this.told(person).join() === expected.join(), { what: `${expected}, not ${this.told(person)}` });
  }
}

/** Comes back as long as the node refuses (503) or wants a refresh (4404). */
const reconnected = (device, cursor) => until(async () => {
  await device.post('/api/auth/refresh-session');
  const again = new Console(device, cursor);
  await until(() => again.welcomes.length > 0 || again.socket.readyState === WebSocket.CLOSED, { what: 'an answer' });
  return again.welcomes.length > 0 && again;
}, { what: 'a welcome' });

story('an admin’s socket tells of registrations and of every transition, by whatever way they are made', async () => {
  const console = await reconnected(await stack.adminDevice());
  assert.deepEqual(console.welcomes[0].data.feed, { resumed: false });
  const person = await stack.person();
  for (const action of ['reject', 'reconsider', 'approve', 'suspend', 'reinstate']) await stack.decide(person, action);
  stack.sqlite(`UPDATE users SET status = 'suspended' WHERE id = '${person.id}'`);
  await console.hears(person, 'registered 1', 'rejected 2', 'reconsidered 3', 'approved 4', 'suspended 5', 'reinstated 6', 'suspended 7');
  assert.equal(new Set(console.events.map(({ id }) => id)).size, console.events.length);
  console.socket.close();
});

story('a stage manager’s socket tells of nobody else', async () => {
  const [person, other] = [await stack.person(), await stack.person()];
  const device = stack.device();
  await device.signIn(person);
  const tab = await reconnected(device);
  assert.equal('feed' in tab.welcomes[0].data, false);
  await stack.decide(other, 'approve');
  await stack.decide(person, 'approve');
  await tab.hears(person, 'approved 2');
  assert.deepEqual(tab.told(other), []);
  tab.socket.close();
});

story('what happened while the console was away is told once, behind its cursor; also when the node has died', async () => {
  const device = await stack.adminDevice();
  const [before, during] = [await stack.person(), await stack.person()];
  const first = await reconnected(device);
  await stack.decide(before, 'approve');
  await first.hears(before, 'approved 2');
  await stack.notify.kill();
  await stack.decide(during, 'reject');
  await stack.notify.start();
  const second = await reconnected(device, first.cursor);
  assert.deepEqual(second.welcomes[0].data.feed, { resumed: true });
  assert.equal(second.welcomes[0].data.resumed, true);
  await second.hears(during, 'rejected 2');
  assert.deepEqual(second.told(before), []);
  await stack.decide(during, 'reconsider');
  await second.hears(during, 'rejected 2', 'reconsidered 3');
  second.socket.close();
});

story('after a wipe a console is told to reload, and goes on', async () => {
  const device = await stack.adminDevice();
  const person = await stack.person();
  const first = await reconnected(device);
  const old = first.cursor;
  stack.redisCommand('FLUSHALL');
  await until(() => first.closed, { what: 'the close' });
  const second = await reconnected(device, old);
  await until(() => second.welcomes.at(-1).data.feed, { what: 'where the feed stands' });
  assert.deepEqual(second.welcomes.at(-1).data.feed, { resumed: false });
  await stack.decide(person, 'approve');
  await second.hears(person, 'approved 2');
  second.socket.close();
});

story('an admins’ stream that is lost alone is noticed with the next event', async () => {
  const console = await reconnected(await stack.adminDevice());
  const person = await stack.person();
  await console.hears(person, 'registered 1');
  stack.redisCommand('DEL', 'stagedoor:{admins}:events');
  await stack.decide(person, 'approve');
  await until(() => console.welcomes.length === 2, { what: 'a second welcome' });
  assert.deepEqual([console.welcomes[1].data.resumed, console.welcomes[1].data.feed], [true, { resumed: false }]);
  await stack.decide(person, 'suspend');
  await until(() => console.told(person).at(-1) === 'suspended 3', { what: 'the next event' });
  console.socket.close();
});

story('who is no admin any more hears nothing more of others, at once, and may go on as who they are', async () => {
  const person = await stack.person('A deputy');
  stack.sqlite(`UPDATE users SET role = 'admin', status = 'active' WHERE id = '${person.id}'`);
  const device = stack.device();
  await device.signIn(person);
  const console = await reconnected(device);
  assert.ok(console.welcomes[0].data.feed);
  stack.sqlite(`UPDATE users SET role = 'stage_manager' WHERE id = '${person.id}'`);
  const other = await stack.person();
  await until(() => console.closed, { what: 'the close' });
  assert.equal(console.closed, 4404);
  assert.equal(console.frames.at(-1).data.cause, 'forbidden');
  assert.deepEqual(console.told(other), []);

  const tab = await reconnected(device, console.cursor);
  assert.equal('feed' in tab.welcomes[0].data, false);
  await tab.hears(person, 'updated 3');
  tab.socket.close();
});

story('a suspended admin’s socket closes with 4403 before anything more is told', async () => {
  const person = await stack.person('Another deputy');
  stack.sqlite(`UPDATE users SET role = 'admin', status = 'active' WHERE id = '${person.id}'`);
  const device = stack.device();
  await device.signIn(person);
  const console = await reconnected(device);
  stack.sqlite(`UPDATE users SET status = 'suspended' WHERE id = '${person.id}'`);
  const other = await stack.person();
  await until(() => console.closed, { what: 'the close' });
  assert.equal(console.closed, 4403);
  assert.deepEqual(console.told(other), []);
});

/** An event stream as a text that grows; `ids` are what a browser would come back with. */
async function openStream(device, lastEventId) {
  const stream = { text: '', controller: new AbortController() };
  const headers = { cookie: device.cookie, origin: stack.origin, ...(lastEventId && { 'last-event-id': lastEventId }) };
  const answer = await fetch(`${stack.socketUrl.replace(/^ws/, 'http').replace(/ws$/, 'events')}`,
                             { headers, signal: stream.controller.signal });
  assert.equal(answer.status, 200);
  (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of answer.body) stream.text += decoder.decode(bytes, { stream: true });
  })().catch(() => {});
  Object.defineProperty(stream, 'ids', { get: () => [...stream.text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id) });
  await until(() => stream.text.includes('stagedoor.connection.welcome'), { what: 'a welcome' });
  return stream;
}

story('an admin’s event stream tells the same, and goes on by Last-Event-ID', async () => {
  const device = await stack.adminDevice();
  const person = await stack.person();
  const first = await openStream(device);
  await stack.decide(person, 'approve');
  await until(() => first.text.includes(`"id":"${person.id}.2"`), { what: 'the approval' });
  first.controller.abort();
  await stack.decide(person, 'suspend');
  const second = await openStream(device, first.ids.at(-1));
  await until(() => second.text.includes(`"id":"${person.id}.3"`), { what: 'the suspension' });
  assert.ok(!second.text.includes(`"id":"${person.id}.2"`));
  assert.match(second.text, /"feed":\{"resumed":true\}/);
  second.controller.abort();
});

story('consoles hear that calls were refused: at once, and of a flood no oftener than the audit log is written', async () => {
  const admin = await stack.adminDevice();
  const [console, other] = [await reconnected(admin), await reconnected(admin)];
  const denials = (of) => of.events.filter(({ type }) => type === 'stagedoor.audit.denied');
  const person = await stack.person();
  const manager = stack.device();
  await manager.signIn(person);
  assert.equal((await manager.get('/api/admin/tokens')).status, 403);
  await until(() => denials(console).length === 1 && denials(other).length === 1, { what: 'a word at both consoles' });
  const [{ id, subject, data, cursor }] = denials(console);
  assert.deepEqual([denials(other)[0].id, subject, data], [id, undefined, { calls: 1 }]);

  for (let call = 0; call < 200; ++call) await manager.get('/api/admin/tokens');
  assert.equal((await manager.get('/api/admin/audit')).status, 403);  // another kind: it is told at once
  await until(() => denials(console).length === 2, { what: 'a word of the other kind' });
  const rows = (await allItems(admin, `/api/admin/audit?action=denied&user=${person.id}`)).length;
  assert.deepEqual([rows, denials(console).map(({ data: { calls } }) => calls)], [2, [1, 1]]);

  // It has its place in the stream: whoever was away hears of it once.
  console.socket.close();
  const again = await reconnected(admin, cursor);
  await until(() => denials(again).length === 1, { what: 'what was missed' });
  await stack.decide(person, 'approve');
  await again.hears(person, 'approved 2');
  assert.deepEqual([again.welcomes[0].data.feed, denials(again).length], [{ resumed: true }, 1]);
});
