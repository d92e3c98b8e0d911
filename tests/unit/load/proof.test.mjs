// What a round of the chaos suite has to have been like to count: its load was there, and each kind of call was served.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lackOfLoad, restingChanges, unserved, usualShares } from '../../support/load/proof.mjs';
import { Tally } from '../../support/load/tally.mjs';

const rate = 1_000;
const stalledFor = (ms) => ({ longestWithin: () => ms });

/** Two seconds in which so many checks a second were sent. */
function tallyOf(checks) {
  const tally = Object.assign(new Tally(), { from: 0, until: 2_000 });
  for (let i = 0; i < 2 * checks; ++i) tally.asked(['me', 'verify', 'page'][i % 3]);
  return tally;
}

function answers(counts) {
  const tally = new Tally();
  for (const [kind, statuses] of Object.entries(counts)) {
    for (const [status, count] of Object.entries(statuses)) {
      for (let i = 0; i < count; ++i) tally.answered(kind, { status: Number(status), body: '', sent: 0, answered: 1 });
    }
  }
  return tally;
}

test('a round counts when nearly all was asked and this process was not held up', () => {
  assert.equal(lackOfLoad(tallyOf(800), rate, stalledFor(299)), undefined);
});

test('a round without its load does not count, and neither does one that this process slept through', () => {
  assert.equal(lackOfLoad(tallyOf(799), rate, stalledFor(0)), '799 of 1000 checks a second, own stall 0 ms');
  assert.equal(lackOfLoad(tallyOf(1_000), rate, stalledFor(300)), '1000 of 1000 checks a second, own stall 300 ms');
});

test('each kind of call has a share of its own that has to be served', () => {
  const good = { me: { 200: 90, 401: 500, 503: 10 }, refresh: { 200: 9, 503: 1 }, signIn: { 200: 9, 403: 50, 503: 1 },
                 signOut: { 200: 5 }, endOther: { 204: 4, 503: 1 }, decide: { 200: 9, 503: 1 } };
  assert.deepEqual(unserved(answers(good), usualShares), []);
  for (const [kind, need] of [['me', 'check'], ['refresh', 'refresh'], ['signIn', 'signIn'], ['endOther', 'signOut'], ['decide', 'decide']]) {
    const bad = { ...good, [kind]: { 200: 2, 503: 20 } };
    assert.deepEqual(unserved(answers(bad), usualShares).map((each) => each.split(':')[0]), [need], kind);
  }
});

test('what rests while the database is away need not be served, and all else must be', () => {
  const locked = { me: { 200: 99, 503: 11 }, signIn: { 503: 9 }, signOut: { 503: 9 }, decide: { 503: 9 }, refresh: { 200: 9 } };
  assert.deepEqual(unserved(answers(locked), { ...usualShares, ...restingChanges, check: 0.99 }), ['check: 11 of 110 were refused']);
});
