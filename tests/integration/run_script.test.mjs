// What ./run does when all goes well, and what it leaves behind when something does not.
// It runs the services of STAGEDOOR_BUILD_DIR (default build/release) and builds nothing.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { HttpClient } from '../support/http_client.mjs';
import { freePorts, until } from '../support/process.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const buildDir = resolve(root, process.env.STAGEDOOR_BUILD_DIR ?? 'build/release');
const folder = mkdtempSync(join(tmpdir(), 'stagedoor-run-'));
const startMs = 30_000;

const runs = new Set();
afterEach(async () => {
  for (const run of runs) {
    run.child.kill('SIGTERM');
    await run.ended;
    await run.nothingLeft();
  }
  runs.clear();
});
after(() => rmSync(folder, { recursive: true, force: true }));

const isAlive = (pid) => {
  try {
    // The third field of stat is the state; a zombie has ended.
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
};

/** One ./run. `ended` is `{code, signal}`; its output is in `out` and `err`. */
class Run {
  out = '';
  err = '';
  pids = [];

  constructor(data, ports, { flags = [], cwd = '/' } = {}) {
    const [auth, notify, authOps, notifyOps] = ports.map(String);
    this.site = `http://localhost:${auth}`;
    this.notify = `http://127.0.0.1:${notify}`;
    this.child = spawn(join(root, 'run'), [
      '--data', data, '--build-dir', buildDir, '--auth-port', auth, '--notify-port', notify,
      '--auth-ops-port', authOps, '--notify-ops-port', notifyOps, ...flags,
    ], { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });  // detached: a process group, as a shell makes one
    this.child.stdout.setEncoding('utf8').on('data', (text) => { this.out += text; });
    this.child.stderr.setEncoding('utf8').on('data', (text) => { this.err += text; });
    this.ended = new Promise((done) => this.child.once('close', (code, signal) => done({ code, signal })));
    runs.add(this);
  }

  async up() {
    await until(() => {
      if (this.child.exitCode !== null) throw Object.assign(new Error(this.err || this.out), { fatal: true });
      return this.out.includes('Ctrl-C ends it all');
    }, { what: './run being up', withinMs: startMs });
    // Redis and two services; a helper that is about to end may be among them for a moment.
    const children = `/proc/${this.child.pid}/task/${this.child.pid}/children`;
    this.pids = await until(() => {
      const pids = readFileSync(children, 'utf8').trim().split(' ').map(Number);
      return pids.length === 3 && pids;
    }, { what: 'three children' });
    return this;
  }

  nothingLeft() {
    return until(() => !this.pids.some(isAlive), { what: 'the end of all that ./run started' });
  }

  password(of) {
    return this.out.match(new RegExp(`${of} .*?password +(\\S+)`))[1];
  }

  redis(...command) {
    const socket = this.out.match(/redis-cli -s '(.*)'/)[1];
    return spawnSync('redis-cli', ['-s', socket, ...command], { encoding: 'utf8' }).stdout.trim();
  }

  signIn(who) {
    return new HttpClient({ base: this.site.replace('localhost', '127.0.0.1'), origin: this.site })
      .signIn({ email: this.out.match(new RegExp(`${who} +(\\S+@\\S+)`))[1], password: this.password(who) });
  }
}

const start = async (name, options) => new Run(join(folder, name), await freePorts(4), options);

async function refusal(run, pattern) {
  const { code } = await run.ended;
  assert.equal(code, 1, run.out);
  assert.match(run.err.trim().split('\n').at(-1), pattern);
  return run.err;
}

test('the printed passwords let in, Ctrl-C ends everything, and the next start finds the data again', async () => {
  const name = 'a folder with spaces';
  const first = await (await start(name)).up();
  assert.equal((await first.signIn('an admin')).user.role, 'admin');
  const { user } = await first.signIn('stage manager');
  assert.equal(user.status, 'pending');
  assert.equal(first.redis('acl', 'log'), '', 'a service wanted more of Redis than scripts/redis.acl gives it');
  assert.equal(statSync(join(folder, name, 'credentials')).mode & 0o777, 0o600);
  process.kill(-first.child.pid, 'SIGINT');  // the whole foreground group, as a terminal does it
  assert.deepEqual(await first.ended, { code: 0, signal: null });
  await first.nothingLeft();

  const second = await (await start(name)).up();
  assert.equal(second.password('an admin'), first.password('an admin'));
  assert.equal((await second.signIn('stage manager')).user.id, user.id);
});

test('SIGTERM leaves nothing running, and Redis has saved all', async () => {
  const run = await (await start('terminated')).up();
  run.child.kill('SIGTERM');
  assert.deepEqual(await run.ended, { code: 0, signal: null });
  assert.ok(!run.pids.some(isAlive));
  assert.match(readFileSync(join(folder, 'terminated/log/redis.log'), 'utf8'), /bye bye/);
});

test('a killed ./run takes everything with it', async () => {
  const run = await (await start('killed')).up();
  run.child.kill('SIGKILL');
  await run.ended;
  await run.nothingLeft();
});

test('a process that ends takes the others with it, and is named', async () => {
  const run = await (await start('one dies')).up();
  process.kill(run.pids[0], 'SIGKILL');
  await refusal(run, /^run: redis ended by itself \(signal KILL\)$/);
  assert.ok(!run.pids.some(isAlive));
});

test('a second ./run on the same data is refused and does not disturb the first', async () => {
  const first = await (await start('shared')).up();
  const second = await start('shared');
  await refusal(second, new RegExp(`^run: .*shared is in use by process ${first.child.pid};`));
  assert.equal((await first.signIn('an admin')).user.role, 'admin');
});

test('a taken port is refused by its number and option', async () => {
  const taken = createServer();
  await new Promise((listening) => taken.listen(0, '127.0.0.1', listening));
  const { port } = taken.address();
  const ports = await freePorts(4);
  for (const [i, option] of ['auth', 'notify', 'auth-ops', 'notify-ops'].entries()) {
    const run = new Run(join(folder, 'taken'), ports.with?.(i, port) ?? Object.assign([...ports], { [i]: port }));
    const err = await refusal(run, new RegExp(`^run: port ${port} is taken; choose another with --${option}-port$`));
    assert.equal(err.trim().split('\n').length, 1);
  }
  taken.close();
});

test('a Redis that cannot start is told with its last words, and nothing stays', async () => {
  mkdirSync(join(folder, 'broken/redis/appendonlydir'), { recursive: true });
  writeFileSync(join(folder, 'broken/redis/appendonlydir/appendonly.aof.manifest'), 'no manifest\n');
  const run = await start('broken');
  const err = await refusal(run, /^run: redis ended by itself \(exit code 1\)$/);
  assert.match(err, /manifest/);
});

test('a data path too long for a socket still works, and its socket goes away', async () => {
  const sockets = () => readdirSync('/tmp').filter((name) => /^stagedoor\.\w{8}$/.test(name));
  const before = sockets();
  const run = await (await start('l'.repeat(120))).up();
  const [made] = sockets().filter((name) => run.out.includes(name));
  assert.ok(made && !before.includes(made));
  run.child.kill('SIGTERM');
  await run.ended;
  assert.ok(!sockets().includes(made));
});

test('a page of another origin may call the API and open sockets when ./run is told of it', async () => {
  const flags = ['--allowed-origin', 'http://localhost:5173', '--allowed-origin=https://app.example'];
  const run = await (await start('origins', { flags })).up();
  for (const origin of ['http://localhost:5173', 'https://app.example', 'http://localhost:5174']) {
    const expected = origin.endsWith('4') ? [null, 403] : [origin, 401];
    const me = await fetch(`${run.site}/api/auth/me`, { headers: { origin } });
    assert.equal(me.headers.get('access-control-allow-origin'), expected[0], origin);
    const events = await fetch(`${run.notify}/events`, { headers: { origin } });
    assert.equal(events.status, expected[1], origin);
  }
});

test('the first calls of README.md answer as they stand there', async () => {
  const run = await (await start('first calls')).up();
  const [, calls] = readFileSync(join(root, 'README.md'), 'utf8').match(/```sh\n([^]*?)```/);
  const { stdout, stderr } = spawnSync('bash', ['-ec', calls.replace('http://localhost:8080', run.site).replaceAll('curl ', 'curl -s ')],
                                       { cwd: folder, encoding: 'utf8' });
  assert.equal(stderr, '');
  const answers = stdout.split(/(?<=\})(?=\{"user")/).map((text) => JSON.parse(text));
  assert.deepEqual(answers.map(({ user }) => user.email), Array(3).fill('ada@example.com'));
  assert.ok(answers[2].session);
});

test('./run builds every program that README.md calls', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const built = readFileSync(join(root, 'run'), 'utf8').match(/^ +build as-it-is (.*)$/m)[1].split(' ');
  const called = new Set([...readme.matchAll(/build\/release\/[\w-]+\/([\w-]+)/g)].map(([, name]) => name));
  assert.ok(called.size >= 3);
  assert.deepEqual([...called].filter((name) => !built.includes(name)), []);
});

test('values that make no sense are refused in one line', async () => {
  const cases = [
    [['--auth-port', '80'], /--auth-port 80: has to be a port from 1024 to 65535/],
    [['--notify-port=8o8o'], /--notify-port 8o8o: has to be a port/],
    [['--auth-port', '70000'], /--auth-port 70000: has to be a port/],
    [['--auth-port', '9000', '--auth-ops-port', '9000'], /port 9000 is asked for twice/],
    [['--data'], /--data needs a value/],
    [['--data', '/proc/nowhere'], /cannot make the data directory \/proc\/nowhere/],
    [['--allowed-origin', 'localhost:5173'], /--allowed-origin localhost:5173: has to be an origin like/],
    [['--allowed-origin', 'http://localhost:5173/'], /--allowed-origin http:\/\/localhost:5173\/: has to be an origin like/],
    [['--prot', '1'], /unknown option --prot/],
    [['--build-dir', '/nowhere'], /--build-dir \/nowhere: .* is not there/],
  ];
  const ports = await freePorts(4);
  await Promise.all(cases.map(async ([flags, message], i) => {
    const err = await refusal(new Run(join(folder, `refused ${i}`), ports, { flags }), message);
    assert.match(err, /^run: [^\n]*\n$/);
  }));
});
