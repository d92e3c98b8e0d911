// Limits on signing in and registering: what a client is told, that nodes share them, that they go on without Redis, and
// that nobody can turn them against somebody.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startStack } from '../support/stack.mjs';

let stack;
before(async () => {
  stack = await startStack({
    authNodes: 2,
    authFlags: ['--trusted-proxy', '127.0.0.1', '--limit-sign-ins', '12/10m', '--limit-sign-ins-device', '6/15m',
                '--limit-failed-sign-ins-network', '8/10m',
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
  assert.equal(first.headers.get('ratelimit-policy'), '"sign_in";q=12;w=600, "network";q=8;w=600, "account";q=3;w=900');
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

told('right passwords use up no account, from however many places', async () => {
  const person = await stack.person();
  for (let i = 0; i < 12; ++i) {
    const answer = await signIn(stack.device(i % 2), person, person.password);
    assert.equal(code(answer), '200');
    assert.match(answer.headers.get('ratelimit'), /"account";r=3;t=0/);
  }
});

told('of a volley of guesses no more are compared than an account may fail, and nobody waits longer for it', async () => {
  const person = await stack.person();
  const volley = await Promise.all(Array.from({ length: 60 }, (_, i) => signIn(stack.device(i % 2), person, `guess ${i}`)));
  const compared = volley.filter((answer) => answer.status === 401);
  assert.equal(compared.length, 3);
  assert.equal(volley.filter((answer) => answer.status === 429).length, 57);
  const [late] = await fail(1, person);
  assert.ok(Number(late.headers.get('retry-after')) <= 300, late.headers.get('retry-after'));
});

told('a device that signs in all the time is refused, before it keeps its network from hashing, and strangers are not', async () => {
  const [busy, ...others] = await Promise.all(Array.from({ length: 4 }, () => stack.person()));
  const from = network();
  const deviceOf = async (person) => {
    const device = stack.device();
    await signIn(device, person, person.password);
    return device;
  };
  const again = async (device, person, times) => {
    const codes = [];
    for (let i = 0; i < times; ++i) codes.push(await signIn(device, person, person.password, from));
    return codes;
  };
  const own = await deviceOf(busy);
  const answers = await again(own, busy, 8);
  assert.deepEqual(answers.map(code), [...Array(6).fill('200'), ...Array(2).fill('429 rate_limited')]);
  assert.equal(answers[0].headers.get('ratelimit-policy'),
               '"sign_in";q=12;w=600, "device_sign_in";q=6;w=900, "device";q=2;w=900');
  assert.equal(answers[7].body.detail, 'Too many passwords were tried on this device at the moment.');

  // Its neighbours have what is left of the network's; what was refused has used nothing of it.
  const neighbours = [];
  for (const person of others) neighbours.push(...await again(await deviceOf(person), person, 3));
  assert.deepEqual(neighbours.map(code), [...Array(6).fill('200'), ...Array(3).fill('429 rate_limited')]);
  assert.equal(neighbours[8].body.detail, 'Too many people sign in from this network at the moment.');
  assert.equal(code(await signIn(stack.device(), others[0], others[0].password, from)), '200', 'a stranger to it');
  assert.equal(code(await signIn(own, busy, 'a wrong one', network())), '429 rate_limited', 'elsewhere neither');
});

told('a session changes its password no more often than a device signs in', async () => {
  const person = await stack.person();
  const own = stack.device();
  await signIn(own, person, person.password);
  let currentPassword = person.password;
  const codes = [];
  for (let i = 0; i < 7; ++i) {
    const newPassword = `${['two', 'four', 'six', 'ten', 'nine', 'one', 'no'][i]}-otters-parade`;
    const answer = await own.post('/api/auth/password', { currentPassword, newPassword }, { headers: { 'x-forwarded-for': network() } });
    codes.push(code(answer));
    currentPassword = newPassword;
  }
  assert.deepEqual(codes, [...Array(6).fill('200'), '429 rate_limited']);
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
  assert.match(back.headers.get('ratelimit'), /, "device";r=2;t=0$/);
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
    assert.match(key, /^stagedoor:\{limit:(sign_in|network|account|device_sign_in|device|registration):[\w-]{22}\}$/);
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
