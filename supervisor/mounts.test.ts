import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mountsBelow } from './mounts.ts';

let base: string;
beforeEach(async () => void (base = await realpath(await mkdtemp(join(tmpdir(), 'mounts-')))));
afterEach(() => rm(base, { recursive: true }));

const mounted = (...points: string[]): string =>
  points
    .map((point, n) => `${30 + n} 22 0:45 / ${point} rw,relatime shared:9 - overlay overlay rw\n`)
    .join('');

it('finds what is mounted below a directory, the last first, and nothing beside it', async () => {
  const root = join(base, 'home');
  const points = ['/', root, `${root}/engine/a`, `${root}-other/b`, `${root}/engine/a/b`];
  expect(await mountsBelow([root, '/run/none'], mounted(...points))).toEqual([
    `${root}/engine/a/b`,
    `${root}/engine/a`,
  ]);
});

it('finds it through a link, be it the directory itself or one above it', async () => {
  await mkdir(join(base, 'real', 'home'), { recursive: true });
  await symlink(join(base, 'real'), join(base, 'parent'));
  await symlink(join(base, 'real', 'home'), join(base, 'itself'));
  const point = join(base, 'real', 'home', 'engine', 'a');
  for (const root of [join(base, 'parent', 'home'), join(base, 'itself')])
    expect(await mountsBelow([root], mounted(point)), root).toEqual([point]);
});
