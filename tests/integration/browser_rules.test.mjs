// What browsers are told, and what is believed of them: CSRF, CORS, security fields, and the cookie of several hosts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { freePorts } from '../support/process.mjs';
import { rawRequest } from '../support/raw_http.mjs';
import { startStack } from '../support/stack.mjs';

const other = 'https://app.example.org';
let stack;
let secure;  // the same on https origins, with one cookie for several hosts
let host;    // on https, with a cookie for one host: what there is when nothing is said
before(async () => {
  [stack, secure, host] = await Promise.all([
    startStack({ authFlags: ['--allowed-origin', other] }),
    startStack({ origins: ['https://example.org', other], authFlags: ['--cookie-domain', 'example.org', '--clear-site-data', 'cache'],
                 notifyFlags: ['--cookie-domain', 'example.org'] }),
    startStack({ origins: ['https://example.org'] }),
  ]);
});
after(() => Promise.all([stack?.stop(), secure?.stop(), host?.stop()]));
const told = (name, body) => test(name, (t) => stack.telling(secure.telling(host.telling(body)))(t));

const json = { 'content-type': 'application/json' };
/** Sends exactly these fields, which fetch would not. */
const send = (method, path, headers = {}, body = '') => rawRequest(stack.auth.port, { method, path, headers, body });

const writes = [['POST', '/api/auth/register'], ['POST', '/api/auth/login'], ['POST', '/api/auth/logout'],
                ['POST', '/api/auth/refresh-session'], ['PATCH', '/api/stage-manager/profile']];
const refused = [
  ['nothing at all', {}],
  ['another site by Fetch metadata', { 'sec-fetch-site': 'cross-site' }],
  ['a neighbour by Fetch metadata', { 'sec-fetch-site': 'same-site' }],
  ['an address that was typed', { 'sec-fetch-site': 'none' }],
  ['Fetch metadata in another case', { 'sec-fetch-site': 'Same-Origin' }],
  ['a foreign Origin', { origin: 'https://evil.example' }],
  ['Origin null', { origin: 'null' }],
  ['an empty Origin', { origin: '' }],
  ['an allowed Origin in upper case', { origin: other.toUpperCase() }],
  ['an allowed Origin and more', { origin: `${other}.evil.example` }],
  ['an allowed Origin with its default port', { origin: `${other}:443` }],
  ['an allowed Origin on http', { origin: other.replace('https', 'http') }],
  ['an allowed Origin with a path', { origin: `${other}/` }],
  ['two Origins', { origin: `${other}, https://evil.example` }],
  ['a foreign Origin that names an allowed Referer', { origin: 'https://evil.example', referer: `${other}/` }],
  ['a foreign Origin on a Host of the same name', { origin: 'https://evil.example', host: 'evil.example', 'x-forwarded-host': 'evil.example' }],
];
for (const [name, headers] of refused) {
  told(`a change that comes with ${name} is refused before anything else, sign-in and registration included`, async () => {
    for (const [method, path] of writes) {
      const answer = await send(method, path, { ...json, ...headers }, '{"email":"x"}');
      assert.equal(answer.status, 403, `${method} ${path}`);
      assert.equal(JSON.parse(answer.body).code, 'cross_origin');
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      assert.equal(answer.headers['set-cookie'], undefined);
    }
  });
}

told('our own pages pass by Fetch metadata, and other allowed origins by their Origin, whatever the metadata', async () => {
  for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'same-origin', origin: stack.origin },
                         { origin: stack.origin }, { origin: other }, { origin: other, 'sec-fetch-site': 'same-site' },
                         { origin: other, 'sec-fetch-site': 'cross-site' }]) {
    const answer = await send('POST', '/api/auth/logout', { ...json, ...headers }, '{}');
    assert.equal(answer.status, 200, JSON.stringify(headers));
  }
});

told('pages of an allowed origin may read every answer with credentials, errors included', async () => {
  for (const origin of [other, stack.origin]) {
    for (const [method, path, status] of [['GET', '/api/auth/me', 401], ['GET', '/nothing', 404], ['GET', '/assets/stagedoor-client.js', 200],
                                          ['POST', '/api/auth/logout', 200], ['POST', '/api/auth/login', 422], ['BREW', '/api/auth/me', 405]]) {
      const { headers, ...answer } = await send(method, path, { ...json, origin }, method === 'POST' ? '{}' : '');
      assert.equal(answer.status, status, `${method} ${path}`);
      assert.equal(headers['access-control-allow-origin'], origin);
      assert.equal(headers['access-control-allow-credentials'], 'true');
      assert.match(headers['access-control-expose-headers'], /Retry-After/);
      assert.match(headers.vary, /\bOrigin\b/);
    }
  }
});

told('nobody else may: no origin is reflected, and caches are told that the answer differs', async () => {
  for (const origin of ['https://evil.example', 'null', '*', `${other}.evil.example`, undefined]) {
    const { headers, status } = await send('GET', '/api/auth/me', origin ? { origin } : {});
    assert.equal(status, 401);
    assert.deepEqual(Object.keys(headers).filter((name) => name.startsWith('access-control-')), []);
    assert.match(headers.vary, /\bOrigin\b/);
  }
});

told('a preflight is answered for allowed origins, and for them alone', async () => {
  const asks = { 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'content-type' };
  const { status, headers, body } = await send('OPTIONS', '/api/stage-manager/profile', { origin: other, ...asks });
  assert.deepEqual([status, body], [204, '']);
  assert.equal(headers['access-control-allow-origin'], other);
  assert.equal(headers['access-control-allow-credentials'], 'true');
  assert.deepEqual(headers['access-control-allow-methods'].split(', '), ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE']);
  assert.match(headers['access-control-allow-headers'], /Content-Type/);
  assert.equal(headers['access-control-max-age'], '600');
  assert.equal(headers['content-length'], undefined);
  for (const origin of ['https://evil.example', 'null', undefined]) {
    const foreign = await send('OPTIONS', '/api/auth/login', { ...asks, ...(origin ? { origin } : {}) });
    assert.equal(foreign.status, 403);
    assert.equal(foreign.headers['access-control-allow-origin'], undefined);
  }
});

told('OPTIONS that is no preflight, TRACE and unknown methods are 405 and say what is allowed', async () => {
  for (const method of ['OPTIONS', 'TRACE', 'CONNECT', 'BREW', 'get']) {
    const { status, headers, body } = await send(method, '/api/auth/me', { cookie: 'secret=1' });
    assert.equal(status, 405, method);
    assert.equal(headers.allow, 'GET, HEAD');
    assert.ok(!body.includes('secret'));
  }
});

told('every answer has the security fields: pages, errors, 304, redirects, preflights and refusals of the edge', async () => {
  const etag = (await send('GET', '/assets/base.css')).headers.etag;
  const shapes = [['GET', '/login', 200], ['GET', '/', 303], ['GET', '/api/auth/me', 401], ['GET', '/nothing', 404], ['POST', '/api/auth/login', 403],
                  ['GET', '/assets/base.css', 304, { 'if-none-match': etag }], ['GET', '/assets/favicon.svg', 200], ['GET', '/%zz', 400],
                  ['OPTIONS', '/', 204, { origin: other, 'access-control-request-method': 'GET' }], ['GET', `/${'x'.repeat(5000)}`, 414]];
  for (const [site, https] of [[stack, false], [secure, true]]) {
    for (const [method, path, expected, more = {}] of shapes) {
      const { status, headers } = await rawRequest(site.auth.port, { method, path, headers: more });
      const where = `${method} ${path.slice(0, 40)}`;
      assert.equal(status, expected, where);
      assert.equal(headers['x-content-type-options'], 'nosniff', where);
      assert.equal(headers['referrer-policy'], 'no-referrer', where);
      assert.match(headers['content-security-policy'], /^default-src 'none';.*frame-ancestors 'none'/, where);
      assert.doesNotMatch(headers['content-security-policy'], /object-src|unsafe|\*/, where);
      if (path === '/login') assert.match(headers['content-security-policy'], /; base-uri 'none';/);
      assert.equal(headers['cross-origin-resource-policy'], 'same-origin', where);
      assert.equal(headers['cross-origin-opener-policy'], path === '/login' ? 'same-origin' : undefined, where);
      assert.equal(headers['cache-control'], path.startsWith('/assets/') ? 'no-cache' : 'no-store', where);
      assert.match(headers.vary, /\bOrigin\b/, where);
      assert.equal(headers['strict-transport-security'], https ? 'max-age=31536000' : undefined, where);
      if (headers['content-type']) assert.match(headers['content-type'], /; charset=utf-8$|^application\/(problem\+)?json$/, where);
      assert.equal(headers.server, undefined, where);
    }
  }
});

told('signing out tells the browser to forget what pages have stored, and leaves other cookies alone', async () => {
  const { headers } = await send('POST', '/api/auth/logout', { ...json, origin: stack.origin }, '{}');
  assert.equal(headers['clear-site-data'], '"cache", "storage"');
  const refusal = await send('POST', '/api/auth/logout', json, '{}');
  assert.equal(refusal.headers['clear-site-data'], undefined);
  assert.match(JSON.parse(refusal.body).detail, /names no Origin/);
});

told('what pages have stored stays where the operator wants it to', async () => {
  const asked = async (site) => (await site.device().post('/api/auth/logout')).headers.get('clear-site-data');
  assert.equal(await asked(secure), '"cache"');
  const kept = await startStack({ authFlags: ['--clear-site-data', 'off'] });
  try {
    assert.equal(await asked(kept), null);
  } finally {
    await kept.stop();
  }
});

told('on https the session cookie belongs to one host, is Secure and SameSite, and only that name is read', async () => {
  const person = await host.person();
  const device = host.device();
  const field = /^__Host-stagedoor=[\w-]{72}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax; Secure(, |$)/;
  const signedIn = await device.post('/api/auth/login', { email: person.email, password: person.password });
  assert.match(signedIn.headers.get('set-cookie'), field);
  assert.doesNotMatch(signedIn.headers.get('set-cookie'), /Domain/i);
  assert.match((await device.post('/api/auth/refresh-session')).headers.get('set-cookie'), field);
  assert.equal((await device.get('/api/auth/me')).status, 200);
  const [, token] = /__Host-stagedoor=([\w-]{72})/.exec(device.cookie);
  for (const name of ['__Secure-stagedoor', 'stagedoor-443', 'stagedoor', '__host-stagedoor']) {
    const answer = await host.device().get('/api/auth/me', { headers: { cookie: `${name}=${token}` } });
    assert.equal(answer.body.code, 'no_session', name);
  }
  const signedOut = await device.post('/api/auth/logout');
  assert.match(signedOut.headers.get('set-cookie'), /^__Host-stagedoor=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
});

told('with a cookie domain the session goes to all its hosts, and only that name is read', async () => {
  const person = await secure.person();
  const device = secure.device();
  const signedIn = await device.post('/api/auth/login', { email: person.email, password: person.password });
  assert.match(signedIn.headers.get('set-cookie'), /^__Secure-stagedoor=[\w-]{72}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax; Secure; Domain=example\.org(, |$)/);
  assert.equal((await device.get('/api/auth/me')).status, 200);
  const [, token] = /__Secure-stagedoor=([\w-]{72})/.exec(device.cookie);
  const as = (cookie) => secure.device().get('/api/auth/me', { headers: { cookie } });
  for (const name of ['__Host-stagedoor', 'stagedoor-443', 'stagedoor']) {
    assert.equal((await as(`${name}=${token}`)).body.code, 'no_session', name);
  }
  // A neighbour has tossed cookies of our name (K11). What we have not made hides nothing, however much there is of it.
  const forged = `__Secure-stagedoor=${token.slice(0, -8)}AAAAAAAA`;
  for (const tossed of [Array(600).fill('__Secure-stagedoor=x'), Array(120).fill(forged)]) {
    assert.equal((await as([...tossed, device.cookie].join('; '))).status, 200);
  }
  // Of sessions that have ended up to three are looked past.
  const ended = [];
  for (let i = 0; i < 4; ++i) {
    const other = secure.device();
    await other.signIn(person);
    ended.push(other.cookie);
    await other.post('/api/auth/logout');
  }
  assert.equal((await as([...ended.slice(1), device.cookie].join('; '))).status, 200);
  assert.equal((await as([...ended, device.cookie].join('; '))).status, 401);
  const signedOut = await device.post('/api/auth/logout');
  assert.match(signedOut.headers.get('set-cookie'), /^__Secure-stagedoor=; Max-Age=0; .*; Secure; Domain=example\.org$/);
});

told('a cookie domain that does not hold every origin stops the start and says why', async () => {
  const buildDir = process.env.STAGEDOOR_BUILD_DIR ?? fileURLToPath(new URL('../../build/release', import.meta.url));
  const [port] = await freePorts(1);
  const check = (domain, ...origins) => spawnSync(join(buildDir, 'auth-service/auth-service'),
    ['check-config', '--listen', `127.0.0.1:${port}`, '--redis-url', 'unix:/nowhere', '--database-url', 'sqlite:/nowhere',
     '--session-key-file', '/nowhere', '--cookie-domain', domain, ...origins.flatMap((each) => ['--allowed-origin', each])],
    { encoding: 'utf8', env: { PATH: process.env.PATH } });
  for (const [domain, origin, why] of [
    ['example.org', 'https://notexample.org', /does not hold the host of allowed-origin https:\/\/notexample\.org/],
    ['a.example.org', 'https://example.org', /does not hold/], ['example.org', 'http://example.org', /needs https/],
    ['org', 'https://example.org', /is no domain/], ['.example.org', 'https://example.org', /is no domain/],
    ['10.0.0.1', 'https://10.0.0.1', /is no domain/], ['Example.org', 'https://example.org', /is no domain/],
    ['example.org; Secure', 'https://example.org', /is no domain/], ['example.org', 'https://example.org.evil.example', /does not hold/],
  ]) {
    const { status, stdout, stderr } = check(domain, 'https://www.example.org', origin);
    assert.equal(status, 2, `${domain} ${origin}`);
    assert.match(stdout + stderr, why);
  }
  assert.equal(check('example.org', 'https://example.org', 'https://a.b.example.org:8443').status, 0);
});
