// The audit log: whoever changes somebody, by whatever way in, is in it, and replaying it gives what is true now.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';

import { allItems, startStackWithAdmin } from '../support/admin.mjs';
import { Random } from '../support/random.mjs';
import { programOf } from '../support/stack.mjs';

let stack;
let admin;
let tool;
before(async () => { ({ stack, admin, tool } = await startStackWithAdmin()); });
after(() => stack?.stop());
const told = (name, body) => test(name, (t) => stack.telling(body)(t));
const audit = '/api/admin/audit';

/** What the log says of users, oldest entry first: each as its last entry leaves them. Throws where an entry does not follow. */
function replay(entries) {
  const users = new Map();
  for (const { user, version, before, after: now, action } of [...entries].reverse()) {
    if (version === null) continue;
    const known = users.get(user.id);
    assert.deepEqual(before, known ?? null, `${action} of ${user.id} at ${version}`);
    assert.equal(now.version, version);
    assert.equal(version, (known?.version ?? 0) + 1);
    users.set(user.id, now);
  }
  return users;
}

told('replaying the log gives every user as they are, after changes by API, in bulk, by token, by command and by SQL', async () => {
  const random = new Random();
  const pick = (list) => random.of(list);
  console.log(`STAGEDOOR_SEED=${random.seed}`);
  const people = [];
  for (let i = 0; i < 12; ++i) people.push(await stack.person());
  const actions = ['approve', 'reject', 'reconsider', 'suspend', 'reinstate'];
  const ways = {
    api: (id, action) => admin.post(`/api/admin/stage-managers/${id}/${action}`, { reason: 'by API' }),
    token: (id, action) => tool.post(`/api/admin/stage-managers/${id}/${action}`, {}),
    bulk: (id, action) => admin.post('/api/admin/stage-managers/bulk', { action, ids: [id, pick(people).id, pick(people).id], reason: 'in bulk' }),
    sessions: (id) => admin.delete(`/api/admin/users/${id}/sessions`, { body: {} }),
    sql: async (id, action) => {
      const [from, to] = { approve: ['pending', 'active'], reject: ['pending', 'rejected'], reconsider: ['rejected', 'pending'],
                           suspend: ['active', 'suspended'], reinstate: ['suspended', 'active'] }[action];
      stack.sqlite(`UPDATE users SET status = '${to}' WHERE id = '${id}' AND status = '${from}'`);
    },
    rename: async (id) => stack.sqlite(`UPDATE users SET display_name = 'N ${pick([1, 2, 3])}', email = 'e' || version || '${id.slice(-6)}@example.com' WHERE id = '${id}'`),
  };
  for (let step = 0; step < 150; ++step) await ways[pick(Object.keys(ways))](pick(people).id, pick(actions));
  const made = spawnSync(programOf('auth-service'), ['create-admin', '--database-url', `sqlite:${stack.databasePath}`, '--email', 'late@example.com', '--password-stdin'],
                         { input: 'house-lights-up-1\n', encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);

  const users = replay(await allItems(admin, audit, 37));
  const rows = stack.sqlite("SELECT json_object('id', id, 'email', email, 'displayName', display_name, 'role', role, 'status', status, 'version', version, 'epoch', epoch) FROM users").output.trim().split('\n');
  assert.equal(users.size, rows.length, `seed ${random.seed}`);
  for (const row of rows.map((each) => JSON.parse(each))) {
    const { keptSession, keptEpoch, ...facts } = users.get(row.id);
    assert.deepEqual(facts, row, `seed ${random.seed}`);
  }
  const entries = await allItems(admin, audit);
  for (const { action, version, actor, origin, address, reason, at } of entries) {
    if (version === null) continue;
    assert.ok(actor.id && Date.parse(at), action);
    assert.equal(address, ['api', 'token'].includes(origin) ? '127.0.0.1' : null, `${action} by ${origin}`);
    if (origin === 'sql' || origin === 'cli') assert.equal(actor.id, origin === 'sql' ? 'sql' : 'create-admin');
    if (actor.email === stack.admin.email && origin === 'api' && action !== 'updated') assert.match(reason, /^(by API|in bulk)$/);
  }
  const origins = new Set(entries.map(({ origin }) => origin));
  for (const way of ['api', 'token', 'sql', 'cli']) assert.ok(origins.has(way), way);
});

told('an entry says who, when, from where, what, why, before and after', async () => {
  const person = await stack.person('Ida');
  await admin.post(`/api/admin/stage-managers/${person.id}/reject`, { reason: 'No seat left' });
  stack.sqlite(`UPDATE users SET status = 'pending' WHERE id = '${person.id}'`);
  const [bySql, byApi, registered] = (await admin.get(`${audit}?user=${person.id}`)).body.items;
  assert.deepEqual([byApi.action, byApi.actor.email, byApi.origin, byApi.address, byApi.reason, byApi.version, byApi.before.status, byApi.after.status],
                   ['rejected', stack.admin.email, 'api', '127.0.0.1', 'No seat left', 2, 'pending', 'rejected']);
  assert.deepEqual([byApi.user.id, byApi.user.displayName], [person.id, 'Ida']);
  assert.ok(Math.abs(Date.now() - new Date(byApi.at)) < 60_000);
  assert.deepEqual([bySql.action, bySql.actor, bySql.origin, bySql.address, bySql.reason],
                   ['reconsidered', { id: 'sql', email: null, displayName: null }, 'sql', null, null]);
  assert.deepEqual([registered.action, registered.before, registered.version, registered.actor.id, registered.origin, registered.address],
                   ['registered', null, 1, person.id, 'api', '127.0.0.1']);
});

told('what people do about themselves says from where, too', async () => {
  const person = await stack.person();
  const [device, other] = [stack.device(), stack.device()];
  await device.signIn(person);
  await other.signIn(person);
  assert.equal((await device.patch('/api/stage-manager/profile', { displayName: 'Ida B.' })).status, 200);
  const there = (await device.get('/api/auth/sessions')).body.items.find(({ current }) => !current);
  assert.equal((await device.delete(`/api/auth/sessions/${there.id}`, { body: {} })).status, 204);
  await other.signIn(person);
  const change = await device.post('/api/auth/password', { currentPassword: person.password, newPassword: 'break-another-leg-2' });
  assert.equal(change.status, 200);
  await device.signIn({ ...person, password: 'break-another-leg-2' });  // in the place of the one before, which ends
  await device.post('/api/auth/logout');
  await device.signIn({ ...person, password: 'break-another-leg-2' });
  await device.post('/api/auth/logout-all');
  const entries = (await admin.get(`${audit}?user=${person.id}`)).body.items;
  // Those of one transaction may share a millisecond, or not.
  assert.deepEqual(entries.map(({ action, reason }) => reason ?? action).sort(),
                   ['registered', 'updated', 'session_ended_elsewhere', 'password_changed', 'updated', 'session_signed_out', 'session_signed_out', 'updated'].sort());
  for (const { action, actor, origin, address } of entries) assert.deepEqual([actor.id, origin, address], [person.id, 'api', '127.0.0.1'], action);
});

told('the end of a session by an admin is there, with whose it was and who ended it', async () => {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  const [{ id }] = (await admin.get(`/api/admin/users/${person.id}/sessions`)).body.items;
  assert.equal((await tool.delete(`/api/admin/users/${person.id}/sessions/${id}`, { body: {} })).status, 204);
  assert.equal((await device.get('/api/auth/me')).body.code, 'session_ended_by_admin');
  const [entry] = (await admin.get(`${audit}?user=${person.id}&action=session_ended`)).body.items;
  assert.deepEqual([entry.sessionId, entry.actor.email, entry.origin, entry.reason, entry.address],
                   [id, stack.admin.email, 'token', 'session_ended_by_admin', '127.0.0.1']);
});

told('filters hold together, pages join without a gap, and times bound what is told', async () => {
  const everything = await allItems(admin, audit, 200);
  assert.deepEqual((await allItems(admin, audit, 7)).filter(({ action }) => action !== 'denied').map(({ id }) => id),
                   everything.filter(({ action }) => action !== 'denied').map(({ id }) => id));
  const times = everything.map(({ at }) => at);
  assert.deepEqual(times, [...times].sort().reverse());
  const bosses = everything.find(({ origin, action }) => origin === 'api' && action === 'rejected').actor.id;
  for (const [query, fits] of [[`actor=${bosses}&action=approved`, (each) => each.actor.id === bosses && each.action === 'approved'],
                               ['actor=sql', (each) => each.actor.id === 'sql'], ['action=updated', (each) => each.action === 'updated']]) {
    const found = await allItems(admin, `${audit}?${query}`, 5);
    assert.deepEqual(found.map(({ id }) => id), everything.filter(fits).map(({ id }) => id), query);
  }
  const [from, to] = [times.at(-5), times[5]];
  const between = await allItems(admin, `${audit}?since=${encodeURIComponent(from)}&until=${encodeURIComponent(to)}`);
  assert.deepEqual(between.map(({ id }) => id), everything.filter(({ at }) => at >= from && at < to).map(({ id }) => id));
  for (const [query, field] of [['since=yesterday', 'since'], ['until=2026-13-01T00:00:00Z', 'until'], ['user=x', 'user'], ['cursor=1', 'cursor'], ['limit=0', 'limit'], ['who=me', 'who']]) {
    const { status, body } = await admin.get(`${audit}?${query}`);
    assert.deepEqual([status, body.errors?.map((each) => each.field)], [422, [field]], query);
  }
});

told('nobody edits the log, and what is denied leaves no trace of what was typed', async () => {
  assert.throws(() => stack.sqlite("UPDATE audit_log SET reason = 'x'"), /stays as it was written/);
  assert.throws(() => stack.sqlite("UPDATE audit_sources SET address = 'x'"), /stays as it was written/);
  await stack.device().get('/api/admin/stage-managers?q=secret-of-mine');
  const entries = JSON.stringify(await allItems(admin, audit));
  assert.ok(!entries.includes('secret-of-mine'));
});
