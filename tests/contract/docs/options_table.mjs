// The tables of options in operations.md, made of what the programs say of themselves.
//   node tests/contract/docs/options_table.mjs      writes them anew (STAGEDOOR_BUILD_DIR: default build/release)
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { read, root } from './documents.mjs';

const file = 'proto-docs/operations.md';
const buildDir = resolve(root, process.env.STAGEDOOR_BUILD_DIR ?? 'build/release');
const programs = ['auth-service', 'notify-service'].map((name) => join(buildDir, name, name));
const section = /(<!-- options: .* -->\n)([^]*)(<!-- options end -->)/;

export const programsAreBuilt = programs.every(existsSync);

export function tablesOfPrograms() {
  return programs.map((program) => {
    const { status, stdout, stderr } = spawnSync(program, ['--help-markdown'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} --help-markdown: ${stderr}`);
    return `\n${stdout.trim()}\n\n`;
  }).join('').replaceAll('\n\n\n', '\n\n');
}

export const tablesInDocument = () => section.exec(read(file))[2];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(join(root, file), read(file).replace(section, (_, begin, __, end) => begin + tablesOfPrograms() + end));
}
