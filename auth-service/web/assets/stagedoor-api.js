// Stagedoor's HTTP API from a browser. Who calls it: stagedoor-client.js hands it on to pages. Every failure is a
// Problem, also one that never reached the server, so callers have one thing to catch.

import { bounds, parseRetryAfter } from './stagedoor-policy.js';

/**
 * An answer that says no (RFC 9457), or no answer at all.
 *
 * - `status`: HTTP status; 0 if the service could not be reached or answered something that is not ours
 * - `code`: stable, lower case (proto-docs/errors.md); `unreachable` for status 0
 * - `title`, `detail`: sentences for people
 * - `retryAfter`: seconds, or null
 * - `errors`: `[{field, message}]` of a 422, else empty
 * - `conflict`: of a 409 about a decision, what was found instead: `{userStatus, version, did, by, at}`, each of them
 *   null if it is not known; else null
 */
export class Problem extends Error {
  constructor({ status = 0, code = 'unreachable', title = 'The service cannot be reached.', detail = '',
                retryAfter = null, errors = [], conflict = null, cause }) {
    super(detail || title, { cause });
    this.name = 'Problem';
    Object.assign(this, { status, code, title, detail, retryAfter, errors, conflict });
  }

  /** The session behind the request is over: the only reason to send anybody to the sign-in page. */
  get signedOut() {
    return this.status === 401;
  }

  /** Trying again later may help, and the session is not in question. */
  get temporary() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

function conflictOf({ code, userStatus = null, version = null, did = null, by = null, at = null }) {
  return code === 'invalid_transition' || code === 'version_conflict' ? { userStatus, version, did, by, at } : null;
}

async function problemOf(response) {
  const retryAfter = parseRetryAfter(response.headers.get('retry-after'));
  const body = await response.json().catch(() => null);
  const known = body !== null && typeof body === 'object' && typeof body.code === 'string';
  return new Problem({
    status: response.status,
    code: known ? body.code : `http_${response.status}`,
    title: (known && body.title) || `The service answered ${response.status}.`,
    detail: (known && body.detail) || '',
    errors: known && Array.isArray(body.errors) ? body.errors : [],
    conflict: known ? conflictOf(body) : null,
    retryAfter,
  });
}

/**
 * The calls of auth-service. Methods resolve to the answer's JSON and reject with a Problem.
 * The session is a cookie that scripts never see; calls go to the page's own origin unless told otherwise.
 */
export class Api {
  #base;
  #fetch;
  #refresh = null;

  /**
   * @param {{base?: string, fetch?: typeof fetch}} options - `base` is an origin, empty for the page's own. On another one the
   *   page's has to be among auth-service's `--allowed-origin`, and both of one site: the cookie is SameSite=Lax
   */
  constructor({ base = '', fetch = globalThis.fetch } = {}) {
    this.#base = base;
    this.#fetch = fetch.bind(globalThis);
  }

  /**
   * Any call. POST and PATCH always carry JSON; 204 resolves to null.
   *
   * @param {{key?: string}} more - `key`: an Idempotency-Key. The same call with the same key is done once, however
   *   often it is made, so a lost answer can be asked for again
   */
  async request(method, path, body = {}, { key } = {}) {
    const credentials = this.#base ? 'include' : 'same-origin';
    const options = { method, credentials, cache: 'no-store', headers: { accept: 'application/json' } };
    if (key) options.headers['idempotency-key'] = `"${key}"`;
    if (method === 'POST' || method === 'PATCH') {
      options.headers['content-type'] = 'application/json';
      options.body = JSON.stringify(body);
    }
    try {
      const response = await this.#fetch(this.#base + path,
                                         { ...options, signal: AbortSignal.timeout(bounds.requestMs) });
      if (!response.ok) throw await problemOf(response);
      return response.status === 204 ? null : await response.json();
    } catch (error) {
      throw error instanceof Problem ? error : new Problem({ cause: error });
    }
  }

  /** → `{user}`; the new account is pending and not signed in. */
  register({ email, password, displayName }) {
    return this.request('POST', '/api/auth/register', { email, password, displayName });
  }

  /** → `{user, redirectUrl}`, and the session cookie. */
  login({ email, password }) {
    return this.request('POST', '/api/auth/login', { email, password });
  }

  /** → `{redirectUrl}`, or null. */
  logout() {
    return this.request('POST', '/api/auth/logout');
  }

  /** Ends all sessions of the user, this one too. → `{redirectUrl}`. */
  logoutAll() {
    return this.request('POST', '/api/auth/logout-all');
  }

  /** Where the user is signed in: → `{items: [{id, createdAt, lastSeenAt, expiresAt, device, address, current}]}`. */
  sessions() {
    return this.request('GET', '/api/auth/sessions');
  }

  /** Signs one device of the user out. → null. */
  endSession(id) {
    return this.request('DELETE', `/api/auth/sessions/${encodeURIComponent(id)}`);
  }

  /** Ends all other sessions of the user; this one goes on. → `{user}`. `wrong_password` is no sign-out. */
  changePassword({ currentPassword, newPassword }) {
    return this.request('POST', '/api/auth/password', { currentPassword, newPassword });
  }

  /** → `{user, session}`. */
  me() {
    return this.request('GET', '/api/auth/me');
  }

  /**
   * → `{user, statusChanged, previousStatus, redirectUrl}` from fresh facts. One at a time in this tab: callers who
   * come meanwhile share its answer, unless it is older than the version they already know of; then they ask again.
   *
   * @param {{ackVersion?: number}} options - the user's version that the caller has shown; acknowledges it (K5)
   */
  async refreshSession({ ackVersion } = {}) {
    if (this.#refresh) {
      const answer = await this.#refresh;
      if (ackVersion === undefined || answer.user.version >= ackVersion) return answer;
      return this.refreshSession({ ackVersion });
    }
    const body = ackVersion === undefined ? {} : { ackVersion };
    this.#refresh = this.request('POST', '/api/auth/refresh-session', body).finally(() => { this.#refresh = null; });
    return this.#refresh;
  }

  /** → `{profile: {displayName, phone, company, bio}, user}`. */
  profile() {
    return this.request('GET', '/api/stage-manager/profile');
  }

  /** Changes the members that are given. → as profile(). */
  updateProfile(changes) {
    return this.request('PATCH', '/api/stage-manager/profile', changes);
  }
}
