// The house rules that a compiler does not see: who may include whom, which file alone knows a library, how long a file is.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const longestFile = 300;

function* sourcesBelow(folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourcesBelow(path);
    else if (/\.(cpp|hpp)$/.test(entry.name)) yield path;
  }
}

const sources = ['common', 'auth-service', 'notify-service'].flatMap((folder) => [...sourcesBelow(folder)]);
const includesOf = (path) => [...readFileSync(join(root, path), 'utf8').matchAll(/^#include ["<]([^">]+)[">]/gm)].map((m) => m[1]);

// What a room of common/ may use besides itself and core.
const allowed = {
  core: [], session: [], runtime: [], obs: [], config: [], redis: ['runtime'], http: ['runtime'], ws: ['runtime', 'http'],
  sql: [], ops: ['http', 'obs', 'runtime'],
};
// Folders of a service that know ports only, and so none of these.
const adaptersOnly = ['common/redis/', 'common/http/', 'common/ws/', 'common/sql/', 'auth-service/src/store/'];
const adapterFiles = /\/(redis_[a-z_]+)\.(cpp|hpp)$/;
const domains = ['auth-service/src/user/', 'auth-service/src/session/', 'auth-service/src/admin/', 'auth-service/src/approval/', 'auth-service/src/events/', 'auth-service/src/limits/', 'auth-service/src/upkeep/', 'auth-service/src/pages/'];

test('a room of common includes only what stands above it', () => {
  for (const path of sources.filter((each) => each.startsWith('common/'))) {
    const room = path.split('/')[1];
    assert.ok(allowed[room], `${path} is in a room without a rule`);
    for (const include of includesOf(path).filter((each) => each.startsWith('common/'))) {
      const used = include.split('/')[1];
      assert.ok(used === room || used === 'core' || allowed[room].includes(used), `${path} includes ${include}`);
    }
  }
});

test('common knows no service, and the services do not know each other', () => {
  for (const path of sources) {
    for (const include of includesOf(path)) {
      const service = ['auth-service', 'notify-service'].find((each) => include.startsWith(`${each}/`));
      assert.ok(!service || path.startsWith(`${service}/`), `${path} includes ${include}`);
    }
  }
});

test('the domains of auth-service know ports, not adapters', () => {
  for (const path of sources.filter((each) => domains.some((domain) => each.startsWith(domain)) && !adapterFiles.test(each))) {
    for (const include of includesOf(path)) {
      assert.ok(!adaptersOnly.some((room) => include.startsWith(room)), `${path} includes ${include}`);
    }
  }
});

test('a library that is hard to live with is known to its rooms alone', () => {
  const homes = { 'hiredis.h': /^common\/redis\/resp\.cpp$/, 'sqlite3.h': /^(common\/sql|auth-service\/src\/store)\//, 'boost/beast/': /^common\/(http|runtime)\//,
                  'prometheus/': /^common\/obs\// };
  for (const path of sources) {
    for (const include of includesOf(path)) {
      for (const [library, home] of Object.entries(homes)) {
        assert.ok(!include.includes(library) || home.test(path), `${path} includes ${include}`);
      }
    }
  }
});

test(`no file is longer than ${longestFile} lines`, () => {
  for (const path of sources) {
    const lines = readFileSync(join(root, path), 'utf8').split('\n').length;
    assert.ok(lines <= longestFile + 1, `${relative(root, join(root, path))} has ${lines} lines`);
  }
});
