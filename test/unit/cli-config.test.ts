import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runOrThrow } from '../../lib/child.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

const ON = ['-a', 'demo'];

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
  await cli.gantry(['config:set', 'MOTD=hello there', 'OLD=1', ...ON]);
});
afterEach(() => cli[Symbol.asyncDispose]());

describe('config:get', () => {
  it('prints several values in the order in which they were asked for', async () => {
    expect(await cli.gantry(['config:get', 'OLD', 'MOTD', ...ON])).toMatchObject({
      code: 0,
      out: '1\nhello there\n',
    });
    expect((await cli.gantry(['config:get', 'OLD', 'MOTD', '-s', ...ON])).out).toBe(
      "OLD=1\nMOTD='hello there'\n",
    );
    expect((await cli.gantry(['config:get', 'OLD', 'MOTD', '-j', ...ON])).out).toBe(
      '{"OLD":"1","MOTD":"hello there"}\n',
    );
  });

  it('leaves the line of one that is not set empty, and fails', async () => {
    const err = 'Error: NOPE, constructor are not set for demo.\n';
    expect(await cli.gantry(['config:get', 'OLD', 'NOPE', 'constructor', 'MOTD', ...ON])).toMatchObject({
      ...{ code: 1, out: '1\n\n\nhello there\n', err },
    });
    expect(await cli.gantry(['config:get', 'NOPE', 'OLD', 'constructor', '-s', ...ON])).toMatchObject({
      ...{ code: 1, out: 'OLD=1\n', err },
    });
    expect(await cli.gantry(['config:get', 'NOPE', 'OLD', '-j', ...ON])).toMatchObject({
      ...{ code: 1, out: '{"OLD":"1"}\n' },
      err: '{"error":{"id":"failed","message":"NOPE is not set for demo.","retry":false}}\n',
    });
    expect(await cli.gantry(['config:get', 'NOPE', ...ON])).toMatchObject({ code: 1, out: '' });
  });
});

describe('config:export', () => {
  const exported = (...args: string[]) => cli.gantry(['config:export', ...args, ...ON]);

  it.each([
    [[], "export MOTD='hello there'\nexport OLD='1'\nexport QUOTE='it'\\''s'\n"],
    [['--format', 'exports'], "export MOTD='hello there'\nexport OLD='1'\nexport QUOTE='it'\\''s'\n"],
    [['-f', 'envfile', '--merged'], "MOTD='hello there'\nOLD=1\nQUOTE='it'\\''s'\n"],
    [['--format=shell'], "MOTD='hello there' OLD='1' QUOTE='it'\\''s'\n"],
  ])('with %j writes what a shell reads', async (args, out) => {
    await cli.gantry(['config:set', "QUOTE=it's", ...ON]);
    await cli.gantry(['config:unset', 'LANG', ...ON]);
    expect(await exported(...args)).toMatchObject({ code: 0, out, err: '' });
    const read = await runOrThrow(
      'sh',
      [
        '-c',
        args.includes('--format=shell')
          ? `env ${out.trimEnd()} sh -c 'echo "$QUOTE"'`
          : `${out}echo "$QUOTE"`,
      ],
      {},
      new AbortController().signal,
    );
    expect(read).toBe("it's\n");
  });

  it('writes JSON, as --json does, and knows no other format', async () => {
    const { out } = await exported('-f', 'json');
    expect(JSON.parse(out)).toEqual(JSON.parse((await exported('--json')).out));
    for (const format of ['yaml', 'constructor'])
      expect(await exported('-f', format)).toMatchObject({
        code: 2,
        err: `Error: There is no format ${format}; there are exports, envfile, shell, json.\n`,
      });
  });
});

describe('--no-restart', () => {
  const NOTE = /^--no-restart cannot be so here: .* so v\d+ is rolled out, dropping no request\.$/m;

  it('is told to be without effect where something runs', async () => {
    for (const call of [
      ['config:set', 'A=1'],
      ['config:unset', 'A'],
    ]) {
      const { code, err } = await cli.gantry([...call, '--no-restart', ...ON]);
      expect([code, err]).toEqual([0, expect.stringMatching(NOTE)]);
      expect((await cli.gantry([...call, ...ON])).err).not.toMatch(NOTE);
    }
  });

  it('is kept where nothing runs yet, and where nothing changes', async () => {
    await cli.gantry(['apps:create', 'empty', '--no-remote']);
    const first = await cli.gantry(['config:set', 'A=1', '--no-restart', '-a', 'empty']);
    expect([first.code, first.err]).toEqual([0, 'Changed A for empty: v2.\n']);
    expect((await cli.gantry(['config:set', 'OLD=1', '--no-restart', ...ON])).err).not.toMatch(NOTE);
  });
});
