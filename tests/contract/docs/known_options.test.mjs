// Either service refuses a misspelt STAGEDOOR_ variable and leaves the other's alone: both need the list of all options.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const buildDir = resolve(root, process.env.STAGEDOOR_BUILD_DIR ?? 'build/release');

const optionsOf = (program) => {
  const { stdout } = spawnSync(join(buildDir, program), ['--help-markdown'], { encoding: 'utf8' });
  return [...stdout.matchAll(/`STAGEDOOR_([A-Z_]+)`/g)].map(([, name]) => name.toLowerCase().replaceAll('_', '-'));
};

test('the list of known options is the options of all programs', () => {
  const header = readFileSync(join(root, 'common/config/known_variables.hpp'), 'utf8');
  const list = header.slice(header.indexOf('known_options{'));
  const listed = [...list.slice(0, list.indexOf('}')).matchAll(/"([a-z-]+)"/g)].map(([, name]) => name);
  const programs = ['auth-service/auth-service', 'auth-service/stagectl', 'notify-service/notify-service'];
  const defined = new Set(programs.flatMap(optionsOf));
  assert.ok(defined.size > 10);
  assert.deepEqual(listed, [...defined].sort());
});
