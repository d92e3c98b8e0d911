// What is decided about people, by the admin API and by plain SQL, many times a second. Each decision is made for
// certain: repeated until it is answered, with the same words, and it must have been made once.
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../process.mjs';

const tickMs = 10;
const retryMs = 100;
const bySqlShare = 0.3;
const statusAfter = { approve: 'active', reject: 'rejected', reconsider: 'pending', suspend: 'suspended', reinstate: 'active' };

/** What may happen to somebody: most wait at the door for ever, some come in, and are sent away now and then. */
function nextAction({ status, comesIn }) {
  if (status === 'pending') return comesIn ? 'approve' : 'reject';
  return { rejected: 'reconsider', active: 'suspend', suspended: 'reinstate' }[status];
}

export class Decisions {
  made = 0;
  deliveries = { relayed: 0, pending: 0 };
  reasons = new Set();  // of decisions through the API
  #house;
  #sql;
  #random;
  #perSecond;
  #timer = null;
  #underWay = new Map();
  #count = 0;

  /** @param house - {people, admin, call, violated, random} */
  constructor(house, sql, perSecond) {
    this.#house = house;
    this.#sql = sql;
    this.#random = house.random.child();
    this.#perSecond = perSecond;
  }

  start() {
    clearInterval(this.#timer);
    let owed = 0;
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      owed = Math.min(owed + (now - last) * this.#perSecond / 1_000, this.#perSecond / 2);
      last = now;
      for (; owed >= 1; owed -= 1) {
        const person = this.#random.of(this.#house.people);
        if (!this.#underWay.has(person)) this.decide(person);
      }
    }, tickMs);
  }

  /** Resolves when nothing is decided and everything has been answered. */
  async pause() {
    clearInterval(this.#timer);
    await until(() => this.#underWay.size === 0, { what: 'every decision being answered', withinMs: 20_000 })
      .catch((error) => { throw new Error(`${error.message}: ${[...this.#underWay.values()].slice(0, 5).map(({ what }) => what).join(', ')}`); });
  }

  /** Something new about everybody, after which everybody can listen. Only while paused. */
  async somethingAboutEverybody() {
    await Promise.all(this.#house.people.map(async (person) => {
      do await this.decide(person); while (person.status === 'suspended');
    }));
  }

  /** Resolves when it is made. Only while nothing is decided about this person. */
  decide(person, bySql = this.#random.chance(bySqlShare)) {
    const action = nextAction(person);
    const done = this.#make(person, action, bySql).finally(() => this.#underWay.delete(person));
    this.#underWay.set(person, { what: `${action} of ${person.email} by ${bySql ? 'SQL' : 'the API'}`, done });
    return done;
  }

  /** The same, after what is under way. */
  async decideNext(person) {
    while (this.#underWay.has(person)) await this.#underWay.get(person).done;
    await this.decide(person);
  }

  async #make(person, action, bySql) {
    if (action === 'suspend') {
      person.suspensions += 1;
      person.suspending = true;
    }
    const { version, status } = await (bySql ? this.#bySql(person, action) : this.#byApi(person, action));
    if (status !== statusAfter[action] || version !== person.version + 1) {
      this.#house.violated(`${action} of ${person.email} led from version ${person.version} to ${version}, ${status}`);
    }
    Object.assign(person, { version, status, suspending: false });
    this.made += 1;
  }

  async #byApi(person, action) {
    const reason = `decision ${++this.#count}`;
    const answer = await this.#house.call({
      path: `/api/admin/stage-managers/${person.id}/${action}`, json: { reason }, cookie: this.#house.admin });
    if (answer.status !== 200) {
      this.#house.violated(`${action} answered ${answer.status} ${answer.body}`);
      return {};
    }
    this.reasons.add(reason);
    const { user, delivery } = JSON.parse(answer.body);
    this.deliveries[delivery] += 1;
    return user;
  }

  async #bySql({ id, status }, action) {
    for (;;) {
      const [row] = await this.#sql.rows(
        `UPDATE users SET status='${statusAfter[action]}' WHERE id='${id}' AND status='${status}';`
        + ` SELECT version, status FROM users WHERE id='${id}'`);
      if (row?.[1] === statusAfter[action]) return { version: Number(row[0]), status: row[1] };
      await sleep(retryMs);  // somebody held the lock
    }
  }
}
