import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { built } from '../../test/support/build-courses.ts';
import { failsBefore } from '../../test/support/mishaps.ts';
import {
  commit,
  createDeployRig,
  MAIN,
  OBJECTS,
  patient,
  type DeployRig,
} from '../../test/support/services-rig.ts';
import type { App } from '../domain/app.ts';

let rig: DeployRig;
let app: App;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  rig = createDeployRig();
  app = await rig.createApp();
});
afterEach(() => void vi.useRealTimers());

/** Pushes, and answers whether that was deployed. */
async function push(digit: string): Promise<boolean> {
  rig.builder.expect(app.id, [built()]);
  const from = rig.repositories.refs.get(`${app.id} ${MAIN}`) ?? null;
  const updates = [{ ref: MAIN, from, to: commit(digit) }];
  const offer = { updates, quarantine: OBJECTS, say: () => undefined };
  const answer = rig.pushes.receive(rig.ann, app.id, offer, patient);
  await vi.advanceTimersByTimeAsync(1); // the push is recorded
  rig.deploys.drain(app.id, patient).catch(() => undefined);
  await vi.advanceTimersByTimeAsync(2_000);
  if (await answer) rig.repositories.refs.set(`${app.id} ${MAIN}`, commit(digit));
  return answer;
}

const noted = async (): Promise<number | null> => (await rig.again(app)).repositoryBytes;

it('is noted after every push, whatever became of the deploy', async () => {
  expect(await noted()).toBeNull();
  rig.repositories.sizes.set(app.id, 5_320);
  expect(await push('a')).toBe(true);
  expect(await noted()).toBe(5_320);
  rig.repositories.sizes.set(app.id, 9_000);
  rig.course.outcome = { failure: 'web.1 exited with status 1.' };
  expect(await push('b')).toBe(false);
  expect(await noted()).toBe(9_000);
});

it('fails no push when nobody can say it', async () => {
  rig.mishaps.at('apps.noteRepositoryBytes', failsBefore(new Error('the disk is away')));
  expect(await push('a')).toBe(true);
  expect(rig.mishaps.unused()).toEqual([]);
  expect(await noted()).toBeNull();
});
