// A peer of push.mjs: the `ws` package with ioredis. `GET /?user=ID` listens to the channel `peer:ID`.
//
//     node push_ws.mjs PORT REDIS_SOCKET
import { Redis } from 'ioredis';
import { WebSocketServer } from 'ws';

const [port, path] = process.argv.slice(2);
const subscriber = new Redis({ path });
const listeners = new Map();  // by channel

subscriber.on('messageBuffer', (channel, message) => {
  for (const socket of listeners.get(channel.toString()) ?? []) socket.send(message, { binary: false });
});

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(port), perMessageDeflate: false, backlog: 4096 });
server.on('connection', async (socket, request) => {
  const channel = `peer:${request.url.slice(request.url.indexOf('=') + 1)}`;
  const sockets = listeners.get(channel) ?? new Set();
  listeners.set(channel, sockets.add(socket));
  socket.on('error', () => {});
  socket.on('close', () => {
    sockets.delete(socket);
    if (sockets.size > 0) return;
    listeners.delete(channel);
    subscriber.unsubscribe(channel);
  });
  await subscriber.subscribe(channel);
  socket.send('ready');
});
