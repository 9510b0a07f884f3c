import { scopesCoverPeople } from '../domain/access.ts';
import type { Actor } from '../domain/actor.ts';
import { PlatformError } from '../domain/errors.ts';
import type { Person } from '../domain/team.ts';
import type { Directory as DirectoryStore } from '../ports/membership.ts';

export interface Directory {
  /**
   * Oneself (`~`), or whoever one shares a team or an app with; administrators see everybody. Anybody else is as if they
   * did not exist: whether an e-mail address has an account is nobody's business. Throws `not_found`.
   */
  find(actor: Actor, who: string, signal: AbortSignal): Promise<Person>;
}

export function createDirectory({ store }: { readonly store: DirectoryStore }): Directory {
  return {
    async find(actor, who, signal) {
      if (isSelf(actor, who)) return { id: actor.userId, email: actor.email };
      const found = scopesCoverPeople(actor.scopes) ? await store.find(who, signal) : undefined;
      const seen = found && (actor.admin || (await store.share(actor.userId, found.id, signal)));
      if (!seen) throw PlatformError.of('not_found', { resource: 'user', name: who.slice(0, 100) });
      return { id: found.id, email: found.email };
    },
  };
}

/** Whether a word for a person means the one who asks. */
export function isSelf(actor: Actor, who: string): boolean {
  return who === '~' || who === actor.userId || who.toLowerCase() === actor.email.toLowerCase();
}

/** Somebody who is to get rights, by id or e-mail address. Throws `user_unknown`. */
export async function personOf(
  directory: DirectoryStore,
  actor: Actor,
  who: string,
  signal: AbortSignal,
): Promise<Person> {
  const found = await directory.find(isSelf(actor, who) ? actor.userId : who, signal);
  if (!found) throw PlatformError.of('user_unknown', { who: who.slice(0, 100) });
  return { id: found.id, email: found.email };
}
