import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { CopyOrder } from './contract.ts';
import type { Pushes } from './pushes.ts';
import { MANIFEST, type AskRegistry } from './registry-call.ts';

/** Copies images between repositories of the registry. */
export interface Copies {
  /**
   * Has the image in the other repository too, under a tag of its own, with the same digest; false when the first one
   * has no such image. Idempotent: what is there already is not sent again.
   */
  copy(order: CopyOrder, signal: AbortSignal): Promise<boolean>;
}

const blob = z.object({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) });
const manifest = z.object({ config: blob, layers: z.array(blob) });
/** A layer that has to be carried may be as large as an image. */
const CARRY_MS = 10 * 60_000;

export function createCopies({
  ask,
  pushes,
}: {
  readonly ask: AskRegistry;
  readonly pushes: Pick<Pushes, 'building' | 'push'>;
}): Copies {
  async function has(digest: string, { target }: CopyOrder, signal: AbortSignal): Promise<boolean> {
    const path = `/v2/${target.repository}/blobs/${digest}`;
    const answer = await ask({ method: 'HEAD', path, token: target.token }, signal);
    await answer.arrayBuffer();
    return answer.status === 200;
  }

  /** By the registry itself where it can, which costs no bytes; else through us. */
  async function carry(digest: string, order: CopyOrder, signal: AbortSignal): Promise<void> {
    const { from, target } = order;
    if (await has(digest, order, signal)) return;
    const query = new URLSearchParams({ mount: digest, from });
    const begin = `/v2/${target.repository}/blobs/uploads/?${query.toString()}`;
    const begun = await ask({ method: 'POST', path: begin, token: target.token }, signal);
    await begun.arrayBuffer();
    if (begun.status === 201) return;
    const location = begun.headers.get('location');
    if (begun.status !== 202 || location === null) throw refused('take a layer', begun.status, '');
    const source = await ask(
      { method: 'GET', path: `/v2/${from}/blobs/${digest}`, token: target.token, limitMs: CARRY_MS },
      signal,
    );
    if (!source.ok || source.body === null) throw refused('hand a layer out', source.status, '');
    const upload = new URL(location, 'http://registry'); // it may name itself as others reach it
    upload.searchParams.set('digest', digest);
    const done = await ask(
      {
        ...{ method: 'PUT', path: `${upload.pathname}${upload.search}`, token: target.token },
        ...{ body: source.body, type: 'application/octet-stream', limitMs: CARRY_MS },
      },
      signal,
    );
    const said = await done.text();
    if (!done.ok) throw refused('take a layer', done.status, said);
  }

  async function copy(order: CopyOrder, signal: AbortSignal): Promise<boolean> {
    const { from, digest, target } = order;
    const path = `/v2/${from}/manifests/${digest}`;
    const found = await ask({ method: 'GET', path, token: target.token, accept: MANIFEST }, signal);
    const text = await found.text();
    if (found.status === 404) return false;
    if (!found.ok) throw refused(`show ${from}@${digest}`, found.status, text);
    if (`sha256:${createHash('sha256').update(text).digest('hex')}` !== digest)
      throw new Error(`what the registry has as ${from}@${digest} is something else`);
    const { config, layers } = manifest.parse(JSON.parse(text));
    for (const one of [...layers, config]) await carry(one.digest, order, signal);
    // By a tag, because images without one are not found when it is looked what may go.
    const tag = digest.replace('sha256:', 'promoted-').slice(0, 40);
    const put = `/v2/${target.repository}/manifests/${tag}`;
    const done = await ask(
      { method: 'PUT', path: put, token: target.token, body: text, type: MANIFEST },
      signal,
    );
    const said = await done.text();
    if (!done.ok) throw refused(`take ${target.repository}@${digest}`, done.status, said);
    return true;
  }

  return {
    // Both count as built for: nothing is collected from either meanwhile.
    copy: (order, signal) =>
      pushes.building(order.from, () =>
        pushes.building(order.target.repository, () =>
          pushes.push(
            () => copy(order, signal),
            () => undefined,
            signal,
          ),
        ),
      ),
  };
}

function refused(what: string, status: number, said: string): Error {
  return new Error(`the registry would not ${what}: ${status} ${said.slice(0, 200)}`);
}
