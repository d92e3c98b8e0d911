// stagectl against a whole system: what admins do with it, what it prints, and how it leaves.
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';
import { exits, Stagectl } from '../support/stagectl.mjs';

let stack, ctl;
before(async () => {
  stack = await startStack();
  ctl = await Stagectl.at(stack.origin);
  const { code, stdout, stderr } = await ctl.login(stack.admin);
  assert.equal(code, exits.done, stderr);
  assert.match(stdout, /^Signed in to http:\/\/localhost:\d+ as admin@example\.com\.\n$/);
});
after(() => Promise.all([stack?.stop(), ctl?.stop()]));

const told = (body) => (...args) => stack.telling(body)(...args);
const statusOf = async (person) => stack.sqlite(`SELECT status FROM users WHERE email = '${person.email}'`).output.trim();

test('what login keeps can be read by its owner alone', told(async () => {
  assert.equal(statSync(ctl.credentials).mode & 0o777, 0o600);
}));

test('one person is approved by e-mail, and approving again says who did it', told(async () => {
  const ada = await stack.person();
  const first = await ctl.run(['approve', ada.email, '--reason', 'Welcome']);
  assert.deepEqual([first.code, first.stdout, first.stderr], [exits.done, `${ada.email}: done\n`, '']);
  assert.equal(await statusOf(ada), 'active');
  const again = await ctl.run(['approve', ada.email]);
  assert.equal(again.code, exits.done);
  assert.match(again.stdout, new RegExp(`^${ada.email}: already so by admin@example\\.com at \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\n$`));
}));

test('what the status does not allow is a conflict that says what happened', told(async () => {
  const ada = await stack.person();
  await ctl.run(['approve', ada.email]);
  const { code, stdout } = await ctl.run(['reject', ada.email]);
  assert.equal(code, exits.conflict);
  assert.match(stdout, new RegExp(`^${ada.email}: not possible: active, approved by admin@example\\.com at `));
}));

test('of many, each has an outcome; some refused is a code of its own', told(async () => {
  const [ada, ellen] = [await stack.person(), await stack.person()];
  const { code, value } = await ctl.json(['approve', ada.email, 'nobody@example.com', ellen.id]);
  assert.equal(code, exits.partial);
  assert.deepEqual(value.items.map(({ who, outcome }) => [who, outcome]),
                   [['nobody@example.com', 'not_found'], [ada.email, 'done'], [ellen.id, 'done']]);
  assert.deepEqual(value.counts, { done: 2, already: 0, invalid_transition: 0, not_found: 1, failed: 0, unknown: 0 });
}));

test('people come from CSV and from standard input', told(async () => {
  const people = [await stack.person('Ada "the Countess"'), await stack.person(), await stack.person()];
  const file = join(stack.folder, 'people.csv');
  writeFileSync(file, `name,email\n"Lovelace, Ada",${people[0].email}\n${people[1].displayName},${people[1].email}\n`);
  assert.equal((await ctl.run(['approve', '--file', file])).code, exits.done);
  assert.equal((await ctl.run(['reject', '-'], { input: `${people[2].email}\n` })).code, exits.done);
  assert.deepEqual(await Promise.all(people.map(statusOf)), ['active', 'active', 'rejected']);
}));

test('every way of deciding does what it says', told(async () => {
  const ada = await stack.person();
  for (const [action, status] of [['reject', 'rejected'], ['reconsider', 'pending'], ['approve', 'active'],
                                  ['suspend', 'suspended'], ['reinstate', 'active']]) {
    const { code, stderr } = await ctl.run([action, ada.email]);
    assert.deepEqual([action, code, stderr], [action, exits.done, '']);
    assert.equal(await statusOf(ada), status);
  }
  const { value } = await ctl.json(['show', ada.email]);
  assert.equal(value.user.status, 'active');
  assert.deepEqual(value.history.map(({ action }) => action),
                   ['reinstated', 'suspended', 'approved', 'reconsidered', 'rejected', 'registered']);
  const { value: audit } = await ctl.json(['audit', '--who', ada.email, '--action', 'suspended']);
  assert.deepEqual(audit.map(({ actor, origin }) => [actor.email, origin]), [[stack.admin.email, 'api']]);
}));

test('--all-pending decides about all who wait, and says so when nobody does', told(async () => {
  for (let i = 0; i < 5; ++i) await stack.person();
  assert.equal((await ctl.run(['approve', '--all-pending'])).code, exits.usage, 'nobody to ask on a pipe');
  const { code, value } = await ctl.json(['approve', '--all-pending', '--yes', '--batch', '2']);
  assert.equal(code, exits.done);
  assert.ok(value.counts.done >= 5);
  assert.equal(stack.sqlite("SELECT count(*) FROM users WHERE status = 'pending'").output.trim(), '0');
  assert.equal((await ctl.run(['approve', '--all-pending', '--yes'])).stdout, 'Nobody waits.\n');
}));

test('lists and totals are for people and for scripts', told(async () => {
  const zoe = await stack.person('Zoë 市川 \u202egnp.exe');
  const { stdout } = await ctl.run(['list', '--search', zoe.email]);
  assert.match(stdout, /^E-MAIL +STATUS +REGISTERED \(UTC\) +ID +NAME\n/);
  assert.ok(stdout.includes('Zoë 市川 \\u202egnp.exe'), stdout);
  const { value } = await ctl.json(['list', '--status', 'pending']);
  assert.ok(value.items.some(({ email }) => email === zoe.email));
  assert.equal(value.totals.pending, value.items.length);
}));

// A tab that takes in whatever it is told.
async function acknowledgingTab(device) {
  const socket = new WebSocket(stack.socketUrl, { origin: stack.origin, headers: { cookie: device.cookie } });
  await new Promise((welcomed, failed) => {
    socket.on('error', failed).on('message', (text) => {
      const { type, cursor } = JSON.parse(text);
      if (type === 'stagedoor.connection.welcome') welcomed();
      else if (cursor) socket.send(JSON.stringify({ type: 'ack', cursor }));
    });
  });
  return socket;
}

test('the way of an event is told, to open tabs and to none', told(async () => {
  const ada = await stack.person();
  const device = stack.device();
  await device.signIn(ada);
  const socket = await acknowledgingTab(device);
  const { code, value, stderr } = await ctl.json(['approve', ada.email, '--wait-delivered', '10s']);
  assert.equal(code, exits.done, stderr);
  const { delivery, tabs } = value.items[0];
  assert.deepEqual([delivery, tabs], ['acknowledged', { listeners: 1, written: 1, acknowledged: 1, waiting: 0, ended: 0 }]);
  const { stdout } = await ctl.run(['events', `${ada.id}.2`]);
  assert.match(stdout, /relay {6}relayed\n {2}open tabs {2}1, written to 1, acknowledged by 1\n$/);
  const suspended = await ctl.run(['suspend', ada.email, '--wait-delivered', '10s']);
  assert.deepEqual([suspended.code, suspended.stdout], [exits.done, `${ada.email}: done, 1 open tab closed for it\n`]);
  const wayOfIt = await ctl.run(['events', `${ada.id}.3`]);
  assert.match(wayOfIt.stdout, /open tabs {2}1, written to 0, acknowledged by 0, closed for it 1\n {2}why not {4}session_ended\n$/);
  socket.close();
  const ellen = await stack.person();
  assert.match((await ctl.run(['approve', ellen.email, '--wait-delivered', '10s'])).stdout, /done, no open tab\n$/);
  assert.equal((await ctl.run(['events'])).stdout, 'No event is parked.\n');
}));

test('watch shows what happens, as it happens', told(async () => {
  const watching = ctl.start(['watch', '--count', '2', '--notify-url', `http://localhost:${stack.notify.port}/events`]);
  await until(async () => (await stack.notify.metrics()).stagedoor_sse_sockets > 0, { what: 'the stream being open' });
  const ada = await stack.person();
  await stack.decide(ada, 'approve', { reason: 'Welcome' });
  const { code, stdout, stderr } = await watching.ended;
  assert.equal(code, exits.done, stderr);
  assert.match(stdout, new RegExp(`^\\S+ \\S+  registered  ${ada.email}\n\\S+ \\S+  approved  ${ada.email}  \\(Welcome\\)\n$`));
}));

test('sessions are shown and ended', told(async () => {
  const ada = await stack.person();
  const device = stack.device();
  await device.signIn(ada);
  const { value } = await ctl.json(['sessions', ada.email]);
  assert.equal(value.length, 1);
  assert.equal((await ctl.run(['sessions', ada.email, '--end', value[0].id])).code, exits.done);
  assert.equal((await device.get('/api/auth/me')).status, 401);
  await stack.device().signIn(ada);
  assert.equal((await ctl.run(['sessions', ada.email, '--end-all', '--yes'])).stdout, 'Ended: 1 session.\n');
}));

test('a token is made, used, and worth nothing once it is revoked', told(async () => {
  const ada = await stack.person();
  const made = await ctl.json(['tokens', 'create', 'nightly', '--scope', 'read']);
  const env = { STAGEDOOR_TOKEN: made.value.token };
  assert.equal((await ctl.run(['list'], { env })).code, exits.done);
  const refused = await ctl.run(['approve', ada.email], { env });
  assert.equal(refused.code, exits.forbidden);
  assert.match(refused.stderr, /^stagectl: .*\(insufficient_scope\)\n$/);
  assert.equal((await ctl.run(['tokens', 'revoke', made.value.apiToken.id])).code, exits.done);
  const over = await ctl.run(['list'], { env });
  assert.deepEqual([over.code, over.stdout], [exits.notSignedIn, '']);
  assert.match(over.stderr, /^stagectl: .*\(token_revoked\): make a new token\n$/);
}));

// One line, the right code, nothing on standard output, whatever is wrong with the other side.
const commands = [['list'], ['show', 'a@example.com'], ['approve', 'a@example.com', '--patience', '0s'], ['audit'],
                  ['sessions', 'a@example.com'], ['tokens'], ['events', 'x.1'], ['login', '--email', 'a@b.example', '--password-stdin'], ['watch']];
const oneLine = /^stagectl: [^\n]+\n$/;

async function listening(onConnection) {
  const server = createServer(onConnection);
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

const env = { STAGEDOOR_TOKEN: 'stagedoor_x' };
async function eachFails(server, code, options = {}) {
  for (const args of commands) {
    const { code: left, stdout, stderr } = await ctl.run([...args, '--timeout', '300ms'], { server, env, input: 'secret\n', ...options });
    assert.deepEqual([args[0], left, stdout], [args[0], code, ''], stderr);
    assert.match(stderr, oneLine);
  }
}

test('a server that is down', told(async () => {
  const gone = await listening(() => {});
  gone.close();
  await eachFails(gone.url, exits.unreachable);
}));

test('a server that is slow', told(async () => {
  const sockets = new Set();
  const slow = await listening((socket) => sockets.add(socket));
  await eachFails(slow.url, exits.unavailable);
  sockets.forEach((socket) => socket.destroy());
  slow.close();
}));

test('a server that is something else, or of another version', told(async () => {
  for (const answer of ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello',
                        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}',
                        'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n']) {
    const other = await listening((socket) => socket.on('error', () => {}).once('data', () => socket.end(answer)));
    await eachFails(other.url, exits.notUnderstood);
    other.close();
  }
}));

test('bad credentials', told(async () => {
  const wrong = await ctl.login({ ...stack.admin, password: 'not-the-password' });
  assert.equal(wrong.code, exits.notSignedIn);
  assert.match(wrong.stderr, oneLine);
  const person = await stack.person();
  const { code, stderr } = await ctl.login(person);
  assert.deepEqual([code, stderr], [exits.forbidden, `stagectl: ${person.email} is no admin\n`]);
  for (const args of commands.filter(([name]) => name !== 'login')) {
    const { code: left, stderr: line } = await ctl.run(args, { env });
    assert.deepEqual([args[0], left], [args[0], exits.notSignedIn], line);
    assert.match(line, oneLine);
  }
}));

test('a file that others can read is refused; what nobody can make sense of is named', told(async () => {
  const other = await Stagectl.at(stack.origin);
  const nobody = await other.run(['list']);
  assert.deepEqual([nobody.code, nobody.stderr], [exits.notSignedIn, `stagectl: not signed in to ${stack.origin}: run \`stagectl login\`, or give a token by STAGEDOOR_TOKEN\n`]);
  const unclear = await ctl.run(['approve', 'ada']);
  assert.deepEqual([unclear.code, unclear.stderr], [exits.usage, "stagectl: 'ada' is neither an e-mail nor an id\n"]);
  assert.equal((await ctl.run(['approve'])).code, exits.usage);
  await other.stop();
}));

test('doctor finds a whole system whole', told(async () => {
  const { code, value, stderr } = await ctl.json(['doctor', '--ops-url', stack.auth.opsUrl, '--notify-ops-url', stack.notify.opsUrl]);
  assert.equal(code, exits.done, stderr + JSON.stringify(value));
  assert.ok(value.checks.length >= 8);
}));

test('doctor says what is wrong when Redis is away, and what to do', told(async () => {
  await stack.redis.stop();
  try {
    await until(async () => (await ctl.json(['doctor'])).code === exits.unhealthy, { what: 'doctor noticing', everyMs: 200 });
    const { stdout } = await ctl.run(['doctor']);
    assert.match(stdout, /^MEND {2}redis: .+\n {6}\S.+$/m);
  } finally {
    await stack.bringRedisBack();
  }
}));

test('completion is a script that its shell accepts', told(async () => {
  const { spawnSync } = await import('node:child_process');
  const { stdout } = await ctl.run(['completion', 'bash']);
  const { stdout: words, stderr } = spawnSync('bash', ['-c', `${stdout}\nCOMP_WORDS=(stagectl appr); COMP_CWORD=1; _stagectl; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(stagectl approve --all); COMP_CWORD=2; _stagectl; echo "\${COMPREPLY[@]}"`], { encoding: 'utf8' });
  assert.deepEqual([words, stderr], ['approve\n--all-pending\n', '']);
}));
