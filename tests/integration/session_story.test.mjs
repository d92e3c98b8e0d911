// A session from registration to sign-out, as a front-end developer calls it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack({ authFlags: ['--log-level', 'debug'] }); });
after(() => stack?.stop());

const story = (name, body) => test(name, (t) => stack.telling(body)(t));
const code = (answer) => `${answer.status} ${answer.body.code ?? ''}`.trim();

story('a person registers, signs in, is approved, refreshes once and is told once', async () => {
  const device = stack.device();
  const person = await stack.person('Ada Lovelace');
  const signedIn = await device.signIn(person);
  assert.deepEqual(Object.keys(signedIn.user), ['id', 'email', 'displayName', 'role', 'status', 'version']);
  assert.equal(signedIn.user.status, 'pending');
  assert.equal(signedIn.redirectUrl, '/stage-manager-pending');

  const { event, delivery } = await stack.decide(person, 'approve', { reason: 'Welcome' });
  assert.equal(delivery, 'relayed');
  assert.equal(event.type, 'stagedoor.stage_manager.approved');
  assert.equal(event.data.reason, 'Welcome');

  assert.equal((await device.get('/api/auth/me')).body.user.status, 'active');
  const first = await device.post('/api/auth/refresh-session');
  assert.equal(first.body.statusChanged, true);
  assert.equal(first.body.previousStatus, 'pending');
  assert.equal(first.body.redirectUrl, '/stage-manager');
  assert.match(first.headers.get('set-cookie'), /HttpOnly; SameSite=Lax$/);
  const second = await device.post('/api/auth/refresh-session', { ackVersion: first.body.user.version });
  assert.equal(second.body.statusChanged, false);
  assert.equal(second.body.previousStatus, 'active');
});

story('a rejection that is taken back is told too, until the client says that it knows', async () => {
  const device = stack.device();
  const person = await stack.person();
  await device.signIn(person);
  const refresh = async (body) => {
    const { statusChanged, previousStatus, user } = (await device.post('/api/auth/refresh-session', body)).body;
    return [statusChanged, previousStatus, user.status];
  };
  assert.deepEqual(await refresh(), [false, 'pending', 'pending']);
  await stack.decide(person, 'reject');
  assert.deepEqual(await refresh(), [true, 'pending', 'rejected']);
  const { event } = await stack.decide(person, 'reconsider');
  assert.deepEqual(await refresh(), [true, 'rejected', 'pending']);
  assert.deepEqual(await refresh(), [true, 'rejected', 'pending'], 'the answer may have been lost');
  assert.deepEqual(await refresh({ ackVersion: event.data.version }), [false, 'pending', 'pending']);
});

story('the token of before a refresh still opens the door for the other tab', async () => {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  const before = device.cookie;
  await device.post('/api/auth/refresh-session');
  assert.notEqual(device.cookie, before);
  assert.equal((await stack.device().get('/api/auth/me', { headers: { cookie: before } })).status, 200);
  const again = await stack.device().post('/api/auth/refresh-session', {}, { headers: { cookie: before } });
  assert.ok(again.headers.get('set-cookie').startsWith(device.cookie), 'the very same successor');
});

story('a token is told in Set-Cookie, and nowhere else', async () => {
  const person = await stack.person();
  const device = stack.device();
  const credentials = { email: person.email, password: person.password };
  const changed = { currentPassword: person.password, newPassword: 'another-curtain-call' };
  for (const [path, body] of [['/api/auth/login', credentials], ['/api/auth/refresh-session', {}], ['/api/auth/password', changed],
                              ['/api/auth/me'], ['/api/auth/sessions'], ['/api/auth/verify'], ['/'], ['/stage-manager-pending']]) {
    const { headers, body: told } = await (body ? device.post(path, body) : device.get(path));
    const [, token] = /=([\w-]{72})$/.exec(device.cookie);
    const fields = [...headers].filter(([name]) => name !== 'set-cookie').map(([name, value]) => `${name}: ${value}`);
    const secret = token.slice(-20);  // of the proof: what comes before it is no secret (K1)
    for (const text of [JSON.stringify(told), ...fields]) assert.ok(!text.includes(secret), `${path}: ${text}`);
  }
});

story('twenty refreshes at once end with one token that works', async () => {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  const { cookie } = device;
  const answers = await Promise.all(Array.from({ length: 20 }, () =>
    stack.device().post('/api/auth/refresh-session', {}, { headers: { cookie } })));
  assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
  assert.equal(new Set(answers.map((answer) => answer.headers.get('set-cookie').split(';')[0])).size, 1);
});

story('a signed-out session is over at once, its cookie is cleared, and signing out again is no error', async () => {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  const { cookie } = device;
  const answer = await device.post('/api/auth/logout');
  assert.equal(answer.status, 200);
  assert.equal(answer.body.redirectUrl, '/login');
  assert.equal(device.cookie, '');
  const afterwards = await stack.device().get('/api/auth/me', { headers: { cookie } });
  assert.equal(code(afterwards), '401 session_signed_out');
  assert.equal((await device.post('/api/auth/logout')).status, 200);
  assert.equal(code(await stack.device().get('/api/auth/me')), '401 no_session');
});

story('signing out here leaves the other device signed in', async () => {
  const person = await stack.person();
  const [phone, laptop] = [stack.device(), stack.device()];
  await phone.signIn(person);
  await laptop.signIn(person);
  await phone.post('/api/auth/logout');
  assert.equal((await laptop.get('/api/auth/me')).status, 200);
});

story('a wiped Redis signs nobody out and brings nobody back', async () => {
  const person = await stack.person();
  const [staying, leaving] = [stack.device(), stack.device()];
  await staying.signIn(person);
  await leaving.signIn(person);
  const { cookie } = leaving;
  await leaving.post('/api/auth/logout');
  stack.redisCommand('FLUSHALL');
  assert.equal((await staying.get('/api/auth/me')).status, 200);
  assert.equal(code(await stack.device().get('/api/auth/me', { headers: { cookie } })), '401 session_signed_out');
});

story('a suspended person is signed out everywhere and told why only after the right password', async () => {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  await stack.decide(person, 'approve');
  await stack.decide(person, 'suspend');
  assert.equal(code(await device.get('/api/auth/me')), '401 session_revoked');
  assert.equal(code(await device.post('/api/auth/login', { email: person.email, password: person.password })),
               '403 account_suspended');
  assert.equal(code(await device.post('/api/auth/login', { email: person.email, password: 'wrong-password' })),
               '401 invalid_credentials');
});

story('a rejected person stays signed in, to read why and to hear if that is reconsidered', async () => {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  await stack.decide(person, 'reject', { reason: 'No reference' });
  const me = await device.get('/api/auth/me');
  assert.equal(me.body.user.status, 'rejected');
  assert.equal(code(await device.get('/api/stage-manager/profile')), '403 account_rejected');
  await stack.decide(person, 'reconsider');
  assert.equal((await device.get('/api/stage-manager/profile')).status, 200);
});

story('a profile is shown and changed by its owner, and a new name raises the version', async () => {
  const person = await stack.person('Ada');
  const device = stack.device();
  await device.signIn(person);
  const shown = await device.get('/api/stage-manager/profile');
  assert.deepEqual(shown.body.profile, { displayName: 'Ada', phone: '', company: '', bio: '' });
  const changed = await device.patch('/api/stage-manager/profile', { displayName: 'Ada L.', bio: 'one\ntwo' });
  assert.equal(changed.status, 200);
  assert.deepEqual(changed.body.profile, { displayName: 'Ada L.', phone: '', company: '', bio: 'one\ntwo' });
  assert.equal(changed.body.user.version, 2);
  assert.equal((await device.get('/api/auth/me')).body.user.displayName, 'Ada L.');
});

story('admins see who waits, in pages', async () => {
  const admin = await stack.adminDevice();
  const person = await stack.person('Zelda Unique');
  const found = await admin.get('/api/admin/stage-managers?q=zelda%20u&status=pending');
  assert.equal(found.body.items.length, 1);
  assert.equal(found.body.items[0].id, person.id);
  assert.ok(Date.parse(found.body.items[0].createdAt) > 0);
  const first = await admin.get('/api/admin/stage-managers?limit=1');
  assert.equal(first.body.items.length, 1);
  const second = await admin.get(`/api/admin/stage-managers?limit=1&cursor=${first.body.nextCursor}`);
  assert.notEqual(second.body.items[0].id, first.body.items[0].id);
  assert.deepEqual(Object.keys(first.body.totals), ['pending', 'active', 'rejected', 'suspended']);
  const uncounted = await admin.get('/api/admin/stage-managers?limit=1&totals=false');
  assert.deepEqual(uncounted.body, { ...first.body, totals: null });
});

story('approving twice is answered alike, and what a status does not allow is a conflict', async () => {
  const admin = await stack.adminDevice();
  const person = await stack.person();
  const path = `/api/admin/stage-managers/${person.id}`;
  const first = await admin.post(`${path}/approve`, { reason: 'Welcome' });
  const again = await admin.post(`${path}/approve`, { reason: 'Other' });
  assert.deepEqual([first.body.changed, again.body], [true, { ...first.body, changed: false }]);
  const conflict = await admin.post(`${path}/reject`);
  assert.equal(code(conflict), '409 invalid_transition');
  assert.match(conflict.body.detail, /active/);
});

story('the debug log tells the story of a refresh, without token or e-mail', async () => {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  await stack.decide(person, 'approve');
  await device.post('/api/auth/refresh-session');
  const told = () => stack.auth.output.split('\n').filter((line) => line.includes(person.id)
                                                                   || line.includes('session refresh'));
  const steps = ['requested', 'current session', 'fresh facts', 'new session', 'status changed'];
  for (const step of steps) assert.ok(told().some((line) => line.includes(step)), step);
  const token = device.cookie.split('=')[1];
  assert.ok(!stack.auth.output.includes(token));
  assert.ok(!stack.auth.output.includes(person.email));
  assert.ok(!stack.auth.output.includes(person.password));
});

story('what has been checked once is remembered by the node, and counted, unless it was told not to', async () => {
  const device = stack.device();
  await device.signIn(await stack.person());
  const counted = async () => {
    const metrics = await stack.auth.metrics();
    const of = (name) => metrics[`stagedoor_session_cache_${name}`] ?? 0;
    return { hits: of('hits_total'), misses: of('misses_total'), entries: of('entries'), bytes: of('bytes') };
  };
  const before = await counted();
  const check = async () => assert.equal((await device.get('/api/auth/me')).status, 200);
  await check();
  if (process.env.STAGEDOOR_SESSION_CACHE === 'off') {
    for (let i = 0; i < 5; ++i) await check();
    assert.deepEqual(await counted(), before);
  } else {
    await until(async () => (await check(), (await counted()).hits > before.hits), { what: 'an answer from memory' });
    const { misses, entries, bytes } = await counted();
    assert.ok(misses > before.misses, 'it was read before');
    assert.ok(entries > before.entries && bytes > before.bytes, 'one more');
    assert.ok(bytes / entries > 700 && bytes / entries < 4_000, `${bytes} bytes of ${entries}`);
  }
});
