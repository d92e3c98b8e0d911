// A browser's part in HTTP: one origin, one cookie jar, JSON both ways. Each instance is a device of its own.

/** What a call came to. `body` is the parsed JSON, or the text if it is none. */
async function answerOf(response) {
  const text = await response.text();
  let body = text;
  try {
    body = JSON.parse(text);
  } catch { /* a page, or nothing */ }
  return { status: response.status, headers: response.headers, body };
}

export class HttpClient {
  #base;
  #origin;
  #cookies = new Map();

  /** @param base - where to connect to; @param origin - what the browser would call it */
  constructor({ base, origin }) {
    this.#base = base;
    this.#origin = origin;
  }

  /** The Cookie field as far as it is about the session, also for a WebSocket of the same person. */
  get cookie() {
    return this.#field((name) => !name.includes('stagedoor-device'));
  }

  /** What says that this device has signed in before. */
  get deviceCookie() {
    return this.#field((name) => name.includes('stagedoor-device'));
  }

  setCookie(name, value) {
    this.#cookies.set(name, value);
  }

  /** `body` is sent as it is if it is text or bytes, else as JSON. */
  async request(method, path, { body, headers = {} } = {}) {
    const raw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(this.#base + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(method === 'GET' ? {} : { origin: this.#origin, 'content-type': 'application/json' }),
        ...(this.#cookies.size > 0 ? { cookie: this.#field() } : {}),
        ...headers,
      },
      body: raw ? body : JSON.stringify(body),
    });
    this.#keep(response.headers);
    return answerOf(response);
  }

  get(path, options) { return this.request('GET', path, options); }
  post(path, body = {}, options = {}) { return this.request('POST', path, { ...options, body }); }
  patch(path, body, options = {}) { return this.request('PATCH', path, { ...options, body }); }

  delete(path, options) { return this.request('DELETE', path, options); }

  async signIn({ email, password }) {
    const answer = await this.post('/api/auth/login', { email, password });
    if (answer.status !== 200) throw new Error(`sign-in answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  #field(wanted = () => true) {
    return [...this.#cookies].filter(([name]) => wanted(name)).map(([name, value]) => `${name}=${value}`).join('; ');
  }

  // Where getSetCookie is missing (Debian 12), the Set-Cookie fields of one answer are joined with commas; behind one that
  // joins there is a name with its value.
  #keep(headers) {
    const fields = headers.getSetCookie?.() ?? headers.get('set-cookie')?.split(/, *(?=[^;,= ]+=)/) ?? [];
    for (const field of fields) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(field);
      if (value === '' || /;\s*max-age=0\b/i.test(field)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }
}
