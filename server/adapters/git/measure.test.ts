import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bytesIn } from './measure.ts';

const patient = new AbortController().signal;

let repository: string;
beforeEach(async () => {
  repository = await mkdtemp(join(tmpdir(), 'measure-'));
  await mkdir(join(repository, 'objects/pack'), { recursive: true });
  await writeFile(join(repository, 'HEAD'), 'x'.repeat(20));
  await writeFile(join(repository, 'objects/pack/a.pack'), 'x'.repeat(5_000));
  await writeFile(join(repository, 'objects/pack/a.idx'), 'x'.repeat(300));
});
afterEach(() => rm(repository, { recursive: true }));

it('adds up the files of a repository, however deep', async () => {
  expect(await bytesIn(repository, patient)).toBe(5_320);
});

it('leaves out what pushes under way have brought', async () => {
  await mkdir(join(repository, 'objects/tmp_objdir-incoming-x1/pack'), { recursive: true });
  await writeFile(join(repository, 'objects/tmp_objdir-incoming-x1/pack/b.pack'), 'x'.repeat(9_000));
  expect(await bytesIn(repository, patient)).toBe(5_320);
});

it('follows no link', async () => {
  await symlink('/usr', join(repository, 'objects/elsewhere'));
  await symlink('/etc/passwd', join(repository, 'info'));
  expect(await bytesIn(repository, patient)).toBe(5_320);
});

it('is nothing for a repository that is not there', async () => {
  expect(await bytesIn(join(repository, 'gone'), patient)).toBe(0);
});

it('ends when it is asked to', async () => {
  await expect(bytesIn(repository, AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
});
