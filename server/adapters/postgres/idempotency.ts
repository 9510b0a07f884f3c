import { z } from 'zod';
import type { Idempotency } from '../../ports/accounts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Database } from './database.ts';

/** Nobody repeats a request later than this. */
const KEPT_MS = 24 * 60 * 60_000;

/** Absent in an answer without body. */
const sealedAnswer = z.object({ body: z.unknown().optional() });

/** Answers are sealed: one may show the config vars that were just set. */
export function createIdempotency({
  db,
  sealer,
  clock,
}: {
  readonly db: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
}): Idempotency {
  return {
    async find(userId, requestId, signal) {
      const since = new Date(clock.now().getTime() - KEPT_MS);
      const kept = await db.run(
        (tables) =>
          tables.requestAnswer.findUnique({
            where: { userId_requestId: { userId, requestId }, createdAt: { gte: since } },
          }),
        signal,
      );
      if (!kept) return undefined;
      const plain: unknown = JSON.parse(sealer.open(kept.body, contextOf(userId, requestId)));
      return { status: kept.status, body: sealedAnswer.parse(plain).body };
    },

    async remember(userId, requestId, { status, body }, signal) {
      const createdAt = clock.now();
      const sealed = sealer.seal(JSON.stringify({ body }), contextOf(userId, requestId));
      await db.transaction(async (tables) => {
        await tables.requestAnswer.deleteMany({
          where: { createdAt: { lt: new Date(createdAt.getTime() - KEPT_MS) } },
        });
        // The first answer is the one the caller may have seen.
        await tables.requestAnswer.createMany({
          data: { userId, requestId, status, body: sealed, createdAt },
          skipDuplicates: true,
        });
      }, signal);
    },
  };
}

function contextOf(userId: string, requestId: string): string {
  return `answer to ${userId} request ${requestId}`;
}
