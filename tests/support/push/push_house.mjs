// A house full of open tabs: two auth nodes, two notify nodes, a Redis that persists, a gate in each way to it; two
// hundred tabs that lose their connection now and then, and an admin and an operator at the sqlite3 shell who decide
// many times a second. Whatever breaks, every tab hears of every change of its person exactly once and in order.
//
//   const house = await openPushHouse();
//   test('Redis is killed', house.fault(({ redis }) => ({ begin: () => redis.kill(), end: () => redis.start() })));
//   test('…', house.everythingAgrees());   // the last one: as many decisions as the suite promises
//   after(() => house.close());
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { printNews, startGatedStack, stopGatedStack } from '../gated_stack.mjs';
import { addPeople, signingKey, tokenOf } from '../ledger.mjs';
import { SqlShell } from '../load/sql_shell.mjs';
import { until } from '../process.mjs';
import { Random, seed } from '../random.mjs';
import { RedisClient } from '../redis_client.mjs';
import { judgeDecisions, judgeRedis, judgeTab, readHistory } from './agreement.mjs';
import { AuthCalls } from './auth_calls.mjs';
import { Decisions } from './decisions.mjs';
import { Tab } from './tab.mjs';
import { openEventStream, openSocket } from './transports.mjs';

const persons = 100;
const tabsEach = 2;
const comeInShare = 0.2;         // of the people are approved, suspended and reinstated
const transports = [openSocket, openSocket, openSocket, openEventStream];  // tabs draw one each
const dropsPerSecond = 10;       // tabs that lose their connection
const decisionsPerSecond = 70;
const decisionsPromised = 2_000;
const beforeMs = [300, 1_000];   // of load before a fault: its moment is drawn
const faultMs = 1_500;
const recoveryMs = 15_000;       // a reserve for noisy machines; how long it took is reported
const complaintsShown = 8;

export async function openPushHouse({ authFlags = [], notifyFlags = [], program } = {}) {
  const { stack, gates } = await startGatedStack({
    authNodes: 2,
    notifyNodes: 2,
    program,
    authFlags: ['--log-level', 'warn', '--session-rotation-grace', '4s', ...authFlags],
    notifyFlags: ['--log-level', 'warn', '--heartbeat-interval', '1s', '--drain-time', '500ms', ...notifyFlags],
  });
  try {
    const admin = (await stack.adminDevice()).cookie;
    const house = new PushHouse({ stack, gates, admin });
    await house.open();
    return house;
  } catch (error) {
    printNews(stack);
    await stopGatedStack({ stack, gates });
    throw error;
  }
}

class PushHouse {
  random = new Random();
  violations = [];
  #calls;
  #key;
  #sql;
  #dropper;

  constructor(parts) {
    const { stack } = parts;
    Object.assign(this, parts, { redis: stack.redis, origin: stack.origin });
    this.#calls = new AuthCalls(stack, this.random);
    this.#key = signingKey(stack);
    this.#sql = new SqlShell(stack.databasePath);
    this.people = addPeople(stack, persons, tabsEach).map((added) => ({
      ...added, status: 'pending', version: 1, suspensions: 0, suspending: false, comesIn: this.random.chance(comeInShare) }));
    this.decisions = new Decisions(this, this.#sql, decisionsPerSecond);
    this.tabs = this.people.flatMap((person) => person.sessions.map((id, i) =>
      new Tab(this, person, { id, cookie: person.cookies[i], epoch: 1, suspensions: 0 }, this.random.of(transports))));
  }

  async open() {
    for (const tab of this.tabs) tab.start();
    await until(() => this.tabs.every((tab) => tab.isOpen), { what: 'every tab being welcome', withinMs: 20_000 });
    this.#goOn();
  }

  async close() {
    clearInterval(this.#dropper);
    for (const tab of this.tabs) tab.stop();
    await this.decisions.pause().catch(() => {});
    this.#sql.close();
    this.#calls.close();
    await stopGatedStack(this);
  }

  // --- what tabs and decisions need of the house ---

  nodes() { return this.stack.notifies; }
  gatesOf(...services) { return [...this.gates].filter(([name]) => services.includes(name.split('-')[0])).map(([, gate]) => gate); }
  everyGate(does, services = ['auth', 'notify']) { return Promise.all(this.gatesOf(...services).map(does)); }

  call(request) { return this.#calls.call(request); }

  violated(what) { this.violations.push(what); }

  /** A new session of somebody, where sessions begin; nothing while nobody may sign in. */
  async signIn(person) {
    const id = randomUUID();
    const suspensions = person.suspensions - (person.suspending ? 1 : 0);
    const now = Date.now();
    const [row] = await this.#sql.rows(
      `INSERT INTO sessions (id, user_id, epoch, signed_in_status, created_at_ms, expires_at_ms) SELECT '${id}', id, epoch, status,`
      + ` ${now}, ${now + 3_600_000} FROM users WHERE id='${person.id}' AND status<>'suspended';`
      + ` SELECT epoch FROM sessions WHERE id='${id}'`);
    if (!row) return null;
    const [name] = person.cookies[0].split('=');
    return { id, epoch: Number(row[0]), suspensions, cookie: `${name}=${tokenOf(this.#key, person.id, id)}` };
  }

  // --- faults ---

  /** The body of a test: `does(house)` says what begins, what ends, and for how long it lasts. */
  fault(does) {
    return async (t) => {
      try {
        await this.#underFault(t, await does(this));
      } catch (error) {
        printNews(this.stack);
        throw error;
      } finally {
        this.violations = [];
        this.#goOn();
      }
    };
  }

  async #underFault(t, { prepare, begin, end = () => {}, lastsMs = faultMs }) {
    const [least, most] = beforeMs;
    await sleep(least + this.random.below(most - least));
    await prepare?.();
    const madeBefore = this.decisions.made;
    const connectionsBefore = this.#connections;
    try {
      await begin();
      await sleep(lastsMs);
    } finally {
      await end();
    }
    const recovery = await this.#recovers(performance.now());
    t.diagnostic(`seed ${seed}; ${this.decisions.made - madeBefore} decisions, ${this.#connections - connectionsBefore}`
                 + ` connections; ${recovery}`);
  }

  /** The end of a suite: as many decisions as it promises were made, and everything agrees. */
  everythingAgrees() {
    return this.fault(() => ({
      begin: () => until(() => this.decisions.made >= decisionsPromised, { what: 'decisions', withinMs: 60_000 }),
      lastsMs: 0,
    }));
  }

  get #connections() { return this.tabs.reduce((sum, { connections }) => sum + connections, 0); }

  #goOn() {
    this.decisions.start();
    clearInterval(this.#dropper);
    this.#dropper = setInterval(() => this.random.of(this.tabs).drop(), 1_000 / dropsPerSecond);
  }

  /** Something new about everybody reaches every tab, and then everything agrees. */
  async #recovers(endedAt) {
    clearInterval(this.#dropper);
    const since = () => (performance.now() - endedAt).toFixed(0);
    await until(() => this.stack.allReady(), { what: 'all nodes being ready', withinMs: recoveryMs });
    const ready = since();
    await this.decisions.pause();
    await this.decisions.somethingAboutEverybody();
    const decided = since();
    await until(() => this.tabs.every(({ known, person }) => known === person.version),
                { what: 'something new reaching every tab', withinMs: recoveryMs })
      .catch((error) => { throw new Error(`${error.message}: ${this.#behind()}`); });
    const heard = since();
    await this.#agrees();
    return `ready after ${ready} ms, news of everybody decided after ${decided} and heard by everybody after ${heard} ms`;
  }

  #behind() {
    const behind = this.tabs.filter(({ known, person }) => known !== person.version);
    return `${behind.length} tabs are behind, ${behind.slice(0, complaintsShown)
      .map(({ known, isOpen, person }) => `${person.email} (${isOpen ? 'open' : 'not open'}) knows ${known} of ${person.version} ${person.status}`).join('; ')}`
      + `; ${this.violations.slice(0, complaintsShown).join('; ')}`;
  }

  async #agrees() {
    const history = readHistory(this.stack);
    const client = new RedisClient(this.redis.socket);
    const ofRedis = (await Promise.all(this.people.map((person) => judgeRedis(history, person, client)))).flat();
    client.close();
    const complaints = [...this.violations, ...judgeDecisions(history, this), ...ofRedis,
                        ...this.tabs.flatMap((tab) => judgeTab(history, tab))];
    assert.deepEqual(complaints.slice(0, complaintsShown), []);
    await this.#nothingIsLeft();
  }

  /** Every row of the outbox is marked, none is parked, and no node holds a socket that nobody listens to. */
  async #nothingIsLeft() {
    await until(() => {
      const { output } = this.stack.sqlite('SELECT count(*) FROM outbox WHERE published_at_ms IS NULL');
      return output.trim() === '0';
    }, { what: 'all rows being marked', everyMs: 100 });
    const count = async ({ opsUrl }) => {
      const gauges = (await (await fetch(`${opsUrl}/metrics`)).text()).matchAll(/^stagedoor_(?:ws|sse)_sockets (\d+)/gm);
      return [...gauges].reduce((sum, [, open]) => sum + Number(open), 0);
    };
    await until(async () => {
      const [a, b] = await Promise.all(this.stack.notifies.map(count));
      return a + b === this.tabs.length;
    }, { what: 'as many sockets as tabs' });
  }
}
