// A whole system made to be broken: two auth nodes, each of whose ways to Redis has a gate, a Redis that persists, and
// a crowd at its devices.
//
//   const house = await openHouse();
//   test('Redis is frozen', house.fault(({ redis }) => ({ begin: () => redis.freeze(), end: () => redis.thaw() })));
//   after(() => house.close());
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { printNews, startGatedStack, stopGatedStack } from '../gated_stack.mjs';
import { addPeople, addSessions } from '../ledger.mjs';
import { until } from '../process.mjs';
import { Listeners } from './listeners.mjs';
import { lackOfLoad, unserved, usualShares } from './proof.mjs';
import { Recovery, recoveryMs } from './recovery.mjs';
import { seed } from '../random.mjs';
import { Traffic } from './traffic.mjs';
import { Person, Session } from './truth.mjs';

export const cacheLeaseMs = 500;  // limits::cache_lease

/** What a suite of half-open links tries: how auth-service is started, and how long a yes may be out of date by that. */
export const houses = {
  'without the cache': { authFlags: ['--session-cache', 'off'], staleMs: 0 },
  'with the cache': { authFlags: [], staleMs: cacheLeaseMs },
};

const beforeMs = 500;      // of load before a fault
const faultMs = 2_500;     // how long one lasts: several deadlines of the services
const patienceMs = 10_000; // with what nobody has promised to be quick
// Of one fault, on a noisy machine: a slow recovery is judged by the median, and what had no load does not count.
const mostRounds = 3;
const mostIdleRounds = 6;
const calmMs = 500;        // that this process runs without a stall before a round is repeated
const calmStallMs = 100;
const calmPatienceMs = 30_000;

// Above twice the slowest request (K3), and short enough that tokens rotate again and again while things break.
const rotationGrace = '4s';
const listening = 20;      // of the crowd have a tab open

const devicesEach = 3;

export async function openHouse({ people: count = 150, authFlags = [], rates, databaseFolder } = {}) {
  const { stack, gates } = await startGatedStack({
    authNodes: 2,
    authFlags: ['--log-level', 'warn', '--trusted-proxy', '127.0.0.1/32', '--session-rotation-grace', rotationGrace, ...authFlags],
    notifyFlags: ['--log-level', 'warn'],
    databaseFolder,
  });
  try {
    const model = await stack.person('Model');
    const people = peopleOf(stack, model, count);
    const admin = await adminOf(stack);
    const listeners = new Listeners(stack, people.slice(0, listening));
    return new House({ stack, gates, listeners, model, traffic: new Traffic(stack, { people, admin, rates }) });
  } catch (error) {
    stack.printLogs();
    await stack.stop();
    throw error;
  }
}

/** Pending people with a password and living sessions. One hash serves all of them: hashing takes 20 ms each. */
function peopleOf(stack, model, count) {
  const passwordHash = stack.sqlite(`SELECT password_hash FROM users WHERE id = '${model.id}'`).output.trim();
  const began = { sent: performance.now(), answered: performance.now() };
  return addPeople(stack, count, devicesEach, { passwordHash }).map(({ id, email, cookies, sessions }, i) => {
    const address = `10.${1 + (i >> 8)}.${i & 255}.7`;  // of networks that share no limit
    const person = new Person({ id, email, password: model.password, status: 'pending', address });
    sessions.forEach((session, at) => new Session(person, session, cookies[at], began));
    return person;
  });
}

async function adminOf(stack) {
  const sent = performance.now();
  const device = await stack.adminDevice();
  const { user, session } = (await device.get('/api/auth/me')).body;
  const admin = new Person({ id: user.id, email: user.email, address: '10.0.0.7' });
  new Session(admin, session.id, device.cookie, { sent, answered: performance.now() });
  return admin;
}

class House {
  constructor(parts) {
    Object.assign(this, parts, { redis: parts.stack.redis });
    this.traffic.start();
  }

  get authGates() { return this.stack.auths.map((_, node) => this.gates.get(`auth-${node}`)); }
  everyAuthGate(does) { return Promise.all(this.authGates.map(does)); }

  /** The body of a test: `does(house)` says what begins, what ends and what may be expected, as underFault takes it. */
  fault(does) {
    return async (t) => {
      try {
        await this.underFault(t, await does(this));
      } catch (error) {
        printNews(this.stack);
        throw error;
      }
    };
  }

  async close() {
    this.listeners.stop();
    await this.traffic.stop();
    await stopGatedStack(this);
  }

  /**
   * One outage under load, from before it until everything is right again. Fails if anybody who lives got 401, if
   * anybody who ended got in, if a cookie was cleared wrongly, if an answer came late, or if the system does not recover
   * by itself, and within a second. What was broken is back when `end` has resolved, or `begin` where there is none.
   * `served`: the least shares that have to be served during the fault, where they are not the usual ones; `restarts`: a
   * node may be started again; `staleMs`: how long what a node remembers may outlive the truth meanwhile; `prepare`: what
   * has to happen, and be served, before the fault.
   */
  async underFault(t, fault) {
    const times = [];
    const idle = [];
    while (times.length === 0 || (times[0] > recoveryMs && times.length < mostRounds)) {
      const { took, lack } = await this.#oneRound(t, fault);
      if (!lack) {
        times.push(took);
        continue;
      }
      idle.push(lack);
      assert.ok(idle.length < mostIdleRounds, `nothing is proved, the load was never there: ${idle.join('; ')}`);
      await this.#calm();
    }
    const median = [...times].sort((a, b) => a - b)[times.length >> 1];
    assert.ok(median <= recoveryMs, `full recovery took ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  }

  /** Waits until this process gets the time that it needs. Who has none anyhow need not wait for ever. */
  #calm() {
    const from = performance.now();
    return until(() => {
      const now = performance.now();
      return now - from > calmPatienceMs || (now - from > calmMs && this.traffic.stalls.longestWithin(now - calmMs, now) < calmStallMs);
    }, { what: 'a calm machine', withinMs: 2 * calmPatienceMs });
  }

  /** `took`: how long the recovery took, in ms; `lack`: why the round proves nothing, if it does not. */
  async #oneRound(t, { prepare, begin, end, lastsMs = faultMs, served = {}, restarts = false, staleMs = 0 }) {
    const pids = this.stack.auths.map(({ pid }) => pid);
    const before = await this.traffic.during(async () => {
      await sleep(beforeMs);
      await prepare?.();
    });
    assert.deepEqual(before.violations, [], 'before the fault');

    const countersBefore = await this.#counters();
    this.traffic.crowd.mayBeStale(staleMs);
    let recovery;
    const isBack = () => { recovery = new Recovery(this.stack, this.model, this.traffic.stalls); };
    const during = await this.traffic.during(async () => {
      try {
        await begin();
        if (!end) isBack();
        await sleep(lastsMs);
      } finally {
        await end?.();
      }
      if (end) isBack();
    });
    const counters = difference(await this.#counters(), countersBefore);
    const after = await this.traffic.during(() => this.#recovers(recovery));
    this.traffic.crowd.mayBeStale(0);
    await this.#nothingIsLost();
    t.diagnostic(`seed ${seed}; during: ${during}`);
    t.diagnostic(`from the ledger: ${byLedger(counters)}; after: ${after}; ${recovery}`);
    assert.deepEqual([...during.violations, ...after.violations], []);
    if (!restarts) assert.deepEqual(this.stack.auths.map(({ pid }) => pid), pids, 'no node was started again');
    const lack = lackOfLoad(during, this.traffic.checkRate, this.traffic.stalls);
    if (lack) t.diagnostic(`does not count: ${lack}`);
    else assert.deepEqual(unserved(during, { ...usualShares, ...served }), [], 'during the fault');
    return { took: recovery.took, lack };
  }

  async #recovers(recovery) {
    await recovery.complete;
    await until(() => performance.now() - Math.max(this.traffic.tally.lastRefused, recovery.backAt) > 500,
                { what: 'nothing being refused for half a second', withinMs: patienceMs });
  }

  #nothingIsLost() {
    return this.traffic.withoutChanges(async () => {
      assert.deepEqual(await this.traffic.compareWithDatabase(), [], 'between what was answered and the database');
      const swept = await this.traffic.sweep();
      assert.deepEqual(swept.violations, [], 'when all sessions were asked for on all nodes');
      assert.equal(swept.count('me', 503), 0, 'nothing is refused any more');
      await this.#everythingIsTold();
      this.#bringDevices();
    });
  }

  /** More sessions end than begin: when half of them are gone, people sign in on as many devices as they had at first. */
  #bringDevices() {
    const { crowd } = this.traffic;
    if (crowd.living.length > (crowd.people.length * devicesEach) / 2) return;
    const missing = crowd.people.filter(({ status }) => status !== 'suspended').flatMap((person) => {
      const has = person.sessions.filter((session) => session.seemsAlive).length;
      return Array(Math.max(0, devicesEach - has)).fill(person);
    });
    const sent = performance.now();
    const added = addSessions(this.stack, missing.map(({ id }) => id));
    const answered = performance.now();
    added.forEach(({ session, cookie }, i) => new Session(missing[i], session, cookie, { sent, answered }).settle(true, answered));
    crowd.sort();
  }

  /** Redis has every change of every user and nothing that is old, and every open tab is up to date. */
  async #everythingIsTold() {
    const users = this.stack.sqlite('SELECT id, status, version FROM users').output.trim().split('\n').map((line) => line.split('|'));
    const missing = () => Promise.all(users.map(async ([id, status, version]) => {
      const [snapshot, entries] = await Promise.all([
        this.redis.command('GET', `stagedoor:{${id}}:user`),
        this.redis.command('XREVRANGE', `stagedoor:{${id}}:events`, '+', '-', 'COUNT', 1),
      ]);
      const facts = JSON.parse(snapshot ?? 'null');
      const right = entries[0]?.[0] === `${version}-0`
        && (!facts || (facts.version === Number(version) && facts.status === status));
      return right ? undefined : `${id}: ${version} ${status}, Redis has ${entries[0]?.[0]}, ${facts?.version} ${facts?.status}`;
    }));
    const versions = new Map(users.map(([id, , version]) => [id, Number(version)]));
    let lacking;
    const nothingLacks = async () => {
      lacking = [...(await missing()).filter(Boolean), ...this.listeners.behind(versions)];
      return lacking.length === 0;
    };
    await until(nothingLacks, { what: 'all that was committed being told', withinMs: patienceMs, everyMs: 100 })
      .catch((error) => { throw new Error(`${error.message}: ${lacking.slice(0, 3).join('; ')}`); });
    assert.deepEqual(this.listeners.wrong, [], 'what open tabs have heard');
  }

  async #counters() {
    const texts = await Promise.all(this.stack.auths.filter((each) => each.running)
      .map(async ({ opsUrl }) => (await fetch(`${opsUrl}/metrics`)).text()));
    const sums = new Map();
    for (const [, name, value] of texts.join('\n').matchAll(/^(stagedoor_[^ ]+) ([-+.\de]+)$/gm)) {
      sums.set(name, (sums.get(name) ?? 0) + Number(value));
    }
    return sums;
  }
}

function difference(now, before) {
  return new Map([...now].map(([name, value]) => [name, value - (before.get(name) ?? 0)]));
}

/** What the ledger had to answer in the place of Redis. */
function byLedger(counters) {
  const answers = [...counters].filter(([name]) => name.startsWith('stagedoor_session_ledger_'));
  return answers.filter(([, count]) => count !== 0)
    .map(([name, count]) => `${name.slice('stagedoor_session_ledger_'.length).replace('_total', '')} ${count}`).join(' ') || 'nothing';
}
