// The documents under proto-docs as data, and validators made of their schemas.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

export const root = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
export const protoDocs = join(root, 'proto-docs');

export const read = (path) => readFileSync(join(root, path), 'utf8');
export const example = (path) => JSON.parse(readFileSync(join(protoDocs, path), 'utf8'));

export const openapi = parse(read('proto-docs/openapi.yaml'));
export const asyncapi = parse(read('proto-docs/asyncapi.yaml'));

/** Calls `see(node, path)` with each object and array of a document; `path` is the list of keys that lead to it. */
export function visit(node, see, path = []) {
  if (node === null || typeof node !== 'object') return;
  see(node, path);
  for (const [key, value] of Object.entries(node)) visit(value, see, [...path, key]);
}

export const pointer = (path) =>
  `#${path.map((key) => `/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`;

/** What a JSON pointer within the same document leads to; undefined if nowhere. */
export function follow(document, ref) {
  const keys = ref.slice(2).split('/').map((key) => decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~'));
  return keys.reduce((node, key) => node?.[key], document);
}

/** `node`, or what its $ref leads to where it is nothing else. */
export const resolved = (document, node) => (node?.$ref ? resolved(document, follow(document, node.$ref)) : node);

// Schemas that others are made of; what they do not name may be added by those.
const bases = new Set(['Problem', 'CloudEvent']);

// Answers may gain members, so the documents leave their objects open. In tests nothing may be there that is not described.
function closed(document) {
  const copy = structuredClone(document);
  visit(copy, (node, path) => {
    const isSchema = node.properties && !Array.isArray(node.properties) && path.at(-1) !== 'properties';
    if (isSchema && !bases.has(path.at(-1))) node.unevaluatedProperties = false;
  });
  return copy;
}

const documents = { 'openapi.yaml': openapi, 'asyncapi.yaml': asyncapi };
const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictTypes: false, strictRequired: false });
addFormats(ajv);
// Documents hold schemas and are none: what stands at their top is no misspelt keyword.
ajv.addVocabulary(['x-examples', ...new Set(Object.values(documents).flatMap(Object.keys))]);
for (const [name, document] of Object.entries(documents)) ajv.addSchema(closed(document), name);

const validators = new Map();

/** What is wrong with `value` by the schema at `path` of a document, as lines; '' if nothing is. */
export function complaints(document, path, value) {
  const ref = document + pointer(path);
  if (!validators.has(ref)) validators.set(ref, ajv.compile({ $ref: ref }));
  const validate = validators.get(ref);
  if (validate(value)) return '';
  return validate.errors.map((error) => `${error.instancePath || '/'} ${error.message} ${JSON.stringify(error.params)}`).join('\n');
}

/** The rows of a Markdown table's body whose first cell matches, as lists of cells without backticks. */
export function tableRows(text, first) {
  return text.split('\n').filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim().replaceAll('`', '')))
    .filter(([cell]) => first.test(cell));
}
