// The whole system as processes of one test: a private redis-server, auth-service and notify-service as they were built,
// on free loopback ports, with all state in a folder that goes away. Needs nothing but Node.js.
//
//   const stack = await startStack();
//   after(() => stack.stop());
//   test('…', stack.telling(async () => { … }));      // prints the services' output if the test fails
//
// Environment: STAGEDOOR_BUILD_DIR (default build/release), STAGEDOOR_TEST_LOGS=1 prints all output at the end.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { HttpClient } from './http_client.mjs';
import { ChildProcess, freePorts, until } from './process.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const buildDir = resolve(root, process.env.STAGEDOOR_BUILD_DIR ?? 'build/release');

/** Where the build has put a service. */
export const programOf = (service) => built(service, service);

/** The same service, but that it stops where FAILPOINT_STOP_AT says: see common/runtime/failpoint.hpp. */
export const stoppingProgramOf = (service) => built('tests', 'chaos', `stopping-${service}`);

function built(...names) {
  const path = join(buildDir, ...names);
  if (!existsSync(path)) throw new Error(`${path} is missing: build it first, or set STAGEDOOR_BUILD_DIR`);
  return path;
}

async function isReady(opsPort) {
  return (await fetch(`http://127.0.0.1:${opsPort}/readyz`)).status === 200;
}

/** One service: `start()`, `stop()` (SIGTERM), `kill()`, always on the same ports. */
class Service extends ChildProcess {
  constructor(name, program, port, opsPort, flags) {
    super(name, [program, 'serve', '--listen', `127.0.0.1:${port}`, '--ops-listen', `127.0.0.1:${opsPort}`, ...flags]);
    this.port = port;
    this.opsUrl = `http://127.0.0.1:${opsPort}`;
    this.opsPort = opsPort;
  }

  start(ready = () => isReady(this.opsPort)) {
    return super.start(ready);
  }

  /** What it counts, by the name of the metric; several series of one name are added up. */
  async metrics() {
    const text = await (await fetch(`${this.opsUrl}/metrics`)).text();
    const sums = {};
    for (const [, name, value] of text.matchAll(/^(\w+)(?:\{[^}]*\})? (\S+)$/gm)) sums[name] = (sums[name] ?? 0) + Number(value);
    return sums;
  }
}

// All people of a test come from one address, and some tests have hundreds of them.
function withoutNetworkLimits(flags) {
  const names = ['--limit-sign-ins', '--limit-sign-ins-device', '--limit-failed-sign-ins-network', '--limit-registrations',
                 '--limit-bad-tokens'];
  const given = (name) => flags.some((flag) => flag === name || flag.startsWith(`${name}=`));
  return [...flags, ...names.filter((name) => !given(name)).flatMap((name) => [name, 'off'])];
}

class Stack {
  admin = { email: 'admin@example.com', password: 'house-lights-down' };
  #people = 0;

  constructor(parts) {
    Object.assign(this, parts);
  }

  /** A device: an HTTP client with a cookie jar of its own, which talks to one node. */
  device(node = 0) {
    return new HttpClient({ base: `http://127.0.0.1:${this.auths[node].port}`, origin: this.origin });
  }

  /** Where a client that is no browser opens its WebSocket: a bare system cannot look `localhost` up. */
  get socketUrl() {
    return this.socketUrlOf(this.notify);
  }
  socketUrlOf(node) {
    return `ws://127.0.0.1:${node.port}/ws`;
  }

  /** An admin's device, signed in. */
  async adminDevice() {
    const device = this.device();
    await device.signIn(this.admin);
    return device;
  }

  /** A further admin: `{email, password, displayName}`. */
  anotherAdmin(displayName) {
    const { password } = this.admin;
    const admin = { email: `admin${++this.#people}@example.com`, password, displayName };
    createAdmin(this.databasePath, admin);
    return admin;
  }

  /**
   * `count` people made by SQL, named "Person 1" and so on, the last of them the newest. Their registrations are told as
   * any other.
   */
  crowd(count, { status = 'pending', prefix = 'crowd', name = 'Person' } = {}) {
    const id = (i) => `printf('%08x-%04x-7000-8000-${createHash('sha256').update(prefix).digest('hex').slice(0, 12)}', (ms + ${i}) >> 16, (ms + ${i}) & 65535)`;
    this.sqlite(`WITH RECURSIVE n(i, ms) AS (SELECT 1, ${Date.now() - count} UNION ALL SELECT i + 1, ms FROM n WHERE i < ${count})
                 INSERT INTO users (id, email, display_name, status)
                 SELECT ${id('i')}, '${prefix}' || i || '@example.com', '${name} ' || i, '${status}' FROM n`);
  }

  /** Somebody nobody has registered yet. */
  stranger(displayName = 'Ada Lovelace') {
    return { email: `person${++this.#people}@example.com`, password: 'break-a-leg-1', displayName };
  }

  /** A registered, pending person: `{email, password, displayName, id}`. */
  async person(displayName) {
    const person = this.stranger(displayName);
    const { email, password } = person;
    const answer = await this.device().post('/api/auth/register', { email, password, displayName: person.displayName });
    if (answer.status !== 201) throw new Error(`register answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return { ...person, id: answer.body.user.id };
  }

  /** Approves or rejects through the API as the admin. */
  async decide(person, action, { reason } = {}) {
    const admin = await this.adminDevice();
    const answer = await admin.post(`/api/admin/stage-managers/${person.id}/${action}`, reason ? { reason } : {});
    if (answer.status !== 200) throw new Error(`${action} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Types a statement into the sqlite3 shell and waits for it: `{output, startedAt, returnedAt}` (epoch ms). */
  sqlite(statement) {
    const now = () => performance.timeOrigin + performance.now();
    const startedAt = now();
    const shell = spawnSync('sqlite3', ['-bail', '-cmd', '.timeout 2000', this.databasePath],
                            { input: `${statement};\n`, encoding: 'utf8' });
    const returnedAt = now();
    if (shell.status !== 0) throw new Error(`sqlite3: ${shell.stderr || shell.error}`);
    return { output: shell.stdout, startedAt, returnedAt };
  }

  /** One Redis command by redis-cli; its answer as text. */
  redisCommand(...words) {
    const cli = spawnSync('redis-cli', ['-s', this.redisSocket, '-e', ...words], { encoding: 'utf8' });
    if (cli.status !== 0) throw new Error(`redis-cli: ${cli.stdout}${cli.stderr || cli.error}`);
    return cli.stdout.trim();
  }

  /** Wraps a test's body: if it fails, what the services wrote comes with the failure. */
  telling(body) {
    return async (...args) => {
      try {
        return await body(...args);
      } catch (error) {
        this.printLogs();
        throw error;
      }
    };
  }

  get services() { return [...this.auths, ...this.notifies]; }

  /** Whether every service says that it is. */
  async allReady() {
    const answers = await Promise.all(this.services.map(({ opsPort }) => isReady(opsPort)));
    return answers.every((ready) => ready);
  }

  /**
   * Resolves when every service stands on Redis again: ready, what it has replayed, and believed about sessions. Until then a node
   * of notify-service answers 503, or cannot judge a session of which Redis has not been told (4404); clients come back, tests need not.
   */
  recovered() {
    return until(async () => {
      const counts = await Promise.all(this.auths.map((node) => node.metrics()));
      return counts.every((each) => each.stagedoor_fence_whole === 1 && each.stagedoor_redis_trusted === 1) && this.allReady();
    }, { what: 'every service standing on Redis' });
  }

  /** Starts Redis again, and waits for the services. */
  async bringRedisBack() {
    await this.redis.start(() => this.redisCommand('PING') === 'PONG');
    await this.recovered();
  }

  printLogs() {
    for (const child of [this.redis, ...this.services]) {
      console.error(`--- ${child.name} (${child.running ? `pid ${child.pid}` : 'not running'})\n${child.output}`);
    }
  }

  async stop() {
    await Promise.all(this.notifies.map((node) => node.stop()));
    await Promise.all(this.auths.map((node) => node.stop()));
    await this.redis.stop();
    if (process.env.STAGEDOOR_TEST_LOGS) this.printLogs();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function createAdmin(databasePath, { email, password, displayName = 'Admin' }) {
  const made = spawnSync(programOf('auth-service'),
                         ['create-admin', '--database-url', `sqlite:${databasePath}`, '--email', email, '--password-stdin', '--display-name', displayName],
                         { input: `${password}\n`, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`create-admin ended with ${made.status}: ${made.stdout}${made.stderr}`);
}

function plainRedis(folder, socket) {
  return new ChildProcess('redis-server', ['redis-server', '--port', '0', '--unixsocket', socket, '--dir', folder,
                                           '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction']);
}

/**
 * Starts everything and resolves when both services are ready and there is an admin (`stack.admin`).
 *
 * @param {{origins?: string[], authFlags?: string[], notifyFlags?: string[], authNodes?: number, notifyNodes?: number, makeRedis?, redisUrlOf?, databaseFolder?, program?}}
 *   options - the allowed origins, if not the first auth-service's address; further flags of the services; how many auth-services share the database, the keys and Redis, and how
 *   many notify-services; for tests of outages: `makeRedis(folder, socket)` makes another redis-server (ChildProcess), `redisUrlOf(service, socket)` says by
 *   which URL `auth-0`, `auth-1` … and `notify-0` … reach it, `databaseFolder` is where the database is, `program(service)` what is
 *   started in the place of the services as they were built; `notifyFlags` may be a function of the folder, where auth-service's
 *   `keys` are
 * @returns {Promise<Stack>} with `origin` (what a browser opens), `notifyUrl`, `auths` and `notifies` (Service), `auth`
 *   and `notify` (the first of them), `redis` (ChildProcess), `databasePath`, `redisSocket`, `folder`
 */
export async function startStack({ origins, authFlags = [], notifyFlags = [], authNodes = 1, notifyNodes = 1, makeRedis = plainRedis,
                                   redisUrlOf = (_, socket) => `unix:${socket}`, databaseFolder, program = programOf } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'stagedoor-'));
  const redisSocket = join(folder, 'redis.sock');
  const databasePath = join(databaseFolder ?? folder, 'stagedoor.db');
  const ports = await freePorts(2 * (authNodes + notifyNodes));
  const [authPorts, notifyPorts] = [ports.slice(0, 2 * authNodes), ports.slice(2 * authNodes)];
  const allowed = origins ?? [`http://localhost:${authPorts[0]}`];
  const notifyUrl = `ws://localhost:${notifyPorts[0]}/ws`;
  const shared = async (name) => ['--redis-url', await redisUrlOf(name, redisSocket), ...allowed.flatMap((each) => ['--allowed-origin', each])];

  const redis = makeRedis(folder, redisSocket);
  const auths = await Promise.all(Array.from({ length: authNodes }, async (_, node) =>
    new Service('auth-service', program('auth-service'), authPorts[2 * node], authPorts[2 * node + 1],
                [...await shared(`auth-${node}`), '--database-url', `sqlite:${databasePath}`, '--session-key-file', join(folder, 'keys'),
                 '--notify-url', notifyUrl, ...withoutNetworkLimits(authFlags)])));
  const notifies = await Promise.all(Array.from({ length: notifyNodes }, async (_, node) =>
    new Service('notify-service', program('notify-service'), notifyPorts[2 * node], notifyPorts[2 * node + 1],
                [...await shared(`notify-${node}`), ...(notifyFlags instanceof Function ? notifyFlags(folder) : notifyFlags)])));
  const stack = new Stack({ folder, origin: allowed[0], notifyUrl, redisSocket, databasePath, redis,
                            auth: auths[0], auths, notify: notifies[0], notifies });
  try {
    await redis.start(() => existsSync(redisSocket));
    for (const node of auths) await node.start();
    for (const node of notifies) await node.start();
    createAdmin(databasePath, stack.admin);
  } catch (error) {
    stack.printLogs();
    await stack.stop();
    throw error;
  }
  return stack;
}
