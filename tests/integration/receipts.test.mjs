// What Redis knows of sockets and of what they were given (N9), from real sockets to the lines beside the stream.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const story = (name, body) => test(name, (t) => stack.telling(body)(t));

/** A tab: keeps its events, and acknowledges them if it is told to. */
async function openTab(device, { acknowledges = false, cursor = '' } = {}) {
  const tab = { events: [], cursor: null, socket: null };
  tab.socket = new WebSocket(stack.socketUrl + cursor, { headers: { cookie: device.cookie, origin: stack.origin } });
  tab.socket.on('error', () => {});
  tab.socket.on('message', (data) => {
    const frame = JSON.parse(data);
    if (frame.cursor) tab.cursor = frame.cursor;
    if (frame.type.startsWith('stagedoor.connection.')) return;
    tab.events.push(frame);
    if (acknowledges) tab.socket.send(JSON.stringify({ type: 'ack', cursor: frame.cursor }));
  });
  await until(() => tab.cursor, { what: 'a welcome' });
  return tab;
}

/** The lines of a user, `o w 1 2 2`, without their times, in the order of their sockets. */
function lines(person) {
  const words = stack.redisCommand('HGETALL', `stagedoor:{${person.id}}:receipts`).split('\n').filter(Boolean);
  const pairs = words.flatMap((word, i) => (i % 2 === 0 ? [[word, words[i + 1]]] : []));
  return pairs.sort().map(([, line]) => line.split(' ').slice(0, 5).join(' '));
}
const become = (person, expected) => until(() => lines(person).sort().join() === [...expected].sort().join(),
                                           { what: `receipts ${expected.join(', ')}; they are ${lines(person).join(', ')}` });

async function signedIn() {
  const person = await stack.person();
  const device = stack.device();
  await device.signIn(person);
  return { person, device };
}

story('two tabs of one person, one of which acknowledges; a third that comes back is another one', async () => {
  const { person, device } = await signedIn();
  const tells = await openTab(device, { acknowledges: true });
  const silent = await openTab(device);
  const begun = silent.cursor;
  await become(person, ['o w 1 1 1', 'o w 1 1 1']);
  await stack.decide(person, 'approve');
  await become(person, ['o w 1 2 2', 'o w 1 2 1']);
  silent.socket.terminate();
  await become(person, ['o w 1 2 2', 'c w 1 2 1']);
  const back = await openTab(device, { acknowledges: true, cursor: `?cursor=${begun}` });
  await become(person, ['o w 1 2 2', 'c w 1 2 1', 'o w 1 2 2']);
  assert.equal(back.events.length, 1);
  for (const { socket } of [tells, back]) socket.close();
  await become(person, ['c w 1 2 2', 'c w 1 2 1', 'c w 1 2 2']);
});

story('nobody listens: there is no line', async () => {
  const { person } = await signedIn();
  await stack.decide(person, 'approve');
  assert.deepEqual(lines(person), []);
});

story('a node that is told to stop says that its sockets are gone; one that is killed loses its sign of life', async () => {
  const { person, device } = await signedIn();
  await openTab(device);
  await become(person, ['o w 1 1 1']);
  await stack.notify.stop();
  assert.deepEqual(lines(person), ['c w 1 1 1']);
  await stack.notify.start();
  await openTab(device);
  await become(person, ['c w 1 1 1', 'o w 1 1 1']);
  await until(() => stack.redisCommand('KEYS', 'stagedoor:{holder:*}') !== '', { what: 'the sign of life' });
  await stack.notify.kill();
  await until(() => stack.redisCommand('KEYS', 'stagedoor:{holder:*}') === '', { what: 'the loss of the sign of life' });
  assert.deepEqual(lines(person).sort(), ['c w 1 1 1', 'o w 1 1 1']);
  await stack.notify.start();
});

story('a Redis that was wiped is told again of the sockets that were open', async () => {
  const { person, device } = await signedIn();
  await openTab(device);
  await stack.decide(person, 'approve');
  await become(person, ['o w 1 2 1']);
  stack.redisCommand('FLUSHALL');
  // Its session has to be looked up first: 4404. So what is told is its end, and what it was given before.
  await become(person, ['c w 1 2 1']);
});
