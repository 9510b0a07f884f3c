import { quietLog } from '../../lib/log.ts';
import { createKeyring, type Keyring } from '../../server/controller/keyring.ts';
import type { Router } from '../../server/ports/router.ts';

/** For worlds in which nobody has a certificate. */
export function keyringOf(router: Pick<Router, 'lacking' | 'entrust'>): Keyring {
  return createKeyring({
    router,
    certificates: { bundleOf: () => Promise.resolve(undefined) },
    log: quietLog(),
  });
}
