// The decisions of the browser library, pure: no network, no clock, no DOM. Who calls it: stagedoor-api.js and
// stagedoor-notifications.js; tests/unit/web drives it alone. Times are milliseconds unless a name says otherwise.

/**
 * What a client does after each close code when no `closing` frame said better. The same table as
 * common/core/close_code.hpp and proto-docs/close-codes.md.
 */
export const closeTable = Object.freeze({
  1012: 'after',
  1013: 'after',
  4401: 'never',
  4403: 'never',
  4404: 'after-refresh',
  4408: 'now',
  4409: 'after',
  4413: 'now',
});

const advices = new Set(['never', 'now', 'after', 'after-refresh']);

/** Every bound of the client, each with its reason. */
export const bounds = Object.freeze({
  baseDelayMs: 1_000,            // the window of the first jittered delay; it doubles with each attempt
  maxDelayMs: 30_000,            // people who wait at a closed door look up about this often
  minDelayMs: 250,               // between repeated attempts, also where the server says "now"
  maxAfterMs: 600_000,           // the longest wait that a server may ask for
  steadyMs: 10_000,              // a connection that lived this long ends a run of failures
  welcomeMs: 10_000,             // from opening to `welcome`; the server gives itself 5 s
  closeMs: 2_000,                // from a `closing` frame to the close itself
  heartbeatMs: 25_000,           // the server's default, until `welcome` says it
  minHeartbeatMs: 100,           // no server beats faster; a lower figure is a mistake
  requestMs: 15_000,             // an API call without an answer for this long counts as unreachable
  retryAfterSeconds: 3_600,      // a longer Retry-After is read as this
  eventBytes: 1_048_576,         // of one event of a stream; the server's largest has some thousand
  silentAttempts: 2,             // WebSockets in a row that say nothing before an event stream is tried
  streamMs: 600_000,             // then, for this long, the next connections are event streams at once
  ackMs: 1_000,                  // between acknowledgements: one says it for all before; the server takes 120 messages a minute
  subjects: 10_000,              // users whose last version is remembered (an admin console hears of many)
});

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/**
 * What to do about a closed socket. The `closing` frame's word wins over the table; codes that nobody listed (1006,
 * a gateway's own) mean `after`, for the session says nothing against trying again.
 *
 * @param {number} code - the close code, 1006 if the link just broke
 * @param {{reconnect?: string, afterMs?: number}|null} closing - data of the `closing` frame, if one came
 * @returns {{reconnect: 'never'|'now'|'after'|'after-refresh', afterMs: number|null}}
 */
export function adviceFor(code, closing = null) {
  if (closing && advices.has(closing.reconnect)) {
    const told = Number.isFinite(closing.afterMs) && closing.afterMs >= 0;
    return { reconnect: closing.reconnect, afterMs: told ? Math.min(closing.afterMs, bounds.maxAfterMs) : null };
  }
  return { reconnect: closeTable[code] ?? 'after', afterMs: null };
}

/**
 * Full jitter: a uniformly drawn part of a window that doubles up to a bound, so that clients who lost the same node
 * spread out. From the second attempt on never shorter than `minDelayMs`, so that nothing can loop hot.
 *
 * @param {number} attempt - failures in a row before this one, from 0
 * @param {() => number} random - uniform in [0, 1)
 */
export function jitteredDelay(attempt, random = Math.random) {
  const window = Math.min(bounds.maxDelayMs, bounds.baseDelayMs * 2 ** Math.min(attempt, 16));
  const drawn = random() * window;
  return attempt === 0 ? drawn : Math.max(bounds.minDelayMs, drawn);
}

/**
 * How long to wait before the next attempt; null for never. At the first attempt the server's word is followed to the
 * letter (it spreads its clients itself); later its `afterMs` is only the least, and "now" waits like everything else.
 */
export function reconnectDelay({ reconnect, afterMs = null, attempt, random = Math.random }) {
  if (reconnect === 'never') return null;
  if (attempt === 0 && reconnect === 'now') return afterMs ?? 0;
  if (attempt === 0 && afterMs !== null) return afterMs;
  return Math.max(afterMs ?? 0, jitteredDelay(attempt, random));
}

/** How long to wait before a failed call is repeated. The server's Retry-After is the least. */
export function retryDelay({ attempt, retryAfter = null, random = Math.random }) {
  return Math.max((retryAfter ?? 0) * 1_000, bounds.minDelayMs, jitteredDelay(attempt, random));
}

/** A socket on which nothing came for this long is dead: one heartbeat, and half of one as grace. */
export function silenceLimit(heartbeatIntervalMs) {
  const interval = Number.isFinite(heartbeatIntervalMs) ? heartbeatIntervalMs : bounds.heartbeatMs;
  return Math.max(bounds.minHeartbeatMs, interval) * 1.5;
}

/** What the status of an answer of `/events` would be as a close code. */
export function closeCodeOf(status) {
  return { 401: 4401, 403: 4403, 429: 4409, 503: 1013 }[status] ?? 1006;
}

/**
 * Which transport the next connection uses. `auto`: WebSocket, until that says nothing several times in a row, as where
 * a network lets none through; then an event stream, and if that says something, event streams for a while.
 */
export class TransportChoice {
  #fixed;
  #silent = 0;
  #streamUntil = -Infinity;

  /** @param {'auto'|'ws'|'sse'} transport */
  constructor(transport) {
    if (!['auto', 'ws', 'sse'].includes(transport)) throw new TypeError(`no such transport: ${transport}`);
    this.#fixed = transport === 'auto' ? null : transport;
  }

  next(now) {
    return this.#fixed ?? (now < this.#streamUntil || this.#silent >= bounds.silentAttempts ? 'sse' : 'ws');
  }

  /** A connection was welcomed. */
  welcomed(transport, now) {
    this.#streamUntil = transport === 'sse' ? now + bounds.streamMs : -Infinity;
    // When the while is over, one more silent WebSocket is proof enough.
    this.#silent = transport === 'sse' ? bounds.silentAttempts - 1 : 0;
  }

  /** A connection ended before it said anything. */
  silent(transport) {
    this.#silent = transport === 'ws' ? this.#silent + 1 : 0;
    this.#streamUntil = -Infinity;
  }
}

/** Seconds of a Retry-After field (RFC 9110 section 10.2.3: a number or a date), or null if there is none to read. */
export function parseRetryAfter(field, nowMs = Date.now()) {
  if (!field) return null;
  const text = field.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - nowMs) / 1_000);
  return Number.isNaN(seconds) ? null : clamp(seconds, 0, bounds.retryAfterSeconds);
}

/**
 * One frame from the server as a CloudEvents object, or null if it is none. Unknown types are passed on: servers may
 * learn new ones before clients do.
 */
export function parseFrame(text) {
  if (typeof text !== 'string') return null;
  let frame;
  try {
    frame = JSON.parse(text);
  } catch {
    return null;
  }
  const whole = frame !== null && typeof frame === 'object' && frame.specversion === '1.0'
    && typeof frame.type === 'string' && typeof frame.id === 'string' && typeof frame.source === 'string';
  return whole ? frame : null;
}

/**
 * The order in which versions of each subject were seen. Two of them are kept: one for events (each transition once),
 * one for snapshots (never an older one); a snapshot may be ahead of events that are still to be replayed.
 */
export class VersionOrder {
  #last = new Map();

  /** True, and remembered, if `version` is higher than all seen of `subject`. */
  accept(subject, version) {
    if (!Number.isSafeInteger(version) || version <= (this.#last.get(subject) ?? -Infinity)) return false;
    this.#last.delete(subject);
    this.#last.set(subject, version);
    if (this.#last.size > bounds.subjects) this.#last.delete(this.#last.keys().next().value);
    return true;
  }
}

/** Where to go for `redirectUrl`: a path on this origin, or null for anything that would lead elsewhere. */
export function localPath(redirectUrl, origin) {
  if (typeof redirectUrl !== 'string' || !redirectUrl.startsWith('/')) return null;
  try {
    const url = new URL(redirectUrl, origin);
    return url.origin === new URL(origin).origin ? url.pathname + url.search + url.hash : null;
  } catch {
    return null;
  }
}

/** The WebSocket address for `notifyUrl` (absolute, relative, or empty for `/ws`) on a page at `pageUrl`. */
export function socketUrl(notifyUrl, pageUrl, cursor = null) {
  const url = new URL(notifyUrl || '/ws', pageUrl);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  if (cursor) url.searchParams.set('cursor', cursor);
  return url.href;
}

/** The address of the event stream beside that WebSocket: `/events` where `/ws` is. */
export function eventStreamUrl(notifyUrl, pageUrl, cursor = null) {
  const url = new URL(socketUrl(notifyUrl, pageUrl, cursor));
  url.protocol = url.protocol.replace(/^ws/, 'http');
  url.pathname = url.pathname.replace(/[^/]*$/, 'events');
  return url.href;
}
