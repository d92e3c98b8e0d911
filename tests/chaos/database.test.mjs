// The disk of the database is full: checks go on from Redis, what has to write gets 503 and is told when to
// come again.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { openHouse } from '../support/load/loaded_stack.mjs';

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

let house;
const disk = smallDisk();
before(async () => { house = await openHouse({ databaseFolder: disk }); });
after(() => house?.close());
const fault = (name, does, options = {}) => test(name, options, (t) => house.fault(does)(t));

fault('the disk is full', () => ({
  begin() {
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(bavail * bsize));
  },
  end() { rmSync(join(disk, 'ballast')); },
  served: 0.999,
}), { skip: disk ? false : 'no right to mount a small disk' });

fault('no file may grow', ({ stack }) => {
  const limit = (bytes) => stack.auths.forEach(({ pid }) => execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}`]));
  return { begin: () => limit('4096:unlimited'), end: () => limit('unlimited:unlimited'), served: 0.999 };
});
