import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { Secret } from '../../lib/secret.ts';
import type { Drain } from '../../server/domain/drain.ts';
import { addApp, onEveryStore, patient, type Stores } from '../support/stores.ts';

const add = (stores: Stores, appId: string, url: string, most = 5): Promise<Drain> =>
  stores.drains.add(
    {
      ...{ id: randomUUID(), appId, token: `d.${randomUUID()}` },
      ...{ url: new Secret(url), canonical: new Secret(url.toLowerCase()) },
    },
    most,
    patient,
  );
const urlsOf = (drains: readonly Drain[]): string[] => drains.map(({ url }) => url.reveal());

onEveryStore((open) => {
  it('keeps drains with their URL as it was given, the oldest first, each with its app', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [app, other] = [await addApp(stores, ann), await addApp(stores, ann)];
    const first = await add(stores, app.id, 'https://me:Secret@a.example/in');
    stores.time.passed(1_000);
    const second = await add(stores, app.id, 'syslog://b.example:514');
    await add(stores, other.id, 'syslog://b.example:514');
    expect(await stores.drains.list(app.id, patient)).toEqual([first, second]);
    expect(urlsOf([first])).toEqual(['https://me:Secret@a.example/in']);
    expect(urlsOf(await stores.drains.all(patient))).toHaveLength(3);
    expect(JSON.stringify(first)).not.toContain('Secret@');
  });

  it('finds a drain by its id, its token and what its URL comes to, within its app only [S-API-02]', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [app, other] = [await addApp(stores, ann), await addApp(stores, ann)];
    const drain = await add(stores, app.id, 'https://A.example/');
    const names = [
      ...[{ id: drain.id }, { token: drain.token }, { canonical: new Secret('https://a.example/') }],
    ];
    for (const name of names) {
      expect(await stores.drains.find(app.id, name, patient)).toEqual(drain);
      expect(await stores.drains.find(other.id, name, patient)).toBeUndefined();
    }
    expect(await stores.drains.find(app.id, { id: 'no id' }, patient)).toBeUndefined();
  });

  it('takes one URL once, and so many and no more, however they come', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const same = await Promise.allSettled([1, 2, 3].map(() => add(stores, app.id, 'syslog://a.example:514')));
    expect(same.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(add(stores, app.id, 'syslog://A.example:514')).rejects.toMatchObject({
      id: 'invalid_params',
    });
    const many = await Promise.allSettled(
      [1, 2, 3, 4].map((n) => add(stores, app.id, `syslog://h${n}.example:514`, 3)),
    );
    expect(many.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    await expect(add(stores, app.id, 'syslog://z.example:514', 3)).rejects.toMatchObject({
      ...{ id: 'too_many_drains', params: { limit: 3 } },
    });
    await expect(add(stores, randomUUID(), 'syslog://a.example:514')).rejects.toMatchObject({
      id: 'not_found',
    });
  });

  it('removes a drain once, and has none of an app that was destroyed', async () => {
    await using stores = await open();
    const ann = await stores.addUser();
    const [app, doomed] = [await addApp(stores, ann), await addApp(stores, ann)];
    const drain = await add(stores, app.id, 'syslog://a.example:514');
    await add(stores, doomed.id, 'syslog://a.example:514');
    expect(await stores.drains.remove(drain, patient)).toBe(true);
    expect(await stores.drains.remove(drain, patient)).toBe(false);
    await stores.apps.markDeleted(doomed, patient);
    expect(await stores.drains.all(patient)).toEqual([]);
    await add(stores, app.id, 'syslog://a.example:514');
  });
});
