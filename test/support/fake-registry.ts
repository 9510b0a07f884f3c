import type { ImageRegistry } from '../../server/ports/registry.ts';

/** A registry in memory, with the builder that pushes to it. */
export interface FakeRegistry extends ImageRegistry {
  /** A build that pushes `digest` and is over. */
  build(repository: string, digest: string): void;
  images(repository: string): readonly string[];
  /** How often its disk was swept. */
  sweeps(): number;
}

export function createFakeRegistry(): FakeRegistry {
  const repositories = new Map<string, Set<string>>();
  const builtAt = new Map<string, number>();
  let builds = 0;
  let sweeps = 0;
  return {
    build(repository, digest) {
      builds += 1;
      builtAt.set(repository, builds);
      repositories.set(repository, (repositories.get(repository) ?? new Set()).add(digest));
    },
    images: (repository) => [...(repositories.get(repository) ?? [])],
    sweeps: () => sweeps,
    moment: async () => Promise.resolve({ moment: String(builds), repositories: [...repositories.keys()] }),
    async collect({ repository, keep, moment }) {
      if ((builtAt.get(repository) ?? 0) > Number(moment)) return Promise.resolve('busy');
      const unwanted = this.images(repository).filter((digest) => !keep.includes(digest));
      for (const digest of unwanted) repositories.get(repository)?.delete(digest);
      return unwanted.length;
    },
    async sweep() {
      sweeps += 1;
      const empty = [...repositories].filter(([, images]) => images.size === 0);
      for (const [name] of empty) repositories.delete(name);
      return Promise.resolve(empty.length);
    },
  };
}
