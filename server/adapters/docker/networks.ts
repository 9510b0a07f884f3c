import { networkInterfaces } from 'node:os';
import { z } from 'zod';
import { block, overlap, parseBlock, printBlock, type Block } from '../../../lib/ipv4.ts';
import type { AppPlace } from '../../ports/engine.ts';
import { orMissing, statusOf, wordsOf, type DockerClient } from './client.ts';
import { networkOptions } from './container-spec.ts';
import { LABEL, networkName } from './names.ts';
import { candidates } from './subnets.ts';

const inspected = z.object({ Id: z.string(), Labels: z.record(z.string(), z.string()).nullish() });

export interface Networks {
  /** Makes the app's network unless it is there; true when it was made now. */
  ensure(app: AppPlace, signal: AbortSignal): Promise<boolean>;
  /** Removes it; absent is fine. */
  remove(appId: string, signal: AbortSignal): Promise<void>;
}

export interface SubnetPool {
  /** All private networks of all platforms on this machine come out of it, e.g. `10.176.0.0/12`. */
  readonly pool: string;
  /** Mask length of one app's network: 26 holds 61 instances, and gives a /12 16,384 networks. */
  readonly bits: number;
}

/** Each app's own bridge network, with an explicit subnet: the engine's default pools end after some thirty. */
export function createNetworks(
  client: DockerClient,
  platformId: string,
  { pool, bits }: SubnetPool,
): Networks {
  const whole = block(pool);

  async function find(appId: string, signal: AbortSignal): Promise<string | undefined> {
    const name = networkName(platformId, appId);
    const answer = await orMissing(client.call(signal, (docker) => docker.getNetwork(name).inspect()));
    if (answer === undefined) return undefined;
    const { Id, Labels } = inspected.parse(answer);
    if (Labels?.[LABEL.platform] !== platformId || Labels[LABEL.app] !== appId)
      throw new Error(`the network ${name} was not made by this platform; remove it`);
    return Id;
  }

  /** True when made; false when this subnet cannot be had. */
  async function tryToMake(app: AppPlace, subnet: Block, signal: AbortSignal): Promise<boolean> {
    try {
      await client.call(signal, (docker, abortSignal) =>
        docker.createNetwork({ ...networkOptions(platformId, app, printBlock(subnet)), abortSignal }),
      );
      return true;
    } catch (err) {
      if (/overlap/i.test(wordsOf(err))) return false;
      if (statusOf(err) === 409) return true; // made by somebody else a moment ago: by name, so it is the same
      throw err;
    }
  }

  async function make(app: AppPlace, signal: AbortSignal): Promise<boolean> {
    if ((await find(app.id, signal)) !== undefined) return false;
    const taken = ownBlocks();
    for (const subnet of candidates(whole, bits, platformId, app.network)) {
      // The engine compares with its own networks only; a VPN or another engine's bridge would lose its traffic to ours.
      if (taken.some((other) => overlap(other, subnet))) continue;
      if (await tryToMake(app, subnet, signal)) return true;
    }
    throw new Error(`no free subnet for ${app.name} in ${pool}; give the platform another pool`);
  }

  /** The last call per app: an app's first instances start together, and the engine refuses the second of two makers. */
  const making = new Map<string, Promise<boolean>>();

  return {
    ensure(app, signal) {
      const before = making.get(app.id) ?? Promise.resolve(false);
      const mine = before
        .catch(() => false)
        .then(() => make(app, signal))
        .finally(() => {
          if (making.get(app.id) === mine) making.delete(app.id);
        });
      making.set(app.id, mine);
      return mine;
    },
    async remove(appId, signal) {
      const id = await find(appId, signal);
      if (id === undefined) return;
      await orMissing(
        client.call(signal, (docker, abortSignal) => docker.getNetwork(id).remove({ abortSignal })),
      );
    },
  };
}

/** The networks this machine is directly part of. */
function ownBlocks(): Block[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ cidr }) => parseBlock(cidr ?? ''))
    .filter((found) => found !== undefined);
}
