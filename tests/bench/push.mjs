// What push costs, side by side in one run: notify-service with sessions that are checked, cursors, heartbeats, receipts and
// limits, beside `ws` with ioredis, Socket.IO with its Redis adapter, Beast's own WebSocket stream, and uWebSockets where a
// checkout is given; none of those has any of that. Servers have one core and one thread each, Redis and the load have the other
// core. Rounds take turns, medians are printed, and ratios within the same round. Figures, never a test.
//
//     cmake --preset release -DSTAGEDOOR_BENCH=ON && cmake --build --preset release
//     npm --prefix tests/bench/peers ci
//     node tests/bench/push.mjs [--measure events,sockets,fanout,latency] [--rounds 5] [--only stagedoor,beast] [--uwebsockets CHECKOUT]
//
//   events    server CPU of an event of 200 bytes for one of 1,000 users, each with one socket
//   sockets   10,000 idle sockets of as many users: resident bytes each, what the kernel has beside them (both ends), and how
//             many a second and core were opened, signed in and greeted
//   fanout    one event to 5,000 sockets of one user, until the last has it
//   latency   from the request of an approval, through the database's commit, to the frame, beside a bare PUBLISH to a subscriber
//             and a bare commit (ours alone)
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

import { startStack } from '../support/stack.mjs';
import { beast, ours, socketIo, uWebSockets, wsPackage } from './push_contestants.mjs';
import { Conversation, cpuOf, kernelBytes, loadCore, median, pin, program, residentOf } from './measuring.mjs';
import { measureLatency } from './push_latency.mjs';

const { values: flags } = parseArgs({ options: {
  measure: { type: 'string', default: 'events,sockets,fanout,latency' }, rounds: { type: 'string', default: '5' },
  only: { type: 'string', default: '' }, uwebsockets: { type: 'string' },
} });
const rounds = Number(flags.rounds);
if (!(rounds >= 1)) throw new Error(`--rounds has to be a number from 1, not ${flags.rounds}`);
const frameBytes = 200;

const load = (stack, { port }, path, mark) => new Conversation([program('push_load'), port, path, mark, `redis:${stack.redisSocket}`], loadCore);

/** Each contestant keeps its sockets open; rounds take turns. */
async function measureEvents(stack, contestants) {
  const count = 100_000, window = 500;
  const running = [];
  for (const each of contestants) {
    const server = await each.fresh();
    const clients = load(stack, server, each.targets(1_000, 1), each.mark);
    await clients.say('open 100');
    await clients.say(`events 20000 ${window}`);  // warms up
    running.push({ each, server, clients });
  }
  for (let round = 0; round < rounds; ++round) {
    for (const { each, server, clients } of running) {
      const before = [cpuOf(server.pid), cpuOf(stack.redis.pid)];
      const { seconds } = await clients.say(`events ${count} ${window}`);
      (each.events ??= []).push({ cpu: (cpuOf(server.pid) - before[0]) / count, redis: (cpuOf(stack.redis.pid) - before[1]) / count,
                                  perSecond: count / seconds });
    }
  }
  for (const { clients } of running) {
    await clients.say('close');
    await clients.end();
  }
  print('events', contestants, [['CPU µs/event', ({ cpu }) => cpu, 2], ['events/s', ({ perSecond }) => perSecond, 0],
                                ['Redis µs/event', ({ redis }) => redis, 2]]);
}

/** A fresh server each time: memory that is free again is not given back. */
async function measureSockets(stack, contestants) {
  const count = 10_000;
  for (let round = 0; round < rounds; ++round) {
    for (const each of contestants) {
      const server = await each.fresh();
      const warm = load(stack, server, each.targets(200, 1), each.mark);
      await warm.say('open 100');
      await warm.say('close');
      await warm.end();
      const clients = load(stack, server, each.targets(count, 1), each.mark);
      await sleep(500);
      const before = { cpu: cpuOf(server.pid), resident: residentOf(server.pid), kernel: kernelBytes() };
      const { seconds } = await clients.say('open 100');
      const cpu = cpuOf(server.pid) - before.cpu;
      await sleep(500);
      (each.sockets ??= []).push({ resident: (residentOf(server.pid) - before.resident) / count, kernel: (kernelBytes() - before.kernel) / count,
                                   perCore: count / cpu * 1e6, perSecond: count / seconds });
      await clients.say('close');
      await clients.end();
    }
  }
  print('sockets', contestants, [['resident bytes', ({ resident }) => resident, 0], ['kernel bytes', ({ kernel }) => kernel, 0],
                                 ['opened/s and core', ({ perCore }) => perCore, 0], ['opened/s', ({ perSecond }) => perSecond, 0]]);
}

async function measureFanout(stack, contestants) {
  for (let round = 0; round < rounds; ++round) {
    for (const each of contestants) {
      const clients = load(stack, await each.fresh(), each.targets(1, 5_000), each.mark);
      await clients.say('open 100');
      await clients.say('fanout 3');
      (each.fanout ??= []).push(await clients.say('fanout 8'));
      await clients.say('close');
      await clients.end();
    }
  }
  print('fanout', contestants, [['last has it, ms', ({ p50 }) => p50 / 1000, 1], ['slowest, ms', ({ max }) => max / 1000, 1]]);
}

/** A line for each contestant: the medians of its rounds, and the first one's ratio to that of the reference in each round. */
function print(measure, contestants, columns) {
  const reference = contestants.find(({ name }) => name === 'uWebSockets') ?? contestants[0];
  const [, firstOf] = columns[0];
  console.log(`\n${measure.padEnd(26)} ${columns.map(([name]) => name.padStart(17)).join(' ')} ${`x ${reference.name}`.padStart(14)}`);
  for (const each of contestants) {
    const figures = columns.map(([, of, digits]) => median(each[measure].map(of)).toFixed(digits).padStart(17));
    const ratio = median(each[measure].map((result, i) => firstOf(result) / firstOf(reference[measure][i])));
    console.log(`${each.name.padEnd(26)} ${figures.join(' ')} ${ratio.toFixed(2).padStart(14)}`);
  }
}

const measures = { events: measureEvents, sockets: measureSockets, fanout: measureFanout,
                   latency: (stack) => measureLatency(stack, rounds) };
const wanted = flags.measure.split(',');
for (const name of wanted) if (!(name in measures)) throw new Error(`--measure knows ${Object.keys(measures)}, not ${name}`);

const stack = await startStack({
  authFlags: ['--threads', '1', '--log-level', 'warn'],
  notifyFlags: (folder) => ['--threads', '1', '--log-level', 'warn', '--sockets-per-user', '10000', '--sockets-per-network', '20000', '--session-key-file', join(folder, 'keys')],
});
const contestants = [ours(stack, frameBytes), beast(stack, frameBytes), wsPackage(stack, frameBytes), socketIo(stack, frameBytes)];
if (flags.uwebsockets) contestants.unshift(uWebSockets(stack, frameBytes, flags.uwebsockets));
const names = flags.only.toLowerCase().split(',');
const chosen = contestants.filter(({ name }) => names.some((each) => name.toLowerCase().includes(each)));
try {
  pin(stack.redis.pid, loadCore);
  for (const name of wanted) await measures[name](stack, chosen);
} finally {
  for (const each of contestants) await each.stop?.();
  await stack.stop();
}
