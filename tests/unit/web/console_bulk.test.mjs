// One decision about many: slices, progress, stopping, lost answers, and that everybody is told of exactly once.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';

import { BulkRun, outcomes, sliceSize } from '../../../auth-service/web/assets/console-bulk.js';

globalThis.crypto ??= webcrypto;  // browsers have it, and Node.js from 19

const crowd = (count) => Array.from({ length: count }, (_, index) => ({ id: `p${index}` }));
const done = (people) => people.map(({ id }) => ({ id, outcome: 'done', version: 2 }));
const keys = () => { let last = 0; return () => `key-${++last}`; };
const counts = (told) => Object.fromEntries(outcomes.map((outcome) => [outcome, told[outcome].length]).filter(([, count]) => count > 0));

test('many are decided about in slices, each with a key of its own, and progress is true', async () => {
  const calls = [];
  const run = new BulkRun(crowd(2 * sliceSize + 3), async (people, key) => { calls.push([people.length, key]); return done(people); }, { makeKey: keys() });
  const seen = [];
  const told = await run.run(({ decided, total }) => seen.push(`${decided}/${total}`));
  assert.deepEqual(calls, [[sliceSize, 'key-1'], [sliceSize, 'key-2'], [3, 'key-3']]);
  assert.deepEqual(seen, ['250/503', '500/503', '503/503']);
  assert.deepEqual(counts(told), { done: 503 });
});

test('each outcome is told with whom it is of', async () => {
  const results = ['done', 'already', 'invalid_transition', 'version_conflict', 'not_found', 'failed'];
  const run = new BulkRun(crowd(6), async (people) => people.map(({ id }, index) => ({ id, outcome: results[index] })));
  const told = await run.run();
  assert.deepEqual(counts(told), { done: 1, already: 1, conflict: 2, not_found: 1, failed: 1 });
  assert.equal(told.not_found[0].person.id, 'p4');
});

test('stopped, what is under way is waited for and nothing more begins', async () => {
  const run = new BulkRun(crowd(30), async (people) => { run.stop(); return done(people); }, { size: 10 });
  assert.deepEqual(counts(await run.run()), { done: 10, not_begun: 20 });
});

test('stopped before an answer, nobody is said to be decided or not', async () => {
  const run = new BulkRun(crowd(30), async (people, key, itself) => {
    itself.stop();
    assert.equal(run.stopped, true);
    throw new Error('no answer');
  }, { size: 10 });
  assert.deepEqual(counts(await run.run()), { unknown: 10, not_begun: 20 });
});

test('a refusal ends it, and what was done before stays told', async () => {
  let calls = 0;
  const run = new BulkRun(crowd(30), async (people) => {
    if (++calls === 2) throw new Error('forbidden');
    return done(people);
  }, { size: 10 });
  await assert.rejects(run.run(), /forbidden/);
  assert.deepEqual(counts(run.tell()), { done: 10, unknown: 10, not_begun: 10 });
  assert.equal(calls, 2);
});
