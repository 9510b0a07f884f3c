import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instanceOf } from '../../../test/support/fake-app.ts';
import { openTestDoor, type TestDoor } from '../../../test/support/fake-door.ts';
import { dyno, type DynoResource } from '../../contract/resources.ts';

let door: TestDoor;
beforeEach(async () => {
  door = await openTestDoor();
  door.world.deployed('demo');
});
afterEach(() => door[Symbol.asyncDispose]());

const dynos = async (): Promise<DynoResource[]> =>
  dyno.array().parse((await door.call('GET', '/apps/demo/dynos')).body);

/** Beside web.1 of deployment 1 its successor of deployment 2, and a process of a type that is gone. */
function inMidRollout(): void {
  const demo = door.world.apps.get('demo');
  const next = { ...instanceOf('x', 'web', 1, 2), id: 'next', seq: 2, state: 'starting' as const };
  const gone = { ...instanceOf('x', 'clock', 1, 1), id: 'gone' };
  demo?.instances.push(next, gone, { ...next, id: 'second attempt', attempt: 1 });
}

describe('instances', () => {
  it('are listed by place, of two deployments the newer last', async () => {
    inMidRollout();
    expect((await dynos()).map(({ name, state }) => `${name} ${state}`)).toEqual([
      'clock.1 up',
      'web.1 up',
      'web.1 starting',
      'web.1 starting',
    ]);
  });

  it('that were told to end are counted no more', async () => {
    const demo = door.world.apps.get('demo');
    demo?.instances.push({ ...instanceOf('x', 'web', 1, 1), id: 'ending', state: 'stopping' });
    expect((await dynos()).map(({ name, state }) => `${name} ${state}`)).toEqual(['web.1 up']);
  });

  it('show the command of the release they are of', async () => {
    inMidRollout();
    const all = await dynos();
    expect(all.map(({ type, command }) => [type, command]).slice(0, 2)).toEqual([
      ['clock', ''],
      ['web', 'node server.js'],
    ]);
  });

  it('are found by name, which means the newest, and each by its id', async () => {
    inMidRollout();
    const all = await dynos();
    const one = async (which: string) =>
      dyno.parse((await door.call('GET', `/apps/demo/dynos/${which}`)).body).id;
    expect(await one('web.1')).not.toBe(all[1]?.id);
    for (const { id } of all) expect(await one(id)).toBe(id);
  });
});

describe('a restart', () => {
  const restarted = async (path: string): Promise<unknown> => {
    const asked: unknown[] = [];
    const { instances } = door.world.services;
    const inner = instances.restart.bind(instances);
    Object.assign(instances, {
      restart(...args: Parameters<typeof inner>) {
        asked.push(args[2]);
        return inner(...args);
      },
    });
    expect((await door.call('DELETE', path)).status).toBe(202);
    return asked[0];
  };

  it.each([
    ['/apps/demo/dynos', {}],
    ['/apps/demo/dynos/web.1', { type: 'web', number: 1 }],
    ['/apps/demo/formations/web', { type: 'web' }],
  ])('by %s means %j', async (path, place) => {
    expect(await restarted(path)).toEqual(place);
  });

  it('by id means that instance’s place', async () => {
    const [first] = await dynos();
    expect(await restarted(`/apps/demo/dynos/${first?.id ?? ''}`)).toEqual({ type: 'web', number: 1 });
  });

  it('of an app where nothing is deployed is nothing', async () => {
    await door.call('POST', '/apps', { body: { name: 'empty' } });
    expect(await door.call('DELETE', '/apps/empty/dynos')).toMatchObject({ status: 202, body: {} });
  });

  it('of an id that no instance has finds none', async () => {
    const answer = await door.call('DELETE', '/apps/demo/dynos/5c1b8a3e-8d1f-4c0e-9a57-0d3c8b1c9f00');
    expect(answer).toMatchObject({ status: 404, body: { resource: 'dyno' } });
    expect(door.world.writes).toEqual([]);
  });
});
