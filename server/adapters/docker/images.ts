import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Logger } from '../../../lib/log.ts';
import { PlatformError } from '../../domain/errors.ts';
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
const users = z.array(z.object({ ImageID: z.string() }));

export interface Images {
  /** Fetches the image unless it is there. Throws `image_missing`. */
  ensure(reference: string, pullToken: string, signal: AbortSignal): Promise<void>;
  /** Removes images of this registry that are neither kept nor used; answers how many. */
  collect(keep: ReadonlySet<string>, signal: AbortSignal): Promise<number>;
}

interface ImagesOptions {
  readonly client: DockerClient;
  readonly registry: string;
  /** An image asked for this recently is not collected. */
  readonly freshMs: number;
  readonly log: Logger;
}

/**
 * The images of one registry on one engine. Ours are known by that registry's host and port in front of a digest:
 * images with a tag, or of another registry, belong to somebody else.
 */
export function createImages({ client, registry, freshMs, log }: ImagesOptions): Images {
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
      const used = new Set(users.parse(containers).map((container) => container.ImageID));
      const now = performance.now();
      for (const [reference, at] of fetched) if (now - at >= freshMs) fetched.delete(reference);
      const unwanted = listed.parse(images).filter((image) => {
        const references = image.RepoDigests ?? [];
        const kept = references.some(
          (reference) => fetched.has(reference) || keep.has(reference.slice(registry.length + 1)),
        );
        return isOurs(image, registry) && !kept && !used.has(image.Id);
      });
      let removed = 0;
      for (const { RepoDigests } of unwanted)
        for (const reference of RepoDigests ?? []) removed += (await remove(reference, signal)) ? 1 : 0;
      return removed;
    },
  };
}

/** Fetched by digest from this registry and nowhere else, and never tagged by a person. */
function isOurs({ RepoTags, RepoDigests }: z.infer<typeof listed>[number], registry: string): boolean {
  const tagged = (RepoTags ?? []).some((tag) => tag !== '<none>:<none>');
  const references = RepoDigests ?? [];
  return (
    !tagged && references.length > 0 && references.every((reference) => reference.startsWith(`${registry}/`))
  );
}
