// Event streams in the place of a WebSocket: reading them, what a refusal means, and when the library turns to them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { BlockReader, EventStreamSocket } from '../../../auth-service/web/assets/stagedoor-event-stream.js';
import { Notifications, bounds } from '../../../auth-service/web/assets/stagedoor-client.js';
import { TransportChoice, closeCodeOf, eventStreamUrl } from '../../../auth-service/web/assets/stagedoor-policy.js';
import { fakeBrowser, user } from './support.mjs';

const settled = () => new Promise((resolve) => setImmediate(resolve));
const welcome = { specversion: '1.0', id: 'i', source: '/stagedoor', type: 'stagedoor.connection.welcome', cursor: 'c-1',
                  data: { user: user(1), resumed: false, heartbeatIntervalMs: 1_000 } };

/** An answer of `/events` whose body the test writes. */
function openAnswer() {
  let writer;
  const body = new ReadableStream({ start(controller) { writer = controller; } });
  const say = (text) => writer.enqueue(new TextEncoder().encode(text));
  return { response: new Response(body, { status: 200 }), say, end: () => writer.close(), break: () => writer.error(new Error('cut')) };
}

function opened(fetch) {
  const heard = [];
  const closed = [];
  const socket = new EventStreamSocket('http://localhost/events', fetch);
  socket.onmessage = ({ data }) => heard.push(data);
  socket.onclose = (how) => closed.push(how);
  return { socket, heard, closed };
}

test('a stream reads the same however it is cut', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = ['retry: 5', '', ': a comment', 'id: 1', 'data: {"a":1}', '', 'data:x', 'data', 'event: b', 'data: y', '', 'data: open', '']
      .join(end);
    for (let cut = 0; cut <= text.length; ++cut) {
      const reader = new BlockReader();
      assert.deepEqual([...reader.read(text.slice(0, cut)), ...reader.read(text.slice(cut)), ...reader.read('\n')].slice(0, 2),
                       ['{"a":1}', 'x\n\ny'], `cut at ${cut}, ${JSON.stringify(end)}`);
    }
  }
});

test('an event that never ends is not kept for ever', () => {
  const reader = new BlockReader();
  assert.throws(() => { for (;;) reader.read(`data: ${'x'.repeat(1_000)}\n`); }, RangeError);
});

test('frames come as messages, the end of the body as a lost connection', async () => {
  const answer = openAnswer();
  const { socket, heard, closed } = opened(async (url, { credentials }) => {
    assert.deepEqual([url, credentials], ['http://localhost/events', 'include']);
    return answer.response;
  });
  assert.equal(socket.readyState, 0);
  answer.say('retry: 1\n\nda');
  answer.say('ta: é\n\n');
  await settled();
  assert.equal(socket.readyState, 1);
  assert.deepEqual(heard, ['é']);
  answer.end();
  await settled();
  assert.deepEqual(closed, [{ code: 1006, reason: '' }]);
});

test('after close() nothing is told, and the request is given up', async () => {
  let signal;
  const answer = openAnswer();
  const { socket, heard, closed } = opened(async (url, options) => { signal = options.signal; return answer.response; });
  await settled();
  socket.close();
  answer.say('data: x\n\n');
  await settled();
  assert.ok(signal.aborted);
  assert.deepEqual([heard, closed], [[], []]);
});

test('a refusal is told as the close code that a WebSocket would have had', async () => {
  for (const [status, code, headers, closing] of [
    [401, 4401, {}, null], [403, 4403, {}, null], [502, 1006, {}, null],
    [429, 4409, { 'retry-after': '7' }, { reconnect: 'after', afterMs: 7_000 }],
    [503, 1013, { 'retry-after': '2' }, { reconnect: 'after', afterMs: 2_000 }],
  ]) {
    const { closed } = opened(async () => new Response('{"code":"why"}', { status, headers }));
    await settled();
    await settled();
    assert.deepEqual(closed, [{ code, reason: 'why', closing }], String(status));
  }
});

test('the close code of a refusal is the one that the services have beside the status', () => {
  const rows = readFileSync(new URL('../../../proto-docs/close-codes.md', import.meta.url), 'utf8').matchAll(/^\| (\d{4}) .* (\d{3}) \|$/gm);
  const refusals = [...rows].map(([, code, status]) => [Number(code), Number(status)]).filter(([, status]) => status !== 200);
  for (const [code, status] of refusals) {
    // A node that drains cannot be told from one that is full: both are 503, and both mean coming back.
    assert.equal(closeCodeOf(status), code === 1012 ? 1013 : code, String(status));
  }
  assert.deepEqual(refusals.map(([, status]) => status), [503, 503, 401, 403, 429]);
});

test('the stream is beside the socket', () => {
  const page = 'https://app.example/stage-manager';
  assert.equal(eventStreamUrl('', page), 'https://app.example/events');
  assert.equal(eventStreamUrl('/push/ws', page, 'c-1'), 'https://app.example/push/events?cursor=c-1');
  assert.equal(eventStreamUrl('ws://localhost:8081/ws', 'http://localhost:8080/'), 'http://localhost:8081/events');
  assert.equal(eventStreamUrl('wss://push.example/ws', page), 'https://push.example/events');
});

test('a stream is tried when WebSockets say nothing, and kept for a while when it speaks', () => {
  const choice = new TransportChoice('auto');
  assert.equal(choice.next(0), 'ws');
  for (let i = 1; i < bounds.silentAttempts; ++i) {
    choice.silent('ws');
    assert.equal(choice.next(0), 'ws');
  }
  choice.silent('ws');
  assert.equal(choice.next(0), 'sse');
  choice.welcomed('sse', 0);
  assert.equal(choice.next(bounds.streamMs - 1), 'sse');
  assert.equal(choice.next(bounds.streamMs), 'ws', 'the network may be another one by now');
  choice.silent('ws');
  assert.equal(choice.next(bounds.streamMs), 'sse', 'it is not');
  choice.silent('sse');
  assert.equal(choice.next(bounds.streamMs), 'ws', 'neither gets through: the node is down');
});

test('a WebSocket that speaks is stayed with', () => {
  const choice = new TransportChoice('auto');
  choice.silent('ws');
  choice.welcomed('ws', 0);
  choice.silent('ws');
  assert.equal(choice.next(0), 'ws');
});

test('whoever asks for one transport gets no other', () => {
  for (const transport of ['ws', 'sse']) {
    const choice = new TransportChoice(transport);
    for (let i = 0; i < 5; ++i) choice.silent(transport);
    assert.equal(choice.next(0), transport);
  }
  assert.throws(() => new TransportChoice('carrier pigeon'), TypeError);
});

test('notifications go on over an event stream where no WebSocket gets through, with their cursor', async () => {
  const browser = fakeBrowser();
  const answers = [];
  browser.fetch = async (url) => { const answer = openAnswer(); answers.push({ url, ...answer }); return answer.response; };
  const notifications = new Notifications({ environment: browser, cursor: 'c-0' });
  const heard = [];
  notifications.addEventListener('event', ({ detail }) => heard.push(detail.data.version));
  notifications.open();
  for (let i = 0; i < bounds.silentAttempts; ++i) {
    assert.equal(notifications.transport, 'ws');
    browser.socket.hangUp();
    await browser.pass(2 * bounds.baseDelayMs);
  }
  assert.equal(answers.length, 1);
  assert.equal(answers[0].url, 'http://localhost:8080/events?cursor=c-0');
  answers[0].say(`data: ${JSON.stringify(welcome)}\n\n`);
  await settled();
  assert.deepEqual([notifications.state, notifications.transport], ['live', 'sse']);
  const event = { ...welcome, type: 'stagedoor.stage_manager.approved', subject: 'ada', cursor: 'c-2',
                  data: { user: user(2, 'active'), version: 2, reason: null } };
  answers[0].say(`id: c-2\ndata: ${JSON.stringify(event)}\n\n`);
  await settled();
  assert.deepEqual(heard, [2]);
  answers[0].end();
  await settled();
  assert.equal(notifications.state, 'lost');
  await browser.pass(bounds.maxDelayMs);
  assert.equal(answers[1].url, 'http://localhost:8080/events?cursor=c-2');
  notifications.close();
});

test('notifications end when the event stream answers that nobody is signed in', async () => {
  const browser = fakeBrowser();
  browser.fetch = async () => new Response('{"code":"session_revoked"}', { status: 401 });
  const notifications = new Notifications({ environment: browser, transport: 'sse' });
  notifications.open();
  await settled();
  await settled();
  assert.equal(notifications.state, 'ended');
});
