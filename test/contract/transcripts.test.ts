import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { App } from '../../server/domain/app.ts';
import {
  addApp,
  deployed,
  draftOf,
  LEDGER,
  onEveryStore,
  patient,
  pushed,
  type Stores,
} from '../support/stores.ts';

onEveryStore((open) => {
  it('gives back what was appended, in order, to whoever comes and from wherever they left', async () => {
    await using stores = await open();
    const [one, other] = [randomUUID(), randomUUID()];
    await stores.transcripts.append(one, ['-----> Building', ''], patient);
    await stores.transcripts.append(other, ['elsewhere'], patient);
    await stores.transcripts.append(one, [], patient);
    await stores.transcripts.append(one, [''], patient);
    await stores.transcripts.append(one, ['a\u0000b', '✓ done'], patient);

    const all = await stores.transcripts.read(one, 0, patient);
    expect(all.flatMap(({ lines }) => lines)).toEqual(['-----> Building', '', '', 'a\uFFFDb', '✓ done']);
    const rest = await stores.transcripts.read(one, all[0]?.position ?? 0, patient);
    expect(rest).toEqual(all.slice(1));
    expect(await stores.transcripts.read(one, all.at(-1)?.position ?? 0, patient)).toEqual([]);
    expect(await stores.transcripts.read('nonsense', 0, patient)).toEqual([]);
  });

  it('takes a line end within a line for the beginning of another', async () => {
    await using stores = await open();
    const stream = randomUUID();
    await stores.transcripts.append(stream, ['one\ntwo', 'three'], patient);
    expect(await linesOf(stores, stream)).toEqual(['one', 'two', 'three']);
  });

  it('orders the pages of different streams as they were written', async () => {
    await using stores = await open();
    const [build, deployment] = [randomUUID(), randomUUID()];
    await stores.transcripts.append(build, ['-----> Launching...'], patient);
    await stores.transcripts.append(deployment, ['web.1 is up'], patient);
    await stores.transcripts.append(build, ['Released v2'], patient);
    const [first, last] = await stores.transcripts.read(build, 0, patient);
    const [between] = await stores.transcripts.read(deployment, 0, patient);
    const positions = [first, between, last].map((page) => page?.position ?? 0);
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
    expect(new Set(positions).size).toBe(3);
  });

  it('answers long transcripts a part at a time', async () => {
    await using stores = await open();
    const stream = randomUUID();
    const lines = Array.from({ length: 30_000 }, (_, index) => `line ${index} ${'x'.repeat(100)}`);
    await stores.transcripts.append(stream, lines, patient);
    const [first, ...more] = await stores.transcripts.read(stream, 0, patient);
    expect([first, ...more].flatMap((page) => page?.lines ?? []).length).toBeLessThan(lines.length);
    expect(await linesOf(stores, stream)).toEqual(lines);
  });

  it('shows a reader who follows every line, however many write at once', async () => {
    await using stores = await open();
    const stream = randomUUID();
    const writers = Promise.all(
      ['a', 'b', 'c', 'd'].map(async (writer) => {
        for (let i = 0; i < 25; i += 1)
          await stores.transcripts.append(stream, [`${writer}${i}`, `${writer}${i}'`], patient);
      }),
    );
    const progress = { done: false };
    void writers.then(() => (progress.done = true));
    const seen: string[] = [];
    for (let after = 0; ;) {
      const last = progress.done;
      const pages = await stores.transcripts.read(stream, after, patient);
      seen.push(...pages.flatMap(({ lines }) => lines));
      after = pages.at(-1)?.position ?? after;
      if (last && pages.length === 0) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(new Set(seen).size).toBe(200);
    expect(seen).toHaveLength(200);
  });

  it('prunes those of old builds of each app, and says of which', async () => {
    await using stores = await open();
    const owner = await stores.addUser();
    const [app, other] = [await addApp(stores, owner), await addApp(stores, owner)];
    const builds = await printed(stores, app, 4);
    const [theirs = ''] = await printed(stores, other, 1);
    expect(await stores.transcripts.pruned(builds, patient)).toBe(false);

    expect(await prunedAll(stores, 2)).toBe(2);
    expect(await Promise.all(builds.map((id) => linesOf(stores, id)))).toEqual([
      [],
      [],
      [`of ${builds[2] ?? ''}`],
      [`of ${builds[3] ?? ''}`],
    ]);
    expect(await Promise.all(builds.map((id) => stores.transcripts.pruned([id], patient)))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(await stores.transcripts.pruned([theirs, builds[0] ?? ''], patient)).toBe(true);
    expect(await stores.transcripts.pruned([theirs, 'nonsense'], patient)).toBe(false);
    expect(await linesOf(stores, theirs)).toEqual([`of ${theirs}`]);
    expect(await prunedAll(stores, 2), 'there is nothing left to prune').toBe(0);
  });

  it('prunes many in the end', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const builds = await printed(stores, app, 120);
    expect(await prunedAll(stores, 1)).toBe(119);
    expect(await stores.transcripts.pruned(builds.slice(118, 119), patient)).toBe(true);
    expect(await linesOf(stores, builds[119] ?? '')).toHaveLength(1);
  });

  it('does not prune what is not over', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    const build = await pushed(stores, app);
    await stores.builds.claim(app.id, epoch, patient);
    await stores.transcripts.append(build, ['still building'], patient);
    await deployed(stores, app, epoch);
    const { deployment } = await stores.releases.create(app, await draftOf(stores, app), patient);
    await stores.transcripts.append(deployment?.id ?? '', ['still rolling'], patient);
    expect(await prunedAll(stores, 0)).toBe(1);
    expect(await linesOf(stores, build)).toEqual(['still building']);
    expect(await linesOf(stores, deployment?.id ?? '')).toEqual(['still rolling']);
  });

  it('prunes those of old deployments, but not that of a build that is kept', async () => {
    await using stores = await open();
    const app = await addApp(stores, await stores.addUser());
    const epoch = await stores.controller.takeOver(patient);
    const build = await pushed(stores, app);
    await stores.builds.claim(app.id, epoch, patient);
    const { release, deployment: ofBuild } = await deployed(stores, app, epoch);
    await stores.builds.recordRelease(build, epoch, release.id, patient);
    await stores.builds.settle(build, epoch, { status: 'succeeded' }, patient);
    const restart = await stores.releases.redeploy(app, patient);
    await stores.controller.begin(restart?.id ?? '', epoch, patient);
    await stores.controller.succeed(restart?.id ?? '', epoch, LEDGER, patient);
    const { deployment: newest } = await deployed(stores, app, epoch);
    const all = [ofBuild.id, restart?.id ?? '', newest.id];
    for (const id of all) await stores.transcripts.append(id, [`of ${id}`], patient);

    expect(await prunedAll(stores, 1)).toBe(1);
    const gone = async () => Promise.all(all.map((id) => stores.transcripts.pruned([id], patient)));
    expect(await gone()).toEqual([false, true, false]);
    expect(await linesOf(stores, ofBuild.id)).toEqual([`of ${ofBuild.id}`]);
    expect(await linesOf(stores, restart?.id ?? '')).toEqual([]);
    await printed(stores, app, 1);
    await prunedAll(stores, 1);
    expect(await gone(), 'its build is old now').toEqual([true, true, false]);
  });
});

/** Builds that are over, each of which has said whose lines these are; oldest first. */
async function printed(stores: Stores, app: App, count: number): Promise<string[]> {
  const epoch = await stores.controller.takeOver(patient);
  const builds: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = await pushed(stores, app);
    builds.push(id);
    await stores.builds.claim(app.id, epoch, patient);
    await stores.transcripts.append(id, [`of ${id}`], patient);
    await stores.builds.settle(id, epoch, { status: 'failed', failure: 'x' }, patient);
  }
  return builds;
}

async function prunedAll(stores: Stores, keep: number): Promise<number> {
  let all = 0;
  for (;;) {
    const some = await stores.transcripts.prune(keep, patient);
    if (some === 0) return all;
    all += some;
  }
}

async function linesOf(stores: Stores, stream: string): Promise<string[]> {
  const lines: string[] = [];
  for (let after = 0; ;) {
    const pages = await stores.transcripts.read(stream, after, patient);
    if (pages.length === 0) return lines;
    for (const page of pages) lines.push(...page.lines);
    after = pages.at(-1)?.position ?? after;
  }
}
