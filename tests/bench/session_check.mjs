// What a session check costs: `GET /api/auth/me` with a living session, 64 keep-alive connections, one server thread on
// one core, side by side in one run with nginx that returns the same bytes, Beast in a coroutine, and Express with
// express-session and connect-redis. Redis and the load have the other core. Rounds take turns; medians are printed, and
// each contestant's ratio to nginx in the same run. Figures, never a test.
//
//     cmake --preset release -DSTAGEDOOR_BENCH=ON && cmake --build --preset release
//     npm --prefix tests/bench/peers ci && node tests/bench/session_check.mjs [rounds] [--only off]
//
// `--only beast,off,express` takes of these three the ones that are named; nginx, which all are compared with, and ours
// with the cache are always there.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { ChildProcess, freePorts, until } from '../support/process.mjs';
import { startStack } from '../support/stack.mjs';
import { cpuOf, isListening, loadCore, median, pin, program, serverCore } from './measuring.mjs';

const connections = 64;
const { values: flags, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string', default: '' } } });
const rounds = Number(positionals[0] ?? 5);
if (!(rounds >= 1)) throw new Error(`rounds has to be a number from 1, not ${positionals[0]}`);
const wanted = flags.only.toLowerCase().split(',');
const takes = (name) => wanted.some((word) => name.toLowerCase().includes(word));
const requests = { quick: 60_000, slow: 15_000 };
const here = fileURLToPath(new URL('.', import.meta.url));

const requestWith = (cookie) =>
  'GET /api/auth/me HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 ' +
  'Firefox/128.0\r\nAccept: application/json\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n' +
  'Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\nConnection: keep-alive\r\n' +
  `Cookie: ${cookie}\r\n\r\n`;

/** One round of load: `{perSecond, p50, p99}` (µs). */
async function load(port, count, request) {
  const child = spawn('taskset', ['-c', loadCore, program('http_load'), port, connections, count].map(String));
  child.stdin.end(request);
  let output = '';
  for await (const text of child.stdout.setEncoding('utf8')) output += text;
  return JSON.parse(output);
}

/** Our service, alone on its core, with a person signed in. */
async function startOurs(name, authFlags) {
  const stack = await startStack({ authFlags: ['--threads', '1', '--hash-threads', '1', '--log-level', 'warn', ...authFlags] });
  await stack.notify.stop();
  const person = await stack.person('Ada Lovelace');
  await stack.decide(person, 'approve');
  const device = stack.device();
  await device.signIn(person);
  const { body } = await device.get('/api/auth/me');
  pin(stack.auth.pid, serverCore);
  pin(stack.redis.pid, loadCore);
  return { name, port: stack.auth.port, pid: stack.auth.pid, redis: stack.redis.pid, request: requestWith(device.cookie),
           requests: requests.quick, body, stack, stop: () => stack.stop() };
}

async function startNginx(folder, body) {
  const [port] = await freePorts(1);
  const configuration = join(folder, 'nginx.conf');
  writeFileSync(configuration, `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; server { listen 127.0.0.1:${port}; default_type application/json;
  add_header Cache-Control no-store; add_header Content-Security-Policy "default-src 'none'; frame-ancestors 'none'";
  add_header Cross-Origin-Resource-Policy same-origin; add_header X-Content-Type-Options nosniff;
  add_header Referrer-Policy no-referrer; add_header X-Request-Id 0123456789abcdef;
  location / { return 200 '${body}'; } } }`);
  const child = new ChildProcess('nginx', ['nginx', '-c', configuration]);
  await child.start(() => isListening(port));
  // It listens before it has forked.
  const children = () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
  const worker = await until(children, { what: "nginx' worker" });
  pin(worker, serverCore);
  return { name: 'nginx `return 200`', port, pid: worker, request: requestWith('a=b'), requests: requests.quick, stop: () => child.stop() };
}

async function startBeast(body) {
  const [port] = await freePorts(1);
  const child = new ChildProcess('beast_peer', [program('beast_peer'), String(port), body], { stdio: ['pipe', 'pipe', 'pipe'] });
  await child.start(() => isListening(port));
  pin(child.pid, serverCore);
  return { name: 'Beast coroutine, same bytes', port, pid: child.pid, request: requestWith('a=b'), requests: requests.quick,
           stop: () => child.stop() };
}

async function startExpress(stack, user) {
  const [port] = await freePorts(1);
  const child = new ChildProcess('express', ['node', join(here, 'peers/express_sessions.mjs'), String(port), stack.redisSocket, user]);
  await child.start(() => isListening(port));
  pin(child.pid, serverCore);
  const answer = await fetch(`http://127.0.0.1:${port}/login`, { method: 'POST' });
  const cookie = /^[^;]+/.exec(answer.headers.get('set-cookie'))[0];
  return { name: 'Express + express-session', port, pid: child.pid, redis: stack.redis.pid, request: requestWith(cookie),
           requests: requests.slow, stop: () => child.stop() };
}

const contestants = [];
const enter = async (name, start) => { if (takes(name)) contestants.push(await start()); };
try {
  const cached = await startOurs('ours, with the cache', []);
  const body = JSON.stringify(cached.body);
  contestants.push(cached);
  contestants.unshift(await startNginx(cached.stack.folder, body));
  await enter('Beast', () => startBeast(body));
  await enter('ours, off', () => startOurs('ours, --session-cache off', ['--session-cache', 'off']));
  await enter('Express', () => startExpress(cached.stack, JSON.stringify({ ...cached.body.user, session: cached.body.session })));
  for (let round = 0; round <= rounds; ++round) {
    for (const each of contestants) {
      const before = { server: cpuOf(each.pid), redis: each.redis ? cpuOf(each.redis) : 0 };
      const result = await load(each.port, each.requests, each.request);
      if (round === 0) continue;  // warms up
      (each.results ??= []).push({ ...result, cpu: (cpuOf(each.pid) - before.server) / each.requests,
                                   redis: each.redis ? (cpuOf(each.redis) - before.redis) / each.requests : 0 });
    }
  }
  const figure = (each, what) => median(each.results.map((result) => result[what]));
  const floor = figure(contestants[0], 'cpu');
  console.log(`${'server'.padEnd(28)} ${'requests/s'.padStart(10)} ${'p50 µs'.padStart(8)} ${'p99 µs'.padStart(8)} ` +
              `${'CPU µs'.padStart(8)} ${'x nginx'.padStart(8)} ${'Redis µs'.padStart(9)}`);
  for (const each of contestants) {
    const ratios = each.results.map((result, i) => result.cpu / contestants[0].results[i].cpu);
    console.log(`${each.name.padEnd(28)} ${String(figure(each, 'perSecond')).padStart(10)} ${String(figure(each, 'p50')).padStart(8)} ` +
                `${String(figure(each, 'p99')).padStart(8)} ${figure(each, 'cpu').toFixed(2).padStart(8)} ` +
                `${median(ratios).toFixed(2).padStart(8)} ${figure(each, 'redis').toFixed(2).padStart(9)}`);
  }
  if (!(floor > 0)) throw new Error('no CPU time was measured');
} finally {
  for (const each of contestants) await each.stop();
}
