import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { MasterKey } from '../../ports/master-key.ts';
import {
  newMasterKey,
  parseMasterKeys,
  printMasterKeys,
  type KeyRing,
  type MasterKey as MasterKeyBytes,
} from './master-key.ts';

/**
 * The master keys as they are kept in a file that only the platform may read, and as this process seals with them. A key is
 * on the disk before it is used, and out of use only once it is off it. Throws a sentence when the file holds no key.
 */
export async function openKeyFile(path: string): Promise<KeyRing & MasterKey> {
  let keys = parseMasterKeys(await readFile(path, 'utf8'));
  let last: Promise<void> = Promise.resolve();

  /** One change after the other: of two new keys at once, what the first one sealed would be lost. */
  function change(next: (others: readonly MasterKeyBytes[]) => KeyRing['keys']): Promise<void> {
    last = last
      .catch(() => undefined)
      .then(async () => {
        // What others have put there since, an operator or another server, may have sealed something too.
        const stored = parseMasterKeys(await readFile(path, 'utf8'));
        const others = stored.filter(({ id }) => !keys.some((one) => one.id === id));
        const wanted = next(others);
        if (wanted === keys) return;
        await replaceDurably(path, printMasterKeys(wanted));
        keys = wanted;
      });
    return last;
  }

  return {
    get keys() {
      return keys;
    },
    ids() {
      const [current, ...former] = keys;
      return [current.id, ...former.map(({ id }) => id)];
    },
    renew: () =>
      change((others) => {
        if (others.length > 0) return [...keys, ...others];
        return keys.length > 1 ? keys : [newMasterKey(), ...keys];
      }),
    forgetFormer: () => change((others) => (keys.length === 1 ? keys : [keys[0], ...others])),
  };
}

/** A machine that loses its power now has the old text or the new one. */
async function replaceDurably(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
