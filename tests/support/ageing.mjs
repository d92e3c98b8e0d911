// Time that passes in Redis, so that nobody has to wait for it: when a session was last seen, and since when this Redis has had what
// it has (K6: idleness is judged by the later of the two). Each is one command; tombstones are left alone.
import { RedisClient } from './redis_client.mjs';

const hourMs = 3_600_000;

// The seventh word of a record, and the fifth of the fence; times have as many digits for centuries to come.
const script = (format, wordsBefore) => `
local stored = redis.call('GET', KEYS[1])
local _, at = (stored or ''):find('^${format} ${'%S+ '.repeat(wordsBefore - 1)}')
if not at then return 0 end
redis.call('SETRANGE', KEYS[1], at, ARGV[1])
return 1`;
const recordScript = script('r1', 6);
const fenceScript = script('f1', 4);

export const recordKey = (user, session) => `stagedoor:{${user}}:session:${session}`;

export class Ageing {
  #redis;

  constructor(stack) { this.#redis = new RedisClient(stack.redisSocket); }

  /** The session was last seen so long ago. Whether it has a record. */
  async unusedFor(hours, key) {
    return await this.#redis.command('EVAL', recordScript, 1, key, Date.now() - hours * hourMs) === 1;
  }

  /** This Redis has lost nothing for so long. Services hear of it within a second. */
  async redisUpFor(hours) {
    await this.#redis.command('EVAL', fenceScript, 1, 'stagedoor:{fence}', Date.now() - hours * hourMs);
  }

  close() { this.#redis.close(); }
}
