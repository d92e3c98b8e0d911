// What the console says and where it leads: transitions, conflicts, the audit log, its addresses.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { filters, readAddress, views, writeAddress } from '../../../auth-service/web/assets/console-address.js';
import { entryWords } from '../../../auth-service/web/assets/console-audit-words.js';
import { actionsFor, author, conflictSentence, counterLabel, moves } from '../../../auth-service/web/assets/console-moves.js';

const read = (path) => readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');
const example = (name) => JSON.parse(read(`proto-docs/examples/${name}.json`));

test('the transitions are those of common/core/user.hpp', () => {
  const rows = [...read('common/core/user.hpp').matchAll(/transition\{"(\w+)", user_status::(\w+), user_status::(\w+), "(\w+)"\}/g)];
  assert.equal(rows.length, 5);
  assert.deepEqual(Object.entries(moves).map(([action, { from, to, done }]) => [action, from, to, done]), rows.map((row) => row.slice(1)));
});

test('a decision is taken back by one that is possible then, and said to be undone only if it is', () => {
  for (const { to, from, counter, restores } of Object.values(moves)) {
    assert.ok(actionsFor(to).includes(counter));
    assert.equal(moves[counter].to === from, restores);
  }
  assert.equal(counterLabel('reject'), 'Undo');
  assert.equal(counterLabel('approve'), 'Suspend instead');
});

test('no two keys are the same, and none is one that moves', () => {
  const keys = Object.values(moves).map(({ key }) => key);
  assert.equal(new Set([...keys, 'j', 'k', 'x', 'e', 'u', '/', '?']).size, keys.length + 7);
});

test('a conflict tells who did what when, and what is now', () => {
  const when = (date) => `at ${date.toISOString().slice(11, 19)}`;
  const { userStatus, version, did, by, at } = example('problem-invalid-transition');
  const conflict = { userStatus, version, did, by, at };
  assert.equal(conflictSentence('reject', 'Ada', conflict, { me: 'x', when }),
               'Not rejected. Stage Door (stage@example.com) approved Ada at 08:00:00. Now: active.');
  assert.equal(conflictSentence('reject', 'Ada', conflict, { me: by.id, when }),
               'Not rejected. You, in another window or by a tool, approved Ada at 08:00:00. Now: active.');
  const changed = example('problem-version-conflict');
  assert.equal(conflictSentence('approve', 'Ada', changed, { me: 'x', when }),
               'Not approved. Somebody with SQL rejected Ada at 08:00:00. Now: declined.');
  assert.match(conflictSentence('approve', 'Ada', { ...changed, did: 'updated' }, { when }), /with SQL changed Ada/);
  assert.equal(conflictSentence('approve', 'Ada', { did: null, by: null, at: null, userStatus: null }, { when }),
               'Not approved. Somebody else has decided about Ada meanwhile.');
});

test('parts of the system are told by a name, others as they call themselves', () => {
  assert.deepEqual([{ id: 'sql' }, { id: 'create-admin' }, { id: 'after-restore' }].map((by) => author(by)),
                   ['Somebody with SQL', 'The command create-admin', 'after-restore']);
});

test('every entry of the audit log is a sentence', () => {
  const [denied, approved, made] = example('audit').items.map((entry) => entryWords(entry));
  assert.equal(denied.sentence, 'Ada Lovelace (ada@example.com) was refused 3 times: POST /api/admin/stage-managers/{id}/approve (forbidden).');
  assert.deepEqual(approved, { sentence: 'Stage Door (stage@example.com) approved Ada Lovelace.', reason: 'Welcome to the house',
                               way: 'with an API token, from 192.0.2.1, version 2' });
  assert.equal(made.sentence, 'Stage Door (stage@example.com) made the API token “nightly import” (approve).');
});

test('a change says from what to what; one’s own deeds are one’s own', () => {
  const entry = { ...example('audit').items[1], action: 'updated', reason: null };
  const changed = { ...entry, after: { ...entry.before, displayName: 'Ada King', epoch: 2 } };
  assert.equal(entryWords(changed).sentence, 'Stage Door (stage@example.com) changed Ada Lovelace: name “Ada Lovelace” to “Ada King”, all sessions ended.');
  const own = { ...entry, actor: entry.user, before: null, after: null };
  assert.equal(entryWords({ ...own, action: 'registered' }).sentence, 'Ada Lovelace (ada@example.com) registered.');
  assert.equal(entryWords({ ...own, action: 'session_ended', reason: 'session_signed_out' }).sentence, 'Ada Lovelace (ada@example.com): a session was signed out.');
  assert.equal(entryWords(entry, { me: entry.actor.id }).sentence, 'You changed Ada Lovelace: status “pending” to “active”.');
  assert.equal(entryWords({ ...entry, action: 'something_new' }).sentence, 'Stage Door (stage@example.com) something_new Ada Lovelace.');
});

test('an address leads back to what it was written for', () => {
  const id = '01890a5d-ac96-774b-bcce-b302099a8057';
  for (const view of views) {
    for (const status of filters) {
      for (const q of ['', 'Ada & Co. #1 +100%']) {
        const address = { view, status, q, before: id, person: id };
        assert.deepEqual(readAddress(writeAddress(address)), address);
      }
    }
  }
  assert.equal(writeAddress(readAddress('')), '');
});

test('what an address says and nobody knows is left out', () => {
  assert.deepEqual(readAddress('?view=x&status=gone&person=../../evil&before=%00&more=1'),
                   { view: 'people', status: 'pending', q: '', before: '', person: '' });
  assert.equal(readAddress(`?q=${'x'.repeat(500)}`).q.length, 100);
});
