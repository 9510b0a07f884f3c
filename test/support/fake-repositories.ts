import { PlatformError } from '../../server/domain/errors.ts';
import type { Repositories } from '../../server/ports/repositories.ts';

/** Bare repositories of refs alone: what is kept of a push is that it was kept. */
export interface FakeRepositories extends Repositories {
  readonly made: ReadonlySet<string>;
  /** `<appId> <ref>` → commit; a test moves a branch here as git would. */
  readonly refs: Map<string, string>;
  /** Ids of the builds whose hidden ref and archive are there. */
  readonly kept: ReadonlySet<string>;
  /** Every later push is refused for this reason, after parts of it were written. */
  refuse(reason: string): void;
}

export function createFakeRepositories(): FakeRepositories {
  const made = new Set<string>();
  const refs = new Map<string, string>();
  const kept = new Set<string>();
  let refusal: string | undefined;
  const known = (appId: string): void => {
    if (!made.has(appId)) throw new Error(`fake repositories: nobody made ${appId}`);
  };
  return {
    made,
    refs,
    kept,
    refuse: (reason) => (refusal = reason),
    async ensure(appId, signal) {
      signal.throwIfAborted();
      made.add(appId);
      return Promise.resolve(`/repositories/${appId}.git`);
    },
    async remove(appId) {
      made.delete(appId);
      return Promise.resolve();
    },
    async resolve(appId, ref, signal) {
      signal.throwIfAborted();
      known(appId);
      return Promise.resolve(refs.get(`${appId} ${ref}`) ?? null);
    },
    async move(appId, ref, to, from) {
      known(appId);
      const now = refs.get(`${appId} ${ref}`) ?? null;
      if (now === from) refs.set(`${appId} ${ref}`, to);
      return Promise.resolve(now === from || now === to);
    },
    async receive(appId, { id }, signal) {
      signal.throwIfAborted();
      known(appId);
      kept.add(id);
      if (refusal !== undefined) throw PlatformError.of('source_refused', { reason: refusal });
      return Promise.resolve(`/sources/${id}.tar`);
    },
    archiveOf: (id) => `/sources/${id}.tar`,
    archives: () => Promise.resolve([...kept]),
    async discard(id) {
      kept.delete(id);
      return Promise.resolve();
    },
    async release(_appId, id) {
      kept.delete(id);
      return Promise.resolve();
    },
  };
}
