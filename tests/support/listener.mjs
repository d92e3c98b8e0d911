// A WebSocket of a test, with a client that knows nothing of us: the `ws` package. It keeps what it hears.
import WebSocket from 'ws';

import { until } from './process.mjs';

export class Listener {
  frames = [];
  closed = null;

  /** @param cookie - the Cookie field of the device that listens */
  constructor(stack, cookie) {
    this.socket = new WebSocket(stack.socketUrl, ['cloudevents.json'], { headers: { cookie, origin: stack.origin } });
    this.socket.on('message', (data) => this.frames.push(JSON.parse(data)));
    this.socket.on('close', (code) => { this.closed = code; });
    this.socket.on('unexpected-response', (request) => { this.closed = 503; request.destroy(); });
    this.socket.on('error', () => {});
  }

  /** A socket that was welcomed. A node that has just lost Redis refuses at first: this comes back, as clients do. */
  static of(stack, cookie) {
    let listener = new Listener(stack, cookie);
    return until(() => {
      if (listener.count('connection.welcome') > 0) return listener;
      if (listener.closed) listener = new Listener(stack, cookie);
      return null;
    }, { what: 'a welcome', everyMs: 50 });
  }

  count(type) { return this.frames.filter((frame) => frame.type === `stagedoor.${type}`).length; }
  heard(type, count = 1) { return until(() => this.count(type) >= count, { what: `${type} ×${count}` }); }
  closeCode() { return until(() => this.closed, { what: 'the close' }); }
  leave() { this.socket.terminate(); }
}
