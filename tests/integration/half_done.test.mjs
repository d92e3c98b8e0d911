// A decision about many that the database cut short: what was not done can be done by asking again, with the same key.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { makeToken, withToken } from '../support/admin.mjs';
import { SqlShell } from '../support/load/sql_shell.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
let tool;
before(async () => {
  stack = await startStack();
  tool = withToken(stack, (await makeToken(await stack.adminDevice(), 'approve')).token);
});
after(() => stack?.stop());
const told = (name, body) => test(name, (t) => stack.telling(body)(t));

const people = 10_000;
const leaseMs = 30_000;  // limits::kept_answer_lease

/** Ids of `people` who wait, and everybody has been told that they do. */
async function addPeople(prefix) {
  const shell = new SqlShell(stack.databasePath);
  await shell.rows(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${people})
                    INSERT INTO users (id, email, display_name)
                    SELECT printf('019${prefix}-%04x-7000-8000-%012x', i / 65536, i), printf('p%d-${prefix}@example.com', i), 'P ' || i FROM n`);
  const untold = async () => Number((await shell.rows('SELECT count(*) FROM outbox WHERE published_at_ms IS NULL'))[0][0]);
  await until(async () => await untold() === 0, { what: 'their registrations in Redis', withinMs: 60_000 });
  const ids = (await shell.rows(`SELECT id FROM users WHERE email LIKE '%-${prefix}@example.com' ORDER BY id`)).map(([id]) => id);
  shell.close();
  return ids;
}

/** Somebody who takes the database's lock while the call is under way, and gives it back when the call was answered. */
async function withLock(call) {
  const shell = new SqlShell(stack.databasePath, { busyMs: 10_000 });
  try {
    const [[before]] = await shell.rows('SELECT max(id) FROM outbox');
    const answering = call();
    await until(async () => (await shell.rows('SELECT max(id) FROM outbox'))[0][0] !== before, { what: 'the first batch', everyMs: 1 });
    await shell.rows('BEGIN IMMEDIATE');
    const answer = await answering;
    await shell.rows('ROLLBACK');
    return answer;
  } finally {
    shell.close();
  }
}

/** A call about many of whom some were done when the database was locked; a lock that comes too late is tried again. */
async function cutShort() {
  for (let attempt = 0; attempt < 8; ++attempt) {
    const prefix = `0ccc${attempt}`;
    const ids = await addPeople(prefix);
    const key = randomUUID();
    const approve = () => tool.post('/api/admin/stage-managers/bulk', { action: 'approve', ids }, { headers: { 'idempotency-key': key } });
    const first = await withLock(approve);
    if (first.body.counts?.failed !== 0) return { prefix, first, approve };
  }
  throw new Error('the database was never locked before all were done');
}

told('of whom a busy database left out, the same call with the same key decides: those who were done are already so', async () => {
  const { prefix, first, approve } = await cutShort();
  const { done, failed } = first.body.counts ?? {};
  assert.ok(first.status === 200 && done > 0 && failed > 0 && done + failed === people, JSON.stringify(first.body.counts ?? first.body));
  assert.equal(first.body.items.at(-1).code, 'database_busy');
  assert.equal(first.headers.get('retry-after'), '1');

  // The key is free again long before the lease of a process that died would be over.
  const busy = [];
  const again = await until(async () => {
    const answer = await approve();
    if (answer.status === 200) return answer;
    busy.push([answer.status, answer.body.code]);
    return undefined;
  }, { what: 'the same call, answered', withinMs: leaseMs / 3, everyMs: 100 }).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(busy.at(-1))}`);
  });
  assert.equal(again.headers.get('idempotency-replayed'), null);
  assert.deepEqual(again.body.counts, { done: failed, already: done, invalid_transition: 0, version_conflict: 0, not_found: 0, failed: 0 });
  const already = again.body.items[0];
  assert.deepEqual([already.outcome, already.did, already.version], ['already', 'approved', 2]);

  const third = await approve();
  assert.deepEqual([third.headers.get('idempotency-replayed'), third.headers.get('retry-after')], ['true', null]);
  assert.deepEqual(third.body, again.body);
  assert.equal(stack.sqlite(`SELECT count(*) FROM outbox WHERE event_type = 'approved' AND user_id LIKE '019${prefix}%'`).output.trim(), String(people));
});
