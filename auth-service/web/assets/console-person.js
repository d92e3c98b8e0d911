// One person beside the list: who they are, where they are signed in, what happened to them, and what can be decided.
// On a phone it takes the place of the list.

import { Entries } from './console-entries.js';
import { actionsFor, moves, statusWords } from './console-moves.js';
import { DeviceList } from './device-list.js';
import { announce, byId, dayAndTime, describe, say } from './page.js';
import { Problem } from './stagedoor-client.js';

const historyPage = 20;
const settleMs = 500;

export class PersonPanel {
  #page;
  #on;
  #id = null;
  #person = null;
  #devices;
  #history;
  #due = null;

  /**
   * @param {SessionPage} page
   * @param {object} on - `decide(person, action, reason)` → promise; `close()`
   */
  constructor(page, on) {
    this.#page = page;
    this.#on = on;
    this.#devices = new DeviceList(byId('panel-sessions'), { heading: 'h4', end: (session) => this.#end(session) });
    this.#history = new Entries(byId('panel-history'), { me: () => page.user?.id });
    byId('panel-close').addEventListener('click', on.close);
    byId('panel').addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.defaultPrevented) on.close();
    });
    byId('panel-end-all').addEventListener('click', () => this.#endAll());
    byId('panel-history-more').addEventListener('click', () => this.#showOlder());
  }

  get id() { return this.#id; }

  /** Shows somebody, at once as far as `known`; with '' nobody. */
  show(id, known = null) {
    if (id === (this.#id ?? '')) return;
    this.#id = id || null;
    this.#person = null;
    byId('panel').hidden = !id;
    document.body.classList.toggle('has-person', Boolean(id));
    if (!id) return;
    this.#history.clear();
    this.#devices.show([]);
    byId('panel-reason').value = '';
    for (const part of ['panel-sessions-none', 'panel-end-all', 'panel-history-more']) byId(part).hidden = true;
    for (const part of ['panel-name', 'panel-email', 'panel-status', 'panel-since', 'panel-version']) byId(part).textContent = '';
    byId('panel-decision').hidden = true;
    if (known) this.#draw(known);
    byId('panel-name').focus();
    this.load();
  }

  /** Asks for everything anew. */
  async load() {
    const id = this.#id;
    if (!id) return;
    const { api } = this.#page;
    await this.#page.hearing;
    await Promise.all([
      this.#ask(id, () => api.stageManagers({ id, limit: 1 }), ({ items: [person] }) => this.#found(person)),
      this.#ask(id, () => api.sessionsOf(id), ({ items }) => this.#drawSessions(items)),
      this.#ask(id, () => api.audit({ user: id, limit: historyPage }), (answer) => this.#drawHistory(answer)),
    ]);
  }

  /** Somebody is something else now. */
  hear(user) {
    if (user.id !== this.#id) return;
    if (this.#person && user.version > this.#person.version) this.#draw({ ...this.#person, ...user });
    clearTimeout(this.#due);
    this.#due = setTimeout(() => this.load(), settleMs);
  }

  async #ask(id, call, show) {
    try {
      const answer = await this.#page.patiently(async () => (id === this.#id ? call() : null));
      if (answer && id === this.#id) show(answer);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (id !== this.#id) return;
      if (problem.status === 403) await this.#page.check();
      else announce(describe(problem));
    }
  }

  #found(person) {
    if (person) return this.#draw(person);
    byId('panel-name').textContent = 'No such stage manager';
    byId('panel-decision').hidden = true;
  }

  #draw(person) {
    if (this.#person?.version > person.version) return;
    const before = this.#person;
    this.#person = person;
    say(byId('panel-name'), person.displayName);
    byId('panel-email').textContent = person.email;
    byId('panel-status').textContent = statusWords[person.status];
    byId('panel-status').dataset.status = person.status;
    byId('panel-since').textContent = person.createdAt ? dayAndTime(new Date(person.createdAt)) : '…';
    byId('panel-version').textContent = person.version;
    byId('panel-decision').hidden = false;
    if (before?.status !== person.status) this.#drawActions(person);
  }

  #drawActions({ status }) {
    const drawn = byId('panel-actions');
    const focused = drawn.contains(document.activeElement);
    drawn.replaceChildren(...actionsFor(status).map((action) => {
      const button = Object.assign(document.createElement('button'), { type: 'button', className: moves[action].style, textContent: moves[action].label });
      button.setAttribute('aria-describedby', 'panel-name');
      button.addEventListener('click', () => this.#decide(action));
      return button;
    }));
    if (focused) byId('panel-name').focus();
  }

  async #decide(action) {
    const panel = byId('panel-decision');
    if (panel.getAttribute('aria-busy') === 'true') return;
    panel.setAttribute('aria-busy', 'true');
    const reason = byId('panel-reason').value.trim();
    await this.#on.decide(this.#person, action, reason);
    panel.removeAttribute('aria-busy');
    byId('panel-reason').value = '';
  }

  #drawSessions(items) {
    this.#devices.show(items);
    byId('panel-sessions-none').hidden = items.length > 0;
    byId('panel-end-all').hidden = items.length < 2;
  }

  #drawHistory(answer, { behind = false } = {}) {
    const lines = this.#history.take(answer, { behind });
    byId('panel-history-more').hidden = this.#history.older === null;
    return lines;
  }

  async #showOlder() {
    const id = this.#id;
    const ask = () => this.#page.api.audit({ user: id, cursor: this.#history.older, limit: historyPage });
    await this.#ask(id, ask, (answer) => this.#drawHistory(answer, { behind: true })[0]?.focus());
  }

  /** Called by the list of devices; resolves to true if the session has left the list. */
  async #end(session) {
    const [id, name] = [this.#id, this.#person?.displayName ?? 'This person'];
    try {
      await this.#page.patiently(() => this.#page.api.endSessionsOf(id, session.id));
      announce(`${name} is signed out of ${session.device}.`);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status !== 404) {
        announce(`${session.device} is still signed in. ${describe(problem)}`);
        return false;
      }
    }
    await this.load();
    return true;
  }

  async #endAll() {
    const [id, name] = [this.#id, this.#person?.displayName ?? 'This person'];
    byId('panel-end-all').setAttribute('aria-busy', 'true');
    try {
      await this.#page.patiently(() => this.#page.api.endSessionsOf(id));
      announce(`${name} is signed out everywhere.`);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      announce(`${name} is still signed in. ${describe(problem)}`);
    }
    byId('panel-end-all').removeAttribute('aria-busy');
    byId('panel-sessions-heading').focus();
    await this.load();
  }
}
