// gateway/nginx.conf under a real nginx, before nodes that are not Stagedoor: whom it asks, how often, and what it adds.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ChildProcess, freePorts } from '../support/process.mjs';

const configuration = readFileSync(fileURLToPath(new URL('../../gateway/nginx.conf', import.meta.url)), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'stagedoor-gateway-'));

let nginx;
let port;
let auth;
let draining;
let serving;

/** A node: keeps the requests it got in `seen`, answers with `answer`, and accepts upgrades unless `status` is set. */
async function node(status) {
  const seen = [];
  const answer = (request, response) => {
    seen.push(request);
    request.resume();
    response.writeHead(status ?? 200).end('fine');
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
  [port] = await freePorts(1);
  const replaced = configuration
    .replaceAll('/tmp/', `${folder}/`)
    .replace('/dev/stdout', join(folder, 'access.log'))  // here it is a socket, which cannot be opened by its name
    .replace('listen 8080;', `listen 127.0.0.1:${port};`)
    .replace('server auth-service:8080', `server ${auth.address}`)
    .replace(/( *)server notify-service:8081(.*);/, `$1server ${draining.address}$2;\n$1server ${serving.address}$2;`);
  assert.ok(!/(auth|notify)-service:/.test(replaced), 'a service has another name in nginx.conf');
  writeFileSync(join(folder, 'nginx.conf'), replaced);
  const command = ['nginx', '-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'];
  nginx = new ChildProcess('nginx', command, { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
  await nginx.start(() => new Promise((done) => {
    const probe = connect(port, '127.0.0.1', () => { probe.destroy(); done(true); }).once('error', () => done(false));
  }));
});

after(async () => {
  await nginx?.stop();
  for (const { server } of [auth, draining, serving]) server.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => { for (const { seen } of [auth, draining, serving]) seen.length = 0; });

const call = (method, path, headers = {}) => new Promise((done, failed) => {
  const sent = request({ port, host: '127.0.0.1', method, path, headers: { host: 'localhost:8080', ...headers } });
  sent.once('error', failed);
  sent.once('response', (response) => { response.resume(); done({ status: response.statusCode, text: '' }); });
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
