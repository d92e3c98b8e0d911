// A hall with two thousand seats: two auth nodes, two notify nodes with a gate in each one's way to Redis, a thousand
// people with a session at each notify node, and decisions about all of them, a hundred a second.
import { printNews, startGatedStack, stopGatedStack } from '../gated_stack.mjs';
import { addPeople } from '../ledger.mjs';
import { SqlShell } from '../load/sql_shell.mjs';
import { until } from '../process.mjs';
import { Random } from '../random.mjs';
import { AuthCalls } from './auth_calls.mjs';
import { Decisions } from './decisions.mjs';

const atOnce = 64;

/** Calls `does` with each of a list, so many at a time. */
export async function forEachOf(list, does, atMost = atOnce) {
  const left = [...list].reverse();
  const work = async () => { while (left.length > 0) await does(left.pop()); };
  await Promise.all(Array.from({ length: atMost }, work));
}

export async function openHall({ persons = 1_000, decisionsPerSecond = 100, notifyFlags = [] } = {}) {
  const parts = await startGatedStack({
    authNodes: 2, notifyNodes: 2, authFlags: ['--log-level', 'warn'], notifyFlags: ['--log-level', 'warn', ...notifyFlags] });
  try {
    const hall = new Hall(parts, (await parts.stack.adminDevice()).cookie, persons, decisionsPerSecond);
    await until(() => parts.stack.allReady(), { what: 'all nodes being ready' });
    await hall.everybodyIsKnown();
    return hall;
  } catch (error) {
    printNews(parts.stack);
    await stopGatedStack(parts);
    throw error;
  }
}

class Hall {
  random = new Random();
  violations = [];
  #sql;
  #calls;

  constructor({ stack, gates }, admin, persons, decisionsPerSecond) {
    Object.assign(this, { stack, gates, admin, origin: stack.origin });
    this.#sql = new SqlShell(stack.databasePath);
    this.#calls = new AuthCalls(stack, this.random);
    this.people = addPeople(stack, persons, stack.notifies.length).map((added) => ({
      ...added, status: 'pending', version: 1, suspensions: 0, comesIn: false }));
    this.decisions = new Decisions(this, this.#sql, decisionsPerSecond);
  }

  /** Redis has a record of every session, as of sessions that have been used. */
  everybodyIsKnown() {
    return forEachOf(this.people.flatMap(({ cookies }) => cookies),
                     (cookie) => this.call({ path: '/api/auth/refresh-session', cookie }));
  }

  call(request) { return this.#calls.call(request); }
  violated(what) { this.violations.push(what); }

  async close() {
    await this.decisions.pause().catch(() => {});
    this.#sql.close();
    this.#calls.close();
    await stopGatedStack(this);
  }
}
