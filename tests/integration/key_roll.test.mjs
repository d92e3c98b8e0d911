// Keys that sign session tokens: which file is taken, and rolling them under living sessions on two nodes (K4).
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { freePorts } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

const buildDir = process.env.STAGEDOOR_BUILD_DIR ?? fileURLToPath(new URL('../../build/release', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'stagedoor-keys-'));
let stack;
before(async () => { stack = await startStack({ authNodes: 2 }); });
after(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});
const told = (name, body) => test(name, (t) => stack.telling(body)(t));

const makeKey = () => randomBytes(32).toString('base64url');
const keyFile = () => join(stack.folder, 'keys');

/** Starts a service that is to refuse its key file; what it says. */
async function refusalOf(service, path) {
  const [port] = await freePorts(1);
  const flags = { 'auth-service': ['--database-url', `sqlite:${join(folder, 'refused.db')}`], 'notify-service': [] }[service];
  const started = spawnSync(join(buildDir, service, service),
    ['serve', '--listen', `127.0.0.1:${port}`, '--redis-url', 'unix:/nowhere', '--session-key-file', path,
     '--allowed-origin', 'http://localhost:8080', ...flags],
    { encoding: 'utf8', timeout: 20_000, env: { PATH: process.env.PATH } });
  assert.equal(started.status, 1, `${started.stdout}${started.stderr}`);
  return started.stderr;
}

const good = `1 ${makeKey()}\n`;
const refusals = [
  ['is readable by all', good, 0o644, /open to others \(mode 644\)/],
  ['is writable by all', good, 0o602, /open to others \(mode 602\)/],
  ['is writable by its group', good, 0o660, /open to others \(mode 660\)/],
  ['is empty', '', 0o600, /there is no key in it/],
  ['has only comments', '# 1 x\n\n', 0o600, /there is no key in it/],
  ['has a key of zeros', `1 ${Buffer.alloc(32).toString('base64url')}\n`, 0o600, /line 1: the key is weak/],
  ['has a key of one word over and over', `1 ${Buffer.from('password'.repeat(4)).toString('base64url')}\n`, 0o600, /line 1: the key is weak/],
  ['has a key that somebody counted', `1 ${Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64url')}\n`, 0o600, /line 1: the key is weak/],
  ['has a sentence for a key', `1 ${Buffer.from('correct horse battery staple 123').toString('base64url')}\n`, 0o600, /line 1: the key is weak/],
  ['has a short key', `1 ${randomBytes(16).toString('base64url')}\n`, 0o600, /line 1: the key has to be 32 bytes/],
  ['has a long key', `1 ${randomBytes(33).toString('base64url')}\n`, 0o600, /line 1: the key has to be 32 bytes/],
  ['has a key twice', `1 ${good.slice(2)}2 ${good.slice(2)}`, 0o600, /line 2: the key is there already/],
  ['has an id twice', `${good}1 ${makeKey()}\n`, 0o600, /line 2: the id is taken/],
  ['has an id that is too large', `256 ${makeKey()}\n`, 0o600, /line 1: the id has to be 0 to 255/],
  ['is too large', '#'.repeat(70_000), 0o600, /is too large/],
];
for (const [name, text, mode, why] of refusals) {
  told(`a key file that ${name} stops the start of both services, which say why and not the key`, async () => {
    const path = join(folder, 'refused');
    writeFileSync(path, text);
    chmodSync(path, mode);
    for (const service of ['auth-service', 'notify-service']) {
      const said = await refusalOf(service, path);
      assert.match(said, why);
      for (const [key] of text.matchAll(/[\w-]{20,}/g)) assert.ok(!said.includes(key), 'the key is told');
    }
    rmSync(path);
  });
}

told('what is no file, or cannot be made, stops the start', async () => {
  mkdirSync(join(folder, 'directory'));
  assert.match(await refusalOf('auth-service', join(folder, 'directory')), /is not a regular file/);
  assert.match(await refusalOf('auth-service', join(folder, 'nowhere', 'keys')), /is missing and cannot be made/);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', ['-m', '600', pipe]);
  for (const service of ['auth-service', 'notify-service']) {
    assert.match(await refusalOf(service, pipe), /is not a regular file/, 'nobody ever writes into it');
  }
  symlinkSync(join(folder, 'gone'), join(folder, 'dangling'));
  assert.match(await refusalOf('auth-service', join(folder, 'dangling')), /cannot be/);
  assert.match(await refusalOf('notify-service', join(folder, 'absent')), /cannot be read/);
  assert.ok(!existsSync(join(folder, 'absent')), 'notify-service makes no keys');
});

told('a missing key file is made for its owner alone, once for all nodes, and one that was made is taken as it is', async () => {
  assert.equal(statSync(keyFile()).mode & 0o777, 0o600);
  const made = readFileSync(keyFile(), 'utf8');
  assert.match(made, /^#.*\n1 [\w-]{43}\n$/);
  await stack.auths[1].stop();
  await stack.auths[1].start();
  assert.equal(readFileSync(keyFile(), 'utf8'), made);
});

/** Puts these lines in force, one node after the other; each node meets tokens of the other all the while. */
async function roll(lines, whileOneIsNew) {
  writeFileSync(keyFile(), lines.join('\n') + '\n');
  for (const node of stack.auths) {
    await node.stop();
    await node.start();
    await whileOneIsNew();
  }
}

const keyIdOf = (device) => Buffer.from(device.cookie.split('=')[1], 'base64url')[1];

told('keys are rolled in two phases under living sessions on two nodes, and nobody is signed out', async () => {
  const oldLine = readFileSync(keyFile(), 'utf8').split('\n').find((line) => line.startsWith('1 '));
  const newLine = `2 ${makeKey()}`;
  const everybody = [];
  const join_ = async (node) => {
    const person = await stack.person();
    const device = stack.device(node);
    await device.signIn(person);
    everybody.push(device);
    return device;
  };
  // Each person asks and refreshes on both nodes: a cookie that one has signed, the other has to take.
  const nobodyIsSignedOut = async () => {
    for (const device of everybody) {
      for (const node of [0, 1]) {
        const other = stack.device(node);
        const [name, value] = device.cookie.split('=');
        other.setCookie(name, value);
        assert.equal((await other.get('/api/auth/me')).status, 200);
        assert.equal((await other.get('/api/auth/verify')).status, 200);
        assert.equal((await other.post('/api/auth/refresh-session')).status, 200);
        device.setCookie(...other.cookie.split('='));
      }
    }
  };
  const early = await join_(0);
  await nobodyIsSignedOut();
  assert.equal(keyIdOf(early), 1);

  await roll([oldLine, newLine], async () => { await join_(0); await join_(1); await nobodyIsSignedOut(); });
  assert.deepEqual([...new Set(everybody.map(keyIdOf))], [1], 'accepted everywhere, and not yet used to sign');

  await roll([newLine, oldLine], async () => { await join_(0); await join_(1); await nobodyIsSignedOut(); });
  const latest = await join_(0);
  assert.equal(keyIdOf(latest), 2, 'the first one signs');
  await nobodyIsSignedOut();

  // The old key goes: whoever has a token of it signs in again, and is told so; the others notice nothing.
  const stayed = everybody.filter((device) => keyIdOf(device) === 2);
  const left = everybody.filter((device) => keyIdOf(device) === 1);
  assert.ok(stayed.length > 0 && left.length > 0);
  await roll([newLine], async () => {});
  for (const device of stayed) assert.equal((await device.get('/api/auth/me')).status, 200);
  for (const device of left) {
    const answer = await device.get('/api/auth/me');
    assert.deepEqual([answer.status, answer.body.code], [401, 'session_invalid']);
    assert.equal(answer.headers.get('set-cookie'), null);
  }
});
