// Both notify nodes are restarted, one after the other, behind the gateway, under a hundred events a second: two thousand
// tabs, each the browser library itself, lose nothing, hear nothing twice, and do not come back all at once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { Notifications } from '../../auth-service/web/assets/stagedoor-client.js';
import { printNews } from '../support/gated_stack.mjs';
import { startGateway } from '../support/gateway.mjs';
import { until } from '../support/process.mjs';
import { forEachOf, openHall } from '../support/push/hall.mjs';
import { seed } from '../support/random.mjs';

const drainSeconds = 6;
const herd = 2;          // times the even rate, in any second
const secondMs = 1_000;

let hall;
let gateway;
let tabs;

/** The browser library in a tab, and a judge of the raw frames that reach it. */
class Tab {
  openings = [];  // when it asked for a connection
  closes = [];    // by which codes
  known;

  constructor(person, cookie) {
    Object.assign(this, { person });
    const tab = this;
    class TabSocket extends WebSocket {
      constructor(url, protocols) {
        const { pathname, search } = new URL(url);
        super(`ws://127.0.0.1:${gateway.port}${pathname}${search}`, protocols, { headers: { cookie, origin: hall.origin }, perMessageDeflate: false });
        tab.openings.push(performance.now());
        this.on('message', (text) => tab.#judge(JSON.parse(text)));
        this.on('close', (code) => tab.closes.push(code));
      }
    }
    this.library = new Notifications({
      url: '/ws',
      refresh: () => hall.call({ path: '/api/auth/refresh-session', cookie }),
      environment: {
        WebSocket: TabSocket, pageUrl: `${hall.origin}/`, setTimeout, clearTimeout, now: () => performance.now(),
        random: () => hall.random.next(),
      },
    });
  }

  get isLive() { return this.library.state === 'live'; }

  async open() {
    this.library.open();
    await until(() => this.isLive, { what: 'a welcome' });
    this.closes = [];  // what a crowd at the door was told does not matter
  }

  #judge({ type, data }) {
    if (type === 'stagedoor.connection.welcome') {
      if (this.welcomed && !data.resumed) hall.violated(`${this.person.email} was not resumed`);
      this.welcomed = true;
    }
    if (type.startsWith('stagedoor.connection.')) return;
    if (this.known !== undefined && data.version !== this.known + 1) hall.violated(`${this.person.email} heard ${data.version} after ${this.known}`);
    this.known = data.version;
  }
}

/** The most of these times within any second. */
function mostInASecond(times) {
  const sorted = [...times].sort((a, b) => a - b);
  let first = 0;
  return sorted.reduce((most, time, last) => {
    while (time - sorted[first] >= secondMs) first += 1;
    return Math.max(most, last - first + 1);
  }, 0);
}

const describe = (some) => `${some.length} tabs, the first: `
  + some.slice(0, 5).map(({ library, openings, closes }) => `${library.state} after ${openings.length} openings, closed by ${closes.join(' ')}`).join('; ');

const socketsOf = async ({ opsUrl }) =>
  Number(/^stagedoor_ws_sockets (\d+)/m.exec(await (await fetch(`${opsUrl}/metrics`)).text())[1]);

before(async () => {
  hall = await openHall({ notifyFlags: ['--drain-time', `${drainSeconds}s`] });
  const { stack } = hall;
  gateway = await startGateway({ auth: `127.0.0.1:${stack.auth.port}`, notify: stack.notifies.map(({ port }) => `127.0.0.1:${port}`) });
  tabs = hall.people.flatMap((person) => person.cookies.map((cookie) => new Tab(person, cookie)));
  await forEachOf(tabs, (tab) => tab.open());
  hall.decisions.start();
});
after(async () => {
  for (const { library } of tabs ?? []) library.close();
  await gateway?.stop();
  await hall?.close();
});

for (const node of [0, 1]) {
  test(`notify node ${node} is restarted: its tabs come back evenly`, async (t) => {
    const service = hall.stack.notifies[node];
    const sockets = await socketsOf(service);
    const began = performance.now();
    await service.stop();
    const took = performance.now() - began;
    await until(() => tabs.every(({ isLive }) => isLive), { what: 'every tab being live again', withinMs: 30_000 })
      .catch((error) => { throw new Error(`${error.message}: ${describe(tabs.filter(({ isLive }) => !isLive))}`); });
    await service.start();

    const reconnects = tabs.flatMap(({ openings }) => openings.filter((at) => at > began));
    const most = mostInASecond(reconnects);
    const even = sockets / drainSeconds;
    t.diagnostic(`seed ${seed}: ${sockets} sockets in ${(took / 1_000).toFixed(1)} s, ${reconnects.length} reconnects, at most ${most} in a second; evenly: ${even.toFixed(0)}`);
    assert.ok(sockets >= tabs.length * 0.4, `node ${node} had ${sockets} sockets`);
    assert.ok(reconnects.length >= sockets);
    assert.ok(most <= herd * even, `${most} tabs came back within a second, evenly it would be ${even.toFixed(0)}`);
  });
}

test('nothing was lost, nothing came twice, and every tab was told why it was closed', async (t) => {
  try {
    await hall.decisions.pause();
    await hall.decisions.somethingAboutEverybody();
    await until(() => tabs.every(({ known, person }) => known === person.version), { what: 'news at every tab' });
    t.diagnostic(`${hall.decisions.made} events`);
    assert.deepEqual(hall.violations, []);
    assert.deepEqual([...new Set(tabs.flatMap(({ closes }) => closes))], [1012]);
  } catch (error) {
    printNews(hall.stack);
    throw error;
  }
});
