import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import fc from 'fast-check';
import { BUG, DATABASE_AWAY } from '../../test/support/build-courses.ts';
import { failsBefore } from '../../test/support/mishaps.ts';
import { createDeployRig, imageOf, patient, type DeployRig } from '../../test/support/services-rig.ts';
import { databaseAway } from './transcript-lines.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Reads a stream to its end, beside the test. */
function reader(rig: DeployRig, stream: string, signal = patient) {
  const seen: string[] = [];
  const read = async (): Promise<string> => {
    for await (const text of rig.transcripts.follow(stream, signal)) seen.push(text);
    return 'over';
  };
  const ended = read();
  ended.catch(() => undefined); // told by who awaits it
  return { seen, ended };
}

async function rigWithBuild() {
  const rig = createDeployRig();
  const app = await rig.createApp();
  const build = await rig.submit(app);
  await rig.builds.claim(app.id, 1, patient);
  const settle = async (): Promise<void> => {
    await rig.builds.settle(build.id, 1, { status: 'succeeded' }, patient);
    rig.bulletin.post(build.id);
  };
  return { rig, app, build, settle };
}

describe('who follows a stream', () => {
  it('reads it from the start, then each line as it is written, until the build is settled', async () => {
    const { rig, build, settle } = await rigWithBuild();
    await rig.transcripts.append(build.id, ['one', 'two'], patient);
    const { seen, ended } = reader(rig, build.id);
    await vi.advanceTimersByTimeAsync(0);
    expect(seen).toEqual(['one', 'two']);
    await rig.transcripts.append(build.id, ['three'], patient);
    await vi.advanceTimersByTimeAsync(0);
    expect(seen, 'without waiting for the next look').toEqual(['one', 'two', 'three']);
    await settle();
    await vi.advanceTimersByTimeAsync(0);
    expect(await ended).toBe('over');
  });

  it('reads a deployment’s stream until it is decided', async () => {
    const rig = createDeployRig();
    rig.course.outcome = 'by hand';
    const { deployment } = await rig.release(await rig.createApp(), imageOf());
    const { seen, ended } = reader(rig, deployment.id);
    await vi.advanceTimersByTimeAsync(2_000);
    await rig.decide(deployment, null);
    await vi.advanceTimersByTimeAsync(0);
    expect(await ended).toBe('over');
    expect(seen).toEqual(['       Starting v2']);
  });

  it('sees within half a second what another process wrote, of which no notice comes', async () => {
    const { rig, build } = await rigWithBuild();
    const { seen } = reader(rig, build.id);
    await vi.advanceTimersByTimeAsync(10);
    await rig.lines.append(build.id, ['from elsewhere'], patient);
    await vi.advanceTimersByTimeAsync(500);
    expect(seen).toEqual(['from elsewhere']);
  });

  it('misses no line that was written just before the end', async () => {
    const { rig, build } = await rigWithBuild();
    rig.mishaps.at('lines.read', async (call) => {
      const nothingYet = await call();
      await rig.lines.append(build.id, ['last words'], patient);
      await rig.builds.settle(build.id, 1, { status: 'succeeded' }, patient);
      return nothingYet;
    });
    const { seen, ended } = reader(rig, build.id);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await ended).toBe('over');
    expect(seen).toEqual(['last words']);
  });

  it('reads more than one answer of the store holds, in order, once', async () => {
    const { rig, build, settle } = await rigWithBuild();
    const many = Array.from({ length: 2_500 }, (_, i) => `line ${i}`);
    await rig.transcripts.append(build.id, many, patient);
    await settle();
    const { seen, ended } = reader(rig, build.id);
    await ended;
    expect(seen).toEqual(many);
  });

  it('reads all of it again when coming back, after the end as well', async () => {
    const { rig, build, settle } = await rigWithBuild();
    await rig.transcripts.append(build.id, ['one'], patient);
    await settle();
    for (let visit = 0; visit < 2; visit += 1) {
      const { seen, ended } = reader(rig, build.id);
      await ended;
      expect(seen).toEqual(['one']);
    }
  });

  it('of nothing is told that there is no such stream, by a name that is cut short', async () => {
    const rig = createDeployRig();
    await expect(reader(rig, 'x'.repeat(500)).ended).rejects.toMatchObject({
      id: 'not_found',
      params: { resource: 'stream', name: 'x'.repeat(100) },
    });
  });

  it('leaves when the signal aborts', async () => {
    const { rig, build } = await rigWithBuild();
    const leave = new AbortController();
    const { ended } = reader(rig, build.id, leave.signal);
    await vi.advanceTimersByTimeAsync(10);
    leave.abort(new Error('gone'));
    await expect(ended).rejects.toThrow('gone');
  });
});

describe('what is no longer kept', () => {
  const GONE = [
    ' !     What was printed here is no longer kept: Gantry keeps it of the 20 newest builds and deployments of an app',
  ];

  it('is told as that to whoever asks for it, of a build and of a deployment', async () => {
    const { rig, build, settle } = await rigWithBuild();
    rig.course.outcome = 'by hand';
    const { deployment } = await rig.release(await rig.createApp('other'), imageOf());
    await rig.decide(deployment, null);
    await rig.transcripts.append(build.id, ['one'], patient);
    await settle();
    while ((await rig.lines.prune(0, patient)) > 0);
    for (const stream of [build.id, deployment.id]) {
      const { seen, ended } = reader(rig, stream);
      await ended;
      expect(seen).toEqual(GONE);
    }
  });

  it('is told as that to who is in the midst of it', async () => {
    const { rig, build, settle } = await rigWithBuild();
    await rig.transcripts.append(build.id, ['one'], patient);
    await settle();
    const seen: string[] = [];
    for await (const line of rig.transcripts.follow(build.id, patient)) {
      seen.push(line);
      if (line === 'one') while ((await rig.lines.prune(0, patient)) > 0);
    }
    expect(seen).toEqual(['one', ...GONE]);
  });

  it('is not told of what has printed nothing yet, or nothing at all', async () => {
    const { rig, build, settle } = await rigWithBuild();
    const { seen, ended } = reader(rig, build.id);
    await vi.advanceTimersByTimeAsync(1_000);
    await rig.lines.prune(0, patient);
    await settle();
    await vi.advanceTimersByTimeAsync(1_000);
    await ended;
    expect(seen).toEqual([]);
  });
});

describe('a database that is away', () => {
  it.each(['builds.find', 'lines.read'])(
    'at %s is outlived by who follows already, who misses nothing',
    async (call) => {
      const { rig, build, settle } = await rigWithBuild();
      await rig.transcripts.append(build.id, ['one'], patient);
      const { seen, ended } = reader(rig, build.id);
      await vi.advanceTimersByTimeAsync(10);
      for (let i = 0; i < 3; i += 1) rig.mishaps.at(call, failsBefore(DATABASE_AWAY));
      await rig.transcripts.append(build.id, ['two'], patient);
      await settle();
      await vi.advanceTimersByTimeAsync(3_000);
      expect(rig.mishaps.unused()).toEqual([]);
      expect(await ended).toBe('over');
      expect(seen).toEqual(['one', databaseAway(), 'two']);
    },
  );

  it('is waited for no longer than the reader stays', async () => {
    const { rig, build } = await rigWithBuild();
    const leave = new AbortController();
    const { ended } = reader(rig, build.id, leave.signal);
    await vi.advanceTimersByTimeAsync(10);
    for (let i = 0; i < 3; i += 1) rig.mishaps.at('lines.read', failsBefore(DATABASE_AWAY));
    await vi.advanceTimersByTimeAsync(600);
    leave.abort(new Error('gone'));
    await expect(ended).rejects.toThrow('gone');
  });
});

describe('a writer', () => {
  it('stores everything in order, in fewer appends than lines, however appends and lines interleave', async () => {
    const pauses = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(pauses, fc.nat({ max: 5 }), async (gaps, slowness) => {
        const { rig, build } = await rigWithBuild();
        let appends = 0;
        let running = 0;
        for (let i = 0; i < 41; i += 1)
          rig.mishaps.at('lines.append', async (call) => {
            appends += 1;
            expect((running += 1), 'one at a time').toBe(1);
            for (let turn = 0; turn < slowness; turn += 1) await Promise.resolve();
            await call();
            running -= 1;
          });
        const writer = rig.transcripts.writer(build.id, patient);
        const texts = gaps.map((_, i) => `line ${i}`);
        for (const [i, gap] of gaps.entries()) {
          writer.write(`line ${i}`);
          for (let turn = 0; turn < gap; turn += 1) await Promise.resolve();
        }
        await writer.flush();
        expect(await rig.said(build)).toEqual(texts);
        expect(appends).toBeLessThanOrEqual(texts.length);
      }),
      { numRuns: 50 },
    );
  });

  it('sends what came while an append was under way with the next one', async () => {
    const { rig, build } = await rigWithBuild();
    let appends = 0;
    for (let i = 0; i < 2; i += 1)
      rig.mishaps.at('lines.append', async (call) => {
        appends += 1;
        await new Promise((resolve) => setTimeout(resolve, 50));
        return call();
      });
    const writer = rig.transcripts.writer(build.id, patient);
    writer.write('first');
    await vi.advanceTimersByTimeAsync(10);
    for (let i = 0; i < 100; i += 1) writer.write(`line ${i}`);
    const flushed = writer.flush();
    await vi.advanceTimersByTimeAsync(200);
    await flushed;
    expect([appends, (await rig.said(build)).length]).toEqual([2, 101]);
  });

  it('tells at the flush what went wrong, and nothing before', async () => {
    const { rig, build } = await rigWithBuild();
    rig.mishaps.at('lines.append', failsBefore(BUG));
    const writer = rig.transcripts.writer(build.id, patient);
    writer.write('lost');
    await vi.advanceTimersByTimeAsync(10);
    writer.write('after it');
    await expect(writer.flush()).rejects.toBe(BUG);
    expect(await rig.said(build), 'no line without the one before it').toEqual([]);
  });
});
