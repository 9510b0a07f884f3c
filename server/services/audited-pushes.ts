import type { Audit } from './audit.ts';
import type { Pushes } from './pushes.ts';

/** The same, with every push in the audit trail, through whichever door it came. */
export function auditedPushes(pushes: Pushes, audit: Pick<Audit, 'around'>): Pushes {
  return {
    open: (...args) => pushes.open(...args),
    receive(actor, appId, offer, signal) {
      const { door, action } = { door: 'git' as const, action: 'git push' };
      const refs = Object.fromEntries(
        offer.updates.slice(0, 20).map(({ ref, to }) => [ref, to ?? 'deleted']),
      );
      const call = { actor, door, action, ip: null, requestId: null, target: { app: appId, ...refs } };
      return audit.around(
        call,
        () => pushes.receive(actor, appId, offer, signal),
        signal,
        (deployed) => (deployed ? undefined : 'push_refused'),
      );
    },
  };
}
