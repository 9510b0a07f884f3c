import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runOrThrow } from '../../lib/child.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';

/** The command line as another machine gets it: packed, installed by npm, with Node and nothing else. */
const ROOT = join(import.meta.dirname, '..', '..');
const patient = new AbortController().signal;
let dir: string;
let door: TestDoor;

beforeAll(async () => {
  dir = await mkdtemp('/tmp/gantry-pack-');
  door = await openTestDoor();
  door.world.deployed('demo');
  const said = await runOrThrow(join(ROOT, 'script', 'pack-cli'), [dir], {}, patient);
  const tarball = said.trim().split('\n').at(-1) ?? '';
  for (const name of ['home', 'bin', 'prefix']) await mkdir(join(dir, name));
  await symlink(process.execPath, join(dir, 'bin', 'node'));
  const args = [
    'install',
    '--global',
    '--offline',
    '--no-audit',
    '--no-fund',
    '--prefix',
    join(dir, 'prefix'),
  ];
  const env = { PATH: process.env['PATH'], HOME: join(dir, 'home') };
  await runOrThrow('npm', [...args, tarball], { env }, patient);
});
afterAll(async () => {
  await door[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

function gantry(...args: readonly string[]): Promise<string> {
  const env = {
    PATH: join(dir, 'bin'),
    HOME: join(dir, 'home'),
    GANTRY_API_URL: door.url,
    GANTRY_API_KEY: door.world.adminToken,
  };
  return runOrThrow(join(dir, 'prefix', 'bin', 'gantry'), args, { env, cwd: dir }, patient);
}

it('runs where there is Node and nothing else', async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(await gantry('--version')).toBe(`${version}\n`);
  expect(await gantry('help')).toContain('apps:create');
  expect(await gantry('apps')).toContain('demo');
  expect(JSON.parse(await gantry('ps', '-a', 'demo', '--json'))).toEqual(expect.any(Array));
});

it('fails when its output has no room, and says so', async () => {
  const full = await open('/dev/full', 'w');
  const program = join(dir, 'prefix', 'bin', 'gantry');
  const child = spawn(program, ['help'], {
    env: { PATH: join(dir, 'bin'), HOME: join(dir, 'home') },
    stdio: ['ignore', full.fd, 'pipe'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const said = child.stderr ? await text(child.stderr) : '';
  const [code] = await exited;
  await full.close();
  expect(said).toMatch(/^Error: the output could not be written: ENOSPC/);
  expect(code).toBe(1);
});

it('depends on no package, runs nothing when it is installed, and says whose work it holds', async () => {
  const home = join(dir, 'prefix', 'lib', 'node_modules', 'gantry-cli');
  const manifest = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as object;
  expect(Object.keys(manifest).toSorted()).toEqual(
    ['bin', 'description', 'engines', 'license', 'man', 'name', 'type', 'version'].toSorted(),
  );
  expect((await readdir(home)).toSorted()).toEqual(
    ['LICENSE', 'README.md', 'THIRD-PARTY-NOTICES.md', 'dist', 'docs', 'package.json'].toSorted(),
  );
  const notices = await readFile(join(home, 'THIRD-PARTY-NOTICES.md'), 'utf8');
  for (const name of ['commander', 'zod']) expect(notices).toMatch(new RegExp(`^## .*${name} \\d`, 'm'));
});
