// The thread in which the gates of gate.mjs run.
import { connect, createServer } from 'node:net';
import { parentPort } from 'node:worker_threads';

/** One direction of one connection: bytes wait here until they are due, in order. */
class Way {
  #queue = [];
  #timer = null;
  #next = null;
  #behaviour = {};
  #from;
  #to;
  swallowedAny = false;
  holding = false;  // what was asked to be held back has come

  constructor(from, to) {
    this.#from = from;
    this.#to = to;
    from.on('data', (bytes) => this.#take(bytes));
  }

  behave(behaviour = {}) {
    this.#behaviour = behaviour;
    this.holding = false;
    if (behaviour.stalled) this.#from.pause();
    else this.#from.resume();
    this.#pump();
  }

  #take(bytes) {
    const { swallowed, sliceBytes, delayMs = 0 } = this.#behaviour;
    if (swallowed) {
      this.swallowedAny = true;
      return;
    }
    if (this.#behaviour.holdFrom && !this.holding) return this.#holdFrom(bytes, this.#behaviour.holdFrom);
    const due = performance.now() + delayMs;
    const step = sliceBytes ?? bytes.length;
    for (let at = 0; at < bytes.length; at += step) this.#queue.push({ due, bytes: bytes.subarray(at, at + step) });
    this.#pump();
  }

  #holdFrom(bytes, wanted) {
    const at = bytes.indexOf(wanted);
    const start = at < 0 ? bytes.length : startOfCommand(bytes, at);
    this.holding = at >= 0;
    if (start > 0) this.#to.write(bytes.subarray(0, start));
    if (start < bytes.length) this.#queue.push({ due: 0, bytes: bytes.subarray(start) });
  }

  #pump() {
    clearTimeout(this.#timer);
    clearImmediate(this.#next);
    const { stalled, sliceBytes, delayMs } = this.#behaviour;
    if (stalled || this.holding) return;
    while (this.#queue.length > 0) {
      const wait = delayMs ? this.#queue[0].due - performance.now() : 0;
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#pump(), wait);
        return;
      }
      this.#to.write(this.#queue.shift().bytes);
      if (sliceBytes && this.#queue.length > 0) {
        this.#next = setImmediate(() => this.#pump());  // so that the pieces are not joined again
        return;
      }
    }
  }
}

/** Where the script call begins in whose midst `at` is, if it began in these bytes. */
function startOfCommand(bytes, at) {
  const begins = [...bytes.toString('latin1', 0, at).matchAll(/\*\d+\r\n\$7\r\nEVALSHA\r\n/g)];
  return begins.at(-1)?.index ?? 0;
}

class Connection {
  subscribes = false;
  #behaviour = {};

  constructor(client, path) {
    this.client = client;
    this.server = connect(path);
    this.up = new Way(client, this.server);
    this.down = new Way(this.server, client);
    client.on('data', (bytes) => {
      if (this.subscribes || !bytes.includes('SUBSCRIBE')) return;
      this.subscribes = true;
      this.behave(this.#behaviour);
    });
    for (const socket of [client, this.server]) {
      socket.on('error', () => this.end());
      socket.on('close', () => this.end());
    }
    client.setNoDelay(true);
  }

  /** As the gate's behaviour says to all, or to those that subscribe. */
  behave(behaviour) {
    this.#behaviour = behaviour;
    const { cut, up, down } = (this.subscribes && behaviour.subscribers) || behaviour.ways || {};
    if (cut) return this.end();
    this.up.behave(up);
    this.down.behave(down);
  }

  get incomplete() { return this.up.swallowedAny || this.down.swallowedAny; }

  end() {
    this.client.resetAndDestroy();
    this.server.destroy();
  }
}

class Gate {
  #path;
  #server = null;
  #port;
  #behaviour = {};
  #connections = new Set();
  #unserved = new Set();

  constructor(path, port) {
    this.#path = path;
    this.#port = port;
  }

  open() { return this.#listen(); }

  async behave(behaviour) {
    this.#behaviour = behaviour;
    for (const connection of this.#connections) {
      const held = connection.incomplete && !behaviour.ways && !behaviour.subscribers;
      if (held || behaviour.refuse || behaviour.mute) connection.end();
      else connection.behave(behaviour);
    }
    if (!behaviour.mute) this.#dropUnserved();
    if (behaviour.refuse) await this.#unlisten();
    else if (!this.#server) await this.#listen();
  }

  get holds() { return [...this.#connections].some(({ up }) => up.holding); }

  cut() {
    for (const connection of this.#connections) connection.end();
    this.#dropUnserved();
  }

  async close() {
    this.cut();
    await this.#unlisten();
  }

  #accept(client) {
    if (this.#behaviour.mute) {
      client.on('error', () => {});
      this.#unserved.add(client);
      return;
    }
    const connection = new Connection(client, this.#path);
    this.#connections.add(connection);
    client.on('close', () => this.#connections.delete(connection));
    connection.behave(this.#behaviour);
  }

  #dropUnserved() {
    for (const client of this.#unserved) client.resetAndDestroy();
    this.#unserved.clear();
  }

  #listen() {
    this.#server = createServer((client) => this.#accept(client));
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
  }

  async #unlisten() {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    for (const connection of this.#connections) connection.end();
    await new Promise((resolve) => { server.close(resolve); });
  }
}

const gates = new Map();
const calls = {
  async open(_, { path, port }) {
    const id = gates.size + 1;
    const gate = new Gate(path, port);
    gates.set(id, gate);
    await gate.open();
    return id;
  },
  behave: (gate, behaviour) => gate.behave(behaviour),
  cut: (gate) => gate.cut(),
  holds: (gate) => gate.holds,
  close: (gate) => gate.close(),
};

parentPort.on('message', async ({ call, gate, what, argument }) => {
  try {
    parentPort.postMessage({ call, answer: await calls[what](gates.get(gate), argument) });
  } catch (error) {
    parentPort.postMessage({ call, error: error.message });
  }
});
