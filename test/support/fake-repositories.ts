import { PlatformError } from '../../server/domain/errors.ts';
import type { Repositories } from '../../server/ports/repositories.ts';

/** Bare repositories of refs alone: what is kept of a push is that it was kept. */
export interface FakeRepositories extends Repositories {
  readonly made: ReadonlySet<string>;
  /** `<appId> <ref>` → commit; a test moves a branch here as git would. */
  readonly refs: Map<string, string>;
  /** Ids of the builds whose hidden ref and archive are there. */
  readonly kept: ReadonlySet<string>;
  /** All that is kept is older by this from now on. */
  age(ms: number): void;
  /** Every later push is refused for this reason, after parts of it were written. */
  refuse(reason: string): void;
}

export function createFakeRepositories(): FakeRepositories {
  const made = new Set<string>();
  const refs = new Map<string, string>();
  const sources = new Map<string, { readonly appId: string; ageMs: number }>();
  let refusal: string | undefined;
  const known = (appId: string): void => {
    if (!made.has(appId)) throw new Error(`fake repositories: nobody made ${appId}`);
  };
  return {
    made,
    refs,
    get kept() {
      return new Set(sources.keys());
    },
    age(ms) {
      for (const source of sources.values()) source.ageMs += ms;
    },
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
      sources.set(id, { appId, ageMs: 0 });
      if (refusal !== undefined) throw PlatformError.of('source_refused', { reason: refusal });
      return Promise.resolve(`/sources/${id}.tar`);
    },
    archiveOf: (id) => `/sources/${id}.tar`,
    archives: (olderThanMs) =>
      Promise.resolve([...sources].filter(([, { ageMs }]) => ageMs >= olderThanMs).map(([id]) => id)),
    async discard(id) {
      sources.delete(id);
      return Promise.resolve();
    },
    async release(_appId, id) {
      sources.delete(id);
      return Promise.resolve();
    },
    async leftovers(appId, olderThanMs, signal) {
      signal.throwIfAborted();
      const old = [...sources].filter(([, source]) => source.appId === appId && source.ageMs >= olderThanMs);
      return Promise.resolve(old.map(([id]) => id));
    },
  };
}
