import { expect, it } from 'vitest';
import { callJson } from '../../lib/local-http.ts';
import { backendStates } from '../../router/contract.ts';
import { get, route, startApp, startRig } from './router-rig.ts';

const patient = new AbortController().signal;

it('tells of the backends of some apps, as it does of all', async () => {
  await using rig = await startRig();
  await using app = await startApp('r1');
  const { servers } = app.backend();
  await rig.put([
    route('shop', { key: 'r1', servers }, { staged: { key: 'r2', servers } }),
    route('blog', { key: 'r1', servers }),
    route('asleep', null),
  ]);
  for (let n = 0; n < 3; n += 1) await get(rig.port, 'shop.localhost');
  const ask = async (apps: unknown) =>
    backendStates.parse(
      await callJson(
        { socket: `${rig.home}/run/router.sock`, method: 'POST', path: '/backends', body: { apps } },
        5_000,
        patient,
      ),
    );
  const all = await rig.backends();
  expect(all).toHaveLength(3);
  expect(await ask(['shop'])).toEqual(all.filter((one) => one.app === 'shop'));
  expect(await ask(['shop'])).toMatchObject([
    { key: 'r1', role: 'serving', requests: 3, dropped: 0 },
    { key: 'r2', role: 'staged', requests: 0 },
  ]);
  expect(await ask(['blog', 'asleep', 'nobody'])).toMatchObject([{ app: 'blog' }]);
  expect(await ask([])).toEqual([]);
  await expect(ask(['NO APP'])).rejects.toThrow('400');
});
