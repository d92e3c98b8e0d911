// gateway/nginx.conf under a real nginx, before nodes that are not Stagedoor: whom it asks, how often, and what it adds.
import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';

import { startGateway } from '../support/gateway.mjs';
import { until } from '../support/process.mjs';

let gateway;
let auth;
let draining;
let serving;

// What auth-service says of a path, if it is not 200.
const verdicts = new Map();

/** A node: keeps the requests it got in `seen`, answers with `answer`, and accepts upgrades unless `status` is set. */
async function node(status) {
  const seen = [];
  const answer = (request, response) => {
    seen.push(request);
    request.resume();
    const [code, headers] = verdicts.get(request.url) ?? [status ?? 200, {}];
    response.writeHead(code, headers).end('fine');
  };
  const server = createServer(answer);
  server.on('upgrade', (request, socket) => {
    seen.push(request);
    socket.on('error', () => {});
    socket.end(status ? `HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`
                      : 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello');
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, seen, address: `127.0.0.1:${server.address().port}` };
}

before(async () => {
  [auth, draining, serving] = await Promise.all([node(), node(503), node()]);
  gateway = await startGateway({
    auth: auth.address,
    notify: [draining.address, serving.address],
    locations: `location /app/ {
                  set $verify_requires 'status=active';
                  include protected.conf;
                  proxy_pass http://${serving.address};
                }`,
  });
});

after(async () => {
  await gateway?.stop();
  for (const { server } of [auth, draining, serving]) server.close();
});

beforeEach(() => { verdicts.clear(); for (const { seen } of [auth, draining, serving]) seen.length = 0; });

const call = (method, path, headers = {}) => new Promise((done, failed) => {
  const sent = request({ port: gateway.port, host: '127.0.0.1', method, path, headers: { host: 'localhost:8080', ...headers } });
  sent.once('error', failed);
  sent.once('response', (response) => { response.resume(); done({ status: response.statusCode, text: '', headers: response.headers }); });
  sent.once('upgrade', (response, socket, head) => {
    let text = String(head);
    socket.on('data', (more) => { text += more; });
    socket.once('end', () => { socket.destroy(); done({ status: response.statusCode, text }); });
  });
  sent.end();
});
const open = (path) => call('GET', path, { connection: 'Upgrade', upgrade: 'websocket' });

test('every upgrade finds the node that serves, whichever was asked first', async () => {
  for (let i = 0; i < 8; ++i) assert.deepEqual(await open('/ws?cursor=abc'), { status: 101, text: 'hello' });
  assert.equal(serving.seen.length, 8);
  assert.ok(draining.seen.length > 0, 'the draining node was asked');
  assert.equal(serving.seen[0].headers.upgrade, 'websocket');
  assert.equal(serving.seen[0].headers.host, 'localhost:8080');
  assert.equal(serving.seen[0].url, '/ws?cursor=abc');
  assert.equal(auth.seen.length, 0);
});

test('the event stream goes to notify-service too', async () => {
  assert.equal((await call('GET', '/events')).status, 200);
  assert.equal(serving.seen.length, 1);
});

test('pages and the API go to auth-service, with the address of who asks and nothing he claims', async () => {
  for (const path of ['/', '/login', '/api/auth/me', '/ws/x']) {
    assert.equal((await call('GET', path, { 'x-forwarded-for': '6.6.6.6' })).status, 200);
  }
  assert.deepEqual(auth.seen.map(({ url }) => url), ['/', '/login', '/api/auth/me', '/ws/x']);
  assert.equal(auth.seen[0].headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(auth.seen[0].headers.host, 'localhost:8080');
  assert.equal(serving.seen.length + draining.seen.length, 0);
});

test('the gateway logs the request id that the services get, not the one a client makes up', async () => {
  await call('GET', '/api/auth/me?secret=1', { 'x-request-id': 'mine' });
  const id = auth.seen[0].headers['x-request-id'];
  assert.match(id, /^[0-9a-f]{32}$/);
  const line = await until(() => gateway.accessLog().split('\n').find((each) => each.includes(id)), { what: 'a line of the log' });
  assert.match(line, /"GET \/api\/auth\/me" 200/);
});

const verify = '/api/auth/verify?status=active';

test('an application behind the gateway is reached by those whom auth-service lets pass, once it has been asked', async () => {
  assert.equal((await call('GET', '/app/x?status=pending&role=admin')).status, 200);
  assert.deepEqual(auth.seen.map(({ method, url }) => `${method} ${url}`), [`GET ${verify}`], 'the query is the gateway\'s');
  assert.deepEqual(serving.seen.map(({ url }) => url), ['/app/x?status=pending&role=admin']);
});

test('an application behind the gateway hears nothing that a client claims about where it comes from', async () => {
  const claims = { 'x-forwarded-for': '6.6.6.6', 'x-real-ip': '6.6.6.6', forwarded: 'for=6.6.6.6;host=evil.example',
                   'x-forwarded-host': 'evil.example', 'x-forwarded-port': '6666', 'x-forwarded-proto': 'gopher' };
  assert.equal((await call('GET', '/app/x', claims)).status, 200);
  const [{ headers }] = serving.seen;
  assert.deepEqual(Object.keys(claims).filter((name) => headers[name] === claims[name]), []);
  assert.deepEqual([headers['x-forwarded-for'], headers['x-real-ip'], headers.forwarded, headers['x-forwarded-host']],
                   ['127.0.0.1', '127.0.0.1', undefined, 'localhost:8080']);
});

test('whom auth-service does not let pass, the application does not hear of', async () => {
  const challenge = 'Session realm="stagedoor", error="session_revoked"';
  verdicts.set(verify, [401, { 'www-authenticate': challenge }]);
  const refused = await call('GET', '/app/x');
  assert.deepEqual([refused.status, refused.headers['www-authenticate']], [401, challenge]);
  verdicts.set(verify, [403, {}]);
  assert.equal((await call('POST', '/app/x')).status, 403);
  assert.equal(serving.seen.length, 0);
});

test('when nobody can tell it is 503 with the time to wait, never 500 and never let through', async () => {
  verdicts.set(verify, [503, { 'retry-after': '7' }]);
  const unsure = await call('GET', '/app/x');
  assert.deepEqual([unsure.status, unsure.headers['retry-after']], [503, '7']);
  verdicts.set(verify, [502, {}]);
  const broken = await call('GET', '/app/x');
  assert.deepEqual([broken.status, broken.headers['retry-after']], [503, '1']);
  assert.equal(serving.seen.length, 0);
});

test('a requirement that auth-service does not know is the gateway\'s fault, and said to be so', async () => {
  verdicts.set(verify, [400, {}]);
  assert.equal((await call('GET', '/app/x')).status, 500);
  assert.equal(serving.seen.length, 0);
});

test('an error of the application itself goes through as it is', async () => {
  verdicts.set('/app/x', [500, {}]);
  assert.equal((await call('GET', '/app/x')).status, 500);
  assert.equal(serving.seen.length, 1);
});
