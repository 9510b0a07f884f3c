import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSystemError, messageOf } from '../lib/errors.ts';
import { ledgers, type Ledgers } from './counters.ts';
import { routerState, type RouterState } from './placement.ts';
import type { Files } from './render.ts';
import { CERTIFICATES_DIR } from './tls.ts';

/**
 * The router's directory: `table.json` (the table and where everything sits: all else follows from it),
 * `counters.json`, and one directory per generation of HAProxy's configuration.
 */
export interface Store {
  /** The state as it was last saved; undefined on a router that was never told anything. */
  load(): Promise<RouterState | undefined>;
  /** On disk, through a power cut too, before it resolves. */
  save(state: RouterState): Promise<void>;
  loadLedgers(): Promise<Ledgers>;
  saveLedgers(books: Ledgers): Promise<void>;
  generationDir(generation: number): string;
  /** True when the generation is there and every one of these files is as given. */
  holds(generation: number, files: Files): Promise<boolean>;
  /** Writes a whole generation, or nothing. */
  writeGeneration(generation: number, files: Files): Promise<void>;
  /**
   * Writes those files of an existing generation that differ from what was last written, each in one step, in the order
   * given; then removes the certificates that are not among them.
   */
  update(generation: number, files: Files): Promise<void>;
  dropGenerations(keep: ReadonlySet<number>): Promise<void>;
}

/** Makes a file be this text, or leaves it as it was. */
export async function replaceFile(
  path: string,
  text: string,
  options: { readonly sync: boolean },
): Promise<void> {
  const next = `${path}.next`;
  const file = await open(next, 'w', 0o600);
  try {
    await file.writeFile(text);
    if (options.sync) await file.sync();
  } finally {
    await file.close();
  }
  await rename(next, path);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (err) {
    if (isSystemError(err, 'ENOENT')) return undefined;
    throw err;
  }
}

type Generations = Pick<Store, 'generationDir' | 'holds' | 'writeGeneration' | 'update' | 'dropGenerations'>;

export function createStore(dir: string): Store {
  return {
    ...createGenerations(dir),

    async load() {
      const path = join(dir, 'table.json');
      const text = await readIfThere(path);
      if (text === undefined) return undefined;
      try {
        return routerState.parse(JSON.parse(text));
      } catch (err) {
        // Not started empty instead: that would take every route away from the processes that still serve.
        throw new Error(
          `${path} cannot be read (${messageOf(err).slice(0, 200)}); move it away and start again, the server sends the table anew.`,
          { cause: err },
        );
      }
    },

    save: (state) => replaceFile(join(dir, 'table.json'), JSON.stringify(state), { sync: true }),

    async loadLedgers() {
      const text = await readIfThere(join(dir, 'counters.json'));
      try {
        return text === undefined ? {} : ledgers.parse(JSON.parse(text));
      } catch {
        return {}; // counters are worth less than a start
      }
    },

    saveLedgers: (books) => replaceFile(join(dir, 'counters.json'), JSON.stringify(books), { sync: false }),
  };
}

function createGenerations(dir: string): Generations {
  const generationDir = (generation: number): string => join(dir, `g${String(generation).padStart(6, '0')}`);
  /** What this process wrote last, so that an unchanged file is not written again. */
  const written = new Map<string, string>();
  /** The certificate files that were left by the last update. */
  let tidied = '';

  /** Keys of hosts that are gone do not stay about. */
  async function removeStale(generation: number, files: Files): Promise<void> {
    const wanted = [...files.keys()].filter((name) => name.startsWith(CERTIFICATES_DIR));
    const now = [generation, ...wanted].join(' ');
    if (now === tidied) return;
    const folder = join(generationDir(generation), CERTIFICATES_DIR);
    for (const name of await readdir(folder)) {
      if (files.has(`${CERTIFICATES_DIR}${name}`)) continue;
      await rm(join(folder, name), { force: true });
      written.delete(join(generationDir(generation), CERTIFICATES_DIR, name));
    }
    tidied = now;
  }

  return {
    generationDir,

    async holds(generation, files) {
      for (const [name, text] of files)
        if ((await readIfThere(join(generationDir(generation), name))) !== text) return false;
      return true;
    },

    async writeGeneration(generation, files) {
      const final = generationDir(generation);
      const next = `${final}.next`;
      await rm(next, { recursive: true, force: true });
      for (const [name, text] of files) {
        await mkdir(dirname(join(next, name)), { recursive: true, mode: 0o700 });
        await writeFile(join(next, name), text, { mode: 0o600 });
      }
      await rm(final, { recursive: true, force: true }); // left by a generation that was never taken into use
      await rename(next, final);
      written.clear();
      for (const [name, text] of files) written.set(join(final, name), text);
    },

    async update(generation, files) {
      // A generation of an older router has no such folder.
      if (tidied === '')
        await mkdir(join(generationDir(generation), CERTIFICATES_DIR), { recursive: true, mode: 0o700 });
      for (const [name, text] of files) {
        const path = join(generationDir(generation), name);
        if (written.get(path) === text) continue;
        await replaceFile(path, text, { sync: false });
        written.set(path, text);
      }
      await removeStale(generation, files);
    },

    async dropGenerations(keep) {
      const kept = new Set([...keep].map((n) => generationDir(n)));
      for (const name of await readdir(dir)) {
        if (/^g\d{6}(\.next)?$/.test(name) && !kept.has(join(dir, name)))
          await rm(join(dir, name), { recursive: true, force: true });
      }
    },
  };
}
