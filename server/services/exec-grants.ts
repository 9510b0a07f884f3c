import { randomBytes } from 'node:crypto';
import type { Actor } from '../domain/actor.ts';
import { instanceName, type Instance } from '../domain/instance.ts';
import { PlatformError } from '../domain/errors.ts';
import { parsePublicKey } from '../domain/ssh-key.ts';
import type { Accounts } from '../ports/accounts.ts';
import type { Runs } from './runs.ts';

/** Leave for one key to enter one instance. */
export interface ExecGrant {
  /** Under which it is used. */
  readonly user: string;
  readonly actor: Actor;
  readonly app: string;
  /** `web.1` */
  readonly instance: string;
  /** Of the key, in OpenSSH's one-line form. */
  readonly publicKey: string;
}

export interface ExecGrants {
  /**
   * Lets whoever has this key into an instance, under the user name that is answered. Throws as `Runs.instance` does,
   * and `invalid_params` for what is no public key.
   */
  grant(
    actor: Actor,
    order: { readonly app: string; readonly instance: string; readonly publicKey: string },
    signal: AbortSignal,
  ): Promise<{ readonly user: string; readonly instance: Instance; readonly hostKey: string }>;
  /** Undefined for a name that was not given, or not used for long. */
  find(user: string): ExecGrant | undefined;
  /**
   * Whoever was let in, with the rights they have at this moment; to be asked before each use. Throws `unauthorized` when
   * what let them in is good for nothing any more, and then the grant is gone; else as `Runs.enterable`.
   */
  renew(grant: ExecGrant, signal: AbortSignal): Promise<Actor>;
}

/** A proxy opens a connection whenever it is used. */
const UNUSED_MS = 3_600_000;
const MOST = 1_000;

/** `hostKey` is the public key of the door, by which clients know it. */
export function createExecGrants(
  runs: Pick<Runs, 'instance' | 'enterable'>,
  accounts: Pick<Accounts, 'renew'>,
  hostKey: string,
  nowMs: () => number,
): ExecGrants {
  const grants = new Map<string, ExecGrant & { untilMs: number }>();
  const prune = (): void => {
    for (const [user, { untilMs }] of grants)
      if (untilMs <= nowMs() || grants.size > MOST) grants.delete(user);
  };
  return {
    async grant(actor, { app, instance: which, publicKey }, signal) {
      const instance = await runs.instance(actor, app, which, signal);
      const key = parsePublicKey(publicKey);
      if (typeof key === 'string')
        throw PlatformError.of('invalid_params', { field: 'client_key', problem: key });
      prune();
      const user = randomBytes(16).toString('hex');
      const place = { actor, app: instance.appId, instance: instanceName(instance) };
      grants.set(user, { user, ...place, publicKey: key.line, untilMs: nowMs() + UNUSED_MS });
      return { user, instance, hostKey };
    },
    find(user) {
      prune();
      return grants.get(user);
    },
    async renew({ user, actor: then, app }, signal) {
      const actor = await accounts.renew(then, signal);
      if (!actor) grants.delete(user);
      const grant = grants.get(user);
      if (!actor || grant === undefined) throw PlatformError.of('unauthorized', {});
      await runs.enterable(actor, app, signal);
      grant.untilMs = nowMs() + UNUSED_MS;
      return actor;
    },
  };
}
