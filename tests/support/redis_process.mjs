// A private redis-server that keeps what it has (AOF) and to which everything can happen that happens to servers.
// Each fault has its remedy beside it.
import { cp, mkdir, readdir, rm, rmdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';

import { ChildProcess, until } from './process.mjs';
import { RedisClient, redisCommand } from './redis_client.mjs';

const dataFolder = 'appendonlydir';

export class RedisProcess extends ChildProcess {
  #folder;

  constructor(folder, socket) {
    super('redis-server', ['redis-server', '--port', '0', '--unixsocket', socket, '--dir', folder,
                           '--maxmemory-policy', 'noeviction', '--appendonly', 'yes', '--appendfsync', 'everysec',
                           '--save', '3600 1000000', '--enable-debug-command', 'yes', '--loglevel', 'notice']);
    this.#folder = folder;
    this.socket = socket;
  }

  command(...words) { return redisCommand(this.socket, ...words); }

  start() {
    return super.start(async () => (await this.command('PING')) === 'PONG');
  }

  async stop(signal) {
    this.thaw();  // a stopped process hears nothing else
    await super.stop(signal);
  }

  /** Connections live, nothing answers. */
  freeze() { if (this.running) process.kill(this.pid, 'SIGSTOP'); }
  thaw() { if (this.running) process.kill(this.pid, 'SIGCONT'); }

  /** Commands of others wait until `resume()`, or for so long. */
  pause(ms, what = 'ALL') { return this.command('CLIENT', 'PAUSE', ms, what); }
  resume() { return this.command('CLIENT', 'UNPAUSE'); }

  /** Busy with one command for so long; resolves when it is done with it. */
  sleep(ms) { return this.command('DEBUG', 'SLEEP', ms / 1000); }

  /** Writes get OOM. */
  fillMemory() { return this.command('CONFIG', 'SET', 'maxmemory', '1'); }
  giveMemory() { return this.command('CONFIG', 'SET', 'maxmemory', '0'); }

  /** Writes get READONLY: a replica of nobody. */
  demote() { return this.command('REPLICAOF', '127.0.0.1', '1'); }
  promote() { return this.command('REPLICAOF', 'NO', 'ONE'); }

  /** Writes get MISCONF, since the last save failed: a folder is where the file would be. */
  async breakSaves() {
    await mkdir(join(this.#folder, 'dump.rdb'), { recursive: true });
    await this.#save('err');
  }
  async mendSaves() {
    await rmdir(join(this.#folder, 'dump.rdb'));
    await this.#save('ok');
  }
  async #save(outcome) {
    await this.command('BGSAVE');
    await until(async () => (await this.command('INFO', 'persistence')).includes(`rdb_last_bgsave_status:${outcome}`),
                { what: `a save that ends with ${outcome}` });
  }

  async restart() {
    await this.kill();
    await this.start();
  }

  async restartEmpty() {
    await this.kill();
    await rm(join(this.#folder, dataFolder), { recursive: true, force: true });
    await this.start();
  }

  /** What a back-up at this moment would hold: for restartFrom(). */
  async copyData() {
    const copy = join(this.#folder, `copy-${process.hrtime.bigint()}`);
    await cp(join(this.#folder, dataFolder), copy, { recursive: true });
    return copy;
  }

  async restartFrom(copy) {
    await this.kill();
    await rm(join(this.#folder, dataFolder), { recursive: true, force: true });
    await cp(copy, join(this.#folder, dataFolder), { recursive: true });
    await this.start();
  }

  /** How much has been appended so far: for restartCutAt(). */
  async appended() { return (await stat(await this.#appendFile())).size; }

  /** As after a power loss: what was appended after the first `bytes` never reached the disk. */
  async restartCutAt(bytes) {
    await this.kill();
    await truncate(await this.#appendFile(), bytes);
    await this.start();
  }

  async #appendFile() {
    const files = await readdir(join(this.#folder, dataFolder));
    return join(this.#folder, dataFolder, files.filter((name) => name.endsWith('.incr.aof')).sort().at(-1));
  }

  /** Every key with what it holds, as text: `Map` from key to an array of texts. */
  async dump() {
    const client = new RedisClient(this.socket);
    const all = new Map();
    const read = {
      string: async (key) => [await client.command('GET', key)],
      hash: (key) => client.command('HGETALL', key),
      list: (key) => client.command('LRANGE', key, 0, -1),
      set: (key) => client.command('SMEMBERS', key),
      zset: (key) => client.command('ZRANGE', key, 0, -1),
      stream: async (key) => (await client.command('XRANGE', key, '-', '+')).flatMap(([id, fields]) => [id, ...fields]),
    };
    for (const key of await client.command('KEYS', '*')) {
      all.set(key, await read[await client.command('TYPE', key)](key));
    }
    client.close();
    return all;
  }
}
