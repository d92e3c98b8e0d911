// From an approval to the frame, for push.mjs. What is measured begins when the admin's request is sent, so it has in it the
// request, the session check, the commit, the relay's script and the push; beside it, in the same round and at the same pace, what
// nobody can do without: a PUBLISH that a subscriber hears, and a commit.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { programOf } from '../support/stack.mjs';
import { Conversation, loadCore, median, pin, program, serverCore } from './measuring.mjs';
import { target } from './push_contestants.mjs';

const people = 20;
const perRound = 1_000;
const perSecond = 250;
const letterBytes = 640;  // of one that the relay publishes

const handshake = (stack, cookie) => `GET /ws HTTP/1.1\r\nHost: localhost\r\nOrigin: ${stack.origin}\r\nUpgrade: websocket\r\n` +
  `Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nCookie: ${cookie}\r\n\r\n`;

const decision = (stack, admin, person, action) => `POST /api/admin/stage-managers/${person.id}/${action} HTTP/1.1\r\nHost: localhost\r\n` +
  `Origin: ${stack.origin}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nCookie: ${admin.cookie}\r\n\r\n{}`;

async function targetsOf(stack) {
  const admin = await stack.adminDevice();
  const all = [];
  for (let i = 0; i < people; ++i) {
    const person = await stack.person();
    const device = stack.device();
    await device.signIn(person);
    all.push(target({ request: handshake(stack, device.cookie),
                      triggers: ['reject', 'reconsider'].map((action) => decision(stack, admin, person, action)) }));
  }
  const path = join(stack.folder, 'people');
  writeFileSync(path, Buffer.concat(all));
  return path;
}

/** A database like ours, with one user. */
function separateDatabase(stack) {
  const path = join(stack.folder, 'commits.db');
  execFileSync(programOf('auth-service'), ['migrate', '--database-url', `sqlite:${path}`]);
  const id = randomUUID();
  execFileSync('sqlite3', [path], { input: `INSERT INTO users (id, email, display_name) VALUES ('${id}', 'ada@example.com', 'Ada');\n` });
  return [path, id];
}

export async function measureLatency(stack, rounds) {
  const decisions = new Conversation([program('push_load'), stack.notify.port, await targetsOf(stack), 'stagedoor.stage_manager.',
                                      `http:${stack.auth.port}`], loadCore);
  const commits = new Conversation([program('commit_times'), ...separateDatabase(stack)], serverCore);
  for (const { pid } of [stack.auth, stack.notify]) pin(pid, serverCore);
  pin(stack.redis.pid, loadCore);
  await decisions.say('open 10');
  await decisions.say(`latency 200 ${perSecond}`);  // warms up
  const results = [];
  for (let round = 0; round < rounds; ++round) {
    const bare = await decisions.say(`bare ${stack.redisSocket} ${perRound} ${perSecond} ${letterBytes}`);
    const commit = await commits.say(`commits ${perRound} ${perSecond}`);
    results.push({ bare, commit, ours: await decisions.say(`latency ${perRound} ${perSecond}`) });
  }
  await decisions.say('close');
  await Promise.all([decisions.end(), commits.end()]);
  const of = (what, share) => median(results.map((result) => result[what][share]));
  console.log(`\n${'latency, µs'.padEnd(40)} ${'p50'.padStart(8)} ${'p99'.padStart(8)}`);
  for (const [name, what] of [['bare PUBLISH to a subscriber', 'bare'], ['one commit', 'commit'], ['an approval, from its request to the frame', 'ours']]) {
    console.log(`${name.padEnd(40)} ${of(what, 'p50').toFixed(0).padStart(8)} ${of(what, 'p99').toFixed(0).padStart(8)}`);
  }
  const share = median(results.map(({ bare, commit, ours }) => ours.p99 / (bare.p99 + commit.p99)));
  console.log(`p99 of an approval to the sum of the other two: ${share.toFixed(2)}`);
}
