import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startLoad } from '../support/load.ts';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { staticSite } from '../support/samples.ts';

let ann: Person;
let repo: Repo;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  repo = await ann.newApp('folder');
});
afterAll(() => ann[Symbol.asyncDispose]());

/** Puts the files into the folder, without telling git. */
async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(repo.dir, name)), { recursive: true });
    await writeFile(join(repo.dir, name), text);
  }
}

it('a folder without git is live when the command exits 0', async () => {
  await write({ ...staticSite('one'), '.gitignore': 'secret.html\n', 'secret.html': 'secret' });
  const deployed = await ann.gantry('deploy', repo.dir, '-a', 'folder');
  expect(deployed.stderr).toContain('Released v2');
  expect(deployed.code).toBe(0);
  expect((await ann.visit('folder')).body).toContain('one');
  expect((await ann.visit('folder', '/secret.html')).body).not.toContain('secret\n');
});

it('a push after it is as good as ever, and its branch is that of the push, whatever is deployed since', async () => {
  const commit = await repo.commit(staticSite('two'));
  expect((await repo.push()).code).toBe(0);
  await write(staticSite('three'));
  expect((await ann.gantry('deploy', repo.dir, '-a', 'folder', '--version', 'v3')).code).toBe(0);
  expect((await ann.visit('folder')).body).toContain('three');
  const branch = await repo.git('ls-remote', 'gantry', 'refs/heads/main');
  expect(branch.stdout.split('\t')[0]).toBe(commit);
  expect(await ann.json('releases', '-a', 'folder', '-n', '1')).toMatchObject([
    { version: 4, description: 'Deploy v3', current: true },
  ]);
});

it('what cannot be built exits 1 with the reason, and leaves what serves', async () => {
  const empty = join(repo.dir, 'nothing');
  await mkdir(empty);
  await writeFile(join(empty, 'readme'), 'nothing to build');
  const refused = await ann.gantry('deploy', empty, '-a', 'folder');
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('No default language could be detected');
  await ann.gantry('buildpacks:set', 'heroku/ruby', '-a', 'folder');
  const unknown = await ann.gantry('deploy', repo.dir, '-a', 'folder');
  expect([unknown.code, unknown.stderr]).toMatchObject([
    1,
    expect.stringContaining('heroku/ruby is not one of'),
  ]);
  await ann.gantry('buildpacks:clear', '-a', 'folder');
  await rm(empty, { recursive: true });
  expect((await ann.visit('folder')).body).toContain('three');
});

it('an app that is renamed serves at once under its new name, and its repository is where it was', async () => {
  const load = startLoad({ port: ann.place.httpPort, host: 'folder.localhost', perSecond: 50 });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await load.stop()).failures).toEqual([]);
  expect((await ann.gantry('apps:rename', 'renamed', '-a', 'folder')).code).toBe(0);
  const after = startLoad({ port: ann.place.httpPort, host: 'renamed.localhost', perSecond: 50 });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect((await after.stop()).failures).toEqual([]);
  expect((await ann.visit('folder')).status).toBe(404);
  const url = `ssh://git@127.0.0.1:${ann.place.sshPort}/renamed.git`;
  expect((await repo.git('ls-remote', url)).stdout).toContain('refs/heads/main');
  await ann.destroy('renamed');
});
