// What the documents and comments point to is there, and the README points to every room.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import test from 'node:test';

import { read, root } from './documents.mjs';

const madeByTools = new Set(['.git', 'node_modules', 'build', '.stagedoor']);

function filesBelow(folder = root) {
  return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !madeByTools.has(name)).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [relative(root, path).split(sep).join('/')];
  });
}

const files = filesBelow();
const foldersAndFiles = new Set(files.flatMap((file) => file.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'))));
const markdown = files.filter((file) => file.endsWith('.md'));
const code = files.filter((file) => /\.(hpp|cpp|lua|sql|mjs|js|cmake|sh)$|CMakeLists\.txt$/.test(file));

const withoutCodeBlocks = (text) => text.replace(/^(```|~~~)[^]*?^\1/gm, '');

// As GitHub makes them of headings.
const slug = (heading) => heading.toLowerCase().replace(/[^\p{L}\p{N}\- ]/gu, '').replaceAll(' ', '-');
const anchorsOf = (file) => [...withoutCodeBlocks(read(file)).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading));

/** `a/{b,c}/d` as `a/b/d`, `a/c/d`. */
function alternatives(path) {
  const braces = /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/.exec(path);
  if (!braces) return [path];
  const [, before, choices, after] = braces;
  return choices.split(',').flatMap((choice) => alternatives(before + choice + after));
}

function isThere(path) {
  if (!path.includes('*')) return foldersAndFiles.has(path);
  const pattern = new RegExp(`^${path.replace(/[.+?^$()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')}$`);
  return [...foldersAndFiles].some((each) => pattern.test(each));
}

for (const file of markdown) {
  test(`${file} links to what is there`, () => {
    for (const [, target] of withoutCodeBlocks(read(file)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path, anchor] = target.split('#');
      const linked = path === '' ? file : relative(root, resolve(root, dirname(file), path)).split(sep).join('/');
      assert.ok(existsSync(join(root, linked)), target);
      if (anchor) assert.ok(anchorsOf(linked).includes(anchor), `${target}: there is no such heading`);
    }
  });
}

const tops = [...new Set([...foldersAndFiles].map((path) => path.split('/')[0]))]
  .filter((name) => name !== 'run' && name !== 'test').map((name) => name.replaceAll('.', '\\.'));
const namedPath = new RegExp('`((?:' + tops.join('|') + ')(?:/[^`\\s]*)?)`', 'g');

for (const file of markdown) {
  test(`${file} names no file that is not there`, () => {
    for (const [, path] of withoutCodeBlocks(read(file)).matchAll(namedPath)) {
      for (const each of alternatives(path.replace(/\/$/, ''))) assert.ok(isThere(each), each);
    }
  });
}

test('the documents that comments name are there', () => {
  for (const file of code) {
    for (const [path] of read(file).matchAll(/\bproto-docs\/[\w./-]*\w/g)) assert.ok(isThere(path), `${file}: ${path}`);
  }
});

test('every rule that a comment cites is in protocol.md', () => {
  const rules = new Set([...read('proto-docs/protocol.md').matchAll(/^- \*\*([A-Z]\d+)\b/gm)].map(([, rule]) => rule));
  for (const file of code.filter((name) => /^(common|auth-service|notify-service)\//.test(name))) {
    for (const [, comment] of read(file).matchAll(/(?:\/\/|--|^ ?\*|\/\*\*)(.*)$/gm)) {
      for (const [, cited] of comment.matchAll(/\(([^()]*)\)/g)) {
        for (const [rule] of cited.matchAll(/\b[TSRKCN]\d{1,2}\b/g)) assert.ok(rules.has(rule), `${file}: ${rule}`);
      }
    }
  }
});

test('the README\'s "Where to look" names every room', () => {
  const table = read('README.md').split('## Where to look')[1].split('\n## ')[0];
  const named = [...table.matchAll(namedPath)].flatMap(([, path]) => alternatives(path.replace(/\/$/, '')));
  const holdsSources = (folder) => files.some((file) => dirname(file) === folder && !file.endsWith('CMakeLists.txt'));
  const depth = { common: 2, 'auth-service/src': 3, 'notify-service/src': 3, tests: 2, 'auth-service/web': 2, 'proto-docs': 1,
                  scripts: 1, gateway: 1, cmake: 1 };
  const rooms = new Set();
  for (const [top, levels] of Object.entries(depth)) {
    for (const file of files.filter((each) => each.startsWith(`${top}/`))) {
      const folder = dirname(file).split('/').slice(0, levels).join('/');
      if (folder.split('/').length === levels && (levels > 1 || holdsSources(folder))) rooms.add(folder);
    }
  }
  assert.deepEqual([...rooms].filter((room) => !named.some((path) => path === room || path.startsWith(`${room}/`))).sort(), []);
});
