// One page of the list of people, as what was asked for and what was heard since make it. Pure: it knows neither the
// network nor the document, and tests/unit/web drives it alone.
//
// People stand newest first, which is the order of their ids. A page begins before `question.before` and ends with
// `nextCursor`, so whoever is heard of has a place in it or none, and nothing need be asked for to know which. Of two
// things said of a person the one with the higher version is true, whichever comes first.

import { VersionOrder } from './stagedoor-policy.js';

export const pageSize = 100;

const fold = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());  // as the server does: ASCII alone

/** Whether the list that `question` asks for has this person in it. */
export function matches(person, { status, q }) {
  if (person.role !== 'stage_manager' || (status !== 'all' && person.status !== status)) return false;
  const part = fold(q.trim());
  return fold(person.email).includes(part) || fold(person.displayName).includes(part);
}

/** When somebody registered, as their id tells it (RFC 9562 section 5.7), or null. */
export function registeredAt(id) {
  return id[14] === '7' ? new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString() : null;
}

const newestFirst = (a, b) => (a.id < b.id ? 1 : -1);

export class PeoplePage {
  question = { status: 'pending', q: '', before: '' };
  /** The people, newest first: `{id, email, displayName, role, status, version, createdAt}`. */
  shown = [];
  /** How many there are by status; null until the first answer. */
  totals = null;
  /** Where the next page begins; null: there is none, or nothing is known yet. */
  nextCursor = null;
  /** Whether the question has been answered. */
  answered = false;

  #versions = new VersionOrder();
  #asking = null;

  /** Another question: what is shown goes. */
  turn(question) {
    this.question = question;
    this.shown = [];
    this.nextCursor = null;
    this.answered = false;
    this.#asking = null;
  }

  find(id) {
    return this.shown.find((person) => person.id === id) ?? null;
  }

  /** Begins to ask. What is heard until the answer is there goes into it. */
  ask() {
    this.#asking = { question: this.question, heard: new Map() };
    return this.#asking;
  }

  /** Takes the answer to `asked`; false if it is not wanted any more. */
  answer(asked, { items, nextCursor, totals }) {
    if (asked !== this.#asking) return false;
    this.#asking = null;
    const found = new Map(items.map((person) => [person.id, person]));
    for (const person of [...this.shown.filter(({ id }) => found.has(id)), ...asked.heard.values()]) {
      if (!(found.get(person.id)?.version >= person.version)) found.set(person.id, { ...found.get(person.id), ...person });
    }
    this.nextCursor = nextCursor;
    this.shown = [...found.values()].filter((person) => this.#belongs(person)).sort(newestFirst);
    this.#cut();
    this.totals = { ...totals };
    this.answered = true;
    return true;
  }

  /**
   * Takes in what somebody is now. Answers what that means for the page: `entered`, `left`, `changed`, `elsewhere`, or
   * null for what was known before.
   *
   * @param {object} user - their facts
   * @param {string|null} previousStatus - what they were before it; null: they are new
   */
  hear(user, previousStatus) {
    const before = this.find(user.id);
    if (!this.#versions.accept(user.id, user.version) || before?.version >= user.version) return null;
    const person = { createdAt: registeredAt(user.id), ...before, ...user };
    this.#asking?.heard.set(user.id, person);
    this.#count(previousStatus, user);
    const others = this.shown.filter(({ id }) => id !== user.id);
    if (!this.answered || !this.#belongs(person)) {
      this.shown = others;
      return before ? 'left' : 'elsewhere';
    }
    this.shown = [...others, person].sort(newestFirst);
    this.#cut();
    return before ? 'changed' : 'entered';
  }

  #belongs(person) {
    const { before } = this.question;
    return matches(person, this.question) && (!before || person.id < before)
      && (this.nextCursor === null || person.id >= this.nextCursor);
  }

  // Who does not fit on the page is on the next one.
  #cut() {
    if (this.shown.length <= pageSize) return;
    this.shown.length = pageSize;
    this.nextCursor = this.shown.at(-1).id;
  }

  #count(previousStatus, { role, status }) {
    if (!this.totals || role !== 'stage_manager') return;
    if (previousStatus) this.totals[previousStatus] = Math.max(0, this.totals[previousStatus] - 1);
    this.totals[status] += 1;
  }
}
