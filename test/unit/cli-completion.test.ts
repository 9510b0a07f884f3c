import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
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
    ['gantry git:clone holl', ['hollow']],
    ['gantry apps:diff hello hell', ['hello']],
    ['gantry config:ed', ['edit']],
    ['gantry ps:copy --ou', ['--output']],
    ['gantry ps -', ['--no-wrap', '-a', '--app', '-r', '--remote', '-j', '--json', '--help']],
    ['gantry help apps:des', ['destroy']],
    ['gantry completion ', ['bash', 'zsh', 'fish']],
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

/** Whether a shell is there; where it is not, that is said so that nobody takes the test for done. */
async function isHere(shell: string): Promise<boolean> {
  const found = (await run('which', [shell], {}, patient)).code === 0;
  if (!found)
    process.stderr.write(`SKIPPED: ${shell} is not installed here, so its completion was not tried.\n`);
  return found;
}

/** What is offered for a line in shells that, unlike bash, take a whole word for one. */
const OFFERED: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['gantry apps:cr', ['apps:create']],
  ['gantry rol', ['rollback']],
  ['gantry hel', ['help']],
  ['gantry scale --no', ['--no-wait']],
  ['gantry logs -a ', ['hello', 'hollow']],
  ['gantry logs --app hel', ['hello']],
  ['gantry apps:info holl', ['hollow']],
  ['gantry apps:destroy hello --confirm hel', ['hello']],
  ['gantry git:clone holl', ['hollow']],
  ['gantry run -a ', ['hello', 'hollow']],
  ['gantry apps:diff hello hell', ['hello']],
  ['gantry ps --', ['--no-wrap', '--app', '--remote', '--json', '--help']],
  ['gantry help apps:des', ['apps:destroy']],
  ['gantry completion ', ['bash', 'zsh', 'fish']],
  ['gantry heroku -- apps --j', []],
];
const sorted = (words: readonly string[]): readonly string[] =>
  words.filter((word) => word !== '').toSorted();

describe('completion in zsh', () => {
  it.each<[how: string, prepare: (folder: string) => string]>([
    ['in the folder of functions', (folder) => `fpath=(${folder} $fpath); compinit -D -u`],
    ['read by the shell', (folder) => `compinit -D -u; source ${folder}/_gantry`],
  ])(
    'offers what there is, its program being %s',
    async (_, prepare) => {
      if (!(await isHere('zsh'))) {
        expect(OFFERED).not.toEqual([]);
        return;
      }
      const folder = join(dir, 'functions');
      await mkdir(folder, { recursive: true });
      await copyFile(join(dir, 'gantry.zsh'), join(folder, '_gantry'));
      const driver = join(import.meta.dirname, '../support/zsh-offers.zsh');
      const lines = [...OFFERED.map(([line]) => line), 'gantry logs --app=hel'];
      const said = await runOrThrow(
        'zsh',
        ['-f', driver, prepare(folder), ...lines],
        { env: env() },
        AbortSignal.timeout(20_000),
      );
      const offers = said.split('\n').slice(0, lines.length);
      expect(offers.map((line, at) => [lines[at], sorted(line.split(' '))])).toEqual([
        ...OFFERED.map(([line, offered]) => [line, sorted(offered)]),
        ['gantry logs --app=hel', ['hello']],
      ]);
    },
    30_000,
  );
});

describe('completion in fish', () => {
  it('offers what there is', async () => {
    if (!(await isHere('fish'))) {
      expect(OFFERED).not.toEqual([]);
      return;
    }
    const lines = [...OFFERED.map(([line]) => line), 'gantry logs --app=hel'];
    const program = 'source $argv[1]; for line in $argv[2..]; echo (complete -C $line | cut -f 1); end';
    const said = await runOrThrow(
      'fish',
      ['--no-config', '-c', program, join(dir, 'gantry.fish'), ...lines],
      { env: { ...env(), XDG_CONFIG_HOME: dir, XDG_DATA_HOME: dir } },
      AbortSignal.timeout(20_000),
    );
    const offers = said.split('\n');
    expect(lines.map((line, at) => [line, sorted((offers[at] ?? '').split(' '))])).toEqual([
      ...OFFERED.map(([line, offered]) => [line, sorted(offered)]),
      ['gantry logs --app=hel', ['--app=hello']],
    ]);
  }, 30_000);
});

describe('a program for the shell', () => {
  it.each([
    ['bash', ['-n']],
    ['zsh', ['-n']],
    ['fish', ['--no-execute']],
  ])('is one that %s understands', async (shell, args) => {
    if (!(await isHere(shell))) {
      expect(args).not.toEqual([]);
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
