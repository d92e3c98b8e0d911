// Approvals per second: 10,000 pending people approved by one bulk call, committed with synchronous=FULL and relayed to a
// real Redis with its append-only file, on one machine with everything. Beside it, what SQLite alone does with the same
// triggers in one transaction, how long a single approval takes meanwhile, what of the processors each part takes, and how
// long `stagectl approve --all-pending` takes from its start to its end. Redis has the settings of scripts/compose/redis.conf.
//
//     STAGEDOOR_BUILD_DIR=build/release node tests/bench/bulk.mjs [people] [rounds]
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeToken, withToken } from '../support/admin.mjs';
import { ChildProcess } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';
import { exits, Stagectl } from '../support/stagectl.mjs';
import { cpuOfThreads } from './measuring.mjs';

const people = Number(process.argv[2] ?? 10_000);
const rounds = Number(process.argv[3] ?? 3);

const durableRedis = (folder, socket) => new ChildProcess('redis-server', ['redis-server', '--port', '0', '--unixsocket', socket, '--dir', folder,
  '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec', '--auto-aof-rewrite-min-size', '256mb',
  '--maxmemory-policy', 'noeviction']);

const stack = await startStack({ makeRedis: durableRedis });
const admin = await stack.adminDevice();
const ctl = await Stagectl.at(stack.origin);
if ((await ctl.login(stack.admin)).code !== exits.done) throw new Error('stagectl cannot sign in');
const tool = withToken(stack, (await makeToken(admin, 'approve')).token);
const percentile = (values, share) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

function addPeople(round) {
  const first = round.toString(16).padStart(4, '0');
  stack.sqlite(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${people})
                INSERT INTO users (id, email, display_name)
                SELECT printf('0190${first}-%04x-7000-8000-%012x', i / 65536, i), printf('p%d-${round}@example.com', i), 'Person ' || i FROM n`);
  return stack.sqlite(`SELECT id FROM users WHERE id LIKE '0190${first}-%' ORDER BY id`).output.trim().split('\n');
}

async function untilRelayed() {
  while (Number(stack.sqlite('SELECT count(*) FROM outbox WHERE published_at_ms IS NULL').output) > 0) await new Promise((done) => setTimeout(done, 100));
}

// What each part has taken of the processors until now, in µs. Of auth-service, the threads that write to and read from SQLite
// are told apart from the shards, which do HTTP and the relay.
function spent() {
  const { user, system } = process.cpuUsage();
  const threads = cpuOfThreads(stack.auth.pid);
  const of = (name) => threads.filter((each) => each.name === name).reduce((sum, each) => sum + each.us, 0);
  const all = threads.reduce((sum, each) => sum + each.us, 0);
  const [writer, reader] = [of('sqlite-writer'), of('sqlite-reader')];
  const redis = cpuOfThreads(stack.redis.pid).reduce((sum, each) => sum + each.us, 0);
  return { 'auth-service': all, 'its SQLite writer': writer, 'its SQLite readers': reader, 'its shards and others': all - writer - reader,
           'redis-server': redis, 'notify-service': cpuOfThreads(stack.notify.pid).reduce((sum, each) => sum + each.us, 0),
           'this client': user + system };
}

// How long all cores together were at work until now, and how long they were not, in µs; to some 10 ms.
function machine() {
  const [user, nice, system, idle, waiting, irq, softIrq, stolen] = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).slice(1)
    .map((ticks) => Number(ticks) * 10_000);
  return { busy: user + nice + system + irq + softIrq + stolen, idle: idle + waiting };
}

try {
  for (let round = 1; round <= rounds; ++round) {
    const ids = addPeople(round);
    await untilRelayed();
    const batches = Array.from({ length: Math.ceil(ids.length / 10_000) }, (_, i) => ids.slice(i * 10_000, (i + 1) * 10_000));
    const waits = [];
    let running = true;
    const others = (async () => {
      while (running) {
        const begun = performance.now();
        await admin.post('/api/admin/tokens', { name: 'x' });  // 422: the event loop alone
        const [person] = ids;
        await admin.post(`/api/admin/stage-managers/${person}/suspend`, { expectedVersion: 999 });
        waits.push(performance.now() - begun);
        await new Promise((done) => setTimeout(done, 10));
      }
    })();
    const before = spent();
    const machineBefore = machine();
    const begun = performance.now();
    let done = 0;
    const deliveries = new Set();
    for (const batch of batches) {
      const { status, body } = await tool.post('/api/admin/stage-managers/bulk', { action: 'approve', ids: batch, reason: 'Welcome to the house' });
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
      done += body.counts.done;
      deliveries.add(body.delivery);
    }
    const seconds = (performance.now() - begun) / 1000;
    const [during, machineAfter] = [spent(), machine()];
    await untilRelayed();  // and marked
    const after = spent();
    running = false;
    await others;
    console.log(`round ${round}: ${done} approved, ${[...deliveries]} in ${seconds.toFixed(3)} s: ${Math.round(done / seconds)} a second; ` +
                `another admin's two calls meanwhile: p50 ${percentile(waits, 0.5).toFixed(1)} ms, max ${percentile(waits, 1).toFixed(1)} ms`);
    const ours = ['auth-service', 'redis-server', 'notify-service', 'this client'].reduce((sum, name) => sum + during[name] - before[name], 0);
    const [busy, idle] = ['busy', 'idle'].map((name) => machineAfter[name] - machineBefore[name]);
    const cores = (us) => (Math.max(0, us) / seconds / 1e6).toFixed(2);
    console.log(`  cores at work: all of this ${cores(ours)}, other programs ${cores(busy - ours)}, idle ${cores(idle)}`);
    console.log(`  µs of CPU an approval: ${Object.entries(after).map(([name, us]) => `${name} ${((us - before[name]) / done).toFixed(1)}`).join(', ')}`);
  }
  for (let i = 1; i <= rounds; ++i) {
    addPeople(rounds + i);
    await untilRelayed();
    const begun = performance.now();
    const { code, stdout, stderr } = await ctl.run(['approve', '--all-pending', '--yes', '--reason', 'Welcome to the house']);
    const seconds = (performance.now() - begun) / 1000;
    if (code !== exits.done) throw new Error(`stagectl left with ${code}: ${stderr}`);
    console.log(`stagectl approve --all-pending: "${stdout.trim()}" after ${seconds.toFixed(3)} s: ${Math.round(people / seconds)} a second`);
    await untilRelayed();
  }
  const newcomers = addPeople(2 * rounds + 1).slice(0, 10_000);
  const approved = performance.now();
  const { body } = await tool.post('/api/admin/stage-managers/bulk', { action: 'approve', ids: newcomers, reason: 'Welcome to the house' });
  const waited = (performance.now() - approved) / 1000;
  await untilRelayed();
  console.log(`${body.counts.done} who were added by SQL a moment ago, ${body.delivery} in ${waited.toFixed(3)} s, ` +
              `relayed with their registrations after ${((performance.now() - approved) / 1000).toFixed(3)} s`);
  addPeople(2 * rounds + 2);
  await stack.auth.stop();
  const copy = join(stack.folder, 'copy.db');
  spawnSync('sqlite3', [stack.databasePath, 'PRAGMA wal_checkpoint(TRUNCATE)']);
  copyFileSync(stack.databasePath, copy);
  const begun = performance.now();
  const bare = spawnSync('sqlite3', [copy], { input: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; UPDATE users SET status = 'active' WHERE status = 'pending';\n", encoding: 'utf8' });
  const seconds = (performance.now() - begun) / 1000;
  if (bare.status !== 0) throw new Error(bare.stderr);
  console.log(`SQLite alone, one statement: ${Math.round(people / seconds)} a second`);
  await stack.auth.start();
} finally {
  await Promise.all([stack.stop(), ctl.stop()]);
}
