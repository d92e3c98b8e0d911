// Entries of the audit log as lines of a list, for a person's history and for the whole log. They never change, so lines
// are only added: new ones in front, older ones behind, and between them there is no gap.

import { entryWords } from './console-audit-words.js';
import { element, exactly } from './page.js';

export class Entries {
  #list;
  #me;
  #known = new Set();
  #open;
  /** Where the entries behind those that are shown begin; null: there are none. */
  older = null;

  /**
   * @param {HTMLElement} list
   * @param {object} options - `me()`, the id of the admin who reads; `open(id)`, if whom an entry is about can be shown
   */
  constructor(list, { me, open = null }) {
    this.#list = list;
    this.#me = me;
    this.#open = open;
  }

  get size() { return this.#known.size; }

  clear() {
    this.#known.clear();
    this.#list.replaceChildren();
    this.older = null;
  }

  /**
   * Takes in an answer of the API: the newest entries, or, `behind` those that are shown, the next older ones. Returns the
   * lines of those that were not there yet.
   */
  take({ items, nextCursor }, { behind = false } = {}) {
    // When more has happened than a page tells, nobody knows what is between: the list begins anew.
    if (!behind && nextCursor !== null && !items.some(({ id }) => this.#known.has(id))) this.clear();
    if (behind || this.size === 0) this.older = nextCursor;
    const lines = items.filter(({ id }) => !this.#known.has(id)).map((entry) => this.#line(entry));
    if (behind) this.#list.append(...lines);
    else this.#list.prepend(...lines);
    return lines;
  }

  #line(entry) {
    this.#known.add(entry.id);
    const { sentence, reason, way } = entryWords(entry, { me: this.#me() });
    const line = element('li', { tabIndex: -1 },
                         element('time', { dateTime: entry.at }, exactly(new Date(entry.at))),
                         element('p', { className: 'entry-what' }, sentence),
                         reason && element('p', { className: 'entry-reason' }, `“${reason}”`),
                         way && element('p', { className: 'entry-way' }, way),
                         this.#open && entry.user?.email && entry.user.id !== this.#me() && this.#opener(entry.user));
    line.dataset.action = entry.action;
    return line;
  }

  #opener({ id, displayName }) {
    const button = element('button', { type: 'button', className: 'link' }, `Show ${displayName}`);
    button.addEventListener('click', () => this.#open(id));
    return button;
  }
}
