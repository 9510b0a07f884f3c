import { expect, it } from 'vitest';
import { openTestDoor } from '../support/fake-door.ts';

const change = (value: string) => ({ body: { VALUE: value } });

it('a change right after another waits for the deployment that is under way, and is done', async () => {
  await using door = await openTestDoor({ holdMs: 5_000 });
  door.world.deployed('demo');
  door.world.outcome = 'never';
  expect((await door.call('PATCH', '/apps/demo/config-vars', change('1'))).status).toBe(200);
  const second = door.call('PATCH', '/apps/demo/config-vars', change('2'));
  const early = await Promise.race([
    second.then(() => 'answered'),
    new Promise((r) => setTimeout(r, 100, 'held')),
  ]);
  expect(early).toBe('held');
  const app = door.world.apps.get('demo');
  const [running] = app?.deployments ?? [];
  if (app === undefined || running === undefined) throw new Error('nothing is being deployed');
  door.world.decide(app, running, 'succeeded', null);
  expect(await second).toMatchObject({ status: 200, body: { VALUE: '2' } });
});

it('a change is refused when its turn does not come', async () => {
  await using door = await openTestDoor({ holdMs: 300 });
  door.world.deployed('demo');
  door.world.outcome = 'never';
  await door.call('PATCH', '/apps/demo/config-vars', change('1'));
  expect(await door.call('PATCH', '/apps/demo/config-vars', change('2'))).toMatchObject({
    status: 409,
    body: { id: 'deploy_in_progress' },
  });
});
