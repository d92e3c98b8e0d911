// The browser library's pure decisions: backoff, the table of close codes, ordering, and what outside text may do.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { VersionOrder, adviceFor, bounds, closeTable, jitteredDelay, localPath, parseFrame, parseRetryAfter,
         reconnectDelay, retryDelay, silenceLimit, socketUrl } from '../../../auth-service/web/assets/stagedoor-policy.js';

const never = () => 0;
const almostOne = () => 1 - Number.EPSILON;

test('the table of close codes is the one of the services', () => {
  const header = readFileSync(new URL('../../../common/core/close_code.hpp', import.meta.url), 'utf8');
  const codes = Object.fromEntries([...header.matchAll(/^ +(\w+) = (\d{4}),/gm)].map(([, name, code]) => [name, code]));
  const rules = [...header.matchAll(/close_rule\{close_code::(\w+), reconnect::(\w+)/g)];
  const served = Object.fromEntries(rules.map(([, name, advice]) => [codes[name], advice.replace('_', '-')]));
  assert.deepEqual({ ...closeTable }, served);
  const documented = readFileSync(new URL('../../../proto-docs/close-codes.md', import.meta.url), 'utf8')
    .matchAll(/^\| (\d{4}) \| `(\w+)` \|/gm);
  assert.deepEqual(Object.fromEntries([...documented].map(([, code, name]) => [name, code])), codes);
});

test('a closing frame wins over the table', () => {
  assert.deepEqual(adviceFor(4401, { reconnect: 'after', afterMs: 700 }), { reconnect: 'after', afterMs: 700 });
  assert.deepEqual(adviceFor(1012, { reconnect: 'never' }), { reconnect: 'never', afterMs: null });
});

test('a closing frame that makes no sense leaves the table in force', () => {
  for (const closing of [null, {}, { reconnect: 'perhaps' }, { reconnect: 3, afterMs: 5 }]) {
    assert.deepEqual(adviceFor(4404, closing), { reconnect: 'after-refresh', afterMs: null });
  }
});

test('a delay that the server asks for is bounded, and nonsense is none', () => {
  assert.equal(adviceFor(1012, { reconnect: 'after', afterMs: 1e12 }).afterMs, bounds.maxAfterMs);
  for (const afterMs of [-1, NaN, Infinity, '5', null]) {
    assert.equal(adviceFor(1012, { reconnect: 'after', afterMs }).afterMs, null);
  }
});

test('an unlisted code means trying again', () => {
  for (const code of [1000, 1001, 1006, 1011, 4999]) assert.equal(adviceFor(code).reconnect, 'after');
});

test('delays grow, are jittered over the whole window, and are bounded', () => {
  let last = 0;
  for (let attempt = 0; attempt < 100; ++attempt) {
    const longest = jitteredDelay(attempt, almostOne);
    assert.ok(longest >= last && longest <= bounds.maxDelayMs);
    assert.ok(jitteredDelay(attempt, never) <= bounds.minDelayMs);
    last = longest;
  }
  assert.ok(last > bounds.maxDelayMs - 1);
});

test('"now" is at once the first time only', () => {
  assert.equal(reconnectDelay({ reconnect: 'now', attempt: 0 }), 0);
  for (let attempt = 1; attempt < 20; ++attempt) {
    assert.ok(reconnectDelay({ reconnect: 'now', attempt, random: never }) >= bounds.minDelayMs);
  }
});

test('"never" has no delay, and the slot of a drain is kept to the letter', () => {
  assert.equal(reconnectDelay({ reconnect: 'never', attempt: 0 }), null);
  assert.equal(reconnectDelay({ reconnect: 'after', afterMs: 1_234, attempt: 0, random: almostOne }), 1_234);
});

test('later attempts wait at least what the server asked for', () => {
  assert.equal(reconnectDelay({ reconnect: 'after', afterMs: 50_000, attempt: 3, random: never }), 50_000);
  assert.ok(reconnectDelay({ reconnect: 'after', afterMs: 10, attempt: 5, random: almostOne }) > 29_000);
});

test('a repeated call waits for Retry-After at least', () => {
  assert.equal(retryDelay({ attempt: 0, retryAfter: 7, random: never }), 7_000);
  assert.equal(retryDelay({ attempt: 0, random: never }), bounds.minDelayMs);
});

test('Retry-After is seconds or a date, never negative or endless', () => {
  const now = Date.parse('2030-01-01T00:00:00Z');
  assert.equal(parseRetryAfter('12'), 12);
  assert.equal(parseRetryAfter('Tue, 01 Jan 2030 00:00:30 GMT', now), 30);
  assert.equal(parseRetryAfter('Tue, 01 Jan 2019 00:00:30 GMT', now), 0);
  assert.equal(parseRetryAfter('99999999999'), bounds.retryAfterSeconds);
  for (const nothing of [null, '', 'soon', '-3x']) assert.equal(parseRetryAfter(nothing), null);
});

test('silence is judged by the interval that the server told', () => {
  assert.equal(silenceLimit(10_000), 15_000);
  assert.equal(silenceLimit(undefined), bounds.heartbeatMs * 1.5);
  assert.equal(silenceLimit(0), bounds.minHeartbeatMs * 1.5);
});

test('versions of a subject only rise, and subjects do not disturb each other', () => {
  const order = new VersionOrder();
  assert.deepEqual([1, 2, 2, 1, 5, 4, 6].map((version) => order.accept('ada', version)),
                   [true, true, false, false, true, false, true]);
  assert.equal(order.accept('ben', 1), true);
  for (const nonsense of [undefined, null, '7', 7.5, NaN]) assert.equal(order.accept('ada', nonsense), false);
});

test('the memory of versions is bounded', () => {
  const order = new VersionOrder();
  for (let i = 0; i <= bounds.subjects; ++i) order.accept(`user ${i}`, 1);
  assert.equal(order.accept('user 0', 1), true, 'the oldest subject is forgotten');
  assert.equal(order.accept(`user ${bounds.subjects}`, 1), false, 'the newest is not');
});

test('only CloudEvents objects are frames', () => {
  const frame = { specversion: '1.0', id: '1', source: '/stagedoor', type: 'stagedoor.user.updated' };
  assert.deepEqual(parseFrame(JSON.stringify(frame)), frame);
  for (const text of ['', '{', 'null', '[]', '7', '{"type":"x"}', JSON.stringify({ ...frame, specversion: '0.3' }),
                      JSON.stringify({ ...frame, id: 1 }), new ArrayBuffer(4), undefined]) {
    assert.equal(parseFrame(text), null);
  }
});

test('redirects stay on this origin', () => {
  const origin = 'https://app.example';
  assert.equal(localPath('/stage-manager?x=1#y', origin), '/stage-manager?x=1#y');
  for (const elsewhere of ['//evil.example/', '/\\evil.example/', 'https://evil.example/', 'javascript:alert(1)', '',
                           undefined, null, 'stage-manager']) {
    assert.equal(localPath(elsewhere, origin), null);
  }
});

test('the socket address follows the page unless it is told otherwise', () => {
  const page = 'https://app.example/stage-manager-pending';
  assert.equal(socketUrl('', page), 'wss://app.example/ws');
  assert.equal(socketUrl('/push/ws', page), 'wss://app.example/push/ws');
  assert.equal(socketUrl('ws://localhost:8081/ws', 'http://localhost:8080/'), 'ws://localhost:8081/ws');
  assert.equal(socketUrl('/ws', 'http://localhost:8080/', 'ab+c-3'), 'ws://localhost:8080/ws?cursor=ab%2Bc-3');
});
