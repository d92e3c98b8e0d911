// HTTP/1.1 over kept-alive sockets, as cheap as a load needs it: what is sent is text, what comes back is taken apart no
// further than a judge has to look. Bodies are ASCII here.
import { connect } from 'node:net';

/**
 * @typedef {{status: number, head: string, body: string, sent: number, answered: number, lost?: string}} Answer
 *   times by performance.now(); `status` 0 with `lost` when the connection ended without an answer
 */

class Wire {
  #socket;
  #text = '';
  #waiting = null;
  idle = true;
  open = true;

  constructor(port) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text) => this.#take(text));
    this.#socket.on('error', (error) => this.#end(error.code ?? error.message));
    this.#socket.on('close', () => this.#end('closed'));
  }

  /** @returns {Promise<Answer>} */
  exchange(request) {
    this.idle = false;
    return new Promise((resolve) => {
      this.#waiting = { resolve, sent: performance.now() };
      this.#socket.write(request, 'latin1');
    });
  }

  close() { this.#socket.destroy(); }

  #take(text) {
    this.#text += text;
    const headEnd = this.#text.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const head = this.#text.slice(0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    const whole = headEnd + 4 + length;
    if (this.#text.length < whole) return;
    const body = this.#text.slice(headEnd + 4, whole);
    this.#text = this.#text.slice(whole);
    if (/\r\nconnection: *close/i.test(head)) this.close();
    this.#answer({ status: Number(head.slice(9, 12)), head, body });
  }

  #end(why) {
    this.open = false;
    this.#answer({ status: 0, head: '', body: '', lost: why });
  }

  #answer(what) {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.idle = true;
    waiting?.resolve({ ...what, sent: waiting.sent, answered: performance.now() });
  }
}

/** The connections to one node: as many as there are requests under way, up to a bound. */
export class Wires {
  #port;
  #all = [];
  #most;

  constructor(port, most = 600) {
    this.#port = port;
    this.#most = most;
  }

  /** @returns {Promise<Answer> | null} null when all connections are busy */
  exchange(request) {
    let wire = this.#all.find((each) => each.idle && each.open);
    if (!wire) {
      this.#all = this.#all.filter((each) => each.open);
      if (this.#all.length >= this.#most) return null;
      wire = new Wire(this.#port);
      this.#all.push(wire);
    }
    return wire.exchange(request);
  }

  close() {
    for (const wire of this.#all) wire.close();
  }
}

/** The values of all fields of this (lower-case) name. */
export function fields(answer, name) {
  return answer.head.split('\r\n').slice(1).filter((line) => line.toLowerCase().startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).trim());
}
