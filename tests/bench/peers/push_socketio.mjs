// A peer of push.mjs: Socket.IO with its Redis adapter, WebSocket only. `?user=ID` joins the room ID.
//
//     node push_socketio.mjs PORT REDIS_SOCKET
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';

const [port, path] = process.argv.slice(2);
const publisher = new Redis({ path });
const server = new Server({
  transports: ['websocket'], serveClient: false, perMessageDeflate: false, pingInterval: 600_000,
  adapter: createAdapter(publisher, publisher.duplicate()),
});
server.on('connection', async (socket) => {
  await socket.join(socket.handshake.query.user);
  socket.emit('ready');
});
server.listen(Number(port));
