// Who is selected, over any number of pages: pure. People who are decided about elsewhere stay selected as long as they
// are what the list is about, and fall out when they are not: nobody is decided about as something they no longer are.

import { actionsFor } from './console-moves.js';
import { matches } from './console-people.js';

export class Selection {
  #people = new Map();
  #anchor = null;

  get size() { return this.#people.size; }
  has(id) { return this.#people.has(id); }

  /** The selected people, in the order in which they were. */
  get people() { return [...this.#people.values()]; }

  set(person, selected) {
    if (selected) this.#people.set(person.id, person);
    else this.#people.delete(person.id);
    this.#anchor = person.id;
  }

  drop(id) {
    this.#people.delete(id);
  }

  add(people) {
    for (const person of people) this.#people.set(person.id, person);
  }

  /** From the last one that was set to `person`, in the order of `shown`. */
  extend(person, shown, selected = true) {
    const [from, to] = [this.#anchor, person.id].map((id) => shown.findIndex((one) => one.id === id));
    if (from < 0) return this.set(person, selected);
    for (const one of shown.slice(Math.min(from, to), Math.max(from, to) + 1)) {
      if (selected) this.#people.set(one.id, one);
      else this.#people.delete(one.id);
    }
    this.#anchor = person.id;
  }

  clear() {
    this.#people.clear();
    this.#anchor = null;
  }

  /** Takes in what somebody is now; true if they have fallen out by it. */
  hear(user, question) {
    const before = this.#people.get(user.id);
    if (!before || before.version >= user.version) return false;
    if (!matches(user, question)) return this.#people.delete(user.id);
    this.#people.set(user.id, { ...before, ...user });
    return false;
  }

  /** By action: whom of the selected it is possible for. Actions that are for nobody are left out. */
  get choices() {
    const choices = new Map();
    for (const person of this.#people.values()) {
      for (const action of actionsFor(person.status)) {
        if (!choices.has(action)) choices.set(action, []);
        choices.get(action).push(person);
      }
    }
    return choices;
  }
}
