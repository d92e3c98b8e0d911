// The judge of the chaos suite: what it lets pass and what it does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Person, Session } from '../../support/load/truth.mjs';

const began = { sent: 0, answered: 10 };
const ada = () => new Person({ id: 'ada' });
const session = (person = ada(), from = began) => new Session(person, 's', 'c', from);

test('a session that nobody has ended is let in, and must not be refused', () => {
  assert.equal(session().judge({ sent: 20, answered: 30 }, true), undefined);
  assert.equal(session().judge({ sent: 20, answered: 30 }, false), 'refused while alive');
});

test('while an end is under way both answers are right, and once it is answered only one', () => {
  const ending = session();
  const end = ending.endSent(100);
  assert.equal(ending.judge({ sent: 90, answered: 110 }, true), undefined);
  end.certain(120);
  assert.equal(ending.judge({ sent: 119, answered: 140 }, true), undefined);
  assert.equal(ending.judge({ sent: 120, answered: 140 }, true), 'let in after its end');
  assert.equal(ending.judge({ sent: 120, answered: 140 }, false), undefined);
});

test('a 401 before the end was sent is wrong', () => {
  const ending = session();
  ending.endSent(100);
  assert.equal(ending.judge({ sent: 80, answered: 99 }, false), 'refused while alive');
});

test('a 401 is final, also where nobody knows whether the end was taken', () => {
  const ending = session();
  ending.endSent(100);  // its answer was lost
  assert.equal(ending.judge({ sent: 110, answered: 120 }, false), undefined);
  assert.equal(ending.judge({ sent: 115, answered: 125 }, true), undefined);
  assert.equal(ending.judge({ sent: 121, answered: 131 }, true), 'let in after a 401');
});

test('ending all of them ends those that were there, not those that come later, and perhaps those in between', () => {
  const person = ada();
  const before = session(person, { sent: 0, answered: 10 });
  const end = person.allEndSent(100);
  const between = session(person, { sent: 90, answered: 110 });
  end.certain(120);
  const late = session(person, { sent: 110, answered: 150 });
  const after = session(person, { sent: 120, answered: 160 });
  const asked = { sent: 200, answered: 210 };
  assert.equal(before.judge(asked, true), 'let in after its end');
  assert.equal(between.judge(asked, true), undefined);
  assert.equal(late.judge(asked, false), undefined);
  assert.equal(after.judge(asked, false), 'refused while alive');
});

test('a session that is kept lives on', () => {
  const person = ada();
  const [kept, other] = [session(person), session(person)];
  person.allEndSent(100, kept).certain(120);
  assert.equal(kept.judge({ sent: 130, answered: 140 }, false), 'refused while alive');
  assert.equal(other.judge({ sent: 130, answered: 140 }, true), 'let in after its end');
});

test('an end by plain SQL is certain a moment later', () => {
  const person = ada();
  const there = session(person);
  person.allEndSent(100).certain(110, 1_110);
  assert.equal(there.judge({ sent: 1_000, answered: 1_010 }, true), undefined);
  assert.equal(there.judge({ sent: 1_110, answered: 1_120 }, true), 'let in after its end');
});

test('a version that was relayed is known to all, and a node never goes back', () => {
  const person = ada();
  const facts = (version, status = 'pending') => ({ id: 'ada', version, status });
  assert.equal(person.judge(facts(1), person.floor(0, 10), 11), undefined);
  person.changed(facts(2, 'active'), true, 20);
  assert.equal(person.judge(facts(1), person.floor(1, 20), 21), 'older than what was relayed');
  const earlier = person.floor(0, 29);
  assert.equal(person.judge(facts(3, 'suspended'), person.floor(0, 29), 30), undefined);
  assert.equal(person.judge(facts(2, 'active'), earlier, 31), undefined);
  assert.equal(person.judge(facts(2, 'active'), person.floor(0, 32), 33), 'older than this node had told');
  assert.equal(person.judge(facts(2, 'active'), person.floor(1, 32), 33), undefined);
  assert.equal(person.judge(facts(2, 'pending'), person.floor(1, 34), 35), 'a status of another version');
  assert.equal(person.judge({ ...facts(9), id: 'bob' }, person.floor(1, 36), 37), 'somebody else');
});

test('what a node remembers may be as old as it is allowed to be, and not older', () => {
  const ending = session();
  ending.person.staleMs = 500;
  ending.endSent(100).certain(120);
  assert.equal(ending.judge({ sent: 619, answered: 640 }, true), undefined);
  assert.equal(ending.judge({ sent: 620, answered: 640 }, true), 'let in after its end');

  const refused = session();
  refused.person.staleMs = 500;
  refused.endSent(100);
  assert.equal(refused.judge({ sent: 110, answered: 120 }, false), undefined);
  assert.equal(refused.judge({ sent: 619, answered: 640 }, true), undefined);
  assert.equal(refused.judge({ sent: 620, answered: 640 }, true), 'let in after a 401');

  const person = Object.assign(ada(), { staleMs: 500 });
  person.changed({ version: 2, status: 'active' }, true, 20);
  const old = { id: 'ada', version: 1, status: 'pending' };
  assert.equal(person.judge(old, person.floor(0, 519), 530), undefined);
  assert.equal(person.judge(old, person.floor(0, 520), 530), 'older than what was relayed');
});

test('what the ledger says ends all doubt', () => {
  const [lives, ended] = [session(), session()];
  lives.endSent(100);
  ended.endSent(100);
  lives.settle(true, 200);
  ended.settle(false, 200);
  assert.equal(lives.judge({ sent: 300, answered: 310 }, false), 'refused while alive');
  assert.equal(ended.judge({ sent: 300, answered: 310 }, true), 'let in after its end');
});
