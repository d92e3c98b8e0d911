// The API client: what becomes of answers, of no answer, and of refreshes that meet each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AdminApi } from '../../../auth-service/web/assets/stagedoor-admin-api.js';
import { Api, Problem } from '../../../auth-service/web/assets/stagedoor-client.js';

const answer = (status, body, headers = {}) =>
  new Response(body === undefined ? null : JSON.stringify(body), { status, headers });

function recorded(...answers) {
  const calls = [];
  const api = new AdminApi({ fetch: async (url, options) => {
    calls.push({ url, ...options });
    const next = answers[Math.min(calls.length, answers.length) - 1];
    return typeof next === 'function' ? next() : next;
  } });
  return { api, calls };
}

const refused = (promise) => promise.then(() => assert.fail('resolved'), (error) => error);

test('a POST carries JSON also when there is nothing to say', async () => {
  const { api, calls } = recorded(answer(204));
  assert.equal(await api.logout(), null);
  assert.equal(calls[0].body, '{}');
  assert.equal(calls[0].headers['content-type'], 'application/json');
  assert.equal(calls[0].credentials, 'same-origin');
});

test('to another origin the cookie goes along', async () => {
  const calls = [];
  const api = new Api({ base: 'https://api.example', fetch: async (url, options) => (calls.push({ url, ...options }), answer(204)) });
  await api.logout();
  assert.deepEqual(calls.map(({ url, credentials }) => [url, credentials]), [['https://api.example/api/auth/logout', 'include']]);
});

test('a DELETE carries no body, and ids are escaped', async () => {
  const { api, calls } = recorded(() => answer(204));
  assert.equal(await api.endSession('a/b'), null);
  await api.endSessionsOf('u');
  await api.endSessionsOf('u', 's?');
  assert.deepEqual(calls.map(({ method, url, body }) => [method, url, body]), [
    ['DELETE', '/api/auth/sessions/a%2Fb', undefined],
    ['DELETE', '/api/admin/users/u/sessions', undefined],
    ['DELETE', '/api/admin/users/u/sessions/s%3F', undefined],
  ]);
});

test('a wrong present password is no sign-out', async () => {
  const { api } = recorded(answer(403, { status: 403, code: 'wrong_password', title: 'T' }));
  const problem = await refused(api.changePassword({ currentPassword: 'a', newPassword: 'b' }));
  assert.deepEqual([problem.code, problem.signedOut, problem.temporary], ['wrong_password', false, false]);
});

test('a problem document becomes a Problem', async () => {
  const errors = [{ field: 'email', message: 'Not an address.' }];
  const { api } = recorded(answer(422, { status: 422, code: 'validation_failed', title: 'T', detail: 'D', errors }));
  const problem = await refused(api.register({}));
  assert.ok(problem instanceof Problem);
  const { status, code, title, detail, retryAfter, signedOut, temporary } = problem;
  assert.deepEqual({ status, code, title, detail, retryAfter, signedOut, temporary },
                   { status: 422, code: 'validation_failed', title: 'T', detail: 'D', retryAfter: null,
                     signedOut: false, temporary: false });
  assert.deepEqual(problem.errors, errors);
});

test('a 503 of a gateway that knows no JSON is temporary and no sign-out', async () => {
  const { api } = recorded(new Response('<h1>Bad</h1>', { status: 503, headers: { 'retry-after': '4' } }));
  const problem = await refused(api.me());
  assert.equal(problem.code, 'http_503');
  assert.equal(problem.retryAfter, 4);
  assert.equal(problem.temporary, true);
  assert.equal(problem.signedOut, false);
});

test('no network is a Problem with status 0, temporary, and no sign-out', async () => {
  const { api } = recorded(() => { throw new TypeError('Failed to fetch'); });
  const problem = await refused(api.me());
  assert.deepEqual([problem.status, problem.code, problem.temporary, problem.signedOut],
                   [0, 'unreachable', true, false]);
});

test('an answer that is no JSON counts as unreachable', async () => {
  const { api } = recorded(new Response('<html>Please sign in to the hotel</html>', { status: 200 }));
  assert.equal((await refused(api.me())).code, 'unreachable');
});

test('only a 401 says signed out', async () => {
  for (const status of [400, 401, 403, 404, 409, 429, 500, 503]) {
    const { api } = recorded(answer(status, { code: 'x', title: 'x' }));
    assert.equal((await refused(api.me())).signedOut, status === 401);
  }
});

test('refreshes that meet share one request', async () => {
  const { api, calls } = recorded(answer(200, { user: { version: 3 } }));
  const [first, second] = await Promise.all([api.refreshSession(), api.refreshSession({ ackVersion: 3 })]);
  assert.equal(calls.length, 1);
  assert.equal(first, second);
});

test('who knows a newer version than a shared refresh answers asks again', async () => {
  const { api, calls } = recorded(answer(200, { user: { version: 1 } }), answer(200, { user: { version: 2 } }));
  const [first, second] = await Promise.all([api.refreshSession(), api.refreshSession({ ackVersion: 2 })]);
  assert.equal(first.user.version, 1);
  assert.equal(second.user.version, 2);
  assert.deepEqual(calls.map(({ body }) => body), ['{}', '{"ackVersion":2}']);
});

test('a failed refresh does not stand in the way of the next', async () => {
  const { api, calls } = recorded(answer(503, {}), answer(200, { user: { version: 1 } }));
  await refused(api.refreshSession());
  await api.refreshSession();
  assert.equal(calls.length, 2);
});

test('a list asks for what was given only', async () => {
  const { api, calls } = recorded(answer(200, { items: [], nextCursor: null, totals: {} }));
  await api.stageManagers({ status: 'pending', q: 'a b', cursor: '' });
  assert.equal(calls[0].url, '/api/admin/stage-managers?status=pending&q=a+b');
});

test('a decision carries a reason and a version only if there is one', async () => {
  const { api, calls } = recorded(() => answer(200, {}));
  await api.approve('u/1');
  await api.reject('u2', { reason: 'No show.' });
  await api.reinstate('u3', { expectedVersion: 7 });
  assert.deepEqual(calls.map(({ url, body }) => [url, body]),
                   [['/api/admin/stage-managers/u%2F1/approve', '{}'],
                    ['/api/admin/stage-managers/u2/reject', '{"reason":"No show."}'],
                    ['/api/admin/stage-managers/u3/reinstate', '{"expectedVersion":7}']]);
});

test('a decision about many, and a token, are asked for with a key', async () => {
  const { api, calls } = recorded(() => answer(200, {}));
  await api.decideAll({ action: 'approve', ids: ['u1', 'u2'], reason: '', expectedVersions: [1, 4] }, { key: 'k-1' });
  await api.createToken({ name: 'n', scope: 'read', expiresInDays: 7 }, { key: 'k-2' });
  await api.audit({ user: 'u1', since: null });
  assert.deepEqual(calls.map(({ url, body, headers }) => [url, body, headers['idempotency-key']]),
                   [['/api/admin/stage-managers/bulk', '{"action":"approve","ids":["u1","u2"],"expectedVersions":[1,4]}', '"k-1"'],
                    ['/api/admin/tokens', '{"name":"n","scope":"read","expiresInDays":7}', '"k-2"'],
                    ['/api/admin/audit?user=u1', undefined, undefined]]);
});

test('a conflict tells who did what when; other refusals have none', async () => {
  const by = { id: 'u9', email: 'grace@example.com', displayName: 'Grace Hopper' };
  const { api } = recorded(answer(409, { code: 'version_conflict', title: 'T', userStatus: 'active', version: 3, did: 'approved', by, at: 'then' }),
                           answer(409, { code: 'idempotency_key_reused', title: 'T' }));
  assert.deepEqual((await refused(api.reject('u1'))).conflict, { userStatus: 'active', version: 3, did: 'approved', by, at: 'then' });
  assert.equal((await refused(api.reject('u1'))).conflict, null);
});

test('what is not for admins is there without their calls', () => {
  assert.equal('stageManagers' in new Api({ fetch }), false);
});
