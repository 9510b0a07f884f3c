import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Home } from '../home.ts';
import { checkDatabaseVersion } from './postgres.ts';

let root: string;
let home: Home;
let installed: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'postgres-'));
  home = { id: 'abc123', root, run: root, logs: root, secrets: root, volatile: root };
  installed = join(root, 'installed');
});
afterEach(() => rm(root, { recursive: true }));

async function install(version: string): Promise<void> {
  await mkdir(join(installed, version, 'bin'), { recursive: true });
  await writeFile(join(installed, version, 'bin', 'postgres'), '');
}
async function made(version: string): Promise<void> {
  await mkdir(join(root, 'postgres'));
  await writeFile(join(root, 'postgres', 'PG_VERSION'), `${version}\n`);
}

describe('the version of the database', () => {
  it('is no matter before there is one, and fine while it is installed', async () => {
    await install('15');
    await expect(checkDatabaseVersion(home, installed)).resolves.toBeUndefined();
    await made('15');
    await expect(checkDatabaseVersion(home, installed)).resolves.toBeUndefined();
  });

  it('is named, with what is there and what to do, when an upgrade of Debian took it away', async () => {
    await made('15');
    await install('17');
    await mkdir(join(installed, '15', 'lib'), { recursive: true }); // what a removed package leaves
    const sentence = `The database in ${root}/postgres is of PostgreSQL 15, which is not installed any more`;
    await expect(checkDatabaseVersion(home, installed)).rejects.toThrow(sentence);
    await expect(checkDatabaseVersion(home, installed)).rejects.toThrow(
      '(there is 17); install postgresql-15 again',
    );
  });

  it('is named also where no PostgreSQL is left at all', async () => {
    await made('15');
    await expect(checkDatabaseVersion(home, installed)).rejects.toThrow('there is none');
  });
});
