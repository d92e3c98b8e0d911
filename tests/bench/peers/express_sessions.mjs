// A peer of session_check.mjs: Express with express-session and connect-redis, as their documents show them.
//
//     node express_sessions.mjs PORT REDIS_SOCKET USER_JSON
import RedisStore from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';

const [port, socket, user] = process.argv.slice(2);
const client = createClient({ socket: { path: socket } });
await client.connect();

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.use(session({ store: new RedisStore({ client, prefix: 'peer:' }), secret: 'a bench keeps no secrets', resave: false,
                  saveUninitialized: false, name: 'peer' }));
app.post('/login', (request, response) => {
  request.session.user = JSON.parse(user);
  response.json({});
});
app.get('/api/auth/me', (request, response) => {
  if (!request.session.user) response.status(401).json({});
  else response.json({ user: request.session.user, session: request.session.user.session });
});
app.listen(Number(port), '127.0.0.1', () => console.log('ready'));
