// What the benches that are scripts share: cores, CPU time, memory, and programs that are spoken to line by line.
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Servers have the first core; Redis and the load have the second. */
export const serverCore = '0';
export const loadCore = '1';

const buildDir = process.env.STAGEDOOR_BUILD_DIR ?? fileURLToPath(new URL('../../build/release', import.meta.url));
export const program = (name) => join(buildDir, 'tests/bench', name);

export const pin = (pid, core) => execFileSync('taskset', ['--all-tasks', '-cp', core, String(pid)], { stdio: 'ignore' });

/** CPU time of a process with all its threads, in µs. */
export function cpuOf(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce((sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]), 0) / 1000;
}

/** The same, thread by thread: `{name, us}`. */
export function cpuOfThreads(pid) {
  return readdirSync(`/proc/${pid}/task`).map((task) => ({
    name: readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim(),
    us: Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1000,
  }));
}

const kilobytes = (path, name) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(path, 'utf8'))[1]);

/** Resident bytes of a process. */
export const residentOf = (pid) => kilobytes(`/proc/${pid}/status`, 'VmRSS');

/** What the kernel has in its slabs (sockets, epoll entries, files) and in buffers of TCP, in bytes, of the whole machine. */
export function kernelBytes() {
  const pages = Number(/^TCP: .* mem (\d+)/m.exec(readFileSync('/proc/net/sockstat', 'utf8'))[1]);
  return kilobytes('/proc/meminfo', 'Slab') + 4096 * pages;
}

export const isListening = (port) => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
  socket.once('error', () => resolve(false));
});

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** A program that answers each line of its input by a line of JSON. */
export class Conversation {
  #child;
  #lines;

  constructor(command, core) {
    this.#child = spawn('taskset', ['-c', core, ...command.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async say(line) {
    this.#child.stdin.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${line}: no answer`);
    return JSON.parse(value);
  }

  async end() {
    const ended = new Promise((resolve) => { this.#child.once('close', resolve); });
    this.#child.stdin.end();
    await ended;
  }
}
