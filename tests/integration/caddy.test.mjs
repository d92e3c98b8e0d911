// The Caddyfile of operations.md under a real Caddy, before an auth-service and an application that are not Stagedoor:
// whom it asks, what it lets through, and what a client cannot claim.
import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';

import { startCaddy } from '../support/caddy.mjs';

const person = { 'x-auth-user-id': 'ada', 'x-auth-user-role': 'admin', 'x-auth-user-status': 'active', 'x-auth-user-version': '7' };
const verify = '/api/auth/verify?role=admin&status=active';

let caddy;
let auth;
let application;
let verdict;

/** A node: keeps the requests it got in `seen`, answers as `answer` says. */
async function node(answer) {
  const seen = [];
  const server = createServer((request, response) => {
    seen.push(request);
    request.resume().once('end', () => {
      const [status, headers] = answer();
      response.writeHead(status, headers).end('fine');
    });
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, seen, address: `127.0.0.1:${server.address().port}` };
}

before(async () => {
  auth = await node(() => verdict);
  application = await node(() => [200, {}]);
  caddy = await startCaddy({ auth: auth.address, application: application.address });
});
after(async () => {
  await caddy?.stop();
  for (const { server } of [auth, application]) server.close();
});
beforeEach(() => {
  verdict = [200, person];
  for (const { seen } of [auth, application]) seen.length = 0;
});

const call = (method, path, headers = {}, body = '') => new Promise((done, failed) => {
  const host = `localhost:${caddy.port}`;
  const sent = request({ port: caddy.port, host: '127.0.0.1', method, path, headers: { host, ...headers } }, (response) => {
    response.resume();
    done({ status: response.statusCode, headers: response.headers });
  });
  sent.once('error', failed);
  sent.end(body);
});

test('who may pass reaches the application, which is told who it is; the query that is asked is the gateway\'s', async () => {
  assert.equal((await call('GET', '/x?role=stage_manager&status=pending', { cookie: 'stagedoor=t' })).status, 200);
  assert.deepEqual(auth.seen.map(({ method, url }) => `${method} ${url}`), [`GET ${verify}`]);
  assert.equal(auth.seen[0].headers.cookie, 'stagedoor=t');
  assert.deepEqual(application.seen.map(({ url }) => url), ['/x?role=stage_manager&status=pending']);
  for (const [name, value] of Object.entries(person)) assert.equal(application.seen[0].headers[name], value);
});

test('what a client claims to be is dropped, however it is spelled', async () => {
  const claims = { 'x-auth-user-id': 'eve', 'X-AUTH-USER-ROLE': 'eve', x_auth_user_id: 'eve', 'x-auth-user-email': 'eve' };
  assert.equal((await call('GET', '/x', claims)).status, 200);
  const told = Object.entries(application.seen[0].headers).filter(([name]) => name.replaceAll('_', '-').startsWith('x-auth-user-'));
  assert.deepEqual(Object.fromEntries(told), person);
});

test('a body goes to the application and not to auth-service', async () => {
  assert.equal((await call('POST', '/x', { 'content-type': 'text/plain' }, 'twelve bytes')).status, 200);
  assert.deepEqual([auth.seen[0].method, auth.seen[0].headers['content-length'] ?? '0'], ['GET', '0']);
  assert.equal(application.seen[0].headers['content-length'], '12');
});

test('whom auth-service does not let pass, the application does not hear of, and the client is told why', async () => {
  const challenge = 'Session realm="stagedoor", error="session_revoked"';
  verdict = [401, { 'www-authenticate': challenge }];
  const refused = await call('GET', '/x');
  assert.deepEqual([refused.status, refused.headers['www-authenticate']], [401, challenge]);
  verdict = [403, {}];
  assert.equal((await call('GET', '/x')).status, 403);
  verdict = [503, { 'retry-after': '7' }];
  const unsure = await call('GET', '/x');
  assert.deepEqual([unsure.status, unsure.headers['retry-after']], [503, '7']);
  assert.equal(application.seen.length, 0);
});
