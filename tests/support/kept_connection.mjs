// One kept-alive HTTP/1.1 connection with as little between a test and the socket as can be: for rounds by the ten
// thousand, and for times that a bigger client would blur.
import { connect } from 'node:net';

export class KeptConnection {
  #socket;
  #text = '';
  #waiting = null;

  constructor(port, headers = {}) {
    this.headers = { host: `127.0.0.1:${port}`, ...headers };
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (text) => { this.#text += text; this.#take(); });
    const fail = (why) => { this.#waiting?.reject(why instanceof Error ? why : new Error('the connection was closed')); this.#waiting = null; };
    this.#socket.on('error', fail).on('close', fail);
  }

  /** `{status, body}`; one request at a time. */
  request(method, path, body, headers = {}) {
    const text = body === undefined ? '' : JSON.stringify(body);
    const fields = { ...this.headers, ...headers, ...(text ? { 'content-type': 'application/json', 'content-length': text.length } : {}) };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(`${method} ${path} HTTP/1.1\r\n${lines}\r\n${text}`);
    });
  }

  close() { this.#socket.destroy(); }

  #take() {
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0 || !this.#waiting) return;
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(this.#text.slice(0, end + 2))?.[1] ?? 0);
    if (this.#text.length < end + 4 + length) return;  // all bodies of these tests are ASCII
    const status = Number(this.#text.slice(9, 12));
    const body = this.#text.slice(end + 4, end + 4 + length);
    this.#text = this.#text.slice(end + 4 + length);
    const { resolve } = this.#waiting;
    this.#waiting = null;
    resolve({ status, body: body === '' ? null : JSON.parse(body) });
  }
}
