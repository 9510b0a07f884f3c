import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { pipeline } from './pipeline.ts';

const patient = new AbortController().signal;
const env = { PATH: '/usr/bin:/bin' };
const program = (command: string, ...args: string[]) => ({ command, args, env });

it('brings every byte of the one to the other', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pipeline-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'out');
  const ended = await pipeline(
    program('head', '-c', '3000000', '/dev/zero'),
    program('dd', `of=${file}`, 'status=none'),
    patient,
  );
  expect(ended).toEqual([
    { code: 0, stderr: '' },
    { code: 0, stderr: '' },
  ]);
  expect(await readFile(file)).toHaveLength(3_000_000);
});

it('tells how each ended, and ends a writer whose reader is gone', async () => {
  const [writer, reader] = await pipeline(
    program('head', '-c', '100000000', '/dev/zero'),
    program('ls', '/no/such/file'),
    patient,
  );
  expect(reader.code).toBe(2);
  expect(reader.stderr).toContain('No such file');
  expect(writer.code).not.toBe(0);
});

it('rejects when one of them is not there', async () => {
  await expect(pipeline(program('true'), program('no-such-program'), patient)).rejects.toThrow('ENOENT');
});

it('ends both when it is aborted', async () => {
  const stop = new AbortController();
  const running = pipeline(program('sleep', '600'), program('cat'), stop.signal);
  stop.abort(new Error('no more'));
  await expect(running).rejects.toThrow('no more');
});
