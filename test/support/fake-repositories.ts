import { PlatformError } from '../../server/domain/errors.ts';
import type { Repositories } from '../../server/ports/repositories.ts';

/** Bare repositories of refs alone: what is kept of a push is that it was kept. */
export interface FakeRepositories extends Repositories {
  readonly made: ReadonlySet<string>;
  /** `<appId> <ref>` → commit; a test moves a branch here as git would. */
  readonly refs: Map<string, string>;
  /** App id → what its repository takes on disk; a test says it. */
  readonly sizes: Map<string, number>;
  /** Ids of the builds whose hidden ref and archive are there. */
  readonly kept: ReadonlySet<string>;
  /** All that is kept is older by this from now on. */
  age(ms: number): void;
  /** Ids of the apps whose repositories were cleared, as often as that; `clear` is to be arranged as a mishap. */
  readonly cleared: readonly string[];
  /** Every later push is refused for this reason, after parts of it were written. */
  refuse(reason: string): void;
}

export function createFakeRepositories(): FakeRepositories {
  const made = new Set<string>();
  const refs = new Map<string, string>();
  const sizes = new Map<string, number>();
  const sources = new Map<string, { readonly appId: string; ageMs: number }>();
  const cleared: string[] = [];
  let refusal: string | undefined;
  const known = (appId: string): void => {
    if (!made.has(appId)) throw new Error(`fake repositories: nobody made ${appId}`);
  };
  return {
    made,
    refs,
    sizes,
    cleared,
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
    async bytes(appId, signal) {
      signal.throwIfAborted();
      known(appId);
      return Promise.resolve(sizes.get(appId) ?? 0);
    },
    async resolve(appId, ref, signal) {
      signal.throwIfAborted();
      known(appId);
      return Promise.resolve(refs.get(`${appId} ${ref}`) ?? null);
    },
    async clash(appId, ref, signal) {
      signal.throwIfAborted();
      const mine = [...refs.keys()]
        .filter((key) => key.startsWith(`${appId} `))
        .map((key) => key.slice(appId.length + 1));
      const found = mine.find((there) => there.startsWith(`${ref}/`) || ref.startsWith(`${there}/`));
      return Promise.resolve(found ?? null);
    },
    async move(appId, ref, to, from) {
      known(appId);
      const now = refs.get(`${appId} ${ref}`) ?? null;
      if (now === from) refs.set(`${appId} ${ref}`, to);
      return Promise.resolve(now === from || now === to);
    },
    async checkPush(appId, _push, signal) {
      signal.throwIfAborted();
      known(appId);
      return Promise.resolve();
    },
    async clear(appId, _olderThanMs, signal) {
      signal.throwIfAborted();
      known(appId);
      cleared.push(appId);
      return Promise.resolve(true);
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
