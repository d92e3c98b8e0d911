// A child process of a test: it is waited for, ended by its pid, and its output is at hand when something fails.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const politeMs = 10_000;       // from SIGTERM to SIGKILL; longer than the services' drain
const outputKept = 400_000;    // characters of the newest output of one process

const [lowestPort, highestPort] = [12_000, 32_000];

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/**
 * Free loopback ports, below those that systems give to outgoing connections (Linux: from 32768): else one of thousands
 * of connections takes the port of a server that is being started again.
 */
export async function freePorts(count) {
  const ports = [];
  while (ports.length < count) {
    const port = lowestPort + Math.floor(Math.random() * (highestPort - lowestPort));
    if (!ports.includes(port) && await isFree(port)) ports.push(port);
  }
  return ports;
}

function isFree(port) {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** Calls `probe` until it returns something true; that is the result. A probe that throws counts as not yet. */
export async function until(probe, { what = 'a condition', withinMs = 10_000, everyMs = 20 } = {}) {
  const deadline = performance.now() + withinMs;
  let last;
  for (;;) {
    try {
      const value = await probe();
      if (value) return value;
    } catch (error) {
      if (error.fatal) throw error;
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`, { cause: last });
    await sleep(everyMs);
  }
}

export class ChildProcess {
  environment = {};  // beside that of this process, from the next start on
  #command;
  #options;
  #child = null;
  #ended = null;
  #output = '';

  /** @param {string[]} command - program and arguments */
  constructor(name, command, options = {}) {
    this.name = name;
    this.#command = command;
    this.#options = options;
  }

  get pid() { return this.#child?.pid; }
  get running() { return this.#child !== null; }
  get output() { return this.#output; }

  /** Starts it, and resolves when `ready()` is true. Fails at once if the process ends before. */
  async start(ready = () => true) {
    const [program, ...args] = this.#command;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...this.environment }, ...this.#options });
    this.#child = child;
    running.add(child);
    let spawnError = null;
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => { spawnError = error; resolve(); });
      child.once('close', resolve);
    }).then(() => {
      running.delete(child);
      if (this.#child === child) this.#child = null;
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => { this.#output = (this.#output + text).slice(-outputKept); });
    }
    await until(() => {
      if (this.#child === child) return ready();
      const why = spawnError?.message ?? `code ${child.exitCode}, signal ${child.signalCode}`;
      throw Object.assign(new Error(`${this.name} ended at start: ${why}\n${this.#output}`), { fatal: true });
    }, { what: `${this.name} being ready` });
    return this;
  }

  /** Asks it to end and waits; insists after a while. */
  async stop(signal = 'SIGTERM') {
    if (!this.#child) return;
    const child = this.#child;
    child.kill(signal);
    const insist = setTimeout(() => child.kill('SIGKILL'), politeMs);
    await this.#ended;
    clearTimeout(insist);
  }

  /** SIGKILL, as a crash would. */
  kill() {
    return this.stop('SIGKILL');
  }
}
