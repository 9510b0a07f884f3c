import type { Transcripts } from '../../ports/transcripts.ts';
import { LOCK, type Database } from './database.ts';
import { isId, storable } from './stored-json.ts';

const PAGE = 1_000;

export function createTranscripts({ db }: { readonly db: Database }): Transcripts {
  return {
    async append(stream, lines, signal) {
      if (lines.length === 0) return;
      await db.dealing(async (ask) => {
        // Positions are handed out before the commit. Without the lock a reader could see the later of two
        // appends first, go on behind it, and never see the earlier one.
        await ask(LOCK, [stream]);
        await ask(APPEND, [stream, lines.map(storable)]);
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

const APPEND = {
  name: 'append lines',
  text: `
    INSERT INTO "TranscriptLine" (stream, text)
    SELECT $1::uuid, line.text FROM unnest($2::text[]) WITH ORDINALITY AS line(text, nth) ORDER BY line.nth`,
};
