// People at their devices, and an admin at theirs: about a thousand checks a second over all auth nodes, with refreshes,
// sign-ins, sign-outs, decisions by API and by plain SQL mixed in. Every answer is judged by truth.mjs.
import { setTimeout as sleep } from 'node:timers/promises';

import { until } from '../process.mjs';
import { Random } from './random.mjs';
import { SqlShell } from './sql_shell.mjs';
import { Stalls } from './stalls.mjs';
import { Tally } from './tally.mjs';
import { Session } from './truth.mjs';
import { fields, Wires } from './wire.mjs';

const tickMs = 5;
const hangMs = 1_000;          // what the issue allows
const lossNoticedMs = 1_000;   // by plain SQL: nobody was answered, so it is seen a moment later
const sweepAtOnce = 64;
const mostAtOnce = 200;        // of the requests of one tick, after a stall of our own

/** How often a second. */
export const usualRates = { me: 940, page: 20, ended: 40, refresh: 40, signIn: 4, signOut: 4, rename: 2, decide: 4, sql: 2 };

const readingKinds = new Set(['me', 'page']);

const nextActions = {
  pending: ['approve', 'approve', 'approve', 'reject'],
  active: ['suspend'],
  rejected: ['reconsider'],
  suspended: ['reinstate'],
};
const statusAfter = { approve: 'active', reject: 'rejected', reconsider: 'pending', suspend: 'suspended', reinstate: 'active' };

export class Traffic {
  tally = new Tally();
  #stack;
  #people;
  #living = [];
  #ended = [];
  #nodes;
  #random = new Random();
  #stalls = new Stalls();
  #sql;
  #rates;
  #owed = {};
  #timer = null;
  #last = 0;
  #underWay = 0;
  #changes = false;
  #admin;

  /** @param people - Persons with sessions; @param admin - a Person with one session */
  constructor(stack, { people, admin, rates = usualRates }) {
    this.#stack = stack;
    this.#people = people;
    this.#living = people.flatMap((person) => person.sessions);
    this.#admin = admin.sessions[0];
    this.setRates(rates);
    this.#nodes = stack.auths.map((service, index) => ({ index, service, wires: new Wires(service.port), upSince: -Infinity }));
    this.#sql = new SqlShell(stack.databasePath);
  }

  get longestStall() { return this.#stalls.longest; }

  start() {
    this.#changes = true;
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  async stop() {
    clearInterval(this.#timer);
    this.#changes = false;
    await this.#idle();
    for (const { wires } of this.#nodes) wires.close();
    this.#stalls.stop();
    this.#sql.close();
  }

  /** Runs `body` under load; what was counted meanwhile. */
  async during(body) {
    this.tally = new Tally();
    const { tally } = this;
    await body();
    return tally;
  }

  run(ms) { return this.during(() => sleep(ms)); }

  /** From now on nothing is asked of this node, and what it had been asked may get lost. */
  nodeDown(index) { this.#nodes[index].downFrom = performance.now(); }
  nodeUp(index) { Object.assign(this.#nodes[index], { upSince: performance.now(), downFrom: undefined }); }

  setRates(rates) { this.#rates = rates; }

  /** While `body` runs nobody changes anything, and no change is under way. Checks go on. */
  async withoutChanges(body) {
    this.#changes = false;
    await this.#idle();
    try {
      return await body();
    } finally {
      this.#changes = true;
    }
  }

  /** Asks every node for every session, living and ended; what came of that. */
  sweep() {
    return this.during(async () => {
      const jobs = this.#nodes.flatMap((node) => [...this.#living, ...this.#ended].map((session) => () => this.#me(session, node)));
      const next = () => jobs.pop()?.().then(next);
      await Promise.all(Array.from({ length: sweepAtOnce }, next));
    });
  }

  get people() { return this.#people; }
  get living() { return this.#living; }

  async #idle() {
    await until(() => this.#underWay === 0, { what: 'all changes having their answers', withinMs: 10_000 });
  }

  /** What was answered against the ledger: what differs. From then on nothing is uncertain. Without changes only. */
  async compareWithLedger() {
    const sessions = await this.#sql.rows(
      'SELECT s.id, s.ended_at_ms IS NULL AND s.epoch = u.epoch AND u.status <> \'suspended\' FROM sessions s JOIN users u ON u.id = s.user_id');
    const alive = new Map(sessions.map(([id, lives]) => [id, lives === '1']));
    const users = await this.#sql.rows('SELECT id, status, version FROM users');
    const facts = new Map(users.map(([id, status, version]) => [id, { status, version: Number(version) }]));
    const now = performance.now();
    const differences = [];
    for (const person of this.#people) {
      const { status, version } = facts.get(person.id);
      person.status = status;
      person.version = version;
      person.retry = undefined;
      for (const session of person.sessions) {
        const lives = alive.get(session.id) ?? false;
        if (!lives && session.seemsAlive) differences.push(`${session.id} ended without being asked to`);
        if (lives && session.endedFrom < now) differences.push(`${session.id} lives on after its end was answered`);
        session.settle(lives, now);
      }
    }
    this.#sort();
    return differences;
  }

  #sort() {
    const all = this.#people.flatMap((person) => person.sessions);
    this.#living = all.filter((session) => session.seemsAlive);
    this.#ended = all.filter((session) => !session.seemsAlive);
  }

  #tick() {
    const now = performance.now();
    const seconds = Math.min(now - this.#last, 100) / 1_000;
    this.#last = now;
    let left = mostAtOnce;
    for (const [kind, rate] of Object.entries(this.#rates)) {
      this.#owed[kind] = (this.#owed[kind] ?? this.#random.next()) + rate * seconds;
      for (; this.#owed[kind] >= 1; this.#owed[kind] -= 1) if (left-- > 0) this.#act(kind);
    }
  }

  #act(kind) {
    const node = this.#anyNode();
    if (!node) return;
    if (kind === 'ended') return this.#ended.length > 0 && this.#me(this.#random.of(this.#ended), node);
    if (kind === 'decide' || kind === 'sql') return this.#changes && this.#decide(node, kind === 'sql');
    if (kind === 'signIn') return this.#changes && this.#signIn(this.#random.of(this.#people), node);
    if (this.#living.length === 0) return;
    const at = this.#random.below(this.#living.length);
    const session = this.#living[at];
    if (kind === 'me') return this.#me(session, node);
    if (kind === 'page') return this.#page(session, node);
    if (!this.#changes) return;
    if (kind === 'refresh') return this.#refresh(session, node);
    if (kind === 'rename') return this.#rename(session, node);
    if (kind === 'signOut') return this.#signOut(session, node);
    throw new Error(`no such kind of load: ${kind}`);
  }

  #anyNode() {
    const up = this.#nodes.filter((node) => node.downFrom === undefined);
    return up.length > 0 ? this.#random.of(up) : undefined;
  }

  /** Sends it, counts what has to be counted for every answer; the answer, or nothing if there is none to judge. */
  async #exchange(kind, node, session, method, path, body) {
    const { origin } = this.#stack;
    const address = (session?.person ?? body?.person)?.address ?? '192.0.2.1';
    const text = body?.json === undefined ? '' : JSON.stringify(body.json);
    const pending = node.wires.exchange(
      `${method} ${path} HTTP/1.1\r\nHost: ${origin.slice(7)}\r\nX-Forwarded-For: ${address}\r\n`
      + (session ? `Cookie: ${session.cookie}\r\n` : '')
      + (method === 'GET' ? '' : `Origin: ${origin}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n`)
      + `\r\n${text}`);
    const { tally } = this;
    if (!pending) {
      tally.notSent += 1;
      return undefined;
    }
    const changes = !readingKinds.has(kind);
    if (changes) this.#underWay += 1;
    const answer = await pending;
    if (changes) this.#underWay -= 1;
    answer.kind = kind;
    answer.tally = tally;
    answer.node = node.index;
    tally.answered(kind, answer);
    this.#judgeForm(answer, node, session);
    return answer.status === 0 ? undefined : answer;
  }

  #judgeForm(answer, node, session) {
    const { kind, status, sent, answered } = answer;
    const wrong = (what, detail = '') => this.#violated(answer, session, what, detail);
    if (status === 0) {
      answer.tally.lost += 1;
      const excused = node.downFrom !== undefined || node.upSince > sent;
      if (!excused) wrong('connections lost', answer.lost);
      return;
    }
    const took = answered - sent;
    if (took > hangMs && took - this.#stalls.within(sent, answered) > hangMs) wrong('later than 1 s', `${took.toFixed(0)} ms`);
    if (status >= 500 && status !== 503) wrong(`${status}`);
    if (status === 503 && fields(answer, 'retry-after').length === 0) wrong('503 without Retry-After');
    const clears = fields(answer, 'set-cookie').some((field) => /^[^=]+=;|;\s*max-age=0\b/i.test(field));
    if (clears && session && !(session.endPossibleFrom < answered)) wrong('cookies cleared of the living');
    if (clears && kind === 'signOut' && status !== 200) wrong('cookies cleared without an end');
  }

  #violated(answer, session, what, detail = '') {
    const { kind, node, status, sent, answered } = answer;
    const of = session ? `session ${session.id} of ${session.person.id}` : '';
    const since = (time) => (Number.isFinite(time) ? `${(sent - time).toFixed(0)} ms before` : 'never');
    const ends = session ? `; end sent ${since(session.endPossibleFrom)}, answered ${since(session.endedFrom)}, 401 ${since(session.deniedFrom)}` : '';
    const code = /"code":"([a-z_]+)"/.exec(answer.body)?.[1] ?? '';
    answer.tally.violated(what, `${kind} on node ${node} got ${status} ${code} ${detail} after ${(answered - sent).toFixed(1)} ms (${of}${ends})`);
  }

  #judgeAdmission(answer, session, admitted) {
    const wrong = session.judge(answer, admitted);
    if (wrong) this.#violated(answer, session, wrong);
    if (!admitted) {
      this.#living = this.#living.filter((each) => each !== session);
      if (!this.#ended.includes(session)) this.#ended.push(session);
    }
  }

  #judgeUser(answer, session, person, user, floor) {
    const wrong = person.judge(user, floor);
    if (wrong) this.#violated(answer, session, wrong, `version ${user.version} ${user.status}, floor ${JSON.stringify(floor)}`);
  }

  /** Answers that carry the user: 200, 401 and 503 are what there is. */
  #judgeAnswer(answer, session, floor) {
    if (answer.status === 200) {
      this.#judgeAdmission(answer, session, true);
      this.#judgeUser(answer, session, session.person, JSON.parse(answer.body).user, floor);
    } else if (answer.status === 401) {
      this.#judgeAdmission(answer, session, false);
    } else if (answer.status !== 503) {
      this.#violated(answer, session, 'unexpected answers');
    }
  }

  async #me(session, node) {
    const floor = session.person.floor(node.index);
    const answer = await this.#exchange('me', node, session, 'GET', '/api/auth/me');
    if (answer) this.#judgeAnswer(answer, session, floor);
  }

  async #page(session, node) {
    const answer = await this.#exchange('page', node, session, 'GET', '/');
    if (!answer || answer.status === 503) return;
    const [location] = fields(answer, 'location');
    if (answer.status !== 303 && answer.status !== 302) return this.#violated(answer, session, 'unexpected answers');
    this.#judgeAdmission(answer, session, location !== '/login');
  }

  async #refresh(session, node) {
    const floor = session.person.floor(node.index);
    const answer = await this.#exchange('refresh', node, session, 'POST', '/api/auth/refresh-session', { json: {} });
    if (!answer) return;
    this.#judgeAnswer(answer, session, floor);
    const [cookie] = fields(answer, 'set-cookie');
    if (answer.status === 200 && cookie) session.cookie = cookie.split(';')[0];
  }

  async #rename(session, node) {
    const floor = session.person.floor(node.index);
    const json = { displayName: `Crowd ${this.#random.below(1_000_000)}` };
    const answer = await this.#exchange('rename', node, session, 'PATCH', '/api/stage-manager/profile', { json });
    if (!answer || answer.status === 403) return;
    this.#judgeAnswer(answer, session, floor);
  }

  async #signIn(person, node) {
    const sent = performance.now();
    const json = { email: person.email, password: person.password };
    const answer = await this.#exchange('signIn', node, undefined, 'POST', '/api/auth/login', { json, person });
    if (!answer || answer.status === 503 || answer.status === 429) return;
    if (answer.status === 403 && answer.body.includes('"account_suspended"')) {
      const couldBe = person.status === 'suspended' || person.ends.some((end) => end.sent < answer.answered);
      if (!couldBe) this.#violated(answer, undefined, 'sign-ins refused', person.id);
      return;
    }
    if (answer.status !== 200) return this.#violated(answer, undefined, 'sign-ins refused', person.id);
    const cookie = fields(answer, 'set-cookie')[0].split(';')[0];
    const id = sessionIdOf(cookie);
    const session = new Session(person, id, cookie, { sent, answered: answer.answered });
    (session.seemsAlive ? this.#living : this.#ended).push(session);
  }

  async #signOut(session, node) {
    const end = session.endSent(performance.now());
    this.#living = this.#living.filter((each) => each !== session);
    this.#ended.push(session);
    const answer = await this.#exchange('signOut', node, session, 'POST', '/api/auth/logout', { json: {} });
    if (answer?.status === 200) end.certain(answer.answered);
    else if (answer && answer.status !== 503) this.#violated(answer, session, 'unexpected answers');
  }

  async #decide(node, bySql) {
    const person = this.#random.of(this.#people);
    if (person.deciding) return;
    person.deciding = true;
    const action = person.retry ?? this.#random.of(nextActions[person.status]);
    person.retry = action;
    const end = action === 'suspend' ? person.allEndSent(performance.now()) : undefined;
    await (bySql ? this.#decideBySql(person, action, end) : this.#decideByApi(person, action, end, node));
    if (end) this.#sort();
    person.deciding = false;
  }

  async #decideByApi(person, action, end, node) {
    const answer = await this.#exchange('decide', node, this.#admin, 'POST', `/api/admin/stage-managers/${person.id}/${action}`, { json: {} });
    if (!answer || answer.status === 503) return;
    if (answer.status === 401) return this.#judgeAdmission(answer, this.#admin, false);
    if (answer.status !== 200) return this.#violated(answer, this.#admin, 'unexpected answers', `${action} of ${person.id}`);
    const { user, delivery } = JSON.parse(answer.body);
    this.tally.answered(`decision ${delivery}`, answer);
    person.changed(user, delivery === 'relayed');
    this.#decided(person, action);
    end?.certain(answer.answered);
  }

  async #decideBySql(person, action, end) {
    const to = statusAfter[action];
    this.#underWay += 1;
    const rows = await this.#sql.rows(`UPDATE users SET status='${to}' WHERE id='${person.id}'; `
                                      + `SELECT version, status FROM users WHERE id='${person.id}'`);
    this.#underWay -= 1;
    const [[version, status]] = rows.length > 0 ? rows : [[]];
    if (status !== to) return;
    person.changed({ version: Number(version), status }, false);
    this.#decided(person, action);
    const now = performance.now();
    end?.certain(now, now + lossNoticedMs);
  }

  #decided(person, action) {
    person.status = statusAfter[action];
    person.retry = undefined;
  }
}

/** The session id that a token carries: 16 bytes after format, key id and user id. */
function sessionIdOf(cookie) {
  const hex = Buffer.from(cookie.split('=')[1], 'base64url').subarray(18, 34).toString('hex');
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}
