// stagectl as a process, with a configuration of its own: what it printed, and how it left.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(resolve(root, process.env.STAGEDOOR_BUILD_DIR ?? 'build/release'), 'auth-service', 'stagectl');
const timeMs = 120_000;

/** The codes of failure.hpp. */
export const exits = {
  done: 0, partial: 1, usage: 2, notSignedIn: 3, forbidden: 4, notFound: 5, conflict: 6, unreachable: 7, unavailable: 8,
  notUnderstood: 9, notDelivered: 10, unhealthy: 11, notWritten: 12, interrupted: 130,
};

export class Stagectl {
  #folder;

  static async at(server) {
    const made = new Stagectl();
    made.#folder = await mkdtemp(join(tmpdir(), 'stagectl-'));
    made.server = server;
    return made;
  }

  get program() { return program; }
  get environment() {
    return { PATH: process.env.PATH, XDG_CONFIG_HOME: this.#folder, ...(this.server ? { STAGEDOOR_SERVER: this.server } : {}) };
  }
  get credentials() { return join(this.#folder, 'stagedoor', 'credentials.json'); }

  /** A process under way, killed after `withinMs`: `child`, what it has `told`, and `ended`, a promise of {code, stdout, stderr}. */
  start(args, { input = '', env = {}, server = this.server, withinMs = timeMs } = {}) {
    const child = spawn(program, args, {
      env: { ...this.environment, ...(server ? { STAGEDOOR_SERVER: server } : {}), ...env },
      timeout: withinMs,
    });
    const told = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => { told[name] += text; });
    child.stdin.on('error', () => {}).end(input);
    const ended = new Promise((done, failed) => {
      child.once('error', failed).once('close', (code) => done({ code, ...told }));
    });
    return { child, told, ended };
  }

  run(args, options) { return this.start(args, options).ended; }

  async json(args, options) {
    const { code, stdout, stderr } = await this.run([...args, '--output', 'json'], options);
    if (stdout === '') throw new Error(`stagectl ${args.join(' ')} left with ${code}: ${stderr}`);
    return { code, stderr, value: JSON.parse(stdout) };
  }

  login({ email, password }) {
    return this.run(['login', '--email', email, '--password-stdin'], { input: `${password}\n` });
  }

  stop() { return rm(this.#folder, { recursive: true, force: true }); }
}
