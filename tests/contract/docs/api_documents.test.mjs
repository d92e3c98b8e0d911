// openapi.yaml, asyncapi.yaml, the tables in Markdown and the examples say the same.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';

import { asyncapi, complaints, example, follow, openapi, pointer, protoDocs, read, tableRows, visit } from './documents.mjs';

/** Every example of both documents: `{document, path of its schema, file}`. */
function examples() {
  const found = [];
  visit(openapi, (node, path) => {
    if (!node.schema || !node.examples) return;
    for (const { externalValue } of Object.values(node.examples)) {
      found.push({ document: 'openapi.yaml', path: [...path, 'schema'], file: externalValue });
    }
  });
  visit(asyncapi, (node, path) => {
    for (const file of node['x-examples'] ?? []) {
      found.push({ document: 'asyncapi.yaml', path: node.payload ? [...path, 'payload'] : path, file });
    }
  });
  return found;
}

const exampleFiles = readdirSync(join(protoDocs, 'examples')).map((name) => `examples/${name}`);
const problemRows = tableRows(read('proto-docs/errors.md'), /^\d{3}$/);

test('openapi.yaml is an OpenAPI 3.1 document', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(openapi));
  assert.ok(valid, JSON.stringify(errors, null, 2));
});

test('every reference within a document leads somewhere', () => {
  for (const [name, document] of Object.entries({ 'openapi.yaml': openapi, 'asyncapi.yaml': asyncapi })) {
    visit(document, (node, path) => {
      if (typeof node.$ref !== 'string') return;
      assert.notEqual(follow(document, node.$ref), undefined, `${name}${pointer(path)}: ${node.$ref}`);
    });
  }
});

test('no text in a document was cut off at a comma or colon', () => {
  for (const document of [openapi, asyncapi]) {
    visit(document, (node, path) => {
      for (const [key, value] of Object.entries(node)) assert.notEqual(value, null, `${pointer(path)} ${key}`);
    });
  }
});

test('every schema compiles', () => {
  for (const [name, document] of Object.entries({ 'openapi.yaml': openapi, 'asyncapi.yaml': asyncapi })) {
    for (const schema of Object.keys(document.components.schemas)) complaints(name, ['components', 'schemas', schema], null);
  }
});

for (const { document, path, file } of examples()) {
  test(`${file} is what ${document} says at ${path.slice(-4).join('/')}, to the last member`, () => {
    assert.equal(complaints(document, path, example(file)), '');
  });
}

test('every file in examples/ is an example of something', () => {
  const used = new Set(examples().map(({ file }) => file));
  assert.deepEqual(exampleFiles.filter((file) => !used.has(file)), []);
});

test('examples of events and problems are true in themselves', () => {
  for (const file of exampleFiles) {
    const told = example(file);
    visit(told, (node) => {
      if (node.code && node.instance) {
        const [status, , title] = problemRows.find(([, code]) => code === node.code);
        assert.deepEqual([node.type, String(node.status), node.title], [`urn:stagedoor:problem:${node.code}`, status, title], file);
      }
      if (node.cursor && node.subject) {
        const hash = createHash('sha256').update(Buffer.from(node.subject.replaceAll('-', ''), 'hex')).digest('hex').slice(0, 8);
        assert.equal(node.cursor.split('.')[0], `${hash}-${node.data.user.version}`, file);
        assert.equal(node.data.user.id, node.subject, file);
      }
      if (node.data?.at) {
        assert.equal(node.id, `${node.subject}.${node.data.version}`, file);
        assert.equal(node.data.version, node.data.user.version, file);
        assert.equal(node.data.at, node.time, file);
      }
    });
  }
});

test('the problem codes of openapi.yaml are those of errors.md', () => {
  assert.deepEqual(openapi.components.schemas.ProblemCode.enum, problemRows.map(([, code]) => code));
});

test('each kind of problem in openapi.yaml has codes of its status', () => {
  const statusOf = new Map(problemRows.map(([status, code]) => [code, Number(status)]));
  for (const [name, { $ref, properties }] of Object.entries(openapi.components.schemas)) {
    if ($ref !== '#/components/schemas/Problem') continue;
    for (const code of properties.code.enum ?? [properties.code.const]) {
      assert.equal(statusOf.get(code), properties.status.const, `${name}: ${code}`);
    }
  }
});

test('every operation answers with problems of the status under which they are listed', () => {
  for (const [path, item] of Object.entries(openapi.paths)) {
    for (const [method, { responses }] of Object.entries(item)) {
      for (const [status, response] of Object.entries(responses ?? {})) {
        const { content } = response.$ref ? follow(openapi, response.$ref) : response;
        const schema = content?.['application/problem+json']?.schema.$ref;
        if (!schema || status === 'default') continue;
        assert.equal(follow(openapi, schema).properties.status.const, Number(status), `${method} ${path}`);
      }
    }
  }
});

test('the close codes of asyncapi.yaml are those of close-codes.md', () => {
  const rows = tableRows(read('proto-docs/close-codes.md'), /^\d{4}$/);
  const expected = rows.map(([code, name, , reconnect]) => ({ code: Number(code), name, reconnect }));
  assert.deepEqual(asyncapi.channels.ws['x-close-codes'], expected);
  assert.deepEqual(asyncapi.components.schemas.Closing.properties.data.properties.code.enum, expected.map(({ code }) => code));
});

test('both documents say the same of users and of what happens to them', () => {
  const [http, push] = [openapi.components.schemas, asyncapi.components.schemas];
  assert.deepEqual(Object.keys(push.User.properties), Object.keys(http.User.properties));
  assert.deepEqual(push.User.required, http.User.required);
  assert.deepEqual(push.Status.enum, http.Status.enum);
  assert.deepEqual(push.UserEvent.properties.type.enum, http.UserEvent.properties.type.enum);
  assert.deepEqual(push.UserEvent.properties.data.required, http.UserEvent.properties.data.required);
});

test('a letter is a head and a frame', () => {
  const letter = `e 2 1 - - active ${JSON.stringify(example('examples/approved.json'))}`;
  assert.equal(complaints('asyncapi.yaml', ['components', 'schemas', 'Letter'], letter), '');
});
