// Services that stop (SIGSTOP) at one step between a commit and a socket, to be killed there or to wake much later.
import { readFileSync } from 'node:fs';

import { until } from '../process.mjs';

const patienceMs = 20_000;
const provokeMs = 700;

/** Whether a process has been stopped by a signal: proc(5), third field of stat. */
function isStopped({ pid }) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2)[0] === 'T';
}

/** Starts these nodes anew, so that each stops when it comes by `step` for the n-th time. */
export async function armAll(nodes, step, nth) {
  for (const node of nodes) {
    await node.kill();
    node.environment = { FAILPOINT_STOP_AT: `${step}:${nth}` };
    await node.start(() => true);  // it may stop before it is ready
    node.environment = {};
  }
}

/** Waits until one of them is there; calls `provoke` now and then, so that somebody comes by. */
export async function oneHasStopped(nodes, step, provoke) {
  let next = 0;
  await until(async () => {
    const ended = nodes.find((node) => !node.running);
    if (ended) throw Object.assign(new Error(`${ended.name} has ended: ${ended.output}`), { fatal: true });
    if (nodes.some(isStopped)) return true;
    if (performance.now() > next) {
      await provoke();
      next = performance.now() + provokeMs;
    }
    return false;
  }, { what: `somebody stopping at ${step}`, withinMs: patienceMs });
}

/** Kills them where they are, and starts them as they are for users. */
export async function killAll(nodes) {
  for (const node of nodes) await node.kill();
  for (const node of nodes) await node.start();
}

/** Lets them go on as if no time had passed. */
export function wakeAll(nodes) {
  for (const { pid } of nodes) process.kill(pid, 'SIGCONT');
}
