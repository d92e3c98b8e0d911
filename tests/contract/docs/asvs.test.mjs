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

for (const [id, , , held] of rows) {
  test(`${id} is held by a test that is there, or says why not`, () => {
    if (/^(does not apply|not held): ./.test(held)) return;
    const [, file, title] = named.exec(held) ?? [];
    assert.ok(file, `neither a test nor a reason: ${held}`);
    assert.ok(existsSync(join(root, file)), `${file} is not there`);
    assert.ok(read(file).includes(title), `${file} has no test «${title}»`);
  });
}
