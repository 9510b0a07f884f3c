import { describe, expect, it } from 'vitest';
import { createMemoryPipelines } from '../../test/support/memory-pipelines.ts';
import { createStoresRig, patient } from '../../test/support/services-rig.ts';
import type { Need } from '../contract/endpoint.ts';
import type { Actor, Scope } from '../domain/actor.ts';
import { createPermits, type Subject } from './permits.ts';
import { createPipelines } from './pipelines.ts';

const NOTHING: Subject = { app: undefined, pipeline: undefined, coupling: undefined, team: undefined };
const only = (actor: Actor, ...scopes: Scope[]): Actor => ({ ...actor, scopes });

/** Ann's app `hello`. */
async function openRig() {
  const rig = createStoresRig();
  const { apps, teams } = rig;
  const store = createMemoryPipelines(rig.world);
  const permits = createPermits({ apps, teams, store, pipelines: createPipelines({ ...rig, store }) });
  const { id } = await rig.createApp('hello');
  return {
    ...{ rig, id },
    /** What is said, or `may`. */
    ask: (actor: Actor, need: Need, subject: Partial<Subject> = {}): Promise<unknown> =>
      permits.check(actor, need, { ...NOTHING, ...subject }, patient).then(
        () => 'may',
        (err: unknown) => (err as { readonly id: string }).id,
      ),
  };
}

describe('what is said to those who may not, when a call is wrong as well', () => {
  it('is that the app is not there, or that it is not theirs to change, as its use cases say it', async () => {
    const { ask, rig } = await openRig();
    const about = { app: 'hello' };
    expect(await ask(rig.ann, 'app:manage', about)).toBe('may');
    expect(await ask(rig.bob, 'app:manage', about)).toBe('not_found');
    expect(await ask(only(rig.ann, 'read'), 'app:manage', about)).toBe('scope_too_small');
    expect(await ask(rig.ann, 'app:view', { app: 'nope' })).toBe('not_found');
  });

  it('is about what the token is good for where no app is named that could be looked at', async () => {
    const { ask, rig, id } = await openRig();
    expect(await ask(rig.ann, 'app:give')).toBe('may');
    expect(await ask(only(rig.ann, 'write'), 'app:give')).toBe('scope_too_small');
    expect(await ask(only(rig.ann, 'identity'), 'app:view')).toBe('scope_too_small');
    expect(await ask(only(rig.ann, `deploy:${id}`), 'app:deploy')).toBe('may');
    expect(await ask(only(rig.ann, `deploy:${id}`), 'app:operate')).toBe('scope_too_small');
  });

  it('is that a team, a pipeline or a place in one is not there', async () => {
    const { ask, rig } = await openRig();
    expect(await ask(rig.ann, 'team:admin', { team: 'nope' })).toBe('not_found');
    expect(await ask(rig.ann, 'pipeline:manage', { pipeline: 'nope' })).toBe('not_found');
    expect(await ask(rig.ann, 'app:operate', { coupling: 'nope' })).toBe('not_found');
    expect(await ask(rig.bob, 'pipeline:couple', { app: 'hello', pipeline: 'nope' })).toBe('not_found');
  });

  it('is about the person and their token where nothing is named at all', async () => {
    const { ask, rig } = await openRig();
    const weak = only(rig.ann, 'identity');
    const all: Need[] = ['self:read', 'self:write', 'apps:list', 'apps:create', 'teams:list', 'teams:create'];
    for (const need of [...all, 'pipelines:list', 'pipelines:create'] as const) {
      expect(await ask(rig.ann, need), need).toBe('may');
      expect(await ask(weak, need), need).toBe('scope_too_small');
    }
    expect(await ask(rig.ann, 'platform:admin')).toBe('forbidden_platform');
    expect(await ask(rig.admin, 'platform:admin')).toBe('may');
    for (const need of ['open', 'link', 'identity', 'platform:read'] as const)
      expect(await ask(weak, need), need).toBe('may');
  });
});
