// A program of a test on a terminal of its own, where it may ask, draw, and be stopped by Ctrl-C.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { until } from './process.mjs';

const script = fileURLToPath(new URL('terminal.py', import.meta.url));

export const ctrlC = '\x03';

export class Terminal {
  output = '';  // all that was written, with what moves the cursor
  #child;

  /** @param {string[]} command - program and arguments */
  constructor(command, { env = {}, columns = 100 } = {}) {
    this.#child = spawn('/usr/bin/python3', [script, String(columns), ...command], {
      env: { PATH: process.env.PATH, TERM: 'xterm', ...env }, stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.setEncoding('utf8').on('data', (text) => {
      this.output += text;
      this.onOutput?.();
    });
    /** The exit code; negative: by that signal. */
    this.ended = new Promise((done, failed) => { this.#child.once('error', failed).once('close', done); });
  }

  type(keys) { this.#child.stdin.write(keys); }
  says(pattern) { return until(() => pattern.exec(this.output), { what: `${pattern} on the terminal`, withinMs: 30_000 }); }

  /** Resolves as soon as `pattern` is there, in the very turn that brought it. */
  async at(condition) {
    await new Promise((done) => { this.onOutput = () => { if (condition(this)) { this.onOutput = null; done(); } }; this.onOutput(); });
  }

  /** What stays to be read: of a line that was drawn over the last drawing, without colours. */
  get text() {
    return this.output.split('\n').map((line) => line.replace(/\r$/, '').split('\r').at(-1).replace(/\x1b\[[0-9;]*[Km]/g, '')).join('\n');
  }
}

const drawing = /([a-z ]+) \[(#*)(\.*)\] (\d+)\/(\d+)(?: {2}(\d+)\/s)?/g;

/** Every progress bar that was drawn: `{what, share, done, total, rate}`, share of 30. */
export function barsIn(output) {
  return [...output.matchAll(drawing)].map(([, what, full, open, done, total, rate]) =>
    ({ what, full: full.length, width: full.length + open.length, done: Number(done), total: Number(total), rate: rate && Number(rate) }));
}
