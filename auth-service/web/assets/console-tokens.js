// API tokens: those there are, making one, revoking one. A token is shown once, where it was made, and nowhere kept.

import { onSubmit } from './forms.js';
import { announce, byId, dayAndTime, describe } from './page.js';
import { Problem } from './stagedoor-client.js';

const tokenPage = 50;

const date = (text) => dayAndTime(new Date(text));

/** `alive`, `revoked` or `expired`. */
export function stateOf({ revokedAt, expiresAt }, now = Date.now()) {
  if (revokedAt) return 'revoked';
  return Date.parse(expiresAt) <= now ? 'expired' : 'alive';
}

export class TokensView {
  #page;
  #sure;
  #rows = new Map();
  #next = null;
  #key = crypto.randomUUID();

  /** @param {SessionPage} page @param sure - `({title, text, yes})` → promise of whether that is wanted */
  constructor(page, sure) {
    this.#page = page;
    this.#sure = sure;
    onSubmit(byId('make-token'), (values) => this.#make(values));
    byId('made-copy').addEventListener('click', () => this.#copy());
    byId('made-done').addEventListener('click', () => this.#forget());
    byId('tokens-more').addEventListener('click', () => this.#load(this.#next));
  }

  show(is) {
    byId('tokens-view').hidden = !is;
    if (is) this.#load();
    else this.#forget({ focus: false });
  }

  async #load(cursor = '') {
    try {
      const { items, nextCursor } = await this.#page.patiently(() => this.#page.api.tokens({ cursor, limit: tokenPage }));
      if (!cursor) this.#rows.clear();
      for (const token of items) this.#rows.set(token.id, this.#draw(token));
      this.#next = nextCursor;
      byId('tokens').replaceChildren(...this.#rows.values());
      byId('tokens-none').hidden = this.#rows.size > 0;
      byId('tokens-more').hidden = nextCursor === null;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 403) await this.#page.check();
      else announce(describe(problem));
    }
  }

  // The key stays the same until there is an answer, so a token whose answer was lost is told after all.
  async #make({ name, scope, expiresInDays }) {
    const wish = { name: name.trim(), scope, expiresInDays: Number(expiresInDays) };
    let made;
    try {
      made = await this.#page.patiently(() => this.#page.api.createToken(wish, { key: this.#key }));
    } finally {
      this.#key = crypto.randomUUID();
    }
    byId('made').hidden = false;
    byId('made-text').textContent = `“${made.apiToken.name}” is made. Copy the token now: it is shown this once.`;
    byId('made-token').textContent = made.token;
    byId('make-token').reset();
    byId('made-text').focus();
    await this.#load();
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(byId('made-token').textContent);
      announce('The token is copied.');
    } catch {
      getSelection().selectAllChildren(byId('made-token'));
      announce('The browser does not let it be copied: it is selected.');
    }
  }

  #forget({ focus = true } = {}) {
    byId('made-token').textContent = '';
    byId('made').hidden = true;
    if (focus) byId('token-name').focus();
  }

  #draw(token) {
    const row = byId('token').content.firstElementChild.cloneNode(true);
    const part = (name) => row.querySelector(`[data-part=${name}]`);
    const state = stateOf(token);
    row.dataset.state = state;
    part('name').textContent = token.name;
    part('name').id = `token-${token.id}`;
    part('state').textContent = state === 'alive' ? { read: 'read', approve: 'read and decide' }[token.scope] : state;
    part('facts').textContent = `Of ${token.owner.displayName ?? token.owner.id}, made ${date(token.createdAt)}, `
      + (token.revokedAt ? `revoked ${date(token.revokedAt)}` : `until ${date(token.expiresAt)}`);
    part('use').textContent = token.lastUsedAt ? `Last used ${date(token.lastUsedAt)}` : 'Never used';
    if (state !== 'alive') part('revoke').remove();
    part('revoke')?.setAttribute('aria-describedby', part('name').id);
    part('revoke')?.addEventListener('click', () => this.#revoke(token));
    return row;
  }

  async #revoke(token) {
    const question = { title: `Revoke “${token.name}”?`, text: 'Whatever uses it is refused from now on. There is no way back.', yes: 'Revoke' };
    if (!await this.#sure(question)) return;
    try {
      await this.#page.patiently(() => this.#page.api.revokeToken(token.id));
      announce(`“${token.name}” is revoked.`);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      announce(`“${token.name}” is not revoked. ${describe(problem)}`);
    }
    await this.#load();
    (this.#rows.get(token.id) ?? byId('tokens')).focus();
  }
}
