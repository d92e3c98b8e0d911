// Open tabs: some of the crowd hold a WebSocket, come back with their cursor whenever it ends, and must hear of every
// change of themselves, in order, each at most once on one socket.
import WebSocket from 'ws';

const comeBackMs = 200;
const sessionOver = new Set([4401, 4403]);

class Listener {
  #stack;
  #person;
  #told;
  #cursor = '';
  #stopped = false;
  #socket = null;
  known = 0;  // the newest version heard of

  constructor(stack, person, told) {
    this.#stack = stack;
    this.#person = person;
    this.#told = told;
    this.#open();
  }

  get person() { return this.#person; }
  get hasSession() { return this.#person.sessions.some((session) => session.seemsAlive); }

  stop() {
    this.#stopped = true;
    this.#socket?.terminate();
  }

  #open() {
    if (this.#stopped) return;
    const session = this.#person.sessions.findLast((each) => each.seemsAlive);
    if (!session) return void setTimeout(() => this.#open(), comeBackMs).unref();
    const query = this.#cursor ? `?cursor=${this.#cursor}` : '';
    const socket = new WebSocket(this.#stack.socketUrl + query, ['cloudevents.json'],
                                 { headers: { cookie: session.cookie, origin: this.#stack.origin } });
    this.#socket = socket;
    let sent = 0;
    socket.on('message', (text) => {
      const frame = JSON.parse(text);
      if (frame.cursor) this.#cursor = frame.cursor;
      if (frame.type === 'stagedoor.connection.welcome') {
        sent = 0;
        this.known = Math.max(this.known, frame.data.user.version);
      } else if (frame.data?.version) {
        if (frame.data.version <= sent) this.#told(`${this.#person.id} heard version ${frame.data.version} after ${sent}`);
        sent = frame.data.version;
        this.known = Math.max(this.known, sent);
      }
    });
    socket.on('error', () => {});  // a refused upgrade too: `close` follows
    socket.on('close', (code) => {
      if (code === 4401 && !(session.endPossibleFrom < performance.now())) this.#told(`${this.#person.id} was told that a living session is over`);
      setTimeout(() => this.#open(), sessionOver.has(code) ? comeBackMs : comeBackMs * Math.random()).unref();
    });
  }
}

export class Listeners {
  #listeners;
  wrong = [];

  constructor(stack, people) {
    this.#listeners = people.map((person) => new Listener(stack, person, (what) => this.wrong.push(what)));
  }

  /** Those who do not know of `versions` (a Map by user id), though they have a session to listen with. */
  behind(versions) {
    return this.#listeners.filter(({ person, known, hasSession }) => hasSession && known !== versions.get(person.id))
      .map(({ person, known }) => `${person.id} knows ${known} of ${versions.get(person.id)}`);
  }

  stop() {
    for (const listener of this.#listeners) listener.stop();
  }
}
