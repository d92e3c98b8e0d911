// stagectl against a whole system: what admins do with it, what it prints, and how it leaves.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { EventStream } from '../support/event_stream.mjs';
import { addPeople } from '../support/ledger.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';
import { exits, Stagectl } from '../support/stagectl.mjs';
import { Terminal } from '../support/terminal.mjs';

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
  assert.deepEqual([delivery, tabs.listeners, tabs.written, tabs.acknowledged, tabs.waiting], ['acknowledged', 1, 1, 1, 0]);
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

test('what --wait-delivered says of each tab: one that listens only, one that left, one that was opened just now', told(async () => {
  const approved = async (person) => (await ctl.json(['approve', person.email, '--wait-delivered', '10s'])).value.items[0];
  const [ada, ellen, ida] = [await stack.person(), await stack.person(), await stack.person()];
  const devices = await Promise.all([ada, ellen, ida].map(async (person) => {
    const device = stack.device();
    await device.signIn(person);
    await device.post('/api/auth/refresh-session');
    return device;
  }));
  const stream = new EventStream({ port: stack.notify.port, headers: { cookie: devices[0].cookie } });
  await stream.heard('connection.welcome');
  const heard = await approved(ada);
  assert.deepEqual([heard.delivery, heard.tabs.listeners, heard.tabs.written, heard.tabs.acknowledged], ['given', 1, 1, 0]);
  stream.leave();

  // A tab that takes in nothing is waited for, and when it leaves it was given it.
  const silent = new WebSocket(stack.socketUrl, { origin: stack.origin, headers: { cookie: devices[1].cookie } });
  await new Promise((welcomed) => { silent.once('message', welcomed); });
  const impatient = await ctl.run(['approve', ellen.email, '--wait-delivered', '700ms']);
  assert.deepEqual([impatient.code, impatient.stdout],
                   [exits.notDelivered, `${ellen.email}: done, acknowledged by 0 of 1 open tabs, written to 1 more\n`]);
  silent.terminate();
  await until(async () => (await ctl.json(['approve', ellen.email, '--wait-delivered', '1s'])).value.items[0].delivery === 'given', { what: 'its end' });

  // The very moment before.
  const fresh = await acknowledgingTab(devices[2]);
  assert.equal((await approved(ida)).delivery, 'acknowledged');
  fresh.close();
}));

test('watch shows what happens, as it happens, wherever the server tells pages to listen', told(async () => {
  const watching = ctl.start(['watch', '--count', '2']);
  await until(async () => (await stack.notify.metrics()).stagedoor_sse_sockets > 0, { what: 'the stream being open' });
  const ada = await stack.person();
  await stack.decide(ada, 'approve', { reason: 'Welcome' });
  const { code, stdout, stderr } = await watching.ended;
  assert.equal(code, exits.done, stderr);
  assert.match(stdout, new RegExp(`^\\S+ \\S+  registered  ${ada.email}\n\\S+ \\S+  approved  ${ada.email}  \\(Welcome\\)\n$`));
}));

test('watch with a token reads the audit log, all of it, over a restart', told(async () => {
  const { value: { token } } = await ctl.json(['tokens', 'create', 'watcher', '--scope', 'read']);
  const crowd = addPeople(stack, 450, 0, { crowd: 'watched' });
  const watching = ctl.start(['watch', '--output', 'json'], { env: { STAGEDOOR_TOKEN: token } });
  await until(async () => { await stack.person(); return watching.told.stdout !== ''; }, { what: 'the beginning' });
  await stack.auth.stop();
  stack.sqlite("UPDATE users SET status = 'active' WHERE email LIKE 'watched%'");
  await stack.auth.start();
  const seen = () => watching.told.stdout.split('\n').slice(0, -1).map((line) => JSON.parse(line)).filter(({ action }) => action === 'approved');
  await until(() => seen().length >= crowd.length, { what: 'all approvals', withinMs: 20_000 });
  assert.deepEqual(seen().map(({ user }) => user.email).sort(), crowd.map(({ email }) => email).sort());
  watching.child.kill('SIGINT');
  assert.equal((await watching.ended).code, exits.interrupted);
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

test('a file that others can read is refused; what nobody can make sense of is named', told(async () => {
  const other = await Stagectl.at(stack.origin);
  const nobody = await other.run(['list']);
  assert.deepEqual([nobody.code, nobody.stderr], [exits.notSignedIn, `stagectl: not signed in to ${stack.origin}: run \`stagectl login\`, or give a token by STAGEDOOR_TOKEN\n`]);
  const unclear = await ctl.run(['approve', 'ada']);
  assert.deepEqual([unclear.code, unclear.stderr], [exits.usage, "stagectl: 'ada' is neither an e-mail nor an id\n"]);
  assert.equal((await ctl.run(['approve'])).code, exits.usage);
  await other.stop();
}));

test('the password is asked for without echo, and a session is made; NO_COLOR and pipes have no colours', told(async () => {
  const other = await Stagectl.at(stack.origin);
  const terminal = new Terminal([other.program, 'login'], { env: other.environment });
  await terminal.says(/E-mail: $/);
  terminal.type(`${stack.admin.email}\r`);
  await terminal.says(new RegExp(`Password of ${stack.admin.email}: $`));
  terminal.type(`${stack.admin.password}\r`);
  assert.equal(await terminal.ended, exits.done, terminal.text);
  assert.ok(!terminal.output.includes(stack.admin.password), 'not even once');
  assert.equal(statSync(other.credentials).mode & 0o777, 0o600);

  const colour = /\x1b\[\d+m/;
  const listed = async (env) => {
    const shown = new Terminal([other.program, 'list'], { env: { ...other.environment, ...env } });
    assert.equal(await shown.ended, exits.done);
    return shown.output;
  };
  assert.match(await listed({}), colour);
  for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) assert.doesNotMatch(await listed(env), colour);
  assert.doesNotMatch((await other.run(['list'])).stdout, colour);
  assert.match((await other.run(['list', '--colour', 'always'])).stdout, colour);
  await other.stop();
}));

test('completion is a script that its shell accepts', told(async () => {
  const { stdout } = await ctl.run(['completion', 'bash']);
  const { stdout: words, stderr } = spawnSync('bash', ['-c', `${stdout}\nCOMP_WORDS=(stagectl appr); COMP_CWORD=1; _stagectl; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(stagectl approve --all); COMP_CWORD=2; _stagectl; echo "\${COMPREPLY[@]}"
    COMP_WORDS=(stagectl list --output ''); COMP_CWORD=3; _stagectl; echo "\${COMPREPLY[@]}"`], { encoding: 'utf8' });
  assert.deepEqual([words, stderr], ['approve\n--all-pending\ntable json\n', '']);
}));

for (const [shell, flag] of [['zsh', '-n'], ['fish', '-n']]) {
  const missing = spawnSync(shell, ['--version']).error && `${shell} is not installed`;
  test(`completion for ${shell} is a script that it can read`, { skip: missing }, told(async () => {
    const file = join(stack.folder, `stagectl.${shell}`);
    writeFileSync(file, (await ctl.run(['completion', shell])).stdout);
    const { status, stderr } = spawnSync(shell, [flag, file], { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [0, '']);
  }));
}
