// People at their devices, and an admin at theirs: about a thousand checks a second over all auth nodes, with refreshes,
// sign-ins, sign-outs, decisions by API and by plain SQL mixed in. acts.mjs does and judges each of them.
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../process.mjs';
import { Acts } from './acts.mjs';
import { Caller } from './caller.mjs';
import { Crowd } from './crowd.mjs';
import { Random } from '../random.mjs';
import { SqlShell } from './sql_shell.mjs';
import { Tally } from './tally.mjs';
import { Wires } from './wire.mjs';

/** What asks for nothing but a session. */
export const checks = ['me', 'verify', 'page'];

const tickMs = 5;
const sweepAtOnce = 64;
const mostAtOnce = 200;        // of the requests of one tick, after a stall of our own

/** How often a second. */
export const usualRates = {
  me: 900, verify: 40, page: 20, ended: 40, refresh: 40, rename: 2, signIn: 6,
  signOut: 4, endOther: 1, signOutEverywhere: 1, changePassword: 1, decide: 4, sql: 2,
};

export class Traffic {
  crowd;
  #acts;
  #caller;
  #nodes;
  #random = new Random();
  #sql;
  #rates;
  #owed = {};
  #timer = null;
  #last = 0;
  #changes = false;

  /** @param people - Persons with sessions; @param admin - a Person with one session */
  constructor(stack, { people, admin, rates = usualRates }) {
    this.crowd = new Crowd(people, this.#random);
    this.#caller = new Caller(stack.origin);
    this.#sql = new SqlShell(stack.databasePath);
    this.#nodes = stack.auths.map(({ port }, index) => ({ index, wires: new Wires(port), upSince: -Infinity }));
    this.#acts = new Acts({ caller: this.#caller, crowd: this.crowd, admin: admin.sessions[0], nodes: () => this.#up,
                            sql: this.#sql, random: this.#random });
    this.#rates = rates;
  }

  get tally() { return this.#caller.tally; }
  get stalls() { return this.#caller.stalls; }
  /** Checks a second that are to be asked: `ended` is `me` with what has ended. */
  get checkRate() { return [...checks, 'ended'].reduce((sum, kind) => sum + this.#rates[kind], 0); }
  get #up() { return this.#nodes.filter((node) => node.downFrom === undefined); }

  start() {
    this.#changes = true;
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  async stop() {
    clearInterval(this.#timer);
    this.#changes = false;
    await this.#noChangeUnderWay();
    for (const { wires } of this.#nodes) wires.close();
    this.#caller.stop();
    this.#sql.close();
  }

  /** Runs `body` under load; what was counted meanwhile. */
  async during(body) {
    const tally = new Tally();
    this.#caller.tally = tally;
    await body();
    tally.until = performance.now();
    return tally;
  }

  run(ms) { return this.during(() => sleep(ms)); }

  /** From now on nothing is asked of this node, and what it had been asked may get lost. */
  nodeDown(index) { this.#nodes[index].downFrom = performance.now(); }
  nodeUp(index) { Object.assign(this.#nodes[index], { upSince: performance.now(), downFrom: undefined }); }

  /** While `body` runs nobody changes anything, and no change is under way. Checks go on. */
  async withoutChanges(body) {
    this.#changes = false;
    await this.#noChangeUnderWay();
    try {
      return await body();
    } finally {
      this.#changes = true;
    }
  }

  /** What differs between what was answered and the database. Without changes only. */
  compareWithDatabase() { return this.crowd.compareWith(this.#sql); }

  /** Asks every node for every session, living and ended; what came of that. */
  sweep() {
    return this.during(async () => {
      const jobs = this.#nodes.flatMap((node) => [...this.crowd.living, ...this.crowd.ended]
        .map((session) => () => this.#acts.me(session, node)));
      const next = () => jobs.pop()?.().then(next);
      await Promise.all(Array.from({ length: sweepAtOnce }, next));
    });
  }

  #noChangeUnderWay() {
    const { changesUnderWay } = this.#caller;
    return until(() => changesUnderWay.size === 0, { what: 'all changes having their answers', withinMs: 30_000 })
      .catch((error) => { throw new Error(`${error.message}: ${[...changesUnderWay].map(({ name }) => name).join(', ')}`); });
  }

  #tick() {
    const now = performance.now();
    const seconds = Math.min(now - this.#last, 100) / 1_000;
    this.#last = now;
    let left = mostAtOnce;
    for (const [kind, rate] of Object.entries(this.#rates)) {
      this.#owed[kind] = (this.#owed[kind] ?? this.#random.next()) + rate * seconds;
      for (; this.#owed[kind] >= 1; this.#owed[kind] -= 1) if (left-- > 0) this.#act(kind);
    }
  }

  #act(kind) {
    const node = this.#random.of(this.#up);
    if (!node || (!checks.includes(kind) && kind !== 'ended' && !this.#changes)) return undefined;
    if (kind === 'ended') return this.crowd.ended.length > 0 && this.#acts.me(this.crowd.anyEnded, node);
    if (kind === 'decide' || kind === 'sql') return this.#acts.decide(this.crowd.anyone, node, kind === 'sql');
    if (kind === 'signIn') return this.#acts.signIn(this.crowd.anyone, node);
    return this.crowd.living.length > 0 && this.#acts[kind](this.crowd.anyLiving, node);
  }
}
