// The admin page's list. Rows are kept by id, so that a reload takes away neither the focus nor a reason being typed.

import { dayAndTime } from './page.js';

export class PeopleList {
  #list;
  #decide;
  #rows = new Map();

  /** @param decide - `(person, 'approve'|'reject', reason)` → promise of whether the person has left the list */
  constructor(list, decide) {
    this.#list = list;
    this.#decide = decide;
  }

  get size() { return this.#rows.size; }

  /** Shows exactly `people`, in this order; with `keep` behind those who are shown already. */
  show(people, { keep = false } = {}) {
    const ids = new Set(people.map(({ id }) => id));
    if (!keep) [...this.#rows.keys()].filter((id) => !ids.has(id)).forEach((id) => this.#remove(id));
    const rows = people.map((person) => this.#row(person));
    rows.forEach((row, index) => {
      const place = keep ? null : this.#list.children[index];
      if (place !== row) this.#list.insertBefore(row, place ?? null);
    });
  }

  clear() {
    [...this.#rows.keys()].forEach((id) => this.#remove(id));
  }

  /**
   * Puts the focus on the row at `index`, or the last one, or the list itself: not on a button, where a second press of
   * Enter would decide about somebody nobody has read.
   */
  focus(index) {
    (this.#list.children[Math.min(index, this.#list.children.length - 1)] ?? this.#list).focus();
  }

  #remove(id) {
    this.#rows.get(id).remove();
    this.#rows.delete(id);
  }

  #row(person) {
    const kept = this.#rows.get(person.id);
    if (kept?.dataset.version === String(person.version)) return kept;
    const row = this.#draw(person);
    kept?.replaceWith(row);
    this.#rows.set(person.id, row);
    return row;
  }

  #draw(person) {
    const row = document.getElementById('person').content.firstElementChild.cloneNode(true);
    const part = (name) => row.querySelector(`[data-part=${name}]`);
    row.dataset.version = person.version;
    part('name').textContent = person.displayName;
    part('email').textContent = person.email;
    part('since').textContent = dayAndTime(new Date(person.createdAt));
    part('since').dateTime = person.createdAt;
    if (person.status !== 'pending') {
      part('decision').remove();
      return row;
    }
    // Names of controls stay what is written on them; whom they are about is their description.
    part('name').id = `name-${person.id}`;
    const reason = part('reason');
    reason.setAttribute('aria-describedby', part('name').id);
    for (const action of ['approve', 'reject']) {
      const button = part(action);
      button.setAttribute('aria-describedby', part('name').id);
      button.addEventListener('click', () => this.#press(row, person, action, reason.value.trim()));
    }
    return row;
  }

  async #press(row, person, action, reason) {
    if (row.getAttribute('aria-busy') === 'true') return;
    row.setAttribute('aria-busy', 'true');
    const index = [...this.#list.children].indexOf(row);
    const focused = row.contains(document.activeElement);
    const left = await this.#decide(person, action, reason);
    if (!row.isConnected && left && (focused || document.activeElement === document.body)) this.focus(index);
    row.removeAttribute('aria-busy');
  }
}
