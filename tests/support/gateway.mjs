// gateway/nginx.conf under a real nginx on a free port, before whatever nodes a test gives it.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ChildProcess, freePorts } from './process.mjs';

const pathOf = (name) => fileURLToPath(new URL(`../../gateway/${name}`, import.meta.url));

/**
 * @param {{auth: string, notify: string[], locations?: string}} options - the nodes as host:port, and further locations
 *   of the server
 * @returns {Promise<{port: number, stop: () => Promise<void>, accessLog: () => string}>}
 */
export async function startGateway({ auth, notify, locations = '' }) {
  const folder = mkdtempSync(join(tmpdir(), 'stagedoor-gateway-'));
  chmodSync(folder, 0o755);  // started by root, nginx works as somebody else, who keeps large bodies in here
  const [port] = await freePorts(1);
  const replaced = readFileSync(pathOf('nginx.conf'), 'utf8')
    .replaceAll('/tmp/', `${folder}/`)
    .replace('/dev/stdout', join(folder, 'access.log'))  // here it is a socket, which cannot be opened by its name
    .replace('listen 8080;', `listen 127.0.0.1:${port};`)
    .replace('server auth-service:8080', `server ${auth}`)
    .replace(/ *server notify-service:8081(.*);/, notify.map((each) => `        server ${each}$1;`).join('\n'))
    .replace('location / {', `${locations}\n        location / {`);
  assert.ok(!/(auth|notify)-service:/.test(replaced), 'a service has another name in nginx.conf');
  writeFileSync(join(folder, 'nginx.conf'), replaced);
  copyFileSync(pathOf('protected.conf'), join(folder, 'protected.conf'));
  const command = ['nginx', '-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'];
  const nginx = new ChildProcess('nginx', command, { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
  await nginx.start(() => new Promise((done) => {
    const probe = connect(port, '127.0.0.1', () => { probe.destroy(); done(true); }).once('error', () => done(false));
  }));
  return {
    port,
    accessLog: () => readFileSync(join(folder, 'access.log'), 'utf8'),
    stop: async () => {
      await nginx.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
