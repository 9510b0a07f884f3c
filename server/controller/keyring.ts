import type { Logger } from '../../lib/log.ts';
import { messageOf } from '../../lib/errors.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Certificates } from '../ports/certificates.ts';
import type { Router } from '../ports/router.ts';

/** Sees that the router has the certificates that a table is about to name. */
export interface Keyring {
  /**
   * Gives the router those it lacks; answers all that it has then. One that cannot be opened, or that the router refuses, is
   * left out and its hosts are shown the platform's own: it must not keep the others from their changes.
   */
  ensure(digests: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
}

export function createKeyring({
  router,
  certificates,
  log,
}: {
  readonly router: Pick<Router, 'lacking' | 'entrust'>;
  readonly certificates: Pick<Certificates, 'bundleOf'>;
  readonly log: Logger;
}): Keyring {
  /** What was said of each; said once. */
  const said = new Map<string, string>();

  function leaveOut(digest: string, problem: string): false {
    if (said.get(digest) !== problem)
      log.error({ certificate: digest.slice(0, 12), problem }, 'a certificate is left out; the others go on');
    said.set(digest, problem);
    return false;
  }

  async function give(digest: string, signal: AbortSignal): Promise<boolean> {
    try {
      const bundle = await certificates.bundleOf(digest, signal);
      if (!bundle) return leaveOut(digest, 'it was removed or replaced meanwhile');
      if (await router.entrust(bundle, signal)) return true;
      return leaveOut(digest, 'the router refuses it');
    } catch (err) {
      // For ever, unlike a database or a router that is away.
      if (PlatformError.is(err, 'config_unreadable')) return leaveOut(digest, messageOf(err));
      throw err;
    }
  }

  return {
    async ensure(digests, signal) {
      if (digests.length === 0) return new Set();
      const held = new Set(digests);
      for (const digest of await router.lacking([...held], signal))
        if (!(await give(digest, signal))) held.delete(digest);
      return held;
    },
  };
}
