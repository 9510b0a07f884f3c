import type { Transcripts } from '../../ports/transcripts.ts';
import { lock, type Database } from './database.ts';
import { isId, storable } from './stored-json.ts';

/** PostgreSQL takes 32,767 parameters in a statement; a line needs two. */
const AT_ONCE = 5_000;
const PAGE = 1_000;

export function createTranscripts({ db }: { readonly db: Database }): Transcripts {
  return {
    async append(stream, lines, signal) {
      if (lines.length === 0) return;
      await db.transaction(async (tables) => {
        // Positions are handed out before the commit. Without the lock a reader could see the later of two
        // appends first, go on behind it, and never see the earlier one.
        await lock(tables, stream);
        for (let from = 0; from < lines.length; from += AT_ONCE) {
          await tables.transcriptLine.createMany({
            data: lines.slice(from, from + AT_ONCE).map((text) => ({ stream, text: storable(text) })),
          });
        }
      }, signal);
    },

    async read(stream, after, signal) {
      if (!isId(stream)) return [];
      const lines = await db.run(
        (tables) =>
          tables.transcriptLine.findMany({
            where: { stream, position: { gt: after } },
            orderBy: { position: 'asc' },
            take: PAGE,
            select: { position: true, text: true },
          }),
        signal,
      );
      return lines.map(({ position, text }) => ({ position: Number(position), text }));
    },
  };
}
