// The table of OWASP ASVS requirements in threat-model.md: each row names a test that is there, or says why there is none.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { read, root, tableRows } from './documents.mjs';

const text = read('proto-docs/threat-model.md');
const rows = tableRows(text.slice(text.indexOf('## OWASP ASVS')), /^\d+\.\d+/);
const named = /^(tests\/\S+): (.+?)(?:\. [A-Z].*)?$/;

test('the table has the chapters that apply', () => {
  const chapters = new Set(rows.map(([id]) => id.split('.')[0]));
  assert.deepEqual([...chapters].sort(), ['3', '4', '6', '7']);
  assert.equal(new Set(rows.map(([id]) => id)).size, rows.length, 'a requirement stands there twice');
});

/** The names of a file's tests, as expressions: what is put into a name when it runs may be anything. */
function testsOf(file) {
  const pattern = file.endsWith('.cpp') ? /\bTEST_CASE\(\s*"((?:[^"\\]|\\.)*)"/g : /^\s*\w+\((['"`])((?:(?!\1)[^\\]|\\.)+)\1,/gm;
  const literal = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return [...read(file).matchAll(pattern)].map((found) => found.at(-1).replaceAll(/\\(['"`])/g, '$1'))
    .map((name) => new RegExp(`^${name.split(/\$\{[^}]*\}/).map(literal).join('.+')}$`));
}

test('a test is found by its whole name, whatever runs put into it, and by nothing else', () => {
  const own = testsOf('tests/contract/docs/asvs.test.mjs');
  const has = (title) => own.some((name) => name.test(title));
  assert.ok(has('the table has the chapters that apply'));
  assert.ok(has('1.2.3 is held by a test that is there, or says why not'));
  for (const title of ['the table has the chapters', 'neither a test nor a reason: x', 'a requirement stands there twice']) {
    assert.ok(!has(title), title);
  }
});

for (const [id, , , held] of rows) {
  test(`${id} is held by a test that is there, or says why not`, () => {
    if (/^(does not apply|not held): ./.test(held)) return;
    const [, file, title] = named.exec(held) ?? [];
    assert.ok(file, `neither a test nor a reason: ${held}`);
    assert.ok(existsSync(join(root, file)), `${file} is not there`);
    assert.ok(testsOf(file).some((name) => name.test(title)), `${file} has no test «${title}»`);
  });
}
