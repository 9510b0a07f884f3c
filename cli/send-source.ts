import { createSource } from '../server/contract/endpoints/builds.ts';
import type { Context } from './command.ts';
import { during } from './during.ts';
import { archiveOf } from './source-archive.ts';
import type { SourceTree } from './source-tree.ts';

/** Sends a folder to the platform; answers the address by which it is named there, for an hour. */
export async function sendSource(context: Context, tree: SourceTree): Promise<string> {
  const { terminal, signal } = context;
  const client = await context.client();
  const { source_blob: place } = await client.call(createSource, { body: {} }, signal);
  const files = count(tree.entries.filter(({ kind }) => kind === 'file').length, 'file');
  await during(terminal, `Sending ${files}, ${size(tree.bytes)} …`, (progress) => {
    const show = (bytes: number): void =>
      progress.update(`Sending ${files} …`, tree.bytes === 0 ? 1 : bytes / tree.bytes);
    return client.send(place.put_url, archiveOf(tree, show, signal), signal);
  });
  return place.get_url;
}

export function count(many: number, what: string): string {
  return `${many} ${what}${many === 1 ? '' : 's'}`;
}

export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
