import type { Clock } from '../../ports/clock.ts';
import type { Transcripts } from '../../ports/transcripts.ts';
import { LOCK, type Database } from './database.ts';
import { isId, storable } from './stored-json.ts';
import { linesOf, pagesOf } from './transcript-pages.ts';

export function createTranscripts({
  db,
  clock,
}: {
  readonly db: Database;
  readonly clock: Clock;
}): Transcripts {
  return {
    async append(stream, lines, signal) {
      if (lines.length === 0) return;
      await db.dealing(async (ask) => {
        // Positions are handed out before the commit. Without the lock a reader could see the later of two
        // appends first, go on behind it, and never see the earlier one.
        await ask(LOCK, [stream]);
        await ask(APPEND, [stream, pagesOf(lines.map(storable))]);
      }, signal);
    },

    async read(stream, after, signal) {
      if (!isId(stream)) return [];
      // A position is far from what a number cannot hold, but comes as text.
      const pages = await db.ask<{ position: string; text: string }>(READ, [stream, after], signal);
      return pages.map(({ position, text }) => ({ position: Number(position), lines: linesOf(text) }));
    },

    prune: (keep, signal) =>
      db.dealing(async (ask) => {
        const builds = await ask<{ id: string }>(MARK_BUILDS, [keep, clock.now()]);
        const deployments = await ask<{ id: string }>(MARK_DEPLOYMENTS, [keep, clock.now()]);
        const streams = [...builds, ...deployments].map(({ id }) => id);
        if (streams.length > 0) await ask(REMOVE, [streams]);
        return streams.length;
      }, signal),

    async pruned(streams, signal) {
      const [answer] = await db.ask<{ pruned: boolean }>(PRUNED, [streams.filter(isId)], signal);
      return answer?.pruned ?? false;
    },
  };
}

const APPEND = {
  name: 'append pages',
  text: `
    INSERT INTO "TranscriptPage" (stream, text)
    SELECT $1::uuid, page.text FROM unnest($2::text[]) WITH ORDINALITY AS page(text, nth) ORDER BY page.nth`,
};
const READ = {
  name: 'read pages',
  text: `
    SELECT position, text FROM "TranscriptPage" WHERE stream = $1::uuid AND position > $2::bigint
    ORDER BY position LIMIT 100`,
};
/** One look into an index for each app, however many builds there have been. */
const MARK_BUILDS = {
  name: 'mark builds without transcript',
  text: `
    UPDATE "Build" SET "transcriptPrunedAt" = $2 WHERE id IN (
      SELECT old.id FROM "App" a CROSS JOIN LATERAL (
        SELECT b.id, b.status FROM "Build" b WHERE b."appId" = a.id AND b."transcriptPrunedAt" IS NULL
        ORDER BY b.position DESC OFFSET $1) old
      WHERE old.status IN ('succeeded', 'failed', 'superseded') LIMIT 50)
    RETURNING id`,
};
/** The first deployment of a release is its build's; that of a restart is not. */
const MARK_DEPLOYMENTS = {
  name: 'mark deployments without transcript',
  text: `
    UPDATE "Deployment" SET "transcriptPrunedAt" = $2 WHERE id IN (
      SELECT old.id FROM "App" a CROSS JOIN LATERAL (
        SELECT d.id, d.status, d.seq, d."releaseId" FROM "Deployment" d
        WHERE d."appId" = a.id AND d."transcriptPrunedAt" IS NULL
        ORDER BY d.seq DESC OFFSET $1) old
      WHERE old.status IN ('succeeded', 'failed', 'superseded') AND NOT EXISTS (
        SELECT FROM "Release" r JOIN "Build" b ON b.id = r."buildId"
        WHERE r.id = old."releaseId" AND b."transcriptPrunedAt" IS NULL AND NOT EXISTS (
          SELECT FROM "Deployment" first WHERE first."releaseId" = r.id AND first.seq < old.seq))
      LIMIT 50)
    RETURNING id`,
};
const REMOVE = { name: 'remove pages', text: `DELETE FROM "TranscriptPage" WHERE stream = ANY($1::uuid[])` };
const PRUNED = {
  name: 'transcripts pruned',
  text: `
    SELECT EXISTS (
      SELECT FROM "Build" WHERE id = ANY($1::uuid[]) AND "transcriptPrunedAt" IS NOT NULL
      UNION ALL SELECT FROM "Deployment" WHERE id = ANY($1::uuid[]) AND "transcriptPrunedAt" IS NOT NULL) AS pruned`,
};
