import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attach } from '../../cli/command.ts';
import { createFakeTerminal, type FakeTerminal } from '../support/fake-terminal.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const ON = ['-a', 'demo'];

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
  await cli.gantry(['config:set', 'MOTD=hello there', 'OLD=1', ...ON]);
});
afterEach(() => cli[Symbol.asyncDispose]());

/** An editor that makes this of the text, then ends with this code. Remembers where the file was. */
function editor(...rounds: ((text: string) => string | Promise<string>)[]) {
  const seen: { files: string[]; texts: string[] } = { files: [], texts: [] };
  const attach: Attach = async (_program, args) => {
    const file = args.at(-1) ?? '';
    const text = await readFile(file, 'utf8');
    const change = rounds[Math.min(seen.files.push(file), rounds.length) - 1];
    seen.texts.push(text);
    await writeFile(file, (await change?.(text)) ?? text);
    return 0;
  };
  return { attach, seen };
}

/** A terminal at which these answers are given, in order. */
function answering(...answers: string[]): FakeTerminal & { asked: string[] } {
  const asked: string[] = [];
  const question = (text: string): Promise<string | undefined> => {
    asked.push(text);
    return Promise.resolve(answers.shift());
  };
  return { ...createFakeTerminal(''), question, asked };
}

const config = async (): Promise<unknown> => JSON.parse((await cli.gantry(['config', '--json', ...ON])).out);

describe('config:edit', () => {
  it('shows all config vars, changes what differs in one release, and shows the difference', async () => {
    const { attach, seen } = editor(
      (text) => `${text.replace(/^OLD=.*\n/m, '').replace('hello there', 'hi')}NEW="a b"\n`,
    );
    const done = await cli.gantry(['config:edit', ...ON], { attach });
    expect(done).toMatchObject({ code: 0, out: 'MOTD:  hi\nNEW:   a b\n' });
    expect(seen.texts[0]).toMatch(/^# Config vars of demo: .*\nLANG=C\.UTF-8\nMOTD='hello there'\nOLD=1\n$/);
    expect(done.err).toMatch(
      /^- MOTD='hello there'\n\+ MOTD=hi\n\+ NEW='a b'\n- OLD=1\nChanged OLD, MOTD, NEW for demo: v4\.\n[^]*v4 is live/,
    );
    expect(await config()).toEqual({ LANG: 'C.UTF-8', MOTD: 'hi', NEW: 'a b' });
    expect(existsSync(dirname(seen.files[0] ?? '/'))).toBe(false);
  });

  it('of one config var is about its value alone, without the line end that editors add', async () => {
    const { attach, seen } = editor(
      () => 'one\ntwo\n',
      () => 'new',
    );
    expect((await cli.gantry(['config:edit', 'MOTD', ...ON], { attach })).code).toBe(0);
    expect((await cli.gantry(['config:edit', 'ADDED', ...ON], { attach })).code).toBe(0);
    expect(seen.texts).toEqual(['hello there\n', '']);
    expect(await config()).toMatchObject({ MOTD: 'one\ntwo', ADDED: 'new' });
  });

  it.each([[['config:edit']], [['config:edit', 'MOTD']], [['config:edit', 'NOPE']], [['config:edit', '-j']]])(
    'says of %j that nothing was changed where nothing was',
    async (args) => {
      const before = cli.door.world.writes.length;
      const done = await cli.gantry([...args, ...ON], editor());
      expect(done).toMatchObject({ code: 0, err: 'Nothing was changed for demo.\n' });
      expect(cli.door.world.writes).toHaveLength(before);
    },
  );

  it('changes nothing where the editor failed, whatever it saved', async () => {
    const before = await config();
    const attach: Attach = async (_program, [file = '']) => {
      await writeFile(file, 'GONE=1\n');
      return 1;
    };
    expect(await cli.gantry(['config:edit', ...ON], { attach })).toMatchObject({
      code: 1,
      out: '',
      err: matching(/^Error: The editor vi ended with exit code 1; nothing was changed\.\n$/),
    });
    expect(await config()).toEqual(before);
  });

  it('tells which line cannot be read, and lets somebody who sits there edit it again', async () => {
    const broken = editor((text) => `${text}what\n`);
    expect(await cli.gantry(['config:edit', ...ON], broken)).toMatchObject({
      code: 1,
      err: matching(/^Error: Line 5 is not of the form KEY=value\. Nothing was changed for demo\.\n$/),
    });
    const terminal = answering('y', 'y');
    const twice = editor(
      (text) => `${text}what\n`,
      (text) => text.replace('what\n', 'WHAT=1\n'),
    );
    expect(await cli.gantry(['config:edit', ...ON], { ...twice, terminal })).toMatchObject({ code: 0 });
    expect(terminal.asked).toEqual([
      matching(/^Line 5 .* Edit again\?/),
      matching(/^Change this for demo\?/),
    ]);
    expect(await config()).toMatchObject({ WHAT: '1' });
  });

  it('asks on a terminal whether the difference is meant, unless told not to', async () => {
    const change = () => editor((text) => `${text}A=1\n`);
    const no = answering('n');
    expect(await cli.gantry(['config:edit', ...ON], { ...change(), terminal: no })).toMatchObject({
      code: 0,
      err: matching(/^\+ A=1\nNothing was changed for demo\.\n$/),
    });
    expect(await config()).not.toHaveProperty('A');
    const yes = answering();
    await cli.gantry(['config:edit', '-y', ...ON], { ...change(), terminal: yes });
    expect(yes.asked).toEqual([]);
    expect(await config()).toHaveProperty('A', '1');
  });

  it('never undoes what somebody else changed meanwhile', async () => {
    const meanwhile = (setting: string) =>
      editor(async (text) => {
        await cli.gantry(['config:set', setting, ...ON]);
        return text.replace('OLD=1', 'OLD=2');
      });
    expect(await cli.gantry(['config:edit', ...ON], meanwhile('OLD=3'))).toMatchObject({
      code: 1,
      err: matching(/Somebody else has changed OLD of demo meanwhile, so nothing was done/),
    });
    expect(await config()).toMatchObject({ OLD: '3' });
    await cli.gantry(['config:set', 'OLD=1', ...ON]);
    // Another one is nobody's business here, and stays.
    expect((await cli.gantry(['config:edit', ...ON], meanwhile('OTHER=1'))).code).toBe(0);
    expect(await config()).toMatchObject({ OLD: '2', OTHER: '1' });
  });

  it('leaves no file behind when the platform refuses', async () => {
    const { attach, seen } = editor((text) => `${text}9-bad=1\n`);
    expect((await cli.gantry(['config:edit', ...ON], { attach })).code).toBe(1);
    expect(existsSync(dirname(seen.files[0] ?? '/'))).toBe(false);
  });
});
