import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { meetPerson, type Person } from '../support/person.ts';
import { until } from '../support/until.ts';
import { kill9, pidOf } from '../support/victims.ts';

let ann: Person;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
});
afterAll(() => ann[Symbol.asyncDispose]());

it('a rotation of the master key goes on when the server is killed, and every secret is what it was [S-SEC-05]', async () => {
  const { home } = inject('platform');
  const keys = async () => (await readFile(join(home, 'secrets', 'master-key'), 'utf8')).trim().split('\n');
  const [old] = await keys();
  await ann.newApp('sealed-away');
  await ann.gantry('config:set', 'SECRET=canary', '-a', 'sealed-away');
  await ann.gantry('master-key:rotate', '--no-wait');
  expect(await keys()).toEqual([expect.not.stringContaining(old ?? ''), old]);
  await kill9(await pidOf(home, 'server'));
  await until(async () => (await ann.gantry('master-key')).code === 0, 60_000);
  const { code, stderr } = await ann.gantry('master-key:rotate');
  expect(code, stderr).toBe(0);
  const [current, ...former] = await keys();
  expect(former).toEqual([]);
  expect(current).not.toBe(old);
  expect((await ann.gantry('config:get', 'SECRET', '-a', 'sealed-away')).stdout).toBe('canary\n');
  expect(await ann.json('master-key')).toMatchObject({ state: 'current', left: 0 });
  await ann.destroy('sealed-away');
});
