// Who takes part in push.mjs. Each contestant has a server process of its own and says which sockets the load has to open.
//
//   name, fresh()                    starts its server anew: {pid, port}
//   targets(users, socketsEach)      the path of a file for push_load
//   mark                             what frames of events have in them, and no others
//   settle(events)                   after so many events to each user (may be missing)
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ChildProcess, freePorts } from '../support/process.mjs';
import { isListening, pin, program, serverCore } from './measuring.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const eventNumber = '@@@@@@@@@@';  // as in push_target.hpp
const mark = 'bench.event';

const pack = (text) => {
  const bytes = Buffer.from(text);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  return Buffer.concat([size, bytes]);
};

/** What push_load reads of one socket. */
export function target({ request, opening = '', triggers, greetings = 1 }) {
  const count = Buffer.alloc(4);
  count.writeUInt32LE(greetings);
  return Buffer.concat([pack(request), pack(opening), pack(triggers[0]), pack(triggers.at(-1)), count]);
}

const command = (...words) => Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...words.flatMap((word) =>
  [Buffer.from(`$${Buffer.byteLength(word)}\r\n`), Buffer.from(word), Buffer.from('\r\n')])]);

const upgrade = (path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';

/** An event of the size that ours has. */
function frameFor(user, bytes) {
  const begin = `{"specversion":"1.0","source":"/stagedoor","type":"${mark}","id":"${eventNumber}","subject":"${user}","data":"`;
  return `${begin}${'x'.repeat(Math.max(0, bytes - begin.length - 2))}"}`;
}

/** Ours: notify-service with keys, on its own thread, with sessions that are checked, cursors, heartbeats and limits. */
export function ours(stack, frameBytes) {
  const files = { made: 0 };
  return {
    name: 'Stagedoor', mark,
    async fresh() {
      await stack.notify.stop();
      await stack.notify.start();
      pin(stack.notify.pid, serverCore);
      return { pid: stack.notify.pid, port: stack.notify.port };
    },
    targets(users, socketsEach) {
      const [commands, path] = ['commands', 'targets'].map((what) => join(stack.folder, `${what}-${files.made}`));
      ++files.made;
      execFileSync(program('push_people'), [join(stack.folder, 'keys'), `stagedoor-${stack.auth.port}`, stack.origin, users, socketsEach,
                                            frameBytes, commands, path].map(String));
      const loaded = spawnSync('redis-cli', ['-s', stack.redisSocket, '--pipe'], { input: readFileSync(commands), encoding: 'utf8' });
      if (loaded.status !== 0 || !/errors: 0,/.test(loaded.stdout)) throw new Error(`redis-cli --pipe: ${loaded.stdout}${loaded.stderr}`);
      return path;
    },
  };
}

/** A peer: `start` is its command, given a port; `sockets` what one of a user's looks like. */
function peer(name, folder, start, socket) {
  let child = null;
  let made = 0;
  return {
    name, mark,
    async fresh() {
      await child?.stop('SIGKILL');
      const [port] = await freePorts(1);
      child = new ChildProcess(name, start(port), { stdio: ['pipe', 'pipe', 'pipe'] });
      await child.start(() => isListening(port));
      pin(child.pid, serverCore);
      return { pid: child.pid, port };
    },
    targets(users, socketsEach) {
      const path = join(folder, `${name.replace(/\W/g, '')}-${made++}`);
      const all = Array.from({ length: users }, () => {
        const one = target(socket(randomUUID()));
        return Buffer.concat(Array.from({ length: socketsEach }, () => one));
      });
      writeFileSync(path, Buffer.concat(all));
      return path;
    },
    stop: () => child?.stop('SIGKILL'),
  };
}

/** What a plain peer is asked, and how an event comes to it. */
const plain = (frameBytes) => (user) => ({
  request: upgrade(`/?user=${user}`), triggers: [command('PUBLISH', `peer:${user}`, frameFor(user, frameBytes))],
});

export const wsPackage = (stack, frameBytes) => peer('ws + ioredis', stack.folder, (port) =>
  ['node', join(here, 'peers/push_ws.mjs'), String(port), stack.redisSocket], plain(frameBytes));

export const beast = (stack, frameBytes) => peer('Beast websocket::stream', stack.folder, (port) =>
  [program('beast_push_peer'), String(port), `unix:${stack.redisSocket}`], plain(frameBytes));

export function socketIo(stack, frameBytes) {
  const require = createRequire(new URL('peers/', import.meta.url));
  const { Emitter } = require('@socket.io/redis-emitter');
  const masked = (text) => Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
  return peer('Socket.IO + Redis adapter', stack.folder, (port) => ['node', join(here, 'peers/push_socketio.mjs'), String(port), stack.redisSocket],
              (user) => {
                let published;
                new Emitter({ publish: (channel, message) => { published = command('PUBLISH', channel, message); } })
                  .to(user).emit('event', frameFor(user, frameBytes));
                // Engine.IO opens, Socket.IO greets and is greeted, the room is joined.
                return { request: upgrade(`/socket.io/?EIO=4&transport=websocket&user=${user}`), opening: masked('40'), greetings: 3,
                         triggers: [published] };
              });
}

/** uWebSockets, compiled beside a checkout with its submodule uSockets. */
export function uWebSockets(stack, frameBytes, checkout) {
  const folder = join(stack.folder, 'uwebsockets');
  mkdirSync(folder);
  const sources = ['src', 'src/eventing'].flatMap((part) =>
    readdirSync(join(checkout, 'uSockets', part)).filter((name) => name.endsWith('.c')).map((name) => join(checkout, 'uSockets', part, name)));
  const includes = ['-I', join(checkout, 'src'), '-I', join(checkout, 'uSockets/src')];
  execFileSync('gcc', ['-O2', '-w', '-DLIBUS_NO_SSL', ...includes, '-c', ...sources], { cwd: folder });
  const objects = readdirSync(folder).filter((name) => name.endsWith('.o'));
  execFileSync('g++', ['-O2', '-w', '-std=c++20', '-DUWS_NO_ZLIB', '-DLIBUS_NO_SSL', ...includes, join(here, 'peers/uws_push.cpp'), ...objects,
                       '-lhiredis', '-o', 'uws_push'], { cwd: folder });
  return peer('uWebSockets', stack.folder, (port) => [join(folder, 'uws_push'), String(port), stack.redisSocket], plain(frameBytes));
}
