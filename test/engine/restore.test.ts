import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { BACKUP } from '../../lib/backup-contents.ts';
import { quietLog } from '../../lib/log.ts';
import { runOrThrow } from '../../lib/child.ts';
import { writeBundle } from '../../server/adapters/git/bundle.ts';
import { createGitRepositories } from '../../server/adapters/git/repositories.ts';
import { dumpDatabase } from '../../server/adapters/postgres/dump.ts';
import type { Config } from '../../server/config.ts';
import { takeUpRestore } from '../../server/restored.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

const patient = new AbortController().signal;
let postgres: TestPostgres;
let folder: string;
let dump: string;
beforeAll(async () => {
  postgres = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), 'gantry-restore-'));
  dump = join(folder, 'dump');
  const original = await postgres.createDatabase();
  await ask(original, 'CREATE TABLE letter (line text)');
  await ask(original, "INSERT INTO letter VALUES ('dear')");
  await dumpDatabase(original, dump, patient);
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

let databaseUrl: string;
let home: string;
beforeEach(async () => {
  databaseUrl = await postgres.createDatabase();
  home = await mkdtemp(join(folder, 'home-'));
  await layDown();
});

async function ask(url: string, question: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(question)).rows;
  } finally {
    await client.end();
  }
}

async function layDown(): Promise<void> {
  await mkdir(join(home, BACKUP.bundles), { recursive: true });
  await copyFile(dump, join(home, BACKUP.dump));
}

const ensure = () => Promise.reject(new Error('there is no repository'));
const takeUp = (signal = patient) =>
  takeUpRestore({ home, databaseUrl } as Config, { ensure }, quietLog(), signal);
const lines = () => ask(databaseUrl, 'SELECT line FROM letter');
const written = [{ line: 'dear' }];

it('takes a backup in once', async () => {
  await takeUp();
  expect(await lines()).toEqual(written);
  expect(await readdir(home)).toEqual([]);
  await takeUp();
  expect(await lines()).toEqual(written);
});

it('finishes what was killed after the database was filled, and before that was forgotten [S-SEC-06]', async () => {
  await takeUp();
  await layDown();
  await writeFile(join(home, BACKUP.begun), '');
  await takeUp();
  expect(await lines()).toEqual(written);
  expect(await readdir(home)).toEqual([]);
});

it('begins again when nothing came of the first try', async () => {
  await writeFile(join(home, BACKUP.begun), '');
  await takeUp();
  expect(await lines()).toEqual(written);
});

it('leaves a database alone that has tables of others', async () => {
  await ask(databaseUrl, 'CREATE TABLE theirs ()');
  await expect(takeUp()).rejects.toThrow('the database has tables already');
  expect((await readdir(join(home, BACKUP.restore))).sort()).toEqual(['database.dump', 'repos']);
});

it('fills it once when two servers take it up at the same time', async () => {
  await Promise.all([takeUp(), takeUp()]);
  expect(await lines()).toEqual(written);
  expect(await readdir(home)).toEqual([]);
});

it('waits for a program that fills it and whose server was killed, until it is told to stop', async () => {
  const left = new Client({ connectionString: databaseUrl, application_name: 'gantry restore' });
  await left.connect();
  const stop = new AbortController();
  const taken = takeUp(stop.signal);
  setTimeout(() => stop.abort(new Error('told to stop')), 300);
  await expect(taken).rejects.toThrow('told to stop');
  expect(await readdir(join(home, BACKUP.restore))).not.toContain('filling');
  await left.end();
  await takeUp();
  expect(await lines()).toEqual(written);
});

it('brings every ref of every repository back', async () => {
  const repositories = createGitRepositories({ root: join(home, 'repos'), sources: join(home, 'sources') });
  const original = await repositories.ensure('app-before', patient);
  const git = (repository: string, ...args: string[]) =>
    runOrThrow('git', ['--git-dir', repository, '-c', 'safe.directory=*', ...args], {}, patient);
  const tree = (await git(original, 'hash-object', '-t', 'tree', '-w', '/dev/null')).trim();
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.com'];
  const commit = (await git(original, ...who, 'commit-tree', '-m', 'first', tree)).trim();
  for (const ref of ['refs/heads/main', 'refs/heads/other', 'refs/tags/v1'])
    await git(original, 'update-ref', ref, commit);
  expect(await writeBundle(original, join(home, BACKUP.bundles, 'app-after.bundle'), patient)).toBe(true);
  await takeUpRestore({ home, databaseUrl } as Config, repositories, quietLog(), patient);
  const restored = await repositories.ensure('app-after', patient);
  expect(await git(restored, 'for-each-ref')).toBe(await git(original, 'for-each-ref'));
});
