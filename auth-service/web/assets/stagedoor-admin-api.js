// The calls of auth-service that are for admins. Who calls it: the console (admin.js), and whoever builds one of their
// own. Apart from stagedoor-client.js, for other pages have no use for it.

import { Api } from './stagedoor-api.js';

// Members that are empty are left out of a query.
function queryOf(members) {
  const given = Object.entries(members).filter(([, value]) => value !== '' && value !== null && value !== undefined);
  return given.length > 0 ? `?${new URLSearchParams(given)}` : '';
}

/** Methods resolve to the answer's JSON and reject with a Problem, as those of Api. */
export class AdminApi extends Api {
  /** → `{items, nextCursor, totals}`, newest first. `id` and `email` find one person, `q` a part of name or address. */
  stageManagers({ status, q, id, email, cursor, limit } = {}) {
    return this.request('GET', `/api/admin/stage-managers${queryOf({ status, q, id, email, cursor, limit })}`);
  }

  /**
   * `approve`, `reject`, `reconsider`, `suspend` or `reinstate` → `{user, event, delivery, changed, by}`. With
   * `expectedVersion` it may be repeated without harm, and nothing is decided about a state that nobody saw: a 409 has
   * `conflict`.
   */
  decide(id, action, { reason, expectedVersion } = {}) {
    const body = { ...(reason && { reason }), ...(expectedVersion && { expectedVersion }) };
    return this.request('POST', `/api/admin/stage-managers/${encodeURIComponent(id)}/${action}`, body);
  }

  approve(id, options) { return this.decide(id, 'approve', options); }
  reject(id, options) { return this.decide(id, 'reject', options); }
  reconsider(id, options) { return this.decide(id, 'reconsider', options); }
  suspend(id, options) { return this.decide(id, 'suspend', options); }
  reinstate(id, options) { return this.decide(id, 'reinstate', options); }

  /**
   * One decision about up to 10,000 people → `{items: [{id, outcome, …}], counts, delivery}` in the order of `ids`;
   * with `expectedVersions`, in the same order, as that of decide().
   */
  decideAll({ action, ids, reason, expectedVersions }, { key } = {}) {
    const body = { action, ids, ...(reason && { reason }), ...(expectedVersions && { expectedVersions }) };
    return this.request('POST', '/api/admin/stage-managers/bulk', body, { key });
  }

  /** Where a user is signed in, as sessions(). */
  sessionsOf(userId) {
    return this.request('GET', `/api/admin/users/${encodeURIComponent(userId)}/sessions`);
  }

  /** Signs a user out, everywhere or from one session. → null. */
  endSessionsOf(userId, sessionId = null) {
    const one = sessionId === null ? '' : `/${encodeURIComponent(sessionId)}`;
    return this.request('DELETE', `/api/admin/users/${encodeURIComponent(userId)}/sessions${one}`);
  }

  /** Who did what → `{items, nextCursor}`, newest first. `since` and `until` are RFC 3339 times. */
  audit({ user, actor, action, since, until, cursor, limit } = {}) {
    return this.request('GET', `/api/admin/audit${queryOf({ user, actor, action, since, until, cursor, limit })}`);
  }

  /** API tokens of all admins → `{items, nextCursor}`, newest first. */
  tokens({ cursor, limit } = {}) {
    return this.request('GET', `/api/admin/tokens${queryOf({ cursor, limit })}`);
  }

  /** → `{token, apiToken}`; `token` is the secret, told this once. */
  createToken({ name, scope, expiresInDays }, { key } = {}) {
    return this.request('POST', '/api/admin/tokens', { name, scope, expiresInDays }, { key });
  }

  /** For good. → null. */
  revokeToken(id) {
    return this.request('DELETE', `/api/admin/tokens/${encodeURIComponent(id)}`);
  }
}
