import type { Engine, ImageFacts } from '../../builder/engine.ts';

type BuildCall = Parameters<Engine['build']>[0];

/** A build engine that builds nothing: whatever a test has not said how to answer is a mistake of the test. */
export interface FakeBuildEngine extends Engine {
  /** Every call in short, in the order in which they came: `build name:tag`. */
  readonly calls: string[];
  /** What `build` was asked. */
  readonly builds: BuildCall[];
  readonly images: Map<string, ImageFacts>;
  /** How calls go from now on. */
  readonly goes: Partial<Engine>;
}

export const DIGEST = `sha256:${'d'.repeat(64)}`;
const FACTS: ImageFacts = {
  id: 'sha256:made',
  start: ['node', 'a.js'],
  port: 8080,
};

/** Builds make an image of `FACTS`, pushes answer `DIGEST`, and the rest does nothing unless it is said otherwise. */
export function createFakeBuildEngine(): FakeBuildEngine {
  const calls: string[] = [];
  const builds: BuildCall[] = [];
  const images = new Map<string, ImageFacts>();
  const goes: Partial<Engine> = {};
  const undone = (what: string): Promise<never> => Promise.reject(new Error(`nobody said how to ${what}`));
  return {
    ...{ calls, builds, images, goes },
    ping: () => Promise.resolve(true),
    async build(call, onTrace, signal) {
      calls.push(`build ${call.tag}`);
      builds.push(call);
      call.context.on('error', () => undefined); // a test that does not read it has no use for its end
      await (goes.build?.(call, onTrace, signal) ?? Promise.resolve(void call.context.resume()));
      images.set(call.tag, FACTS);
    },
    inspect: (name) => Promise.resolve(images.get(name) ?? null),
    importRoot: () => undone('import'),
    tag: (name, repo, tag) => Promise.resolve(void calls.push(`tag ${name} ${repo}:${tag}`)),
    push(name, tag, token, signal) {
      calls.push(`push ${name}:${tag} with ${token}`);
      return goes.push?.(name, tag, token, signal) ?? Promise.resolve(DIGEST);
    },
    readFolder: (image, path, signal) => goes.readFolder?.(image, path, signal) ?? undone(`read ${path}`),
    remove(name, signal) {
      calls.push(`remove ${name}`);
      images.delete(name);
      return goes.remove?.(name, signal) ?? Promise.resolve();
    },
    removeContainers: () => Promise.resolve(void calls.push('remove containers')),
    names: (pattern, signal) => goes.names?.(pattern, signal) ?? Promise.resolve([]),
    prune: (bytes) => Promise.resolve(void calls.push(`prune ${bytes}`)),
  };
}
