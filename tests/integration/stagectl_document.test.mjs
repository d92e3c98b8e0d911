// proto-docs/stagectl.md shows what stagectl prints: each of its lines is run, in order, and compared. What differs from
// run to run (ids, times, ports, tokens) is compared by its form.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(resolve(root, process.env.STAGEDOOR_BUILD_DIR ?? 'build/release'), 'auth-service', 'stagectl');
const page = readFileSync(join(root, 'proto-docs/stagectl.md'), 'utf8');

let stack, folder, ellen;
before(async () => {
  stack = await startStack();
  folder = mkdtempSync(join(tmpdir(), 'stagectl-'));
  writeFileSync(join(folder, 'password'), `${stack.admin.password}\n`);
  ellen = stack.device();
  for (const [email, displayName] of [['ida@example.com', 'Ida Rubinstein'], ['ada@example.com', 'Ada Lovelace'], ['ellen@example.com', 'Ellen Terry']]) {
    const answer = await stack.device().post('/api/auth/register', { email, password: 'break-a-leg-1', displayName });
    assert.equal(answer.status, 201);
    if (email.startsWith('ida')) await stack.decide(answer.body.user, 'approve');
  }
  const firefox = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' };
  const signedIn = await ellen.post('/api/auth/login', { email: 'ellen@example.com', password: 'break-a-leg-1' }, { headers: firefox });
  assert.equal(signedIn.status, 200);
});
after(async () => {
  await stack?.stop();
  if (folder) rmSync(folder, { recursive: true });
});

const byForm = (text) => text
  .replace(/http:\/\/localhost:\d+/g, 'http://localhost:8080')
  .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
  .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, '<time>')
  .replace(/stagedoor_[0-9A-Za-z]{49}/g, '<token>')
  .replace(/\d{4}-\d\d-\d\dT\S+Z/g, '<time>')
  .replace(/\d+ ms/g, '<n> ms')
  .replace(/stagedoor-\d+/g, 'stagedoor-8080');

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** What happens while a line that waits for something runs. */
const meanwhile = {
  'stagectl watch --count 2': async () => {
    await until(async () => (await stack.notify.metrics()).stagedoor_sse_sockets > 0, { what: 'the stream being open' });
    const grace = { email: 'grace@example.com', password: 'break-a-leg-1', displayName: 'Grace Hopper' };
    const { body } = await stack.device().post('/api/auth/register', grace);
    await stack.decide(body.user, 'approve', { reason: 'Welcome to the house' });
  },
};

function shell(line) {
  return new Promise((done, failed) => {
    const child = spawn('sh', ['-c', line.replace('http://localhost:8080', stack.origin).replace('/var/lib/stagedoor', stack.folder)], {
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
  const really = new Map();  // ids of the page → of this run, as they come up
  for (const one of shown) {
    const end = one.indexOf('\n');
    const [line, expected] = [one.slice(0, end), one.slice(end + 1)];
    const [printed] = await Promise.all([shell(line.replace(uuid, (id) => really.get(id) ?? id)), meanwhile[line]?.()]);
    assert.equal(byForm(printed).trimEnd(), byForm(expected).trimEnd(), line);
    const found = printed.match(uuid) ?? [];
    for (const [i, id] of (expected.match(uuid) ?? []).entries()) really.set(id, found[i]);
  }
  const missing = (await shell('stagectl help')).match(/^ {2}[a-z]+(?= {2})/gm).map((name) => name.trim())
    .filter((name) => !shown.some((one) => one.startsWith(`stagectl ${name}`)));
  assert.deepEqual(missing, []);
});

test('the document has the exit codes of the manual', async () => {
  const manual = await shell('stagectl --help-man');
  const section = manual.slice(manual.indexOf('.SH EXIT STATUS'), manual.indexOf('.SH FILES')).replaceAll('\\-', '-');
  const meant = [...section.matchAll(/^(\d+) {2}(.+)$/gm)].map(([, code, meaning]) => [code, meaning]);
  const listed = [...page.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, code, meaning]) => [code, meaning]);
  assert.ok(meant.length > 10);
  assert.deepEqual(listed, meant);
});

/** One call of each row of the table of JSON, by what the row begins with. */
const calls = {
  'login': ['login', '--email', 'admin@example.com', '--password-stdin', '< password'],
  'list': ['list'], 'show': ['show', 'ada@example.com'], 'approve': ['approve', 'ada@example.com', '--wait-delivered', '2s'], 'audit': ['audit'],
  'sessions': ['sessions', 'ellen@example.com'], 'sessions --end-all': ['sessions', 'ada@example.com', '--end-all', '--yes'],
  'tokens': ['tokens'], 'tokens create': ['tokens', 'create', 'for-json'], 'tokens revoke': ['tokens', 'revoke', '$TOKEN'],
  'events ID': ['events', '$ADA.2'], 'events': ['events'], 'doctor': ['doctor'],
};
const rowsOfJson = [...page.matchAll(/^\| (`[a-zI][a-zA-Z -]*`[^|]*) \| (`\{[^|]+|the items of [^|]+) \|$/gm)].map(([, call, shape]) => [call, shape].map((text) => text.replaceAll('`', '')));
const membersIn = (braces) => braces.slice(1, -1).split(', ').sort();

test('the document has the table of JSON of the manual', async () => {
  const manual = (await shell('stagectl --help-man')).replaceAll('\\-', '-');
  const section = manual.slice(manual.indexOf('.SH JSON'), manual.indexOf('.SH EXIT STATUS'));
  assert.ok(rowsOfJson.length > 10);
  assert.deepEqual(rowsOfJson, [...section.matchAll(/^([a-z][^:\n]+): (.+)$/gm)].map(([, call, shape]) => [call, shape]));
});

test('the members of JSON are those that the document names', async () => {
  await ellen.post('/api/auth/login', { email: 'ellen@example.com', password: 'break-a-leg-1' });
  await shell('stagectl login --server http://localhost:8080 --email admin@example.com --password-stdin < password');
  const { id } = JSON.parse(await shell('stagectl show ada@example.com --output json')).user;
  const { apiToken } = JSON.parse(await shell('stagectl tokens create to-be-revoked --output json'));
  // What Redis does not take is parked.
  const grace = await stack.person();
  const stream = `stagedoor:{${grace.id}}:events`;
  stack.redisCommand('DEL', stream);
  stack.redisCommand('SET', stream, 'no stream');
  await stack.decide(grace, 'approve');
  await until(async () => JSON.parse(await shell('stagectl events --output json')).items.length > 0, { what: 'an event being parked', withinMs: 30_000 });
  const shapeOf = new Map(rowsOfJson.map(([call, shape]) => [call.split(', ')[0], shape]));
  shapeOf.delete('watch');
  assert.deepEqual([...shapeOf.keys()].sort(), Object.keys(calls).sort());
  for (const [name, shape] of shapeOf) {
    const line = ['stagectl', ...calls[name], '--output', 'json'].join(' ').replace('$ADA', id).replace('$TOKEN', apiToken.id);
    const printed = JSON.parse(await shell(line));
    const [whole, ...inner] = shape.match(/\{[^}]+\}/g);
    assert.deepEqual(Object.keys(printed).sort(), membersIn(whole), line);
    for (const [, list, members] of shape.matchAll(/, (\w+) of (\{[^}]+\})/g)) {
      assert.deepEqual(Object.keys(printed[list][0]).sort(), membersIn(members), `${line}: ${list}`);
    }
    assert.ok(inner.length <= 1);
  }
  const watching = shell('stagectl watch --count 1 --output json');
  await until(async () => (await stack.notify.metrics()).stagedoor_sse_sockets > 0, { what: 'the stream being open' });
  await stack.person();
  const [, members] = /items of (\{[^}]+\})/.exec(shapeOf.get('audit'));
  assert.deepEqual(Object.keys(JSON.parse(await watching)).sort(), membersIn(members));
});
