import { z } from 'zod';
import { withDeadline } from '../lib/deadline.ts';
import type { Logger } from '../lib/log.ts';
import type { Address } from './door.ts';
import type { Engine } from './engine.ts';

export interface StackLayersDeps {
  readonly engine: Engine;
  /** The registry as this process reaches it. */
  readonly registry: Address;
  /** The same as the engine reaches it, host:port. */
  readonly engineRegistry: string;
  readonly log: Logger;
}

/** Where a token may push to. */
interface Target {
  readonly repository: string;
  readonly token: string;
}

/** Spares every app's first push the upload of the stack, which is most of what it would send. */
export interface StackLayers {
  /** Pushes the stack once to a repository of its own, and remembers its layers. */
  publish(digest: string, target: Target, signal: AbortSignal): Promise<void>;
  /**
   * Lends the published layers to an app's repository inside the registry. Needs a token that may also pull from the
   * stack's repository. Never fails: without it the engine uploads the layers itself, which only takes longer.
   */
  lend(target: Target, signal: AbortSignal): Promise<void>;
}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const manifest = z.object({
  layers: z.array(z.object({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) })),
});
const SMALL_MS = 5000;
/** Repositories remembered as served; forgetting one costs a round trip. */
const MAX_KNOWN = 10_000;

export function createStackLayers({ engine, registry, engineRegistry, log }: StackLayersDeps): StackLayers {
  const origin = `http://${registry.host}:${registry.port}`;
  const served = new Set<string>();
  let published: { readonly repository: string; readonly layers: readonly string[] } | undefined;

  async function ask(
    path: string,
    init: { method: string; token: string; accept?: string },
    signal: AbortSignal,
  ): Promise<Response> {
    const headers = {
      authorization: `Bearer ${init.token}`,
      ...(init.accept !== undefined && { accept: init.accept }),
    };
    return withDeadline(SMALL_MS, signal, (inner) =>
      fetch(new URL(path, origin), { method: init.method, headers, signal: inner, redirect: 'error' }),
    );
  }

  async function mount(
    layer: string,
    from: string,
    { repository, token }: Target,
    signal: AbortSignal,
  ): Promise<boolean> {
    const query = new URLSearchParams({ mount: layer, from });
    const answer = await ask(
      `/v2/${repository}/blobs/uploads/?${query.toString()}`,
      { method: 'POST', token },
      signal,
    );
    await answer.arrayBuffer();
    const location = answer.headers.get('location');
    // 202: the registry began an upload instead, because this token may not read there, or the layer is gone.
    if (answer.status === 202 && location !== null) {
      const path = new URL(location, origin);
      await (await ask(`${path.pathname}${path.search}`, { method: 'DELETE', token }, signal)).arrayBuffer();
    }
    return answer.status === 201;
  }

  return {
    async publish(digest, target, signal) {
      const name = `${engineRegistry}/${target.repository}`;
      const tag = digest.replace('sha256:', '').slice(0, 16);
      await engine.tag(digest, name, tag, signal);
      const pushed = await engine.push(name, tag, target.token, signal);
      await engine.remove(`${name}:${tag}`, signal);
      const answer = await ask(
        `/v2/${target.repository}/manifests/${pushed}`,
        { method: 'GET', token: target.token, accept: MANIFEST },
        signal,
      );
      if (!answer.ok) throw new Error(`the registry answered ${answer.status} for the stack it was sent`);
      const layers = manifest.parse(await answer.json()).layers.map((layer) => layer.digest);
      published = { repository: target.repository, layers };
      served.clear();
    },
    async lend(target, signal) {
      if (published === undefined || served.has(target.repository)) return;
      const { repository, layers } = published;
      try {
        for (const layer of layers) if (!(await mount(layer, repository, target, signal))) return;
        if (served.size >= MAX_KNOWN) served.clear();
        served.add(target.repository);
      } catch (err) {
        if (!signal.aborted) log.debug({ err }, 'stack layers could not be lent; the engine uploads them');
      }
    },
  };
}
