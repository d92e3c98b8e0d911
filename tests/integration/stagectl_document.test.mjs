// proto-docs/stagectl.md shows what stagectl prints: each of its lines is run, in order, and compared. What differs from
// run to run (ids, times, ports, tokens) is compared by its form.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startStack } from '../support/stack.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(resolve(root, process.env.STAGEDOOR_BUILD_DIR ?? 'build/release'), 'auth-service', 'stagectl');
const page = readFileSync(join(root, 'proto-docs/stagectl.md'), 'utf8');

let stack, folder;
before(async () => {
  stack = await startStack();
  folder = mkdtempSync(join(tmpdir(), 'stagectl-'));
  writeFileSync(join(folder, 'password'), `${stack.admin.password}\n`);
  for (const [email, displayName] of [['ada@example.com', 'Ada Lovelace'], ['ellen@example.com', 'Ellen Terry']]) {
    const answer = await stack.device().post('/api/auth/register', { email, password: 'break-a-leg-1', displayName });
    assert.equal(answer.status, 201);
  }
});
after(async () => {
  await stack?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

const byForm = (text) => text
  .replace(/http:\/\/localhost:\d+/g, 'http://localhost:8080')
  .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
  .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<time>')
  .replace(/stagedoor_[0-9A-Za-z]{49}/g, '<token>');

function shell(line) {
  return new Promise((done, failed) => {
    const child = spawn('sh', ['-c', line.replace('http://localhost:8080', stack.origin)], {
      cwd: folder, env: { PATH: `${dirname(program)}:${process.env.PATH}`, XDG_CONFIG_HOME: join(folder, 'config') },
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { printed += text; });
    child.once('error', failed).once('close', () => done(printed));
  });
}

test('what the document shows is what is printed', async () => {
  const shown = [...page.matchAll(/^```console\n([^]*?)^```$/gm)].flatMap(([, block]) => block.split(/^\$ /m).slice(1));
  assert.ok(shown.length > 12);
  for (const one of shown) {
    const end = one.indexOf('\n');
    const line = one.slice(0, end);
    assert.equal(byForm(await shell(line)).trimEnd(), byForm(one.slice(end + 1)).trimEnd(), line);
  }
});

test('the document has the exit codes of the manual', async () => {
  const manual = await shell('stagectl --help-man');
  const section = manual.slice(manual.indexOf('.SH EXIT STATUS'), manual.indexOf('.SH FILES')).replaceAll('\\-', '-');
  const meant = [...section.matchAll(/^(\d+) {2}(.+)$/gm)].map(([, code, meaning]) => [code, meaning]);
  const listed = [...page.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, code, meaning]) => [code, meaning]);
  assert.ok(meant.length > 10);
  assert.deepEqual(listed, meant);
});
