import { beforeEach, describe, expect, it } from 'vitest';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import type { App } from '../domain/app.ts';
import { PlatformError } from '../domain/errors.ts';
import { createAppOptions, type AppOptions } from './app-options.ts';

let rig: ReturnType<typeof createStoresRig>;
let options: AppOptions;
let app: App;
beforeEach(async () => {
  rig = createStoresRig();
  options = createAppOptions({ ...rig, store: rig.options });
  app = await rig.createApp();
});

const AFFINITY = 'http-session-affinity';

describe('switching a feature', () => {
  it('wakes the controller, which may have to tell the router', async () => {
    await options.setFeature(rig.ann, app.name, AFFINITY, true, patient);
    expect(rig.woken).toEqual([app.id]);
    await options.setFeature(rig.ann, app.name, AFFINITY, false, patient);
    expect(rig.woken).toEqual([app.id, app.id]);
  });

  it('says since when it is on, and keeps that when it is switched on again', async () => {
    const on = await options.setFeature(rig.ann, app.name, AFFINITY, true, patient);
    const since = rig.clock.now();
    expect(on.since).toEqual(since);
    rig.clock.passed(60_000);
    expect((await options.setFeature(rig.ann, app.name, AFFINITY, true, patient)).since).toEqual(since);
    expect((await options.setFeature(rig.ann, app.name, AFFINITY, false, patient)).since).toBeNull();
  });

  it('changes nothing and wakes nobody where it is on for good', async () => {
    await options.setFeature(rig.ann, app.name, 'preboot', true, patient);
    await expect(options.setFeature(rig.ann, app.name, 'preboot', false, patient)).rejects.toSatisfy((err) =>
      PlatformError.is(err, 'feature_fixed'),
    );
    expect(rig.woken).toEqual([]);
  });

  it('is for those who may, and for features that there are', async () => {
    await expect(options.setFeature(rig.bob, app.name, AFFINITY, true, patient)).rejects.toSatisfy((err) =>
      PlatformError.is(err, 'not_found'),
    );
    await expect(options.setFeature(rig.ann, app.name, 'sticky', true, patient)).rejects.toThrow(/sticky/);
    expect([...(await rig.options.features(app.id, patient))]).toEqual([]);
  });
});
