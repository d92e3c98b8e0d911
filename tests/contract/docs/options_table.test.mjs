// operations.md lists the options that the programs have.
import assert from 'node:assert/strict';
import test from 'node:test';

import { programsAreBuilt, tablesInDocument, tablesOfPrograms } from './options_table.mjs';

test('the tables of options in operations.md are those of the programs', { skip: !programsAreBuilt && 'not built' }, () => {
  assert.equal(tablesInDocument(), tablesOfPrograms(), 'run: node tests/contract/docs/options_table.mjs');
});
