// A whole system made to be broken: each service's way to Redis has a gate, and Redis keeps what it has (AOF).
import { openGate } from './gate.mjs';
import { RedisProcess } from './redis_process.mjs';
import { startStack } from './stack.mjs';

const newsKept = 40;  // lines of each process, when a test has failed

/**
 * @param options - as startStack's
 * @returns {Promise<{stack, gates: Map<string, Gate>}>} the gates of `auth-0`, `notify-0` and so on
 */
export async function startGatedStack(options) {
  const gates = new Map();
  const stack = await startStack({
    ...options,
    makeRedis: (folder, socket) => new RedisProcess(folder, socket),
    redisUrlOf: async (name, socket) => {
      const gate = await openGate(socket);
      gates.set(name, gate);
      return gate.url;
    },
  });
  return { stack, gates };
}

export async function stopGatedStack({ stack, gates }) {
  await stack.stop();
  await Promise.all([...gates.values()].map((gate) => gate.close()));
}

/** What the processes said last, without the requests that were refused: those are counted. */
export function printNews(stack) {
  for (const { name, pid, output } of [stack.redis, ...stack.services]) {
    const lines = output.split('\n').filter((line) => !line.includes(' request method='));
    console.error(`--- ${name} (${pid ?? 'not running'})\n${lines.slice(-newsKept).join('\n')}`);
  }
}
