// `stagectl doctor` in front of systems that are broken, each in one way: it names what is wrong and says what to do.
import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { after, before, test } from 'node:test';

import { makeToken } from '../support/admin.mjs';
import { SqlShell } from '../support/load/sql_shell.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';
import { exits, Stagectl } from '../support/stagectl.mjs';

let stack, ctl, token;
before(async () => {
  stack = await startStack();
  ctl = await Stagectl.at(stack.origin);
  assert.equal((await ctl.login(stack.admin)).code, exits.done);
  token = (await makeToken(await stack.adminDevice(), 'read')).token;
});
after(() => Promise.all([stack?.stop(), ctl?.stop()]));
const told = (body) => (...args) => stack.telling(body)(...args);

const byToken = (server) => ({ server, env: { STAGEDOOR_TOKEN: token } });
/** The checks by name; the code is that of their sum, and each that is not good says what to do. */
async function examine(args = [], options = {}) {
  const { code, value } = await ctl.json(['doctor', ...args], options);
  assert.equal(code, value.checks.every(({ ok }) => ok) ? exits.done : exits.unhealthy);
  assert.equal(value.healthy, code === exits.done);
  for (const { ok, mend } of value.checks) assert.equal(mend.length > 0, !ok);
  return Object.fromEntries(value.checks.map((each) => [each.check, each]));
}
const wrong = (checks) => Object.values(checks).filter(({ ok }) => !ok).map(({ check }) => check);

test('a whole system is found whole, for people line by line', told(async () => {
  const ops = ['--ops-url', stack.auth.opsUrl, '--notify-ops-url', stack.notify.opsUrl];
  assert.deepEqual(Object.keys(await examine(ops)).sort(), ['accepting', "auth-service's ops port", 'clock', 'cookie', 'database', 'fence',
    "notify-service's ops port", 'origin', 'redis', 'server', 'sessions', 'signed in', 'version']);
  const { code, stdout } = await ctl.run(['doctor', ...ops]);
  assert.equal(code, exits.done);
  assert.match(stdout, /^(ok {4}[\w' -]+: [^\n]+\n){13}$/);
}));

test('nobody is signed in', told(async () => {
  const other = await Stagectl.at(stack.origin);
  const { code, stdout } = await other.run(['doctor']);
  await other.stop();
  assert.equal(code, exits.unhealthy);
  assert.match(stdout, /^ok {4}server: \S+ answers within \d+ ms\nMEND {2}signed in: no\n {6}Run `stagectl login`; the rest can be checked then\.\n$/);
}));

test('an address that browsers must not use', told(async () => {
  const checks = await examine([], byToken(`http://127.0.0.1:${stack.auth.port}`));
  assert.deepEqual(wrong(checks), ['origin']);
  assert.match(checks.origin.detail, /^http:\/\/127\.0\.0\.1:\d+ is none of the server's --allowed-origin$/);
  const { code, stderr } = await ctl.run(['login', '--email', stack.admin.email, '--password-stdin'],
                                         { server: `http://127.0.0.1:${stack.auth.port}`, input: 'x\n' });
  assert.deepEqual([code, /cross_origin/.test(stderr)], [exits.forbidden, true], stderr);
}));

test('a cookie for https, and this is http', told(async () => {
  const secure = await startStack({ origins: ['https://stage.example.com'] });
  try {
    const admin = secure.device();
    await admin.signIn(secure.admin);
    const env = { STAGEDOOR_TOKEN: (await makeToken(admin, 'read')).token };
    const checks = await examine([], { server: `http://127.0.0.1:${secure.auth.port}`, env });
    assert.deepEqual(wrong(checks), ['origin', 'cookie']);
    assert.match(checks.cookie.detail, /^__Host-stagedoor is for https, and this is http$/);
  } finally {
    await secure.stop();
  }
}));

/** The server as it is, but for what `change` does to what it tells of itself. */
async function disguised(change) {
  const proxy = createServer((asked, answer) => {
    request({ host: '127.0.0.1', port: stack.auth.port, path: asked.url, method: asked.method, headers: asked.headers }, (given) => {
      let body = '';
      given.setEncoding('utf8').on('data', (text) => { body += text; }).on('end', () => {
        if (asked.url === '/api/admin/system') body = JSON.stringify(change(JSON.parse(body)));
        answer.writeHead(given.statusCode, { 'content-type': given.headers['content-type'] }).end(body);
      });
    }).end();
  });
  await new Promise((done) => { proxy.listen(0, '127.0.0.1', done); });
  return { url: `http://127.0.0.1:${proxy.address().port}`, close: () => proxy.close() };
}

test('another version, and a clock that is wrong', told(async () => {
  const future = (about) => ({ ...about, version: '9.9.9', now: new Date(Date.now() + 90_000).toISOString() });
  const other = await disguised(future);
  const checks = await examine([], byToken(other.url));
  other.close();
  assert.deepEqual(wrong(checks), ['version', 'clock', 'origin']);
  assert.match(checks.version.detail, /^the server is 9\.9\.9, this is /);
  assert.match(checks.clock.detail, /^the server's is (89|90|91)\d{3} ms from ours$/);
}));

test('a server that has something else to say of itself', told(async () => {
  const other = await disguised(() => ({ ready: true }));
  const checks = await examine([], byToken(other.url));
  other.close();
  assert.deepEqual(wrong(checks), ['server']);
  assert.match(checks.server.detail, /lacks `version`/);
}));

const redisIs = (pattern) => until(async () => pattern.test((await examine()).redis.detail), { what: `redis being ${pattern}`, everyMs: 200 });

test('Redis that is away: what stands in for it, and what tabs miss', told(async () => {
  await stack.redis.stop();
  try {
    await redisIs(/cannot be reached/);
    await until(async () => !(await examine()).sessions.ok, { what: 'the ledger answering', everyMs: 200 });
    const checks = await examine(['--notify-ops-url', stack.notify.opsUrl]);
    assert.deepEqual(wrong(checks).sort(), ["notify-service's ops port", 'redis', 'sessions']);
    assert.match(checks.redis.mend, /^Start Redis, /);
    assert.match(checks["notify-service's ops port"].mend, /readyz/);
  } finally {
    await stack.bringRedisBack();
  }
  await redisIs(/as it should be/);
}));

test('Redis that throws data away, or is a replica', told(async () => {
  stack.redisCommand('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  await redisIs(/maxmemory-policy is allkeys-lru and has to be noeviction/);
  assert.match((await examine()).redis.mend, /CONFIG SET maxmemory-policy noeviction/);
  stack.redisCommand('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  stack.redisCommand('REPLICAOF', '127.0.0.1', '1');
  await redisIs(/is a replica/);
  assert.match((await examine()).redis.mend, /master/);
  stack.redisCommand('REPLICAOF', 'NO', 'ONE');
  await stack.recovered();
}));

test('a database that somebody holds', told(async () => {
  const shell = new SqlShell(stack.databasePath);
  await shell.rows('BEGIN EXCLUSIVE');
  try {
    const checks = await examine();
    assert.deepEqual(wrong(checks), ['database']);
    assert.match(checks.database.detail, /^it takes no (reads|writes) \(database_busy\)$/);
    assert.match(checks.database.mend, /lock/);
  } finally {
    await shell.rows('ROLLBACK');
    shell.close();
  }
  assert.deepEqual(wrong(await examine()), []);
}));

test('ops ports at which nobody is, or somebody else', told(async () => {
  const checks = await examine(['--ops-url', 'http://127.0.0.1:1', '--notify-ops-url', stack.origin]);
  assert.deepEqual(wrong(checks).sort(), ["auth-service's ops port", "notify-service's ops port"]);
}));

test('whoever is at the address of an ops port is not told who we are', told(async () => {
  const heard = [];
  const somebody = createServer((asked, answer) => {
    heard.push({ url: asked.url, ...asked.headers });
    answer.writeHead(200).end('{}');
  });
  await new Promise((done) => { somebody.listen(0, '127.0.0.1', done); });
  const url = `http://127.0.0.1:${somebody.address().port}`;
  for (const options of [{}, { env: { STAGEDOOR_TOKEN: token } }]) {
    await ctl.json(['doctor', '--ops-url', url, '--notify-ops-url', url], options);
  }
  somebody.close();
  assert.deepEqual(heard.map((each) => [each.url, each.cookie, each.authorization]), Array(4).fill(['/readyz', undefined, undefined]));
}));
