import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../cli/catalogue.ts';
import { optionsOf } from '../../cli/options.ts';
import type { CommandSpec, TopicSpec } from '../../cli/command.ts';
import { SHAPES } from '../../cli/output-shapes.ts';
import { runCli } from '../../cli/program.ts';
import { words } from '../../lib/words.ts';
import { createFakeTerminal } from '../support/fake-terminal.ts';

const commands = CATALOGUE.flatMap((topic) => topic.commands);

/** The same commands, of which none does anything. */
const idle: readonly TopicSpec[] = CATALOGUE.map((topic) => ({
  ...topic,
  commands: topic.commands.map((command) => ({
    ...command,
    load: () => Promise.resolve({ run: () => Promise.resolve() }),
  })),
}));

const call = (...args: string[]) => callAt(undefined, ...args);

/** On a screen that is so wide. */
async function callAt(columns: number | undefined, ...args: string[]) {
  const terminal = { ...createFakeTerminal(''), columns };
  const code = await runCli(
    args,
    {
      terminal,
      env: {},
      cwd: '/',
      signal: new AbortController().signal,
      now: () => new Date(0),
      local: true,
      launch: () => Promise.resolve(false),
      attach: () => Promise.resolve(0),
    },
    idle,
  );
  return { code, out: terminal.out(), err: terminal.err() };
}

/** What a shell would hand over of an example; what it does itself, such as `> file` and `| jq`, is left out. */
function argumentsOf(example: string): string[] {
  const [program, ...args] = words(example.replace(/ [|<>].*$/, ''));
  expect(program).toBe('gantry');
  return args;
}

describe.each(commands.map((command): [string, CommandSpec] => [command.name, command]))(
  'gantry %s',
  (name, command) => {
    it('says what it does, with examples that could be run', async () => {
      expect(command.summary).toMatch(/^[a-z].*[^.]$/);
      expect(command.examples).not.toEqual([]);
      for (const example of command.examples)
        expect(await call(...argumentsOf(example)), example).toEqual(expect.objectContaining({ code: 0 }));
    });

    it('has help that shows its options and examples', async () => {
      const { code, out } = await call(name, '--help');
      expect(code).toBe(0);
      for (const { flags } of optionsOf(command)) expect(out).toContain(flags);
      for (const example of command.examples) expect(out).toContain(example);
    });

    it.each([80, 40])('has help that fits a screen of %i columns', async (columns) => {
      const { out } = await callAt(columns, name, '--help');
      // Examples are to be copied, and stay in one piece.
      const [before = '', after = ''] = out.split(/\nExamples:\n(?: {2}\$ .*\n)*/);
      for (const line of [...before.split('\n').slice(1), ...after.split('\n')])
        expect(line.length, line).toBeLessThanOrEqual(columns);
    });

    it('has options that are all its own', () => {
      const flags = optionsOf(command).flatMap((option) => option.flags.match(/-{1,2}[\w-]+/g) ?? []);
      expect(flags).toEqual([...new Set(flags)]);
    });
  },
);

it('calls no two commands the same', () => {
  const names = commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

describe('a mistake', () => {
  it.each([
    [['app:create'], /Did you mean apps:create\?/],
    [['apps', '--jsn'], /Did you mean --json\?/],
    [['config', 'set', 'A=b'], /Did you mean gantry config:set\?/],
    [['container:push', 'web'], /Of heroku, not of gantry: .*Dockerfile/],
    [['pipelines:connect'], /Of heroku, not of gantry: it needs GitHub/],
    [['app:create', '--help'], /Did you mean apps:create\?/],
    [['totallybogus', '-h'], /unknown command 'totallybogus'/],
    [['help', 'totallybogus', '--help'], /unknown command 'totallybogus'/],
  ])('in %j is told with what was probably meant', async (args, said) => {
    const { code, err } = await call(...args);
    expect(code).toBe(2);
    expect(err).toMatch(said);
  });
});

describe('a mistake in a call with --json', () => {
  it.each<[args: readonly string[], message: RegExp]>([
    [['app:create', '--json'], /^unknown command 'app:create' .*Did you mean apps:create\?/],
    [['apps', '-j', '--al'], /^unknown option '--al' .*--all/],
    [['config', 'set', 'A=b', '--json'], /^too many arguments.*Did you mean gantry config:set\?/],
    [['container:push', '--json'], /Dockerfile/],
    [['apps:info', '--json', '-a', ''], /^--app is empty/],
    [['apps', '-Aj', '-t', ''], /^--team is empty/],
    [['run:detached', '--json', '--size'], /--size <name>' argument missing/],
  ])('in %j is told as JSON', async (args, message) => {
    const { code, out, err } = await call(...args);
    expect([code, out]).toEqual([2, '']);
    const { error } = SHAPES.Failure.parse(JSON.parse(err));
    expect(error).toEqual({ id: 'usage', message: expect.stringMatching(message) as string, retry: false });
  });

  it('is told in words where it is another program that was asked for JSON', async () => {
    for (const args of [
      ['run:detached', '--siz', 'ls', '--json'],
      ['config:set', '--no-such', '--', '--json'],
    ])
      expect((await call(...args)).err).toMatch(/^(?:Error: unknown option|$)/);
  });
});

it.each([['help'], ['--help'], ['help', '--help'], ['help', '-h']])(
  'shows all commands for %s %s',
  async (...args) => {
    const { code, out, err } = await call(...args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('gantry <command> [options]');
    const [, steps = ''] = /^First steps: (.*)\.$/m.exec(out) ?? [];
    const called = steps.split(', ').map((step) => step.split(' '));
    expect(called.map(([program]) => program)).toContain('git');
    for (const [program, name] of called)
      if (program === 'gantry') expect(commands.map((one) => one.name)).toContain(name);
  },
);
