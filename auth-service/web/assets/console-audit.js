// The audit log: who did what to whom, newest first, and what is being done while one looks.

import { Entries } from './console-entries.js';
import { announce, byId, describe } from './page.js';
import { Problem } from './stagedoor-client.js';

const auditPage = 50;
const settleMs = 1_500;  // ends of sessions and tokens are no news of the socket: they come with the next thing that is

export class AuditView {
  #page;
  #entries;
  #asked = 0;
  #due = null;
  #shown = false;

  /** @param {SessionPage} page @param {(id: string) => void} open - shows a person */
  constructor(page, open) {
    this.#page = page;
    this.#entries = new Entries(byId('audit-entries'), { me: () => page.user?.id, open });
    byId('audit-filter').addEventListener('submit', (event) => event.preventDefault());
    byId('audit-filter').addEventListener('change', () => this.#loadAnew());
    byId('audit-more').addEventListener('click', () => this.#showOlder());
  }

  show(is) {
    byId('audit-view').hidden = !is;
    if (is && !this.#shown) this.#loadAnew();
    this.#shown = is;
  }

  /** Something has happened, or may have: the newest entries are asked for once it is quiet. */
  hear() {
    if (!this.#shown || document.visibilityState !== 'visible') return;
    this.#due ??= setTimeout(() => {
      this.#due = null;
      if (byId('audit-list').hasAttribute('aria-busy')) this.hear();  // older entries are on their way
      else this.#load();
    }, settleMs);
  }

  #loadAnew() {
    this.#entries.clear();
    return this.#load();
  }

  async #showOlder() {
    const lines = await this.#load({ behind: true });
    lines?.[0]?.focus();
  }

  async #load({ behind = false } = {}) {
    const question = ++this.#asked;
    byId('audit-list').setAttribute('aria-busy', 'true');
    await this.#page.hearing;
    try {
      const cursor = behind ? this.#entries.older : '';
      const ask = async () => (question === this.#asked ? this.#page.api.audit({ ...this.#filter(), cursor, limit: auditPage }) : null);
      const answer = await this.#page.patiently(ask);
      if (question !== this.#asked) {
        if (!behind) this.hear();
        return null;
      }
      const lines = this.#entries.take(answer, { behind });
      this.#draw();
      return lines;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 403) await this.#page.check();
      else announce(describe(problem));
      return null;
    } finally {
      if (question === this.#asked) byId('audit-list').removeAttribute('aria-busy');
    }
  }

  #draw() {
    const { older, size } = this.#entries;
    byId('audit-more').hidden = older === null;
    byId('audit-entries').hidden = size === 0;
    byId('audit-empty').hidden = size > 0;
    byId('audit-empty').textContent = older === null ? 'Nothing of that kind is in the log.' : 'Nothing of that kind among the newest entries.';
  }

  #filter() {
    const { action, actor, since, until } = byId('audit-filter').elements;
    return {
      action: action.value,
      actor: actor.value === 'me' ? this.#page.user.id : actor.value,
      since: since.value && dayBegins(since.value, 0),
      until: until.value && dayBegins(until.value, 1),
    };
  }
}

/** When a day of this place begins, or one of the days after it, as the API takes times. */
function dayBegins(date, later) {
  const [year, month, day] = date.split('-').map(Number);
  return new Date(year, month - 1, day + later).toISOString();
}
