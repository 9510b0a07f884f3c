import type { Apps } from '../ports/apps.ts';
import type { Repositories } from '../ports/repositories.ts';

/** Measures the repository of an app and notes that with the app, so that whoever lists apps need not look at a disk. */
export async function noteRepositoryBytes(
  { apps, repositories }: { readonly apps: Apps; readonly repositories: Repositories },
  appId: string,
  signal: AbortSignal,
): Promise<void> {
  await apps.noteRepositoryBytes(appId, await repositories.bytes(appId, signal), signal);
}
