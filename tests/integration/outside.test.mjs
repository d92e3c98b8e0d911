// What a client claims about its way to us counts only from --trusted-proxy, and about scheme and host from nobody.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { rawRequest } from '../support/raw_http.mjs';
import { startStack } from '../support/stack.mjs';

const lies = {
  'x-forwarded-for': '203.0.113.9', 'x-real-ip': '203.0.113.9', 'x-client-ip': '203.0.113.9', 'true-client-ip': '203.0.113.9',
  'cf-connecting-ip': '203.0.113.9', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example', 'x-forwarded-port': '443',
  'x-forwarded-prefix': '/evil', 'x-original-url': '/admin', 'x-rewrite-url': '/admin', 'x-http-method-override': 'DELETE',
  forwarded: 'for=203.0.113.9;host=evil.example;proto=https', 'x-auth-user-id': '01890a5d-ac96-774b-bcce-b302099a8057',
  'x-auth-user-role': 'admin', 'x-auth-user-status': 'active', 'x-auth-user-version': '99', 'x-request-id': 'chosen-by-the-client',
};

let direct;   // nobody is trusted
let proxied;  // loopback is a trusted proxy
before(async () => {
  [direct, proxied] = await Promise.all([startStack(), startStack({ authFlags: ['--trusted-proxy', '127.0.0.1,10.0.0.0/8'] })]);
});
after(() => Promise.all([direct?.stop(), proxied?.stop()]));
const told = (name, body) => test(name, (t) => direct.telling(proxied.telling(body))(t));

async function signIn(stack, headers) {
  const person = await stack.person();
  const device = stack.device();
  const answer = await device.post('/api/auth/login', { email: person.email, password: person.password }, { headers });
  assert.equal(answer.status, 200);
  const address = stack.sqlite(`SELECT address FROM sessions WHERE user_id = '${person.id}'`).output.trim();
  return { person, device, answer, address };
}

told('from an untrusted peer the device list has the address of the peer, whatever it claims', async () => {
  assert.equal((await signIn(direct, lies)).address, '127.0.0.1');
});

told('a trusted proxy is believed about its client, in X-Forwarded-For alone, and only as far as proxies are trusted', async () => {
  const { 'x-forwarded-for': dropped, ...others } = lies;
  for (const [chain, expected] of [
    ['198.51.100.7', '198.51.100.7'], ['203.0.113.9, 198.51.100.7', '198.51.100.7'],
    ['203.0.113.9, 198.51.100.7, 10.1.2.3', '198.51.100.7'], ['10.9.9.9, 10.1.2.3', '10.9.9.9'],
    ['2001:db8::1', '2001:db8::1'], ['[2001:db8::1]:4711', '2001:db8::1'], ['198.51.100.7:80', '198.51.100.7'],
    ['::ffff:198.51.100.7', '198.51.100.7'], ['198.51.100.7, nonsense', '127.0.0.1'], ['198.51.100.7, ', '127.0.0.1'],
    ['unknown', '127.0.0.1'], ['', '127.0.0.1'],
  ]) {
    assert.equal((await signIn(proxied, { ...others, 'x-forwarded-for': chain })).address, expected, chain);
  }
  assert.equal((await signIn(proxied, others)).address, '127.0.0.1', 'without X-Forwarded-For');
});

told('a request id is taken from a trusted proxy only, and only if it is sane', async () => {
  const idOf = async (stack, id) => (await stack.device().get('/api/auth/me', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
  assert.equal(await idOf(proxied, 'from-the-proxy'), 'from-the-proxy');
  for (const id of ['a b', 'x'.repeat(65), '<script>', '']) assert.match(await idOf(proxied, id), /^[0-9a-f]{16}$/, id);
  assert.match(await idOf(direct, 'chosen-by-the-client'), /^[0-9a-f]{16}$/);
  assert.ok(!direct.auth.output.includes('chosen-by-the-client'));
});

const shapes = [['GET', '/'], ['GET', '/login'], ['GET', '/api/auth/me'], ['GET', '/api/auth/verify'], ['GET', '/admin'], ['GET', '/nothing'],
                ['POST', '/api/auth/login'], ['POST', '/api/auth/logout']];
told('no answer depends on what scheme or host a request claims, neither from a stranger nor from a trusted proxy', async () => {
  // Date, ids and what is left of a limit differ from request to request; nothing else may.
  const ask = async (stack, method, path, headers) => {
    const answer = await rawRequest(stack.auth.port, { method, path, headers: { 'content-type': 'application/json', origin: stack.origin, ...headers },
                                                       body: method === 'POST' ? '{"email":"nobody@example.com","password":"wrong-password"}' : '' });
    const { date, 'x-request-id': id, 'content-length': length, ratelimit, ...rest } = answer.headers;
    return { status: answer.status, headers: rest, body: answer.body.replaceAll(id, 'ID') };
  };
  for (const stack of [direct, proxied]) {
    for (const [method, path] of shapes) {
      const plain = await ask(stack, method, path, {});
      for (const claim of [lies, { host: 'evil.example' }, { host: 'evil.example:443', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' }]) {
        assert.deepEqual(await ask(stack, method, path, claim), plain, `${method} ${path} ${JSON.stringify(claim)}`);
      }
    }
  }
});

told('a claimed host does not make a foreign page one of ours', async () => {
  for (const stack of [direct, proxied]) {
    const headers = { ...lies, origin: 'https://evil.example', host: 'evil.example' };
    const answer = await stack.device().post('/api/auth/logout', {}, { headers });
    assert.deepEqual([answer.status, answer.body.code], [403, 'cross_origin']);
  }
});

told('redirects are paths, and cookies are marked by the allowed origin alone', async () => {
  for (const stack of [direct, proxied]) {
    const root = await rawRequest(stack.auth.port, { method: 'GET', path: '/', headers: { ...lies, host: 'evil.example' } });
    assert.deepEqual([root.status, root.headers.location], [303, '/login']);
    const { answer } = await signIn(stack, lies);
    const name = `stagedoor-${stack.auth.port}`;
    assert.match(answer.headers.get('set-cookie'), new RegExp(`^${name}=[\\w-]{72}; Max-Age=\\d+; Path=/; HttpOnly; SameSite=Lax(, |$)`));
    assert.equal(answer.headers.get('strict-transport-security'), null);
  }
});

told('what a client claims to be, nobody believes', async () => {
  for (const stack of [direct, proxied]) {
    const nobody = await stack.device().get('/api/admin/stage-managers', { headers: lies });
    assert.deepEqual([nobody.status, nobody.body.code], [401, 'no_session']);
    const { device, person } = await signIn(stack, {});
    const verified = await device.get('/api/auth/verify', { headers: lies });
    assert.deepEqual([verified.headers.get('x-auth-user-id'), verified.headers.get('x-auth-user-role')], [person.id, 'stage_manager']);
    assert.equal((await device.get('/api/admin/stage-managers', { headers: lies })).body.code, 'forbidden');
  }
});
