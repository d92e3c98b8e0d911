// Limits on signing in and registering: what a client is told, that nodes share them, that they go on without Redis, and
// that nobody can turn them against somebody.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startStack } from '../support/stack.mjs';

let stack;
before(async () => {
  stack = await startStack({
    authNodes: 2,
    authFlags: ['--trusted-proxy', '127.0.0.1', '--limit-sign-ins', '1000/1m', '--limit-failed-sign-ins-network', '8/10m',
                '--limit-failed-sign-ins-account', '3/15m', '--limit-failed-sign-ins-device', '2/15m',
                '--limit-registrations', '100/1h'],
  });
});
after(() => stack?.stop());

const told = (name, body) => test(name, (t) => stack.telling(body)(t));
const code = (answer) => `${answer.status} ${answer.body.code ?? ''}`.trim();

// Every test has networks of its own.
let lastNetwork = 0;
const network = () => `198.51.${100 + Math.floor(++lastNetwork / 250)}.${lastNetwork % 250}`;

const signIn = (device, { email }, password, from = network()) =>
  device.post('/api/auth/login', { email, password }, { headers: { 'x-forwarded-for': from } });

async function fail(times, person, { node = 0 } = {}) {
  const answers = [];
  for (let i = 0; i < times; ++i) answers.push(await signIn(stack.device(node), person, 'a wrong one'));
  return answers;
}

told('beyond the limit an account is 429, with Retry-After and the RateLimit fields; before, they say how much is left', async () => {
  const person = await stack.person();
  const [first, second, third, fourth] = await fail(4, person);
  assert.deepEqual([first, second, third, fourth].map(code),
                   ['401 invalid_credentials', '401 invalid_credentials', '401 invalid_credentials', '429 rate_limited']);
  assert.match(first.headers.get('ratelimit'), /"account";r=2;t=300/);
  assert.equal(first.headers.get('ratelimit-policy'), '"sign_in";q=1000;w=60, "network";q=8;w=600, "account";q=3;w=900');
  assert.match(fourth.headers.get('ratelimit'), /"account";r=0;t=(900|8\d\d)/);
  const wait = Number(fourth.headers.get('retry-after'));
  assert.ok(wait > 200 && wait <= 300, `${wait}`);
  assert.equal(fourth.body.detail, 'Too many sign-ins to this account have failed.');
  assert.equal(code(await signIn(stack.device(), person, person.password)), '429 rate_limited', 'the right password neither');
});

told('an account that nobody has is limited like one that somebody has', async () => {
  const known = await fail(5, await stack.person());
  const unknown = await fail(5, stack.stranger());
  const shape = (answer) => [code(answer), answer.body.detail, answer.headers.get('ratelimit-policy'),
                             answer.headers.get('ratelimit').replaceAll(/t=\d+/g, 't')];
  assert.deepEqual(unknown.map(shape), known.map(shape));
});

told('right passwords use up no account, also many at once from many places', async () => {
  const person = await stack.person();
  const answers = await Promise.all(Array.from({ length: 12 }, () => signIn(stack.device(), person, person.password)));
  assert.deepEqual([...new Set(answers.map(code))], ['200']);
  assert.match(answers[0].headers.get('ratelimit'), /"account";r=3;t=0/);
});

told('a device that had signed in before signs in while the account is under attack from elsewhere', async () => {
  const person = await stack.person();
  const [own, other] = [stack.device(), stack.device()];
  assert.equal(code(await signIn(own, person, person.password)), '200');
  await own.post('/api/auth/logout');
  assert.equal(own.cookie, '', 'signing out leaves no session');

  await fail(5, person);
  assert.equal(code(await signIn(other, person, person.password)), '429 rate_limited');
  const back = await signIn(own, person, person.password);
  assert.equal(code(back), '200');
  assert.match(back.headers.get('ratelimit'), /^"device";r=2;t=0$/);
  assert.equal(code(await own.get('/api/auth/me')), '200');
});

told('such a device has a limit of its own, and vouches for no other account', async () => {
  const [person, other] = [await stack.person(), await stack.person()];
  const own = stack.device();
  await signIn(own, person, person.password);
  const answers = [];
  for (let i = 0; i < 3; ++i) answers.push(code(await signIn(own, person, 'a wrong one')));
  assert.deepEqual(answers, ['401 invalid_credentials', '401 invalid_credentials', '429 rate_limited']);
  assert.equal(code(await signIn(stack.device(), person, person.password)), '200', 'elsewhere nothing was used up');
  await fail(3, other);
  assert.equal(code(await signIn(own, other, other.password)), '429 rate_limited');
});

told('whoever is signed in guesses at the present password no faster than a device, and keeps nobody else out', async () => {
  const person = await stack.person();
  const [stolen, own] = [stack.device(), stack.device()];
  await signIn(stolen, person, person.password);
  await signIn(own, person, person.password);
  const change = (device, currentPassword) =>
    device.post('/api/auth/password', { currentPassword, newPassword: 'twelve-otters-parade' });
  for (let i = 0; i < 2; ++i) assert.notEqual((await change(stolen, 'a wrong one')).status, 429);
  const refused = await change(stolen, person.password);
  assert.equal(code(refused), '429 rate_limited');
  assert.ok(Number(refused.headers.get('retry-after')) > 300);
  assert.equal(code(await change(own, person.password)), '200');
});

told('a device cookie lets nobody in', async () => {
  const person = await stack.person();
  const own = stack.device();
  await signIn(own, person, person.password);
  assert.match(own.deviceCookie, /^stagedoor-device-\d+=[\w-]{62}$/);
  const answer = await stack.device().get('/api/auth/me', { headers: { cookie: own.deviceCookie } });
  assert.equal(code(answer), '401 no_session');
  const forged = own.deviceCookie.replace('-device-', '-').replace('=', '=A');
  assert.equal((await stack.device().get('/api/auth/me', { headers: { cookie: forged } })).status, 401);
});

told('nodes share one limit', async () => {
  const person = await stack.person();
  await fail(2, person, { node: 0 });
  assert.deepEqual((await fail(1, person, { node: 1 })).map(code), ['401 invalid_credentials']);
  for (const node of [0, 1]) assert.deepEqual((await fail(1, person, { node })).map(code), ['429 rate_limited']);
});

told('of IPv6 a /64 is one network, whatever accounts it asks for', async () => {
  const tryFrom = (address) => signIn(stack.device(), stack.stranger(), 'a wrong one', address);
  for (let i = 1; i <= 8; ++i) assert.equal(code(await tryFrom(`2001:db8:1:2::${i}`)), '401 invalid_credentials');
  const refused = await tryFrom('2001:db8:1:2:ffff::9');
  assert.equal(code(refused), '429 rate_limited');
  assert.equal(refused.body.detail, 'Too many sign-ins from this network have failed.');
  assert.equal(code(await tryFrom('2001:db8:1:3::1')), '401 invalid_credentials');
});

told('a header of somebody who is no trusted proxy names no network', async () => {
  const untrusting = await startStack({ authFlags: ['--limit-registrations', '3/1h'] });
  try {
    const register = () => untrusting.device().post('/api/auth/register', untrusting.stranger(),
                                                    { headers: { 'x-forwarded-for': network() } });
    const answers = [];
    for (let i = 0; i < 4; ++i) answers.push(await register());
    assert.deepEqual(answers.map(code), ['201', '201', '201', '429 rate_limited']);
    assert.match(answers[0].headers.get('ratelimit'), /^"registration";r=2;t=\d+$/);
    assert.ok(Number(answers[3].headers.get('retry-after')) > 1000);
  } finally {
    await untrusting.stop();
  }
});

told('Redis holds neither addresses nor e-mails of the limits, and each key ends by itself', async () => {
  const person = stack.stranger();
  await signIn(stack.device(), person, 'a wrong one', '203.0.113.77');
  const keys = stack.redisCommand('KEYS', 'stagedoor:{limit:*').split('\n');
  assert.ok(keys.length > 3);
  for (const key of keys) {
    assert.match(key, /^stagedoor:\{limit:(sign_in|network|account|device|registration):[\w-]{22}\}$/);
    assert.ok(Number(stack.redisCommand('PTTL', key)) !== -1);
  }
});

told('while Redis is away each node counts by itself, and signs people in', async () => {
  const [person, other] = [await stack.person(), await stack.person()];
  const counted = async (name) => {
    const text = await (await fetch(`${stack.auth.opsUrl}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)[1]);
  };
  const limited = 'stagedoor_rate_limited_total\\{limit="account"\\}';
  const [refusedBefore, localBefore] = [await counted(limited), await counted('stagedoor_rate_limit_local_decisions_total')];
  await stack.redis.stop();
  try {
    assert.deepEqual((await fail(4, person)).map(code),
                     [...Array(3).fill('401 invalid_credentials'), '429 rate_limited']);
    assert.equal(code(await signIn(stack.device(), other, other.password)), '200');
  } finally {
    await stack.bringRedisBack();
  }
  assert.equal(await counted(limited), refusedBefore + 1);
  assert.ok(await counted('stagedoor_rate_limit_local_decisions_total') > localBefore + 9);
});

told('a refusal is in the log, without address or e-mail', () => {
  const lines = stack.auth.output.split('\n').filter((line) => line.includes('excess_rate_limit_exceeded'));
  assert.ok(lines.length > 3);
  for (const line of lines) assert.ok(!/198\.51|203\.0|2001:db8|example\.com/.test(line), line);
});
