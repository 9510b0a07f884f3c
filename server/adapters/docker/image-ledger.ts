import { readFile, rename, writeFile } from 'node:fs/promises';
import { isSystemError } from '../../../lib/errors.ts';

/**
 * Whose images on an engine are this platform's: what it fetched there, by the full name of the repository
 * (`127.0.0.1:7001/apps/<id>`), one in a line. The registry in front of a name does not tell: two platforms may use the same
 * registry and the same engine. `script/uninstall` reads the file too.
 */
export interface ImageLedger {
  /** Writes them down, before anything of them is fetched. Idempotent. */
  add(repositories: readonly string[]): Promise<void>;
  has(repository: string): Promise<boolean>;
  /** Forgets all others. */
  keep(isNeeded: (repository: string) => boolean): Promise<void>;
}

/** A missing file is an empty ledger. */
export function createImageLedger(file: string): ImageLedger {
  let known: Promise<Set<string>> | undefined;
  let turn: Promise<void> = Promise.resolve();

  const read = (): Promise<Set<string>> => (known ??= load(file));

  /** One after the other, each written whole: a crash leaves the ledger of before. */
  function change(to: (before: ReadonlySet<string>) => ReadonlySet<string>): Promise<void> {
    const work = turn.then(async () => {
      const before = await read();
      const after = to(before);
      if (after.size === before.size) return;
      await writeFile(`${file}.new`, [...after].map((one) => `${one}\n`).join(''), { mode: 0o600 });
      await rename(`${file}.new`, file);
      known = Promise.resolve(new Set(after));
    });
    turn = work.catch(() => undefined); // whoever asked for it hears of it
    return work;
  }

  return {
    add: (repositories) => change((before) => new Set([...before, ...repositories])),
    has: async (repository) => (await read()).has(repository),
    keep: (isNeeded) => change((before) => new Set([...before].filter(isNeeded))),
  };
}

async function load(file: string): Promise<Set<string>> {
  try {
    return new Set((await readFile(file, 'utf8')).split('\n').filter((line) => line !== ''));
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return new Set();
    throw err;
  }
}
