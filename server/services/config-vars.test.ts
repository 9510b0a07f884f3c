import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanwhile } from '../../test/support/mishaps.ts';
import { createStoresRig, imageOf, patient } from '../../test/support/services-rig.ts';
import { CONFIG_MAX_BYTES, type ConfigChange } from '../domain/config-vars.ts';
import type { ConfigVars as Values } from '../domain/release.ts';
import { createConfigVars } from './config-vars.ts';

function createRig() {
  const rig = createStoresRig();
  return { ...rig, config: createConfigVars(rig) };
}

const change = (values: Record<string, string | null>): ConfigChange => new Map(Object.entries(values));
const plain = (values: Values) =>
  Object.fromEntries([...values].map(([key, value]) => [key, value.reveal()]));

describe('a change of config', () => {
  it('makes a release of the same code, and its deployment, and wakes the controller', async () => {
    const rig = createRig();
    const app = await rig.createApp();
    const { release: before } = await rig.live(app);
    const made = await rig.config.change(rig.ann, 'hello', change({ A: '1', B: '' }), patient);
    expect(plain(made.config)).toEqual({ A: '1', B: '' });
    expect(made.release).toMatchObject({
      version: 3,
      description: 'Set A, B config vars',
      image: before.image,
      status: 'pending',
      user: { email: 'ann@example.com' },
    });
    expect(made.deployment).toMatchObject({ releaseId: made.release?.id, status: 'pending' });
    expect(rig.woken).toEqual([app.id]);
    expect(plain(await rig.config.get(rig.ann, 'hello', patient))).toEqual({ A: '1', B: '' });
  });

  it('of an app that nothing was deployed to makes a release, nothing to run, and wakes nobody', async () => {
    const rig = createRig();
    await rig.createApp();
    const made = await rig.config.change(rig.ann, 'hello', change({ A: '1' }), patient);
    expect([made.release?.status, made.deployment]).toEqual(['succeeded', null]);
    expect(rig.woken).toEqual([]);
  });

  it.each([
    ['the values that are there', { A: '1' }],
    ['the removal of what is not there', { B: null }],
    ['nothing', {}],
  ])('to %s changes nothing: no release, no deployment, nobody woken', async (_, values) => {
    const rig = createRig();
    const app = await rig.createApp();
    await rig.config.change(rig.ann, 'hello', change({ A: '1' }), patient);
    rig.woken.length = 0;
    const made = await rig.config.change(rig.ann, 'hello', change(values), patient);
    expect([made.release, made.deployment, plain(made.config)]).toEqual([null, null, { A: '1' }]);
    expect(await rig.releases.list(app.id, patient)).toHaveLength(2);
    expect(rig.woken).toEqual([]);
  });

  it('names only what it really changes', async () => {
    const rig = createRig();
    await rig.createApp();
    await rig.config.change(rig.ann, 'hello', change({ KEPT: '1', GONE: '2' }), patient);
    const made = await rig.config.change(
      rig.ann,
      'hello',
      change({ KEPT: '1', GONE: null, NEW: '3', NEVER: null }),
      patient,
    );
    expect(made.release?.description).toBe('Set NEW config vars; Remove GONE config vars');
  });

  it('leaves the config of every older release as it was', async () => {
    const rig = createRig();
    await rig.createApp();
    await rig.config.change(rig.ann, 'hello', change({ A: '1' }), patient);
    await rig.config.change(rig.ann, 'hello', change({ A: '2' }), patient);
    const of = async (release: string) =>
      plain(await rig.config.ofRelease(rig.ann, 'hello', release, patient));
    expect([await of('v1'), await of('2'), await of('v3')]).toEqual([{}, { A: '1' }, { A: '2' }]);
  });

  it('after change leaves what a plain map would hold', async () => {
    const key = fc.constantFrom('A', 'B', 'C', '_D1');
    const value = fc.option(fc.constantFrom('', '1', '2', 'a b\nc', '🎈'), { nil: null });
    const changes = fc.array(fc.dictionary(key, value), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(changes, async (all) => {
        const rig = createRig();
        const app = await rig.createApp();
        const model = new Map<string, string>();
        let releases = 1;
        for (const one of all) {
          const before = JSON.stringify([...model].sort());
          for (const [name, set] of Object.entries(one)) {
            if (set === null) model.delete(name);
            else model.set(name, set);
          }
          if (JSON.stringify([...model].sort()) !== before) releases += 1;
          const made = await rig.config.change(rig.ann, 'hello', change(one), patient);
          expect(plain(made.config)).toEqual(Object.fromEntries(model));
        }
        expect(plain(await rig.config.get(rig.ann, 'hello', patient))).toEqual(Object.fromEntries(model));
        expect(await rig.releases.list(app.id, patient)).toHaveLength(releases);
      }),
    );
  });
});

describe('a change that is refused', () => {
  it.each([
    ['a key that is no name', { '1X': 'a' }, 'Config var "1X" must be letters, digits and underscores'],
    ['a key with a line end', { 'A\nB': 'a' }, 'Config var "A\\nB" must be letters'],
    ['the platform’s own key', { PORT: '80' }, 'Config var "PORT" is set by the platform'],
    ['the app’s name', { GANTRY_APP_NAME: 'x' }, 'Config var "GANTRY_APP_NAME" is set by the platform'],
    ['the release’s', { GANTRY_RELEASE_VERSION: 'x' }, '"GANTRY_RELEASE_VERSION" is set by the platform'],
    ['HOME before the first deploy', { HOME: '/srv' }, 'Config var "HOME" is /app in every app that'],
    ['a value with NUL', { A: 'a\u0000b' }, 'Config var "A" cannot hold a NUL character'],
    ['a good key beside a bad one', { A: '1', 'b-c': '2' }, 'Config var "b-c" must be'],
  ])('for %s says so and changes nothing [S-INJ-08]', async (_, values, sentence) => {
    const rig = createRig();
    const app = await rig.createApp();
    const changed = rig.config.change(rig.ann, 'hello', change(values), patient);
    await expect(changed).rejects.toMatchObject({ id: 'invalid_params' });
    await expect(changed).rejects.toThrow(sentence);
    expect(await rig.releases.list(app.id, patient)).toHaveLength(1);
  });

  it.each([
    ['nodejs', false],
    ['dockerfile', true],
  ])(
    'for HOME is so where gantry-start would set it over it: made by %s it is taken: %s',
    async (builder, taken) => {
      const rig = createRig();
      const app = await rig.createApp();
      await rig.live(app, { ...imageOf(), builder });
      const changed = rig.config.change(rig.ann, 'hello', change({ HOME: '/srv' }), patient);
      const outcome = await changed.then(() => true).catch(() => false);
      expect(outcome).toBe(taken);
    },
  );

  it('because the platform sets it may still be removed, as it may have been set before', async () => {
    const rig = createRig();
    await rig.createApp();
    for (const key of ['PORT', 'GANTRY_APP_NAME', 'HOME']) {
      const made = await rig.config.change(rig.ann, 'hello', change({ [key]: null }), patient);
      expect(made.release).toBeNull();
    }
  });

  it('leaves alone what merely looks like the platform’s [S-INJ-08]', async () => {
    const rig = createRig();
    await rig.createApp();
    const made = await rig.config.change(
      rig.ann,
      'hello',
      change({ GANTRY_ANYTHING: '1', PATH: '/bin', LD_PRELOAD: '/app/x.so', DOCKER_HOST: 'tcp://x' }),
      patient,
    );
    expect(made.config.size).toBe(4);
  });

  it('for __proto__ touches no prototype [S-INJ-08]', async () => {
    const rig = createRig();
    await rig.createApp();
    const changed = rig.config.change(rig.ann, 'hello', new Map([['__proto__', 'x']]), patient);
    await expect(changed).rejects.toMatchObject({ id: 'invalid_params' });
  });

  it('for its length counts bytes of keys and values, those that were there included, and takes the last byte [S-INJ-08]', async () => {
    const rig = createRig();
    await rig.createApp();
    await rig.config.change(rig.ann, 'hello', change({ OLD: 'ü'.repeat(100) }), patient); // 203 bytes
    const fits = 'x'.repeat(CONFIG_MAX_BYTES - 203 - 3);
    const tooLong = rig.config.change(rig.ann, 'hello', change({ NEW: `${fits}x` }), patient);
    await expect(tooLong).rejects.toThrow(
      'The config vars of hello would be longer than 65536 bytes in all; keep large values in files or a store.',
    );
    const made = await rig.config.change(rig.ann, 'hello', change({ NEW: fits }), patient);
    expect(made.release?.version).toBe(3);
  });

  it('because of a deploy under way says which', async () => {
    const rig = createRig();
    await rig.release(await rig.createApp(), imageOf());
    await expect(rig.config.change(rig.ann, 'hello', change({ A: '1' }), patient)).rejects.toThrow(
      'v2 of hello is still being deployed; wait for it to finish and retry.',
    );
    expect(rig.woken).toEqual([]);
  });

  it('because another came first loses neither', async () => {
    const rig = createRig();
    await rig.createApp();
    const other = createConfigVars(rig);
    rig.mishaps.at(
      'releases.create',
      meanwhile(() => other.change(rig.admin, 'hello', change({ THEIRS: '1' }), patient)),
    );
    const mine = rig.config.change(rig.ann, 'hello', change({ MINE: '1' }), patient);
    await expect(mine).rejects.toMatchObject({ id: 'app_changed', retry: true });
    expect(plain(await rig.config.get(rig.ann, 'hello', patient))).toEqual({ THEIRS: '1' });
  });

  it('for a stranger sounds like an app that is not there, for reading and writing', async () => {
    const rig = createRig();
    await rig.createApp();
    for (const asked of [
      rig.config.get(rig.bob, 'hello', patient),
      rig.config.ofRelease(rig.bob, 'hello', 'v1', patient),
      rig.config.change(rig.bob, 'hello', change({ A: '1' }), patient),
    ])
      await expect(asked).rejects.toMatchObject({
        id: 'not_found',
        params: { resource: 'app', name: 'hello' },
      });
  });

  it('for a release that is not there names the release', async () => {
    const rig = createRig();
    await rig.createApp();
    await expect(rig.config.ofRelease(rig.ann, 'hello', 'v9', patient)).rejects.toThrow(
      "Couldn't find that release: v9.",
    );
  });
});
