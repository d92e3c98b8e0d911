// Deciding: about one person at once, about many in the dialog, and back again. Each decision names the version that was
// seen, so it may be repeated when its answer was lost, and takes back nothing that somebody else has decided since: then
// it is told who did what when.

import { BulkRun } from './console-bulk.js';
import { author, conflictSentence, decidedSentence, moves, people as countOf } from './console-moves.js';
import { announce, describe, momentOf } from './page.js';
import { Problem } from './stagedoor-client.js';

// The message service is away: it is decided, and pages that are open are told once it is back.
const later = ' Open pages hear of it later.';

export class Decisions {
  /** Ids of people about whom a decision of this page is under way: what is heard of them is no news. */
  own = new Set();

  #page;
  #dialog;
  #on;

  /**
   * @param {SessionPage} page
   * @param {BulkDialog} dialog
   * @param {object} on - `hear(user, previousStatus)` of what somebody is now; `tell(what)` as Decided's; `stale()`:
   *   what is shown may not be true any more
   */
  constructor(page, dialog, on) {
    this.#page = page;
    this.#dialog = dialog;
    this.#on = on;
  }

  /** Decides about one person, as they were seen; resolves when that is answered, whatever the answer is. */
  one(person, action, reason = '') {
    return this.#owning([person], async () => {
      try {
        this.#tellOne(person, action, reason, await this.#decide(person, action, reason));
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        if (problem.status === 403) await this.#page.check();  // no longer an admin: go where the session belongs
        else announce(`${person.displayName}: nothing was changed. ${describe(problem)}`);
      }
    });
  }

  /** Asks for a reason, and decides about many, as they were seen. Resolves to the ids of those it was done to. */
  async many(people, action) {
    const reason = await this.#dialog.ask(people, action);
    return reason === null ? [] : this.#runs(people, action, reason);
  }

  /** Takes a decision back, as far as nobody has decided since. */
  async undo({ action, people }) {
    const back = moves[action].counter;
    return people.length === 1 ? this.one(people[0], back) : this.#runs(people, back, '');
  }

  async #owning(people, body) {
    for (const { id } of people) this.own.add(id);
    try {
      await body();
    } finally {
      for (const { id } of people) this.own.delete(id);
    }
  }

  async #runs(people, action, reason) {
    const done = [];
    await this.#owning(people, async () => {
      const send = (slice, key, run) => this.#decideAll(slice, action, reason, { key, run });
      for (let whom = people; whom;) {
        const { told, problem, again } = await this.#dialog.follow(new BulkRun(whom, send), action, this.#page.user.id);
        done.push(...told.done.map(({ id }) => id));
        this.#tellMany(action, told, reason);
        this.#on.stale();
        if (problem?.status === 403) await this.#page.check();
        whom = again;
      }
    });
    return done;
  }

  async #decideAll(people, action, reason, { key, run }) {
    const question = { action, reason, ids: people.map(({ id }) => id), expectedVersions: people.map(({ version }) => version) };
    const { items, delivery } = await this.#persistently(() => this.#page.api.decideAll(question, { key }), run);
    return items.map((each, index) => {
      const item = { ...each, late: delivery === 'pending' };
      this.#heardOf(people[index], action, item);
      // An answer that the service could not keep, and that was lost, is asked for again.
      const own = item.outcome === 'already' && item.by?.id === this.#page.user.id && item.version === people[index].version + 1;
      return own ? { ...item, outcome: 'done' } : item;
    });
  }

  /** `{id, outcome, version, did, by, at, late}`, `late`: it is decided, and not told yet; rejects with a Problem that says nothing of the person. */
  async #decide(person, action, reason) {
    const expectedVersion = person.version;
    try {
      const call = () => this.#page.api.decide(person.id, action, { reason, expectedVersion });
      const { user, event, delivery, changed, by } = await this.#persistently(call);
      this.#on.hear(user, person.status);
      const own = changed || by?.id === this.#page.user.id;  // a lost answer is asked for again
      return { id: person.id, outcome: own ? 'done' : 'already', version: event.data.version, did: moves[action].done, by, at: event.time,
               late: delivery === 'pending' };
    } catch (problem) {
      if (problem.status === 404) return { id: person.id, outcome: 'not_found' };
      if (!problem.conflict) throw problem;
      const outcome = { id: person.id, outcome: 'version_conflict', ...problem.conflict };
      this.#heardOf(person, action, outcome);
      return outcome;
    }
  }

  // Until it is answered, or the run is stopped.
  #persistently(call, run = null) {
    return this.#page.patiently(async () => {
      if (run?.stopped) throw new Problem({ status: 409, code: 'stopped', title: 'It was stopped.' });
      try {
        return await call();
      } catch (problem) {
        // What is asked for again is still being done: its answer is on its way.
        if (problem.code !== 'idempotency_key_in_flight') throw problem;
        throw new Problem({ ...problem, status: 503, title: problem.title, retryAfter: problem.retryAfter ?? 1 });
      }
    });
  }

  #heardOf(person, action, { outcome, version, userStatus }) {
    const status = outcome === 'done' || outcome === 'already' ? moves[action].to : userStatus;
    if (status && version) this.#on.hear({ ...person, status, version }, person.status);
  }

  #tellOne(person, action, reason, { outcome, version, late, ...conflict }) {
    const name = person.displayName;
    if (outcome === 'done') {
      const people = [{ ...person, status: moves[action].to, version }];
      this.#on.tell({ text: decidedSentence(action, name) + (late ? later : ''), more: reason, action, people });
      return;
    }
    this.#on.stale();
    const told = {
      already: () => `${author(conflict.by)} ${conflict.did} ${name} already, ${momentOf(new Date(conflict.at))}.`,
      version_conflict: () => conflictSentence(action, name, conflict, { me: this.#page.user.id, when: momentOf }),
      not_found: () => `There is no ${name} any more.`,
    };
    this.#on.tell({ kind: 'conflict', text: told[outcome]() });
  }

  #tellMany(action, told, reason) {
    const people = told.done.map(({ person, version }) => ({ ...person, status: moves[action].to, version }));
    const others = told.already.length + told.conflict.length;
    if (people.length === 0 && others === 0) return;
    const done = people.length > 0 ? decidedSentence(action, countOf(people.length)) : `Nobody was ${moves[action].done}.`;
    const rest = others > 0 ? ` ${countOf(others)} left alone: somebody was first.` : '';
    const late = told.done.some((one) => one.late) ? later : '';
    this.#on.tell({ text: done + rest + late, more: reason, kind: people.length > 0 ? 'done' : 'conflict', action, people });
  }
}
