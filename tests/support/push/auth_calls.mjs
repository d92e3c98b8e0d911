// Calls of the API that must get through: whichever auth node answers.
import { setTimeout as sleep } from 'node:timers/promises';

import { fields, Wires } from '../load/wire.mjs';

const retryMs = 100;

export class AuthCalls {
  #origin;
  #wires;
  #random;

  constructor(stack, random) {
    this.#origin = stack.origin;
    this.#wires = stack.auths.map(({ port }) => new Wires(port));
    this.#random = random;
  }

  /** Asks a node, and then another one, until there is an answer that says something: `{status, body, cookie}`. */
  async call({ method = 'POST', path, json = {}, cookie }) {
    const text = JSON.stringify(json);
    const request = `${method} ${path} HTTP/1.1\r\nHost: ${this.#origin.slice('http://'.length)}\r\nCookie: ${cookie}\r\n`
      + `Origin: ${this.#origin}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    for (;;) {
      const answer = await this.#random.of(this.#wires).exchange(request);
      if (answer && answer.status !== 0 && answer.status !== 503) {
        return { status: answer.status, body: answer.body, cookie: fields(answer, 'set-cookie')[0]?.split(';')[0] };
      }
      await sleep(retryMs);
    }
  }

  close() {
    for (const wires of this.#wires) wires.close();
  }
}
