// What the log tells of requests that are refused by the hundred: the first of a kind whole, the rest as sums, none lost; and that
// each 401 has its line.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startStack } from '../support/stack.mjs';
import { until } from '../support/process.mjs';

/** A system whose auth-service has one event loop, so that a kind is told once a second. */
async function withStack(flags, scene) {
  const stack = await startStack({ authFlags: ['--threads', '1', '--log-format', 'json', ...flags] });
  try {
    await stack.telling(scene)(stack);
  } finally {
    await stack.stop();
  }
}

const records = (stack) => stack.auth.output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));

/** How often the log tells of a problem at signing in: in lines of their own, and in sums. */
function toldOf(stack, code) {
  const mine = records(stack).filter((each) => each.code === code && each.path === '/api/auth/login');
  const whole = mine.filter((each) => each.event === 'request');
  const sums = mine.filter((each) => each.event === 'refused_again');
  return { whole, sums, count: whole.length + sums.reduce((all, each) => all + each.count, 0) };
}

const signIns = (stack, person, count, password = person.password) =>
  Promise.all(Array.from({ length: count }, () => stack.device().post('/api/auth/login', { email: person.email, password })));

test('sign-ins that a limit refuses are a line and sums, which name the limit and whose it is', () =>
  withStack(['--limit-sign-ins', '10/1h'], async (stack) => {
    const person = await stack.person();
    const answers = await signIns(stack, person, 60);
    const refused = answers.filter(({ status }) => status === 429).length;
    assert.ok(refused >= 49, `${refused}`);
    await until(() => toldOf(stack, 'rate_limited').count >= refused, { what: 'the sums' });
    const { whole, sums, count } = toldOf(stack, 'rate_limited');
    assert.equal(count, refused);
    assert.ok(whole.length < refused / 2, `${whole.length} lines`);
    const events = records(stack).filter((each) => each.event === 'excess_rate_limit_exceeded');
    assert.equal(events.length, whole.length, 'a line of the request, and one of the event');
    for (const each of sums) {
      assert.deepEqual([each.level, each.method, each.status, each.about], ['warn', 'POST', 429, events[0].about]);
    }
    const { stagedoor_rate_limited_total: metric } = await stack.auth.metrics();
    assert.equal(metric, refused, 'metrics count each');
  }));

test('what is left of the sums is told when the service ends', () =>
  withStack(['--hash-threads', '1', '--limit-failed-sign-ins-account', 'off'], async (stack) => {
    const person = await stack.person();
    const answers = await signIns(stack, person, 200);
    const refused = answers.filter(({ status }) => status === 503).length;
    assert.ok(refused > 50, `${refused}`);
    await stack.auth.stop();
    const { whole, count } = toldOf(stack, 'overloaded');
    assert.equal(count, refused);
    assert.ok(whole.length < refused / 2, `${whole.length} lines`);
    for (const each of whole) assert.equal(each.level, 'warn');
  }));

test('each 401 has a line of its own, however many there are', () =>
  withStack([], async (stack) => {
    const person = await stack.person();
    const device = stack.device();
    await device.signIn(person);
    const { body: { items: [{ id }] } } = await device.get('/api/auth/sessions');
    const other = stack.device();
    await other.signIn(person);
    assert.equal((await other.delete(`/api/auth/sessions/${id}`)).status, 204);
    const { cookie } = device;
    for (let i = 0; i < 40; ++i) {
      assert.equal((await device.get('/api/auth/me', { headers: { cookie } })).status, 401);
    }
    const lines = () => records(stack).filter((each) => each.event === 'request' && each.status === 401);
    await until(() => lines().length >= 40, { what: '40 lines' });
    assert.equal(lines().length, 40);
    assert.equal(new Set(lines().map((each) => each.session)).size, 1);
    assert.equal(new Set(lines().map((each) => each.request_id)).size, 40);
  }));
