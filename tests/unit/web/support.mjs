// A browser for the notifications' tests: sockets that the test plays the server of, and a clock that it moves.
import assert from 'node:assert/strict';

export class FakeSocket {
  readyState = 0;
  sentClose = null;

  constructor(url, protocols) {
    Object.assign(this, { url, protocols });
  }

  /** What the client has sent, as objects. */
  sent = [];

  send(text) {
    assert.equal(this.readyState, 1, 'only an open socket is written to');
    this.sent.push(JSON.parse(text));
  }

  say(type, { data = {}, ...more } = {}) {
    this.readyState = 1;
    this.onmessage?.({ data: JSON.stringify({ specversion: '1.0', id: 'i', source: '/stagedoor', type, data, ...more }) });
  }

  welcome(user, { cursor = 'c-0', ...more } = {}) {
    this.say('stagedoor.connection.welcome', { cursor, data: { user, resumed: false, heartbeatIntervalMs: 1_000, ...more } });
  }

  event(name, user, { reason = null } = {}) {
    this.say(`stagedoor.${name}`, { subject: user.id, cursor: `c-${user.version}`,
                                    data: { user, version: user.version, reason, previousStatus: 'pending' } });
  }

  closing(code, reconnect, afterMs = null) {
    this.say('stagedoor.connection.closing', { data: { code, reason: 'because', reconnect, afterMs } });
  }

  hangUp(code = 1006, reason = '') {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  close(code) {
    this.sentClose = code ?? 'none';
    this.readyState = 2;
  }
}

export function fakeBrowser({ random = () => 0.5 } = {}) {
  let now = 0;
  let ids = 0;
  const timers = new Map();
  const sockets = [];
  const browser = {
    sockets,
    get socket() { return sockets.at(-1); },
    get timers() { return timers.size; },
    refuse: false,
    WebSocket: class extends FakeSocket {
      constructor(...args) {
        super(...args);
        if (browser.refuse) throw new Error('blocked');
        sockets.push(this);
      }
    },
    pageUrl: 'http://localhost:8080/stage-manager-pending',
    setTimeout: (call, ms) => { timers.set(++ids, { at: now + ms, call }); return ids; },
    clearTimeout: (id) => timers.delete(id),
    now: () => now,
    random,
    window: new EventTarget(),
    document: Object.assign(new EventTarget(), { visibilityState: 'visible' }),

    // Moves the clock, running what falls due in its order, and lets promises settle in between.
    async pass(ms) {
      const end = now + ms;
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        const due = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
        if (!due) break;
        timers.delete(due[0]);
        now = due[1].at;
        due[1].call();
      }
      now = end;
    },

    // Moves the clock just as far as the next socket.
    async nextSocket() {
      const before = sockets.length;
      while (sockets.length === before) {
        await browser.pass(Math.min(...[...timers.values()].map(({ at }) => at)) - now);
      }
    },
  };
  return browser;
}

export const user = (version, status = 'pending', id = 'ada') => ({ id, version, status, role: 'stage_manager' });
