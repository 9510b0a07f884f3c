import { describe, expect, it, vi } from 'vitest';
import { createControllerRig, type ControllerRig } from '../../test/support/controller-rig.ts';
import type { Behaviour } from '../../test/support/fake-engine.ts';
import type { Controller } from './controller.ts';

const patient = new AbortController().signal;
const ENDED = { exitsAfterMs: 0, exit: { code: 0, outOfMemory: false } } as const;

async function until(controller: Controller, check: () => Promise<void> | void): Promise<void> {
  await vi.waitFor(
    async () => {
      controller.wake('');
      await check();
    },
    { timeout: 5_000, interval: 5 },
  );
}

/** An image with a release command that behaves so. */
function imageWith(rig: ControllerRig, command: Partial<Behaviour>) {
  const image = rig.image({}, ['web', 'release']);
  rig.engine.behave(image.digest, { ...rig.serves, listensAfterMs: null, ...command }, 'release');
  return image;
}

const startsOf = ({ engine }: ControllerRig, seq: number) =>
  engine.starts.filter((start) => start.startsWith(`d${seq} `));

describe('a release command', () => {
  it('runs before anything of its release is started, with all it prints told, and is gone afterwards', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await rig.createApp('hello');
    const image = imageWith(rig, { ...ENDED, prints: ['migrating', 'migrated'] });
    const deployment = await rig.release(app.id, image);
    await until(controller, async () => expect(await rig.statusOf(deployment)).toBe('succeeded'));
    expect(startsOf(rig, 1)).toEqual(['d1 release.1 #0', 'd1 web.1 #0']);
    expect((await rig.transcriptOf(deployment)).slice(0, 3)).toEqual([
      ...['-----> Running the release command: release', '       migrating', '       migrated'],
    ]);
    expect([...(await rig.living(app.id)).formation.keys()]).toEqual(['web']);
    await until(controller, async () => expect((await rig.found()).map(({ type }) => type)).toEqual(['web']));
    expect(controller.instancesOf(app.id).map(({ type }) => type)).toEqual(['web']);
  });

  it('keeps what serves while it runs, and tells what it prints as it does', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await rig.createApp('hello');
    const first = await rig.release(app.id, rig.image());
    await until(controller, async () => expect(await rig.statusOf(first)).toBe('succeeded'));
    const second = await rig.release(app.id, imageWith(rig, { prints: ['begun'] }));
    await until(controller, async () => expect(await rig.transcriptOf(second)).toContain('       begun'));
    expect(rig.router.visit('hello.test').byApp).toBe(true);
    expect(await rig.running()).toEqual(['d1 web.1', 'd2 release.1']);
    const [command] = (await rig.found()).filter(({ type }) => type === 'release');
    rig.engine.print(command?.id ?? '', 'half');
    await until(controller, async () => expect(await rig.transcriptOf(second)).toContain('       half'));
    rig.engine.kill(command?.id ?? '', ENDED.exit);
    await until(controller, async () => expect(await rig.statusOf(second)).toBe('succeeded'));
  });

  it.each([
    ['ends badly', { exitsAfterMs: 0, exit: { code: 7, outOfMemory: false } }, 'exited with status 7'],
    ['takes too much memory', { exitsAfterMs: 0, exit: { code: 137, outOfMemory: true } }, 'more memory'],
    ['cannot be started', { refused: 'no such file' }, 'no such file'],
  ])(
    'that %s fails its release, of which nothing else runs, and what served serves',
    async (_, how, reason) => {
      const rig = createControllerRig();
      await using controller = await rig.startController();
      const app = await rig.createApp('hello');
      const first = await rig.release(app.id, rig.image());
      await until(controller, async () => expect(await rig.statusOf(first)).toBe('succeeded'));
      const bad = await rig.release(app.id, imageWith(rig, { prints: ['no such table'], ...how }));
      await until(controller, async () => expect(await rig.statusOf(bad)).toBe('failed'));
      expect(await rig.failureOf(bad)).toContain(reason);
      expect(startsOf(rig, 2).filter((start) => start.includes('web'))).toEqual([]);
      expect(rig.router.visit('hello.test').byApp).toBe(true);
      await until(controller, async () => expect((await rig.found()).map(({ seq }) => seq)).toEqual([1]));
    },
  );

  it('that never ends is given up after an hour', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await rig.createApp('hello');
    const stuck = await rig.release(app.id, imageWith(rig, {}));
    await until(controller, async () => expect(await rig.running()).toEqual(['d1 release.1']));
    rig.pass(3_601_000);
    await until(controller, async () => expect(await rig.statusOf(stuck)).toBe('failed'));
    expect(await rig.failureOf(stuck)).toBe('the release command did not end within 60 minutes');
    await until(controller, async () => expect(await rig.found()).toEqual([]));
  });

  it('is not run again by a controller that takes over, while it runs or when it has ended', async () => {
    const rig = createControllerRig();
    const app = await rig.createApp('hello');
    const deployment = await rig.release(app.id, imageWith(rig, { prints: ['begun'] }));
    const killed = await rig.startController();
    await until(killed, async () => expect(await rig.running()).toEqual(['d1 release.1']));
    await killed[Symbol.asyncDispose]();
    await using next = await rig.startController();
    await until(next, async () =>
      expect((await rig.transcriptOf(deployment)).filter((line) => line.includes('begun'))).not.toEqual([]),
    );
    const [command] = await rig.found();
    rig.engine.kill(command?.id ?? '', ENDED.exit);
    await until(next, async () => expect(await rig.statusOf(deployment)).toBe('succeeded'));
    expect(startsOf(rig, 1)).toEqual(['d1 release.1 #0', 'd1 web.1 #0']);
  });

  it('is not run by a restart of what has been live', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await rig.createApp('hello');
    const first = await rig.release(app.id, imageWith(rig, ENDED));
    await until(controller, async () => expect(await rig.statusOf(first)).toBe('succeeded'));
    const again = await rig.releases.redeploy(await rig.living(app.id), patient);
    if (!again) throw new Error('something serves');
    await until(controller, async () => expect(await rig.statusOf(again)).toBe('succeeded'));
    expect(startsOf(rig, 2)).toEqual(['d2 web.1 #0']);
  });

  it('ends with its app', async () => {
    const rig = createControllerRig();
    await using controller = await rig.startController();
    const app = await rig.createApp('hello');
    await rig.release(app.id, imageWith(rig, {}));
    await until(controller, async () => expect(await rig.running()).toEqual(['d1 release.1']));
    await rig.apps.markDeleted(await rig.living(app.id), patient);
    await until(controller, async () => expect(await rig.found()).toEqual([]));
  });
});
