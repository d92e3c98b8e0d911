// The bar of those who are selected: how many, what can be decided about them, and the way to all who match, beyond the
// page that is shown.

import { figure, moves, people as countOf } from './console-moves.js';
import { announce, byId, describe, say } from './page.js';
import { Problem } from './stagedoor-client.js';

const pageMost = 200;  // the API's own bound

export class Picked {
  #page;
  #selection;
  #on;
  #collecting = null;

  /**
   * @param {SessionPage} page
   * @param {Selection} selection
   * @param {object} on - `changed()`; `decide(people, action)`; `leave()` puts the focus elsewhere
   */
  constructor(page, selection, on) {
    this.#page = page;
    this.#selection = selection;
    this.#on = on;
    byId('picked-clear').addEventListener('click', () => this.clear());
  }

  clear() {
    this.#collecting = null;
    this.#selection.clear();
    this.#on.changed();
  }

  /** @param {{shown: object[], question: object, matching: number|null}} what - how many match, if that is known */
  draw({ shown, matching }) {
    const { size } = this.#selection;
    const focused = byId('picked').contains(document.activeElement);
    byId('picked').hidden = size === 0;
    document.body.classList.toggle('has-picked', size > 0);
    say(byId('picked-count'), size > 0 ? `${figure(size)} selected` : '');
    this.#drawActions();
    const here = shown.filter(({ id }) => this.#selection.has(id)).length;
    byId('pick-page').checked = here > 0 && here === shown.length;
    byId('pick-page').indeterminate = here > 0 && here < shown.length;
    const more = here === shown.length && here > 0 && (matching === null || matching > size);
    byId('pick-all').hidden = !more && !this.#collecting;
    byId('pick-all').textContent = this.#collecting ? `Selecting… ${figure(size)} (stop)`
      : matching === null ? 'Select all that match' : `Select all ${figure(matching)}`;
    if (focused && size === 0) this.#on.leave();
  }

  /** Selects everybody whom `question` asks for, page by page; called again, it stops. */
  async collect({ status, q }) {
    if (this.#collecting) {
      this.#collecting = null;
      this.#on.changed();
      return;
    }
    const collecting = {};
    this.#collecting = collecting;
    try {
      for (let cursor = ''; cursor !== null;) {
        const ask = { status: status === 'all' ? '' : status, q, cursor, limit: pageMost };
        const answer = await this.#page.patiently(async () => (this.#collecting === collecting ? this.#page.api.stageManagers(ask) : null));
        if (this.#collecting !== collecting) return;
        this.#selection.add(answer.items);
        cursor = answer.nextCursor;
        this.#on.changed();
      }
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 403) await this.#page.check();  // no longer an admin: go where the session belongs
      else announce(`Not all are selected. ${describe(problem)}`);
    }
    if (this.#collecting === collecting) this.#collecting = null;
    this.#on.changed();
  }

  #drawActions() {
    const choices = [...this.#selection.choices];
    const drawn = byId('picked-actions');
    const names = choices.map(([action, { length }]) => `${action} ${length}`).join();
    if (drawn.dataset.names === names) return;
    drawn.dataset.names = names;
    const had = drawn.contains(document.activeElement) ? document.activeElement.dataset.action : null;
    drawn.replaceChildren(...choices.map(([action, people]) => {
      const button = document.createElement('button');
      Object.assign(button, { type: 'button', className: moves[action].style, textContent: `${moves[action].label} ${figure(people.length)}` });
      button.dataset.action = action;
      button.title = `${moves[action].label} ${countOf(people.length)}`;
      button.addEventListener('click', () => this.#on.decide(this.#selection.choices.get(action), action));
      return button;
    }));
    if (had) (drawn.querySelector(`[data-action=${had}]`) ?? byId('picked-clear')).focus();
  }
}
