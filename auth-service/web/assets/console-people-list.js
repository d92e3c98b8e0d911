// The console's list, as it stands in the document. Rows are kept by id, so that news takes away neither the focus nor a
// reason that is being typed; and what somebody points at, or has the focus in, stays where it is on the screen while
// others come and go above it.
//
// One row is the current one (roving tabindex): Tab goes through its controls and then leaves the list.

import { actionsFor, moves, statusWords } from './console-moves.js';
import { dayAndTime } from './page.js';

const template = () => document.getElementById('person').content.firstElementChild.cloneNode(true);
const partOf = (row, name) => row.querySelector(`[data-part=${name}]`);

export class PeopleList {
  #list;
  #on;
  #rows = new Map();    // id → {row, person}
  #current = null;      // id of the row that Tab leads to
  /** When the focus last moved because its row went, as performance.now() tells it. */
  movedAt = -Infinity;

  /**
   * @param {HTMLElement} list
   * @param {object} on - `decide(person, action, reason)`, `pick(person, selected, extend)`, `open(person)`, and
   *   `hrefOf(person)`, the address that shows them
   */
  constructor(list, on) {
    this.#list = list;
    this.#on = on;
    list.addEventListener('focusin', ({ target }) => this.#makeCurrent(this.idOf(target)));
  }

  /** Shows exactly `people`, in this order. `isPicked(id)`; `withStatus`: rows say what the people are. */
  show(people, { isPicked, withStatus }) {
    const anchor = this.#anchor();
    const focus = this.#focusedPlace();
    const wanted = new Set(people.map(({ id }) => id));
    for (const [id, { row }] of this.#rows) {
      if (wanted.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    people.forEach((person, index) => {
      const row = this.#row(person, isPicked(person.id), withStatus);
      if (this.#list.children[index] !== row) this.#list.insertBefore(row, this.#list.children[index] ?? null);
    });
    if (!this.#rows.has(this.#current)) this.#makeCurrent(people[0]?.id ?? null);
    if (focus && !focus.row.isConnected) {
      this.movedAt = performance.now();
      this.focusAt(focus.index);
    }
    if (anchor?.row.isConnected) scrollBy(0, anchor.row.getBoundingClientRect().top - anchor.top);
  }

  /** The id of the row that holds `element`, or null. */
  idOf(element) {
    return element?.closest?.('.person')?.dataset.id ?? null;
  }

  /** The person of a row. */
  personOf(id) {
    return this.#rows.get(id)?.person ?? null;
  }

  rowOf(id) {
    return this.#rows.get(id)?.row ?? null;
  }

  /**
   * Puts the focus on the row at `index`, or the last one, or the list itself: not on a button, where a second press of
   * Enter would decide about somebody nobody has read.
   */
  focusAt(index) {
    const { children } = this.#list;
    (children[Math.min(Math.max(index, 0), children.length - 1)] ?? this.#list).focus();
  }

  /** The row `step` away from that of `id`; without one, the current row. */
  move(id, step) {
    const rows = [...this.#list.children];
    this.focusAt(rows.indexOf(this.rowOf(id ?? this.#current)) + Math.max(-rows.length, Math.min(rows.length, step)));
  }

  write(id) {
    partOf(this.rowOf(id), 'reason').focus();
  }

  /** What is typed as a reason in somebody's row. */
  reasonOf(id) {
    return partOf(this.rowOf(id), 'reason').value.trim();
  }

  canDecide(id, action) {
    return actionsFor(this.personOf(id).status).includes(action);
  }

  /** A decision about them is under way, or no longer. */
  busy(id, is) {
    this.rowOf(id)?.setAttribute('aria-busy', String(is));
  }

  isBusy(id) {
    return this.rowOf(id)?.getAttribute('aria-busy') === 'true';
  }

  #anchor() {
    const row = this.#list.querySelector('.person:hover') ?? document.activeElement?.closest?.('#people .person');
    return row ? { row, top: row.getBoundingClientRect().top } : null;
  }

  #focusedPlace() {
    const row = document.activeElement?.closest?.('#people .person');
    return row ? { row, index: [...this.#list.children].indexOf(row) } : null;
  }

  #makeCurrent(id) {
    if (id === this.#current && this.#rows.has(id)) return;
    const tab = (row, index) => {
      row.tabIndex = index;
      for (const control of row.querySelectorAll('a, button, input')) control.tabIndex = index;
    };
    if (this.#rows.has(this.#current)) tab(this.rowOf(this.#current), -1);
    this.#current = id;
    if (this.#rows.has(id)) tab(this.rowOf(id), 0);
  }

  #row(person, picked, withStatus) {
    const kept = this.#rows.get(person.id);
    const row = kept?.row ?? this.#make(person.id);
    if (kept?.person.version !== person.version) this.#fill(row, person, kept?.person);
    this.#rows.set(person.id, { row, person });
    partOf(row, 'pick').checked = picked;
    row.classList.toggle('chosen', picked);
    partOf(row, 'status').hidden = !withStatus;
    return row;
  }

  #make(id) {
    const row = template();
    row.dataset.id = id;
    partOf(row, 'name').id = `name-${id}`;
    partOf(row, 'facts').id = `facts-${id}`;
    row.setAttribute('aria-labelledby', `facts-${id}`);
    // Names of controls stay what is written on them; whom they are about is their description.
    for (const name of ['pick', 'reason']) partOf(row, name).setAttribute('aria-describedby', `name-${id}`);
    const person = () => this.personOf(id);
    partOf(row, 'pick').addEventListener('click', (event) => this.#on.pick(person(), event.target.checked, event.shiftKey));
    partOf(row, 'name').addEventListener('click', (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
      event.preventDefault();
      this.#on.open(person());
    });
    for (const control of row.querySelectorAll('a, button, input')) control.tabIndex = -1;
    return row;
  }

  #fill(row, person, before) {
    row.dataset.version = person.version;
    partOf(row, 'name').textContent = person.displayName;
    partOf(row, 'name').href = this.#on.hrefOf(person);
    partOf(row, 'email').textContent = person.email;
    partOf(row, 'status').textContent = statusWords[person.status];
    partOf(row, 'status').dataset.status = person.status;
    partOf(row, 'since').textContent = person.createdAt ? dayAndTime(new Date(person.createdAt)) : 'an unknown time';
    partOf(row, 'since').dateTime = person.createdAt ?? '';
    if (before?.status !== person.status) this.#drawActions(row, person);
  }

  #drawActions(row, { id, status }) {
    const focused = partOf(row, 'actions').contains(document.activeElement);
    partOf(row, 'actions').replaceChildren(...actionsFor(status).map((action) => {
      const button = document.createElement('button');
      Object.assign(button, { type: 'button', className: moves[action].style, textContent: moves[action].label });
      button.tabIndex = id === this.#current ? 0 : -1;
      button.setAttribute('aria-describedby', `name-${id}`);
      button.addEventListener('click', () => this.#on.decide(this.personOf(id), action));
      return button;
    }));
    if (focused) row.focus();
  }
}
