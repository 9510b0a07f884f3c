import { afterEach, beforeEach, expect, it } from 'vitest';
import { openTestDoor, type TestDoor } from '../../test/support/fake-door.ts';
import { unspokenVersion } from './media-version.ts';

const OURS = 'application/vnd.heroku+json';

it.each([
  ...[undefined, '', '*/*', 'application/json', 'text/html', 'text/event-stream', 'application/*;q=0.8'],
  ...[OURS, `${OURS}; version=3`, `${OURS};version=3`, `${OURS}; version="3"`, `${OURS}; VERSION=3; q=0.9`],
  ...['sdk', 'webhooks', 'pipelines', 'docker-releases', 'fir'].map((one) => `${OURS}; version=3.${one}`),
  ...[`${OURS}; version=2, ${OURS}; version=3`, `${OURS}; version=2, */*;q=0.1`, ',;=,'],
  'application/vnd.docker.distribution.manifest.v2+json',
])('is content with version 3: %j', (accept) => {
  expect(unspokenVersion(accept)).toBeUndefined();
});

it.each([
  [`${OURS}; version=2`, '2'],
  [`${OURS}; version=4`, '4'],
  [`${OURS};version="30"`, '30'],
  [`Application/Vnd.Heroku+JSON; version=edge`, 'edge'],
  [`text/html, ${OURS}; version=1`, '1'],
])('insists on another: %j', (accept, version) => {
  expect(unspokenVersion(accept)).toBe(version);
});

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
});
afterEach(() => door[Symbol.asyncDispose]());

it('answers nobody in a version that they did not ask for, and changes nothing for them', async () => {
  const headers = { accept: `${OURS}; version=2<b>` };
  expect(await door.call('POST', '/apps', { body: { name: 'fresh' }, headers })).toMatchObject({
    status: 406,
    body: {
      id: 'not_acceptable',
      message:
        'This is version 3 of the API, and there is no version 2?b? of it; send Accept: application/vnd.heroku+json; version=3.',
    },
  });
  expect(door.world.writes).toEqual([]);
  const spoken = { accept: `${OURS}; version=3.sdk` };
  expect(await door.call('POST', '/apps', { body: { name: 'fresh' }, headers: spoken })).toMatchObject({
    status: 201,
  });
});
