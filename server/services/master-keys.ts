import type { Logger } from '../../lib/log.ts';
import type { Actor } from '../domain/actor.ts';
import type { MasterKey, SealedValues } from '../ports/master-key.ts';
import { needAdmin } from './reach.ts';

/** The master key, and how far its rotation is. */
export interface MasterKeyState {
  /** The name of the current key. */
  readonly id: string;
  /** Names of the keys whose place it takes, as long as they are needed. */
  readonly former: readonly string[];
  /** How many values are still to be sealed anew. */
  readonly left: number;
  /** Of these, how many no key opens. */
  readonly unreadable: number;
}

export interface MasterKeys {
  /** For administrators of the platform. */
  show(actor: Actor, signal: AbortSignal): Promise<MasterKeyState>;
  /** Begins a rotation, or answers how far the one under way is. For administrators of the platform. */
  rotate(actor: Actor, signal: AbortSignal): Promise<MasterKeyState>;
  /** Takes a rotation further, whoever began it; to be called again and again. Does nothing when there is none. */
  goOn(signal: AbortSignal): Promise<void>;
}

/**
 * A former key is kept for so long after the new one came, even when nothing seems to need it: what was sealed with it a
 * moment before may be on its way into the database. No call and no transaction takes near as long.
 */
const SETTLE_MS = 60_000;

export function createMasterKeys({
  masterKey,
  sealedValues,
  log,
  nowMs = () => performance.now(),
}: {
  readonly masterKey: MasterKey;
  readonly sealedValues: SealedValues;
  readonly log: Logger;
  /** Of a clock that nobody sets. */
  readonly nowMs?: () => number;
}): MasterKeys {
  /** When this process first knew of the rotation under way. */
  let since: number | undefined;
  let unreadable = 0;

  async function state(signal: AbortSignal): Promise<MasterKeyState> {
    const [id, ...former] = masterKey.ids();
    if (former.length === 0) return { id, former, left: 0, unreadable: 0 };
    return { id, former, left: await sealedValues.sealedOtherwise(id, signal), unreadable };
  }

  return {
    async show(actor, signal) {
      needAdmin(actor, 'look at the master key');
      return await state(signal);
    },

    async rotate(actor, signal) {
      needAdmin(actor, 'rotate the master key');
      await masterKey.renew();
      return await state(signal);
    },

    async goOn(signal) {
      const [id, ...former] = masterKey.ids();
      if (former.length === 0) return;
      const begun = nowMs();
      since ??= begun;
      const done = await sealedValues.resealAll(id, signal);
      unreadable = done.unreadable;
      if (done.resealed > 0) {
        log.info({ key: id, ...done }, 'values were sealed with the new master key');
        return;
      }
      if (begun - since < SETTLE_MS) return;
      await masterKey.forgetFormer();
      since = undefined;
      log.info({ key: id, former, unreadable }, 'the master key was rotated; the former one opens nothing');
    },
  };
}
