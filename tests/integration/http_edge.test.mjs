// Bytes that no browser sends, against the real listener: the right 4xx, the connection closed where framing is lost, never a second
// answer to one request, and bounded time and memory.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { openRaw, statuses } from '../support/raw_http.mjs';
import { startStack } from '../support/stack.mjs';
import { until } from '../support/process.mjs';

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());
const told = (name, body) => test(name, (t) => stack.telling(body)(t));

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';  // answered by 404 if it is taken for a request
const post = 'POST /api/auth/logout HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n';
const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;
const fields = (count) => Array.from({ length: count }, (_, i) => `X-${i}: 1\r\n`).join('');

// What is refused ends the connection: [name, bytes, status].
const refusals = [
  ['CL.TE', `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`, 400],
  ['TE.CL', `${post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n2c\r\n${smuggled}\r\n0\r\n\r\n`, 400],
  ['TE.TE by case and list', `${post}Transfer-Encoding: chunked\r\ntransfer-encoding: x\r\n\r\n0\r\n\r\n${smuggled}`, 400],
  ['a coding behind a vertical tab', `${post}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${smuggled}`, 400],
  ['a coding in quotes', `${post}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n${smuggled}`, 501],
  ['a coding with a parameter', `${post}Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n${smuggled}`, 501],
  ['identity and then chunked', `${post}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n${smuggled}`, 501],
  ['a coding on HTTP/1.0', `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`, 400],
  ['two equal lengths', `${post}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}${smuggled}`, 400],
  ['two lengths', `${post}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}${smuggled}`, 400],
  ['a list of lengths', `${post}Content-Length: 2, 2\r\n\r\n{}${smuggled}`, 400],
  ...['+2', '-2', '2.0', '0x2', '2 2', '2\t2', '', '2;', '1e1', '٢', '18446744073709551618', '2\x00'].map((length) =>
    [`a length of ${JSON.stringify(length)}`, `${post}Content-Length: ${Buffer.from(length).toString('latin1')}\r\n\r\n{}${smuggled}`, 400]),
  ['a length that is too much', `${post}Content-Length: 99999999999\r\n\r\n`, 413],
  ['a folded line', `${post}X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}`, 400],
  ['a folded length', `${post}Content-Length:\r\n 2\r\n\r\n{}${smuggled}`, 400],
  ['a bare LF between fields', `${post}X: a\nContent-Length: 2\r\n\r\n{}`, 400],
  ['bare LFs only', 'GET / HTTP/1.1\nHost: a\n\n\r\n\r\n', 400],
  ['a bare CR in a field', `${post}X: a\rContent-Length: 2\r\n\r\n{}`, 400],
  ['a NUL in a field', `${post}X: a\x00b\r\n\r\n`, 400],
  ['a NUL in a name', `${post}X\x00: a\r\n\r\n`, 400],
  ['a DEL in a field', `${post}X: a\x7fb\r\n\r\n`, 400],
  ['space before a colon', `${post}Content-Length : 2\r\n\r\n{}${smuggled}`, 400],
  ['a tab before a colon', `${post}Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n`, 400],
  ['a field without a colon', `${post}Content-Length\r\n\r\n`, 400],
  ['a field without a name', `${post}: 2\r\n\r\n`, 400],
  ['a space before the first field', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n', 400],
  ['a chunk size with a sign', `${chunked}+2\r\n{}\r\n0\r\n\r\n`, 400],
  ['a chunk size with 0x', `${chunked}0x2\r\n{}\r\n0\r\n\r\n`, 400],
  ['a chunk size with an underscore', `${chunked}0_2\r\n{}\r\n0\r\n\r\n`, 400],
  ['a chunk size behind a space', `${chunked} 2\r\n{}\r\n0\r\n\r\n`, 400],
  ['no chunk size', `${chunked}\r\n{}\r\n0\r\n\r\n`, 400],
  ['a chunk size that overflows', `${chunked}10000000000000002\r\n{}\r\n0\r\n\r\n`, 413],
  ['a chunk that is too large', `${chunked}ffffff\r\n`, 413],
  ['a chunk longer than its size', `${chunked}1\r\n{}\r\n0\r\n\r\n`, 400],
  ['a chunk line ended by LF', `${chunked}2\n{}\r\n0\r\n\r\n`, 400],
  ['a chunk ended by LF', `${chunked}2\r\n{}\n0\r\n\r\n`, 400],
  ['an extension with LF', `${chunked}2;a=\nb\r\n{}\r\n0\r\n\r\n${smuggled}`, 400],
  ['an extension with a bare CR', `${chunked}2;a=\rb\r\n{}\r\n0\r\n\r\n`, 400],
  ['an endless extension', `${chunked}2;${'e'.repeat(5_000)}`, 400],
  ['an endless trailer', `${chunked}0\r\nX: ${'e'.repeat(5_000)}`, 400],
  ['a trailer that goes on in the next line', `${chunked}0\r\nX: a\r\n b\r\n\r\n`, 400],
  ['chunks of one byte without end', `${chunked}${'1;eeeeeeeeeeeeeee\r\nx\r\n'.repeat(20_000)}`, 413],
  ['HTTP/0.9', 'GET /\r\n\r\n', 400],
  ['HTTP/2 with prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['HTTP/3', 'GET / HTTP/3.0\r\nHost: a\r\n\r\n', 400],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
  ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 400],
  ['the PROXY protocol', `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${smuggled}`, 400],
  ['authority-form', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 400],
  ['asterisk-form', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['absolute-form of another scheme', 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['absolute-form with a password', 'GET http://user:secret@a/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['absolute-form without a host', 'GET http:///login HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['absolute-form with a backslash', 'GET http://a\\@evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', 400],
  ...['', 'a b', 'a,b', 'user@a', 'a/b', 'a?b', 'a#b', '<a>', '[::1', 'a:b:c', 'a:', 'a:99999', 'é'].map((host) =>
    [`a Host of ${JSON.stringify(host)}`, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400]),
  ['a path with a NUL', 'GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a path with an escaped slash', 'GET /api%2fauth/me HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a path with an escaped backslash', 'GET /api%5c..%5cadmin HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a path with a backslash', 'GET /api\\..\\admin HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a path with a line break', 'GET /a%0d%0aX:1 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a path that is no UTF-8', 'GET /%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a path of overlong UTF-8', 'GET /%c0%ae%c0%ae/admin HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a path with a bad escape', 'GET /%u0041 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a path with a fragment', 'GET /login#x HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a path with bytes above ASCII', 'GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['dot segments', 'GET /assets/../api/auth/me HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['escaped dot segments', 'GET /assets/%2e%2e/api/auth/me HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a dot segment at the end', 'GET /assets/.. HTTP/1.1\r\nHost: a\r\n\r\n', 400],
  ['a long target', `GET /${'a'.repeat(5_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
  ['a request line without end', 'G'.repeat(20_000), 414],
  ['a large head', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ['many fields', `GET / HTTP/1.1\r\nHost: a\r\n${fields(200)}\r\n`, 431],
  ['a large body', `${post}Content-Length: 70000\r\n\r\n${'a'.repeat(70_000)}`, 413],
];

for (const [name, bytes, status] of refusals) {
  told(`${name} is ${status}, and the connection ends with it`, async () => {
    const connection = openRaw(stack.auth.port);
    connection.send(bytes);
    const text = await connection.rest();
    connection.destroy();
    assert.ok(connection.ended(), 'still open');
    assert.deepEqual(statuses(text), [status], text.slice(0, 2_000));
    assert.match(text, /\r\nConnection: close\r\n/);
    assert.match(text, /\r\nContent-Type: application\/problem\+json\r\n/);
    assert.match(text, /\r\nCache-Control: no-store\r\n/);
    assert.ok(!text.includes('secret'));
  });
}

// What is fine, or wrong but framed, leaves the connection as it was: the next request is answered.
const accepted = [
  ['an empty line before a request', '\r\nGET /login HTTP/1.1\r\nHost: a\r\n\r\n', 200],
  ['absolute-form', 'GET http://b/login HTTP/1.1\r\nHost: a\r\n\r\n', 200],
  ['an IPv6 Host', 'GET /login HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n', 200],
  ['HTTP/1.0 that asks to stay', 'GET /login HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', 200],
  ['chunks, extensions and trailers', `${chunked}1;a="b"\r\n{\r\n1\r\n}\r\n0;x\r\nContent-Length: 100\r\nX: y\r\n\r\n`, 200],
  ['a trailer that claims to be a request', `${chunked}2\r\n{}\r\n0\r\nGET: /smuggled\r\n\r\n`, 200],
  ['an upgrade to HTTP/2', 'GET /login HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n', 200],
  ['GET with a body', 'GET /login HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc', 200],
  ['TRACE', 'TRACE /login HTTP/1.1\r\nHost: a\r\nCookie: secret=1\r\n\r\n', 405],
  ['a method that nobody knows', 'BREW /login HTTP/1.1\r\nHost: a\r\n\r\n', 405],
  ['two slashes', 'GET //evil.example HTTP/1.1\r\nHost: a\r\n\r\n', 404],
  ['dots in a name', 'GET /assets/a..b HTTP/1.1\r\nHost: a\r\n\r\n', 404],
  ['a query that would be a bad path', 'GET /login?next=//evil.example/../%2f%00 HTTP/1.1\r\nHost: a\r\n\r\n', 200],
];
for (const [name, bytes, status] of accepted) {
  told(`${name} is ${status}, and the connection goes on`, async () => {
    const connection = openRaw(stack.auth.port);
    connection.send(bytes + 'GET /api/nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const text = await connection.rest();
    assert.deepEqual(statuses(text), [status, 404], text.slice(0, 2_000));
  });
}

told('requests that are sent together are answered in their order, each once', async () => {
  const connection = openRaw(stack.auth.port);
  const paths = Array.from({ length: 500 }, (_, i) => (i % 3 === 0 ? '/login' : i % 3 === 1 ? '/api/auth/me' : '/nothing'));
  connection.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join('') + 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const expected = paths.map((path) => ({ '/login': 200, '/api/auth/me': 401, '/nothing': 404 })[path]);
  assert.deepEqual(statuses(await connection.rest()), [...expected, 303]);
});

told('what was sent behind a request that is refused is not answered', async () => {
  const connection = openRaw(stack.auth.port);
  connection.send(`GET /login HTTP/1.1\r\nHost: a\r\n\r\nGET /%00 HTTP/1.1\r\nHost: a\r\n\r\n${smuggled.repeat(3)}`);
  assert.deepEqual(statuses(await connection.rest()), [200, 400]);
});

const memory = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const answersMe = async () => assert.equal((await stack.device().get('/api/auth/me')).status, 401);

told('a thousand connections that dribble heads and bodies cost little, end by themselves, and hold up nobody', async () => {
  await answersMe();
  const before = memory(stack.auth.pid);
  const slow = Array.from({ length: 1_000 }, (_, i) => {
    const connection = openRaw(stack.auth.port);
    connection.send(i % 2 === 0 ? 'GET / HTTP/1.1\r\nHost: a\r\nX: ' : `${post}Content-Length: 60000\r\n\r\n`);
    return connection;
  });
  let dribbling = true;
  const dribble = (async () => {
    while (dribbling) {
      for (const each of slow) if (!each.ended()) each.send('x');
      await new Promise((later) => setTimeout(later, 250));
    }
  })();
  await answersMe();
  const grown = memory(stack.auth.pid) - before;
  await until(() => slow.every((each) => each.ended()), { what: 'the end of all slow connections', withinMs: 15_000 });
  dribbling = false;
  await dribble;
  const answered = slow.filter((each) => each.received().startsWith('HTTP/1.1 408 '));
  assert.equal(answered.length, slow.length, 'each is told that it was too slow');
  assert.ok(grown < 32 * 1024, `${grown} KiB for a thousand connections`);
  await answersMe();
});

told('a peer that asks without end and reads nothing is bounded in memory and time', async () => {
  const before = memory(stack.auth.pid);
  const greedy = Array.from({ length: 20 }, () => {
    const connection = openRaw(stack.auth.port);
    connection.pause();
    for (let i = 0; i < 4; ++i) connection.send('GET /assets/stagedoor-client.js HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2_000));
    return connection;
  });
  await answersMe();
  const grown = memory(stack.auth.pid) - before;
  assert.ok(grown < 64 * 1024, `${grown} KiB for twenty greedy peers`);
  await until(async () => {
    const text = await (await fetch(`${stack.auth.opsUrl}/metrics`)).text();
    return Number(/^process_open_fds (\d+)/m.exec(text)[1]) < 120;
  }, { what: 'the end of all greedy connections', withinMs: 15_000 });
  for (const each of greedy) each.destroy();
});
