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
    this.socket.on('error', () => {});
  }

  /** A socket that was welcomed. */
  static async of(stack, cookie) {
    const listener = new Listener(stack, cookie);
    await listener.heard('connection.welcome');
    return listener;
  }

  count(type) { return this.frames.filter((frame) => frame.type === `stagedoor.${type}`).length; }
  heard(type, count = 1) { return until(() => this.count(type) >= count, { what: `${type} ×${count}` }); }
  closeCode() { return until(() => this.closed, { what: 'the close' }); }
  leave() { this.socket.terminate(); }
}
