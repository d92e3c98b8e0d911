// WebSocket as bytes (RFC 6455): frames as a client makes them, right or wrong, and the server's frames taken apart by a
// reader that believes nothing. For tests of the protocol itself; whoever wants a client takes the `ws` package.
import { createHash } from 'node:crypto';

import { until } from './process.mjs';
import { openRaw } from './raw_http.mjs';

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const usualMask = [0x37, 0xfa, 0x21, 0x3d];
export const sampleKey = 'dGhlIHNhbXBsZSBub25jZQ==';  // RFC 6455 section 1.3

export const acceptOf = (key) => createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/**
 * One frame of a client. `reserved`: RSV1 to RSV3 as a number of three bits; `form`: how many bits tell the length (7, 16,
 * 64; without it the fewest); `announced`: the length that is told, if not the payload's.
 */
export function frame(code, payload = '', { final = true, reserved = 0, mask = usualMask, form, announced } = {}) {
  const body = Buffer.from(payload);
  const length = BigInt(announced ?? body.length);
  const bits = form ?? (length < 126n ? 7 : length < 65536n ? 16 : 64);
  const size = Buffer.alloc(bits === 7 ? 1 : bits === 16 ? 3 : 9);
  size[0] = (mask ? 0x80 : 0) | (bits === 7 ? Number(length) : bits === 16 ? 126 : 127);
  if (bits === 16) size.writeUInt16BE(Number(length), 1);
  if (bits === 64) size.writeBigUInt64BE(length, 1);
  const masked = mask ? body.map((byte, i) => byte ^ mask[i % 4]) : body;
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | (reserved << 4) | code]), size, Buffer.from(mask ?? []), masked]);
}

/** What a Close carries: the code, then the reason. */
export const closing = (code, reason = '') => Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);

/**
 * Takes the server's bytes apart: `{frames: [{code, payload}], rest}`. Throws on what section 5 forbids a server, and on
 * fragments, which ours has no reason to make.
 */
export function parseServerFrames(bytes) {
  const frames = [];
  let at = 0;
  for (;;) {
    if (bytes.length - at < 2) break;
    const [first, second] = [bytes[at], bytes[at + 1]];
    const code = first & 0x0f;
    if ((first & 0xf0) !== 0x80) throw new Error(`a frame begins with 0x${first.toString(16)}: reserved bits, or a fragment`);
    if (!Object.values(opcode).includes(code) || code === opcode.continuation) throw new Error(`opcode ${code}`);
    if (second & 0x80) throw new Error('a server frame is masked');
    const extended = second === 126 ? 2 : second === 127 ? 8 : 0;
    if (bytes.length - at < 2 + extended) break;
    const length = extended === 2 ? bytes.readUInt16BE(at + 2) : extended === 8 ? Number(bytes.readBigUInt64BE(at + 2)) : second;
    if (extended === 2 ? length < 126 : extended === 8 && length < 65536) throw new Error(`${length} bytes are told by ${extended * 8} bits`);
    if (code >= 8 && length > 125) throw new Error(`a control frame of ${length} bytes`);
    const begin = at + 2 + extended;
    if (bytes.length - begin < length) break;
    frames.push({ code, payload: bytes.subarray(begin, begin + length) });
    at = begin + length;
  }
  return { frames, rest: bytes.subarray(at) };
}

/** The usual request of a handshake as text; `fields` are added, changed, or left out where they are null. */
export function handshakeRequest({ target = '/ws', method = 'GET', version = 'HTTP/1.1', fields = {}, extra = [], body = '' } = {}) {
  const all = { Host: 'localhost', Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Key': sampleKey,
                'Sec-WebSocket-Version': '13', ...fields };
  const lines = [...Object.entries(all).filter(([, value]) => value !== null), ...extra].map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} ${version}\r\n${lines.join('')}\r\n${body}`;
}

/** A connection that begins with a handshake; `frames()` and `ended()` tell what came. */
export class RawWebSocket {
  #connection;

  /** `behind`: bytes that follow the request in the same write. */
  constructor(port, request, behind = Buffer.alloc(0)) {
    this.#connection = openRaw(port);
    this.#connection.send(Buffer.concat([Buffer.from(request, 'latin1'), behind]));
  }

  /** Status and fields (names in lower case, as lists) of the answer to the handshake. */
  async answer() {
    const text = await until(() => {
      const received = this.#connection.received();
      return received.includes('\r\n\r\n') && received;
    }, { what: 'an answer to the handshake', everyMs: 1 });
    const [status, ...lines] = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
    const fields = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      (fields[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
    }
    return { status: Number(status.split(' ')[1]), fields };
  }

  frames() {
    const text = this.#connection.received();
    const head = text.indexOf('\r\n\r\n');
    return head < 0 ? [] : parseServerFrames(Buffer.from(text.slice(head + 4), 'latin1')).frames;
  }

  send(bytes) { this.#connection.send(bytes); }

  /** Sends in slices of `step` bytes, each in a write of its own. */
  async sendSliced(bytes, step) {
    for (let at = 0; at < bytes.length; at += step) {
      this.#connection.send(bytes.subarray(at, at + step));
      await new Promise(setImmediate);
    }
  }

  /** Frames of these kinds, as soon as `enough(frames)`; or all when the other side has ended. */
  heard(enough, what) {
    return until(() => {
      const ended = this.#connection.ended();  // first: what came before the end is counted
      const frames = this.frames();
      return (enough(frames) || ended) && frames;
    }, { what, everyMs: 1 });
  }

  ended() { return this.#connection.ended(); }
  get failure() { return this.#connection.failure(); }
  isOver() { return until(() => this.#connection.ended(), { what: 'the end of the connection', everyMs: 1 }); }
  leave() { this.#connection.destroy(); }
}
