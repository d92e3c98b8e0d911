// What the pages behind the sign-in share: the session is refreshed first, the socket is held, the server's
// `redirectUrl` decides where everybody belongs, and trouble with the network is told and sat out, never taken for a
// sign-out. The page has #sign-out, #connection and #trouble.

import { byId, describe, luggage, say, soon } from './page.js';
import { Api, Notifications, Problem, localPath, retryDelay } from './stagedoor-client.js';

const hearMs = 1_500;  // a page that shows what there is waits no longer for news to begin

const never = new Promise(() => {});  // what calls resolve to once the page is being left

export class SessionPage {
  api;
  notifications;
  user = null;
  /**
   * Resolves once news is heard, so that what is asked for from then on misses nothing; or when that is not to be had soon,
   * and a later `welcome` has to be heeded.
   */
  hearing;

  #show;
  #stays;
  #known = 0;           // the highest version heard of
  #checking = null;
  #leaving = false;
  #suspended = false;
  #sleepers = new Set();
  #troubles = new Map();

  /**
   * @param {(user: object) => void} show - draws the user; called with each newer snapshot
   * @param {{stays?: boolean, api?: Api}} options - `stays`: this page is for everybody who is signed in, wherever they
   *   belong; `api`: with more calls than every page needs
   */
  constructor(show, { stays = false, api = new Api() } = {}) {
    this.api = api;
    this.#show = show;
    this.#stays = stays;
    const { content: url } = document.querySelector('meta[name="stagedoor-notify-url"]');
    this.notifications = new Notifications({ url, refresh: () => this.api.refreshSession() });
    this.notifications.addEventListener('state', ({ detail }) => this.#connectionChanged(detail));
    this.hearing = new Promise((resolve) => {
      this.notifications.addEventListener('state', ({ detail }) => { if (detail.state !== 'connecting') resolve(); });
      setTimeout(resolve, hearMs);
    });
    this.notifications.addEventListener('user', ({ detail }) => this.#heardOf(detail.user));
    this.notifications.addEventListener('degraded', () => this.#connectionIs('late', 'Connected, but news may come late.'));
    for (const recovered of ['welcome', 'event']) {
      this.notifications.addEventListener(recovered, () => this.#connectionIs('live', byId('connection').dataset.live));
    }
    byId('sign-out').addEventListener('click',
                                      () => this.signOut({ button: byId('sign-out'), call: () => this.api.logout() }));
    window.addEventListener('online', () => this.hurry());
    // A page that comes back from the history's cache is as old as it was when it was left.
    window.addEventListener('pageshow', ({ persisted }) => { if (persisted) location.reload(); });
  }

  /**
   * Refreshes the session and goes where the answer says; if that is here, shows the user and resolves to the answer,
   * or to null if the service refused, which the page then says. While the service cannot be reached it keeps trying;
   * a further call only hurries it.
   */
  check() {
    this.hurry();
    this.#checking ??= this.#check().finally(() => { this.#checking = null; });
    return this.#checking;
  }

  /** `call()` under the page's rules: a 401 leads to /login, a rejection is a Problem to be shown. */
  async once(call) {
    try {
      return await call();
    } catch (problem) {
      if (!problem.signedOut) throw problem;
      return this.#signedOut(problem);
    }
  }

  /** As once(), but repeats what temporarily fails until it is answered, saying so meanwhile. */
  async patiently(call) {
    const trouble = Symbol('trouble');
    for (let attempt = 0; ; ++attempt) {
      try {
        const answer = await this.once(call);
        this.#tell(trouble, '');
        return answer;
      } catch (problem) {
        if (!(problem instanceof Problem) || !problem.temporary) {
          this.#tell(trouble, '');
          throw problem;
        }
        const delay = retryDelay({ attempt, retryAfter: problem.retryAfter });
        const reason = problem.status === 429 ? 'That was too often.' : 'The service can’t be reached at the moment.';
        this.#tell(trouble, `${reason} You are still signed in. Trying again ${soon(Math.ceil(delay / 1000))}.`);
        this.#listen();
        await this.#sleep(delay);
      }
    }
  }

  /** Whether another page is on its way. */
  get leaving() { return this.#leaving; }

  /** What waits to be tried again is tried now. */
  hurry() {
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Leaves for another page of ours, at most once. */
  leave(path) {
    if (!this.#leaving) {
      this.#leaving = true;
      this.notifications.close();
      location.replace(path);
    }
    return never;
  }

  /** Ends the session by `call()` and leaves, with a notice for the sign-in page; or says that it did not work. */
  async signOut({ button, call, notice = null }) {
    if (this.#leaving) return;
    this.#leaving = true;
    button.setAttribute('aria-busy', 'true');
    this.notifications.close();
    this.#tell('sign-out', '');
    let path = '/login';
    try {
      const answer = await call();
      path = localPath(answer?.redirectUrl, location.origin) ?? path;
      if (notice) luggage.put('notice', notice);
    } catch (problem) {
      if (!problem.signedOut) {
        this.#leaving = false;
        button.removeAttribute('aria-busy');
        this.#tell('sign-out', `You are still signed in. ${describe(problem)}`);
        this.notifications.open();
        return;
      }
    }
    location.replace(path);
  }

  async #check() {
    const refresh = () => this.api.refreshSession({ ackVersion: this.#known || undefined });
    let answer;
    try {
      answer = await this.patiently(refresh);
      if (answer.user.version < this.#known) answer = await this.patiently(refresh);  // news overtook the answer
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.#tell('refused', describe(problem));
      return null;
    }
    this.#tell('refused', '');
    this.#listen();
    const path = localPath(answer.redirectUrl, location.origin);
    if (!this.#stays && path !== null && path !== location.pathname) {
      if (this.user?.status === 'pending' && answer.user.status === 'active') luggage.put('notice', 'approved');
      return this.leave(path);
    }
    this.#draw(answer.user);
    return answer;
  }

  #listen() {
    if (this.notifications.state === 'idle' && !this.#leaving) this.notifications.open();
  }

  #draw(user) {
    if (this.user && user.version < this.user.version) return;
    this.#known = Math.max(this.#known, user.version);
    this.user = user;
    this.#show(user);
  }

  #heardOf(user) {
    if (user.version <= this.#known) return;
    this.#known = user.version;
    this.#suspended = user.status === 'suspended';
    const moved = user.status !== this.user?.status || user.role !== this.user?.role;
    if (moved) this.check();
    else this.#draw(user);
  }

  #connectionIs(state, text) {
    byId('connection').dataset.state = state;
    say(byId('connection'), text);
  }

  async #connectionChanged({ state, reconnected, code }) {
    const { textContent: before, dataset: { live } } = byId('connection');
    this.#connectionIs(state, { live, lost: 'Connection lost. Reconnecting…' }[state] ?? before);
    if (reconnected) await this.check();
    if (state !== 'ended' || this.#leaving) return;
    // Only auth-service decides whether a session is over. If it is not (another tab signed in anew), go on listening.
    this.#connectionIs(state, 'Not connected.');
    this.#suspended ||= code === 4403;
    if (await this.check() && !this.#leaving) this.notifications.open();
  }

  #signedOut(problem) {
    luggage.put('notice', this.#suspended ? 'account_suspended' : problem.code);
    luggage.put('return', location.pathname + location.search);
    return this.leave('/login');
  }

  #tell(trouble, text) {
    if (text) this.#troubles.set(trouble, text);
    else this.#troubles.delete(trouble);
    say(byId('trouble'), [...this.#troubles.values()].at(-1) ?? '');
  }

  #sleep(ms) {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
    });
  }
}
