// Sockets from sign-in to sign-out, with a client that knows nothing of us: the `ws` package.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack({ notifyFlags: ['--heartbeat-interval', '1s'] }); });
after(() => stack?.stop());

const story = (name, body) => test(name, (t) => stack.telling(body)(t));

/** A socket that keeps what it hears. */
class Listener {
  frames = [];
  closed = null;
  refused = null;

  constructor({ cookie = '', query = '', origin = stack.origin, protocols = ['cloudevents.json'] } = {}) {
    this.socket = new WebSocket(stack.socketUrl + query, protocols,
                                { headers: { cookie, ...(origin ? { origin } : {}) } });
    this.socket.on('message', (data, isBinary) => {
      assert.equal(isBinary, false);
      const frame = JSON.parse(data);
      assert.equal(frame.specversion, '1.0');
      for (const name of ['id', 'source', 'type', 'time']) assert.ok(frame[name], `${name} of ${data}`);
      this.frames.push(frame);
    });
    this.socket.on('close', (code, reason) => { this.closed = { code, reason: String(reason) }; });
    this.socket.on('unexpected-response', (request, response) => { this.refused = response.statusCode; request.destroy(); });
    this.socket.on('error', () => {});
  }

  ofType(type) { return this.frames.filter((frame) => frame.type === `stagedoor.${type}`); }
  heard(type, count = 1) {
    return until(() => this.ofType(type).length >= count && this.ofType(type).at(-1), { what: `${type} ×${count}` });
  }
  isClosed() { return until(() => this.closed, { what: 'the close' }); }
  isRefused() { return until(() => this.refused, { what: 'the refusal' }); }
  leave() { this.socket.terminate(); }
}

/** As a client that was told 503, or to refresh (4404), comes back until it is welcome. */
const reconnected = (device) => until(async () => {
  await device.post('/api/auth/refresh-session');
  const listener = new Listener(device);
  const welcome = () => listener.ofType('connection.welcome').length > 0;
  await until(() => welcome() || listener.refused || listener.closed, { what: 'an answer' });
  if (welcome()) return listener;
  listener.leave();
  return undefined;
}, { what: 'a welcome' });

async function signedIn() {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  return { person, device };
}

story('a welcome tells the present state, then each change comes as it happens, once and in order', async () => {
  const { person, device } = await signedIn();
  const listener = new Listener(device);
  const welcome = await listener.heard('connection.welcome');
  assert.equal(listener.socket.protocol, 'cloudevents.json');
  assert.deepEqual(Object.keys(welcome.data.user), ['id', 'email', 'displayName', 'role', 'status', 'version']);
  assert.equal(welcome.data.user.status, 'pending');
  assert.equal(welcome.data.resumed, false);
  assert.ok(welcome.data.heartbeatIntervalMs >= 1000);
  for (const action of ['reject', 'reconsider', 'approve']) await stack.decide(person, action);
  const approved = await listener.heard('stage_manager.approved');
  assert.equal(approved.data.user.status, 'active');
  assert.equal(approved.data.previousStatus, 'pending');
  assert.equal(approved.subject, person.id);
  const events = listener.frames.filter((frame) => !frame.type.startsWith('stagedoor.connection.'));
  assert.deepEqual(events.map((event) => event.data.version), [2, 3, 4]);
  listener.leave();
});

story('a client that comes back with its cursor hears what it missed, and nothing twice', async () => {
  const { person, device } = await signedIn();
  const first = new Listener(device);
  const { cursor } = await first.heard('connection.welcome');
  first.leave();
  await stack.decide(person, 'reject');
  await stack.decide(person, 'reconsider');
  const second = new Listener({ cookie: device.cookie, query: `?cursor=${encodeURIComponent(cursor)}` });
  const welcome = await second.heard('connection.welcome');
  assert.equal(welcome.data.resumed, true);
  const last = await second.heard('stage_manager.reconsidered');
  assert.deepEqual(second.frames.map((frame) => frame.type.split('.').at(-1)).slice(0, 3), ['welcome', 'rejected', 'reconsidered']);
  second.leave();
  const third = new Listener({ cookie: device.cookie, query: `?cursor=${encodeURIComponent(last.cursor)}` });
  await third.heard('connection.heartbeat');
  assert.deepEqual(third.ofType('stage_manager.reconsidered'), []);
  third.leave();
});

story('a cursor of somebody else, or of nobody, is harmless', async () => {
  const { device } = await signedIn();
  for (const cursor of ['nonsense', '00000000-1', '', '%00', 'x'.repeat(500)]) {
    const listener = new Listener({ cookie: device.cookie, query: `?cursor=${cursor}` });
    const outcome = await until(() => listener.ofType('connection.welcome').at(-1) || listener.refused, { what: cursor });
    if (outcome.data) assert.equal(outcome.data.resumed, false);
    else assert.equal(outcome, 400);
    listener.leave();
  }
});

story('signing out closes the socket of that session with 4401 and says so before; the other device stays', async () => {
  const { person, device } = await signedIn();
  const other = stack.device();
  await other.signIn(person);
  const [leaving, staying] = [new Listener(device), new Listener(other)];
  await leaving.heard('connection.welcome');
  await staying.heard('connection.welcome');
  await device.post('/api/auth/logout');
  assert.equal((await leaving.isClosed()).code, 4401);
  const closing = leaving.frames.at(-1);
  assert.equal(closing.type, 'stagedoor.connection.closing');
  assert.deepEqual({ code: closing.data.code, reconnect: closing.data.reconnect }, { code: 4401, reconnect: 'never' });
  await staying.heard('connection.heartbeat', 2);
  assert.equal(staying.closed, null);
  staying.leave();
});

story('a suspension closes every socket of the person with 4403', async () => {
  const { person, device } = await signedIn();
  await stack.decide(person, 'approve');
  const listener = new Listener(device);
  await listener.heard('connection.welcome');
  await stack.decide(person, 'suspend');
  assert.equal((await listener.isClosed()).code, 4403);
});

story('a refresh that rotates the token keeps the socket', async () => {
  const { device } = await signedIn();
  const listener = new Listener(device);
  await listener.heard('connection.welcome');
  await device.post('/api/auth/refresh-session');
  const renewed = new Listener(device);
  await renewed.heard('connection.welcome');
  await listener.heard('connection.heartbeat', 2);
  assert.equal(listener.closed, null);
  listener.leave();
  renewed.leave();
});

story('who is not signed in is told by a closing frame and 4401', async () => {
  for (const cookie of ['', `stagedoor-${stack.auth.port}=nonsense`]) {
    const listener = new Listener({ cookie });
    assert.equal((await listener.isClosed()).code, 4401);
    assert.equal(listener.ofType('connection.closing').length, 1);
  }
  const { device } = await signedIn();
  const { cookie } = device;
  await device.post('/api/auth/logout');
  const late = new Listener({ cookie });
  assert.equal((await late.isClosed()).code, 4401);
});

story('a foreign or missing origin is refused before the upgrade', async () => {
  const { device } = await signedIn();
  for (const origin of ['https://evil.example', `${stack.origin}.evil.example`, 'null', null]) {
    assert.equal(await new Listener({ cookie: device.cookie, origin }).isRefused(), 403);
  }
});

story('what is no WebSocket is told to upgrade, and unknown paths are not found', async () => {
  const base = `http://127.0.0.1:${stack.notify.port}`;
  const plain = await fetch(`${base}/ws`, { headers: { origin: stack.origin } });
  assert.equal(plain.status, 426);
  assert.equal((await plain.json()).code, 'upgrade_required');
  assert.equal((await fetch(`${base}/nothing`)).status, 404);
  assert.equal((await fetch(`${base}/ws`, { method: 'POST', headers: { origin: stack.origin } })).status, 405);
});

story('a peer that does not answer pings is gone with 4408', async () => {
  const { device } = await signedIn();
  const listener = new Listener(device);
  listener.socket.pong = () => {};
  listener.socket._autoPong = false;
  await listener.heard('connection.welcome');
  const { code } = await until(() => listener.closed, { what: 'the close for a missing pong', withinMs: 30_000 });
  assert.equal(code, 4408);
});

story('a message that is binary or too large ends the connection by its RFC 6455 code', async () => {
  const { device } = await signedIn();
  for (const [message, code] of [[Buffer.from([1, 2, 3]), 1003], ['x'.repeat(5000), 1009]]) {
    const listener = new Listener(device);
    await listener.heard('connection.welcome');
    listener.socket.send(message);
    assert.equal((await listener.isClosed()).code, code);
  }
});

story('a status changed by plain SQL reaches the socket', async (t) => {
  const { person, device } = await signedIn();
  const listener = new Listener(device);
  await listener.heard('connection.welcome');
  stack.sqlite(`UPDATE users SET status = 'active' WHERE id = '${person.id}'`);
  const event = await listener.heard('stage_manager.approved');
  assert.equal(event.data.user.status, 'active');
  listener.leave();
});

story('when Redis was away sockets stay, are told so, and hear afterwards what happened meanwhile', async () => {
  const { person, device } = await signedIn();
  const listener = new Listener(device);
  await listener.heard('connection.welcome');
  await stack.redis.stop();
  await listener.heard('connection.degraded');
  stack.sqlite(`UPDATE users SET status = 'active' WHERE id = '${person.id}'`);
  const refused = new Listener(device);
  assert.equal(await refused.isRefused(), 503);
  await stack.bringRedisBack();
  const outcome = await until(() => listener.ofType('stage_manager.approved').at(-1) || listener.closed, { what: 'the event' });
  // This Redis came back empty: a node that cannot tell any more whether the session lives says so (4404).
  if (outcome.code) {
    assert.equal(outcome.code, 4404);
    const again = await reconnected(device);
    assert.equal(again.ofType('connection.welcome')[0].data.user.status, 'active');
    again.leave();
  }
  listener.leave();
});

story('SIGTERM says goodbye to every socket with 1012, and the process ends well', async () => {
  const { device } = await signedIn();
  const listener = new Listener(device);
  await listener.heard('connection.welcome');
  await stack.notify.stop();
  assert.equal((await listener.isClosed()).code, 1012);
  const closing = listener.ofType('connection.closing').at(-1);
  assert.equal(closing.data.reconnect, 'after');
  assert.ok(closing.data.afterMs >= 0);
  await stack.notify.start();
});
