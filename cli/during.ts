import type { Progress } from './status-line.ts';
import type { Terminal } from './terminal.ts';

/** Does something that takes a while, and shows meanwhile that it is being done. */
export async function during<T>(
  terminal: Terminal,
  text: string,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  using progress = terminal.progress(text);
  return await work(progress);
}
