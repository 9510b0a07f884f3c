import type { Logger } from '../../lib/log.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Services } from './services.ts';

/** A link opened for somebody to see something of an app. */
export interface Opened {
  readonly actor: Actor;
  readonly app: string;
}

/** Keeps open what may be seen: a stream lives no longer than the right to it and the credential it was asked with. */
export interface StreamRights {
  /** The actor as they are now. Throws `unauthorized`, `not_found`, … for what may not be opened any more. */
  check(opened: Opened, signal: AbortSignal): Promise<Actor>;
  /** Calls `cut` soon after `check` would throw; the answer ends the watch. */
  watch(opened: Opened, cut: () => void): () => void;
}

/** A revoked token, a removed key, a lost role close what they opened within 5 s (S-API-03); this leaves time to ask. */
const EVERY_MS = 2_000;
const ASK_LIMIT_MS = 2_000;
const REFUSALS = ['unauthorized', 'not_found', 'forbidden', 'forbidden_platform', 'scope_too_small'] as const;

export function createStreamRights(
  { accounts, apps }: Pick<Services, 'accounts' | 'apps'>,
  log: Logger,
  everyMs: number = EVERY_MS,
): StreamRights {
  // Many streams of one person are asked about once.
  const watched = new Map<string, { readonly opened: Opened; readonly cuts: Set<() => void> }>();
  let timer: NodeJS.Timeout | undefined;

  async function check({ actor, app }: Opened, signal: AbortSignal): Promise<Actor> {
    const now = await accounts.renew(actor, signal);
    await apps.find(now, app, signal);
    return now;
  }

  async function checkAll(): Promise<void> {
    for (const [name, { opened, cuts }] of watched) {
      try {
        await check(opened, AbortSignal.timeout(ASK_LIMIT_MS));
      } catch (err) {
        // A database that is away says nothing about rights: the next round asks again.
        if (!REFUSALS.some((id) => PlatformError.is(err, id))) continue;
        log.info({ user: opened.actor.email, app: opened.app }, 'closed streams that may be read no longer');
        watched.delete(name);
        for (const cut of cuts) cut();
      }
    }
  }

  function schedule(): void {
    if (timer !== undefined || watched.size === 0) return;
    timer = setTimeout(() => {
      void checkAll().finally(() => {
        timer = undefined;
        schedule();
      });
    }, everyMs).unref();
  }

  return {
    check,
    watch(opened, cut) {
      const { actor, app } = opened;
      const { kind, id, mark = '' } = actor.credential ?? { kind: 'user', id: actor.userId };
      const name = `${kind} ${id} ${mark} ${app}`;
      const entry = watched.get(name) ?? { opened, cuts: new Set<() => void>() };
      watched.set(name, entry);
      entry.cuts.add(cut);
      schedule();
      return () => {
        entry.cuts.delete(cut);
        if (entry.cuts.size === 0 && watched.get(name) === entry) watched.delete(name);
      };
    },
  };
}
