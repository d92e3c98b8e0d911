// The two ways to listen, one interface: frames come as CloudEvents objects, and one `ended` at the end of each
// connection. Clients that know nothing of us: the `ws` package, and Node's own HTTP.
import { get } from 'node:http';

import WebSocket from 'ws';

/**
 * @typedef {{port: number, origin: string, cookie: string, cursor: string}} Call
 * @typedef {{frame: (frame: object) => void, ended: (how: {code: number, status?: number}) => void}} Ear
 *   `code` is the WebSocket's close code, 1006 where there was none; `status` is the answer that refused the connection
 */

/** @type {(call: Call, ear: Ear) => {leave: () => void}} */
export function openSocket({ port, origin, cookie, cursor }, { frame, ended }) {
  const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : '';
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws${query}`, ['cloudevents.json'],
                               { headers: { cookie, origin }, perMessageDeflate: false });
  let status;
  socket.on('message', (text) => frame(JSON.parse(text)));
  socket.on('unexpected-response', (_, response) => {
    status = response.statusCode;
    socket.terminate();
  });
  socket.on('error', () => {});  // `close` follows
  socket.on('close', (code) => ended({ code, status }));
  return { leave: () => socket.terminate() };
}

/** @type {(call: Call, ear: Ear) => {leave: () => void}} */
export function openEventStream({ port, origin, cookie, cursor }, { frame, ended }) {
  const headers = { cookie, origin, accept: 'text/event-stream', ...(cursor ? { 'last-event-id': cursor } : {}) };
  let over = false;
  let code = 1006;
  const end = (status) => {
    if (over) return;
    over = true;
    ended({ code, status });
  };
  const request = get({ host: '127.0.0.1', port, path: '/events', headers, agent: false });
  request.on('response', (response) => {
    if (response.statusCode !== 200) {
      response.resume();
      return end(response.statusCode);
    }
    let rest = '';
    response.setEncoding('utf8').on('data', (text) => {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop();
      for (const data of blocks.flatMap(dataOf)) {
        if (data.type === 'stagedoor.connection.closing') code = data.data.code;
        if (!over) frame(data);
      }
    });
    response.on('error', () => {}).on('close', () => end());
  });
  request.on('error', () => end());
  return { leave: () => request.destroy() };
}

/** The frame of one block; none of a comment, or of what is for the browser alone. Events are positions, nothing else is. */
function dataOf(block) {
  const fields = (name) => block.split('\n').filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trimStart());
  if (fields('data').length === 0) return [];
  const frame = JSON.parse(fields('data').join('\n'));
  const position = frame.type.startsWith('stagedoor.connection.') ? undefined : frame.cursor;
  if (fields('id')[0] !== position) throw new Error(`id ${fields('id')[0]} of ${JSON.stringify(frame)}`);
  return [frame];
}
