// The database is locked or its disk is full: checks go on from Redis, what has to write gets 503 and is told when to
// come again.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { openHouse } from '../support/load/loaded_stack.mjs';
import { restingChanges } from '../support/load/proof.mjs';

const diskBytes = 24 * 1024 * 1024;

/** A small disk for the database, where the system lets us have one. */
function smallDisk() {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'stagedoor-chaos', folder], { stdio: 'pipe' });
  } catch {
    rmdirSync(folder);
    return undefined;
  }
  process.on('exit', () => {
    execFileSync('umount', ['-l', folder]);
    rmdirSync(folder);
  });
  return folder;
}

/** Writes until nothing more fits. */
function fill(path) {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(4_096);
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}

let house;
const disk = smallDisk();
before(async () => { house = await openHouse({ databaseFolder: disk }); });
after(() => house?.close());
const fault = (name, does, options = {}) => test(name, options, (t) => house.fault(does)(t));

/** Somebody at the sqlite3 shell who takes the lock and goes for lunch. */
class Lock {
  #shell;

  async take({ stack }) {
    this.#shell = spawn('sqlite3', [stack.databasePath], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#shell.stdin.write('.timeout 5000\nBEGIN EXCLUSIVE;\n.print locked\n');
    await new Promise((resolve) => { this.#shell.stdout.once('data', resolve); });
  }

  async release() {
    this.#shell.stdin.end('ROLLBACK;\n');
    await new Promise((resolve) => { this.#shell.once('close', resolve); });
  }
}

fault('a foreign writer holds the lock', (all) => {
  const lock = new Lock();
  return { begin: () => lock.take(all), end: () => lock.release(), served: { check: 0.999, ...restingChanges } };
});

fault('the disk is full', () => ({
  begin() { fill(join(disk, 'ballast')); },
  end() { rmSync(join(disk, 'ballast')); },
  served: { check: 0.999, ...restingChanges },
}), { skip: disk ? false : 'no right to mount a small disk' });

fault('no file may grow', ({ stack }) => {
  const limit = (bytes) => stack.auths.forEach(({ pid }) => execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}`]));
  return { begin: () => limit('4096:unlimited'), end: () => limit('unlimited:unlimited'), served: { check: 0.999, ...restingChanges } };
});

fault('a foreign writer holds the lock while Redis is away', (all) => {
  const lock = new Lock();
  return {
    async begin() {
      await lock.take(all);
      await all.everyAuthGate((gate) => gate.refuse());
    },
    async end() {
      await lock.release();
      await all.everyAuthGate((gate) => gate.pass());
    },
    served: restingChanges,
  };
});
