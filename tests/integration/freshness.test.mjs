// After approve has answered, no session of that user says anything but `active`. Not one, not once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { addPeople } from '../support/ledger.mjs';
import { startStack } from '../support/stack.mjs';

const rounds = 1_000;
const sessions = 20;

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const statusesOf = (person) => Promise.all(person.cookies.map(async (cookie) => {
  const answer = await stack.device().get('/api/auth/me', { headers: { cookie } });
  return answer.status === 200 ? answer.body.user.status : `${answer.status} ${answer.body.code}`;
}));

test(`${rounds} approvals, each seen by ${sessions} sessions at their very next request`, (t) => stack.telling(async () => {
  const people = addPeople(stack, rounds, sessions);
  const admin = await stack.adminDevice();
  let stale = 0;
  for (const person of people) {
    assert.deepEqual(new Set(await statusesOf(person)), new Set(['pending']));
    const approved = await admin.post(`/api/admin/stage-managers/${person.id}/approve`);
    assert.equal(approved.status, 200, JSON.stringify(approved.body));
    assert.equal(approved.body.delivery, 'relayed');
    stale += (await statusesOf(person)).filter((status) => status !== 'active').length;
  }
  t.diagnostic(`${rounds * sessions} answers after approvals, ${stale} stale`);
  assert.equal(stale, 0);
})());
