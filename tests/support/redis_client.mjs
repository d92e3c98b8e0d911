// One connection to Redis, for tests that look at it or do something to it: commands out, RESP2 back. Text is bytes
// (latin1), so that whatever is stored comes back as it is.
import { connect } from 'node:net';

export class RedisError extends Error {}

export class RedisClient {
  #socket;
  #bytes = Buffer.alloc(0);
  #waiting = [];

  constructor(path) {
    this.#socket = connect(path);
    this.#socket.on('data', (bytes) => this.#take(bytes));
    for (const end of ['error', 'close']) this.#socket.on(end, () => this.#fail(new Error('the connection to Redis ended')));
  }

  /** The reply: a text, a number, null or an array of these. Rejects with a RedisError if Redis refuses. */
  command(...words) {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('the connection to Redis has ended'));
      this.#waiting.push({ resolve, reject });
      const bulk = words.map((word) => {
        const bytes = Buffer.from(String(word), 'latin1');
        return `$${bytes.length}\r\n${bytes.toString('latin1')}\r\n`;
      });
      this.#socket.write(`*${words.length}\r\n${bulk.join('')}`, 'latin1');
    });
  }

  close() { this.#socket.destroy(); }

  #fail(error) {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #take(bytes) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (;;) {
      const reply = readReply(this.#bytes, 0);
      if (!reply) return;
      this.#bytes = this.#bytes.subarray(reply.end);
      const { resolve, reject } = this.#waiting.shift();
      reply.value instanceof RedisError ? reject(reply.value) : resolve(reply.value);
    }
  }
}

/** One command over a connection of its own. */
export async function redisCommand(path, ...words) {
  const client = new RedisClient(path);
  try {
    return await client.command(...words);
  } finally {
    client.close();
  }
}

/** `{value, end}` of the reply that begins at `at`, or nothing while it is not whole. */
function readReply(bytes, at) {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd < 0) return undefined;
  const kind = String.fromCharCode(bytes[at]);
  const line = bytes.toString('latin1', at + 1, lineEnd);
  let end = lineEnd + 2;
  if (kind === '+') return { value: line, end };
  if (kind === '-') return { value: new RedisError(line), end };
  const count = Number(line);
  if (kind === ':') return { value: count, end };
  if (count < 0) return { value: null, end };
  if (kind === '$') {
    if (bytes.length < end + count + 2) return undefined;
    return { value: bytes.toString('latin1', end, end + count), end: end + count + 2 };
  }
  const items = [];
  for (let i = 0; i < count; ++i) {
    const item = readReply(bytes, end);
    if (!item) return undefined;
    items.push(item.value);
    end = item.end;
  }
  return { value: items, end };
}
