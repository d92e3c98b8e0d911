// What signing in costs beside bare Argon2id, and what a flood of sign-ins does to session checks: a service as it starts
// by itself on this machine, with a Redis and a database, beside nginx and bare hashing. Figures, never a test.
//
//     cmake --preset release -DSTAGEDOOR_BENCH=ON && cmake --build --preset release
//     node tests/bench/sign_in.mjs [seconds] [further flags of auth-service]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';

import { ChildProcess, freePorts } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';
import { isListening, program } from './measuring.mjs';

const [seconds = '15', ...authFlags] = process.argv.slice(2);
const off = ['account', 'device'].flatMap((name) => [`--limit-failed-sign-ins-${name}`, 'off']);

async function startNginx(folder, me) {
  const [port] = await freePorts(1);
  const configuration = join(folder, 'nginx.conf');
  writeFileSync(configuration, `daemon off; worker_processes ${cpus().length}; pid ${folder}/nginx.pid; error_log stderr;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; server { listen 127.0.0.1:${port}; default_type application/json;
  location / { return 200 '${me}'; } location /api/auth/login { return 503 '{"code":"overloaded"}'; } } }`);
  const nginx = new ChildProcess('nginx', ['nginx', '-c', configuration]);
  await nginx.start(() => isListening(port));
  return { port, stop: () => nginx.stop() };
}

const level = authFlags.includes('--log-level') ? [] : ['--log-level', 'warn'];
const stack = await startStack({ authFlags: [...level, ...off, ...authFlags] });
let nginx;
try {
  await stack.notify.stop();
  // Two people: signing in often enough ends one's oldest sessions.
  const [person, checker] = [await stack.person(), await stack.person()];
  const device = stack.device();
  await device.signIn(checker);
  nginx = await startNginx(stack.folder, JSON.stringify((await device.get('/api/auth/me')).body));
  // Not waited for by a call that blocks: the service's log is read meanwhile, as it is in life.
  const bench = spawn(program('sign_in_bench'),
                      [stack.auth.port, device.cookie, person.email, person.password, cpus().length, seconds, nginx.port].map(String),
                      { stdio: 'inherit' });
  await once(bench, 'exit');
  const { stagedoor_password_jobs_relieved_total: relieved } = await stack.auth.metrics();
  console.log(`passwords that were hashed by batch threads, since other work filled the cores: ${relieved ?? 'not told'}`);
} finally {
  await nginx?.stop();
  await stack.stop();
}
