// GET /api/auth/verify: asked by hand, and by a real nginx before an application that only people of ours may reach.
import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { after, before, test } from 'node:test';

import { startGateway } from '../support/gateway.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
let gateway;
let application;
const seen = [];  // what the application got

before(async () => {
  stack = await startStack({ authFlags: ['--trusted-proxy', '127.0.0.1'] });
  application = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (part) => { body += part; });
    incoming.on('end', () => { seen.push({ headers: incoming.headers, url: incoming.url, body }); response.end('app'); });
  });
  await new Promise((listening) => application.listen(0, '127.0.0.1', listening));
  const app = `127.0.0.1:${application.address().port}`;
  gateway = await startGateway({
    auth: `127.0.0.1:${stack.auth.port}`,
    notify: [`127.0.0.1:${stack.notify.port}`],
    locations: `location /app/ { set $verify_requires ''; include protected.conf; proxy_pass http://${app}; }
                location /admins/ { set $verify_requires 'role=admin'; include protected.conf; proxy_pass http://${app}; }
                location /open/ { proxy_pass http://${app}; }`,
  });
});
after(async () => {
  await gateway?.stop();
  application?.close();
  await stack?.stop();
});

const told = (name, body) => test(name, (t) => stack.telling(body)(t));
const identity = ({ headers }) => ['id', 'role', 'status', 'version'].map((each) => headers[`x-auth-user-${each}`]);
const answered = (headers) => ['id', 'role', 'status', 'version'].map((each) => headers.get(`x-auth-user-${each}`));

const through = (path, { method = 'GET', headers = {}, body } = {}) => new Promise((done, failed) => {
  const sent = request({ port: gateway.port, host: '127.0.0.1', method, path, headers: { host: 'localhost', ...headers } });
  sent.once('error', failed).once('response', (response) => {
    response.resume().once('end', () => done({ status: response.statusCode, headers: response.headers }));
  }).end(body);
});

async function signedIn(displayName) {
  const person = await stack.person(displayName);
  const device = stack.device();
  await device.signIn(person);
  return { person, device };
}

told('whoever is signed in is told by id, role, status and version, in fields and nothing else', async () => {
  const { person, device } = await signedIn();
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    const answer = await device.request(method, '/api/auth/verify', { headers: { origin: 'https://elsewhere.example' } });
    assert.equal(answer.status, 200, method);
    assert.deepEqual(answered(answer.headers), [person.id, 'stage_manager', 'pending', '1'], method);
    assert.equal(answer.body, '');
    assert.equal(answer.headers.get('set-cookie'), null);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  }
  assert.equal((await device.request('BREW', '/api/auth/verify')).status, 405);
});

told('a decision shows at the very next question, and the end of the session as well', async () => {
  const { person, device } = await signedIn();
  await stack.decide(person, 'approve');
  assert.deepEqual(answered((await device.get('/api/auth/verify')).headers), [person.id, 'stage_manager', 'active', '2']);
  const { cookie } = device;
  await device.post('/api/auth/logout');
  const over = await stack.device().get('/api/auth/verify', { headers: { cookie } });
  assert.equal(over.status, 401);
  assert.equal(over.body.code, 'session_signed_out');
  assert.equal(over.headers.get('www-authenticate'), 'Session realm="stagedoor", error="session_signed_out"');
  assert.deepEqual(answered(over.headers), [null, null, null, null]);
  assert.equal((await stack.device().get('/api/auth/verify')).body.code, 'no_session');
});

const requirements = [
  ['role=stage_manager', '200'], ['role=admin', '403 forbidden'], ['role=admin,stage_manager', '200'],
  ['role=admin&role=stage_manager', '200'], ['status=pending', '200'], ['status=active', '403 account_pending'],
  ['status=active,pending', '200'], ['status=rejected&status=suspended', '403 account_pending'],
  ['role=stage_manager&status=pending', '200'], ['role=admin&status=pending', '403 forbidden'],
  ['role=Admin', '400 bad_request'], ['role=', '400 bad_request'], ['role', '400 bad_request'],
  ['role=admin,', '400 bad_request'], ['status=open', '400 bad_request'], ['roles=admin', '400 bad_request'],
  ['role=admin&next=/x', '400 bad_request'], ['role=%ff', '400 bad_request'],
];
told('a gateway may ask for roles and statuses; one that misspells them lets nobody in', async () => {
  const { device } = await signedIn();
  for (const [query, expected] of requirements) {
    const { status, body } = await device.get(`/api/auth/verify?${query}`);
    assert.equal(`${status} ${body.code ?? ''}`.trim(), expected, query);
  }
  const odd = await stack.device().get('/api/auth/verify?role=nobody');
  assert.equal(odd.status, 400, 'also for strangers: the operator tries it out without a session');
  assert.match(odd.body.detail, /role has to be stage_manager or admin/);
});

told('an active person who has to be something else is refused without a false reason', async () => {
  const admin = await stack.adminDevice();
  const { status, body } = await admin.get('/api/auth/verify?status=pending');
  assert.deepEqual([status, body.code], [403, 'forbidden']);
});

told('the application sees who it is from the gateway, and never what a client claims', async () => {
  const { person, device } = await signedIn();
  const claims = { 'x-auth-user-id': 'me', 'x-auth-user-role': 'admin', 'x-auth-user-status': 'active', 'X-AUTH-USER-VERSION': '9' };
  seen.length = 0;
  assert.equal((await through('/app/a?x=1', { headers: { ...claims, cookie: device.cookie } })).status, 200);
  assert.equal((await through('/open/a', { headers: { ...claims, cookie: device.cookie } })).status, 200);
  assert.deepEqual(identity(seen[0]), [person.id, 'stage_manager', 'pending', '1']);
  assert.equal(seen[0].url, '/app/a?x=1');
  assert.deepEqual(identity(seen[1]), [undefined, undefined, undefined, undefined]);
});

told('the application gets bodies and its own cookies, and none of ours', async () => {
  const { device } = await signedIn();
  seen.length = 0;
  const cookies = [`a=1; ${device.cookie}; b=2`, `${device.cookie}; a=1`, `a=1; ${device.cookie}`, device.cookie,
                   `${device.cookie}; __Host-stagedoor=x; c=3`, `x=stagedoor-1=2; ${device.cookie}`,
                   `a=1; ${device.cookie}; __Host-stagedoor=x; __Secure-stagedoor=y`];
  for (const cookie of cookies) {
    const sent = await through('/app/form', { method: 'POST', headers: { cookie, 'content-type': 'text/plain' }, body: 'x'.repeat(20_000) });
    assert.equal(sent.status, 200, cookie);
  }
  assert.deepEqual(seen.map(({ headers }) => headers.cookie), ['a=1; b=2', 'a=1', 'a=1;', undefined, 'c=3', 'x=stagedoor-1=2;', undefined]);
  assert.ok(seen.every(({ body }) => body.length === 20_000));
});

told('strangers, the wrong role and the signed out do not reach the application', async () => {
  const { device } = await signedIn();
  const admin = await stack.adminDevice();
  seen.length = 0;
  const stranger = await through('/app/');
  assert.equal(stranger.status, 401);
  assert.equal(stranger.headers['www-authenticate'], 'Session realm="stagedoor", error="no_session"');
  assert.equal((await through('/admins/?role=stage_manager', { headers: { cookie: device.cookie } })).status, 403);
  assert.equal((await through('/_verify', { headers: { cookie: device.cookie } })).status, 404);
  assert.equal(seen.length, 0);
  assert.equal((await through('/admins/', { headers: { cookie: admin.cookie } })).status, 200);
  assert.equal(identity(seen[0])[1], 'admin');
});

told('without auth-service the application is not reached, and the client is told to come again', async () => {
  const { device } = await signedIn();
  await stack.auth.stop();
  seen.length = 0;
  const unsure = await through('/app/', { headers: { cookie: device.cookie } });
  assert.deepEqual([unsure.status, unsure.headers['retry-after']], [503, '1']);
  assert.equal(seen.length, 0);
  await stack.auth.start();
  assert.equal((await through('/app/', { headers: { cookie: device.cookie } })).status, 200);
});
