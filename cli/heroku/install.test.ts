import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findHeroku, HEROKU_VERSION, installHeroku } from './install.ts';

const patient = new AbortController().signal;
let root: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'gantry-heroku-'));
  folder = join(root, 'data');
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** An npm that makes what it is told to make; `$4` is the folder it is given. */
async function npm(script: string): Promise<NodeJS.ProcessEnv> {
  const bin = join(root, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'npm'), `#!/bin/sh\necho "$@" >> ${root}/calls\n${script}\n`);
  await chmod(join(bin, 'npm'), 0o755);
  return { PATH: `${bin}:/usr/bin:/bin` };
}
const making = (version: string): string =>
  `mkdir -p "$3/node_modules/heroku" && echo '{"name":"heroku","version":"${version}","bin":"./bin/run.js"}' > "$3/node_modules/heroku/package.json"`;

describe('the heroku command', () => {
  it('is fetched once, in the version that is wanted, and no script of a package runs', async () => {
    expect(await findHeroku(folder)).toBeUndefined();
    const env = await npm(
      `case "$*" in *--ignore-scripts*heroku@${HEROKU_VERSION}) ${making(HEROKU_VERSION)};; *) exit 1;; esac`,
    );
    const made = await installHeroku(folder, env, patient);
    expect(made.script).toBe(join(folder, HEROKU_VERSION, 'node_modules/heroku/bin/run.js'));
    expect(await findHeroku(folder)).toEqual(made);
    expect(await readdir(folder)).toEqual([HEROKU_VERSION]);
  });

  it('is the same for two that fetch it at once', async () => {
    const env = await npm(`sleep 0.2; ${making(HEROKU_VERSION)}`);
    const both = await Promise.all([1, 2].map(() => installHeroku(folder, env, patient)));
    expect(both[0]).toEqual(both[1]);
    expect(await readdir(folder)).toEqual([HEROKU_VERSION]);
  });

  it.each([
    [
      'npm fails',
      'echo "npm error code E404" >&2; exit 1',
      /could not be fetched from the npm registry: npm error code E404/,
    ],
    ['another version came', making('12.0.0'), /is not the heroku command 11\.10\.0/],
  ])('is not there when %s, and nothing half made is left', async (_, script, said) => {
    await expect(installHeroku(folder, await npm(script), patient)).rejects.toThrow(said);
    expect(await findHeroku(folder)).toBeUndefined();
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('needs npm', async () => {
    await expect(installHeroku(folder, { PATH: root }, patient)).rejects.toThrow(/npm is needed once/);
  });

  it('is fetched anew after an interruption, and what that left goes in time', async () => {
    const stop = new AbortController();
    const stuck = installHeroku(folder, await npm('exec sleep 30'), stop.signal);
    setTimeout(() => stop.abort(new Error('interrupted')), 100);
    await expect(stuck).rejects.toThrow();
    await mkdir(join(folder, '.draft-old'), { recursive: true });
    await mkdir(join(folder, '.draft-new'));
    await utimes(join(folder, '.draft-old'), 0, 0);
    await installHeroku(folder, await npm(making(HEROKU_VERSION)), patient);
    expect((await readdir(folder)).sort()).toEqual(['.draft-new', HEROKU_VERSION]);
  });
});
