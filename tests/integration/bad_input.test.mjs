// Wrong, missing, extra, oversized, non-UTF-8 and non-JSON input: a clear problem each time, nothing half done.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startStack } from '../support/stack.mjs';

let stack;
let person;
let admin;
before(async () => {
  stack = await startStack();
  person = await stack.person();
  admin = await stack.adminDevice();
});
after(() => stack?.stop());

const told = (name, body) => test(name, (t) => stack.telling(body)(t));

function assertProblem(answer, status, code, ...fields) {
  const seen = `${answer.status} ${JSON.stringify(answer.body)}`;
  assert.equal(answer.status, status, seen);
  assert.equal(answer.body.code, code, seen);
  assert.match(answer.headers.get('content-type'), /^application\/problem\+json/, seen);
  assert.equal(answer.body.status, status);
  assert.equal(answer.body.type, `urn:stagedoor:problem:${code}`);
  assert.ok(answer.body.title.length > 0);
  assert.deepEqual((answer.body.errors ?? []).map((error) => error.field).sort(), [...fields].sort(), seen);
  if (status === 503 || status === 429) assert.ok(Number(answer.headers.get('retry-after')) >= 1);
}

const good = { email: 'new@example.com', password: 'break-a-leg-1', displayName: 'New' };
const huge = 'x'.repeat(70_000);
const users = () => Number(stack.sqlite('SELECT count(*) FROM users').output);

const registrations = [
  ['no fields', {}, 'email', 'password', 'displayName'],
  ['an unknown field', { ...good, role: 'admin' }, 'role'],
  ['a status of its own', { ...good, status: 'active' }, 'status'],
  ['wrong types', { email: 1, password: [], displayName: {} }, 'email', 'password', 'displayName'],
  ['nulls', { email: null, password: null, displayName: null }, 'email', 'password', 'displayName'],
  ['no address', { ...good, email: 'nobody' }, 'email'],
  ['a long address', { ...good, email: `${'a'.repeat(250)}@example.com` }, 'email'],
  ['a short password', { ...good, password: 'seven77' }, 'password'],
  ['a long password', { ...good, password: 'x'.repeat(257) }, 'password'],
  ['the e-mail as password', { ...good, password: good.email }, 'password'],
  ['an empty name', { ...good, displayName: ' \t' }, 'displayName'],
  ['a long name', { ...good, displayName: 'x'.repeat(101) }, 'displayName'],
  ['control characters in the name', { ...good, displayName: 'a\u0000b' }, 'displayName'],
  ['an address with a line break', { ...good, email: 'a@example.com\r\nX: y' }, 'email'],
];
for (const [name, body, ...fields] of registrations) {
  told(`registering with ${name} is refused by field`, async () => {
    const before = users();
    assertProblem(await stack.device().post('/api/auth/register', body), 422, 'validation_failed', ...fields);
    assert.equal(users(), before);
  });
}

const bodies = [
  ['no JSON', 'nonsense'], ['half a JSON', '{"email":'], ['an array', '[]'], ['a number', '1'], ['null', 'null'],
  ['a byte order mark', '\ufeff{}'], ['bytes that are no UTF-8', new Uint8Array([...Buffer.from('{"email":"'), 0xff, 0xfe, ...Buffer.from('"}')])],
  ['much nesting', '{"a":'.repeat(1000)], ['a NUL', '\u0000'],
];
const writes = ['/api/auth/register', '/api/auth/login', '/api/auth/logout', '/api/auth/refresh-session'];
for (const [name, body] of bodies) {
  told(`${name} as body is malformed_json everywhere`, async () => {
    for (const path of writes) assertProblem(await stack.device().post(path, body), 400, 'malformed_json');
    assertProblem(await admin.post(`/api/admin/stage-managers/${person.id}/approve`, body), 400, 'malformed_json');
  });
}

told('a body that is too large is refused', async () => {
  for (const path of writes) assertProblem(await stack.device().post(path, { email: huge }), 413, 'payload_too_large');
});

told('a body that is not JSON by its type is refused, also if it would parse', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', '']) {
    const answer = await stack.device().post('/api/auth/login', good, { headers: { 'content-type': type } });
    assertProblem(answer, 415, 'unsupported_media_type');
  }
});

told('a call from a foreign or unknown origin is refused before anything else', async () => {
  for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, { origin: '' },
                         { origin: `${stack.origin}.evil.example` }, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }]) {
    for (const path of writes) assertProblem(await stack.device().post(path, good, { headers }), 403, 'cross_origin');
    assertProblem(await admin.post(`/api/admin/stage-managers/${person.id}/approve`, {}, { headers }), 403, 'cross_origin');
  }
  assert.equal((await admin.get(`/api/admin/stage-managers?status=pending`)).body.items.some(({ id }) => id === person.id), true);
});

told('an e-mail can be taken once, whatever its case', async () => {
  const { email } = person;
  const answer = await stack.device().post('/api/auth/register', { ...good, email: email.toUpperCase() });
  assertProblem(answer, 409, 'email_taken');
});

told('unknown user, wrong password and no address get the same answer', async () => {
  const answers = [];
  for (const [email, password] of [[person.email, 'wrong-password'], ['nobody@example.com', 'wrong-password'],
                                   ['nonsense', 'wrong-password'], [person.email, ' ' + person.password]]) {
    const answer = await stack.device().post('/api/auth/login', { email, password });
    assertProblem(answer, 401, 'invalid_credentials');
    const { instance, ...rest } = answer.body;
    answers.push(JSON.stringify(rest));
    assert.equal(answer.headers.get('set-cookie'), null);
  }
  assert.equal(new Set(answers).size, 1);
});

told('a password is taken exactly as typed', async () => {
  const password = ' \u0000pass\tword \u{1f3ad} ';
  const made = await stack.device().post('/api/auth/register', { ...good, email: 'exact@example.com', password });
  assert.equal(made.status, 201);
  for (const other of [password.trim(), password.replace('\u0000', ''), `${password} `]) {
    assertProblem(await stack.device().post('/api/auth/login', { email: 'exact@example.com', password: other }), 401, 'invalid_credentials');
  }
  assert.equal((await stack.device().post('/api/auth/login', { email: 'exact@example.com', password })).status, 200);
});

told('signing in with missing or odd fields is refused by field', async () => {
  assertProblem(await stack.device().post('/api/auth/login', {}), 422, 'validation_failed', 'email', 'password');
  assertProblem(await stack.device().post('/api/auth/login', { email: 'a', password: 'b', remember: true }), 422, 'validation_failed', 'remember');
});

told('approving needs an admin, a known person and a known transition', async () => {
  const path = `/api/admin/stage-managers/${person.id}`;
  assertProblem(await stack.device().post(`${path}/approve`), 401, 'no_session');
  const manager = stack.device();
  await manager.signIn(person);
  assertProblem(await manager.post(`${path}/approve`), 403, 'forbidden');
  assertProblem(await manager.get('/api/admin/stage-managers'), 403, 'forbidden');
  for (const id of ['00000000-0000-4000-8000-000000000000', 'nobody', 'x'.repeat(300)]) {
    assertProblem(await admin.post(`/api/admin/stage-managers/${id}/approve`), 404, 'not_found');
  }
  assertProblem(await admin.post('/api/admin/stage-managers/%00/approve'), 400, 'bad_request');
  assertProblem(await admin.post(`${path}/promote`), 404, 'not_found');
  assertProblem(await admin.post(`${path}/approve`, { reason: 'x'.repeat(501) }), 422, 'validation_failed', 'reason');
  assertProblem(await admin.post(`${path}/approve`, { because: 'x' }), 422, 'validation_failed', 'because');
  assertProblem(await admin.post(`${path}/reinstate`), 409, 'invalid_transition');
  assert.equal((await manager.get('/api/auth/me')).body.user.version, 1);
});

told('odd queries of the list are refused by parameter', async () => {
  for (const [query, ...fields] of [['limit=0', 'limit'], ['limit=201', 'limit'], ['limit=x', 'limit'], ['status=open', 'status'],
                                    ['cursor=1', 'cursor'], ['page=2', 'page'], [`q=${'x'.repeat(101)}`, 'q'], ['status=&limit=-1', 'status', 'limit']]) {
    assertProblem(await admin.get(`/api/admin/stage-managers?${query}`), 422, 'validation_failed', ...fields);
  }
});

told('a profile takes known fields within their bounds only', async () => {
  const manager = stack.device();
  await manager.signIn(person);
  const path = '/api/stage-manager/profile';
  for (const [body, ...fields] of [[{ status: 'active' }, 'status'], [{ role: 'admin', version: 9 }, 'role', 'version'],
                                   [{ displayName: '' }, 'displayName'], [{ phone: 'x'.repeat(41) }, 'phone'],
                                   [{ bio: 'x'.repeat(2001) }, 'bio'], [{ company: 'a\u0007' }, 'company'], [{ phone: 5 }, 'phone']]) {
    assertProblem(await manager.patch(path, body), 422, 'validation_failed', ...fields);
  }
  assertProblem(await stack.device().get(path), 401, 'no_session');
  assertProblem(await admin.get(path), 403, 'forbidden');
});

told('cookies that are none of ours are told apart from no cookie', async () => {
  const name = `stagedoor-${stack.auth.port}`;
  for (const value of ['x', 'A'.repeat(72), '', `${'A'.repeat(3000)}`]) {
    const answer = await stack.device().get('/api/auth/me', { headers: { cookie: `${name}=${value}` } });
    assertProblem(answer, 401, 'session_invalid');
    assert.equal(answer.headers.get('set-cookie'), null);
  }
  assertProblem(await stack.device().get('/api/auth/me', { headers: { cookie: 'other=1' } }), 401, 'no_session');
});

told('a dead cookie does not hide a living one of the same name', async () => {
  const manager = stack.device();
  await manager.signIn(person);
  const name = `stagedoor-${stack.auth.port}`;
  const answer = await stack.device().get('/api/auth/me', { headers: { cookie: `${name}=dead; ${manager.cookie}` } });
  assert.equal(answer.status, 200);
});

told('unknown paths and methods are said to be so', async () => {
  assertProblem(await stack.device().get('/api/nothing'), 404, 'not_found');
  assertProblem(await stack.device().get('/api/auth/me/'), 404, 'not_found');
  const answer = await stack.device().request('DELETE', '/api/auth/me');
  assertProblem(answer, 405, 'method_not_allowed');
  assert.match(answer.headers.get('allow'), /GET/);
  assertProblem(await stack.device().get('/api/auth/login'), 405, 'method_not_allowed');
  assertProblem(await stack.device().get(`/${'x'.repeat(5000)}`), 414, 'uri_too_long');
});

told('no answer may be stored, sniffed, framed or leak where it came from', async () => {
  for (const path of ['/api/auth/me', '/login', '/api/nothing']) {
    const { headers } = await stack.device().get(path);
    assert.match(headers.get('cache-control'), /no-store/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.match(headers.get('content-security-policy'), /frame-ancestors 'none'/);
    assert.ok(headers.get('referrer-policy'));
    assert.ok(headers.get('x-request-id'));
  }
});
