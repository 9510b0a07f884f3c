import type { Logger } from '../../lib/log.ts';
import { KEPT_TRANSCRIPTS } from '../domain/build.ts';
import type { Transcripts } from '../ports/transcripts.ts';

export interface PruningDeps {
  readonly transcripts: Pick<Transcripts, 'prune'>;
  readonly log: Logger;
}

/** Takes away what builds and deployments printed that nobody will look at again; costs two looks when there is nothing. */
export async function pruneTranscripts(
  { transcripts, log }: PruningDeps,
  signal: AbortSignal,
): Promise<void> {
  let pruned = 0;
  for (;;) {
    const some = await transcripts.prune(KEPT_TRANSCRIPTS, signal);
    if (some === 0) break;
    pruned += some;
  }
  if (pruned > 0) log.info({ transcripts: pruned }, 'transcripts of old builds and deployments were removed');
}
