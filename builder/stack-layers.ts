import { z } from 'zod';
import type { Logger } from '../lib/log.ts';
import type { Engine } from './engine.ts';
import type { Pushes } from './pushes.ts';
import { MANIFEST, type AskRegistry } from './registry-call.ts';
import type { RegistryImages } from './registry-images.ts';

export interface StackLayersDeps {
  readonly engine: Engine;
  readonly ask: AskRegistry;
  readonly images: RegistryImages;
  readonly pushes: Pushes;
  /** The registry as the engine reaches it, host:port. */
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
  /**
   * Sees to it that the registry has the stack, in a repository of its own: pushes it if it is not there, remembers its
   * layers, and deletes earlier stacks there. Where nothing is to do it asks one small question and no push waits for it.
   */
  publish(digest: string, target: Target, signal: AbortSignal): Promise<void>;
  /**
   * Lends the published layers to an app's repository inside the registry. Needs a token that may also pull from the
   * stack's repository. Counts as a push, so it may have to wait, which it says. Never fails: without it the engine
   * uploads the layers itself, which only takes longer.
   */
  lend(target: Target, waiting: () => void, signal: AbortSignal): Promise<void>;
  /** The registry was swept: repositories may have lost what was lent to them. */
  forget(): void;
}

/** The stack as the registry has it. */
interface Found {
  readonly digest: string;
  readonly layers: readonly string[];
}

const manifest = z.object({
  layers: z.array(z.object({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) })),
});
/** Repositories remembered as served; forgetting one costs a round trip. */
const MAX_KNOWN = 10_000;

export function createStackLayers(deps: StackLayersDeps): StackLayers {
  const { engine, ask, images, pushes, engineRegistry, log } = deps;
  const served = new Set<string>();
  let published:
    { readonly digest: string; readonly from: string; readonly layers: readonly string[] } | undefined;

  async function push(digest: string, tag: string, target: Target, signal: AbortSignal): Promise<Found> {
    const name = `${engineRegistry}/${target.repository}`;
    await engine.tag(digest, name, tag, signal);
    const pushed = await pushes.push(
      () => engine.push(name, tag, target.token, signal),
      () => undefined,
      signal,
    );
    await engine.remove(`${name}:${tag}`, signal);
    const found = await find(ask, pushed, target, signal);
    if (found === undefined) throw new Error('the registry does not have the stack it was sent');
    return found;
  }

  /** Nobody pulls an earlier stack; apps built on it have its layers in their own repositories. */
  async function removeOthers(
    digest: string,
    { repository, token }: Target,
    signal: AbortSignal,
  ): Promise<void> {
    const remove = async (): Promise<void> => {
      for (const other of await images.list(repository, token, signal))
        if (other !== digest) await images.remove(repository, other, token, signal);
    };
    await pushes.push(remove, () => undefined, signal);
  }

  return {
    async publish(digest, target, signal) {
      // Named after what it is: a stack that is there under this tag needs no push, whoever sent it.
      const tag = digest.replace('sha256:', '').slice(0, 16);
      const there = (await find(ask, tag, target, signal)) ?? (await push(digest, tag, target, signal));
      if (published?.digest === there.digest) return;
      served.clear();
      published = { digest: there.digest, from: target.repository, layers: there.layers };
      await removeOthers(there.digest, target, signal);
    },
    forget: () => served.clear(),
    async lend(target, waiting, signal) {
      if (published === undefined || served.has(target.repository)) return;
      try {
        // A sweep may be deleting the very repository that this would write to.
        const { from, layers } = published;
        if (!(await pushes.push(() => mountAll(ask, { layers, from, target }, signal), waiting, signal)))
          return;
        if (served.size >= MAX_KNOWN) served.clear();
        served.add(target.repository);
      } catch (err) {
        if (!signal.aborted) log.debug({ err }, 'stack layers could not be lent; the engine uploads them');
      }
    },
  };
}

/** False as soon as one cannot be had. */
async function mountAll(
  ask: AskRegistry,
  { layers, from, target }: { layers: readonly string[]; from: string; target: Target },
  signal: AbortSignal,
): Promise<boolean> {
  for (const layer of layers) if (!(await mount(ask, { layer, from, target }, signal))) return false;
  return true;
}

async function mount(
  ask: AskRegistry,
  { layer, from, target }: { layer: string; from: string; target: Target },
  signal: AbortSignal,
): Promise<boolean> {
  const { repository, token } = target;
  const query = new URLSearchParams({ mount: layer, from });
  const uploads = `/v2/${repository}/blobs/uploads/?${query.toString()}`;
  const answer = await ask({ method: 'POST', path: uploads, token }, signal);
  await answer.arrayBuffer();
  const location = answer.headers.get('location');
  // 202: the registry began an upload instead, because this token may not read there, or the layer is gone.
  if (answer.status === 202 && location !== null) {
    const { pathname, search } = new URL(location, 'http://registry'); // it may name itself as others reach it
    const ended = await ask({ method: 'DELETE', path: `${pathname}${search}`, token }, signal);
    await ended.arrayBuffer();
  }
  return answer.status === 201;
}

/** What the registry has under this tag or digest, if anything. */
async function find(
  ask: AskRegistry,
  reference: string,
  { repository, token }: Target,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const path = `/v2/${repository}/manifests/${reference}`;
  const answer = await ask({ method: 'GET', path, token, accept: MANIFEST }, signal);
  const text = await answer.text();
  if (answer.status === 404) return undefined;
  const digest = answer.headers.get('docker-content-digest');
  if (!answer.ok || digest === null)
    throw new Error(`the registry answered ${answer.status} when asked for the stack`);
  return { digest, layers: manifest.parse(JSON.parse(text)).layers.map((layer) => layer.digest) };
}
