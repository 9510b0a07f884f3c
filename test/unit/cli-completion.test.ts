import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, runOrThrow } from '../../lib/child.ts';
import { openTestCli } from '../support/test-cli.ts';
import { CATALOGUE } from '../../cli/catalogue.ts';
import { completionFor } from '../../cli/completion.ts';

const patient = new AbortController().signal;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'completion-'));
  await mkdir(join(dir, 'bin'));
  // What the completion asks for names; anything else it must not call.
  await writeFile(
    join(dir, 'bin', 'gantry'),
    '#!/bin/sh\n[ "$*" = "completion apps" ] && echo hello && echo hollow\n',
  );
  await chmod(join(dir, 'bin', 'gantry'), 0o755);
  for (const shell of ['bash', 'zsh', 'fish'] as const)
    await writeFile(
      join(dir, `gantry.${shell}`),
      completionFor(
        shell,
        CATALOGUE.flatMap(({ commands }) => commands),
      ),
    );
});
afterAll(() => rm(dir, { recursive: true }));

const env = () => ({ PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}`, HOME: dir });

/** What bash would offer for a line with the cursor at its end, by the words it parts the line into. */
async function inBash(line: string): Promise<string[]> {
  const program =
    'source "$1"; complete -p gantry >/dev/null; COMP_LINE=$2 COMP_POINT=${#2}; _gantry; printf "%s\\n" "${COMPREPLY[@]}"';
  const said = await runOrThrow(
    'bash',
    ['-c', program, 'bash', join(dir, 'gantry.bash'), line],
    { env: env() },
    patient,
  );
  return said.split('\n').filter((word) => word !== '');
}

describe('completion in bash', () => {
  it.each([
    ['gantry apps:cr', ['create']], // the colon parts words, so the rest is what is put in
    ['gantry rol', ['rollback']],
    ['gantry ps:scale --no', ['--no-wait']],
    ['gantry scale --no', ['--no-wait']],
    ['gantry logs -a ', ['hello', 'hollow']],
    ['gantry logs --app hel', ['hello']],
    ['gantry apps:info holl', ['hollow']],
    ['gantry apps:destroy hello --confirm hel', ['hello']],
    ['gantry help apps:de', ['destroy']],
    ['gantry heroku -- apps --j', []],
  ])('of %j is %j', async (line, offered) => {
    expect(await inBash(line)).toEqual(offered);
  });

  it('offers every command there is', async () => {
    const offered = await inBash('gantry ');
    for (const { name, aliases = [] } of CATALOGUE.flatMap(({ commands }) => commands))
      expect(offered).toEqual(expect.arrayContaining([name, ...aliases]));
  });
});

describe('a program for the shell', () => {
  it.each([
    ['bash', ['-n']],
    ['zsh', ['-n']],
    ['fish', ['--no-execute']],
  ])('is one that %s understands', async (shell, args) => {
    const found = await run('which', [shell], {}, patient);
    if (found.code !== 0) {
      process.stderr.write(`SKIPPED: ${shell} is not installed here, so its completion was not tried.\n`);
      expect(found.code).toBe(1);
      return;
    }
    const { code, stderr } = await run(
      shell,
      [...args, join(dir, `gantry.${shell}`)],
      { env: env() },
      patient,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('the names of apps', () => {
  it('are asked for once in a few seconds, and failures say nothing', async () => {
    await using cli = await openTestCli();
    expect(await cli.gantry(['completion', 'apps'])).toMatchObject({ code: 0, out: 'demo\n', err: '' });
    cli.door.world.deployed('second');
    // The clock of the test stands still: what was known a moment ago is still good.
    expect(await cli.gantry(['completion', 'apps'])).toMatchObject({ code: 0, out: 'demo\n' });
    const other = { GANTRY_API_URL: cli.door.url, GANTRY_API_KEY: 'of-somebody-else' };
    expect(await cli.gantry(['completion', 'apps'], { env: other })).toMatchObject({
      code: 0,
      out: '',
      err: '',
    });
    const nobody = { GANTRY_API_URL: 'http://127.0.0.1:1', GANTRY_API_KEY: 'x' };
    expect(await cli.gantry(['completion', 'apps'], { env: nobody })).toMatchObject({
      code: 0,
      out: '',
      err: '',
    });
  });

  it('are not the name of a shell that nobody knows', async () => {
    await using cli = await openTestCli();
    expect(await cli.gantry(['completion', 'tcsh'])).toMatchObject({ code: 2 });
  });
});
