import { z } from 'zod';
import type { Idempotency } from '../../ports/accounts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Database } from './database.ts';

/** Nobody repeats a request later than this. */
const KEPT_MS = 24 * 60 * 60_000;

/** The status of a call that was begun. */
const BEGUN = 0;

/** `body` is absent in an answer without one. */
const sealedAnswer = z.object({ request: z.string(), body: z.unknown().optional() });

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
  const seal = (userId: string, requestId: string, kept: z.infer<typeof sealedAnswer>) =>
    sealer.seal(JSON.stringify(kept), contextOf(userId, requestId));

  return {
    begin: (userId, requestId, request, signal) =>
      db.transaction(async (tables) => {
        const createdAt = clock.now();
        const data = {
          userId,
          requestId,
          status: BEGUN,
          body: seal(userId, requestId, { request }),
          createdAt,
        };
        // A row that is too old is not found any more: it makes room.
        await tables.requestAnswer.deleteMany({
          where: { createdAt: { lt: new Date(createdAt.getTime() - KEPT_MS) } },
        });
        const { count } = await tables.requestAnswer.createMany({ data, skipDuplicates: true });
        if (count === 1) return 'begun';
        const kept = await tables.requestAnswer.findUniqueOrThrow({
          where: { userId_requestId: { userId, requestId } },
        });
        const plain: unknown = JSON.parse(sealer.open(kept.body, contextOf(userId, requestId)));
        // What another version kept in another form is another call to us.
        const { request: known, body } = sealedAnswer.safeParse(plain).data ?? { request: '' };
        return kept.status === BEGUN ? { unfinished: known } : { request: known, status: kept.status, body };
      }, signal),

    async finish(userId, requestId, { request, status, body }, signal) {
      const sealed = seal(userId, requestId, { request, body });
      const where = { userId, requestId, status: BEGUN };
      await db.run(
        (tables) => tables.requestAnswer.updateMany({ where, data: { status, body: sealed } }),
        signal,
      );
    },

    async giveUp(userId, requestId, signal) {
      const where = { userId, requestId, status: BEGUN };
      await db.run((tables) => tables.requestAnswer.deleteMany({ where }), signal);
    },
  };
}

function contextOf(userId: string, requestId: string): string {
  return `answer to ${userId} request ${requestId}`;
}
