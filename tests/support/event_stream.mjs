// An event stream of a test, read by Node's own HTTP: a client that knows nothing of us but the HTML standard. It keeps
// what it hears.
import { request } from 'node:http';

import { until } from './process.mjs';

/** The blocks of a text of the stream, as `{id, retry, frame}`; and the rest, which is no whole block yet. */
export function parseBlocks(text) {
  const parts = text.split('\n\n');
  const rest = parts.pop();
  const blocks = parts.map((part) => {
    const fields = Object.fromEntries(part.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
    return { id: fields.id, retry: fields.retry && Number(fields.retry), frame: fields.data && JSON.parse(fields.data) };
  });
  return { blocks, rest };
}

export class EventStream {
  blocks = [];
  response = null;
  body = '';      // of an answer that is no stream
  closed = false;
  whole = false;  // the body came to its end

  /** @param {{port: number, path?: string, method?: string, headers?: object}} options - headers beside Host */
  constructor({ port, path = '/events', method = 'GET', headers = {} }) {
    this.request = request({ host: '127.0.0.1', port, path, method, agent: false, headers });
    let rest = '';
    this.request.on('response', (response) => {
      this.response = response;
      response.setEncoding('utf8').on('data', (text) => {
        if (response.statusCode !== 200) { this.body += text; return; }
        const read = parseBlocks(rest + text);
        this.blocks.push(...read.blocks);
        rest = read.rest;
      });
      response.on('end', () => { this.whole = true; }).on('error', () => {});
      response.on('close', () => { this.closed = true; });
    });
    this.request.on('error', () => { this.closed = true; });
    this.request.end();
  }

  get frames() { return this.blocks.filter(({ frame }) => frame).map(({ frame }) => frame); }
  ofType(type) { return this.frames.filter((frame) => frame.type === `stagedoor.${type}`); }
  heard(type, count = 1) {
    return until(() => this.ofType(type).length >= count && this.ofType(type).at(-1), { what: `${type} ×${count}` });
  }
  answered() { return until(() => this.response, { what: 'an answer' }); }
  isClosed() { return until(() => this.closed, { what: 'the end' }); }
  leave() { this.request.destroy(); }
}
