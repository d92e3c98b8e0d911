// The Caddyfile of operations.md under a real Caddy on a free port, before whatever nodes a test gives it.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ChildProcess, freePorts } from './process.mjs';

const operations = new URL('../../proto-docs/operations.md', import.meta.url);

/** The snippet as people copy it: the indented block after the paragraph that begins with its name. */
function snippet() {
  const [, block] = /^\*\*Caddy\*\*[^]*?\n\n((?: {4}.*\n|\n)+)/m.exec(readFileSync(operations, 'utf8')) ?? [];
  assert.ok(block, 'operations.md has a Caddyfile');
  return block.replace(/^ {4}/gm, '');
}

/**
 * @param {{auth: string, application: string}} options - the nodes as host:port
 * @returns {Promise<{port: number, stop: () => Promise<void>}>}
 */
export async function startCaddy({ auth, application }) {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-caddy-'));
  const [port] = await freePorts(1);
  const site = snippet().replace('reports.example.com', `http://localhost:${port}`)
    .replace('auth-service:8080', auth).replace('reverse_proxy reports:8080', `reverse_proxy ${application}`);
  assert.ok(!/(auth-service|reports):8080/.test(site), 'a service has another name in the Caddyfile');
  const file = join(folder, 'Caddyfile');
  writeFileSync(file, `{\n  admin off\n  auto_https off\n  default_bind 127.0.0.1\n}\n${site}`);
  const caddy = new ChildProcess('caddy', ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'],
                                 { env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder } });
  await caddy.start(() => new Promise((done) => {
    const probe = connect(port, '127.0.0.1', () => { probe.destroy(); done(true); }).once('error', () => done(false));
  }));
  return {
    port,
    stop: async () => {
      await caddy.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
