// What signing in costs beside bare Argon2id, and what a flood of sign-ins does to session checks: a service as it starts
// by itself on this machine, with a Redis and a database. Figures, never a test.
//
//     cmake --preset release -DSTAGEDOOR_BENCH=ON && cmake --build --preset release
//     node tests/bench/sign_in.mjs [seconds] [further flags of auth-service]
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startStack } from '../support/stack.mjs';

const [seconds = '10', ...authFlags] = process.argv.slice(2);
const buildDir = process.env.STAGEDOOR_BUILD_DIR ?? fileURLToPath(new URL('../../build/release', import.meta.url));
const off = ['account', 'device'].flatMap((name) => [`--limit-failed-sign-ins-${name}`, 'off']);

const stack = await startStack({ authFlags: ['--log-level', 'warn', ...off, ...authFlags] });
try {
  await stack.notify.stop();
  // Two people: signing in often enough ends one's oldest sessions.
  const [person, checker] = [await stack.person(), await stack.person()];
  const device = stack.device();
  await device.signIn(checker);
  spawnSync(join(buildDir, 'tests/bench/sign_in_bench'),
            [stack.auth.port, device.cookie, person.email, person.password, cpus().length, seconds].map(String), { stdio: 'inherit' });
} finally {
  await stack.stop();
}
