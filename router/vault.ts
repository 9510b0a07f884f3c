import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf, readBundle } from '../lib/key-pair.ts';
import { RouterError } from './errors.ts';
import { replaceFile } from './store.ts';
import type { Bundles } from './tls.ts';

/**
 * The certificates this router was given, each a file named by its content: a table names them by digest, so that a change
 * of routes does not carry keys about. And the platform's own, which whoever starts the platform makes and renews.
 */
export interface Vault extends Bundles {
  /** Reads what is there. Throws a sentence when the standard certificate is missing or of no use. */
  open(): Promise<void>;
  lacks(digests: readonly string[]): string[];
  /** On disk when it resolves. Throws `certificate_refused` for one that would keep HAProxy from starting. */
  keep(pem: string): Promise<string>;
  /** Forgets all but these. */
  drop(kept: ReadonlySet<string>): Promise<void>;
  /** Looks for a renewed standard certificate; one of no use is left alone and the former one stays. */
  refresh(): Promise<void>;
}

export function createVault(dir: string, standardFile: string): Vault {
  const texts = new Map<string, string>();
  let standard = '';

  const pathOf = (digest: string): string => join(dir, `${digest}.pem`);

  async function readStandard(): Promise<string> {
    const read = readBundle(await readFile(standardFile, 'utf8'), new Date());
    // One that has expired still lets people in who know whom they talk to.
    if ('problem' in read && !read.problem.startsWith('has expired'))
      throw new Error(`${standardFile} ${read.problem}; start the platform again to have it made anew.`);
    return readFile(standardFile, 'utf8');
  }

  return {
    get standard() {
      return standard;
    },
    of: (digest) => texts.get(digest),

    async open() {
      standard = await readStandard();
      await mkdir(dir, { recursive: true, mode: 0o700 });
      for (const name of await readdir(dir)) {
        const digest = /^([0-9a-f]{64})\.pem$/.exec(name)?.[1];
        if (digest === undefined) continue;
        const text = await readFile(join(dir, name), 'utf8');
        if (digestOf(text) === digest) texts.set(digest, text);
      }
    },

    lacks: (digests) => digests.filter((digest) => !texts.has(digest)),

    async keep(pem) {
      const read = readBundle(pem, new Date());
      if ('problem' in read) throw RouterError.of('certificate_refused', { problem: read.problem });
      const digest = digestOf(pem);
      await replaceFile(pathOf(digest), pem, { sync: true });
      texts.set(digest, pem);
      return digest;
    },

    async drop(kept) {
      for (const digest of texts.keys()) {
        if (kept.has(digest)) continue;
        texts.delete(digest);
        await rm(pathOf(digest), { force: true });
      }
    },

    async refresh() {
      standard = await readStandard().catch(() => standard);
    },
  };
}
