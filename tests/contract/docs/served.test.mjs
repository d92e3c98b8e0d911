// Running services answer what openapi.yaml and asyncapi.yaml say: every path is served, every answer, frame and letter
// that comes fits its schema to the last member, every bound of a body is the server's.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test, { after } from 'node:test';

import WebSocket from 'ws';

import { EventStream } from '../../support/event_stream.mjs';
import { until } from '../../support/process.mjs';
import { startStack } from '../../support/stack.mjs';
import { complaints, example, openapi, read, resolved, tableRows } from './documents.mjs';

const stack = await startStack();
after(() => stack.stop());

const methods = ['get', 'post', 'put', 'patch', 'delete'];
const isOps = (path) => openapi.paths[path].servers !== undefined;
const operations = Object.entries(openapi.paths).flatMap(([path, item]) =>
  methods.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method] })));
const someId = '01890a5d-ac96-774b-bcce-b302099a8057';
const concrete = (path) => path.replace('{id}', someId).replace('{sid}', someId).replace('{name}', 'base.css');

/** What openapi.yaml says of an answer, and asserts that it is so. `template` is the path as it is there. */
function assertDescribed(method, template, { status, headers, body }) {
  const where = `${method} ${template} → ${status} ${JSON.stringify(body).slice(0, 300)}`;
  const { responses } = openapi.paths[template][method];
  const described = resolved(openapi, responses[status] ?? responses.default);
  assert.ok(described, `${where}: not described`);
  for (const name of Object.keys(described.headers ?? {})) {
    const maybe = name === 'Set-Cookie' || (name === 'Clear-Site-Data' && status === 204)  // of the own session only
      || (name === 'Retry-After' && status !== 503 && status !== 429);
    assert.ok(maybe || headers.has(name), `${where}: ${name} is missing`);
  }
  if (!described.content) return;
  const type = headers.get('content-type')?.split(';')[0];
  const { schema } = described.content[type] ?? {};
  assert.ok(described.content[type], `${where}: ${type}`);
  if (schema?.$ref) assert.equal(complaints('openapi.yaml', schema.$ref.slice(2).split('/'), body), '', where);
}

async function call(device, method, template, { id, sid = someId, ...options } = {}) {
  const path = template.replace('{id}', id).replace('{sid}', sid).replace(/\{name\}/, 'base.css');
  const answer = await device.request(method.toUpperCase(), path + (options.query ?? ''), options);
  assertDescribed(method, template, answer);
  return answer;
}

test('every path of openapi.yaml is served', stack.telling(async () => {
  for (const { path, method } of operations.filter(({ path }) => !isOps(path))) {
    const { status } = await call(stack.device(), method, path, { id: someId });
    assert.ok(![404, 405, 501].includes(status), `${method} ${path} → ${status}`);
  }
}));

test('nothing else is served: the table of endpoints is the list of paths', () => {
  const served = [...read('auth-service/src/http/endpoints.cpp').matchAll(/\{(get|post|patch|put|del), "([^"]+)"/g)];
  const nameInCode = (method) => (method === 'delete' ? 'del' : method);
  const described = operations.filter(({ path }) => !isOps(path)).map(({ method, path }) => `${nameInCode(method)} ${path}`);
  assert.deepEqual(served.map(([, method, path]) => `${method} ${path}`).sort(), described.sort());
});

test('every other method is 405 and says which are allowed', stack.telling(async () => {
  for (const [path, item] of Object.entries(openapi.paths).filter(([path]) => !isOps(path))) {
    const unused = item.put ? 'BREW' : 'PUT';
    const { status, headers, body } = await stack.device().request(unused, concrete(path), { body: {} });
    assert.equal(status, 405, path);
    assert.equal(body.code, 'method_not_allowed');
    const allowed = headers.get('allow').toLowerCase().split(', ').filter((method) => method !== 'head').sort();
    assert.deepEqual(allowed, methods.filter((method) => item[method]).sort(), path);
  }
}));

// verify is asked by gateways, with the method of what they protect; it reads.
const changing = operations.filter(({ path, method }) => method !== 'get' && path !== '/api/auth/verify');

test('what changes something is no GET: it is 405, or reads', stack.telling(async () => {
  const admin = await stack.adminDevice();
  // What was refused before may be noted at any time within a second.
  const everything = () => stack.sqlite(['users', 'sessions', 'outbox', "audit_log WHERE action <> 'denied'", 'api_tokens', 'stage_manager_profiles']
    .map((table) => `SELECT * FROM ${table}`).join(';')).output;
  const before = everything();
  for (const path of new Set(changing.map((each) => each.path))) {
    for (const method of ['GET', 'HEAD']) {
      const { status } = await admin.request(method, concrete(path));
      const reads = openapi.paths[path].get !== undefined;
      assert.ok(reads ? status < 500 && status !== 405 : status === 405, `${method} ${path} → ${status}`);
    }
  }
  assert.equal(everything(), before);
}));

test('nobody is signed in but by signing in: no other call gives a stranger a session', stack.telling(async () => {
  const sessions = () => stack.sqlite('SELECT count(*) FROM sessions').output;
  const before = sessions();
  const person = stack.stranger();
  const { email, password } = person;
  for (const { path, method } of operations.filter(({ path }) => !isOps(path) && path !== '/api/auth/login')) {
    const body = method === 'get' ? undefined : path === '/api/auth/register' ? person : {};
    for (const headers of [{}, { authorization: `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}` }]) {
      const answer = await stack.device().request(method.toUpperCase(), concrete(path), { body, headers });
      assert.doesNotMatch(answer.headers.get('set-cookie') ?? '', /stagedoor[^=]*=[^;]/, `${method} ${path}`);
    }
  }
  assert.equal(sessions(), before);
  assert.equal((await stack.device().post('/api/auth/login', { email, password })).status, 200);
}));

test('a whole story gets the answers that openapi.yaml describes', stack.telling(async () => {
  const [ada, admin] = [stack.device(), stack.device()];
  const registration = example('examples/register.request.json');
  const { body: { user: { id } } } = await call(ada, 'post', '/api/auth/register', { body: registration });
  assert.equal((await call(ada, 'post', '/api/auth/register', { body: registration })).status, 409);
  assert.equal((await call(ada, 'post', '/api/auth/login', { body: { ...registration, displayName: undefined, password: 'not it' } })).status, 401);
  assert.equal((await call(ada, 'post', '/api/auth/login', { body: example('examples/login.request.json') })).status, 200);
  assert.equal((await call(ada, 'get', '/api/auth/me')).status, 200);
  assert.equal((await call(ada, 'get', '/api/auth/verify', { query: '?role=stage_manager&status=active,pending' })).status, 200);
  assert.equal((await call(ada, 'get', '/api/auth/verify', { query: '?status=active' })).status, 403);
  assert.equal((await call(ada, 'get', '/api/auth/verify', { query: '?role=guest' })).status, 400);
  assert.equal((await call(ada, 'get', '/stage-manager-pending')).status, 200);
  assert.equal((await call(ada, 'get', '/admin')).status, 303);
  assert.equal((await call(ada, 'get', '/api/admin/stage-managers')).status, 403);

  await call(admin, 'post', '/api/auth/login', { body: stack.admin });
  assert.equal((await call(admin, 'get', '/api/admin/stage-managers', { query: '?limit=1&status=pending' })).status, 200);
  assert.equal((await call(admin, 'get', '/api/admin/stage-managers', { query: '?limit=0' })).status, 422);
  assert.equal((await call(admin, 'get', '/api/admin/users', { query: `?email=${stack.admin.email}` })).body.items.length, 1);
  assert.equal((await call(admin, 'get', '/api/admin/users', { query: `?id=${someId}` })).body.items.length, 0);
  assert.equal((await call(admin, 'get', '/api/admin/users')).status, 422);
  await until(async () => {  // what was refused above may be noted meanwhile
    const { body: { nextCursor: end } } = await call(admin, 'get', '/api/admin/audit', { query: '?after=newest' });
    return (await call(admin, 'get', '/api/admin/audit', { query: `?after=${end}` })).body.nextCursor === end;
  }, { what: 'the end of the audit log' });
  assert.equal((await call(admin, 'get', '/api/admin/audit', { query: '?after=0' })).body.items[0].id, 1);
  assert.equal((await call(admin, 'get', '/api/admin/audit', { query: '?after=0&cursor=1-1' })).status, 422);
  assert.equal((await call(admin, 'get', '/api/stage-manager/profile')).status, 403);
  const approve = '/api/admin/stage-managers/{id}/approve';
  const welcome = { id, body: example('examples/transition.request.json') };
  const { body: decided } = await call(admin, 'post', approve, welcome);
  assert.equal(decided.delivery, 'relayed');
  assert.deepEqual((await call(admin, 'post', approve, welcome)).body.event, decided.event);
  assert.deepEqual((await call(admin, 'get', '/api/admin/events/{id}', { id: decided.event.id })).body.event, decided.event);
  assert.equal((await call(admin, 'get', '/api/admin/events/{id}', { id: `${id}.99` })).status, 404);
  assert.equal((await call(admin, 'get', '/api/admin/events', { query: '?state=parked' })).status, 200);
  assert.equal((await call(admin, 'get', '/api/admin/events', { query: '?state=lost' })).status, 422);
  assert.equal((await call(admin, 'post', '/api/admin/stage-managers/{id}/reject', { id, body: {} })).status, 409);
  assert.equal((await call(admin, 'post', approve, { id: someId, body: {} })).status, 404);

  const { body: refreshed } = await call(ada, 'post', '/api/auth/refresh-session', { body: example('examples/refresh-session.request.json') });
  assert.deepEqual([refreshed.statusChanged, refreshed.previousStatus], [true, 'pending']);
  assert.equal((await call(ada, 'get', '/api/stage-manager/profile')).status, 200);
  assert.equal((await call(ada, 'patch', '/api/stage-manager/profile', { body: example('examples/profile-patch.request.json') })).status, 200);

  const { body: { items } } = await call(ada, 'get', '/api/auth/sessions');
  assert.deepEqual(items.map(({ current }) => current), [true]);
  const wish = example('examples/password.request.json');
  assert.equal((await call(ada, 'post', '/api/auth/password', { body: { ...wish, currentPassword: 'not it' } })).status, 403);
  assert.equal((await call(ada, 'post', '/api/auth/password', { body: { ...wish, newPassword: 'short' } })).status, 422);
  assert.equal((await call(ada, 'post', '/api/auth/password', { body: { ...wish, currentPassword: registration.password } })).status, 200);
  const another = stack.device();
  const signInAgain = (device) => device.signIn({ email: registration.email, password: wish.newPassword });
  await signInAgain(another);
  const { body: { items: [newest] } } = await call(admin, 'get', '/api/admin/users/{id}/sessions', { id });
  assert.equal((await call(admin, 'delete', '/api/admin/users/{id}/sessions/{sid}', { id, sid: newest.id })).status, 204);
  assert.equal((await call(admin, 'delete', '/api/admin/users/{id}/sessions/{sid}', { id, sid: someId })).status, 404);
  assert.equal((await call(another, 'get', '/api/auth/me')).body.code, 'session_ended_by_admin');
  await signInAgain(another);
  const [{ id: other }] = (await call(ada, 'get', '/api/auth/sessions')).body.items;
  assert.equal((await call(ada, 'delete', '/api/auth/sessions/{id}', { id: other })).status, 204);
  assert.equal((await call(ada, 'delete', '/api/auth/sessions/{id}', { id: someId })).status, 404);
  assert.equal((await call(admin, 'delete', '/api/admin/users/{id}/sessions', { id })).status, 204);
  assert.equal((await call(ada, 'get', '/api/auth/me')).body.code, 'session_revoked');
  await signInAgain(ada);
  assert.equal((await call(ada, 'post', '/api/auth/logout-all', { body: {} })).status, 200);
  await signInAgain(ada);
  for (const action of ['suspend', 'reinstate']) {
    assert.equal((await call(admin, 'post', `/api/admin/stage-managers/{id}/${action}`, { id, body: {} })).status, 200);
  }
  assert.equal((await call(ada, 'get', '/api/auth/me')).status, 401);
  assert.equal((await call(ada, 'post', '/api/auth/logout', { body: {} })).status, 200);
  assert.equal((await call(ada, 'get', '/assets/{name}')).status, 200);
}));

test('calls from elsewhere, and bodies that are not JSON, get the problems that openapi.yaml lists', stack.telling(async () => {
  for (const { path, method } of changing) {
    const elsewhere = await call(stack.device(), method, path, { id: someId, body: {}, headers: { origin: 'http://elsewhere.example' } });
    assert.equal(elsewhere.body.code, 'cross_origin');
    const form = await call(stack.device(), method, path, { id: someId, body: 'a=1', headers: { 'content-type': 'text/plain' } });
    assert.equal(form.body.code, 'unsupported_media_type');
  }
}));

test('the bounds of texts in openapi.yaml are those of the server', stack.telling(async () => {
  const person = await stack.person();
  const [admin, self] = [await stack.adminDevice(), stack.device()];
  await self.signIn(person);
  const deviceFor = { register: stack.device(), login: stack.device(), updateProfile: self, changePassword: self, approve: admin };
  for (const { path, method, operation } of operations.filter((each) => deviceFor[each.operation.operationId])) {
    const requestBody = resolved(openapi, operation.requestBody);
    const { properties } = resolved(openapi, requestBody.content['application/json'].schema);
    for (const [field, property] of Object.entries(properties)) {
      const { maxLength, minLength = 0 } = resolved(openapi, property);
      if (maxLength === undefined) continue;  // no text
      // No two letters of it are alike for a while: what only repeats is no password.
      const text = (length) => Array.from({ length }, (_, i) => String.fromCodePoint(0xe0 + (i * 11) % 23)).join('');
      const complaintsAbout = async (length) => {
        const { status, body } = await call(deviceFor[operation.operationId], method, path, { id: person.id, body: { [field]: text(length) } });
        return status === 422 ? body.errors.filter((error) => error.field === field).map(({ message }) => message) : [];
      };
      const about = `${operation.operationId} ${field}`;
      assert.notDeepEqual(await complaintsAbout(maxLength + 1), [], `${about}: ${maxLength + 1} characters`);
      if (minLength > 0) assert.notDeepEqual(await complaintsAbout(minLength - 1), [], `${about}: ${minLength - 1}`);
      if (field === 'email') continue;  // not every text of that length is one
      assert.deepEqual(await complaintsAbout(maxLength), [], `${about}: ${maxLength} characters`);
    }
    const { status, body } = await call(deviceFor[operation.operationId], method, path, { id: person.id, body: { surprise: 1 } });
    assert.ok(status === 422 && body.errors.some(({ field }) => field === 'surprise'), `${operation.operationId}: unknown members`);
  }
}));

test('frames and what lies in Redis are what asyncapi.yaml describes', stack.telling(async () => {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  const frames = [];
  const socket = new WebSocket(stack.socketUrl, ['cloudevents.json'], { origin: stack.origin, headers: { cookie: device.cookie } });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('message', (data) => frames.push(JSON.parse(data)));
  const frame = (type) => until(() => frames.find((each) => each.type === type), { what: `a frame of type ${type}` });
  const assertFits = (schema, value) =>
    assert.equal(complaints('asyncapi.yaml', ['components', 'schemas', schema], value), '', `${schema}: ${JSON.stringify(value)}`);

  assertFits('Welcome', await frame('stagedoor.connection.welcome'));
  await stack.decide(person, 'approve', { reason: 'Welcome to the house' });
  assertFits('UserEvent', await frame('stagedoor.stage_manager.approved'));

  const redis = (...command) => spawnSync('redis-cli', ['-s', stack.redisSocket, ...command], { encoding: 'utf8' }).stdout.trim();
  assertFits('Snapshot', JSON.parse(redis('GET', `stagedoor:{${person.id}}:user`)));
  const entries = redis('XRANGE', `stagedoor:{${person.id}}:events`, '-', '+').split('\n');
  assert.deepEqual(entries.filter((line) => /^\d+-\d+$/.test(line)), ['1-0', '2-0']);
  const letters = entries.filter((line) => line.startsWith('e '));
  assert.equal(letters.length, 2);
  for (const letter of letters) assertFits('Letter', letter);
  assert.equal(redis('--raw', 'XRANGE', 'stagedoor:{admins}:events', '-', '+').split('\n').filter((line) => /^a \S+ \d+ \{/.test(line)).length > 0, true);

  const stream = new EventStream({ port: stack.notify.port, headers: { cookie: device.cookie, origin: stack.origin } });
  assertFits('Welcome', await stream.heard('connection.welcome'));
  await stack.decide(person, 'suspend');
  assertFits('Closing', await stream.heard('connection.closing'));
  await stream.isClosed();
  assert.equal(await closed, 4403);
  const closing = await frame('stagedoor.connection.closing');
  assertFits('Closing', closing);
  assert.equal(closing.data.code, 4403);
}));

test('health is as openapi.yaml describes it, on both ops ports', stack.telling(async () => {
  for (const service of [stack.auth, stack.notify]) {
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      const response = await fetch(service.opsUrl + path);
      const text = await response.text();
      const body = path === '/metrics' ? text : JSON.parse(text);
      assertDescribed('get', path, { status: response.status, headers: response.headers, body });
    }
  }
}));

test('operations.md lists every metric, and no other', stack.telling(async () => {
  const exposed = new Set();
  for (const service of [stack.auth, stack.notify]) {
    const text = await (await fetch(`${service.opsUrl}/metrics`)).text();
    for (const [, name, kind] of text.matchAll(/^# TYPE (stagedoor_\w+) (\w+)$/gm)) exposed.add(`${name} ${kind}`);
  }
  const listed = tableRows(read('proto-docs/operations.md'), /^`?stagedoor_/).map(([name, kind]) => `${name} ${kind}`);
  assert.deepEqual(listed.sort(), [...exposed].sort());
}));
