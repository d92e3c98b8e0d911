// A small gate between a service and Redis, after userver's TcpGate: it passes bytes on, or does to them what networks
// and dying servers do. Gates run in a thread of their own, so that they never wait for the test.
//
//   const gate = await openGate(redisSocket);      // the service connects to gate.url
//   await gate.stall('down');                      // requests arrive, answers stay away: half open
//   await gate.pass();
import { Worker } from 'node:worker_threads';

import { freePorts } from './process.mjs';

let worker = null;
let lastCall = 0;
const waiting = new Map();

function call(gate, what, argument) {
  if (!worker) {
    worker = new Worker(new URL('./gate_worker.mjs', import.meta.url));
    worker.unref();
    worker.on('message', ({ call: id, answer, error }) => {
      const { resolve, reject } = waiting.get(id);
      waiting.delete(id);
      if (waiting.size === 0) worker.unref();
      error ? reject(new Error(error)) : resolve(answer);
    });
  }
  worker.ref();
  const id = ++lastCall;
  worker.postMessage({ call: id, gate, what, argument });
  return new Promise((resolve, reject) => { waiting.set(id, { resolve, reject }); });
}

class Gate {
  #id;

  constructor(id, port) {
    this.#id = id;
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  #set(behaviour) { return call(this.#id, 'behave', behaviour); }

  /** As a wire: everything goes through. What was held back comes first; what was swallowed cannot, so those are cut. */
  pass() { return this.#set({}); }

  /** Nobody listens, and whoever was connected is cut off. */
  refuse() { return this.#set({ refuse: true }); }

  /** New connections are accepted and never served; those that stand are cut off. */
  mute() { return this.#set({ mute: true }); }

  /** Bytes stay where they are: on their way `up` (to Redis), `down` (to the service) or `both`. */
  stall(way = 'both') { return this.#set({ ways: waysOf(way, { stalled: true }) }); }

  /** Bytes vanish, as behind a firewall that has forgotten the connection. */
  swallow(way = 'both') { return this.#set({ ways: waysOf(way, { swallowed: true }) }); }

  /** Everything takes so much longer, each way. */
  delay(ms) { return this.#set({ ways: waysOf('both', { delayMs: ms }) }); }

  /** Everything arrives in pieces of so many bytes. */
  slice(bytes) { return this.#set({ ways: waysOf('both', { sliceBytes: bytes }) }); }

  /** What comes before the first command with this text goes up to Redis; that one, and all that follows it, stays here. */
  holdFrom(text) { return this.#set({ ways: waysOf('up', { holdFrom: text }) }); }

  /** Connections that subscribe to channels are cut off as soon as they do; all others pass. */
  cutSubscribers() { return this.#set({ subscribers: { cut: true } }); }

  /** Nothing comes down to connections that subscribe, as if nobody published; all others pass. */
  deafenSubscribers() { return this.#set({ subscribers: { down: { swallowed: true } } }); }

  /** Whether something is held back by holdFrom(). */
  get holds() { return call(this.#id, 'holds'); }

  /** Ends all connections with a reset; new ones are welcome. */
  cut() { return call(this.#id, 'cut'); }

  close() { return call(this.#id, 'close'); }
}

const waysOf = (way, behaviour) => ({
  ...(way === 'down' ? {} : { up: behaviour }),
  ...(way === 'up' ? {} : { down: behaviour }),
});

/** Opens a gate on a loopback port, in front of the unix socket `path`. */
export async function openGate(path) {
  const [port] = await freePorts(1);
  const id = await call(null, 'open', { path, port });
  return new Gate(id, port);
}
