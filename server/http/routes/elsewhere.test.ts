import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestDoor, type TestDoor } from '../../../test/support/fake-door.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

it.each([
  '/spaces',
  '/user/notifications',
  '/favorites?type=app',
  '/oauth/clients',
  '/apps/demo/telemetry-drains',
  '/addon-services',
  '/addons',
  '/addon-attachments',
  '/apps/demo/addon-attachments',
])('%s is an empty list, for who is known', async (path) => {
  expect(await door.call('GET', path)).toMatchObject({ status: 200, body: [] });
  expect((await door.call('GET', path, { token: 'not-one' })).status).toBe(401);
});

it.each(['/apps/other/telemetry-drains', '/apps/other/addon-attachments'])(
  '%s does not exist where there is no such app',
  async (path) => {
    expect(await door.call('GET', path)).toMatchObject({ status: 404, body: { resource: 'app' } });
  },
);

it('refuses add-ons and OAuth clients with what to do instead', async () => {
  expect(
    await door.call('POST', '/apps/demo/addons', { body: { plan: { name: 'heroku-postgresql:mini' } } }),
  ).toMatchObject({
    status: 422,
    body: {
      id: 'not_offered',
      message:
        'There are no add-ons on this platform; run the service elsewhere and tell the app its address (gantry config:set -a demo).',
    },
  });
  const body = { name: 'cl', redirect_uri: 'https://example.com/cb' };
  expect(await door.call('POST', '/oauth/clients', { body })).toMatchObject({
    status: 422,
    body: { id: 'not_offered' },
  });
});

it('says to anybody, with and without a token, that the platform answers', async () => {
  for (const token of ['', 'not-one'])
    expect(await door.call('GET', '/api/v4/current-status', { token })).toMatchObject({
      status: 200,
      body: { status: [{ system: 'Apps', status: 'green' }, {}, {}], incidents: [], scheduled: [] },
    });
});
