// One request to one node, and what has to hold of every answer, whatever was asked: in time, 503 where nobody can tell
// and then with Retry-After, and no cookie cleared of a session that lives.
import { Stalls } from './stalls.mjs';
import { Tally } from './tally.mjs';
import { fields } from './wire.mjs';

const hangMs = 1_000;  // what the product promises; what this process slept through is taken off
const hashingKinds = new Set(['signIn', 'changePassword']);

export class Caller {
  tally = new Tally();
  changesUnderWay = new Set();
  #origin;
  stalls = new Stalls();

  constructor(origin) { this.#origin = origin; }

  stop() { this.stalls.stop(); }

  /**
   * @param what - `{kind, node, method, path, json, session, person}`: `person` where no session is presented
   * @returns the answer with `kind`, `node` and `tally`, or nothing if there is none to judge
   */
  async exchange({ kind, node, method = 'GET', path, json, session, person = session?.person }) {
    const text = json === undefined ? '' : JSON.stringify(json);
    const reads = method === 'GET';
    const { tally } = this;
    const pending = node.wires.exchange(
      `${method} ${path} HTTP/1.1\r\nHost: ${this.#origin.slice('http://'.length)}\r\nX-Forwarded-For: ${person.address}\r\n`
      + (session ? `Cookie: ${session.cookie}\r\n` : '')
      + (reads ? '' : `Origin: ${this.#origin}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n`)
      + `\r\n${text}`);
    if (!pending) {
      tally.notSent += 1;
      return undefined;
    }
    tally.asked(kind);
    const answer = await (reads ? pending : this.asChange(`${kind} on node ${node.index}`, pending));
    Object.assign(answer, { kind, node: node.index, tally });
    tally.answered(kind, answer);
    this.#judge(answer, node, session);
    return answer.status === 0 ? undefined : answer;
  }

  /** Waits for a change, and lets others know that it is under way. */
  async asChange(name, pending) {
    const change = { name };
    this.changesUnderWay.add(change);
    try {
      return await pending;
    } finally {
      this.changesUnderWay.delete(change);
    }
  }

  #judge(answer, node, session) {
    const { kind, status, sent, answered } = answer;
    if (status === 0) {
      const excused = node.downFrom !== undefined || node.upSince > sent;
      if (!excused) this.violated(answer, session, 'connections lost', answer.lost);
      return;
    }
    const took = answered - sent;
    if (took > hangMs && took - this.#excused(answer) > hangMs) this.violated(answer, session, 'later than 1 s');
    if (status >= 500 && status !== 503) this.violated(answer, session, `${status}`);
    if (status === 503 && fields(answer, 'retry-after').length === 0) this.violated(answer, session, '503 without Retry-After');
    const clears = fields(answer, 'set-cookie').some((field) => /^[^=]+=;|;\s*max-age=0\b/i.test(field));
    if (clears && session && !(session.endPossibleFrom < answered)) this.violated(answer, session, 'cookies cleared of the living');
    if (clears && kind === 'signOut' && status !== 200) this.violated(answer, session, 'cookies cleared without an end');
  }

  // Passwords are hashed by threads that give way to session checks, and so to everything else on the machine.
  #excused({ kind, sent, answered }) {
    const stalled = this.stalls.within(sent, answered);
    return hashingKinds.has(kind) ? stalled + this.stalls.busyWithin(sent, answered) : stalled;
  }

  /** Counts something that must not be, and keeps what is needed to find out why. */
  violated(answer, session, what, detail = '') {
    const { kind, node, status, sent, answered, body } = answer;
    const since = (time) => (Number.isFinite(time) ? `${(sent - time).toFixed(0)} ms before` : 'never');
    const whose = session && `session ${session.id} of ${session.person.id}: end sent ${since(session.endPossibleFrom)}, `
                             + `answered ${since(session.endedFrom)}, 401 ${since(session.deniedFrom)}`;
    const code = /"code":"([a-z_]+)"/.exec(body)?.[1];
    answer.tally.violated(what, [kind, `on node ${node}`, `got ${status}`, code, detail, `after ${(answered - sent).toFixed(1)} ms`,
                                 whose && `(${whose})`].filter(Boolean).join(' '));
  }
}
