// A process stops at each step between a commit and a socket, and is killed there; or it wakes when everybody else has
// gone on, and believes what it believed then. Nothing is lost, nothing is told twice, nothing is decided twice.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { until } from '../support/process.mjs';
import { openPushHouse } from '../support/push/push_house.mjs';
import { armAll, killAll, oneHasStopped, wakeAll } from '../support/push/stops.mjs';
import { programOf, stoppingProgramOf } from '../support/stack.mjs';

const stoppedMs = 300;    // before it is killed
const asleepMs = 1_500;   // before it wakes: longer than every lease and deadline between services

let house;
before(async () => { house = await openPushHouse({ program: stoppingProgramOf }); });
after(() => house?.close());

/** `nth`: at which of the first so many passes; drawn. `provoke`: what makes somebody come by. */
const step = (name, service, { nth = 20, provoke = () => {} } = {}) => ({ name, service, nth, provoke });
const replay = { nth: 1, provoke: ({ redis }) => redis.command('FLUSHALL') };
const steps = [
  step('committed', 'auths'), step('scanned', 'auths'), step('posted', 'auths'), step('marking', 'auths'),
  step('marked', 'auths'), step('fed', 'auths', { nth: 4 }), step('fence_moved', 'auths', { nth: 4 }),
  step('replayed', 'auths', replay), step('replay_recorded', 'auths', replay),
  step('heard', 'notifies'), step('written', 'notifies'), step('receipts', 'notifies'),
  step('read', 'notifies', { nth: 3, provoke: (all) => all.everyGate((gate) => gate.cut(), ['notify']) }),
];

// A replay is taken up by whoever sees it first: all nodes wait for it. Else one of them serves on.
const armed = ({ stack, random }, { service, provoke }) =>
  (provoke === replay.provoke ? stack[service] : [random.of(stack[service])]);

async function stopAt(all, nodes, { name, nth, provoke }) {
  await armAll(nodes, name, 1 + all.random.below(nth));
  await oneHasStopped(nodes, name, () => provoke(all));
}

for (const each of steps) {
  test(`killed at: ${each.name}`, (t) => house.fault((all) => {
    const nodes = armed(all, each);
    return { begin: () => stopAt(all, nodes, each), lastsMs: stoppedMs, end: () => killAll(nodes) };
  })(t));
}

for (const each of steps.filter(({ name }) => ['posted', 'marking', 'fed', 'replayed', 'heard', 'read'].includes(name))) {
  test(`asleep, and awake much later, at: ${each.name}`, (t) => house.fault((all) => {
    const nodes = armed(all, each).slice(0, 1);
    const others = all.stack[each.service].filter((node) => !nodes.includes(node));
    return {
      async begin() {
        if (each.provoke === replay.provoke) for (const other of others) await other.kill();
        await stopAt(all, nodes, each);
        for (const other of others) if (!other.running) await other.start();
      },
      lastsMs: asleepMs,
      end: () => wakeAll(nodes),
    };
  })(t));
}

test('killed between the script for the user and the one for the admins', (t) => house.fault(({ stack, gates, random }) => {
  const node = random.below(stack.auths.length);
  const gate = gates.get(`auth-${node}`);
  return {
    async begin() {
      await gate.holdFrom('stagedoor:{admins}:events');
      await until(() => gate.holds, { what: 'a letter to the admins' });
      await stack.auths[node].kill();
    },
    lastsMs: stoppedMs,
    async end() {
      await gate.pass();
      await stack.auths[node].start();
    },
  };
})(t));

test('in the end everything agrees', (t) => house.everythingAgrees()(t));

test('nothing of this is in the services that users run', () => {
  for (const service of ['auth-service', 'notify-service']) {
    assert.ok(readFileSync(stoppingProgramOf(service)).includes('FAILPOINT_STOP_AT'));
    assert.ok(!readFileSync(programOf(service)).includes('FAILPOINT_STOP_AT'));
  }
});
