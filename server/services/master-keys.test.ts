import { beforeEach, describe, expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { createFakeMasterKey } from '../../test/support/fake-master-key.ts';
import { EVERYTHING, type Actor } from '../domain/actor.ts';
import { createMasterKeys, type MasterKeys } from './master-keys.ts';

const signal = new AbortController().signal;
const MINUTE = 60_000;
const person = (admin: boolean): Actor => ({
  ...{ userId: 'u', email: 'u@example.com', admin, scopes: EVERYTHING },
});
const admin = person(true);

let time: number;
let sealed: number[];
let fake: ReturnType<typeof createFakeMasterKey>;
let keys: MasterKeys;
const start = (): MasterKeys => createMasterKeys({ ...fake, nowMs: () => time, log: quietLog() });
beforeEach(() => {
  time = 0;
  sealed = [0, 0, 0];
  fake = createFakeMasterKey(sealed);
  keys = start();
});

describe('a rotation of the master key', () => {
  it('is for administrators of the platform', async () => {
    await expect(keys.rotate(person(false), signal)).rejects.toMatchObject({ id: 'forbidden_platform' });
    await expect(keys.show(person(false), signal)).rejects.toMatchObject({ id: 'forbidden_platform' });
    expect(fake.masterKey.ids()).toEqual(['0']);
  });

  it('seals everything anew, and keeps the former key a minute for what was on its way [S-SEC-05]', async () => {
    expect(await keys.show(admin, signal)).toEqual({ id: '0', former: [], left: 0, unreadable: 0 });
    expect(await keys.rotate(admin, signal)).toEqual({ id: '1', former: ['0'], left: 3, unreadable: 0 });
    await keys.goOn(signal);
    expect(sealed).toEqual([1, 1, 1]);
    time += MINUTE - 1;
    await keys.goOn(signal);
    expect(await keys.show(admin, signal)).toMatchObject({ former: ['0'], left: 0 });
    sealed.push(0); // sealed before the rotation, and written only now
    time += 1;
    await keys.goOn(signal);
    expect([sealed, fake.masterKey.ids()]).toEqual([
      [1, 1, 1, 1],
      ['1', '0'],
    ]);
    await keys.goOn(signal);
    expect(await keys.show(admin, signal)).toEqual({ id: '1', former: [], left: 0, unreadable: 0 });
  });

  it('is gone on with by the next server, which keeps the former key for a minute of its own [S-SEC-05]', async () => {
    await keys.rotate(admin, signal);
    await keys.goOn(signal);
    time += 10 * MINUTE;
    keys = start();
    await keys.goOn(signal);
    expect(fake.masterKey.ids()).toEqual(['1', '0']);
    time += MINUTE;
    await keys.goOn(signal);
    expect(fake.masterKey.ids()).toEqual(['1']);
  });

  it('is answered with how far it is when another is asked for', async () => {
    await keys.rotate(admin, signal);
    expect(await keys.rotate(admin, signal)).toMatchObject({ id: '1', former: ['0'] });
  });

  it('does not wait for what no key opens, and says how much that is', async () => {
    sealed.push(-1);
    await keys.rotate(admin, signal);
    await keys.goOn(signal);
    expect(await keys.show(admin, signal)).toMatchObject({ left: 1, unreadable: 1 });
    time += MINUTE;
    await keys.goOn(signal);
    expect([sealed, fake.masterKey.ids()]).toEqual([[1, 1, 1, -1], ['1']]);
  });

  it('is not begun by itself', async () => {
    time += 10 * MINUTE;
    await keys.goOn(signal);
    expect(fake.masterKey.ids()).toEqual(['0']);
  });
});
