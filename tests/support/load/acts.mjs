// What people and the admin do, one method each, and how each answer is judged.
import { Session } from './truth.mjs';
import { fields } from './wire.mjs';

const seenBySqlMs = 1_000;  // nobody was answered, so a change by plain SQL may take a moment

const nextActions = {
  pending: ['approve', 'approve', 'approve', 'reject'],
  active: ['suspend'],
  rejected: ['reconsider'],
  suspended: ['reinstate'],
};
const statusAfter = { approve: 'active', reject: 'rejected', reconsider: 'pending', suspend: 'suspended', reinstate: 'active' };

export class Acts {
  #caller;
  #crowd;
  #admin;
  #nodes;
  #sql;
  #random;

  /** @param admin - a session of an admin; @param nodes - those that are up, as a function */
  constructor({ caller, crowd, admin, nodes, sql, random }) {
    this.#caller = caller;
    this.#crowd = crowd;
    this.#admin = admin;
    this.#nodes = nodes;
    this.#sql = sql;
    this.#random = random;
  }

  // --- asking ---

  async me(session, node) {
    const floor = session.person.floor(node.index, performance.now());
    const answer = await this.#caller.exchange({ kind: 'me', node, path: '/api/auth/me', session });
    if (answer) this.#judge(answer, session, floor);
  }

  async verify(session, node) {
    const floor = session.person.floor(node.index, performance.now());
    const answer = await this.#caller.exchange({ kind: 'verify', node, path: '/api/auth/verify', session });
    if (!answer) return;
    const [id, status, version] = ['id', 'status', 'version'].map((name) => fields(answer, `x-auth-user-${name}`)[0]);
    this.#judge(answer, session, floor, { id, status, version: Number(version) });
  }

  async page(session, node) {
    const answer = await this.#caller.exchange({ kind: 'page', node, path: '/', session });
    if (!answer || answer.status === 503) return;
    if (answer.status !== 303 && answer.status !== 302) return this.#unexpected(answer, session);
    this.#judgeAdmission(answer, session, fields(answer, 'location')[0] !== '/login');
  }

  /** What has just been answered has to be true on every node from now on, not in a moment. */
  #everywhereAtOnce(session) {
    if (session.away) return;
    for (const node of this.#nodes()) this.me(session, node);
  }

  // --- one's own session ---

  async refresh(session, node) {
    const floor = session.person.floor(node.index, performance.now());
    const answer = await this.#post('refresh', node, session, '/api/auth/refresh-session');
    if (!answer) return;
    this.#judge(answer, session, floor);
    const [cookie] = fields(answer, 'set-cookie');
    if (answer.status === 200 && cookie) session.cookie = cookie.split(';')[0];
  }

  async rename(session, node) {
    const floor = session.person.floor(node.index, performance.now());
    const json = { displayName: `Crowd ${this.#random.below(1_000_000)}` };
    const answer = await this.#caller.exchange({ kind: 'rename', node, method: 'PATCH', path: '/api/stage-manager/profile', json, session });
    if (answer && answer.status !== 403) this.#judge(answer, session, floor);
  }

  async signIn(person, node) {
    const { password } = person;
    const sent = performance.now();
    const json = { email: person.email, password };
    const answer = await this.#caller.exchange({ kind: 'signIn', node, method: 'POST', path: '/api/auth/login', json, person });
    if (!answer || answer.status === 503 || answer.status === 429) return;
    if (answer.status === 200) {
      const cookie = fields(answer, 'set-cookie')[0].split(';')[0];
      this.#crowd.begun(new Session(person, sessionIdOf(cookie), cookie, { sent, answered: answer.answered }));
      return;
    }
    const perhapsSuspended = answer.status === 403 && person.ends.some((end) => end.sent < answer.answered);
    const perhapsChanged = answer.status === 401 && person.passwordChangedAt < answer.answered && person.passwordSettledAt > sent;
    const perhapsRaced = answer.status === 401 && person.ends.some((end) => end.sent < answer.answered && end.answered > sent);
    if (!perhapsSuspended && !perhapsChanged && !perhapsRaced) this.#caller.violated(answer, undefined, 'sign-ins refused', person.id);
  }

  // --- ending ---

  async signOut(session, node) {
    const end = session.endSent(performance.now());
    this.#crowd.over(session);
    const answer = await this.#post('signOut', node, session, '/api/auth/logout');
    this.#judgeEnd(answer, session, end, session);
  }

  async signOutEverywhere(session, node) {
    const end = session.person.allEndSent(performance.now());
    this.#crowd.sort();
    const answer = await this.#post('signOutEverywhere', node, session, '/api/auth/logout-all');
    this.#judgeEnd(answer, session, end, this.#random.of(session.person.sessions));
  }

  async endOther(session, node) {
    const others = session.person.sessions.filter((each) => each !== session && each.seemsAlive);
    if (others.length === 0) return;
    const other = this.#random.of(others);
    const end = other.endSent(performance.now());
    this.#crowd.over(other);
    const path = `/api/auth/sessions/${other.id}`;
    const answer = await this.#caller.exchange({ kind: 'endOther', node, method: 'DELETE', path, json: {}, session });
    if (answer?.status === 404) return;  // another request has ended it
    this.#judgeEnd(answer, session, end, other);
  }

  async changePassword(session, node) {
    const { person } = session;
    if (person.passwordSettledAt === Infinity) return;  // a change is under way, or nobody knows what came of it
    const changed = `curtain-call-${this.#random.below(2 ** 30)}`;
    const end = person.allEndSent(performance.now(), session);
    this.#crowd.sort();
    Object.assign(person, { passwordChangedAt: performance.now(), passwordSettledAt: Infinity });
    const json = { currentPassword: person.password, newPassword: changed };
    const answer = await this.#caller.exchange({ kind: 'changePassword', node, method: 'POST', path: '/api/auth/password', json, session });
    if (answer?.status === 200) {
      Object.assign(person, { password: changed, passwordSettledAt: answer.answered });
      const [cookie] = fields(answer, 'set-cookie');
      if (cookie) session.cookie = cookie.split(';')[0];
    }
    this.#judgeEnd(answer, session, end, this.#random.of(person.sessions));
  }

  /** An end was asked for with `session`; `ended` is one that must be over if it was answered. */
  #judgeEnd(answer, session, end, ended) {
    if (!answer || answer.status === 503 || answer.status === 429) return;
    if (answer.status === 401) return this.#judgeAdmission(answer, session, false);
    if (answer.status !== 200 && answer.status !== 204) return this.#unexpected(answer, session);
    end.certain(answer.answered);
    this.#everywhereAtOnce(ended);
  }

  // --- deciding ---

  async decide(person, node, bySql = false) {
    if (person.deciding) return;
    person.deciding = true;
    const action = person.retry ?? this.#random.of(nextActions[person.status]);
    person.retry = action;  // until it is known to be done: to repeat it is always right
    const end = action === 'suspend' ? person.allEndSent(performance.now()) : undefined;
    if (end) this.#crowd.sort();
    await (bySql ? this.#decideBySql(person, action, end) : this.#decideByApi(person, action, end, node));
    person.deciding = false;
  }

  async #decideByApi(person, action, end, node) {
    const answer = await this.#post('decide', node, this.#admin, `/api/admin/stage-managers/${person.id}/${action}`);
    if (!answer || answer.status === 503) return;
    if (answer.status === 401) return this.#judgeAdmission(answer, this.#admin, false);
    if (answer.status !== 200) return this.#unexpected(answer, this.#admin, `${action} of ${person.id}`);
    const { user, delivery } = JSON.parse(answer.body);
    answer.tally.answered(delivery, answer);
    this.#decided(person, action, user, delivery === 'relayed');
    end?.certain(answer.answered);
    this.#everywhereAtOnce(this.#random.of(person.sessions));
  }

  async #decideBySql(person, action, end) {
    const rows = await this.#caller.asChange('a change by SQL', this.#sql.rows(
      `UPDATE users SET status='${statusAfter[action]}' WHERE id='${person.id}'; SELECT version, status FROM users WHERE id='${person.id}'`));
    const [[version, status]] = rows.length > 0 ? rows : [[]];
    if (status !== statusAfter[action]) return;
    this.#decided(person, action, { version: Number(version), status }, false);
    const now = performance.now();
    end?.certain(now, now + seenBySqlMs);
  }

  #decided(person, action, user, relayed) {
    person.changed(user, relayed, performance.now());
    person.status = statusAfter[action];
    person.retry = undefined;
  }

  // --- judging ---

  #post(kind, node, session, path) {
    return this.#caller.exchange({ kind, node, method: 'POST', path, json: {}, session });
  }

  /** 200, 401 and 503 are what there is. `user`: the facts that the answer tells, if its body does not. */
  #judge(answer, session, floor, user) {
    if (answer.status === 503) return;
    if (answer.status !== 200 && answer.status !== 401) return this.#unexpected(answer, session);
    this.#judgeAdmission(answer, session, answer.status === 200);
    if (answer.status === 401) return;
    const told = user ?? JSON.parse(answer.body).user;
    const wrong = session.person.judge(told, floor, answer.answered);
    if (wrong) this.#caller.violated(answer, session, wrong, `version ${told.version} ${told.status}, floor ${JSON.stringify(floor)}`);
  }

  #judgeAdmission(answer, session, admitted) {
    const wrong = session.judge(answer, admitted);
    if (wrong) this.#caller.violated(answer, session, wrong);
    if (!admitted) this.#crowd.over(session);
  }

  #unexpected(answer, session, detail) {
    this.#caller.violated(answer, session, 'unexpected answers', detail);
  }
}

/** The session id that a token carries: 16 bytes after format, key id and user id. */
function sessionIdOf(cookie) {
  const hex = Buffer.from(cookie.split('=')[1], 'base64url').toString('hex', 18, 34);
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}
