import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSystemError } from '../lib/errors.ts';
import { words, WordsError } from '../lib/words.ts';
import type { Context } from './command.ts';
import { CommandError, UsageError } from './failures.ts';

/**
 * Has the user change a text in their editor, and answers what it is then. Nobody else can read the file, and it is gone
 * when this ends, however it ends. An editor that fails is a CommandError: what it may have saved does not count.
 */
export async function editText(
  {
    attach,
    config,
    terminal,
  }: Pick<Context, 'attach' | 'config'> & {
    readonly terminal: Pick<Context['terminal'], 'interactive'>;
  },
  name: string,
  text: string,
): Promise<string> {
  const [program = '', ...args] = editorWords(editorOf(config, terminal));
  const folder = await mkdtemp(join(tmpdir(), 'gantry-edit-'));
  try {
    const file = join(folder, name);
    await writeFile(file, text, { mode: 0o600 });
    const code = await attach(program, [...args, file], config.inherited).catch((err: unknown) => {
      if (!isSystemError(err, 'ENOENT') && !isSystemError(err, 'EACCES')) throw err;
      throw new CommandError(
        `The editor ${program} cannot be started; name yours with VISUAL or EDITOR.`,
        err,
      );
    });
    if (code !== 0)
      throw new CommandError(`The editor ${program} ended with exit code ${code}; nothing was changed.`);
    return await read(file);
  } finally {
    // With the folder go the copies that editors keep beside a file.
    await rm(folder, { recursive: true, force: true });
  }
}

/** An editor that nobody named may want a terminal: on a pipe it would draw its screen into the void, and wait. */
function editorOf({ editor }: Context['config'], { interactive }: { readonly interactive: boolean }): string {
  if (editor === null && !interactive)
    throw new UsageError(
      'There is no terminal here to edit at; set what is to change with gantry config:set, or name an editor with VISUAL or EDITOR.',
    );
  return editor ?? 'vi';
}

/** `code --wait` is a program with an argument. */
function editorWords(editor: string): readonly string[] {
  try {
    return words(editor);
  } catch (err) {
    if (err instanceof WordsError) throw new UsageError(`VISUAL or EDITOR cannot be read. ${err.message}`);
    throw err;
  }
}

async function read(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (err) {
    if (isSystemError(err, 'ENOENT'))
      throw new CommandError('The editor left no file behind; nothing was changed.', err);
    if (err instanceof TypeError)
      throw new CommandError('What was saved is not text in UTF-8; nothing was changed.', err);
    throw err;
  }
}
