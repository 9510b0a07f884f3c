import { z } from 'zod';
import { MANIFEST, type AskRegistry } from './registry-call.ts';

/** The images of a repository, as the registry lists and forgets them. The token says what may be done. */
export interface RegistryImages {
  /** The digests of all tagged images; a repository that is not there has none. */
  list(repository: string, token: string, signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** What the layers of an image take in the registry, packed as they are there. */
  storedBytes(repository: string, digest: string, token: string, signal: AbortSignal): Promise<number>;
  /**
   * Deletes an image and its tags; its layers stay until the disk is swept. False when there is nothing to delete, or
   * when this registry deletes nothing: somebody else's may be set up so.
   */
  remove(repository: string, digest: string, token: string, signal: AbortSignal): Promise<boolean>;
}

/** Every push makes a tag of its own, so no image is without one, and a page of tags is longer than most repositories. */
const PAGE = 500;
/** Tags asked about side by side. */
const WIDTH = 8;

const sized = z.object({ layers: z.array(z.object({ size: z.int().min(0) })) });
const listed = z.object({ tags: z.array(z.string()).nullish() });

export function createRegistryImages(ask: AskRegistry): RegistryImages {
  async function tagsOf(repository: string, token: string, signal: AbortSignal): Promise<string[]> {
    const tags: string[] = [];
    for (let last: string | undefined; ; last = tags.at(-1)) {
      const page = new URLSearchParams({ n: String(PAGE), ...(last !== undefined && { last }) });
      const path = `/v2/${repository}/tags/list?${page.toString()}`;
      const answer = await ask({ method: 'GET', path, token }, signal);
      const text = await answer.text();
      if (answer.status === 404) return tags;
      if (!answer.ok) throw refused(`list ${repository}`, answer.status, text);
      // Registries that do not cut their lists into pages answer with all of it each time.
      const known = new Set(tags);
      const more = (listed.parse(JSON.parse(text)).tags ?? []).filter((tag) => !known.has(tag));
      tags.push(...more);
      if (more.length < PAGE) return tags;
    }
  }

  async function digestOf(
    repository: string,
    tag: string,
    token: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const path = `/v2/${repository}/manifests/${tag}`;
    const answer = await ask({ method: 'HEAD', path, token, accept: MANIFEST }, signal);
    await answer.arrayBuffer();
    if (answer.status === 404) return undefined; // the registry died between the image and its tags
    const digest = answer.headers.get('docker-content-digest');
    if (!answer.ok || digest === null) throw refused(`name ${repository}:${tag}`, answer.status, '');
    return digest;
  }

  return {
    async list(repository, token, signal) {
      const tags = await tagsOf(repository, token, signal);
      const digests = new Set<string>();
      for (let at = 0; at < tags.length; at += WIDTH) {
        const some = tags.slice(at, at + WIDTH);
        const found = await Promise.all(some.map((tag) => digestOf(repository, tag, token, signal)));
        for (const digest of found) if (digest !== undefined) digests.add(digest);
      }
      return digests;
    },
    async storedBytes(repository, digest, token, signal) {
      const path = `/v2/${repository}/manifests/${digest}`;
      const answer = await ask({ method: 'GET', path, token, accept: MANIFEST }, signal);
      const text = await answer.text();
      if (!answer.ok) throw refused(`show ${repository}@${digest}`, answer.status, text);
      return sized.parse(JSON.parse(text)).layers.reduce((sum, { size }) => sum + size, 0);
    },
    async remove(repository, digest, token, signal) {
      const path = `/v2/${repository}/manifests/${digest}`;
      const answer = await ask({ method: 'DELETE', path, token }, signal);
      const text = await answer.text();
      if (answer.status === 404 || answer.status === 405) return false;
      if (!answer.ok) throw refused(`delete ${repository}@${digest}`, answer.status, text);
      return true;
    },
  };
}

function refused(what: string, status: number, said: string): Error {
  return new Error(`the registry would not ${what}: ${status} ${said.slice(0, 200)}`);
}
