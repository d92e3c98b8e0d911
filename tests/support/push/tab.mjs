// One open tab: it listens with one session of its person, comes back with its cursor whenever its connection ends, asks
// to refresh where it is told to, and signs in anew when its session is over. It judges what it hears as it comes:
// every change exactly once and in order over all its connections, none behind a `closing`, none after the session.
import { setTimeout as sleep } from 'node:timers/promises';

const comeBackMs = 200;    // at most; drawn
const sessionOver = new Set([4401, 4403]);
const connectionType = 'stagedoor.connection.';

export class Tab {
  person;
  heard = [];       // {version, type, id, user, previousStatus, reason, epoch: of the session it was heard with}
  connections = 0;
  #house;
  #random;
  #session;
  #cursor = '';
  #connection = null;
  #stopped = false;

  /**
   * @param house - {nodes, origin, call, signIn, violated, random}: see push_house.mjs
   * @param session - {id, cookie, epoch, suspensions: how many its person had been sent before it began}
   * @param open - how it listens: see transports.mjs
   */
  constructor(house, person, session, open) {
    Object.assign(this, { person, open });
    this.#house = house;
    this.#random = house.random.child();
    this.#session = session;
  }

  /** The newest version heard; nothing before the first. */
  get known() { return this.heard.at(-1)?.version; }
  get isOpen() { return this.#connection?.welcomed ?? false; }

  start() { this.#comeBack(); }

  stop() {
    this.#stopped = true;
    this.#connection?.line.leave();
  }

  /** Loses its connection, as people do who go through a tunnel. */
  drop() { this.#connection?.line.leave(); }

  #comeBack(afterMs = this.#random.next() * comeBackMs, then = () => this.#connect()) {
    setTimeout(() => { if (!this.#stopped) then(); }, afterMs).unref();
  }

  #connect() {
    const { port } = this.#random.of(this.#house.nodes());
    const connection = { presented: this.#cursor, session: this.#session, welcomed: false, closing: null, line: null };
    this.#connection = connection;
    this.connections += 1;
    const call = { port, origin: this.#house.origin, cookie: this.#session.cookie, cursor: this.#cursor };
    connection.line = this.open(call, {
      frame: (frame) => { if (!this.#stopped) this.#take(connection, frame); },
      ended: (how) => { if (!this.#stopped) this.#ended(connection, how); },
    });
  }

  // --- what is heard ---

  #take(connection, frame) {
    if (connection.closing) this.#violated('a frame after closing', frame.type);
    if (frame.type === `${connectionType}welcome`) this.#welcomed(connection, frame);
    else if (frame.type === `${connectionType}closing`) connection.closing = frame.data;
    else if (frame.type === `${connectionType}heartbeat`) this.#compareCursor('a heartbeat', frame.data.cursor);
    else if (!frame.type.startsWith(connectionType)) this.#event(connection, frame);
  }

  // A link that was lost and came back says welcome again, on the same connection.
  #welcomed(connection, frame) {
    if (this.#cursor !== '' && !frame.data.resumed) {
      this.#violated('not resumed', `from ${this.#cursor}, but at ${frame.cursor}`);
    }
    if (frame.data.resumed) this.#compareCursor('a welcome', frame.cursor);
    connection.welcomed = true;
    this.#cursor = frame.cursor;
  }

  #compareCursor(what, cursor) {
    if (cursor !== this.#cursor) this.#violated(`${what} with another cursor`, `${cursor}, not ${this.#cursor}`);
  }

  #event(connection, { type, id, subject, cursor, data }) {
    const { version, user, previousStatus, reason } = data;
    if (!connection.welcomed) this.#violated('an event before a welcome', type);
    if (subject !== this.person.id) this.#violated("another's event", subject);
    if (this.known !== undefined && version !== this.known + 1) {
      this.#violated(version <= this.known ? 'an event twice' : 'an event missed', `version ${version} after ${this.known}`);
    }
    this.#cursor = cursor;
    this.heard.push({ version, type, id, user, previousStatus, reason, epoch: connection.session.epoch });
  }

  // --- coming back ---

  #ended(connection, { code, status }) {
    const { session } = connection;
    if (connection !== this.#connection) return;
    this.#connection = null;
    if (sessionOver.has(code) || status === 401) return void this.#sessionIsOver(session, `close code ${code}`);
    if (code === 4404) return this.#comeBack(undefined, () => this.#refresh(session));
    this.#comeBack();
  }

  async #refresh(session) {
    const answer = await this.#house.call({ path: '/api/auth/refresh-session', cookie: session.cookie });
    if (this.#stopped) return;
    if (answer.status === 401) return void this.#sessionIsOver(session, '401 at a refresh');
    if (answer.cookie) session.cookie = answer.cookie;
    this.#comeBack();
  }

  async #sessionIsOver(session, why) {
    if (this.person.suspensions === session.suspensions) this.#violated('told that a living session is over', `${why}, session ${session.id}`);
    let next = null;
    while (!next && !this.#stopped) {
      await sleep(this.#random.next() * comeBackMs);
      next = await this.#house.signIn(this.person);
    }
    if (this.#stopped) return;
    this.#session = next;
    this.#connect();
  }

  #violated(what, detail) { this.#house.violated(`${what}: ${detail} (${this.person.email})`); }
}
