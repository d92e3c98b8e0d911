// `stagectl watch`: whatever befalls the event stream, Redis and the services, each registration and decision is told once and in order.
import assert from 'node:assert/strict';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { addPeople } from '../support/ledger.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';
import { exits, Stagectl } from '../support/stagectl.mjs';

let stack, ctl;
const children = [];  // of tests that failed, too
before(async () => {
  stack = await startStack();
  ctl = await Stagectl.at(stack.origin);
  assert.equal((await ctl.login(stack.admin)).code, exits.done);
});
after(() => {
  for (const child of children) child.kill('SIGKILL');
  return Promise.all([stack?.stop(), ctl?.stop()]);
});
const told = (body) => (...args) => stack.telling(body)(...args);

const openStreams = async () => (await stack.notify.metrics()).stagedoor_sse_sockets;
const streamIsOpen = () => until(async () => (await openStreams()) > 0, { what: 'the stream being open', withinMs: 20_000 });

/** A watch under way, as a script reads it. */
async function watching(args = [], options = {}) {
  const under = ctl.start(['watch', '--output', 'json', ...args], { withinMs: 300_000, ...options });
  children.push(under.child);
  under.entries = () => under.told.stdout.split('\n').slice(0, -1).map((line) => JSON.parse(line));
  /** `[action, e-mail]` of those whose e-mail begins so, once there are `count`. */
  under.toldOf = async (prefix, count) => {
    const found = () => under.entries().filter(({ user }) => user.email.startsWith(prefix)).map(({ action, user }) => [action, user.email]);
    await until(() => found().length >= count, { what: `${count} entries about ${prefix}`, withinMs: 60_000, everyMs: 50 });
    return found();
  };
  /** Leaves by Ctrl-C; with everything that was told. */
  under.leave = async () => {
    under.child.kill('SIGCONT');
    under.child.kill('SIGINT');
    assert.equal((await under.ended).code, exits.interrupted, under.told.stderr);
    const ids = under.entries().map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b), 'each once, in order');
  };
  return under;
}

test('it shows what happens, as it happens, wherever the server tells pages to listen', told(async () => {
  const under = ctl.start(['watch', '--count', '2']);
  await streamIsOpen();
  const ada = await stack.person();
  await stack.decide(ada, 'approve', { reason: 'Welcome' });
  const { code, stdout, stderr } = await under.ended;
  assert.deepEqual([code, stderr], [exits.done, '']);
  assert.match(stdout, new RegExp(`^\\S+ \\S+Z  registered    ${ada.email}\n\\S+ \\S+Z  approved      ${ada.email}  by ${stack.admin.email}  \\(Welcome\\)\n$`));
}));

test('it has each of ten thousand approvals once, in a burst that its stream does not bring', told(async () => {
  const people = addPeople(stack, 10_000, 0, { crowd: 'burst' });
  const file = join(stack.folder, 'burst');
  writeFileSync(file, people.map(({ id }) => id).join('\n'));
  // Cut off as a slow reader (4413), or told that the feed has gone on without it: what the kernel takes in decides.
  const gaps = async () => {
    const { stagedoor_sse_closes_total: closes, stagedoor_push_feed_restarts_total: restarts } = await stack.notify.metrics();
    return closes + restarts;
  };
  const first = await gaps();
  const under = await watching();
  await until(async () => await gaps() > first, { what: 'the beginning, which is told as one' });
  let looks = 0;  // it comes back after that: a stream that is about to be closed is open for one look or two
  await until(async () => (looks = await openStreams() > 0 ? looks + 1 : 0) > 20, { what: 'its stream, that stays', everyMs: 50 });
  const before = await gaps();
  under.child.kill('SIGSTOP');  // it reads nothing meanwhile
  const actions = [];
  for (const [command, action] of [['approve', 'approved'], ['suspend', 'suspended'], ['reinstate', 'reinstated'], ['suspend', 'suspended'], ['reinstate', 'reinstated']]) {
    const { value } = await ctl.json([command, '--file', file, '--batch', '10000']);
    assert.equal(value.counts.done, people.length);
    actions.push(action);
    if (await gaps() > before) break;
  }
  await until(async () => await gaps() > before, { what: 'a gap', withinMs: 30_000 });
  under.child.kill('SIGCONT');
  const entries = await under.toldOf('burst', people.length * actions.length);
  assert.deepEqual(entries.sort(), people.flatMap(({ email }) => actions.map((action) => [action, email])).sort());
  await streamIsOpen();  // and it is back
  const ada = await stack.person();
  assert.deepEqual(await under.toldOf(ada.email, 1), [['registered', ada.email]]);
  assert.equal(under.told.stderr, '');
  await under.leave();
}));

test('it goes on when Redis was wiped and when a node was restarted', told(async () => {
  const under = await watching();
  await streamIsOpen();
  await stack.notify.stop();
  const ellen = await stack.person();
  stack.redisCommand('FLUSHALL');
  await stack.notify.start();
  await stack.recovered();
  await streamIsOpen();
  await stack.decide(ellen, 'approve');
  const away = await stack.person();
  await stack.redis.stop();  // nothing of it is kept
  stack.sqlite(`UPDATE users SET status = 'rejected' WHERE id = '${away.id}'`);
  await stack.bringRedisBack();
  await streamIsOpen();
  await stack.decide(away, 'reconsider');
  assert.deepEqual(await under.toldOf(ellen.email, 2), [['registered', ellen.email], ['approved', ellen.email]]);
  assert.deepEqual(await under.toldOf(away.email, 3), [['registered', away.email], ['rejected', away.email], ['reconsidered', away.email]]);
  assert.equal(under.told.stderr, '');
  await under.leave();
}));

test('it goes on over a restart of the server, and says that it waits', told(async () => {
  const under = await watching();
  await streamIsOpen();
  await stack.auth.stop();
  await until(() => under.told.stderr !== '', { what: 'a remark', withinMs: 20_000 });
  const crowd = addPeople(stack, 450, 0, { crowd: 'restart' });
  await stack.auth.start();
  const registered = await under.toldOf('restart', crowd.length);
  assert.deepEqual(registered, crowd.map(({ email }) => ['registered', email]));
  assert.match(under.told.stderr, /^stagectl: http:\S+ cannot be reached: [^\n]+; going on when it answers again, without a gap\nstagectl: the server answers again; going on\n$/);
  await under.leave();
}));

test('a stream that cannot be heard is said once, and costs no event', told(async () => {
  for (const [url, why] of [['http://127.0.0.1:1/events', /Couldn't connect/], [`${stack.origin}/assets/base.css`, /it is no event stream/], [`${stack.origin}/events`, /it answers 404/]]) {
    const under = await watching(['--notify-url', url]);
    await until(() => under.told.stderr !== '', { what: 'a remark' });
    const ada = await stack.person();
    assert.deepEqual(await under.toldOf(ada.email, 1), [['registered', ada.email]]);
    assert.match(under.told.stderr, /^stagectl: the server's event stream cannot be heard \([^\n]+\): looking once a second instead\n$/);
    assert.match(under.told.stderr, why);
    await under.leave();
  }
}));

/** An event stream that welcomes whoever comes and ends with that advice; how often somebody came. */
async function endingStream(advice) {
  const stream = { visits: 0 };
  const frame = (type, data) => `data: ${JSON.stringify({ type: `stagedoor.connection.${type}`, data })}\n\n`;
  const server = createServer((_, answer) => {
    stream.visits += 1;
    answer.writeHead(200, { 'content-type': 'text/event-stream' });
    answer.end(frame('welcome', { heartbeatIntervalMs: 25_000 }) + frame('closing', advice));
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  stream.url = `http://127.0.0.1:${server.address().port}/events`;
  stream.close = () => server.close();
  return stream;
}

test('it comes back to the stream at once when it is told so, and not before it may when it is told that', told(async () => {
  const advice = [{ code: 4413, reconnect: 'now', afterMs: null }, { code: 4404, reconnect: 'after-refresh', afterMs: null },
                  { code: 1012, reconnect: 'after', afterMs: 30_000 }];
  const streams = await Promise.all(advice.map(endingStream));
  const [now, byItself, after] = streams;
  const under = await Promise.all(streams.map(({ url }) => watching(['--notify-url', url])));
  // Every second time at once, and else by its own growing pauses, since the stream does not last: six visits need two of those, or four.
  await until(() => now.visits >= 6, { what: 'six visits', everyMs: 5 });
  assert.ok(byItself.visits < 6, `${byItself.visits} visits`);
  assert.equal(after.visits, 1);
  const ada = await stack.person();
  for (const each of under) assert.deepEqual(await each.toldOf(ada.email, 1), [['registered', ada.email]]);
  for (const each of under) await each.leave();
  for (const each of streams) each.close();
}));

test('with a token it reads the audit log alone, all of it', told(async () => {
  const { value: { token } } = await ctl.json(['tokens', 'create', 'watcher', '--scope', 'read']);
  const under = await watching([], { env: { STAGEDOOR_TOKEN: token } });
  const ada = await stack.person();
  await under.toldOf(ada.email, 1);
  const crowd = addPeople(stack, 450, 0, { crowd: 'watched' });
  stack.sqlite("UPDATE users SET status = 'active' WHERE email LIKE 'watched%'");
  const entries = await under.toldOf('watched', 2 * crowd.length);
  assert.deepEqual(entries.filter(([action]) => action === 'approved').map(([, email]) => email).sort(), crowd.map(({ email }) => email).sort());
  assert.equal(under.told.stderr, '');
  await under.leave();
}));

test('it ends when its session does', told(async () => {
  const other = await Stagectl.at(stack.origin);
  assert.equal((await other.login(stack.admin)).code, exits.done);
  const under = other.start(['watch']);
  await streamIsOpen();
  stack.sqlite(`INSERT INTO users (id, email, display_name) VALUES ('01900000-0000-7000-8000-000000000001', 'first@example.com', 'First')`);
  await until(() => under.told.stdout !== '', { what: 'the first line' });
  assert.equal((await other.run(['logout'])).code, exits.done);
  const { code, stderr } = await under.ended;
  assert.equal(code, exits.notSignedIn);
  assert.match(stderr, /^stagectl: [^\n]+ \(session_signed_out\): run `stagectl login` again\n$/);
  await other.stop();
}));

test('when the database is an older copy it says what cannot be told', told(async () => {
  const copy = `${stack.databasePath}.copy`;
  stack.sqlite(`VACUUM INTO '${copy}'`);
  const under = await watching();
  const ada = await stack.person();
  await under.toldOf(ada.email, 1);
  await stack.auth.stop();
  for (const end of ['', '-wal', '-shm']) rmSync(stack.databasePath + end, { force: true });
  copyFileSync(copy, stack.databasePath);
  await stack.auth.start(async () => (await fetch(`http://127.0.0.1:${stack.auth.opsPort}/healthz`)).status === 200);
  await until(() => /older copy/.test(under.told.stderr), { what: 'the remark', withinMs: 20_000 });
  assert.match(under.told.stderr, /^stagectl: the server's database is an older copy now: what it has lost cannot be told$/m);
  under.child.kill('SIGINT');
  await under.ended;
}));
