// Deciding about people: two admins at once, versions that were seen, many at once, keys that are sent again, and finding
// people among many.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { allItems, patiently, startStackWithAdmin } from '../support/admin.mjs';
import { until } from '../support/process.mjs';

let stack;
let admin;
let tool;
before(async () => { ({ stack, admin, tool } = await startStackWithAdmin()); });
after(() => stack?.stop());
const told = (name, body) => test(name, (t) => stack.telling(body)(t));

const managers = '/api/admin/stage-managers';
const bulk = `${managers}/bulk`;
const statusOf = (id) => stack.sqlite(`SELECT status || ' ' || version FROM users WHERE id = '${id}'`).output.trim();

/** `count` pending people, by SQL, of whom everybody knows: their ids in order. */
async function addPeople(count, prefix) {
  stack.sqlite(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
                INSERT INTO users (id, email, display_name)
                SELECT printf('019${prefix}-%04x-7000-8000-%012x', i / 65536, i), printf('p%d-${prefix}@example.com', i), 'P ' || i FROM n`);
  const untold = () => Number(stack.sqlite('SELECT count(*) FROM outbox WHERE published_at_ms IS NULL').output);
  await until(() => untold() === 0, { what: 'their registrations in Redis', withinMs: 60_000 });
  return stack.sqlite(`SELECT id FROM users WHERE email LIKE '%-${prefix}@example.com' ORDER BY id`).output.trim().split('\n');
}

told('of two admins who act on one person at once one wins, and the other is told who did what and when', async () => {
  for (let round = 0; round < 10; ++round) {
    const person = await stack.person();
    const answers = await Promise.all([admin.post(`${managers}/${person.id}/approve`), tool.post(`${managers}/${person.id}/reject`)]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
    const [won, lost] = [...answers].sort((a, b) => a.status - b.status);
    assert.equal(lost.body.code, 'invalid_transition');
    assert.equal(lost.body.did, won.body.event.type.split('.').at(-1));
    assert.deepEqual([lost.body.by, lost.body.at, lost.body.userStatus, lost.body.version],
                     [won.body.by, won.body.event.time, won.body.user.status, 2]);
    assert.equal(won.body.by.email, stack.admin.email);
  }
});

told('two who decide alike are both told who it was; one of them changed something', async () => {
  const person = await stack.person();
  const answers = await Promise.all([admin.post(`${managers}/${person.id}/approve`), tool.post(`${managers}/${person.id}/approve`)]);
  assert.deepEqual(answers.map(({ body }) => body.changed).sort(), [false, true]);
  assert.deepEqual(answers[0].body.event, answers[1].body.event);
  stack.sqlite(`UPDATE users SET status = 'suspended' WHERE id = '${person.id}'`);
  const late = await admin.post(`${managers}/${person.id}/suspend`);
  assert.deepEqual([late.status, late.body.changed, late.body.by], [200, false, { id: 'sql', email: null, displayName: null }]);
});

told('whoever says which version they saw decides about that one only', async () => {
  const person = await stack.person();
  const decide = (action, expectedVersion) => admin.post(`${managers}/${person.id}/${action}`, { expectedVersion });
  const ada = stack.device();
  await ada.signIn(person);
  await ada.patch('/api/stage-manager/profile', { displayName: 'Somebody Else' });
  const outdated = await decide('approve', 1);
  assert.deepEqual([outdated.status, outdated.body.code, outdated.body.version, outdated.body.did, outdated.body.by.id],
                   [409, 'version_conflict', 2, 'updated', person.id]);
  assert.equal((await decide('approve', 2)).status, 200);
  const again = await decide('approve', 2);  // a retry of what succeeded
  assert.deepEqual([again.status, again.body.changed], [200, false]);
  assert.equal((await decide('approve', 1)).body.code, 'version_conflict');
  assert.equal((await decide('approve', 'x')).status, 422);
});

told('many are decided at once: an outcome for each, in order, whatever befalls the others', async () => {
  const [fresh, approved, rejected] = [await stack.person(), await stack.person(), await stack.person()];
  await stack.decide(approved, 'approve');
  await stack.decide(rejected, 'reject');
  const nobody = randomUUID();
  const adminId = (await admin.get('/api/auth/me')).body.user.id;
  const ids = [nobody, fresh.id, rejected.id, fresh.id, approved.id, adminId];
  const { status, body } = await tool.post(bulk, { action: 'approve', ids, reason: 'All of you' });
  assert.equal(status, 200);
  assert.deepEqual(body.items.map(({ id }) => id), ids);
  assert.deepEqual(body.items.map(({ outcome }) => outcome), ['not_found', 'done', 'invalid_transition', 'already', 'already', 'not_found']);
  assert.deepEqual(body.counts, { done: 1, already: 2, invalid_transition: 1, version_conflict: 0, not_found: 2, failed: 0 });
  assert.equal(body.delivery, 'relayed');
  const { did, by, userStatus, version } = body.items[2];
  assert.deepEqual([did, by.email, userStatus, version], ['rejected', stack.admin.email, 'rejected', 2]);
  assert.equal((await admin.get(`/api/admin/audit?user=${fresh.id}`)).body.items[0].reason, 'All of you');
});

told('wrong lists are refused as a whole', async () => {
  const person = await stack.person();
  for (const [wish, ...fields] of [[{}, 'action', 'ids'], [{ action: 'promote', ids: [person.id] }, 'action'], [{ action: 'approve', ids: [] }, 'ids'],
                                   [{ action: 'approve', ids: [person.id, 'x'] }, 'ids'], [{ action: 'approve', ids: [1] }, 'ids'],
                                   [{ action: 'approve', ids: person.id }, 'ids'], [{ action: 'approve', ids: [person.id], force: true }, 'force'],
                                   [{ action: 'approve', ids: Array.from({ length: 10_001 }, () => person.id) }, 'ids']]) {
    const { status, body } = await admin.post(bulk, wish);
    assert.equal(status, 422, JSON.stringify(body));
    assert.deepEqual(body.errors.map(({ field }) => field).sort(), fields.sort());
  }
  assert.equal(statusOf(person.id), 'pending 1');
});

told('ten thousand are approved and relayed in one call; again, nobody is approved twice; others come between', async () => {
  const ids = await addPeople(10_000, '0aaaa');
  const other = await stack.person();
  let asked = 0;
  let running = true;
  const between = (async () => {
    const caller = stack.device();
    await caller.signIn(other);
    while (running) {
      const { status, body } = await caller.patch('/api/stage-manager/profile', { phone: String(asked) });
      // On a machine that is busy with other things a turn may come too late; it does not have to wait for all batches.
      if (status === 200) ++asked;
      else assert.equal(body.code, 'database_busy');
    }
  })();
  const first = await tool.post(bulk, { action: 'approve', ids });
  running = false;
  await between;
  assert.deepEqual([first.status, first.body.counts.done, first.body.delivery], [200, 10_000, 'relayed'], JSON.stringify(first.body.counts ?? first.body));
  assert.deepEqual(first.body.items.map(({ id }) => id), ids);
  assert.ok(asked > 3, `${asked} other changes were committed meanwhile`);
  const again = await tool.post(bulk, { action: 'approve', ids });
  assert.equal(again.body.counts.already, 10_000);
  assert.equal(stack.sqlite("SELECT count(*) FROM outbox WHERE event_type = 'approved' AND user_id LIKE '0190aaaa%'").output.trim(), '10000');
  // Relayed means that it is there: each stream has both events.
  for (const id of [ids[0], ids[4_999], ids.at(-1)]) {
    assert.match(stack.redisCommand('XRANGE', `stagedoor:{${id}}:events`, '-', '+'), /1-0[^]*2-0/);
  }
});

told('with Redis away many are committed all the same, and the answer says pending', async () => {
  const ids = await addPeople(600, '0bbbb');
  await stack.redis.stop();
  try {
    const { status, body } = await tool.post(bulk, { action: 'approve', ids });
    assert.deepEqual([status, body.counts?.done, body.delivery], [200, 600, 'pending'], JSON.stringify(body.counts ?? body));
  } finally {
    await stack.bringRedisBack();
  }
});

told('a call that is sent again with its key is not done again, and answered as it was', async () => {
  const person = await stack.person();
  const key = `"${randomUUID()}"`;
  const send = (action, body = {}) => patiently(() => admin.post(`${managers}/${person.id}/${action}`, body, { headers: { 'idempotency-key': key } }));
  const first = await send('reject', { reason: 'Not yet' });
  assert.deepEqual([first.status, first.headers.get('idempotency-replayed')], [200, null]);
  await stack.decide(person, 'reconsider');
  await stack.auth.stop();
  await stack.auth.start();
  const again = await send('reject', { reason: 'Not yet' });
  assert.deepEqual([again.status, again.headers.get('idempotency-replayed')], [200, 'true']);
  assert.deepEqual(again.body, first.body);
  assert.equal(statusOf(person.id), 'pending 3');
  for (const other of [send('reject', { reason: 'Another' }), send('approve', { reason: 'Not yet' })]) {
    const { status, body } = await other;
    assert.deepEqual([status, body.code], [409, 'idempotency_key_reused']);
  }
  // Somebody else's key of the same name is another one.
  assert.equal((await tool.post(`${managers}/${person.id}/reject`, {}, { headers: { 'idempotency-key': key } })).body.changed, true);
});

told('of calls with one key at once one is done; a refusal is kept like any other answer', async () => {
  const person = await stack.person();
  const key = randomUUID();
  const send = (action) => patiently(() => admin.post(`${managers}/${person.id}/${action}`, {}, { headers: { 'idempotency-key': key } }));
  const answers = await Promise.all(Array.from({ length: 8 }, () => send('approve')));
  for (const { status, body, headers } of answers) {
    if (status === 200) continue;
    assert.deepEqual([status, body.code, headers.get('retry-after')], [409, 'idempotency_key_in_flight', '1']);
  }
  assert.ok(answers.some(({ status }) => status === 200));
  assert.equal(statusOf(person.id), 'active 2');

  const [other, refusedKey] = [await stack.person(), randomUUID()];
  const suspend = () => admin.post(`${managers}/${other.id}/suspend`, {}, { headers: { 'idempotency-key': refusedKey } });
  const refused = await suspend();
  await stack.decide(other, 'approve');
  assert.deepEqual((await suspend()).body, refused.body);
  for (const bad of ['', '"', '""', 'a b', 'x'.repeat(129), '"a"b"']) {
    const answer = await admin.post(`${managers}/${other.id}/suspend`, {}, { headers: { 'idempotency-key': bad } });
    assert.deepEqual([answer.status, answer.body.code], [400, 'bad_request'], bad);
  }
  assert.equal(statusOf(other.id), 'active 2');
});

told('a kept answer is readable by whoever has the key alone: a token is in the database in no form', async () => {
  const key = randomUUID();
  const make = () => admin.post('/api/admin/tokens', { name: 'once', scope: 'read' }, { headers: { 'idempotency-key': key } });
  const [first, again] = [await make(), await make()];
  assert.equal(first.status, 201);
  assert.deepEqual(again.body, first.body);
  const dump = stack.sqlite('SELECT hex(answer), hex(request), hex(key_hash) FROM kept_answers').output;
  for (const secret of [first.body.token, key, 'apiToken']) assert.ok(!dump.includes(Buffer.from(secret).toString('hex').toUpperCase()), secret);
  assert.equal(stack.sqlite("SELECT count(*) FROM api_tokens WHERE name = 'once'").output.trim(), '1');
});

told('a batch that names versions decides only about those who have them, and the others are told who was first', async () => {
  const ids = await addPeople(600, '0accc');
  await admin.post(bulk, { action: 'reject', ids });
  stack.sqlite(`UPDATE users SET display_name = 'Renamed' WHERE id = '${ids[1]}'`);
  for (const action of ['reconsider', 'reject']) await admin.post(`${managers}/${ids[598]}/${action}`);
  await admin.post(`${managers}/${ids[599]}/reconsider`);
  const back = { action: 'reconsider', ids, expectedVersions: ids.map(() => 2) };
  const { body } = await admin.post(bulk, back);
  assert.deepEqual(body.counts, { done: 597, already: 1, invalid_transition: 0, version_conflict: 2, not_found: 0, failed: 0 });
  const told = [1, 598].map((index) => body.items[index]);
  assert.deepEqual(told.map(({ outcome, version, did, by, userStatus }) => [outcome, version, did, by.email ?? by.id, userStatus]),
                   [['version_conflict', 3, 'updated', 'sql', 'rejected'], ['version_conflict', 4, 'rejected', stack.admin.email, 'rejected']]);
  assert.deepEqual([0, 1, 598, 599].map((index) => statusOf(ids[index])), ['pending 3', 'rejected 3', 'rejected 4', 'pending 3']);
  assert.equal((await admin.post(bulk, back)).body.counts.already, 598, 'and again does no harm');
  for (const [expectedVersions, message] of [[[1], 'has to have one entry for each of ids'], [['1', 2], 'has to be an array of integers'],
                                             [{}, 'has to be an array of integers']]) {
    const { status, body: { errors } } = await admin.post(bulk, { ...back, ids: ids.slice(0, 2), expectedVersions });
    assert.deepEqual([status, errors], [422, [{ field: 'expectedVersions', message }]]);
  }
});

told('people are found by e-mail at once, by a part of e-mail or name, page by page, whatever their number', async () => {
  const person = await stack.person('Zoë Needle-in-Haystack');
  const byEmail = await admin.get(`${managers}?email=${person.email.toUpperCase()}`);
  assert.deepEqual(byEmail.body.items.map(({ id }) => id), [person.id]);
  assert.deepEqual((await admin.get(`${managers}?email=${person.email}&status=active`)).body.items, []);
  assert.equal((await admin.get(`${managers}?email=nobody`)).status, 422);
  const byId = await admin.get(`${managers}?id=${person.id}`);
  assert.deepEqual([byId.body.items, byId.body.nextCursor], [byEmail.body.items, null]);
  assert.deepEqual((await admin.get(`${managers}?id=${person.id}&status=active`)).body.items, []);
  assert.deepEqual((await admin.get(`${managers}?id=${person.id}&email=somebody@example.com`)).body.items, []);
  assert.deepEqual((await admin.get(`${managers}?id=${(await admin.get('/api/auth/me')).body.user.id}`)).body.items, [], 'an admin is none');
  assert.deepEqual((await admin.get(`${managers}?id=1`)).body.errors, [{ field: 'id', message: "has to be a user's id" }]);
  for (const q of ['needle-in', person.email.slice(0, 12)]) {
    assert.ok((await allItems(admin, `${managers}?q=${encodeURIComponent(q)}`)).some(({ id }) => id === person.id), q);
  }
  const all = await allItems(admin, `${managers}?q=-0aaaa@`, 200);
  assert.equal(new Set(all.map(({ id }) => id)).size, 10_000);
});
