// Ends that meet something else on its way: a sign-in, a refresh, a touch, a change of the password. On two nodes.
// Rounds and their size may be raised: RACE_ROUNDS=500.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { addPeople } from '../support/ledger.mjs';
import { startStack } from '../support/stack.mjs';

const rounds = Number(process.env.RACE_ROUNDS ?? 25);
const signInsEach = 6;
const callsEach = 24;

let stack;
// Sign-ins with the old password are failed ones, all to one account.
before(async () => { stack = await startStack({ authNodes: 2, authFlags: ['--limit-failed-sign-ins-account', 'off'] }); });
after(() => stack?.stop());

const story = (name, body) => test(name, (t) => stack.telling(body)(t));
const statusOf = async (cookie, node) => (await untilServed(() => stack.device(node).get('/api/auth/me', { headers: { cookie } }))).status;
const statusesOf = (cookie) => Promise.all([0, 1].map((node) => statusOf(cookie, node)));
const pick = (count) => Math.floor(Math.random() * count);
const pause = (mostMs) => new Promise((resolve) => { setTimeout(resolve, Math.random() * mostMs); });

/** Asks again, as often as the service is busy and says so: hashing waits for whoever else needs the machine. */
async function untilServed(call) {
  for (;;) {
    const answer = await call();
    if (answer.status !== 503) return answer;
    assert.match(answer.headers.get('retry-after'), /^\d+$/);
    await pause(100);
  }
}

async function signedIn({ email, password }) {
  const device = stack.device(pick(2));
  assert.equal((await untilServed(() => device.post('/api/auth/login', { email, password }))).status, 200);
  return device;
}

/** Signs in at either node, noting when that began and when it was answered. */
async function timedSignIn({ email, password }) {
  const device = stack.device(pick(2));
  let began;
  const { status, body } = await untilServed(() => {
    began = performance.now();
    return device.post('/api/auth/login', { email, password });
  });
  return { began, answered: performance.now(), status, code: body.code, cookie: device.cookie };
}

/** Sign-ins that begin before, during and after `end()`; what became of both. */
async function amidSignIns(person, end) {
  const signIns = Array.from({ length: signInsEach }, async () => {
    await pause(150);
    return timedSignIn(person);
  });
  await pause(150);
  const began = performance.now();
  const answer = await untilServed(end);
  const answered = performance.now();
  const late = await timedSignIn(person);
  return { answer, began, answered, signIns: [...await Promise.all(signIns), late] };
}

story('of sign-ins that race with signing out everywhere none from before it survives, and all from after it live', async () => {
  const person = await stack.person();
  const seen = { before: 0, amid: 0, after: 0, refused: 0 };
  for (let round = 0; round < rounds; ++round) {
    const caller = await signedIn(person);
    const told = caller.cookie;
    const { answer, began, answered, signIns } = await amidSignIns(person, () => caller.post('/api/auth/logout-all'));
    assert.equal(answer.status, 200);
    for (const each of signIns) {
      if (each.status === 401) {
        assert.equal(each.code, 'session_revoked');
        assert.ok(each.began < answered, 'only a sign-in that was under way is refused');
        seen.refused += 1;
        continue;
      }
      assert.equal(each.status, 200);
      const [one, other] = await statusesOf(each.cookie);
      assert.equal(one, other, 'both nodes say the same');
      if (each.answered < began) assert.equal(one, 401, 'a survivor from before');
      if (each.began > answered) assert.equal(one, 200, 'lost, though it came after');
      seen[each.answered < began ? 'before' : each.began > answered ? 'after' : 'amid'] += 1;
    }
    assert.deepEqual(await statusesOf(told), [401, 401]);
  }
  console.log('signing out everywhere:', JSON.stringify(seen));
  assert.ok(seen.after >= rounds);
});

story('no sign-in with the old password outlives a change of it, and the session that changed it does', async () => {
  const person = await stack.person();
  let refused = 0;
  for (let round = 0; round < rounds; ++round) {
    const caller = await signedIn(person);
    const old = { ...person };
    person.password = `the password of round ${round}`;
    const change = { currentPassword: old.password, newPassword: person.password };
    const { answer, answered, signIns } = await amidSignIns(old, () => caller.post('/api/auth/password', change));
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    for (const each of signIns) {
      if (each.status === 200) {
        assert.ok(each.began < answered, 'the old password was taken after the change');
        assert.deepEqual(await statusesOf(each.cookie), [401, 401], 'a session by the old password lives');
      } else {
        assert.equal(each.status, 401);
        refused += 1;
      }
    }
    assert.deepEqual(await statusesOf(caller.cookie), [200, 200]);
    const { body: { items } } = await caller.get('/api/auth/sessions');
    assert.deepEqual(items.map(({ current }) => current), [true]);
  }
  console.log('changing the password:', refused, 'sign-ins refused of', rounds * (signInsEach + 1));
  assert.ok(refused >= rounds);
});

const ends = {
  'from another device': (person, [, other], id) => other.delete(`/api/auth/sessions/${id}`),
  'from everywhere': (person, [, other]) => other.post('/api/auth/logout-all'),
  'by a sign-out': (person, [own]) => own.post('/api/auth/logout'),
  'by plain SQL': (person, devices, id) =>
    stack.sqlite(`UPDATE sessions SET ended_at_ms = 1, end_reason = 'session_revoked' WHERE id = '${id}'`),
};

for (const [way, end] of Object.entries(ends)) {
  story(`a session that is ended ${way} while it is refreshed and used is over, whatever token it has got to`, async () => {
    const people = addPeople(stack, rounds, 2, { crowd: way.replaceAll(' ', '-') });
    let served = 0;
    for (const person of people) {
      const [own, other] = person.cookies.map((cookie) => {
        const device = stack.device(pick(2));
        device.setCookie(...cookie.split('='));
        return device;
      });
      const { body: { session } } = await own.get('/api/auth/me');
      assert.equal((await other.get('/api/auth/me')).status, 200);
      const tokens = new Set([own.cookie]);
      let over = false;
      const calls = Array.from({ length: callsEach }, async (_, i) => {
        await pause(20);
        const device = stack.device(i % 2);
        const cookie = [...tokens].at(pick(tokens.size));
        const { status, headers } = await untilServed(() => (i % 3 === 0
          ? device.get('/api/auth/me', { headers: { cookie } })
          : device.post('/api/auth/refresh-session', {}, { headers: { cookie } })));
        assert.ok([200, 401].includes(status), `${status}`);
        if (!over && status === 200) served += 1;
        const set = headers.get('set-cookie');
        if (set) tokens.add(set.split(';')[0]);
      });
      await pause(20);
      const answer = await untilServed(() => end(person, [own, other], session.id));
      over = true;
      if (answer.status) assert.ok(answer.status < 300, `${answer.status}`);
      await Promise.all(calls);
      if (!answer.status) await settled([...tokens][0]);
      for (const cookie of tokens) assert.deepEqual(await statusesOf(cookie), [401, 401], 'a survivor');
    }
    console.log(`ended ${way}:`, served, 'calls were served before it, of', rounds * callsEach);
  });
}

// What is typed into a shell is noticed within some 20 ms; nobody waits for it but us.
async function settled(cookie) {
  while ((await statusesOf(cookie)).includes(200)) await pause(20);
}
