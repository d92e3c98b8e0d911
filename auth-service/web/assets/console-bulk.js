// One decision about many people, a slice at a time: so there is true progress, and it can be stopped. Pure: the calls
// are given to it. Each slice has a key of its own (Idempotency-Key), so an answer that was lost is asked for again
// and nobody is decided about twice.

export const sliceSize = 250;  // people: one transaction of the server

/** The outcomes there are, in the order in which they are told. `unknown`: it was stopped before the answer came. */
export const outcomes = Object.freeze(['done', 'already', 'conflict', 'not_found', 'failed', 'unknown', 'not_begun']);

const kindOf = { done: 'done', already: 'already', invalid_transition: 'conflict', version_conflict: 'conflict', not_found: 'not_found', failed: 'failed' };

export class BulkRun {
  #slices;
  #send;
  #results = new Map();
  #underWay = new Set();
  #stopped = false;

  /**
   * @param {object[]} people - whom it is about; each has an `id`
   * @param {(people: object[], key: string, run: BulkRun) => Promise<object[]>} send - decides about them and resolves
   *   to `{id, outcome, …}` of each; repeats what fails for a while by itself, with the same key, until it is `stopped`
   * @param {{size?: number, makeKey?: () => string}} options
   */
  constructor(people, send, { size = sliceSize, makeKey = () => crypto.randomUUID() } = {}) {
    this.people = people;
    this.#send = send;
    this.#slices = [];
    for (let at = 0; at < people.length; at += size) this.#slices.push({ people: people.slice(at, at + size), key: makeKey() });
  }

  get total() { return this.people.length; }

  /** How many have an outcome. */
  get decided() { return this.#results.size; }

  get stopped() { return this.#stopped; }

  /** No further slice begins; what is under way is not asked for again. */
  stop() {
    this.#stopped = true;
  }

  /**
   * Resolves when all is decided, or it was stopped, to an object of the people by outcome: `{person, …}`. Rejects with
   * what `send` rejects with; then, too, `tell()` says what is known.
   *
   * @param {(run: BulkRun) => void} progress - called after each slice
   */
  async run(progress = () => {}) {
    for (const slice of this.#slices) {
      if (this.#stopped) break;
      try {
        await this.#decide(slice);
      } catch (problem) {
        if (!this.#stopped) throw problem;
        break;
      }
      progress(this);
    }
    return this.tell();
  }

  /** The people by outcome; every one of them is in it once. */
  tell() {
    const told = Object.fromEntries(outcomes.map((outcome) => [outcome, []]));
    for (const person of this.people) {
      const result = this.#results.get(person.id);
      const unanswered = this.#underWay.has(person.id) ? 'unknown' : 'not_begun';
      told[result ? kindOf[result.outcome] : unanswered].push({ ...result, person });
    }
    return told;
  }

  async #decide({ people, key }) {
    for (const { id } of people) this.#underWay.add(id);
    for (const result of await this.#send(people, key, this)) {
      this.#results.set(result.id, result);
      this.#underWay.delete(result.id);
    }
  }
}
