import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Attach } from './command.ts';
import { readConfig } from './config.ts';
import { editText } from './edit-text.ts';

/** Edits `old` with an editor that does this, and tells where the file was. */
async function edit(
  work: (file: string) => Promise<number>,
  env: NodeJS.ProcessEnv = { EDITOR: 'ed' },
  interactive = env['EDITOR'] === undefined,
) {
  const seen = { calls: [] as string[][], file: '' };
  const attach: Attach = (program, args) => {
    seen.file = args.at(-1) ?? '';
    seen.calls.push([program, ...args.slice(0, -1)]);
    return work(seen.file);
  };
  const text = await editText(
    { attach, config: readConfig({ ...env }), terminal: { interactive } },
    'config.env',
    'old',
  ).catch((err: unknown) => err);
  expect(existsSync(dirname(seen.file)) && seen.file !== '').toBe(false);
  return { text, ...seen };
}

const save =
  (text: string | Uint8Array, code = 0) =>
  async (file: string): Promise<number> => {
    await writeFile(file, text);
    return code;
  };

describe('a text in an editor', () => {
  it('is what was saved, in a file that nobody else could read', async () => {
    const { text } = await edit(async (file) => {
      expect(await readFile(file, 'utf8')).toBe('old');
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect((await stat(dirname(file))).mode & 0o777).toBe(0o700);
      await writeFile(`${file}~`, 'a copy that editors keep');
      return save('new')(file);
    });
    expect(text).toBe('new');
  });

  it.each([
    [{ VISUAL: 'code --wait', EDITOR: 'ed' }, ['code', '--wait']],
    [{ EDITOR: "'my editor' -x" }, ['my editor', '-x']],
    [{ VISUAL: '', EDITOR: 'ed' }, ['ed']],
    [{}, ['vi']],
  ])('is changed with the editor of %j', async (env, words) => {
    expect((await edit(save('new'), env)).calls).toEqual([words]);
  });

  it.each([
    ['an editor that fails', save('new', 3), /ed ended with exit code 3; nothing was changed/],
    ['a file that is gone', async (file: string) => rm(file).then(() => 0), /left no file behind/],
    ['what is no text', save(new Uint8Array([0xff, 0xfe])), /not text in UTF-8/],
    [
      'no editor',
      () => Promise.reject(Object.assign(new Error('spawn ed ENOENT'), { code: 'ENOENT' })),
      /editor ed cannot be started; name yours with VISUAL or EDITOR/,
    ],
    ['a surprise', () => Promise.reject(new Error('a surprise')), /a surprise/],
  ])('is told of %s, and no file stays', async (_what, work, problem) => {
    expect((await edit(work)).text).toMatchObject({ message: expect.stringMatching(problem) as string });
  });

  it('needs a terminal, or an editor that somebody has named', async () => {
    const { text, calls } = await edit(save('new'), {}, false);
    expect(text).toMatchObject({
      message: expect.stringMatching(/^There is no terminal here to edit at; .*config:set/) as string,
    });
    expect(calls).toEqual([]);
  });

  it('needs an editor whose name can be read', async () => {
    expect((await edit(save('new'), { EDITOR: "'ed" })).text).toMatchObject({
      message: expect.stringMatching(/VISUAL or EDITOR cannot be read/) as string,
    });
  });
});
