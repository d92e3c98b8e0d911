// How fast a Redis that was wiped is told everything again: outbox rows a second, and for how long the ledger has to stand
// in. Figures, never a test.
//
//     node tests/bench/replay.mjs [rows]
import { addPeople } from '../support/ledger.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

const rows = Number(process.argv[2] ?? 50_000);
if (!(rows >= 1)) throw new Error(`rows has to be a number from 1, not ${process.argv[2]}`);
const patience = { withinMs: 60_000, everyMs: 5 };

const stack = await startStack({ authFlags: ['--log-level', 'warn'] });
try {
  const metric = async (name) => {
    const text = await (await fetch(`${stack.auth.opsUrl}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)[1]);
  };
  const allRelayed = () => stack.sqlite('SELECT count(*) FROM outbox WHERE published_at_ms IS NULL').output.trim() === '0';

  let from = performance.now();
  addPeople(stack, rows, 0);
  const added = performance.now();
  await until(allRelayed, { ...patience, everyMs: 50, what: 'everything being relayed' });
  console.log(`${rows} rows relayed in ${((performance.now() - added) / 1000).toFixed(2)} s after ${((added - from) / 1000).toFixed(2)} s of SQL`);

  const before = await metric('stagedoor_fence_replayed_rows_total');
  from = performance.now();
  stack.redisCommand('FLUSHALL');
  await until(async () => await metric('stagedoor_fence_whole') === 0, { ...patience, what: 'the wipe being noticed' });
  const noticed = performance.now();
  await until(async () => await metric('stagedoor_fence_whole') === 1, { ...patience, what: 'the end of the replay' });
  const whole = performance.now();
  const replayed = await metric('stagedoor_fence_replayed_rows_total') - before;
  console.log(`${replayed} rows replayed in ${((whole - noticed) / 1000).toFixed(2)} s, noticed after ${(noticed - from).toFixed(0)} ms: `
              + `${Math.round(replayed / ((whole - noticed) / 1000))} rows a second`);
} finally {
  await stack.stop();
}
