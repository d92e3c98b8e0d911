// Server-Sent Events behind the face of a WebSocket, as far as stagedoor-notifications.js looks at one: for networks
// that let no WebSocket through. It reads the answer of fetch() and not an EventSource, which hides the status, comes
// back by itself and knows no cursor but its own. Who calls it: stagedoor-notifications.js.

import { bounds, closeCodeOf, parseRetryAfter } from './stagedoor-policy.js';

/** The data of the events in the text of a stream (HTML standard, section 9.2.6), however it was cut into pieces. */
export class BlockReader {
  #rest = '';
  #data = [];

  /** The data of each event that `text` completes. */
  read(text) {
    // A line feed may follow the carriage return with the next piece.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    const events = [];
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0) events.push(this.#data.join('\n'));
        this.#data = [];
      } else if (line === 'data' || line.startsWith('data:')) {
        this.#data.push(line.slice(5).replace(/^ /, ''));
      }
    }
    if (this.#rest.length + this.#data.join('').length > bounds.eventBytes) throw new RangeError('an event is too long');
    return events;
  }
}

/** `onmessage`, `onclose` ({code, reason, closing}), `readyState` and `close()` of one answer of `/events`. */
export class EventStreamSocket {
  readyState = 0;
  onmessage = null;
  onclose = null;
  #abort = new AbortController();

  /** @param {string} url @param {typeof fetch} fetch */
  constructor(url, fetch) {
    this.#run(url, fetch);
  }

  /** Nothing can be said over an event stream: acknowledgements stay unsaid. */
  send() {}

  close() {
    this.readyState = 3;
    this.#abort.abort();
  }

  async #run(url, fetch) {
    let ended = { code: 1006, reason: '' };
    try {
      const response = await fetch(url, {
        credentials: 'include', cache: 'no-store', headers: { accept: 'text/event-stream' }, signal: this.#abort.signal,
      });
      if (response.status !== 200) ended = await refusal(response);
      else await this.#read(response.body);
    } catch (error) {
      ended.reason = String(error);
    }
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#abort.abort();
    this.onclose?.(ended);
  }

  async #read(body) {
    this.readyState = 1;
    const blocks = new BlockReader();
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done || this.readyState === 3) return;
      for (const data of blocks.read(value)) {
        if (this.readyState === 1) this.onmessage?.({ data });
      }
    }
  }
}

/** What an answer that is no stream comes to, in the words of a closed WebSocket. */
async function refusal(response) {
  const { code: reason = '' } = await response.json().catch(() => ({}));
  const seconds = parseRetryAfter(response.headers.get('retry-after'));
  const closing = seconds === null ? null : { reconnect: 'after', afterMs: seconds * 1_000 };
  return { code: closeCodeOf(response.status), reason, closing };
}
