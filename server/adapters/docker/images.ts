import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Logger } from '../../../lib/log.ts';
import { PlatformError } from '../../domain/errors.ts';
import type { ImageLedger } from './image-ledger.ts';
import { orMissing, statusOf, wordsOf, type DockerClient } from './client.ts';

const PULL_MS = 300_000;

const progress = z.object({ error: z.string().optional() });
const listed = z.array(
  z.object({
    Id: z.string(),
    RepoTags: z.array(z.string()).nullish(),
    RepoDigests: z.array(z.string()).nullish(),
  }),
);
type Listed = z.infer<typeof listed>[number];
const users = z.array(z.object({ ImageID: z.string() }));

export interface Images {
  /** Fetches the image unless it is there. Throws `image_missing`. */
  ensure(reference: string, pullToken: string, signal: AbortSignal): Promise<void>;
  /** Removes images that this platform fetched and that are neither kept nor used; answers how many. */
  collect(keep: ReadonlySet<string>, signal: AbortSignal): Promise<number>;
}

interface ImagesOptions {
  readonly client: DockerClient;
  readonly registry: string;
  readonly ledger: ImageLedger;
  /** An image asked for this recently is not collected. */
  readonly freshMs: number;
  readonly log: Logger;
}

/**
 * The images of one platform on one engine. Ours are those that the ledger says we fetched, by digest: images with a tag,
 * or that others fetched from the same registry, belong to somebody else.
 */
export function createImages({ client, registry, ledger, freshMs, log }: ImagesOptions): Images {
  const fetched = new Map<string, number>();

  async function present(reference: string, signal: AbortSignal): Promise<boolean> {
    const answer = client.call(signal, (docker) => docker.getImage(reference).inspect());
    return (await orMissing(answer)) !== undefined;
  }

  async function pull(reference: string, token: string, signal: AbortSignal): Promise<void> {
    // One call around opening and reading: a pull is over when its stream has ended without an `error` line.
    await client.call(
      signal,
      async (docker, abortSignal) => {
        const stream = (await docker.pull(reference, {
          authconfig: { registrytoken: token },
          abortSignal,
        })) as NodeJS.ReadableStream & AsyncDisposable;
        for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
          const { error } = progress.parse(JSON.parse(line === '' ? '{}' : line));
          if (error !== undefined) throw Object.assign(new Error(error), { statusCode: 404 });
        }
      },
      PULL_MS,
    );
  }

  async function remove(reference: string, signal: AbortSignal): Promise<boolean> {
    try {
      await client.call(signal, (docker, abortSignal) => docker.getImage(reference).remove({ abortSignal }));
      return true;
    } catch (err) {
      // 404: gone already; 409: a container was made from it since we looked.
      if (statusOf(err) === 404 || statusOf(err) === 409) return false;
      throw err;
    }
  }

  return {
    async ensure(reference, pullToken, signal) {
      fetched.set(reference, performance.now());
      await ledger.add([repositoryIn(reference)]);
      if (await present(reference, signal)) return;
      try {
        await pull(reference, pullToken, signal);
      } catch (err) {
        if (statusOf(err) === undefined) throw err;
        log.warn({ image: reference, reason: wordsOf(err) }, 'image could not be fetched');
        throw PlatformError.of('image_missing', { image: reference }, err);
      }
    },
    async collect(keep, signal) {
      const [images, containers] = await Promise.all([
        client.call(signal, (docker, abortSignal) => docker.listImages({ abortSignal })),
        client.call(signal, (docker, abortSignal) => docker.listContainers({ all: true, abortSignal })),
      ]);
      // What a release needs is ours, also where an earlier version of the platform fetched it and wrote nothing down.
      const needed = [...keep].map((image) => `${registry}/${image}`);
      await ledger.add(needed.map(repositoryIn));
      const used = new Set(users.parse(containers).map((container) => container.ImageID));
      const now = performance.now();
      for (const [reference, at] of fetched) if (now - at >= freshMs) fetched.delete(reference);
      const stays = new Set([...fetched.keys(), ...needed]);
      let removed = 0;
      for (const image of listed.parse(images)) {
        const ours = await oursOf(image, ledger);
        if (isTagged(image) || used.has(image.Id) || ours.some((reference) => stays.has(reference)))
          for (const reference of ours) stays.add(reference);
        else
          for (const reference of ours)
            if (await remove(reference, signal)) removed += 1;
            else stays.add(reference);
      }
      const left = new Set([...stays].map(repositoryIn));
      const fetching = (): string[] => [...fetched.keys()].map(repositoryIn); // also since we looked
      await ledger.keep((repository) => left.has(repository) || fetching().includes(repository));
      return removed;
    },
  };
}

const repositoryIn = (reference: string): string => reference.slice(0, reference.indexOf('@'));

async function oursOf({ RepoDigests }: Listed, ledger: ImageLedger): Promise<string[]> {
  const ours: string[] = [];
  for (const reference of RepoDigests ?? [])
    if (await ledger.has(repositoryIn(reference))) ours.push(reference);
  return ours;
}

/** By a person, who wants it to stay. */
function isTagged({ RepoTags }: Listed): boolean {
  return (RepoTags ?? []).some((tag) => tag !== '<none>:<none>');
}
