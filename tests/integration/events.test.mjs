// Server-Sent Events from the real services: by Node's own HTTP, by curl, by bytes, and through a real nginx.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';

import { EventStream, parseBlocks } from '../support/event_stream.mjs';
import { startGateway } from '../support/gateway.mjs';
import { until } from '../support/process.mjs';
import { openRaw } from '../support/raw_http.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
let gateway;
// As nginx does it where nobody has thought of event streams: HTTP/1.0 to the node, and buffering.
const thoughtless = `location = /events { proxy_pass http://notify; proxy_http_version 1.0; proxy_buffering on; }`;
// As one who has turned buffering on for all.
const buffering = `location = /buffered { proxy_pass http://notify/events; proxy_buffering on; }`;

before(async () => {
  stack = await startStack({ notifyFlags: ['--heartbeat-interval', '1s'] });
  gateway = await startGateway({
    auth: `127.0.0.1:${stack.auth.port}`, notify: [`127.0.0.1:${stack.notify.port}`], locations: `${thoughtless}\n${buffering}`,
  });
});
after(async () => {
  await gateway?.stop();
  await stack?.stop();
});

const story = (name, body) => test(name, (t) => stack.telling(body)(t));

async function signedIn() {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  await device.post('/api/auth/refresh-session');  // before the relay has told of a person, a node cannot judge (4404)
  return { person, device };
}

const listen = ({ cookie = '', headers = {}, port = stack.notify.port, ...more } = {}) =>
  new EventStream({ port, headers: { cookie, origin: stack.origin, ...headers }, ...more });

story('the stream welcomes, then tells each change as it happens, once and in order; only events have an id', async () => {
  const { person, device } = await signedIn();
  const stream = listen(device);
  const { headers, statusCode } = await stream.answered();
  assert.equal(statusCode, 200);
  assert.equal(headers['content-type'], 'text/event-stream');
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['x-accel-buffering'], 'no');
  assert.equal(headers['transfer-encoding'], 'chunked');
  const welcome = await stream.heard('connection.welcome');
  assert.equal(welcome.data.user.status, 'pending');
  for (const action of ['reject', 'reconsider', 'approve']) await stack.decide(person, action);
  await stream.heard('stage_manager.approved');
  await stream.heard('connection.heartbeat', 2);
  const withId = stream.blocks.filter(({ id }) => id);
  assert.deepEqual(withId.map(({ frame }) => frame.type.split('.').at(-1)), ['rejected', 'reconsidered', 'approved']);
  for (const { id, frame } of withId) assert.equal(id, frame.cursor);
  assert.ok(stream.blocks[0].retry >= 1000 && !stream.blocks[0].frame);
  stream.leave();
});

story('a client that comes back with Last-Event-ID hears what it missed, and nothing twice', async () => {
  const { person, device } = await signedIn();
  const first = listen(device);
  await first.heard('connection.welcome');
  await stack.decide(person, 'reject');
  await first.heard('stage_manager.rejected');
  const { id } = first.blocks.at(-1);
  first.leave();
  await stack.decide(person, 'reconsider');
  const second = listen({ cookie: device.cookie, headers: { 'last-event-id': id }, path: '/events?cursor=nonsense' });
  const welcome = await second.heard('connection.welcome');
  assert.equal(welcome.data.resumed, true);
  await second.heard('stage_manager.reconsidered');
  assert.deepEqual(second.ofType('stage_manager.rejected'), []);
  second.leave();
});

story('curl shows the stream as it comes', async () => {
  const { person, device } = await signedIn();
  const curl = spawn('curl', ['-sN', '-b', device.cookie, `http://127.0.0.1:${stack.notify.port}/events`]);
  const closed = new Promise((ended) => curl.once('close', ended));
  let text = '';
  curl.stdout.on('data', (part) => { text += part; });
  const saw = (type) => until(() => parseBlocks(text).blocks.some(({ frame }) => frame?.type === `stagedoor.${type}`), { what: type });
  await saw('connection.welcome');
  await stack.decide(person, 'approve');
  await saw('stage_manager.approved');
  await device.post('/api/auth/logout');
  assert.equal(await closed, 0, 'the body came to its end');
  assert.ok(text.includes('"code":4401'));
});

story('through nginx that buffers, and through one that speaks HTTP/1.0, frames come as they are written', async () => {
  for (const path of ['/buffered', '/events']) {
    const { person, device } = await signedIn();
    const stream = listen({ cookie: device.cookie, port: gateway.port, path });
    await stream.heard('connection.welcome');
    await stack.decide(person, 'approve');
    await stream.heard('stage_manager.approved');
    await stream.heard('connection.heartbeat', 2);
    await device.post('/api/auth/logout');
    await stream.isClosed();
    assert.equal(stream.frames.at(-1).data.code, 4401, path);
  }
});

story('a session that ends is the end of its stream: `closing`, and within 300 ms the connection', async () => {
  const { person, device } = await signedIn();
  const other = stack.device();
  await other.signIn(person);
  const [leaving, staying] = [listen(device), listen(other)];
  await Promise.all([leaving, staying].map((each) => each.heard('connection.welcome')));
  await device.post('/api/auth/logout');
  await leaving.isClosed();
  assert.ok(leaving.whole);
  const closing = leaving.frames.at(-1);
  assert.deepEqual([closing.type, closing.data.code, closing.data.reconnect], ['stagedoor.connection.closing', 4401, 'never']);
  await staying.heard('connection.heartbeat', 2);
  assert.equal(staying.closed, false);
  staying.leave();

  const again = listen(device);
  assert.equal((await again.answered()).statusCode, 401);
  await again.isClosed();
  assert.equal(JSON.parse(again.body).status, 401);
});

story('a refresh that rotates the token keeps the stream', async () => {
  const { device } = await signedIn();
  const stream = listen(device);
  await stream.heard('connection.welcome');
  await device.post('/api/auth/refresh-session');
  await stream.heard('connection.heartbeat', 2);
  assert.equal(stream.closed, false);
  stream.leave();
});

story('a suspended person is told 4403, and 403 when coming back', async () => {
  const { person, device } = await signedIn();
  await stack.decide(person, 'approve');
  const stream = listen(device);
  await stream.heard('connection.welcome');
  await stack.decide(person, 'suspend');
  await stream.isClosed();
  assert.equal(stream.frames.at(-1).data.code, 4403);
  const again = listen(device);
  assert.equal((await again.answered()).statusCode, 403);
});

story('who is not signed in gets 401, another origin 403, another method 405; HEAD gets the head', async () => {
  const { device } = await signedIn();
  for (const cookie of ['', `stagedoor-${stack.auth.port}=nonsense`]) {
    assert.equal((await listen({ cookie }).answered()).statusCode, 401);
  }
  for (const origin of ['https://evil.example', 'null']) {
    const refused = await listen({ cookie: device.cookie, headers: { origin } }).answered();
    assert.deepEqual([refused.statusCode, refused.headers['access-control-allow-origin']], [403, undefined]);
  }
  const readable = await listen(device).answered();
  assert.equal(readable.headers['access-control-allow-origin'], stack.origin);
  assert.equal(readable.headers['access-control-allow-credentials'], 'true');
  assert.equal(readable.headers.vary, 'Origin');
  readable.destroy();
  const posted = await listen({ cookie: device.cookie, method: 'POST' }).answered();
  assert.deepEqual([posted.statusCode, posted.headers.allow], [405, 'GET, HEAD']);
  const head = listen({ cookie: device.cookie, method: 'HEAD' });
  const { statusCode, headers } = await head.answered();
  assert.deepEqual([statusCode, headers['content-type']], [200, 'text/event-stream']);
  await head.isClosed();
  assert.deepEqual(head.blocks, []);
});

story('the bytes of the answer are HTTP/1.1 with chunks, and HTTP/1.0 without', async () => {
  const { device } = await signedIn();
  for (const version of ['1.1', '1.0']) {
    const connection = openRaw(stack.notify.port);
    connection.send(`GET /events HTTP/${version}\r\nHost: a\r\nCookie: ${device.cookie}\r\n\r\n`);
    await until(() => connection.received().includes('connection.welcome'), { what: 'the welcome' });
    const [head, body] = connection.received().split('\r\n\r\n');
    assert.match(head, /\r\nConnection: close(\r\n|$)/);
    assert.equal(/\r\nTransfer-Encoding: chunked\r\n/.test(head), version === '1.1');
    assert.doesNotMatch(head, /Content-Length/i);
    assert.match(body, version === '1.1' ? /^[0-9a-f]+\r\nretry: \d+\n\n\r\n/ : /^retry: \d+\n\n/);
    connection.destroy();
  }
});

story('when Redis is away the stream says so, and new ones get 503; it goes on when Redis is back', async () => {
  const { device } = await signedIn();
  const stream = listen(device);
  await stream.heard('connection.welcome');
  await stack.redis.stop();
  await stream.heard('connection.degraded');
  const refused = await listen(device).answered();
  assert.equal(refused.statusCode, 503);
  assert.ok(Number(refused.headers['retry-after']) >= 1);
  await stack.bringRedisBack();
  // This Redis came back empty: the node may have to ask for a refresh (4404).
  await until(() => stream.ofType('connection.welcome').length === 2 || stream.frames.at(-1).data.code === 4404, { what: 'a word' });
  stream.leave();
});

story('SIGTERM says goodbye with the time to come back, and the process ends well', async () => {
  const { device } = await signedIn();
  const stream = listen(device);
  await stream.heard('connection.welcome');
  await stack.notify.stop();
  await stream.isClosed();
  const { retry, frame } = stream.blocks.at(-1);
  assert.equal(frame.data.code, 1012);
  assert.equal(frame.data.afterMs, retry);
  assert.ok(stream.whole);
  await stack.notify.start();
});
