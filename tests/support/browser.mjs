// People at their browsers: each has a Chromium profile of their own. What goes wrong on a page (console errors, CSP
// violations, exceptions) is collected, as is each answer of the API and each page that was gone to.
//
// Environment: WEB_FOLDER (say auth-service/web) takes pages and assets from that folder and not from the binary,
// so that a change of them can be looked at without a build.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const webFolder = process.env.WEB_FOLDER;

const launchOptions = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
         '--disable-component-update', '--disable-sync',
         // A page that a test hands over comes from nowhere, and would not be let back to this machine.
         ...(webFolder ? ['--disable-features=LocalNetworkAccessChecks'] : [])],
  viewport: { width: 1280, height: 800 },
  locale: 'en-GB',
};

const pageFiles = { '/login': 'login', '/register': 'register', '/stage-manager-pending': 'pending', '/stage-manager': 'dashboard',
                    '/admin': 'admin', '/account': 'account' };

async function servedFrom(folder, context, stack) {
  const contentTypes = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
  await context.route(`${stack.origin}/assets/*`, async (route) => {
    const { pathname } = new URL(route.request().url());
    await route.fulfill({ contentType: contentTypes[pathname.split('.').pop()], body: await readFile(join(folder, pathname)) });
  });
  await context.route((url) => url.origin === stack.origin && url.pathname in pageFiles, async (route) => {
    const response = await route.fetch({ maxRedirects: 0 });
    if (response.status() !== 200) return route.fulfill({ response });
    const { pathname } = new URL(route.request().url());
    const html = await readFile(join(folder, 'pages', `${pageFiles[pathname]}.html`), 'utf8');
    return route.fulfill({ response, body: html.replace('{{notify_url}}', stack.notifyUrl) });
  });
}

export class Person {
  errors = [];
  apiAnswers = [];
  visits = [];
  #context;
  #folder;

  constructor(context, folder, stack) {
    this.#context = context;
    this.#folder = folder;
    this.stack = stack;
  }

  static async arrives(stack, options = {}) {
    const folder = await mkdtemp(join(tmpdir(), 'stagedoor-profile-'));
    const context = await chromium.launchPersistentContext(folder, { ...launchOptions, baseURL: stack.origin, ...options });
    if (webFolder) await servedFrom(webFolder, context, stack);
    const person = new Person(context, folder, stack);
    person.page = context.pages()[0] ?? await context.newPage();
    person.#watch(person.page);
    return person;
  }

  /** A further tab of the same profile. */
  async newTab() {
    const page = await this.#context.newPage();
    this.#watch(page);
    return page;
  }

  async leaves() {
    await this.#context.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #watch(page) {
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('request', (request) => {
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) {
        this.visits.push(new URL(request.url()).pathname);
      }
    });
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (pathname.startsWith('/api/')) {
        this.apiAnswers.push(`${response.request().method()} ${pathname} ${response.status()}`);
      }
    });
  }

  button(name, page = this.page) { return page.getByRole('button', { name }); }
  field(label, page = this.page) { return page.getByLabel(label, { exact: true }); }
  heading(name, page = this.page) { return page.getByRole('heading', { level: 1, name, exact: true }); }

  /** Waits for the heading and the path that belong together, with all scripts idle. */
  async isAt(heading, path, page = this.page) {
    await this.heading(heading, page).waitFor();
    await page.waitForURL((url) => url.pathname === path);
  }

  async register({ displayName, email, password }) {
    await this.page.goto('/register');
    await this.field('Display name').fill(displayName);
    await this.field('E-mail').fill(email);
    await this.field('Password').fill(password);
    await this.button('Create account').click();
    await this.page.waitForURL('**/login');
  }

  async signIn({ email, password }) {
    if (new URL(this.page.url()).pathname !== '/login') await this.page.goto('/login');
    await this.field('E-mail').fill(email);
    await this.field('Password').fill(password);
    await this.button('Sign in').click();
    await this.page.waitForURL((url) => url.pathname !== '/login');
  }

  async isConnected(page = this.page) {
    await page.locator('#connection[data-state=live]').waitFor();
  }

  /** No WebSocket and no event stream gets through, from the next connection on: the page hears of nothing. */
  async hearsNothing(page = this.page) {
    await page.routeWebSocket(/\/ws/, (socket) => socket.close({ code: 1013 }));
    await page.route(/\/events(\?|$)/, () => {});  // never answered: a refusal would be an error of the page
  }

  /** Status of a GET of the API as the page itself would get it. */
  apiStatus(path) {
    return this.page.evaluate((url) => fetch(url).then((response) => response.status), path);
  }
}

/** Runs `scene` with as many people as it takes, each at a browser of their own, and sees them off. */
export function withPeople(stack, count, scene) {
  return stack.telling(async (t) => {
    const people = [];
    try {
      for (let i = 0; i < count; ++i) people.push(await Person.arrives(stack));
      await scene(...people, t);
    } catch (error) {
      for (const { page, errors, apiAnswers, visits } of people) {
        console.error(`--- at ${page.url()}; visits ${visits.join(' ')}\n${apiAnswers.join('\n')}\n${errors.join('\n')}`);
      }
      throw error;
    } finally {
      await Promise.all(people.map((person) => person.leaves()));
    }
  });
}
