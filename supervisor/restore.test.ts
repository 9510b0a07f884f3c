import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { readSettings } from './config.ts';
import { restore } from './restore.ts';
import type { Caller } from './up.ts';

const patient = new AbortController().signal;
let folder: string;
let caller: Caller;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'restore-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const env = { GANTRY_HOME: join(folder, 'home') };
  const say = () => undefined;
  caller = { settings: readSettings(env), env, terminal: { say, confirm: () => Promise.resolve(false) } };
});

const refused = async (...args: string[]): Promise<string> =>
  restore(caller, args, patient).then(
    () => 'restored',
    (err: unknown) => (err instanceof Error ? err.message : String(err)),
  );

it.each([
  [[], 'No backup is named.'],
  [['backup'], 'No key is named.'],
  [['backup', 'another', '--key', 'key'], 'Unexpected argument another.'],
  [['backup', '--key'], "Option '--key <value>' argument missing."],
  [['backup', '--force'], "Unknown option '--force'"],
])('says of %j what is wrong and how it is called', async (args, problem) => {
  const said = await refused(...args);
  expect(said).toContain(problem);
  expect(said).toContain('It is called as: script/restore BACKUP --key BACKUP_KEY');
});

it('leaves a platform alone, and a directory that is somebody else’s', async () => {
  const home = join(folder, 'home');
  await mkdir(home);
  await writeFile(join(home, 'letter'), 'dear');
  expect(await refused('backup', '--key', 'key')).toContain('holds something that is not a platform');
  await writeFile(join(home, 'id'), 'abc123\n');
  expect(await refused('backup', '--key', 'key')).toContain('There is a platform in');
  expect(await readdir(home)).toEqual(['id', 'letter']);
});

it('says which file is not there', async () => {
  expect(await refused(join(folder, 'backup'), '--key', 'key')).toBe(
    `There is no file ${join(folder, 'backup')}.`,
  );
  await writeFile(join(folder, 'backup'), '');
  expect(await refused(join(folder, 'backup'), '--key', join(folder, 'key'))).toBe(
    `There is no file ${join(folder, 'key')}.`,
  );
});
