// Signing in costs a hash, whoever asks: nobody learns from its time which accounts exist (ASVS 5.0 6.3.8), and what one thread
// cannot hash is refused while the rest goes on.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { startStack } from '../support/stack.mjs';

let stack;
before(async () => {
  stack = await startStack({ authFlags: ['--hash-threads', '1', '--limit-failed-sign-ins-account', 'off'] });
});
after(() => stack?.stop());
const story = (name, body) => test(name, (t) => stack.telling(body)(t));

const signIn = (email, password = 'not the one') => stack.device().post('/api/auth/login', { email, password });
const code = (answer) => `${answer.status} ${answer.body.code ?? ''}`.trim();

/** What the service has spent on its cores so far, in the kernel's ticks. */
function spent() {
  const fields = readFileSync(`/proc/${stack.auth.pid}/stat`, 'latin1').replace(/^.*\) /, '').split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

story('a sign-in that fails costs the same work, whether or not there is such an account', async (t) => {
  const known = await stack.person();
  const [suspended, unusable] = [await stack.person(), await stack.person()];
  await stack.decide(suspended, 'approve');
  await stack.decide(suspended, 'suspend');
  stack.sqlite(`UPDATE users SET password_hash = '' WHERE id = '${unusable.id}'`);
  const emails = { known: known.email, unknown: 'nobody@example.com', 'no address': 'nonsense', suspended: suspended.email,
                   'without a password': unusable.email };
  const ticks = Object.fromEntries(Object.keys(emails).map((who) => [who, 0]));
  for (let block = 0; block < 3; ++block) {  // in turns: whatever else the machine does, it does to all of them
    for (const [who, email] of Object.entries(emails)) {
      const before = spent();
      for (let i = 0; i < 4; ++i) assert.equal(code(await signIn(email)), '401 invalid_credentials');
      ticks[who] += spent() - before;
    }
  }
  t.diagnostic(`12 failures each, in ticks: ${JSON.stringify(ticks)}`);
  // Without the hash it would be a tenth.
  for (const [who, its] of Object.entries(ticks)) {
    assert.ok(its > 0.4 * ticks.known && its < 2.5 * ticks.known, `${who}: ${its} ticks, a known one ${ticks.known}`);
  }
});

story('sign-ins beyond what can be hashed are told when to come again, and everything else goes on', async (t) => {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  const { cookie } = device;
  const flood = Array.from({ length: 120 }, (_, i) => signIn(`nobody${i}@example.com`));
  const checks = [];
  let over = false;
  const answered = Promise.all(flood).finally(() => { over = true; });
  while (!over) checks.push(code(await stack.device().get('/api/auth/me', { headers: { cookie } })));
  const answers = await answered;
  const said = new Map();
  for (const answer of answers) said.set(code(answer), (said.get(code(answer)) ?? 0) + 1);
  t.diagnostic(`${[...said].map(([what, n]) => `${n} × ${what}`).join(', ')}; ${checks.length} checks meanwhile`);
  assert.deepEqual([...said.keys()].sort(), ['401 invalid_credentials', '503 overloaded']);
  for (const { headers } of answers.filter(({ status }) => status === 503)) {
    assert.match(headers.get('retry-after'), /^[1-9]\d*$/);
    assert.equal(headers.get('set-cookie'), null);
  }
  assert.deepEqual(new Set(checks), new Set(['200']));
  // What wants a hash, and is no sign-in, gives way as well; and then there is room again.
  const registering = await Promise.all(Array.from({ length: 120 }, () => stack.device().post('/api/auth/register', stack.stranger())));
  assert.deepEqual(new Set(registering.map(({ status }) => status)), new Set([201, 503]));
  assert.equal(code(await signIn(person.email, person.password)), '200');
});
