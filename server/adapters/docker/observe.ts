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
import { RUN_TYPE } from '../../domain/run.ts';
import { LABEL } from './names.ts';
import { runClaimOf, type RunClaim } from './run-claim.ts';

export interface Observer {
  /** Every instance of this platform. */
  find(signal: AbortSignal): Promise<readonly FoundInstance[]>;
  /** Whatever of one app has a log: its instances and runs. */
  findOf(appId: string, signal: AbortSignal): Promise<readonly Voice[]>;
  /** The runs of all apps, or of one. */
  findRuns(signal: AbortSignal, appId?: string): Promise<readonly FoundRun[]>;
  /** One container of this platform as it is now; undefined when it is gone, or not ours. One that is going still has its name. */
  look(idOrName: string, signal: AbortSignal): Promise<Condition | 'removing' | undefined>;
  /** What one container is and how; undefined when it is gone or going, or not ours. */
  identify(instanceId: string, signal: AbortSignal): Promise<Identified | undefined>;
}

/** One container: what it claims to be, and how it is. */
export type Identified = Pick<Claim, 'appId' | 'release' | 'type' | 'number'> &
  Partial<Claim> &
  Condition & { readonly id: string; readonly run?: RunClaim };

/** A container with a log; `run` when it is none of an instance. */
export type Voice = FoundInstance & { readonly run?: RunClaim };

export type FoundRun = RunClaim & Condition & { readonly id: string };

export interface ObserverOptions {
  readonly client: DockerClient;
  readonly platformId: string;
  readonly host: string;
  readonly log: Logger;
}

type AnyClaim =
  { readonly instance: Claim; readonly run?: never } | { readonly instance?: never; readonly run: RunClaim };

interface Seen {
  readonly claim: AnyClaim;
  readonly condition: Condition | 'removing';
}

interface Observed {
  readonly entry: Listed;
  readonly claim: AnyClaim;
  readonly condition: Condition;
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
  const asVoice = (observed: Observed): Voice => voiceOf(observed, platformId, host);
  const ours = `${LABEL.platform}=${platformId}`;

  const look: Observer['look'] = async (idOrName, signal) =>
    (await inspect(client, platformId, idOrName, signal))?.condition;

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
    const [name] = entry.Names;
    log.warn({ container: entry.Id, name }, 'container bears our labels but is not ours; left alone');
  }

  /** Everything of ours with these labels, in a state that is known. */
  async function observe(
    label: readonly string[],
    wanted: (claim: AnyClaim) => boolean,
    signal: AbortSignal,
    there = new Set<string>(),
  ): Promise<Observed[]> {
    const answer = await client.call(signal, (docker, abortSignal) =>
      docker.listContainers({ all: true, filters: { label: [...label] }, abortSignal }),
    );
    const mine = listing.parse(answer).flatMap((entry) => {
      const claim = anyClaimOf(platformId, entry.Names[0], entry.Labels);
      if (claim === undefined) tellStranger(entry);
      there.add(entry.Id);
      return claim === undefined || entry.State === 'removing' || !wanted(claim) ? [] : [{ entry, claim }];
    });
    const found: Observed[] = [];
    for (let at = 0; at < mine.length; at += INSPECT_AT_ONCE) {
      const some = mine.slice(at, at + INSPECT_AT_ONCE).map(async ({ entry, claim }) => {
        const condition = await conditionFor(entry, signal);
        return condition === undefined ? [] : [{ entry, claim, condition }]; // gone between the two calls
      });
      found.push(...(await Promise.all(some)).flat());
    }
    return found;
  }

  return {
    async find(signal) {
      const there = new Set<string>();
      // Runs are only counted here: their conditions are somebody else's to ask for.
      const found = await observe([ours], ({ instance }) => instance !== undefined, signal, there);
      for (const id of known.keys()) if (!there.has(id)) known.delete(id);
      return found.map(asVoice);
    },
    findOf: async (appId, signal) =>
      (await observe([ours, `${LABEL.app}=${appId}`], () => true, signal)).map(asVoice),
    async findRuns(signal, appId) {
      const labels = [ours, LABEL.run, ...(appId === undefined ? [] : [`${LABEL.app}=${appId}`])];
      const found = await observe(labels, ({ run }) => run !== undefined, signal);
      return found.flatMap(({ entry: { Id: id }, claim: { run }, condition }) =>
        run === undefined ? [] : [{ id, ...run, ...condition }],
      );
    },
    look,
    async identify(instanceId, signal) {
      const seen = await inspect(client, platformId, instanceId, signal);
      return seen === undefined || seen.condition === 'removing'
        ? undefined
        : identified(instanceId, seen.claim, seen.condition);
    },
  };
}

function identified(id: string, { instance, run }: AnyClaim, condition: Condition): Identified {
  if (instance !== undefined) return { id, ...instance, ...condition };
  const { appId, release, number } = run;
  return { id, appId, release, number, type: RUN_TYPE, run, ...condition };
}

function anyClaimOf(
  platformId: string,
  name: string | undefined,
  labels: Readonly<Record<string, string>>,
): AnyClaim | undefined {
  const instance = claimOf(platformId, name, labels);
  if (instance !== undefined) return { instance };
  const run = runClaimOf(platformId, name, labels);
  return run === undefined ? undefined : { run };
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
  const claim = anyClaimOf(platformId, container.Name, container.Config.Labels ?? {});
  if (claim === undefined) return undefined;
  return { claim, condition: container.State.Status === 'removing' ? 'removing' : conditionOf(container) };
}

function voiceOf({ entry, claim, condition }: Observed, platformId: string, host: string): Voice {
  const address = condition.state === 'starting' ? addressOf(platformId, entry) : null;
  const common = { id: entry.Id, host, address, ...condition };
  if (claim.instance === undefined) {
    const { appId, release, number } = claim.run;
    const place = { appId, release, number, type: RUN_TYPE, seq: 0, attempt: 0, port: null };
    return { ...common, ...place, run: claim.run };
  }
  const { appId, seq, release, type, number, attempt, port } = claim.instance;
  return { ...common, appId, seq, release, type, number, attempt, port };
}
