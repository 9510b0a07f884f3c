import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { describe, expect, it } from 'vitest';
import type { DockerClient } from './client.ts';
import { createOutput, FROM_START } from './output.ts';

const patient = new AbortController().signal;

/** A record of the log as the engine frames it. */
function frame(text: string, { at = 1, err = false } = {}): Buffer {
  const payload = Buffer.from(`2026-11-21T12:00:00.${String(at).padStart(9, '0')}Z ${text}`);
  const head = Buffer.alloc(8);
  head.writeUInt8(err ? 2 : 1, 0);
  head.writeUInt32BE(payload.length, 4);
  return Buffer.concat([head, payload]);
}
const NOON = BigInt(Date.parse('2026-11-21T12:00:00Z')) * 1_000_000n;

/** An engine that answers a question about logs with this. */
function createRig(answer: Buffer | Readable | Error) {
  const asked: unknown[] = [];
  let closed = 0;
  const docker = {
    getContainer: (id: string) => ({
      logs(options: { readonly abortSignal?: AbortSignal }) {
        asked.push({ id, ...options, abortSignal: undefined });
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    }),
  } as unknown as Docker;
  const client = {
    call: (signal: AbortSignal, work: (docker: Docker, signal: AbortSignal) => Promise<unknown>) =>
      work(docker, signal),
    open: async (signal: AbortSignal, work: (docker: Docker, signal: AbortSignal) => Promise<Readable>) => ({
      stream: await work(docker, signal),
      close: () => void (closed += 1),
    }),
  } as unknown as DockerClient;
  return { output: createOutput(client), asked, closed: () => closed };
}
async function all<T>(of: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const one of of) seen.push(one);
  return seen;
}
const missing = Object.assign(new Error('no such container'), { statusCode: 404 });

describe('the last lines of a container', () => {
  it('are so many, oldest first, of both streams, the one without an end too', async () => {
    const log = Buffer.concat([
      frame('one\n'),
      frame('two\n', { err: true, at: 2 }),
      frame('three', { at: 3 }),
    ]);
    const rig = createRig(log);
    expect((await rig.output.last('c', 3, patient)).map(({ text }) => text)).toEqual(['one', 'two', 'three']);
    expect((await rig.output.last('c', 2, patient)).map(({ text }) => text)).toEqual(['two', 'three']);
    expect(rig.asked[0]).toMatchObject({
      id: 'c',
      stdout: true,
      stderr: true,
      timestamps: true,
      follow: false,
      tail: 3,
    });
  });

  it('are none of a container that is gone, and none that nobody wants are asked for', async () => {
    expect(await createRig(missing).output.last('c', 3, patient)).toEqual([]);
    const rig = createRig(Buffer.alloc(0));
    for (const lines of [0, -1]) expect(await rig.output.last('c', lines, patient)).toEqual([]);
    expect(rig.asked).toEqual([]);
    await expect(createRig(new Error('away')).output.last('c', 3, patient)).rejects.toThrow('away');
  });
});

describe('following a container', () => {
  it('gives every line until it ends, however they arrive, and lets go of the engine', async () => {
    const bytes = Buffer.concat([frame('one\ntwo\n'), frame('three', { at: 9 })]);
    const rig = createRig(Readable.from([bytes.subarray(0, 5), bytes.subarray(5, 50), bytes.subarray(50)]));
    const lines = await all(rig.output.follow('c', FROM_START, patient));
    expect(lines.map(({ text }) => text)).toEqual(['one', 'two', 'three']);
    expect(lines.at(-1)?.stamp).toBe(NOON + 9n);
    expect(rig.closed()).toBe(1);
    expect(rig.asked).toEqual([
      { id: 'c', stdout: true, stderr: true, timestamps: true, follow: true, abortSignal: undefined },
    ]);
  });

  it('after a moment gives what is later, though the engine repeats that moment', async () => {
    const bytes = Buffer.concat([
      frame('before\n', { at: 4 }),
      frame('at\n', { at: 5 }),
      frame('after\n', { at: 6 }),
    ]);
    const rig = createRig(Readable.from([bytes, frame('without an end', { at: 5 })]));
    const lines = await all(rig.output.follow('c', { after: NOON + 5n, tail: 7 }, patient));
    expect(lines.map(({ text }) => text)).toEqual(['after']);
    expect(rig.asked).toMatchObject([
      { since: `${Date.parse('2026-11-21T12:00:00Z') / 1000}.000000005`, tail: 7 },
    ]);
  });

  it('lets go of the engine also when whoever reads has enough, and when the log breaks', async () => {
    const rig = createRig(Readable.from([frame('one\n'), frame('two\n', { at: 2 })]));
    for await (const { text } of rig.output.follow('c', FROM_START, patient)) {
      expect(text).toBe('one');
      break;
    }
    expect(rig.closed()).toBe(1);
    const broken = createRig(Readable.from([Buffer.from('this is none of its logs')]));
    await expect(all(broken.output.follow('c', FROM_START, patient))).rejects.toThrow('not in the form');
    expect(broken.closed()).toBe(1);
  });
});
