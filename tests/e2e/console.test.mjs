// Two admins at their consoles: what happens shows by itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { withPeople } from '../support/browser.mjs';
import { startStack } from '../support/stack.mjs';

let stack;
before(async () => { stack = await startStack(); });
after(() => stack?.stop());

const scene = (count, body) => (t) => withPeople(stack, count, body)(t);
const rowOf = (admin, { email }) => admin.page.getByRole('listitem').filter({ hasText: email });

test('somebody registers and shows at both consoles; one approves, and the other shows it without a reload',
  scene(3, async (ada, first, second) => {
    for (const admin of [first, second]) {
      await admin.signIn(stack.admin);
      await admin.isAt('Stage managers', '/admin');
      await admin.isConnected();
    }
    const visits = [first.visits.length, second.visits.length];

    const person = stack.stranger('Ellen Terry');
    await ada.register(person);
    await Promise.all([rowOf(first, person).waitFor(), rowOf(second, person).waitFor()]);
    assert.equal(await second.page.locator('#total-pending').textContent(), '1');

    await rowOf(first, person).getByRole('button', { name: 'Approve' }).click();
    await rowOf(second, person).waitFor({ state: 'detached' });
    await second.page.locator('label', { hasText: 'Active' }).click();
    await rowOf(second, person).waitFor();

    assert.deepEqual([first.visits.length, second.visits.length], visits, 'nothing was loaded anew');
    for (const each of [ada, first, second]) assert.deepEqual(each.errors, []);
  }));

test('a decision by plain SQL shows too, and a reason that is being typed stays', scene(1, async (admin) => {
  const [kept, gone] = [await stack.person('Henry Irving'), await stack.person('Sarah Siddons')];
  await admin.signIn(stack.admin);
  await admin.isConnected();
  const reason = rowOf(admin, kept).getByRole('textbox');
  await reason.fill('Let me think');
  stack.sqlite(`UPDATE users SET status = 'rejected' WHERE id = '${gone.id}'`);
  await rowOf(admin, gone).waitFor({ state: 'detached' });
  assert.equal(await reason.inputValue(), 'Let me think');
  assert.deepEqual(admin.errors, []);
}));

test('what happened while the connection was lost shows when it is back', scene(1, async (admin) => {
  const person = await stack.person('Edmund Kean');
  await admin.signIn(stack.admin);
  await admin.isConnected();
  await rowOf(admin, person).waitFor();
  await stack.notify.kill();
  await admin.page.getByText('Connection lost').waitFor();
  await stack.decide(person, 'reject');
  await stack.notify.start();
  await rowOf(admin, person).waitFor({ state: 'detached' });
}));

test('where news begins late the list does not wait for it, and misses nothing of what happened before', scene(1, async (admin) => {
  const [gone, stays] = [await stack.person('Nell Gwyn'), await stack.person('David Garrick')];
  let letThrough;
  const door = new Promise((open) => { letThrough = open; });
  await admin.page.routeWebSocket(/\/ws/, async (socket) => {
    const held = [];
    socket.onMessage((message) => held.push(message));
    await door;
    const server = socket.connectToServer();
    for (const message of held) server.send(message);
  });
  await admin.signIn(stack.admin);
  await rowOf(admin, gone).waitFor();
  await stack.decide(gone, 'approve');
  assert.equal(await rowOf(admin, gone).count(), 1, 'nobody has told the page');
  letThrough();
  await rowOf(admin, gone).waitFor({ state: 'detached' });
  await rowOf(admin, stays).waitFor();
  assert.deepEqual(admin.errors, []);
}));
