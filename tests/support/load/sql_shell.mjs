// The sqlite3 shell, kept open: somebody who types statements while everything runs.
import { spawn } from 'node:child_process';

export class SqlShell {
  #child;
  #output = '';
  #waiting = [];

  constructor(databasePath, { busyMs = 2_000 } = {}) {
    this.#child = spawn('sqlite3', ['-batch', '-list', '-separator', '\u001f', '-cmd', `.timeout ${busyMs}`, databasePath],
                        { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child.stdout.setEncoding('utf8').on('data', (text) => this.#take(text));
  }

  /** The rows of all statements, as arrays of texts. One that fails has none: look for what it should have done. */
  rows(statement) {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#child.stdin.write(`${statement};\n.print -- done\n`);
    });
  }

  #take(text) {
    this.#output += text;
    for (;;) {
      const end = this.#output.indexOf('-- done\n');
      if (end < 0) return;
      const lines = this.#output.slice(0, end).split('\n').slice(0, -1);
      this.#output = this.#output.slice(end + 8);
      this.#waiting.shift()(lines.map((line) => line.split('\u001f')));
    }
  }

  close() { this.#child.stdin.end(); }
}
