import { expect, it } from 'vitest';
import { openTestDoor } from '../../../test/support/fake-door.ts';
import { release } from '../../contract/resources.ts';

it('says of the newest release in a list that one may go back to it, by which clients count, and by itself the truth', async () => {
  await using door = await openTestDoor();
  door.world.deployed('demo');
  door.world.outcome = 'never';
  await door.call('PATCH', '/apps/demo/config-vars', { body: { A: '1' } });
  const headers = { range: 'version ..; max=10, order=desc' };
  const listed = release.array().parse((await door.call('GET', '/apps/demo/releases', { headers })).body);
  const eligible = listed.filter((one) => one.eligible_for_rollback);
  expect(eligible).toMatchObject([
    { version: 3, status: 'pending' },
    { version: 2, current: true },
  ]);
  const alone = await door.call('GET', '/apps/demo/releases/v3');
  expect(alone.body).toMatchObject({ eligible_for_rollback: false });
});
