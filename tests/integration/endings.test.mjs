// Every way a session ends by somebody's will: seen on the other node at the next request, and by the sockets.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Listener } from '../support/listener.mjs';
import { startStack } from '../support/stack.mjs';

const perUser = 4;

let stack;
before(async () => {
  stack = await startStack({ authNodes: 2, authFlags: ['--sessions-per-user', `${perUser}`],
                             notifyFlags: ['--heartbeat-interval', '1s'] });
});
after(() => stack?.stop());

const story = (name, body) => test(name, (t) => stack.telling(body)(t));
const code = (answer) => `${answer.status} ${answer.body.code ?? ''}`.trim();

async function signedIn(person, node = 0, userAgent = 'curl/8.5.0') {
  const device = stack.device(node);
  const { email, password } = person;
  const answer = await device.post('/api/auth/login', { email, password }, { headers: { 'user-agent': userAgent } });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return device;
}

/** What `cookie` is worth on each node at its next request. */
const worth = (cookie) => Promise.all([0, 1].map(async (node) =>
  code(await stack.device(node).get('/api/auth/me', { headers: { cookie } }))));
const lives = async (cookie, what) => assert.deepEqual(await worth(cookie), ['200', '200'], what);
const isOver = async (cookie, reason) => assert.deepEqual(await worth(cookie), [`401 ${reason}`, `401 ${reason}`]);
const sessionsOf = async (device) => (await device.get('/api/auth/sessions')).body.items;

/** Two devices of one person at two nodes, with their sockets. */
async function twoDevices() {
  const person = await stack.person();
  const [here, there] = [await signedIn(person, 0), await signedIn(person, 1)];
  const sockets = await Promise.all([here, there].map(({ cookie }) => Listener.of(stack, cookie)));
  return { person, here, there, hearing: sockets[0], hearingThere: sockets[1] };
}
async function stays(listener) {
  await listener.heard('connection.heartbeat', listener.count('connection.heartbeat') + 1);
  assert.equal(listener.closed, null);
  listener.leave();
}

story('the list says where a person is signed in, newest first, and which device asks', async () => {
  const person = await stack.person();
  const phone = await signedIn(person, 0, 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1');
  const laptop = await signedIn(person, 1, 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0');
  const items = await sessionsOf(phone);
  assert.deepEqual(items.map(({ device, current }) => [device, current]), [['Firefox on Linux', false], ['Safari on iPhone', true]]);
  for (const item of items) {
    assert.deepEqual(Object.keys(item), ['id', 'createdAt', 'lastSeenAt', 'expiresAt', 'device', 'address', 'current']);
    assert.equal(item.address, '127.0.0.1');
    assert.ok(Date.parse(item.createdAt) <= Date.parse(item.lastSeenAt));
    assert.ok(Date.parse(item.lastSeenAt) < Date.parse(item.expiresAt));
  }
  const { body: { session } } = await laptop.get('/api/auth/me');
  assert.equal(items[0].id, session.id);
  const admin = await stack.adminDevice();
  const { body } = await admin.get(`/api/admin/users/${person.id}/sessions`);
  assert.deepEqual(body.items.map(({ id, current }) => [id, current]), items.map(({ id }) => [id, false]));
});

story('signing another device out ends that one alone, and says so', async () => {
  const { here, there, hearing, hearingThere } = await twoDevices();
  const other = (await sessionsOf(here)).find(({ current }) => !current);
  const answer = await here.delete(`/api/auth/sessions/${other.id}`);
  assert.equal(answer.status, 204);
  assert.equal(answer.headers.get('set-cookie'), null);
  await isOver(there.cookie, 'session_ended_elsewhere');
  assert.equal(await hearingThere.closeCode(), 4401);
  await lives(here.cookie);
  assert.equal((await sessionsOf(here)).length, 1);
  assert.equal((await here.delete(`/api/auth/sessions/${other.id}`)).status, 204, 'again is no error');
  await isOver(there.cookie, 'session_ended_elsewhere');
  await stays(hearing);
});

story('ending the own session is a sign-out', async () => {
  const { here, there, hearing, hearingThere } = await twoDevices();
  const own = (await sessionsOf(here)).find(({ current }) => current);
  const { cookie } = here;
  const answer = await here.delete(`/api/auth/sessions/${own.id}`);
  assert.deepEqual([answer.status, answer.headers.get('clear-site-data')], [204, '"cache", "storage"']);
  assert.equal(here.cookie, '', 'the cookie is cleared');
  await isOver(cookie, 'session_signed_out');
  assert.equal(await hearing.closeCode(), 4401);
  await lives(there.cookie);
  await stays(hearingThere);
});

story('nobody ends the session of somebody else, and nobody but admins asks for them', async () => {
  const [mine, theirs] = [await signedIn(await stack.person()), await signedIn(await stack.person())];
  const [{ id }] = await sessionsOf(theirs);
  assert.equal(code(await mine.delete(`/api/auth/sessions/${id}`)), '404 not_found');
  assert.equal(code(await mine.delete('/api/auth/sessions/nonsense')), '404 not_found');
  const { body: { user } } = await theirs.get('/api/auth/me');
  for (const path of [`/api/admin/users/${user.id}/sessions`, `/api/admin/users/${user.id}/sessions/${id}`]) {
    assert.equal(code(await mine.delete(path)), '403 forbidden');
  }
  assert.equal(code(await mine.get(`/api/admin/users/${user.id}/sessions`)), '403 forbidden');
  await lives(theirs.cookie);
});

story('signing out everywhere ends every session, the calling one too', async () => {
  const { person, here, there, hearing, hearingThere } = await twoDevices();
  const { cookie } = here;
  const answer = await here.post('/api/auth/logout-all');
  assert.equal(answer.status, 200);
  assert.equal(answer.body.redirectUrl, '/login');
  assert.equal(here.cookie, '', 'the cookie is cleared');
  for (const each of [cookie, there.cookie]) await isOver(each, 'session_revoked');
  assert.deepEqual([await hearing.closeCode(), await hearingThere.closeCode()], [4401, 4401]);
  assert.equal(code(await stack.device().post('/api/auth/logout-all')), '401 no_session');
  assert.equal((await sessionsOf(await signedIn(person))).length, 1);
});

story('an admin ends one session, or all of them', async () => {
  const { person, here, there, hearing, hearingThere } = await twoDevices();
  const admin = await stack.adminDevice();
  const path = `/api/admin/users/${person.id}/sessions`;
  const [newest] = (await admin.get(path)).body.items;
  assert.equal((await admin.delete(`${path}/${newest.id}`)).status, 204);
  await isOver(there.cookie, 'session_ended_by_admin');
  assert.equal(await hearingThere.closeCode(), 4401);
  await lives(here.cookie);
  assert.equal((await admin.delete(path)).status, 204);
  await isOver(here.cookie, 'session_revoked');
  assert.equal(await hearing.closeCode(), 4401);
  assert.deepEqual((await admin.get(path)).body.items, []);
  const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
  assert.equal(code(await admin.delete(`/api/admin/users/${nobody}/sessions`)), '404 not_found');
  assert.equal(code(await admin.delete(`${path}/${nobody}`)), '404 not_found');
  assert.equal((await admin.get('/api/auth/me')).status, 200);
});

story('a new password keeps the session it came from, with a new token, and ends all others', async () => {
  const { person, here, there, hearing, hearingThere } = await twoDevices();
  const before = here.cookie;
  const password = 'a new one for the new season';
  const answer = await here.post('/api/auth/password', { currentPassword: person.password, newPassword: password });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal(answer.body.user.id, person.id);
  assert.notEqual(here.cookie, before, 'a new token');
  await lives(here.cookie);
  await lives(before, 'the other tab');
  await isOver(there.cookie, 'session_revoked');
  assert.equal(await hearingThere.closeCode(), 4401);
  assert.equal(code(await stack.device().post('/api/auth/login', { email: person.email, password: person.password })),
               '401 invalid_credentials');
  const again = await signedIn({ ...person, password }, 1);
  assert.deepEqual((await sessionsOf(here)).map(({ current }) => current), [false, true]);
  await lives(again.cookie);
  await stays(hearing);

  stack.redisCommand('FLUSHALL');
  await lives(here.cookie, 'kept, as the database knows');
  await isOver(there.cookie, 'session_revoked');
  assert.equal((await here.post('/api/auth/logout-all')).status, 200);
  await isOver(before, 'session_revoked');
});

story('a wrong present password is 403, changes nothing and leaves the session alone', async () => {
  const { person, here, there } = await twoDevices();
  const wish = { currentPassword: 'not the one', newPassword: 'a new one for the new season' };
  const refused = await here.post('/api/auth/password', wish);
  assert.equal(code(refused), '403 wrong_password');
  assert.equal(refused.headers.get('set-cookie'), null);
  const bad = async (body) => {
    const answer = await here.post('/api/auth/password', body);
    assert.equal(answer.status, 422);
    return answer.body.errors.map(({ field }) => field);
  };
  const { password } = person;
  assert.deepEqual(await bad({ currentPassword: password, newPassword: 'short' }), ['newPassword']);
  assert.deepEqual(await bad({ currentPassword: password, newPassword: password }), ['newPassword']);
  assert.deepEqual(await bad({ currentPassword: password, newPassword: person.email }), ['newPassword']);
  assert.deepEqual(await bad({ newPassword: 'long enough for this' }), ['currentPassword']);
  for (const { cookie } of [here, there]) await lives(cookie);
  await signedIn(person);
});

story('of two changes at once one wins and the other is told that it was too late, or that its session is over', async () => {
  const { person, here, there } = await twoDevices();
  const answers = await Promise.all([here, there].map((device, i) =>
    device.post('/api/auth/password', { currentPassword: person.password, newPassword: `the new password ${i}` })));
  const winner = answers.findIndex(({ status }) => status === 200);
  assert.notEqual(winner, -1);
  const late = code(answers[1 - winner]);
  assert.ok(['409 password_changed', '403 wrong_password', '401 session_revoked'].includes(late), late);
  await lives([here, there][winner].cookie);
  await isOver([here, there][1 - winner].cookie, 'session_revoked');
  await signedIn({ ...person, password: `the new password ${winner}` });
});

story('signing in on a browser ends the session that it still carries, and no other', async () => {
  const { person, here, there, hearing, hearingThere } = await twoDevices();
  const before = here.cookie;
  const { email, password } = person;
  assert.equal(code(await here.post('/api/auth/login', { email, password: 'not the one' })), '401 invalid_credentials');
  await lives(before, 'a sign-in that fails ends nothing');
  const forged = there.cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  assert.equal((await stack.device().post('/api/auth/login', { email, password }, { headers: { cookie: forged } })).status, 200);
  await lives(there.cookie, 'a token that is not genuine ends nothing');

  const listed = (await sessionsOf(here)).length;
  assert.equal((await here.post('/api/auth/login', { email, password })).status, 200);
  assert.notEqual(here.cookie, before);
  await isOver(before, 'session_signed_out');
  assert.equal(await hearing.closeCode(), 4401);
  for (const { cookie } of [here, there]) await lives(cookie);
  assert.equal((await sessionsOf(here)).length, listed, 'no ghost in the list');
  await stays(hearingThere);
});

story('one sign-in too many takes the oldest session, on every node and with its socket', async () => {
  const person = await stack.person();
  const oldest = await signedIn(person, 0);
  const hearing = await Listener.of(stack, oldest.cookie);
  const devices = [];
  for (let i = 1; i < perUser; ++i) devices.push(await signedIn(person, i % 2));
  await lives(oldest.cookie);
  const newest = await signedIn(person, 1);
  await isOver(oldest.cookie, 'session_displaced');
  assert.equal(await hearing.closeCode(), 4401);
  for (const { cookie } of [...devices, newest]) await lives(cookie);
  assert.equal((await sessionsOf(newest)).length, perUser);
});

story('a suspension by plain SQL ends sessions and sockets as one through the API does', async () => {
  const { person, here, there, hearing, hearingThere } = await twoDevices();
  await stack.decide(person, 'approve');
  stack.sqlite(`UPDATE users SET status = 'suspended' WHERE id = '${person.id}'`);
  assert.deepEqual([await hearing.closeCode(), await hearingThere.closeCode()], [4403, 4403]);
  for (const { cookie } of [here, there]) await isOver(cookie, 'session_revoked');
});

story('one statement in SQL ends the sessions of everybody, sockets and all', async () => {
  const [one, other] = [await twoDevices(), await twoDevices()];
  stack.sqlite('UPDATE users SET epoch = epoch + 1');
  for (const { hearing, hearingThere } of [one, other]) {
    assert.deepEqual([await hearing.closeCode(), await hearingThere.closeCode()], [4401, 4401]);
  }
  for (const { here, there } of [one, other]) for (const { cookie } of [here, there]) await isOver(cookie, 'session_revoked');
  await lives((await signedIn(one.person)).cookie);
});

story('an end by plain SQL is an end, too', async () => {
  const { here, there, hearing, hearingThere } = await twoDevices();
  const { id } = (await sessionsOf(here)).find(({ current }) => !current);
  stack.sqlite(`UPDATE sessions SET ended_at_ms = 1, end_reason = 'session_ended_by_admin' WHERE id = '${id}'`);
  assert.equal(await hearingThere.closeCode(), 4401);
  await isOver(there.cookie, 'session_ended_by_admin');
  await stays(hearing);
});

story('what has ended stays so when Redis forgets everything', async () => {
  const { here, there } = await twoDevices();
  const { id } = (await sessionsOf(here)).find(({ current }) => !current);
  await here.delete(`/api/auth/sessions/${id}`);
  stack.redisCommand('FLUSHALL');
  await isOver(there.cookie, 'session_ended_elsewhere');
  await lives(here.cookie);
  const [item] = await sessionsOf(here);
  assert.equal(item.current, true);
});
