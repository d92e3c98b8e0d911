// What a page says of its files: each is there, and every module that its script imports is asked for at once, not one
// after the other.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('../../../auth-service/web', import.meta.url));
const read = (path) => readFileSync(web + path, 'utf8');
const importsOf = (name) => [...read(`/assets/${name}`).matchAll(/ from '\.\/([\w-]+\.js)'/g)].map(([, imported]) => imported);

function allImports(name, found = new Set()) {
  for (const imported of importsOf(name).filter((each) => !found.has(each))) allImports(imported, found.add(imported));
  return found;
}

for (const page of readdirSync(`${web}/pages`)) {
  test(`${page} preloads what its script imports, and nothing else`, () => {
    const html = read(`/pages/${page}`);
    const preloaded = [...html.matchAll(/rel="modulepreload" href="\/assets\/([^"]+)"/g)].map(([, name]) => name);
    const [, script] = html.match(/<script type="module" src="\/assets\/([^"]+)"/);
    assert.deepEqual(preloaded.sort(), [...allImports(script)].sort());
    for (const [, name] of html.matchAll(/(?:href|src)="\/assets\/([^"]+)"/g)) assert.ok(existsSync(`${web}/assets/${name}`), name);
  });
}
