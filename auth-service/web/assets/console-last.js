// What was decided here: the last decision stands at the foot of the page with the button that takes it back, until
// another takes its place or somebody sends it away (no clock does: WCAG 2.2.1); all of them are in a list below.

import { counterLabel, moves } from './console-moves.js';
import { byId, clockTime, say } from './page.js';

const kept = 20;  // decisions in the list

export class Decided {
  #entries = [];       // the newest first: {text, kind, action, people, overtaken, line, button}
  #undo;

  #back;
  #numbered = 0;

  /**
   * @param {object} on - `undo(entry)` takes a decision back; the entry has `action` and `people`, each with `id` and
   *   `version`; `back()` puts the focus where it was before it was here
   */
  constructor({ undo, back }) {
    this.#undo = undo;
    this.#back = back;
    byId('last-undo').addEventListener('click', () => this.undoLast());
    byId('last-dismiss').addEventListener('click', () => this.dismiss());
  }

  /**
   * Tells of a decision. With `people`, as they are after it, it can be taken back, until others have decided about all
   * of them; without, it is only told.
   *
   * @param {{text: string, more?: string, kind?: 'done'|'conflict', action?: string, people?: object[]}} what - `more`: a
   *   reason, or what else there is to say; it is in the list alone
   */
  tell({ text, more = '', kind = 'done', action = null, people = [] }) {
    const entry = { text, more, kind, action, people: new Map(people.map((person) => [person.id, person])), overtaken: new Set() };
    this.#entries.unshift(entry);
    this.#draw(entry);
    for (const gone of this.#entries.splice(kept)) gone.line.remove();
    this.#showLast(entry);
    return entry;
  }

  /**
   * Somebody is something else now: what was decided about them here cannot be taken back any more. Who takes back the
   * rest of it is told by the service who was first, and when.
   */
  hear(user) {
    for (const entry of this.#entries) {
      if (!(entry.people.get(user.id)?.version < user.version)) continue;
      entry.overtaken.add(user.id);
      this.#refresh(entry);
    }
  }

  undoLast() {
    const entry = this.#entries[0];
    if (entry && canBeTaken(entry)) this.#take(entry);
  }

  dismiss() {
    for (const id of ['last-undo', 'last-dismiss']) byId(id).hidden = true;
    byId('last').removeAttribute('data-kind');
    say(byId('last-text'), '');
    this.#back();
  }

  #take(entry) {
    const people = [...entry.people.values()];
    entry.people.clear();
    this.#refresh(entry);
    this.#undo({ action: entry.action, people });
  }

  #draw(entry) {
    entry.line = document.createElement('li');
    const text = document.createElement('span');
    text.textContent = `${clockTime()} – ${entry.text}${entry.more && ` “${entry.more}”`}`;
    entry.line.append(text);
    if (entry.people.size > 0) {
      entry.button = document.createElement('button');
      Object.assign(entry.button, { type: 'button', className: 'small', textContent: counterLabel(entry.action) });
      text.id = `decided-${++this.#numbered}`;
      entry.button.setAttribute('aria-describedby', text.id);
      entry.button.addEventListener('click', () => this.#take(entry));
      entry.line.append(entry.button);
    }
    byId('log').prepend(entry.line);
    byId('log-section').hidden = false;
  }

  #showLast(entry) {
    byId('last').dataset.kind = entry.kind;
    byId('last-dismiss').hidden = false;
    say(byId('last-text'), entry.text);
    this.#refresh(entry);
  }

  #refresh(entry) {
    const open = canBeTaken(entry);
    if (entry.button && !open) {
      if (entry.button === document.activeElement) byId('log-heading').focus();
      entry.button.remove();
      entry.button = null;
    }
    if (entry !== this.#entries[0]) return;
    const button = byId('last-undo');
    if (!open && button === document.activeElement) byId('last-dismiss').focus();
    button.hidden = !open;
    if (!open) return;
    button.textContent = counterLabel(entry.action);
    button.title = `${moves[moves[entry.action].counter].label} (U)`;
  }
}

const canBeTaken = ({ people, overtaken }) => people.size > overtaken.size;
