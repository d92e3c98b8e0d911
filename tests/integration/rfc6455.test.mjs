// RFC 6455 by raw sockets against the real service, with a session that is signed in: a table of cases, after the Autobahn test
// suite's sections 1 to 7 and 9. Each case is sent whole, and once more in small writes. tests/unit/ws cuts the same at every byte.
//
// A case says what the server has to answer, in order: `pong:…`, `close 1002` (our Close, after which the connection ends by FIN
// within its time), and how many messages it has taken in (`takes`, `acks`), as its metrics tell. A case that does not end in a
// Close is followed by a ping, whose answer proves that the connection lives and that framing was not lost.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { acceptOf, closing, frame, handshakeRequest, opcode, RawWebSocket, sampleKey } from '../support/raw_websocket.mjs';
import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

const { continuation, text, binary, close, ping, pong } = opcode;
const messageBytes = 4096;  // limits::ws_message_bytes

let stack;
let cookie;  // of a session that is signed in
let cursor;  // where it stands: what an acknowledgement names
before(async () => {
  stack = await startStack({ notifyFlags: ['--heartbeat-interval', '1h'] });
  const device = stack.device();
  await device.signIn(await stack.person());
  ({ cookie } = device);
  const socket = connect();
  cursor = (await welcomeOf(socket)).cursor;
  socket.leave();
});
after(() => stack?.stop());
const told = (name, body) => test(name, (t) => stack.telling(body)(t));

const request = (parts = {}) => handshakeRequest({ ...parts, fields: { Origin: stack.origin, Cookie: cookie, ...parts.fields } });
const connect = (parts, behind) => new RawWebSocket(stack.notify.port, request(parts), behind);
/** How many messages the node has taken in, and how many of them were acknowledgements. */
async function counts() {
  const all = await stack.notify.metrics();
  return [all.stagedoor_ws_client_messages_total, all.stagedoor_ws_acknowledgements_total];
}

async function welcomeOf(socket) {
  const frames = await socket.heard((all) => all.length >= 1, 'the welcome');
  assert.equal(frames[0].code, text);
  return JSON.parse(frames[0].payload);
}

const nameOf = ({ code, payload }) => {
  if (code === close) return payload.length >= 2 ? `close ${payload.readUInt16BE(0)}` : 'close';
  return `${Object.keys(opcode).find((name) => opcode[name] === code)}:${payload.toString('latin1')}`;
};

/** Sends a case's bytes by `send(socket, bytes)` and compares what comes of them with what it expects. */
async function check({ name, bytes, expect = [], takes = 0, acks = 0, late = false }, send) {
  const before = await counts();
  const socket = connect();
  await welcomeOf(socket);
  const all = bytes instanceof Function ? bytes() : bytes;
  const ends = expect.at(-1)?.startsWith('close') ?? false;
  await send(socket, all);
  if (!ends) socket.send(frame(ping, 'still there?'));
  const last = ends ? 'close' : 'pong:still there?';
  const frames = await socket.heard((seen) => seen.some((each) => nameOf(each).startsWith(last)), `${last} after ${name}`);
  // Where the peer goes on behind its own Close, a reset may be what it gets (section 7.1.1: the server ends TCP at once), and
  // its own system may then drop what had come before (RFC 9293 section 3.10.7.4).
  const dropped = late && socket.failure !== null && frames.length === 1;
  assert.deepEqual(frames.slice(1).map(nameOf), dropped ? [] : ends ? expect : [...expect, last], name);
  const reason = ends ? frames.at(-1).payload.subarray(2).toString() : '';
  assert.ok(!reason.includes('\ufffd'), `the reason of ${name} is UTF-8: ${reason}`);
  if (ends) {
    socket.send(frame(close, frames.at(-1).payload));
    await socket.isOver();
    if (!late) assert.equal(socket.failure, null, `${name} ends by FIN`);
    assert.equal(socket.frames().length, frames.length, `nothing follows the Close of ${name}`);
  }
  assert.deepEqual((await counts()).map((count, i) => count - before[i]), [takes + acks, acks], `messages of ${name}`);
  socket.leave();
}

const ways = [
  ['at once', (socket, bytes) => socket.send(bytes)],
  ['in small writes', (socket, bytes) => socket.sendSliced(bytes, Math.max(1, Math.ceil(bytes.length / 64)))],
];

/** A table of rows `[name, bytes, {expect, takes, acks}]`; `bytes` may be a function, for what is known only later. */
function table(section, rows) {
  told(section, async (t) => {
    for (const [name, bytes, outcome] of rows) {
      for (const [way, send] of ways) await t.test(`${name}, ${way}`, () => check({ name, bytes, ...outcome }, send));
    }
  });
}

const joined = (...frames) => Buffer.concat(frames);
const begin = (payload, options) => frame(text, payload, { final: false, ...options });
const go = (payload, options) => frame(continuation, payload, { final: false, ...options });
const end = (payload, options) => frame(continuation, payload, options);
const fails = (code) => ({ expect: [`close ${code}`] });
const answers = (...payloads) => ({ expect: payloads.map((payload) => `pong:${payload}`) });
const acknowledgement = (note = '') => JSON.stringify({ type: 'ack', cursor, ...(note ? { note } : {}) });
const all = (length, byte = 'x') => byte.repeat(length);

table('messages (section 5.6)', [
  ['an empty text', frame(text), { takes: 1 }],
  ['a text', frame(text, 'Hello'), { takes: 1 }],
  ['the text of section 5.7', Buffer.from([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]), { takes: 1 }],
  ['two texts', joined(frame(text, 'a'), frame(text, 'b')), { takes: 2 }],
  ['twenty texts in one segment', joined(...Array.from({ length: 20 }, () => frame(text, 'x'))), { takes: 20 }],
  ['an acknowledgement', () => frame(text, acknowledgement()), { acks: 1 }],
  ['a binary message', frame(binary, 'a'), { ...fails(1003), takes: 1 }],
  ['an empty binary message', frame(binary), { ...fails(1003), takes: 1 }],
]);

table('masks (sections 5.1 and 5.3)', [
  ['a mask of zeros', () => frame(text, acknowledgement(), { mask: [0, 0, 0, 0] }), { acks: 1 }],
  ['a mask of ones', () => frame(text, acknowledgement(), { mask: [255, 255, 255, 255] }), { acks: 1 }],
  ['a new mask for each frame', () => joined(frame(text, acknowledgement(), { mask: [1, 2, 3, 4] }),
                                             frame(text, acknowledgement(), { mask: [250, 9, 128, 77] })), { acks: 2 }],
  ...Array.from({ length: 18 }, (_, size) => [`a ping of ${size} bytes under a mask`, frame(ping, 'abcdefghijklmnopq'.slice(0, size)),
                                              answers('abcdefghijklmnopq'.slice(0, size))]),
  ['a text without mask', frame(text, 'a', { mask: null }), fails(1002)],
  ['an empty text without mask', frame(text, '', { mask: null }), fails(1002)],
  ['a ping without mask', frame(ping, 'a', { mask: null }), fails(1002)],
  ['a Close without mask', frame(close, closing(1000), { mask: null }), fails(1002)],
  ['a continuation without mask', joined(begin('a'), end('b', { mask: null })), fails(1002)],
]);

table('reserved bits (section 5.2)', [
  ...[1, 2, 3, 4, 5, 6, 7].flatMap((reserved) => [
    [`RSV ${reserved} on a text`, frame(text, 'a', { reserved }), fails(1002)],
    [`RSV ${reserved} on a ping`, frame(ping, 'a', { reserved }), fails(1002)],
    [`RSV ${reserved} on a Close`, frame(close, closing(1000), { reserved }), fails(1002)],
  ]),
  ['a reserved bit on a continuation', joined(begin('a'), end('b', { reserved: 4 })), fails(1002)],
  ['a reserved bit after a good text', joined(frame(text, 'a'), frame(text, 'b', { reserved: 4 })), { ...fails(1002), takes: 1 }],
]);

table('opcodes (section 5.2)', [
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((code) => [
    [`opcode ${code}`, frame(code, 'a'), fails(1002)],
    [`opcode ${code} without payload`, frame(code), fails(1002)],
    [`opcode ${code} behind a ping`, joined(frame(ping, '1'), frame(code, 'a'), frame(ping, '2')), { expect: ['pong:1', 'close 1002'] }],
  ]),
]);

table('pings and pongs (sections 5.5.2 and 5.5.3)', [
  ['a ping without payload', frame(ping), answers('')],
  ['a ping of any bytes', frame(ping, Buffer.from([0, 255, 254, 128, 10])), answers('\x00\xff\xfe\x80\n')],
  ['the longest ping', frame(ping, all(125)), answers(all(125))],
  ['a ping of 126 bytes', frame(ping, all(126)), fails(1002)],
  ['a ping that announces 65,536 bytes', frame(ping, '', { announced: 65536 }), fails(1002)],
  ['ten pings', joined(...[...'0123456789'].map((each) => frame(ping, each))), answers(...'0123456789')],
  ['a pong that nobody asked for', frame(pong, 'unasked'), {}],
  ['a pong without payload', frame(pong), {}],
  ['the longest pong', frame(pong, all(125)), {}],
  ['a pong of 126 bytes', frame(pong, all(126)), fails(1002)],
]);

table('fragments (section 5.4)', [
  ['two fragments', () => joined(begin(acknowledgement().slice(0, 9)), end(acknowledgement().slice(9))), { acks: 1 }],
  ['a fragment for each byte', () => joined(begin(''), ...[...acknowledgement()].map((each) => go(each)), end('')), { acks: 1 }],
  ['fragments of nothing', joined(begin(''), go(''), end('')), { takes: 1 }],
  ['an empty fragment before all of it', () => joined(begin(''), end(acknowledgement())), { acks: 1 }],
  ['an empty fragment behind all of it', () => joined(begin(acknowledgement()), end('')), { acks: 1 }],
  ['a ping amid fragments', () => joined(begin(acknowledgement().slice(0, 5)), frame(ping, 'amid'), end(acknowledgement().slice(5))),
   { ...answers('amid'), acks: 1 }],
  ['pings and a pong amid many fragments',
   () => joined(begin(acknowledgement().slice(0, 3)), frame(ping, '1'), go(acknowledgement().slice(3, 7)), frame(pong, 'x'), frame(ping, '2'),
                go(acknowledgement().slice(7, 8)), frame(ping), end(acknowledgement().slice(8)), frame(text, 'next')),
   { ...answers('1', '2', ''), acks: 1, takes: 1 }],
  ['a Close amid fragments', joined(begin('a'), frame(close, closing(1000)), end('b')), { expect: ['close 1000'], late: true }],
  ['binary in fragments', joined(frame(binary, 'a', { final: false }), end('b')), { ...fails(1003), takes: 1 }],
  ['a ping in fragments', frame(ping, 'a', { final: false }), fails(1002)],
  ['a pong in fragments', frame(pong, 'a', { final: false }), fails(1002)],
  ['a Close in fragments', frame(close, closing(1000), { final: false }), fails(1002)],
  ['a continuation of nothing', end('a'), fails(1002)],
  ['a continuation of nothing that goes on', go('a'), fails(1002)],
  ['a continuation behind a whole text', joined(frame(text, 'a'), end('b')), { ...fails(1002), takes: 1 }],
  ['a continuation behind the last one', joined(begin('a'), end('b'), end('c')), { ...fails(1002), takes: 1 }],
  ['a text within a text', joined(begin('a'), frame(text, 'b')), fails(1002)],
  ['a text in fragments within a text', joined(begin('a'), begin('b')), fails(1002)],
  ['binary within a text', joined(begin('a'), frame(binary, 'b')), fails(1002)],
]);

const good = { 'two bytes': 'µ', 'three bytes': '€', 'four bytes': '𝄞', 'the last character': '\u{10ffff}', 'no character': '\ufffe\uffff',
               Greek: 'κόσμε', mixed: 'aß水🙂.' };
const bad = {
  'a surrogate': 'eda080', 'past the last character': 'f4908080', 'a slash in two bytes': 'c0af', 'a slash in three': 'e080af',
  'a slash in four': 'f08080af', 'a continuation alone': '80', 'FE': 'fe', 'FF': 'ff', 'five bytes': 'f888808080', 'half of two': 'ce',
  'two of three': 'e1bd', 'three of four': 'f48fbf', 'a character cut by a letter': 'e1bd61',
};
table('UTF-8, split at every byte (section 8.1)', [
  ...Object.entries(good).flatMap(([name, characters]) => {
    const whole = () => Buffer.from(acknowledgement(characters));
    const from = () => whole().indexOf(Buffer.from(characters));
    return [
      [`${name}: whole`, () => frame(text, whole()), { acks: 1 }],
      ...Array.from({ length: Buffer.byteLength(characters) + 1 }, (_, cut) => [
        `${name}: cut at byte ${cut}`,
        () => joined(begin(whole().subarray(0, from() + cut)), end(whole().subarray(from() + cut))), { acks: 1 }]),
      [`${name}: a fragment for each byte, and a ping`,
       () => joined(begin(''), ...[...whole()].map((byte) => go(Buffer.from([byte]))),
                    frame(ping, 'p'), end('')), { ...answers('p'), acks: 1 }],
    ];
  }),
  ...Object.entries(bad).flatMap(([name, hex]) => {
    const bytes = joined(Buffer.from('κόσμε '), Buffer.from(hex, 'hex'));
    return [
      [`${name}: whole`, frame(text, bytes), fails(1007)],
      ...Array.from({ length: hex.length / 2 + 1 }, (_, i) => bytes.length - i).map((cut) => [
        `${name}: cut at byte ${cut}`, joined(begin(bytes.subarray(0, cut)), end(bytes.subarray(cut))), fails(1007)]),
    ];
  }),
  ['what is wrong fails before the text ends', joined(begin(Buffer.from('cebaf490', 'hex')), frame(ping, 'never answered')), fails(1007)],
  ['a ping need not be UTF-8', frame(ping, Buffer.from('eda080', 'hex')), answers('\xed\xa0\x80')],
]);

const valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4401, 4999];
const forbidden = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535];
table('Close (sections 5.5.1, 7.4 and 8.1)', [
  ['without a code', frame(close), { expect: ['close'] }],
  ...valid.map((code) => [`with ${code}`, frame(close, closing(code)), { expect: [`close ${code}`] }]),
  ...valid.slice(0, 2).map((code) => [`with ${code} and a reason`, frame(close, closing(code, 'grüß dich')), { expect: [`close ${code}`] }]),
  ...forbidden.map((code) => [`with ${code}, which none may send`, frame(close, closing(code)), fails(1002)]),
  ['with half a code', frame(close, Buffer.from([3])), fails(1002)],
  ['with the longest reason', frame(close, closing(1000, all(123))), { expect: ['close 1000'] }],
  ['with a reason of 124 bytes', frame(close, closing(1000, all(124))), fails(1002)],
  ['that announces 65,535 bytes', frame(close, '', { announced: 65535 }), fails(1002)],
  ...Object.entries(bad).map(([name, hex]) => [`with a reason that has ${name}`, frame(close, joined(closing(1000), Buffer.from(hex, 'hex'))), fails(1007)]),
  ['before a text', joined(frame(close, closing(1000)), frame(text, 'too late')), { expect: ['close 1000'], late: true }],
  ['before a ping', joined(frame(close, closing(1000)), frame(ping, 'too late')), { expect: ['close 1000'], late: true }],
  ['before another Close', joined(frame(close, closing(1000)), frame(close, closing(4000))), { expect: ['close 1000'], late: true }],
  ['before bytes that are no frames', joined(frame(close, closing(1000)), Buffer.from('GET / HTTP/1.1\r\n\r\n')), { expect: ['close 1000'], late: true }],
  ['behind a text', joined(frame(text, 'in time'), frame(close, closing(1000))), { expect: ['close 1000'], takes: 1 }],
  ['behind a failure', joined(frame(text, 'a', { reserved: 1 }), frame(close, closing(1000))), fails(1002)],
]);

const huge = 2n ** 62n;
table('lengths (section 5.2) and sizes at every boundary', [
  ...[0, 1, 2, 124, 125, 126, 127, 128, 255, 256, 1023, 1024, messageBytes - 1, messageBytes].map((size) =>
    [`a text of ${size} bytes`, frame(text, all(size)), { takes: 1 }]),
  ...[messageBytes + 1, 65534, 65535, 65536, 65537, 1_000_000].map((size) =>
    [`a text of ${size} bytes`, frame(text, all(size)), fails(1009)]),
  ['a text that announces one byte too many and sends none', frame(text, '', { announced: messageBytes + 1 }), fails(1009)],
  ...[2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 1n, huge, 2n ** 63n - 1n].map((announced) =>
    [`a text that announces ${announced} bytes`, frame(text, 'x', { announced }), fails(1009)]),
  ['a length with its highest bit set', frame(text, 'x', { announced: 2n ** 63n }), fails(1002)],
  ['a length of ones', frame(text, 'x', { announced: 2n ** 64n - 1n }), fails(1002)],
  ['0 bytes told by 16 bits', frame(text, '', { form: 16 }), fails(1002)],
  ['125 bytes told by 16 bits', frame(text, all(125), { form: 16 }), fails(1002)],
  ['126 bytes told by 64 bits', frame(text, all(126), { form: 64 }), fails(1002)],
  ['65,535 bytes told by 64 bits', frame(text, all(65535), { form: 64 }), fails(1002)],
  ['a ping told by 16 bits', frame(ping, 'a', { form: 16 }), fails(1002)],
  ['a ping told by 64 bits', frame(ping, 'a', { form: 64 }), fails(1002)],
  ['fragments of 4,096 bytes together', joined(begin(all(2048)), go(all(2047)), end('x')), { takes: 1 }],
  ['fragments of 4,097 bytes together', joined(begin(all(2048)), go(all(2048)), end('x')), fails(1009)],
  ['a fragment that would make it 4,097, by its header alone', joined(begin(all(messageBytes)), frame(continuation, '', { announced: 1 })),
   fails(1009)],
  ['fragments whose lengths overflow together', joined(begin('x'), frame(continuation, 'x', { announced: 2n ** 63n - 1n })), fails(1009)],
  ['a full message, and another', joined(frame(text, all(messageBytes)), frame(text, all(messageBytes))), { takes: 2 }],
  ['a thousand empty fragments', joined(begin(''), ...Array.from({ length: 1000 }, () => go('')), end('')), { takes: 1 }],
]);

told('bytes that follow the handshake in the same segment are frames', async () => {
  const socket = connect({}, joined(frame(ping, 'early'), frame(text, 'a'), frame(close, closing(1000))));
  const frames = await socket.heard((seen) => seen.some(({ code }) => code === close), 'the Close');
  assert.deepEqual(frames.filter(({ code }) => code !== text).map(nameOf), ['pong:early', 'close 1000']);
  await socket.isOver();
  const broken = connect({}, frame(text, 'a', { mask: null }));
  assert.equal(nameOf((await broken.heard((seen) => seen.some(({ code }) => code === close), 'the Close')).at(-1)), 'close 1002');
  broken.leave();
});

told('a peer that does not answer our Close is gone all the same, and what it says meanwhile is not heard', async () => {
  const before = await counts();
  const socket = connect();
  await welcomeOf(socket);
  socket.send(frame(text, 'a', { reserved: 4 }));
  await socket.heard((seen) => seen.some(({ code }) => code === close), 'the Close');
  socket.send(joined(frame(text, 'unheard'), frame(ping, 'unanswered')));
  await socket.isOver();
  assert.deepEqual(socket.frames().slice(1).map(nameOf), ['close 1002']);
  assert.deepEqual(await counts(), before);
});

told('half a frame at the end of a connection is nothing', async () => {
  for (const bytes of [frame(text, 'abc').subarray(0, 1), frame(text, 'abc').subarray(0, 7), begin('abc'), frame(close, closing(1000)).subarray(0, 7)]) {
    const before = await counts();
    const socket = connect();
    await welcomeOf(socket);
    socket.send(bytes);
    socket.leave();
    await until(async () => (await stack.notify.metrics()).stagedoor_ws_sockets === 0, { what: 'the end of the socket' });
    assert.deepEqual(await counts(), before);
  }
});

told('a client may send so many messages and pings a minute, and one more ends the connection with 1008', async () => {
  for (const code of [text, ping]) {
    const socket = connect();
    await welcomeOf(socket);
    socket.send(joined(...Array.from({ length: 121 }, () => frame(code, 'x'))));
    const frames = await socket.heard((seen) => seen.some((each) => each.code === close), 'the Close');
    assert.equal(nameOf(frames.at(-1)), 'close 1008');
    socket.leave();
  }
});

// --- the handshake (section 4.2) ---

const opens = { status: 101 };
const refused = (status) => ({ status });
/** Rows `[name, what differs from the usual request, {status, protocol, fields}]`. */
const handshakes = [
  ['the usual request', {}, opens],
  ['version 13 in white space', { fields: { 'Sec-WebSocket-Version': ' 13 ' } }, opens],
  ...['', '0', '7', '8', '12', '14', '013', '13, 8', '8, 13', '13 8', '1e1', 'thirteen', '256', '-13'].map((version) =>
    [`version ${JSON.stringify(version)}`, { fields: { 'Sec-WebSocket-Version': version } }, refused(426)]),
  ['no version', { fields: { 'Sec-WebSocket-Version': null } }, refused(426)],
  ['the version twice', { extra: [['Sec-WebSocket-Version', '13']] }, refused(400)],
  ['another key', { fields: { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' } }, opens],
  ...['', 'x', 'dGhlIHNhbXBsZSBub25jZQ', 'dGhlIHNhbXBsZSBub25jZQ=', 'dGhlIHNhbXBsZSBub25jZQ===', 'dGhlIHNhbXBsZSBub25j', 'dGhlIHNhbXBsZSBub25jZWU=',
     'dGhlIHNhbXBsZSBub25jZQ== dGhl', '====', 'dGhlIHNhbXBsZSBub25jZR==', 'ICEAAAAAAAAAAAAAAAAA', '!!!lIHNhbXBsZSBub25jZQ==', 'x'.repeat(4000)].map((key) =>
    [`key ${JSON.stringify(key.slice(0, 40))}`, { fields: { 'Sec-WebSocket-Key': key } }, refused(400)]),
  ['no key', { fields: { 'Sec-WebSocket-Key': null } }, refused(400)],
  ['two keys', { extra: [['Sec-WebSocket-Key', sampleKey]] }, refused(400)],
  ['the subprotocol', { fields: { 'Sec-WebSocket-Protocol': 'cloudevents.json' } }, { ...opens, protocol: 'cloudevents.json' }],
  ['the subprotocol among others', { fields: { 'Sec-WebSocket-Protocol': 'chat, cloudevents.json,superchat' } }, { ...opens, protocol: 'cloudevents.json' }],
  ['the subprotocol in a field of its own', { fields: { 'Sec-WebSocket-Protocol': 'chat' }, extra: [['Sec-WebSocket-Protocol', 'cloudevents.json']] },
   { ...opens, protocol: 'cloudevents.json' }],
  ['other subprotocols', { fields: { 'Sec-WebSocket-Protocol': 'chat, cloudevents.avro' } }, opens],
  ['a subprotocol that only resembles ours', { fields: { 'Sec-WebSocket-Protocol': 'cloudevents.jsonx, xcloudevents.json' } }, opens],
  ['the subprotocol in another case', { fields: { 'Sec-WebSocket-Protocol': 'CloudEvents.JSON' } }, opens],
  ['an empty subprotocol', { fields: { 'Sec-WebSocket-Protocol': '' } }, opens],
  ['permessage-deflate, as browsers offer', { fields: { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' } }, opens],
  ['an extension of nobody', { fields: { 'Sec-WebSocket-Extensions': 'x-unknown; a="b"' } }, opens],
  ...['WebSocket', 'WEBSOCKET', 'h2c, websocket', 'websocket, h2c'].map((upgrade) => [`Upgrade: ${upgrade}`, { fields: { Upgrade: upgrade } }, opens]),
  ...['', 'h2c', 'websockets', 'web socket'].map((upgrade) => [`Upgrade: ${upgrade}`, { fields: { Upgrade: upgrade } }, refused(426)]),
  ['no Upgrade', { fields: { Upgrade: null } }, refused(426)],
  ...['upgrade', 'UPGRADE', 'keep-alive, Upgrade', 'Upgrade,keep-alive'].map((connection) =>
    [`Connection: ${connection}`, { fields: { Connection: connection } }, opens]),
  ...['', 'keep-alive', 'close', 'upgraded'].map((connection) => [`Connection: ${connection}`, { fields: { Connection: connection } }, refused(426)]),
  ['no Connection', { fields: { Connection: null } }, refused(426)],
  ['Connection in two fields', { fields: { Connection: 'keep-alive' }, extra: [['Connection', 'Upgrade']] }, opens],
  ...['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].map((method) => [`method ${method}`, { method }, refused(405)]),
  ['method HEAD', { method: 'HEAD' }, refused(426)],
  ['method get', { method: 'get' }, refused(405)],
  ['method CONNECT', { method: 'CONNECT' }, refused(405)],
  ['HTTP/1.0', { version: 'HTTP/1.0' }, refused(426)],
  ['HTTP/2.0', { version: 'HTTP/2.0' }, refused(400)],
  ['a body', { fields: { 'Content-Length': '2' }, body: '{}' }, refused(400)],
  ['an empty body', { fields: { 'Content-Length': '0' } }, opens],
  ['no Host', { fields: { Host: null } }, refused(400)],
  ['two Hosts', { extra: [['Host', 'localhost']] }, refused(400)],
  ['another path', { target: '/wss' }, refused(404)],
  ['a path below', { target: '/ws/' }, refused(404)],
  ['absolute-form', { target: 'http://localhost/ws' }, opens],
  ['an Origin that is foreign', { fields: { Origin: 'https://evil.example' } }, refused(403)],
  ['an Origin of null', { fields: { Origin: 'null' } }, refused(403)],
  ['no Origin', { fields: { Origin: null } }, refused(403)],
  ['two Origins', { extra: [['Origin', 'https://evil.example']] }, refused(400)],
  ['field names in capitals', { fields: { 'Sec-WebSocket-Key': null, Upgrade: null },
                                extra: [['SEC-WEBSOCKET-KEY', sampleKey], ['UPGRADE', 'websocket']] }, opens],
];

for (const [name, parts, { status, protocol }] of handshakes) {
  told(`handshake, ${name}: ${status}`, async () => {
    const socket = connect(parts);
    const answer = await socket.answer();
    assert.equal(answer.status, status);
    const key = (parts.fields?.['Sec-WebSocket-Key'] ?? sampleKey).trim();
    const { upgrade, connection } = answer.fields;
    if (status === 101) {
      assert.deepEqual([upgrade, connection], [['websocket'], ['Upgrade']]);
      assert.deepEqual(answer.fields['sec-websocket-accept'], [acceptOf(key)]);
      assert.deepEqual(answer.fields['sec-websocket-protocol'], protocol && [protocol]);
      assert.equal(answer.fields['sec-websocket-extensions'], undefined);
      assert.equal((await welcomeOf(socket)).type, 'stagedoor.connection.welcome');
    } else {
      assert.equal(answer.fields['sec-websocket-accept'], undefined);
      if (status === 426) assert.deepEqual([upgrade, answer.fields['sec-websocket-version']], [['websocket'], ['13']]);
    }
    socket.leave();
  });
}
