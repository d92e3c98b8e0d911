// Every command of stagectl, as its help names them, against every way a server can fail: one clear line, the right exit code, and
// nothing on standard output that a script could take for an answer.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { after, before, test } from 'node:test';

import { startStack } from '../support/stack.mjs';
import { exits, Stagectl } from '../support/stagectl.mjs';

const somebody = '01890a5d-ac96-774b-bcce-b302099a8057';
const password = { input: 'house-lights-down\n' };

/** Every command with what it takes. Each talks to the server at once. */
const commands = {
  login: [['login', '--email', 'admin@example.com', '--password-stdin']],
  logout: [['logout']],
  list: [['list']],
  show: [['show', 'ada@example.com'], ['show', somebody]],
  approve: [['approve', 'ada@example.com'], ['approve', somebody], ['approve', '--all-pending', '--yes'], ['approve', '-']],
  reject: [['reject', somebody]],
  reconsider: [['reconsider', somebody]],
  suspend: [['suspend', somebody]],
  reinstate: [['reinstate', somebody]],
  audit: [['audit'], ['audit', '--who', 'ada@example.com']],
  sessions: [['sessions', somebody], ['sessions', somebody, '--end', somebody], ['sessions', somebody, '--end-all', '--yes']],
  tokens: [['tokens'], ['tokens', 'create', 'nightly'], ['tokens', 'revoke', somebody]],
  events: [['events'], ['events', `${somebody}.2`]],
  watch: [['watch', '--count', '1']],
};
// doctor reports what it finds instead; completion asks nobody.
const apart = ['doctor', 'completion'];
const decides = ['approve', 'reject', 'reconsider', 'suspend', 'reinstate'];

let stack, ctl;
before(async () => {
  stack = await startStack();
  ctl = await Stagectl.at(stack.origin);
});
after(() => Promise.all([stack?.stop(), ctl?.stop()]));
const told = (body) => (...args) => stack.telling(body)(...args);

test('the table has every command', told(async () => {
  const { stdout } = await ctl.run(['--help']);
  const named = [...stdout.slice(stdout.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name);
  assert.deepEqual([...Object.keys(commands), ...apart].sort(), named.sort());
}));

/** A credentials file as login writes it. */
function keep(server, credential) {
  mkdirSync(dirname(ctl.credentials), { recursive: true });
  writeFileSync(ctl.credentials, JSON.stringify({ last: server, servers: { [server]: { account: 'admin@example.com', ...credential } } }), { mode: 0o600 });
}

/**
 * Runs every command against `server`, with a session kept: each leaves with `code`, or what `except` has for its name, and says one
 * line that matches.
 */
async function eachFails(server, credential, { code, line, except = {}, only = Object.keys(commands), timeout = '5s' }) {
  keep(server, credential);
  for (const name of only) {
    for (const args of commands[name]) {
      const all = [...args, '--timeout', timeout, ...(decides.includes(name) ? ['--patience', '0s'] : [])];
      const variant = args.find((word) => word === '--end' || word === 'revoke');
      const expected = except[variant ? `${name} ${variant}` : name] ?? code;
      const { code: left, stdout, stderr } = await ctl.run(all, { server, ...password, input: args.includes('-') ? `${somebody}\n` : password.input });
      assert.deepEqual([args.join(' '), left], [args.join(' '), expected], stderr);
      if (name === 'logout') keep(server, credential);
      if (expected === exits.done) continue;
      assert.match(stderr, /^stagectl: [^\n]+\n$/, args.join(' '));
      if (expected === code) assert.match(stderr, line, args.join(' '));
      assert.ok(stdout === '' || /: not known: the answer was lost; run it again\n$/.test(stdout), stdout);
    }
  }
  const doctor = await ctl.json(['doctor', '--timeout', timeout], { server });
  if (!only.includes('login')) return;
  assert.deepEqual([doctor.code, doctor.value.healthy], [exits.unhealthy, false]);
  const found = doctor.value.checks.find(({ ok }) => !ok);
  assert.ok(found.detail.length > 0 && found.mend.length > 0, JSON.stringify(found));
}

const session = { cookie: 'stagedoor-1=x' };

/** A server that does `onRequest(socket)` with whatever is asked. */
async function failing(onRequest, onConnection = () => {}) {
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
    socket.on('data', () => onRequest(socket));
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => { sockets.forEach((socket) => socket.destroy()); server.close(); } };
}
const answering = (status, body = '', fields = []) => (socket) => socket.end(
  [`HTTP/1.1 ${status} X`, `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close', ...fields, '', body].join('\r\n'));
const problem = (status, code) => answering(status, JSON.stringify({ type: 'about:blank', status, title: 'No.', detail: 'Not so.', code }),
                                            ['Content-Type: application/problem+json']);
// Whoever asks for nothing but that it is done is content with any 2xx.
const contentWithAny = { logout: exits.done, 'sessions --end': exits.done, 'tokens revoke': exits.done };
const half = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"items": [';

const ways = [
  ['hangs up without a word', (socket) => socket.end(), { code: exits.unreachable, line: /cannot be reached: / }],
  ['does not answer', () => {}, { code: exits.unavailable, line: /does not answer within 300 ms/, timeout: '300ms' }],
  ['stops in the middle of its answer', (socket) => socket.write(half),
   { code: exits.unavailable, line: /broke off its answer: /, timeout: '300ms', except: { watch: exits.unavailable } }],
  ['breaks off its answer', (socket) => socket.end(half), { code: exits.unavailable, line: /broke off its answer: / }],
  ['speaks another protocol', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), { code: exits.notUnderstood, line: /does not answer as a web server does/ }],
  ['is a page', answering(200, '<html>Welcome</html>', ['Content-Type: text/html']),
   { code: exits.notUnderstood, line: /does not answer with JSON: is it a Stagedoor\?|is no event stream/ }],
  ['lacks what is looked for', answering(200, '{}', ['Content-Type: application/json']),
   { code: exits.notUnderstood, line: /the server's answer lacks `\w+`: is it of another version\? `stagectl doctor` compares|is no event stream/, except: contentWithAny }],
  ['has it as something else', answering(200, '{"items":5,"user":5,"event":5,"totals":5,"token":5,"nextCursor":5}', ['Content-Type: application/json']),
   { code: exits.notUnderstood, line: /the server's answer|is no event stream/, except: contentWithAny }],
  ['knows no such call', answering(404), { code: exits.notUnderstood, line: /answered 404, which this version does not understand/ }],
  ['is the https port', answering(400, 'The plain HTTP request was sent to HTTPS port'), { code: exits.notUnderstood, line: /answered 400/ }],
  ['sends us on', answering(308, '', ['Location: https://stage.example.com/api']),
   { code: exits.notUnderstood, line: /sends us on to https:\/\/stage\.example\.com\/api: if that is the server, give it as --server/ }],
  ['is overloaded', problem(503, 'overloaded'), { code: exits.unavailable, line: /Not so \(overloaded\)/ }],
  ['has a gateway that finds nobody', answering(502, '<html>Bad Gateway</html>'), { code: exits.unavailable, line: /answered 502/ }],
  ['refuses so many calls', problem(429, 'rate_limited'), { code: exits.unavailable, line: /\(rate_limited\)/ }],
  ['has failed', problem(500, 'internal_error'), { code: exits.unavailable, line: /\(internal_error\)/ }],
  ['has a gateway that wants a password', answering(401), { code: exits.notSignedIn, line: /answered 401: something in front of the server wants a password/, except: { logout: exits.done } }],
  ['has a gateway that forbids it', answering(403), { code: exits.forbidden, line: /answered 403/ }],
];
for (const [name, onRequest, expected] of ways) {
  test(`a server that ${name}`, told(async () => {
    const server = await failing(onRequest);
    try { await eachFails(server.url, session, expected); } finally { server.close(); }
  }));
}

/** A server that is overloaded and says for how long: how often it was asked within `patience`, and the last line. */
async function askedOf(retryAfter, patience) {
  let asked = 0;
  const body = JSON.stringify({ type: 'about:blank', status: 503, title: 'No.', detail: 'Not so.', code: 'overloaded' });
  const answers = answering(503, body, ['Content-Type: application/problem+json', `Retry-After: ${retryAfter}`]);
  const server = await failing((socket) => { asked += 1; answers(socket); });
  try {
    keep(server.url, session);
    const { code, stderr } = await ctl.run(['approve', somebody, '--patience', patience], { server: server.url });
    assert.equal(code, exits.unavailable);
    return { asked, last: stderr.trimEnd().split('\n').at(-1) };
  } finally {
    server.close();
  }
}

test('a server that says when to come again is left alone until then, within bounds', told(async () => {
  // By its own pauses it would ask six times and more.
  const { asked, last } = await askedOf('3', '5s');
  assert.equal(asked, 2);
  assert.match(last, /Not so \(overloaded\); try again in 3 s$/);
  const asDate = await askedOf(new Date(Date.now() + 3_600_000).toUTCString(), '5s');
  assert.equal(asDate.asked, 1, 'its patience is shorter');
  assert.match(asDate.last, /; try again in 3[56]\d\d s/);
}));

test('nobody at the address, no such address, and https where there is none', told(async () => {
  const gone = await failing(() => {});
  gone.close();
  await eachFails(gone.url, session, { code: exits.unreachable, line: /cannot be reached: / });
  await eachFails('http://nowhere.invalid', session, { code: exits.unreachable, line: /cannot be reached: / });
  await eachFails(stack.origin.replace('http:', 'https:'), session, { code: exits.unreachable, line: /cannot be reached: SSL/ });
}));

// What has nothing to do with who one is.
const signedInOnly = Object.keys(commands).filter((name) => name !== 'login' && name !== 'logout');
const refusal = { code: exits.notSignedIn, only: signedInOnly };
const make = (admin, body) => admin.post('/api/admin/tokens', { name: 'one', scope: 'approve', expiresInDays: 1, ...body });

test('bad credentials, kept or given', told(async () => {
  await eachFails(stack.origin, { token: 'stagedoor_x' }, { ...refusal, line: /\(token_invalid\): make a new token/ });
  await eachFails(stack.origin, { token: `stagedoor_${'1'.repeat(49)}` }, { ...refusal, line: /\(token_invalid\): make a new token/ });
  await eachFails(stack.origin, { cookie: `stagedoor-${stack.auth.port}=AQEBAQ` }, { ...refusal, line: /: run `stagectl login` again/ });
  const wrong = await ctl.login({ ...stack.admin, password: 'not-the-password' });
  assert.deepEqual([wrong.code, /^stagectl: [^\n]+ \(invalid_credentials\)[^\n]*\n$/.test(wrong.stderr)], [exits.notSignedIn, true], wrong.stderr);
}));

test('a token that was revoked, one that has expired, and one of somebody who is no admin any more', told(async () => {
  const admin = await stack.adminDevice();
  const [revoked, expired] = [(await make(admin, {})).body, (await make(admin, { name: 'short' })).body];
  await admin.delete(`/api/admin/tokens/${revoked.apiToken.id}`, { body: {} });
  await eachFails(stack.origin, { token: revoked.token }, { ...refusal, line: /\(token_revoked\): make a new token/ });
  // The database's clock cannot be turned: the row is made older than the triggers let anybody make it.
  const trigger = stack.sqlite("SELECT sql FROM sqlite_schema WHERE name = 'api_tokens_update_rules'").output;
  stack.sqlite(`BEGIN; DROP TRIGGER api_tokens_update_rules; UPDATE api_tokens SET created_at_ms = 0, expires_at_ms = 1 WHERE name = 'short'; ${trigger}; COMMIT`);
  await eachFails(stack.origin, { token: expired.token }, { ...refusal, line: /\(token_expired\): make a new token/ });
}));

test('a token that may only read reads', told(async () => {
  const { token } = (await make(await stack.adminDevice(), { scope: 'read' })).body;
  const expected = { code: exits.forbidden, line: /\(insufficient_scope\)/ };
  await eachFails(stack.origin, { token }, { ...expected, only: ['reject', 'reconsider', 'suspend', 'reinstate', 'tokens'] });
  keep(stack.origin, { token });
  for (const [name, ...args] of [['list'], ['audit'], ['events']]) assert.equal((await ctl.run([name, ...args])).code, exits.done, name);
}));

test('a session that has ended, and those of people who are no admins', told(async () => {
  const cookieOf = (device) => ({ cookie: device.cookie });
  const ended = await stack.adminDevice();
  const kept = cookieOf(ended);
  await ended.post('/api/auth/logout');
  await eachFails(stack.origin, kept, { ...refusal, line: /\(session_signed_out\): run `stagectl login` again/ });

  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  const noAdmin = { code: exits.forbidden, only: signedInOnly.filter((name) => name !== 'watch') };
  await eachFails(stack.origin, cookieOf(device), { ...noAdmin, line: /\(forbidden\)/ });
  const { code, stderr } = await ctl.login(person);
  assert.deepEqual([code, stderr], [exits.forbidden, `stagectl: ${person.email} is no admin\n`]);
}));

test('nobody is signed in: the server is not even asked', told(async () => {
  keep('http://elsewhere.example', session);
  for (const name of signedInOnly) {
    for (const args of commands[name]) {
      const { code, stdout, stderr } = await ctl.run(args);
      assert.deepEqual([args.join(' '), code, stdout, stderr], [args.join(' '), exits.notSignedIn, '',
        `stagectl: not signed in to ${stack.origin}: run \`stagectl login\`, or give a token by STAGEDOOR_TOKEN\n`]);
    }
  }
  const { code, stderr } = await ctl.run(['logout']);
  assert.deepEqual([code, stderr], [exits.notSignedIn, `stagectl: not signed in to ${stack.origin}\n`]);
}));

test('completion asks nobody', told(async () => {
  for (const shell of ['bash', 'zsh', 'fish']) assert.equal((await ctl.run(['completion', shell], { server: 'http://nowhere.invalid' })).code, exits.done);
  const { code, stderr } = await ctl.run(['completion', 'csh']);
  assert.deepEqual([code, stderr], [exits.usage, "stagectl: completion knows bash, zsh and fish, not 'csh'\n"]);
}));
