import type { Transcripts } from '../../server/ports/transcripts.ts';
import {
  deploymentsOf,
  isUndecided,
  storable,
  type MemoryDeployment,
  type MemoryWorld,
} from './memory-world.ts';

/** Small, so that a reader has to ask more than once. */
const PAGE_LINES = 200;
const MOST_PAGES = 5;

export function createMemoryTranscripts(world: MemoryWorld): Transcripts {
  return {
    async append(stream, lines) {
      const all = lines.flatMap((line) => storable(line).split('\n'));
      for (let at = 0; at < all.length; at += PAGE_LINES)
        world.pages.push({ position: world.pages.length + 1, stream, lines: all.slice(at, at + PAGE_LINES) });
      return Promise.resolve();
    },
    async read(stream, after) {
      const found = world.pages.filter((page) => page.stream === stream && page.position > after);
      return Promise.resolve(found.slice(0, MOST_PAGES).map(({ position, lines }) => ({ position, lines })));
    },
    async prune(keep) {
      const gone = new Set([...world.apps.keys()].flatMap((appId) => outdatedIn(world, appId, keep)));
      removePages(world, gone);
      return Promise.resolve(gone.size);
    },
    pruned: (streams) => Promise.resolve(streams.some((stream) => world.pruned.has(stream))),
  };
}

function outdatedIn(world: MemoryWorld, appId: string, keep: number): string[] {
  const kept = ({ id }: { readonly id: string }): boolean => !world.pruned.has(id);
  const builds = [...world.builds.values()].filter((one) => one.appId === appId && kept(one)).reverse();
  const old = builds.slice(keep).filter(({ status }) => status !== 'queued' && status !== 'building');
  for (const { id } of old) world.pruned.add(id);
  const isOfKeptBuild = (one: MemoryDeployment): boolean => {
    const { buildId } = world.releases.get(one.releaseId) ?? {};
    const [first] = deploymentsOf(world, appId).filter(({ releaseId }) => releaseId === one.releaseId);
    return typeof buildId === 'string' && !world.pruned.has(buildId) && first === one;
  };
  const oldDeployments = deploymentsOf(world, appId)
    .filter(kept)
    .reverse()
    .slice(keep)
    .filter((one) => !isUndecided(one) && !isOfKeptBuild(one));
  for (const { id } of oldDeployments) world.pruned.add(id);
  return [...old, ...oldDeployments].map(({ id }) => id);
}

export function removePages(world: MemoryWorld, streams: ReadonlySet<string>): void {
  // Blanked: positions go on growing.
  const left = world.pages.map((page) => (streams.has(page.stream) ? { ...page, stream: '' } : page));
  world.pages.splice(0, world.pages.length, ...left);
}
