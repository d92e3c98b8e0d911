// Two nodes, both with their cache on. What one has answered about a status is in the other's very next answer: not one
// stale answer, ever. Beside that, figures: when the other node was right, measured from the answer to the decision.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { KeptConnection } from '../support/kept_connection.mjs';
import { addPeople } from '../support/ledger.mjs';
import { startStack } from '../support/stack.mjs';

const rounds = Number(process.env.FRESHNESS_ROUNDS ?? 10_000);
const warmUps = 3;  // the first uses of a session are noted in Redis, and so not remembered

// What happens to each person, one after another, and what the other node has to say then.
const rejected = ['reject', 'rejected'], reconsidered = ['reconsider', 'pending'];
const career = [...Array(4).fill([rejected, reconsidered]).flat(), ['approve', 'active'], ['suspend', '401 session_revoked']];
const people = Math.ceil(rounds / career.length);

let stack;
before(async () => { stack = await startStack({ authNodes: 2 }); });
after(() => stack?.stop());

async function counterOf(node, name) {
  const text = await (await fetch(`${node.opsUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)[1]);
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
const micros = (ms) => `${Math.round(ms * 1000)} µs`;
const tellTimes = (times) => {
  const sorted = [...times].sort((a, b) => a - b);
  return `p50 ${micros(quantile(sorted, 0.5))}, p99 ${micros(quantile(sorted, 0.99))}, max ${micros(sorted.at(-1))}`;
};

test(`${rounds} decisions on one node, each in the other node's next answer`, (t) => stack.telling(async () => {
  const [deciding, checking] = stack.auths;
  const crowd = addPeople(stack, people, 1);
  const admin = await stack.adminDevice();
  const decisions = new KeptConnection(deciding.port, { cookie: admin.cookie, origin: stack.origin });
  const checks = new KeptConnection(checking.port);
  const poll = new KeptConnection(checking.port);
  const statusOn = async (connection, person) => {
    const { status, body } = await connection.request('GET', '/api/auth/me', undefined, { cookie: person.cookies[0] });
    return status === 200 ? body.user.status : `${status} ${body.code}`;
  };
  for (let i = 0; i < warmUps; ++i) {
    for (const person of crowd) assert.equal(await statusOn(checks, person), 'pending');
  }
  const hitsBefore = await counterOf(checking, 'stagedoor_session_cache_hits_total');

  let stale = 0;
  const afterAnswer = [], afterRequest = [];
  for (let round = 0; round < rounds; ++round) {
    const person = crowd[round % people];
    const [action, wanted] = career[Math.floor(round / people)];
    let rightAt = 0;
    const asked = performance.now();
    const becomesRight = (async () => {
      while (await statusOn(poll, person) !== wanted) { /* not yet */ }
      rightAt = performance.now();
    })();
    const decided = await decisions.request('POST', `/api/admin/stage-managers/${person.id}/${action}`, {});
    const answered = performance.now();
    assert.equal(decided.status, 200, JSON.stringify(decided.body));
    assert.equal(decided.body.delivery, 'relayed');
    if (await statusOn(checks, person) !== wanted) ++stale;
    await becomesRight;
    afterRequest.push(rightAt - asked);
    afterAnswer.push(rightAt - answered);
  }
  const hits = await counterOf(checking, 'stagedoor_session_cache_hits_total') - hitsBefore;
  const losses = await counterOf(checking, 'stagedoor_session_cache_lease_losses_total');
  t.diagnostic(`${rounds} decisions, ${stale} stale answers; ${hits} answers from memory, ${losses} lease losses`);
  t.diagnostic(`the other node was right after the decision was asked for: ${tellTimes(afterRequest)}`);
  t.diagnostic(`… and after it was answered (negative: before): ${tellTimes(afterAnswer)}`);
  for (const each of [decisions, checks, poll]) each.close();
  assert.equal(stale, 0);
  assert.ok(hits > rounds, `the cache has answered ${hits} times only`);
})());
