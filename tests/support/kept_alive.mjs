// Many requests to one node over a bounded number of kept connections, as a busy gateway sends them. No cookie jar.
import { Agent, request } from 'node:http';

export class KeptAlive {
  #agent = new Agent({ keepAlive: true, maxSockets: 48 });
  #port;
  #origin;

  constructor({ port, origin }) {
    this.#port = port;
    this.#origin = origin;
  }

  get(path, cookie) { return this.#send('GET', path, cookie); }
  post(path, cookie) { return this.#send('POST', path, cookie, '{}'); }

  /** → `{status, body, cookie}`: the parsed JSON, and the cookie that the answer sets, or null. */
  #send(method, path, cookie, body) {
    const headers = { cookie, ...(body && { origin: this.#origin, 'content-type': 'application/json', 'content-length': body.length }) };
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: this.#port, agent: this.#agent, method, path, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part) => { text += part; }).on('error', reject).on('end', () => resolve({
          status: response.statusCode,
          body: JSON.parse(text),
          cookie: response.headers['set-cookie']?.[0].split(';')[0] ?? null,
        }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close() { this.#agent.destroy(); }
}
