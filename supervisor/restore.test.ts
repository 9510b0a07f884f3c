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

it('does not send away whoever keeps the backup in the platform', async () => {
  const home = join(folder, 'home');
  await mkdir(join(home, 'backups'), { recursive: true });
  await writeFile(join(home, 'id'), 'abc123\n');
  const said = await refused(join(home, 'backups', 'one.age'), '--key', 'key');
  expect(said).toContain('Copy the backup and its key (secrets/backup-key) to another place first');
  expect(await refused('one.age', '--key', join(home, 'secrets', 'backup-key'))).toBe(
    said.replace('backups/one.age', 'secrets/backup-key'),
  );
});

it('clears away what a restore left that was killed while it moved things to their place', async () => {
  const home = join(folder, 'home');
  await mkdir(join(home, '.restoring'), { recursive: true });
  await mkdir(join(home, 'secrets'));
  await writeFile(join(home, '.restoring', 'id'), 'abc123\n');
  expect(await refused('backup', '--key', 'key')).toContain('There is no file');
  expect(await readdir(home)).toEqual([]);
});

it('takes nothing away from a directory in which no restore was killed', async () => {
  const home = join(folder, 'home');
  await mkdir(join(home, '.restoring'), { recursive: true });
  await mkdir(join(home, 'secrets'));
  expect(await refused('backup', '--key', 'key')).toContain('holds something that is not a platform');
  expect(await readdir(home)).toEqual(['secrets']);
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
