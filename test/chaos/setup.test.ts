import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { meetPerson, type Person, type Repo } from '../support/person.ts';
import { dockerfileApp } from '../support/samples.ts';
import { kill9, pidOf } from '../support/victims.ts';

let ann: Person;
let repo: Repo;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  repo = await ann.newApp('setup-nearby');
});
afterAll(() => ann[Symbol.asyncDispose]());

it('a setup whose server is killed while its command runs ends with what that printed, and runs it once', async () => {
  const folder = join(repo.dir, 'source');
  await mkdir(folder);
  const manifest = { scripts: { postdeploy: 'echo begun; sleep 6; echo ended' } };
  const files = { ...dockerfileApp('setup'), 'app.json': JSON.stringify(manifest) };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const done = ann.gantry('apps:setup', folder, '--name', 'setup-killed');
  await expect
    .poll(async () => (await ann.gantry('ps', '-a', 'setup-killed')).stdout, { timeout: 120_000 })
    .toMatch(/run\.\d+ +up/);
  await kill9(await pidOf(inject('platform').home, 'server'));
  const { code, stderr, stdout } = await done;
  expect(code, stderr).toBe(0);
  expect(stderr.match(/^ +(begun|ended)$/gm)).toEqual(['    begun', '    ended']);
  expect(stdout).toContain('setup-killed');
  await ann.destroy('setup-killed');
});
