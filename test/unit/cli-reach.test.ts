import { build } from 'esbuild';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CATALOGUE } from '../../cli/catalogue.ts';

const CLI = join(import.meta.dirname, '../../cli');

/** What a command may not reach itself: over SSH it runs on the server, whose files and programs are not the caller's. */
const MACHINE = /^(?:node:)?(?:fs|fs\/promises|child_process|net|tls|dgram|cluster|worker_threads|vm)$/;

/** The file of a command, as the catalogue imports it. */
function fileOf(load: () => unknown): string {
  const path = /["'](?:\.\.|.*\/cli)\/(commands\/[^"']+)["']/.exec(String(load))?.[1];
  if (path === undefined) throw new Error(`this imports no command: ${String(load)}`);
  return path;
}

it('lets no command that can be called over SSH reach the files and programs of the machine it runs on', async () => {
  const remote = CATALOGUE.flatMap(({ commands }) => commands).filter(({ local }) => !local);
  const files = remote.map(({ load }) => fileOf(load));
  const made = await build({
    entryPoints: files.map((file) => join(CLI, file)),
    bundle: true,
    write: false,
    metafile: true,
    outdir: '/nowhere',
    platform: 'node',
    format: 'esm',
  });
  const reached = Object.values(made.metafile.outputs).flatMap(({ entryPoint, imports }) =>
    imports.filter(({ path }) => MACHINE.test(path)).map(({ path }) => `${entryPoint ?? ''} reaches ${path}`),
  );
  expect(Object.keys(made.metafile.outputs)).toHaveLength(new Set(files).size);
  // Mark the command `local`, or read files with `context.readFile`.
  expect(reached).toEqual([]);
}, 60_000); // every command is bundled by itself, and the machine may have much else to do

it('knows of every command there is', async () => {
  const there = (await readdir(join(CLI, 'commands'), { recursive: true }))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => `commands/${name}`);
  const known = CATALOGUE.flatMap(({ commands }) => commands).map(({ load }) => fileOf(load));
  expect(there.sort()).toEqual([...new Set(known)].sort());
});
