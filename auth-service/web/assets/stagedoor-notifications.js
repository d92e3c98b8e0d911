// One connection to notify-service that keeps itself alive, a WebSocket or, where none gets through, an event stream: what happened to the user, each transition once and in
// order, over any number of lost connections. Who calls it: stagedoor-client.js hands it on to pages.
//
//   state        means                                              leaves to
//   idle         never opened                                       connecting
//   connecting   the socket is opening, or waits for `welcome`      live, lost, ended
//   live         `welcome` came; events flow                        lost, ended
//   lost         waits to try again                                 connecting, ended
//   ended        closed by the page, or the server said never       connecting (only by open())

import { EventStreamSocket } from './stagedoor-event-stream.js';
import { TransportChoice, VersionOrder, adviceFor, bounds, eventStreamUrl, jitteredDelay, parseFrame, reconnectDelay,
         silenceLimit, socketUrl } from './stagedoor-policy.js';

const connectionType = 'stagedoor.connection.';

/** An event of Notifications; `detail` is described there. */
export class NotificationEvent extends Event {
  constructor(type, detail) {
    super(type);
    this.detail = detail;
  }
}

/** What Notifications needs of a browser. Tests give their own. */
export function browserEnvironment() {
  return {
    WebSocket: globalThis.WebSocket,
    fetch: (...request) => globalThis.fetch(...request),
    pageUrl: globalThis.location.href,
    setTimeout: (call, ms) => globalThis.setTimeout(call, ms),
    clearTimeout: (timer) => globalThis.clearTimeout(timer),
    now: () => performance.now(),
    random: Math.random,
    window: globalThis.window,
    document: globalThis.document,
  };
}

/**
 * Events (`detail` of each):
 * - `state`: `{state, previous, reconnected, code, reason, retryInMs}`; `reconnected` on every `live` but the first,
 *   which is when to ask for the status; `code` and `reason` of the close on `lost` and `ended`; `retryInMs` on `lost`
 * - `user`: `{user, reason}` the user's newest snapshot, each version at most once, never an older one; `reason` is
 *   what the event said, null if the snapshot came with `welcome`
 * - `event` and the event's own type (`stagedoor.stage_manager.approved`, …): the CloudEvents object, each once. When
 *   the page's handlers have been told of what happened to the user, the server hears that they have. On an admin's
 *   connection also `stagedoor.audit.denied`, which is about nobody: it has neither `subject` nor `data.user`
 * - `welcome`, `degraded`: data of the frame; an admin’s `welcome` has `feed`, and `feed.resumed` false means that what was
 *   heard of others does not continue what was heard before: reload what is shown of them
 * - `unreadable`: the text of a frame that is no CloudEvents object
 */
export class Notifications extends EventTarget {
  #url;
  #refresh;
  #env;
  #state = 'idle';
  #socket = null;
  #choice;
  #transport = 'ws';
  #saidNothing = true;
  #cursor;
  #user = null;
  #closing = null;
  #attempt = 0;
  #wasLive = false;
  #liveSince = 0;
  #attemptedAt = 0;
  #heardAt = 0;
  #silenceMs = silenceLimit();
  #watchdog = null;
  #retry = null;
  #notBefore = 0;
  #unacknowledged = null;
  #acknowledging = null;
  #events = new VersionOrder();
  #snapshots = new VersionOrder();
  #onWake = () => this.#wake();

  /**
   * @param {object} options
   * @param {string} [options.url] - WebSocket address, absolute or relative to the page; empty: `/ws` of the page's origin
   * @param {string|null} [options.cursor] - where an earlier connection of this user stopped
   * @param {() => Promise<unknown>} [options.refresh] - refreshes the session; asked for by close code 4404. Rejects
   *   with a Problem: 401 ends the notifications, anything else is tried again
   * @param {'auto'|'ws'|'sse'} [options.transport] - `auto`: WebSocket, and the event stream `/events` beside it where
   *   WebSockets do not get through; acknowledgements go over WebSockets alone
   * @param {object} [options.environment] - see browserEnvironment()
   */
  constructor({ url = '', cursor = null, refresh = async () => {}, transport = 'auto',
                environment = browserEnvironment() } = {}) {
    super();
    this.#choice = new TransportChoice(transport);
    this.#url = url;
    this.#cursor = cursor;
    this.#refresh = refresh;
    this.#env = environment;
  }

  get state() { return this.#state; }

  /** Opaque; give it to the next Notifications of the same user to hear what happened in between. */
  get cursor() { return this.#cursor; }

  /** What the present or last connection is: `ws` or `sse`. */
  get transport() { return this.#transport; }

  /** The newest snapshot `{id, email, displayName, role, status, version}` that was heard, or null. */
  get user() { return this.#user; }

  /** Starts, or starts again after `ended`. Failures in a row keep counting, so this cannot be used to hammer. */
  open() {
    if (this.#state !== 'idle' && this.#state !== 'ended') return;
    this.#env.window?.addEventListener('online', this.#onWake);
    this.#env.document?.addEventListener('visibilitychange', this.#onWake);
    if (this.#attempt === 0) this.#connect();
    else this.#waitAndRetry({ code: 1000, reason: '' }, { reconnect: 'after', afterMs: null });
  }

  /** Ends for good, saying so to the server. */
  close() {
    if (this.#state === 'ended') return;
    this.#acknowledgeNow();
    this.#dropSocket(1000);
    this.#end({ code: 1000, reason: 'closed by the page' });
  }

  #connect() {
    this.#retry = null;
    this.#closing = null;
    this.#attemptedAt = this.#env.now();
    this.#setState('connecting');
    if (this.#state !== 'connecting') return;  // a listener closed it
    this.#transport = this.#choice.next(this.#env.now());
    this.#saidNothing = true;
    let socket;
    try {
      socket = this.#makeSocket();
    } catch (error) {
      this.#lost({ code: 1006, reason: String(error) });
      return;
    }
    this.#socket = socket;
    socket.onmessage = ({ data }) => { if (socket === this.#socket) this.#heard(data); };
    socket.onclose = (how) => { if (socket === this.#socket) this.#lost(how); };
    this.#watch(bounds.welcomeMs);
  }

  #makeSocket() {
    const address = [this.#url, this.#env.pageUrl, this.#cursor];
    return this.#transport === 'sse' ? new EventStreamSocket(eventStreamUrl(...address), this.#env.fetch)
                                     : new this.#env.WebSocket(socketUrl(...address), ['cloudevents.json']);
  }

  #heard(text) {
    this.#heardAt = this.#env.now();
    this.#saidNothing = false;
    const frame = parseFrame(text);
    if (frame === null) {
      this.#emit('unreadable', String(text).slice(0, 200));
      return;
    }
    if (this.#state === 'live' && !this.#closing) this.#watch(this.#silenceMs);
    const data = frame.data ?? {};
    if (frame.type === `${connectionType}welcome`) this.#welcomed(frame, data);
    else if (frame.type === `${connectionType}closing`) this.#announcedClose(data);
    else if (frame.type === `${connectionType}degraded`) this.#emit('degraded', data);
    else if (!frame.type.startsWith(connectionType)) this.#happened(frame, data);
  }

  #welcomed(frame, data) {
    if (frame.cursor) this.#cursor = frame.cursor;
    this.#silenceMs = silenceLimit(data.heartbeatIntervalMs);
    this.#watch(this.#silenceMs);
    this.#choice.welcomed(this.#transport, this.#env.now());
    this.#emit('welcome', data);
    if (this.#state === 'connecting') {
      const reconnected = this.#wasLive;
      this.#wasLive = true;
      this.#liveSince = this.#env.now();
      this.#setState('live', { reconnected });
    }
    this.#learn(data.user, null);
  }

  #happened(frame, data) {
    if (frame.cursor) this.#cursor = frame.cursor;
    const own = this.#user !== null && frame.subject === this.#user.id;
    // What is no change of anybody has no version, and comes once by its place in the admins' stream.
    if (data.version === undefined || this.#events.accept(frame.subject ?? '', data.version)) {
      this.#emit('event', frame);
      this.#emit(frame.type, frame);
      if (own) this.#learn(data.user, data.reason ?? null);
    }
    // Also what was told on an earlier connection: to the server this socket is another one.
    if (own && frame.cursor) this.#acknowledge(frame.cursor);
  }

  // Whoever approves somebody can know that the page has heard of it (asyncapi.yaml). At once, but not too often.
  #acknowledge(cursor) {
    this.#unacknowledged = cursor;
    if (this.#acknowledging === null) this.#acknowledgeNow();
  }

  #acknowledgeNow() {
    this.#env.clearTimeout(this.#acknowledging);
    this.#acknowledging = null;
    const cursor = this.#unacknowledged;
    this.#unacknowledged = null;
    if (cursor === null || this.#socket?.readyState !== 1) return;
    this.#socket.send(JSON.stringify({ type: 'ack', cursor }));
    this.#acknowledging = this.#env.setTimeout(() => this.#acknowledgeNow(), bounds.ackMs);
  }

  #learn(user, reason) {
    if (!user || !this.#snapshots.accept(user.id, user.version)) return;
    this.#user = user;
    this.#emit('user', { user, reason });
  }

  #announcedClose(data) {
    this.#closing = data;
    this.#watch(bounds.closeMs);
  }

  // `closing`: as a frame of that type would have said it, from an event stream that was refused.
  #lost({ code, reason, closing: told = null }) {
    const closing = this.#closing ?? told;
    if (this.#saidNothing && !told) this.#choice.silent(this.#transport);
    if (this.#state === 'live' && this.#env.now() - this.#liveSince >= bounds.steadyMs) this.#attempt = 0;
    this.#dropSocket();
    const advice = adviceFor(code, closing);
    const why = { code: closing?.code ?? code, reason: closing?.reason ?? reason };
    if (advice.reconnect === 'never') {
      this.#attempt += 1;
      this.#end(why);
    } else {
      this.#waitAndRetry(why, advice);
    }
  }

  #waitAndRetry(why, advice) {
    const delay = reconnectDelay({ ...advice, attempt: this.#attempt, random: this.#env.random });
    this.#attempt += 1;
    this.#notBefore = this.#env.now() + (advice.afterMs ?? 0);
    this.#schedule(delay, advice.reconnect === 'after-refresh' ? () => this.#refreshThenConnect(advice)
                                                                : () => this.#connect());
    this.#setState('lost', { ...why, retryInMs: delay });
  }

  async #refreshThenConnect(advice) {
    const waiting = this.#retry;
    try {
      await this.#refresh();
    } catch (problem) {
      if (this.#retry !== waiting) return;
      if (problem?.signedOut) this.#end({ code: 4401, reason: problem.code });
      else this.#waitAndRetry({ code: 4404, reason: problem?.code ?? '' }, advice);
      return;
    }
    if (this.#retry === waiting) this.#connect();
  }

  #end(why) {
    this.#env.window?.removeEventListener('online', this.#onWake);
    this.#env.document?.removeEventListener('visibilitychange', this.#onWake);
    this.#cancelRetry();
    this.#setState('ended', why);
  }

  // The network is back, or somebody looks at the page: no need to sit out a long delay. What the server asked for is
  // still waited, a second lies between attempts, and the little jitter is for offices whose network comes back at once.
  #wake() {
    if (this.#env.document?.visibilityState === 'hidden') return;
    if (this.#state === 'live' && this.#env.now() - this.#heardAt > this.#silenceMs) this.#silent();
    if (this.#state !== 'lost' || !this.#retry?.pending) return;
    const now = this.#env.now();
    const soonest = Math.max(this.#notBefore, this.#attemptedAt + bounds.baseDelayMs) - now;
    const delay = Math.max(0, soonest) + jitteredDelay(0, this.#env.random) / 2;
    if (now + delay < this.#retry.at) this.#schedule(delay, this.#retry.call);
  }

  #schedule(delay, call) {
    this.#cancelRetry();
    const retry = { at: this.#env.now() + delay, call, pending: true };
    retry.timer = this.#env.setTimeout(() => { retry.pending = false; call(); }, delay);
    this.#retry = retry;
  }

  #cancelRetry() {
    if (this.#retry) this.#env.clearTimeout(this.#retry.timer);
    this.#retry = null;
  }

  // One timer watches the socket: for `welcome`, then for silence, then for the close that was announced.
  #watch(ms) {
    this.#env.clearTimeout(this.#watchdog);
    this.#watchdog = this.#env.setTimeout(() => this.#silent(), ms);
  }

  #silent() {
    this.#lost({ code: 1006, reason: 'nothing was heard in time' });
  }

  // A dead link would keep a socket in CLOSING for long, so it is let go of rather than waited for. One that is still
  // opening when the page leaves is closed once open: browsers report the other way as an error.
  #dropSocket(code) {
    this.#env.clearTimeout(this.#watchdog);
    this.#env.clearTimeout(this.#acknowledging);
    this.#acknowledging = this.#unacknowledged = null;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket || socket.readyState >= 2) return;
    if (socket.readyState === 0 && code !== undefined) socket.onopen = () => socket.close(code);
    else socket.close(code);
  }

  #setState(state, more = {}) {
    const previous = this.#state;
    this.#state = state;
    this.#emit('state', { state, previous, reconnected: false, code: null, reason: '', retryInMs: null, ...more });
  }

  #emit(type, detail) {
    this.dispatchEvent(new NotificationEvent(type, detail));
  }
}
