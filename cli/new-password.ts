import type { Context } from './command.ts';
import { UsageError } from './failures.ts';

/** A new password: typed twice on a terminal, so that a slip of the finger locks nobody out; else the next line of standard input. */
export async function newPassword({
  terminal,
  signal,
}: Pick<Context, 'terminal' | 'signal'>): Promise<string> {
  const first = await terminal.secret('New password: ', signal);
  if (first === '') throw new UsageError('No password was given; nothing was changed.');
  if (!terminal.interactive) return first;
  if ((await terminal.secret('Once more: ', signal)) === first) return first;
  throw new UsageError('The two are not the same; nothing was changed.');
}
