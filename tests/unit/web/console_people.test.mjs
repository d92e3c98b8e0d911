// The console's page of people: what answers and news, in any order, make of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PeoplePage, matches, pageSize, registeredAt } from '../../../auth-service/web/assets/console-people.js';
import { Selection } from '../../../auth-service/web/assets/console-selection.js';
import { Random } from '../../support/random.mjs';

const idOf = (number) => `01890a5d-${String(number).padStart(4, '0')}-7000-8000-000000000000`;
const person = (number, more = {}) => ({ id: idOf(number), email: `p${number}@example.com`, displayName: `Person ${number}`,
                                         role: 'stage_manager', status: 'pending', version: 1, createdAt: '2026-11-25T20:00:00.000Z', ...more });
const totals = (pending, active = 0) => ({ pending, active, rejected: 0, suspended: 0 });

function pageOf(people, { question = { status: 'pending', q: '', before: '' }, nextCursor = null, counts = totals(people.length) } = {}) {
  const page = new PeoplePage();
  page.turn(question);
  page.answer(page.ask(), { items: people, nextCursor, totals: counts });
  return page;
}
const shown = (page) => page.shown.map(({ id }) => Number(id.slice(9, 13)));

test('whoever registers stands at the top, and counts', () => {
  const page = pageOf([person(5), person(3)]);
  assert.equal(page.hear(person(9), null), 'entered');
  assert.deepEqual([shown(page), page.totals.pending], [[9, 5, 3], 3]);
});

test('whoever is decided about leaves, and the totals move', () => {
  const page = pageOf([person(5), person(3)]);
  assert.equal(page.hear(person(5, { status: 'active', version: 2 }), 'pending'), 'left');
  assert.deepEqual([shown(page), page.totals], [[3], totals(1, 1)]);
});

test('what was known before is no news, whichever way it came', () => {
  const page = pageOf([person(5, { version: 4 })]);
  assert.equal(page.hear(person(5, { version: 4 }), 'pending'), null);
  assert.equal(page.hear(person(5, { status: 'active', version: 3 }), 'pending'), null);
  page.hear(person(6, { status: 'active', version: 2 }), 'pending');
  assert.equal(page.hear(person(6, { status: 'active', version: 2 }), 'pending'), null);
  assert.deepEqual(page.totals, totals(0, 1));
});

test('news that overtakes an answer stays true, and so does news that the answer has already', () => {
  const page = pageOf([person(5), person(3)]);
  const asked = page.ask();
  page.hear(person(5, { status: 'active', version: 2 }), 'pending');
  page.hear(person(8), null);
  page.hear(person(3, { displayName: 'New Name', version: 2 }), 'pending');
  page.answer(asked, { items: [person(5), person(3, { displayName: 'Newest', version: 3 })], nextCursor: null, totals: totals(2) });
  assert.deepEqual(shown(page), [8, 3]);
  assert.equal(page.find(idOf(3)).displayName, 'Newest');
});

test('an answer to an earlier question is not taken', () => {
  const page = pageOf([person(5)]);
  const asked = page.ask();
  page.turn({ status: 'active', q: '', before: '' });
  assert.equal(page.answer(asked, { items: [person(1)], nextCursor: null, totals: totals(1) }), false);
  assert.deepEqual(shown(page), []);
});

test('a page takes in only who has a place in it', () => {
  const page = pageOf([person(50), person(40)], { question: { status: 'pending', q: '', before: idOf(60) }, nextCursor: idOf(40) });
  assert.equal(page.hear(person(70), null), 'elsewhere', 'that is on the page before');
  assert.equal(page.hear(person(30), null), 'elsewhere', 'that is on the next');
  assert.equal(page.hear(person(45), null), 'entered');
  assert.deepEqual(shown(page), [50, 45, 40]);
});

test('a burst does not grow the page: who does not fit is on the next', () => {
  const page = pageOf([person(1), person(0)]);
  for (let i = 2; i < 2 + 5 * pageSize; ++i) page.hear(person(i), null);
  assert.equal(page.shown.length, pageSize);
  assert.equal(page.nextCursor, page.shown.at(-1).id);
  assert.equal(page.totals.pending, 2 + 5 * pageSize);
});

test('a search is what the server does: parts of name or address, case folded in ASCII alone', () => {
  const question = { status: 'all', q: ' LOVE ', before: '' };
  assert.equal(matches(person(1, { displayName: 'Ada Lovelace' }), question), true);
  assert.equal(matches(person(1, { email: 'x.love@example.com' }), question), true);
  assert.equal(matches(person(1), question), false);
  assert.equal(matches(person(1, { displayName: 'É' }), { ...question, q: 'é' }), false);
  assert.equal(matches(person(1, { role: 'admin' }), { ...question, q: '' }), false);
});

test('an id tells when somebody registered, unless it is of another kind', () => {
  assert.equal(registeredAt('017f22e2-79b0-7cc3-98c4-dc0c0c07398f'), '2022-02-22T19:22:22.000Z');  // RFC 9562, A.6
  assert.equal(registeredAt('919108f7-52d1-4320-9bac-f847db4148a8'), null);                        // A.3
});

// Whatever happens to people, in whatever order answers and news of it arrive: once all is heard, the page is what the
// server has of it, as far as it goes.
test('after any history the page is that part of the server’s list', () => {
  for (let round = 1; round <= 300; ++round) {
    const random = new Random(round);
    const server = new Map();
    const page = new PeoplePage();
    const listed = () => [...server.values()].filter(({ status }) => status === 'pending').sort((a, b) => (a.id < b.id ? 1 : -1));
    const answer = () => {
      const items = listed();
      return { items: items.slice(0, pageSize), nextCursor: items.length > pageSize ? items[pageSize - 1].id : null, totals: totals(items.length) };
    };
    const unheard = [];
    page.answer(page.ask(), answer());
    let underWay = null;
    for (let step = 0; step < 400; ++step) {
      if (random.chance(0.5)) {
        const before = server.get(idOf(random.below(260)));
        const status = before?.status === 'pending' ? 'active' : 'pending';
        const now = before ? { ...before, status, version: before.version + 1 } : person(random.below(260));
        if (!before && server.has(now.id)) continue;
        server.set(now.id, now);
        unheard.push([now, before?.status ?? null]);
      } else if (random.chance(0.6) && unheard.length > 0) {
        page.hear(...unheard.shift());
      } else if (!underWay) {
        underWay = { asked: page.ask(), told: random.chance(0.5) ? answer() : null };
      } else {
        page.answer(underWay.asked, underWay.told ?? answer());
        underWay = null;
      }
    }
    if (underWay) page.answer(underWay.asked, underWay.told ?? answer());
    while (unheard.length > 0) page.hear(...unheard.shift());
    const expected = listed().filter(({ id }) => page.nextCursor === null || id >= page.nextCursor);
    assert.deepEqual(page.shown.map(({ id, version }) => [id, version]), expected.map(({ id, version }) => [id, version]), `seed ${round}`);
  }
});

test('a selection spans pages, offers what is possible, and loses who is no longer meant', () => {
  const question = { status: 'pending', q: '', before: '' };
  const selection = new Selection();
  selection.set(person(1), true);
  selection.add([person(2), person(3)]);
  assert.deepEqual([...selection.choices].map(([action, { length }]) => [action, length]), [['approve', 3], ['reject', 3]]);
  assert.equal(selection.hear(person(2, { status: 'active', version: 2 }), question), true);
  assert.equal(selection.hear(person(3, { displayName: 'Other', version: 2 }), question), false);
  assert.equal(selection.hear(person(7), question), false);
  assert.deepEqual(selection.people.map(({ displayName }) => displayName), ['Person 1', 'Other']);
});

test('a selection of all kinds offers each decision for those it is possible for', () => {
  const selection = new Selection();
  selection.add([person(1), person(2, { status: 'active' }), person(3, { status: 'active' }), person(4, { status: 'suspended' })]);
  assert.deepEqual([...selection.choices].map(([action, { length }]) => [action, length]),
                   [['approve', 1], ['reject', 1], ['suspend', 2], ['reinstate', 1]]);
  assert.equal(selection.hear(person(2, { status: 'suspended', version: 2 }), { status: 'all', q: '', before: '' }), false);
  assert.equal(selection.choices.get('reinstate').length, 2);
});

test('a run of people is selected from the last one that was, either way', () => {
  const people = [5, 4, 3, 2, 1].map((number) => person(number));
  const selection = new Selection();
  selection.extend(people[3], people);
  selection.extend(people[1], people);
  assert.deepEqual(selection.people.map(({ id }) => Number(id.slice(9, 13))).sort(), [2, 3, 4]);
  selection.extend(people[2], people, false);
  assert.deepEqual(selection.people.map(({ id }) => Number(id.slice(9, 13))), [2]);
});
