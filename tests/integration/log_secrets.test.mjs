// What the log says of a whole story: why each 401 was one and whose it was, the events that matter for security, and never a
// token, a cookie, a password or an e-mail.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { Ageing, recordKey } from '../support/ageing.mjs';
import { signingKey, tokenOf } from '../support/ledger.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

const perUser = 8;

let stack;
before(async () => {
  const json = ['--log-format', 'json', '--log-level', 'debug'];
  stack = await startStack({ authFlags: [...json, '--sessions-per-user', `${perUser}`], notifyFlags: json });
});
after(() => stack?.stop());
const told = (name, body) => test(name, (t) => stack.telling(body)(t));

const hashOf = (session) => createHash('sha256').update(session).digest('hex').slice(0, 12);
const lines = (service = stack.auth) => service.output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
const problems = async (code) => {
  const text = await (await fetch(`${stack.auth.opsUrl}/metrics`)).text();
  return Number(new RegExp(`^stagedoor_problems_total\\{code="${code}"\\} (\\d+)`, 'm').exec(text)[1]);
};
/** The lines of one request: its own, and its security event if there is one. */
async function linesOf({ headers }) {
  const id = headers.get('x-request-id');
  const own = () => lines().filter((line) => line.request_id === id);
  await until(() => own().some(({ event }) => event === 'request'), { what: 'the line of a request' });
  return { request: own().find(({ event }) => event === 'request'), events: own().filter(({ event }) => event !== 'request') };
}

async function signedIn(person) {
  person ??= await stack.person();
  const device = stack.device();
  const answer = await device.post('/api/auth/login', { email: person.email, password: person.password });
  const { body: { session } } = await device.get('/api/auth/me');
  return { person, device, answer, session: session.id };
}
const as = (cookie) => stack.device().get('/api/auth/me', { headers: { cookie } });
const cookieName = () => `stagedoor-${stack.auth.port}`;
const cookieOf = (person, session, generation = 0) => `${cookieName()}=${tokenOf(signingKey(stack), person.id, session, generation)}`;

told('signing in is an event with user and session, and the request line has them too', async () => {
  const { person, answer, session } = await signedIn();
  const { request, events } = await linesOf(answer);
  assert.deepEqual([request.user, request.session, request.status, request.level], [person.id, hashOf(session), 200, 'info']);
  assert.deepEqual(events.map(({ event, level, user, session: hash }) => [event, level, user, hash]),
                   [['authn_login_success', 'info', person.id, hashOf(session)]]);
});

told('a sign-out says in its request line whose it was, also when it is repeated', async () => {
  const { person, device, session } = await signedIn();
  const { cookie } = device;
  for (const sent of [{}, { headers: { cookie } }]) {
    const { request } = await linesOf(await device.post('/api/auth/logout', {}, sent));
    assert.deepEqual([request.status, request.user, request.session], [200, person.id, hashOf(session)]);
  }
  const { request } = await linesOf(await stack.device().post('/api/auth/logout'));
  assert.deepEqual([request.status, request.user, request.session], [200, undefined, undefined]);
});

const ends = [
  ['no_session', null, async () => ({ cookie: 'other=1' })],
  ['session_invalid', null, async () => ({ cookie: `${cookieName()}=${'A'.repeat(72)}` })],
  ['session_invalid', null, async () => {
    const { person, session } = await signedIn();
    const token = tokenOf({ id: 1, key: Buffer.alloc(32, 7) }, person.id, session);
    return { cookie: `${cookieName()}=${token}` };  // forged: its session is nobody's to name
  }],
  ['session_unknown', null, async () => {
    const { person } = await signedIn();
    const session = '01890a5d-ac96-474b-8cce-b302099a8057';
    return { person, session, cookie: cookieOf(person, session) };
  }],
  ['session_signed_out', 'session_use_after_expire', async () => {
    const { person, device, session } = await signedIn();
    const { cookie } = device;
    await device.post('/api/auth/logout');
    return { person, session, cookie };
  }],
  ['session_revoked', 'session_use_after_expire', async () => {
    const { person, device, session } = await signedIn();
    await stack.decide(person, 'approve');
    await stack.decide(person, 'suspend');
    return { person, session, cookie: device.cookie };
  }],
  ['session_displaced', 'session_use_after_expire', async () => {
    const first = await signedIn();
    for (let i = 0; i < perUser; ++i) await signedIn(first.person);
    return { ...first, cookie: first.device.cookie };
  }],
  ['session_ended_elsewhere', 'session_use_after_expire', async () => {
    const first = await signedIn();
    const { device } = await signedIn(first.person);
    assert.equal((await device.delete(`/api/auth/sessions/${first.session}`)).status, 204);
    return { ...first, cookie: first.device.cookie };
  }],
  ['session_ended_by_admin', 'session_use_after_expire', async () => {
    const first = await signedIn();
    const admin = await stack.adminDevice();
    assert.equal((await admin.delete(`/api/admin/users/${first.person.id}/sessions/${first.session}`)).status, 204);
    return { ...first, cookie: first.device.cookie };
  }],
  ['session_expired_idle', 'session_expired', async () => {
    const ageing = new Ageing(stack);
    await ageing.redisUpFor(1_000);
    await until(async () => {  // tried with others, until the service knows how old this Redis is
      const { person, device, session } = await signedIn();
      await ageing.unusedFor(100, recordKey(person.id, session));
      return (await as(device.cookie)).body.code === 'session_expired_idle';
    }, { what: 'idleness being judged', everyMs: 100 });
    const left = await signedIn();
    assert.ok(await ageing.unusedFor(100, recordKey(left.person.id, left.session)));
    ageing.close();
    return { ...left, cookie: left.device.cookie };
  }],
  ['session_expired_absolute', 'session_expired', async () => {
    const { person } = await signedIn();
    const session = '01890a5d-ac96-474b-8cce-b302099a8058';
    const now = Date.now();
    stack.sqlite('INSERT INTO sessions (id, user_id, epoch, signed_in_status, created_at_ms, expires_at_ms)'
                 + ` VALUES ('${session}', '${person.id}', 1, 'pending', ${now - 2000}, ${now - 1000})`);
    return { person, session, cookie: cookieOf(person, session) };
  }],
];
for (const [code, event, make] of ends) {
  told(`a 401 for ${code} says so in the problem, the field, the metric and the log${event ? `, as ${event}` : ''}`, async () => {
    const { person, session, cookie } = await make();
    const counted = await problems(code);
    const answer = await as(cookie);
    assert.deepEqual([answer.status, answer.body.code], [401, code]);
    assert.match(answer.headers.get('www-authenticate'), new RegExp(`error="${code}"`));
    assert.equal(await problems(code), counted + 1);
    const { request, events } = await linesOf(answer);
    assert.deepEqual([request.status, request.code], [401, code]);
    assert.equal(request.session, session && hashOf(session));
    assert.equal(request.user, person?.id);
    assert.deepEqual(events.map((each) => [each.event, each.level, each.code, each.session]), event ? [[event, 'info', code, hashOf(session)]] : []);
  });
}

told('a token that comes back is an event to look at, with the session it ended', async () => {
  const { person, device, session } = await signedIn();
  const refresh = (cookie) => stack.device().post('/api/auth/refresh-session', {}, { headers: { cookie } });
  await refresh(device.cookie);
  // Generation 1 is used and, a minute later, used again: generation 0 is dead (K3). The record is moved on by hand.
  const key = `stagedoor:{${person.id}}:session:${session}`;
  assert.ok(stack.redisCommand('EXISTS', key) === '1');
  assert.equal((await as(cookieOf(person, session, 5))).status, 200, 'ahead: Redis lost rotations');
  const reused = await as(cookieOf(person, session, 2));
  assert.deepEqual([reused.status, reused.body.code], [401, 'session_token_reused']);
  const { request, events } = await linesOf(reused);
  assert.deepEqual([request.code, request.session], ['session_token_reused', hashOf(session)]);
  assert.deepEqual(events.map(({ event, level, session: hash }) => [event, level, hash]), [['authn_token_reuse', 'warn', hashOf(session)]]);
  assert.equal((await as(cookieOf(person, session, 5))).status, 401);
});

told('wrong passwords, wrong roles and foreign origins are events of their own, at the level of an attempt', async () => {
  const { person, device } = await signedIn();
  for (const [answer, event, level, user] of [
    [await stack.device().post('/api/auth/login', { email: person.email, password: 'wrong-password' }), 'authn_login_fail', 'warn'],
    [await stack.device().post('/api/auth/login', { email: 'nobody@example.com', password: 'wrong-password' }), 'authn_login_fail', 'warn'],
    [await device.get('/api/admin/stage-managers'), 'authz_fail', 'warn', person.id],
    [await device.get('/api/auth/verify?status=active'), 'authz_fail', 'info', person.id],
    [await device.post('/api/auth/logout', {}, { headers: { origin: 'https://evil.example' } }), 'malicious_csrf', 'warn'],
  ]) {
    const { events } = await linesOf(answer);
    assert.deepEqual(events.map((each) => [each.event, each.level, each.user]), [[event, level, user]]);
  }
});

told('a failed sign-in names its account by a hash, as the limit does that keeps others from guessing on', async () => {
  const victim = await stack.person();
  const guess = () => stack.device().post('/api/auth/login', { email: victim.email, password: 'wrong-password' });
  const { events: [failed] } = await linesOf(await guess());
  assert.match(failed.about, /^account:[\w-]{22}$/);
  const refused = await until(async () => {
    const answer = await guess();
    return answer.status === 429 && answer;
  }, { what: 'a limit', everyMs: 1 });
  const { events: [limited] } = await linesOf(refused);
  assert.deepEqual([limited.event, limited.about], ['excess_rate_limit_exceeded', failed.about]);
  const { events: [other] } = await linesOf(await stack.device().post('/api/auth/login', { email: 'nobody2@example.com', password: 'wrong' }));
  assert.notEqual(other.about, failed.about);
});

told('a change of password, and what an admin does to somebody\'s sessions, are events', async () => {
  const { person, device, session } = await signedIn();
  const change = { currentPassword: person.password, newPassword: 'another-curtain-call' };
  const { events: [changed] } = await linesOf(await device.post('/api/auth/password', change));
  assert.deepEqual([changed.event, changed.user, changed.session], ['authn_password_change', person.id, hashOf(session)]);

  const admin = await stack.adminDevice();
  const { body: { user } } = await admin.get('/api/auth/me');
  const path = `/api/admin/users/${person.id}/sessions`;
  for (const [answer, action] of [[await admin.delete(`${path}/${session}`), 'end_session'], [await admin.delete(path), 'end_all_sessions']]) {
    const { events: [done] } = await linesOf(answer);
    assert.deepEqual([done.event, done.user, done.action, done.subject], ['authz_admin', user.id, action, person.id]);
  }
});

told('no log of either service holds a token, a cookie, a password or an e-mail, at the most talkative level', async () => {
  const secrets = new Set();
  const keep = (answer) => {
    for (const [, value] of (answer.headers.get('set-cookie') ?? '').matchAll(/=([\w-]{72});/g)) secrets.add(value).add(value.slice(-22));
    return answer;
  };
  const person = { email: 'very.private@example.com', password: 'a secret that is typed', displayName: 'Private Person' };
  const wrong = 'a wrong secret that is typed';
  for (const text of [person.email, person.password, wrong, 'query-secret', 'cookie-secret', 'body-secret', person.displayName]) secrets.add(text);
  const device = stack.device();
  const { body: { user } } = await device.post('/api/auth/register', person);
  await device.post('/api/auth/register', person);
  await device.post('/api/auth/login', { email: person.email, password: wrong });
  keep(await device.post('/api/auth/login', { email: person.email, password: person.password }));
  await device.get('/api/auth/me?token=query-secret');
  await device.get('/login?password=query-secret', { headers: { referer: `https://x.example/${wrong}`, authorization: 'Bearer cookie-secret' } });
  await device.get('/api/auth/verify?role=query-secret');
  await device.post('/api/auth/refresh-session', { surprise: 'body-secret' });
  await device.post('/api/auth/login', 'body-secret');
  await as(`${cookieName()}=cookie-secret`);
  const socket = new WebSocket(`${stack.socketUrl}?cursor=query-secret`, { origin: stack.origin, headers: { cookie: device.cookie } });
  await new Promise((opened, failed) => { socket.once('message', opened).once('error', failed); });
  await stack.decide({ ...person, id: user.id }, 'approve', { reason: 'body-secret' });
  keep(await device.post('/api/auth/refresh-session'));
  keep(await device.post('/api/auth/refresh-session', { ackVersion: 2 }));
  await device.patch('/api/stage-manager/profile', { displayName: 'body-secret', phone: '+49 body-secret' });
  await device.get('/api/stage-manager/profile');
  const { cookie } = device;
  const closed = new Promise((done) => { socket.once('close', done); });
  keep(await device.post('/api/auth/logout'));
  await closed;
  const last = await as(cookie);
  assert.equal(last.status, 401);
  await linesOf(last);
  assert.ok(secrets.size > 9, 'tokens were seen');
  for (const service of [stack.auth, stack.notify]) {
    assert.ok(lines(service).length > 3);
    for (const secret of secrets) assert.ok(!service.output.includes(secret), `${service.name} has logged ${secret}`);
  }
});
