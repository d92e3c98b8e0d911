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
  assert.match(again.stdout, new RegExp(`^${ada.email}: already so by admin@example\\.com at \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\dZ\\n$`));
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
  // As a spreadsheet writes it that is set up for Germany.
  writeFileSync(file, `\ufeffName;E-Mail\r\n"Lovelace; Ada";${people[0].email}\r\n${people[1].displayName};${people[1].email}\r\n;\r\n`);
  assert.equal((await ctl.run(['approve', '--file', file])).code, exits.done);
  assert.equal((await ctl.run(['reject', '-'], { input: `${people[2].email}\n` })).code, exits.done);
  assert.deepEqual(await Promise.all(people.map(statusOf)), ['active', 'active', 'rejected']);
}));

test('what is wrong with a file is said with its line, and nobody is decided about', told(async () => {
  const ada = await stack.person();
  const file = join(stack.folder, 'wrong.csv');
  for (const [line, why] of [['ada', "'ada' is neither an e-mail nor an id"], ['@', "'@' is no e-mail address"], ['"Ada', 'a quote is not closed']]) {
    writeFileSync(file, `email\n${ada.email}\n${line}\n`);
    const { code, stdout, stderr } = await ctl.run(['approve', '--file', file]);
    assert.deepEqual([code, stdout, stderr], [exits.usage, '', `stagectl: ${file}:3: ${why}\n`]);
  }
  assert.equal(await statusOf(ada), 'pending');
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
  assert.deepEqual(audit.items.map(({ actor, origin }) => [actor.email, origin]), [[stack.admin.email, 'api']]);
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
  assert.match(stdout, /^\S+ {2}person\d+@example\.com approved\n {2}committed {2}\S+ \S+ by admin@example\.com, signed in\n {2}relay {6}Redis has it\n {2}open tabs {2}1: given to 1, acknowledged by 1\n$/);
  const suspended = await ctl.run(['suspend', ada.email, '--wait-delivered', '10s']);
  assert.deepEqual([suspended.code, suspended.stdout], [exits.done, `${ada.email}: done, 1 open tab closed for it\n`]);
  const wayOfIt = await ctl.run(['events', `${ada.id}.3`]);
  assert.match(wayOfIt.stdout, /open tabs {2}1: given to 0, acknowledged by 0, closed for it 1\n {2}not told {3}it ended the sessions of all open tabs, which were closed for it\n$/);
  socket.close();
  const ellen = await stack.person();
  assert.match((await ctl.run(['approve', ellen.email, '--wait-delivered', '10s'])).stdout, /done, no open tab\n$/);
  assert.equal((await ctl.run(['events'])).stdout, 'No event is parked: Redis takes all of them.\n');
}));

test('an event that Redis does not take is told with names, and why', told(async () => {
  const ada = await stack.person();
  const stream = `stagedoor:{${ada.id}}:events`;
  stack.redisCommand('DEL', stream);
  stack.redisCommand('SET', stream, 'no stream');
  await stack.decide(ada, 'approve');
  const shown = async () => (await ctl.run(['events'])).stdout;
  await until(async () => (await shown()).includes(ada.email), { what: 'an event being parked', withinMs: 30_000 });
  assert.match(await shown(), new RegExp(`^COMMITTED \\(UTC\\) +BY +ABOUT +WHAT +TRIES +WHY\n\\S+ \\S+ +${stack.admin.email} +${ada.email} +${ada.id}\\.2 +\\d+ +\\S`));
  const { stdout } = await ctl.run(['events', `${ada.id}.2`]);
  assert.match(stdout, / {2}relay {6}parked: \S[^\n]+\n/);
  assert.match(stdout, / {2}not told {3}Redis does not take it\n$/);
  stack.redisCommand('DEL', stream);
  assert.equal((await ctl.json(['events'])).value.items[0].userId, ada.id, 'JSON has the codes');
  await stack.recovered();  // a Redis that refused something is not believed for a moment
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

test('sessions are shown and ended', told(async () => {
  const ada = await stack.person();
  const device = stack.device();
  await device.signIn(ada);
  const { value } = await ctl.json(['sessions', ada.email]);
  assert.equal(value.items.length, 1);
  assert.equal((await ctl.run(['sessions', ada.email, '--end', value.items[0].id])).code, exits.done);
  assert.equal((await device.get('/api/auth/me')).status, 401);
  await stack.device().signIn(ada);
  assert.equal((await ctl.run(['sessions', ada.email, '--end-all', '--yes'])).stdout, 'Ended: 1 session.\n');
}));

test('people are shown as they are now, however much has happened since, and admins are found as well', told(async () => {
  const ada = await stack.person();
  await stack.decide(ada, 'approve');
  const [{ id: admin }] = stack.sqlite(`SELECT id FROM users WHERE email = '${stack.admin.email}'`).output.trim().split('\n').map((id) => ({ id }));
  stack.sqlite(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250)
    INSERT INTO audit_log (user_id, session_id, action, actor, origin, at_ms) SELECT '${ada.id}', '${ada.id}', 'session_ended', '${ada.id}', 'api', now_ms FROM n, clock`);
  const { stdout, code } = await ctl.run(['show', ada.email]);
  assert.equal(code, exits.done);
  assert.match(stdout, /^Status {6}active$/m);
  assert.match(stdout, new RegExp(`\\n\\nThere are more: \`stagectl audit --who ${ada.email}\` has the whole history\\.\\n$`));
  assert.equal([...stdout.matchAll(/session_ended/g)].length, 20);
  const { value } = await ctl.json(['show', ada.id]);
  assert.deepEqual([value.user.status, value.history.length, value.moreHistory], ['active', 200, true]);

  for (const who of [stack.admin.email, admin]) {
    const { value: shown } = await ctl.json(['show', who]);
    assert.deepEqual([shown.user.id, shown.user.role], [admin, 'admin']);
    assert.ok((await ctl.json(['sessions', who])).value.items.length > 0);
  }
  const { value: done } = await ctl.json(['audit', '--actor', stack.admin.email, '--who', ada.email]);
  assert.deepEqual([done.items.map(({ action }) => action), done.more], [['approved'], false]);
  const decided = await ctl.run(['approve', stack.admin.email]);
  assert.deepEqual([decided.code, decided.stdout], [exits.notFound, `${stack.admin.email}: there is no such stage manager\n`]);
  for (const args of [['show', 'nobody@example.com'], ['sessions', 'nobody@example.com'], ['audit', '--actor', 'nobody@example.com']]) {
    const nobody = await ctl.run(args);
    assert.deepEqual([nobody.code, nobody.stderr], [exits.notFound, 'stagectl: there is nobody called nobody@example.com\n']);
  }
}));

test('the audit log says what was refused, what has changed, and takes times as they are shown', told(async () => {
  const ada = await stack.person();
  const device = stack.device();
  await device.signIn(ada);
  for (let i = 0; i < 3; ++i) assert.equal((await device.get('/api/admin/tokens')).status, 403);
  stack.sqlite(`UPDATE users SET email = 'countess@example.com', display_name = 'Countess' WHERE id = '${ada.id}'`);
  const shown = async (...args) => (await ctl.run(['audit', ...args])).stdout;
  await until(async () => /forbidden: GET \/api\/admin\/tokens(, \d times)?\n/.test(await shown('--who', ada.id, '--action', 'denied')), { what: 'the refusals' });
  assert.match(await shown('--who', ada.id), new RegExp(`updated +countess@example\\.com +sql +e-mail: ${ada.email} -> countess@example\\.com, name: Ada Lovelace -> Countess\n`));
  await ctl.run(['tokens', 'create', 'for the log', '--scope', 'read']);
  assert.match(await shown('--action', 'token_created'), / {2}for the log \(read\)\n/);

  const [, when] = /^(\S+ \S+) .* registered /m.exec(await shown('--who', ada.id));
  for (const since of [when, `${when}Z`, when.slice(0, 10), '1h', when.replace(' ', 'T') + 'Z']) {
    assert.match(await shown('--who', ada.id, '--since', since), / registered /, since);
    assert.doesNotMatch(await shown('--who', ada.id, '--until', since), / registered /, since);
  }
  const { code, stderr } = await ctl.run(['audit', '--since', 'yesterday']);
  assert.equal(code, exits.usage);
  assert.match(stderr, /--since: 'yesterday' [^\n]*a time like 2026-11-25 19:00 \(UTC\), a day, or how long ago: 90m, 2h, 7d/);
}));

test('lists say when they have not all', told(async () => {
  const people = await Promise.all(Array.from({ length: 3 }, () => stack.person()));
  const { value } = await ctl.json(['list', '--limit', '2']);
  assert.deepEqual([value.items.length, value.more], [2, true]);
  assert.match((await ctl.run(['list', '--limit', '2'])).stdout, /\n\nThere are more: a larger --limit shows them\.\n\nIn all: \d+ pending/);
  assert.match((await ctl.run(['audit', '--limit', '2'])).stdout, /\n\nThere are more: --limit shows older ones, --since and --until another time\.\n$/);
  const all = await ctl.run(['audit', '--who', people[0].email]);
  assert.doesNotMatch(all.stdout, /There are more/);
}));

test('output that cannot be written is a failure, but not when its reader has left', told(async () => {
  const full = (args) => spawnSync('sh', ['-c', `exec "$0" ${args} > /dev/full`, ctl.program], { env: ctl.environment, encoding: 'utf8' });
  for (const args of ['list', 'list --output json', '--help', 'help list', 'completion bash', 'doctor']) {
    const { status, stderr } = full(args);
    assert.deepEqual([args, status, stderr], [args, exits.notWritten,
      'stagectl: the output cannot be written: No space left on device; what the command did is done all the same\n']);
  }
  const ada = await stack.person();
  assert.equal(full(`approve ${ada.email}`).status, exits.notWritten);
  assert.equal(await statusOf(ada), 'active');
  const left = spawnSync('bash', ['-c', 'set -o pipefail; "$0" audit --limit 1000 --output json | head -c 1 > /dev/null', ctl.program], { env: ctl.environment });
  assert.equal(left.status, exits.done);
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
  assert.match(over.stderr, /^stagectl: [^.]+ \(token_revoked\): make a new token\n$/);
}));

test('what there is not is named', told(async () => {
  const ada = await stack.person();
  const nothing = '01890a5d-ac96-774b-bcce-b302099a8057';
  for (const [args, what] of [[['sessions', ada.email, '--end', nothing], `session ${nothing} of ${ada.email}`], [['sessions', nothing], `user ${nothing}`],
                              [['tokens', 'revoke', 'x'], 'API token x'],
                              [['events', `${ada.id}.9`], `event ${ada.id}.9; its id is the person's, a dot and a version`]]) {
    const { code, stdout, stderr } = await ctl.run(args);
    assert.deepEqual([code, stdout, stderr], [exits.notFound, '', `stagectl: there is no ${what}\n`]);
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
