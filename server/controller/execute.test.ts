import { beforeEach, describe, expect, it } from 'vitest';
import { createStepRig, desiredOf, rolloutOf, sceneOf, type StepRig } from '../../test/support/step-rig.ts';
import type { Step } from '../domain/plan.ts';
import type { DesiredApp } from '../ports/controller-state.ts';
import { execute } from './execute.ts';

const patient = new AbortController().signal;
type Doable = Exclude<Step, { do: 'route' }>;

let rig: StepRig;
beforeEach(() => {
  rig = createStepRig();
});

async function perform(desired: DesiredApp, step: Doable): Promise<void> {
  await execute(rig.deps, sceneOf(desired), step, patient);
}
const START = { do: 'start', seq: 2, type: 'web', number: 1, attempt: 0 } as const;
const rolling = (image = rig.image()): DesiredApp => desiredOf({ next: rolloutOf(image, 2) });
const found = () => rig.engine.find(patient);

describe('begin', () => {
  it('starts the ledger when the state allowed it, under the epoch of this reign', async () => {
    rig.answers.state = false;
    await perform(desiredOf({ next: rolloutOf(rig.image(), 2, 'pending') }), { do: 'begin' });
    expect(rig.did).toEqual(['begin deployment-2 7']);
    // Not begun: the ledger of what follows must not count from here.
    rig.answers.nowMs += 5;
    expect(rig.rollouts.ledger('deployment-2', 'hello-id').bootMs).toBe(0);
  });

  it('is refused as a bug when there is no deployment', async () => {
    await expect(perform(desiredOf(), { do: 'begin' })).rejects.toThrow('a deployment that is not there');
  });
});

describe('start', () => {
  it('tells a web process its port, its name and its release, which win over its config', async () => {
    await perform(rolling(), START);
    const [spec] = rig.specs;
    expect(spec).toMatchObject({ seq: 2, release: 2, type: 'web', number: 1, argv: ['run'], port: 5000 });
    expect(Object.fromEntries(spec?.platformEnv ?? [])).toEqual({
      DYNO: 'web.1',
      PORT: '5000',
      GANTRY_APP_NAME: 'hello',
      GANTRY_RELEASE_VERSION: 'v2',
    });
    expect(spec?.config.get('KEY')?.reveal()).toBe('value');
    expect(await found()).toMatchObject([{ seq: 2, state: 'starting' }]);
  });

  it('uses the port that the image exposes', async () => {
    await perform(rolling(rig.image({}, { port: 3000 })), START);
    expect(rig.specs[0]).toMatchObject({ port: 3000 });
    expect(rig.specs[0]?.platformEnv.get('PORT')).toBe('3000');
  });

  it('gives other types no port, and the image decides what a process without a command runs', async () => {
    await perform(rolling(), { ...START, type: 'worker' });
    expect(rig.specs[0]).toMatchObject({ type: 'worker', port: null, argv: null });
    expect(rig.specs[0]?.platformEnv.has('PORT')).toBe(false);
  });

  it('does nothing for a deployment that is neither current nor next any more', async () => {
    await perform({ ...rolling(), current: rolloutOf(rig.image(), 1) }, { ...START, seq: 9 });
    expect(await found()).toEqual([]);
  });

  it('ends the deployment when the engine will never start it', async () => {
    const refused = rolling(rig.image({ refused: 'no such file' }));
    await expect(perform(refused, START)).rejects.toThrow('no such file');
    expect(rig.rollouts.trouble('deployment-2')).toContain('no such file');
  });

  it('is a failed step when the engine may think better of it, and its end after the fifth time', async () => {
    const image = rig.image();
    rig.engine.withhold(image.digest);
    for (let times = 1; times <= 5; times += 1) {
      expect(rig.rollouts.trouble('deployment-2')).toBeNull();
      await expect(perform(rolling(image), START)).rejects.toThrow('could not be fetched');
    }
    expect(rig.rollouts.trouble('deployment-2')).toContain('could not be fetched');
  });

  it('counts no refusal against what runs already, nor one that comes of our own end', async () => {
    const refused = rig.image({ refused: 'no such file' });
    const current = desiredOf({ current: rolloutOf(refused, 2) });
    await expect(perform(current, START)).rejects.toThrow('no such file');
    const over = AbortSignal.abort(new Error('shutting down'));
    for (let times = 1; times <= 5; times += 1)
      await expect(execute(rig.deps, sceneOf(rolling(refused)), START, over)).rejects.toThrow(
        'shutting down',
      );
    expect(rig.rollouts.trouble('deployment-2')).toBeNull();
  });
});

describe('prove', () => {
  const PROVE = { do: 'prove', untilMs: 90_000 } as const;
  const checked = (): DesiredApp => rolling(rig.image({}, { checks: { web: '/up' } }));

  it.each([
    [{ status: 500, byApp: true, ms: 3, sent: 1 }, 'GET /up was answered 500'],
    [{ status: 504, byApp: false, ms: 55_012, sent: 1 }, 'GET /up had no answer within 55 s'],
    [
      { status: 502, byApp: false, ms: 3, sent: 1 },
      'GET /up met a connection that was closed without an answer in HTTP',
    ],
    [
      { status: 503, byApp: false, ms: 3, sent: 1 },
      'GET /up was answered 503 by the router: no instance took it',
    ],
  ])('keeps what was met instead: %o', async (answer, heard) => {
    rig.answers.probe = answer;
    await perform(checked(), PROVE);
    expect(rig.rollouts.heard('deployment-2')).toBe(heard);
  });

  it.each([
    ['as long as is left', 50_000, 40_000],
    ['a moment also when nothing is left', 89_000, 5_000],
    ['a moment also when the time was up before this controller began', 500_000, 5_000],
    ['not longer than the router would', 0, 60_000],
  ])('waits %s', async (_, nowMs, timeoutMs) => {
    rig.answers.nowMs = nowMs;
    await perform(rolling(), PROVE);
    expect(rig.timeouts).toEqual([timeoutMs]);
  });

  it('counts a router that is away as a bad answer, so that the deployment ends some time; not our own end', async () => {
    const away = new Error('the router does not answer');
    rig.deps.router.probe = () => Promise.reject(away);
    const ended = AbortSignal.abort(new Error('shutting down'));
    await expect(execute(rig.deps, sceneOf(rolling()), PROVE, ended)).rejects.toThrow(away);
    expect(rig.rollouts.heard('deployment-2')).toBeNull();
    await expect(perform(rolling(), PROVE)).rejects.toThrow(away);
    expect(rig.rollouts.heard('deployment-2')).toBe('the router does not answer');
  });

  it.each([
    [
      'any answer of the app, when it has no check',
      false,
      { status: 500, byApp: true, ms: 3, sent: 1 },
      true,
    ],
    ['a good answer to the check', true, { status: 302, byApp: true, ms: 3, sent: 1 }, true],
    ['no bad answer to the check', true, { status: 404, byApp: true, ms: 3, sent: 1 }, false],
    ['no answer of the router itself', false, { status: 200, byApp: false, ms: 3, sent: 1 }, false],
  ])('takes %s for proof', async (_, isChecked, answer, proven) => {
    rig.answers.probe = answer;
    await perform(isChecked ? checked() : rolling(), PROVE);
    expect(rig.did).toEqual([`probe staged hello.test${isChecked ? '/up' : '/'}`]);
    expect(rig.rollouts.isProven('deployment-2')).toBe(proven);
    expect(rig.rollouts.heard('deployment-2') === null).toBe(proven);
  });
});

describe('the decision', () => {
  it('that it succeeded is told once it is written, and only then', async () => {
    rig.answers.state = false;
    await perform(rolling(), { do: 'succeed' });
    expect(rig.did).toEqual(['succeed deployment-2 7']);
    rig.answers.state = true;
    await perform(rolling(), { do: 'succeed' });
    expect(rig.did).toEqual(['succeed deployment-2 7', 'succeed deployment-2 7', 'decided deployment-2']);
  });

  it('that it failed shows what the instance printed last, before anybody stops listening', async () => {
    const desired = rolling(rig.image({ prints: ['one', 'two'] }));
    await perform(desired, START);
    const [instance] = await found();
    rig.deps.state.fail = () => Promise.resolve(rig.said.length > 0);
    await perform(desired, { do: 'fail', reason: 'web.1 exited', instance: instance?.id ?? '' });
    expect(rig.said).toEqual([
      'deployment-2: -----> Its last lines:',
      'deployment-2:        one',
      'deployment-2:        two',
    ]);
    expect(rig.did).toEqual(['decided deployment-2']);
  });

  it('says so when the instance printed nothing, and nothing when no instance is to blame', async () => {
    const desired = rolling();
    await perform(desired, START);
    const [instance] = await found();
    await perform(desired, { do: 'fail', reason: 'it never listened', instance: instance?.id ?? '' });
    await perform(desired, { do: 'fail', reason: 'the router', instance: null });
    expect(rig.said).toEqual(['deployment-2: -----> It printed nothing.']);
    expect(rig.did[0]).toBe('fail deployment-2 7: it never listened');
  });
});

describe('stop', () => {
  async function started(desired: DesiredApp, state: 'starting' | 'ready') {
    await perform(desired, START);
    const [one] = await found();
    if (!one) throw new Error('it did not start');
    return { ...one, state };
  }
  const left = async () => (await found()).map(({ state }) => state);

  it('removes what was replaced', async () => {
    const instance = await started(rolling(), 'ready');
    const scene = sceneOf(desiredOf({ current: rolloutOf(rig.image(), 3) }), [instance]);
    await execute(rig.deps, scene, { do: 'stop', instance: instance.id, why: 'superseded' }, patient);
    expect(await left()).toEqual([]);
  });

  it('keeps one of the current deployment that hung, so that its attempt counts', async () => {
    const image = rig.image();
    const instance = await started(rolling(image), 'starting');
    const scene = sceneOf(desiredOf({ current: rolloutOf(image, 2) }), [instance]);
    await execute(rig.deps, scene, { do: 'stop', instance: instance.id, why: 'it hung' }, patient);
    expect(await left()).toEqual(['crashed']);
  });

  it('is known as under way from its first moment to its last, also when it fails', async () => {
    const instance = await started(rolling(), 'ready');
    const scene = sceneOf(desiredOf(), [instance]);
    rig.engine.setAway(true);
    const ending = execute(rig.deps, scene, { do: 'stop', instance: instance.id, why: 'x' }, patient);
    expect([...scene.stopping]).toEqual([instance.id]);
    await expect(ending).rejects.toThrow('engine does not answer');
    expect([...scene.stopping]).toEqual([]);
  });
});

it('removes an instance', async () => {
  await perform(rolling(), START);
  const [instance] = await found();
  await perform(rolling(), { do: 'remove', instance: instance?.id ?? '' });
  expect(await found()).toEqual([]);
});

it('forgets an app from the outside in: its row goes last, so that a crash in between loses nothing', async () => {
  await perform(rolling(), START);
  const [instance] = await found();
  await rig.engine.remove(instance?.id ?? '', patient);
  await perform(desiredOf({ deleting: true }), { do: 'forget' });
  expect(rig.engine.networks.size).toBe(0);
  expect(rig.did).toEqual([
    'remove repository hello-id',
    'forget builds hello-id',
    'delete images hello-id',
    'forget hello-id 7',
  ]);
});

it('does not forget an app whose images a build still holds', async () => {
  rig.answers.imagesGone = false;
  await perform(desiredOf({ deleting: true }), { do: 'forget' });
  expect(rig.did.at(-1)).toBe('delete images hello-id');
});
