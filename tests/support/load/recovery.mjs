// Full recovery, as somebody outside sees it: every node is ready, checks are answered from Redis again, and people can
// sign in on every node. Measured from when what was broken is back, while the load goes on.
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../process.mjs';

export const recoveryMs = 1_000;  // what the product promises
const patienceMs = 10_000;        // after which nobody waits any longer
const everyMs = 20;
const steadyMs = 120;             // without a check that the ledger had to answer

export class Recovery {
  #stack;
  #model;
  #stalls;
  #taken = {};

  /**
   * Begins to look: what was broken is back now. @param model - somebody outside the crowd, who signs in; @param stalls -
   * `Stalls`: what nobody is to blame for
   */
  constructor(stack, model, stalls) {
    this.#stack = stack;
    this.#model = model;
    this.#stalls = stalls;
    this.backAt = performance.now();
    this.complete = this.#watch();
    this.complete.catch(() => {});  // whoever awaits it is told
  }

  /** Milliseconds, of the slowest. Once `complete` has resolved. */
  get took() { return Math.max(...Object.values(this.#taken)); }

  #watch() {
    const { auths, services } = this.#stack;
    return Promise.all([
      ...services.map((each, i) => this.#until(`${each.name} ${i} ready`, () => isReady(each))),
      ...auths.map((node, i) => this.#until(`node ${i} asks Redis`, () => asksRedis(node))),
      ...auths.map((_, i) => this.#until(`node ${i} signs in`, () => this.#signsIn(i), { hashes: true })),
    ]);
  }

  // `probe` says since when it is right, or that it is not.
  async #until(what, probe, { hashes = false } = {}) {
    const { backAt } = this;
    const rightFrom = await until(async () => {
      const asked = performance.now();
      const right = await probe();
      return right === true ? asked : right;
    }, { what, withinMs: patienceMs, everyMs });
    // A password is hashed by threads that give way to everything else on the machine.
    const excused = this.#stalls.within(backAt, rightFrom) + (hashes ? this.#stalls.busyWithin(backAt, rightFrom) : 0);
    this.#taken[what] = Math.max(0, rightFrom - backAt - excused);
  }

  async #signsIn(node) {
    const { email, password } = this.#model;
    return (await this.#stack.device(node).post('/api/auth/login', { email, password })).status === 200;
  }

  toString() {
    return Object.entries(this.#taken).map(([what, ms]) => `${what} after ${ms.toFixed(0)} ms`).join(', ');
  }
}

async function isReady({ opsUrl }) {
  const answer = await fetch(`${opsUrl}/readyz`);
  await answer.body?.cancel();
  return answer.status === 200;
}

/** Since when a node believes Redis and has needed the ledger for none of the checks that the load keeps asking for. */
async function asksRedis({ opsUrl }) {
  const look = async () => {
    const text = await (await fetch(`${opsUrl}/metrics`)).text();
    const sum = (name) => [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))]
      .reduce((all, [, value]) => all + Number(value), 0);
    return { trusted: sum('stagedoor_redis_trusted') === 1, ledger: sum('stagedoor_session_ledger_answers_total') };
  };
  const from = performance.now();
  const first = await look();
  if (!first.trusted) return false;
  await sleep(steadyMs);
  const second = await look();
  return second.trusted && second.ledger === first.ledger && from;
}
