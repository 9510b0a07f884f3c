import type { Logger } from '../../../lib/log.ts';
import type { FoundInstance } from '../../ports/engine.ts';
import { orMissing, type DockerClient } from './client.ts';
import {
  addressOf,
  claimOf,
  conditionOf,
  inspection,
  listing,
  type Claim,
  type Condition,
  type Listed,
} from './container.ts';
import { LABEL } from './names.ts';

export interface Observer {
  /** Every container of this platform. */
  find(signal: AbortSignal): Promise<readonly FoundInstance[]>;
  /** The containers of one app. */
  findOf(appId: string, signal: AbortSignal): Promise<readonly FoundInstance[]>;
  /** One container of this platform as it is now; undefined when it is gone, or not ours. One that is going still has its name. */
  look(idOrName: string, signal: AbortSignal): Promise<Condition | 'removing' | undefined>;
  /** What one container is and how; undefined when it is gone or going, or not ours. */
  identify(instanceId: string, signal: AbortSignal): Promise<Identified | undefined>;
}

/** One container: what it claims to be, and how it is. */
export type Identified = Claim & Condition & { readonly id: string };

export interface ObserverOptions {
  readonly client: DockerClient;
  readonly platformId: string;
  readonly host: string;
  readonly log: Logger;
}

interface Seen {
  readonly claim: Claim;
  readonly condition: Condition | 'removing';
}

/** How many containers are inspected at once when many are new to us. */
const INSPECT_AT_ONCE = 16;

/**
 * Finds this platform's containers with one call; each is inspected once per change of its state, because a start time
 * or an exit code is not in the list.
 */
export function createObserver({ client, platformId, host, log }: ObserverOptions): Observer {
  const known = new Map<string, { readonly key: string; readonly condition: Condition }>();
  const strangers = new Set<string>();

  async function look(idOrName: string, signal: AbortSignal): Promise<Condition | 'removing' | undefined> {
    return (await inspect(client, platformId, idOrName, signal))?.condition;
  }

  async function conditionFor(entry: Listed, signal: AbortSignal): Promise<Condition | undefined> {
    // The address is part of the key: a container that somebody restarted by hand comes back with another.
    const key = `${entry.State} ${addressOf(platformId, entry) ?? ''}`;
    const before = known.get(entry.Id);
    if (before?.key === key) return before.condition;
    const condition = await look(entry.Id, signal);
    if (condition === undefined || condition === 'removing') return undefined;
    if (condition.state !== 'created') known.set(entry.Id, { key, condition });
    return condition;
  }

  function tellStranger(entry: Listed): void {
    if (strangers.has(entry.Id)) return;
    strangers.add(entry.Id);
    log.warn(
      { container: entry.Id, name: entry.Names[0] },
      'container bears our labels but is not ours; left alone',
    );
  }

  async function describe(entry: Listed, claim: Claim, signal: AbortSignal): Promise<FoundInstance[]> {
    const condition = await conditionFor(entry, signal);
    if (condition === undefined) return []; // gone between the two calls
    const { appId, seq, release, type, number, attempt, port } = claim;
    const address = condition.state === 'starting' ? addressOf(platformId, entry) : null;
    return [{ id: entry.Id, appId, seq, release, type, number, attempt, host, address, port, ...condition }];
  }

  async function observe(label: readonly string[], signal: AbortSignal): Promise<FoundInstance[]> {
    const answer = await client.call(signal, (docker, abortSignal) =>
      docker.listContainers({ all: true, filters: { label: [...label] }, abortSignal }),
    );
    const ours = listing.parse(answer).flatMap((entry) => {
      const claim = claimOf(platformId, entry.Names[0], entry.Labels);
      if (claim === undefined) tellStranger(entry);
      return claim === undefined || entry.State === 'removing' ? [] : [{ entry, claim }];
    });
    const found: FoundInstance[] = [];
    for (let at = 0; at < ours.length; at += INSPECT_AT_ONCE) {
      const some = ours.slice(at, at + INSPECT_AT_ONCE);
      found.push(
        ...(await Promise.all(some.map(({ entry, claim }) => describe(entry, claim, signal)))).flat(),
      );
    }
    return found;
  }

  return {
    async find(signal) {
      const found = await observe([`${LABEL.platform}=${platformId}`], signal);
      const there = new Set(found.map((instance) => instance.id));
      for (const id of known.keys()) if (!there.has(id)) known.delete(id);
      return found;
    },
    findOf: (appId, signal) => observe([`${LABEL.platform}=${platformId}`, `${LABEL.app}=${appId}`], signal),
    look,
    async identify(instanceId, signal) {
      const seen = await inspect(client, platformId, instanceId, signal);
      if (seen === undefined || seen.condition === 'removing') return undefined;
      return { id: instanceId, ...seen.claim, ...seen.condition };
    },
  };
}

/** Undefined when it is gone, or not ours. */
async function inspect(
  client: DockerClient,
  platformId: string,
  idOrName: string,
  signal: AbortSignal,
): Promise<Seen | undefined> {
  const answer = await orMissing(
    client.call(signal, (docker, abortSignal) => docker.getContainer(idOrName).inspect({ abortSignal })),
  );
  if (answer === undefined) return undefined;
  const container = inspection.parse(answer);
  const claim = claimOf(platformId, container.Name, container.Config.Labels ?? {});
  if (claim === undefined) return undefined;
  return { claim, condition: container.State.Status === 'removing' ? 'removing' : conditionOf(container) };
}
