// How long a session lives by itself: it is over when nobody has used it for the idle timeout, and at its absolute age however busy
// it is. Asked of two nodes; the ledger is told.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Ageing, recordKey } from '../support/ageing.mjs';
import { signingKey, tokenOf } from '../support/ledger.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

const idleHours = 24;  // limits::session_idle_default

let stack;
let ageing;
before(async () => {
  stack = await startStack({ authNodes: 2 });
  ageing = new Ageing(stack);
});
after(async () => {
  ageing?.close();
  await stack?.stop();
});
const story = (name, body) => test(name, (t) => stack.telling(body)(t));

/** A session of somebody new: `{person, cookie, key}`. */
async function begun(person) {
  person ??= await stack.person();
  const device = stack.device();
  await device.signIn(person);
  const { body: { session } } = await device.get('/api/auth/me');
  return { person, session: session.id, cookie: device.cookie, key: recordKey(person.id, session.id) };
}
const ask = async (node, { cookie }) => {
  const answer = await stack.device(node).get('/api/auth/me', { headers: { cookie } });
  return `${answer.status} ${answer.body.code ?? ''}`.trim();
};
const endOf = ({ session }) => stack.sqlite(`SELECT end_reason FROM sessions WHERE id = '${session}'`).output.trim();

/** Until both nodes know that this Redis has lost nothing for days: asked with sessions made for that. */
async function redisIsOld() {
  await ageing.redisUpFor(100 * idleHours);
  const person = await stack.person();
  for (const node of [0, 1]) {
    await until(async () => {
      const probe = await begun(person);
      await ageing.unusedFor(idleHours + 1, probe.key);
      return await ask(node, probe) === '401 session_expired_idle';
    }, { what: `node ${node} judging idleness`, everyMs: 100 });
  }
}

story('a session that nobody has used for the idle timeout is over on every node, and the ledger says so', async () => {
  await redisIsOld();
  const [left, used] = [await begun(), await begun()];
  for (const { key } of [left, used]) assert.ok(await ageing.unusedFor(idleHours - 1, key));
  assert.equal(await ask(1, used), '200', 'an hour is left');
  assert.ok(await ageing.unusedFor(idleHours + 1, left.key));
  assert.ok(await ageing.unusedFor(1, used.key), 'its use was noted');
  for (const node of [0, 1, 0]) {
    assert.equal(await ask(node, left), '401 session_expired_idle');
    assert.equal(await ask(node, used), '200');
  }
  assert.equal(endOf(left), 'session_expired_idle');
  assert.equal(endOf(used), '');
  stack.redisCommand('DEL', left.key);  // as when the tombstone's time is over
  for (const node of [0, 1]) assert.equal(await ask(node, left), '401 session_expired_idle');
});

story('a session is over at its absolute age, however busy it is', async () => {
  const { person } = await begun();
  const session = '01890a5d-ac96-474b-8cce-b302099a8059';
  const expires = Date.now() + 2_000;
  stack.sqlite('INSERT INTO sessions (id, user_id, epoch, signed_in_status, created_at_ms, expires_at_ms)'
               + ` VALUES ('${session}', '${person.id}', 1, 'pending', ${expires - 1_000_000}, ${expires})`);
  const old = { session, cookie: `stagedoor-${stack.auth.port}=${tokenOf(signingKey(stack), person.id, session)}` };
  let busy = 0;
  const overAt = await until(async () => {
    const [answer, other] = [await ask(0, old), await ask(1, old)];
    if (answer === '200') ++busy;
    return [answer, other].every((each) => each === '401 session_expired_absolute') && Date.now();
  }, { what: 'the end of a busy session' });
  assert.ok(busy > 0 && overAt >= expires, `${busy} uses, over ${overAt - expires} ms after its time`);
  const refreshed = await stack.device().post('/api/auth/refresh-session', {}, { headers: { cookie: old.cookie } });
  assert.equal(refreshed.body.code, 'session_expired_absolute');
});

story('a cookie lasts for what is left of the absolute time', async () => {
  const person = await stack.person();
  const answer = await stack.device().post('/api/auth/login', { email: person.email, password: person.password });
  const [, age] = /^stagedoor-\d+=[\w-]+; Max-Age=(\d+);/.exec(answer.headers.get('set-cookie'));
  const { body: { session } } = await stack.device().get('/api/auth/me', { headers: { cookie: answer.headers.get('set-cookie').split(';')[0] } });
  assert.equal(Number(age), 14 * 24 * 3_600);
  assert.equal(Math.round((Date.parse(session.expiresAt) - Date.parse(session.createdAt)) / 1_000), Number(age));
});
