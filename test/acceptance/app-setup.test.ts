import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { meetPerson, type Person } from '../support/person.ts';

let ann: Person;
let folder: string;
beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  folder = join((await ann.newApp('setup-none')).dir, 'shop');
  await mkdir(folder);
});
afterAll(() => ann[Symbol.asyncDispose]());

const SERVER = `
const { createServer } = require('node:http');
const { GREETING, OWNER, SECRET } = process.env;
createServer((req, res) => res.end([req.url, GREETING, OWNER, SECRET.length].join(' '))).listen(process.env.PORT);
`;

async function write(manifest: unknown): Promise<void> {
  const files = {
    'app.json': JSON.stringify(manifest),
    'package.json': JSON.stringify({ name: 'shop', version: '1.0.0', scripts: { start: 'node server.js' } }),
    'package-lock.json': JSON.stringify({
      ...{ name: 'shop', version: '1.0.0', lockfileVersion: 3 },
      packages: { '': { name: 'shop', version: '1.0.0' } },
    }),
    Procfile: 'web: node server.js\n',
    'server.js': SERVER,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
}

const MANIFEST = {
  env: { SECRET: { generator: 'secret' }, GREETING: 'hello', OWNER: { required: true } },
  formation: { web: { quantity: 2 } },
  scripts: { postdeploy: 'echo "seeded for $OWNER with ${#SECRET}"' },
  success_url: '/welcome',
};

it('an app is set up from its app.json alone: config, formation, the command that is run once, the page to go to', async () => {
  await write(MANIFEST);
  const done = await ann.gantry('apps:setup', folder, '--name', 'setup-shop', '-e', 'OWNER=ann');
  expect(done.code, done.stderr).toBe(0);
  expect(done.stderr).toContain('seeded for ann with 64');
  expect(done.stdout).toMatch(/^http:\/\/setup-shop\.[^/]+\/welcome\n$/);
  expect((await ann.visit('setup-shop', '/welcome')).body).toBe('/welcome hello ann 64');
  expect(await ann.json('ps', '-a', 'setup-shop')).toHaveLength(2);
  await ann.destroy('setup-shop');
});

it('one whose command fails says so with what it printed, and one that lacks a config var leaves no app', async () => {
  await write({ ...MANIFEST, scripts: { postdeploy: 'echo no table; exit 3' } });
  const failed = await ann.gantry('apps:setup', folder, '--name', 'setup-shop', '-e', 'OWNER=ann');
  expect(failed).toMatchObject({ code: 1, stdout: '' });
  expect(failed.stderr).toMatch(/no table[\s\S]*ended with status 3/);
  await ann.destroy('setup-shop');
  const lacking = await ann.gantry('apps:setup', folder, '--name', 'setup-shop');
  expect([lacking.code, lacking.stderr]).toEqual([1, expect.stringContaining('env.OWNER is required')]);
  expect(lacking.stderr).toContain('setup-shop was removed again');
  expect(await ann.gantry('apps:info', '-a', 'setup-shop')).toMatchObject({
    ...{ code: 1, stderr: expect.stringContaining("Couldn't find that app") as unknown },
  });
});
