// HTTP as bytes: whatever a test wants on the wire, and what came back until the other side closed or fell silent.
import { connect } from 'node:net';

const silenceMs = 10_000;  // longer than any deadline of the services

/** Opens a connection: `{send(bytes), answers(count), rest(), closed}`. */
export function openRaw(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let received = Buffer.alloc(0);
  let ended = false;
  let failure = null;
  let wake = () => {};
  const closed = new Promise((resolve) => { socket.once('close', () => { ended = true; wake(); resolve(); }); });
  socket.on('error', ({ code }) => { failure = code; }).on('data', (part) => { received = Buffer.concat([received, part]); wake(); });
  const waitFor = async (enough) => {
    const deadline = Date.now() + silenceMs;
    while (!enough() && !ended && Date.now() < deadline) {
      let timer;
      await new Promise((resolve) => { wake = resolve; timer = setTimeout(resolve, deadline - Date.now()); });
      clearTimeout(timer);
    }
    return received.toString('latin1');
  };
  return {
    send: (bytes) => socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes),
    end: () => socket.end(),
    destroy: () => socket.destroy(),
    /** Reads nothing from here on. */
    pause: () => socket.pause(),
    received: () => received.toString('latin1'),
    ended: () => ended,
    /** Why it ended, if not by a FIN: ECONNRESET. */
    failure: () => failure,
    /** Everything until at least `count` status lines have come and the last head is whole, or the end. */
    answers: (count) => waitFor(() => statuses(received.toString('latin1')).length >= count && received.includes('\r\n\r\n')),
    /** Everything until the other side closes. */
    rest: () => waitFor(() => false),
    closed,
  };
}

/** The status codes of the answers in a text, in order. */
export function statuses(text) {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
}

/** One request on a connection of its own: exactly these fields beside Host and Connection. */
export async function rawRequest(port, { method, path, headers = {}, body = '' }) {
  const connection = openRaw(port);
  const fields = { host: 'localhost', connection: 'close', ...(body ? { 'content-length': Buffer.byteLength(body) } : {}), ...headers };
  connection.send(`${method} ${path} HTTP/1.1\r\n${Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
  const text = await connection.rest();
  connection.destroy();
  const [head, ...rest] = text.split('\r\n\r\n');
  const [status, ...lines] = head.split('\r\n');
  const found = {};
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    const value = line.slice(line.indexOf(':') + 1).trim();
    found[name] = name in found ? `${found[name]}, ${value}` : value;
  }
  return { status: Number(status.split(' ')[1]), headers: found, body: rest.join('\r\n\r\n') };
}
